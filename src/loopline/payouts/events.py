"""What payouts tell the log. Subject of each: the payout, unless it is said otherwise."""

from loopline.kernel.events import EventBody
from loopline.kernel.ids import EntityId, PartyId
from loopline.payouts.model import (
    PayoutAccountId,
    PayoutId,
    PayoutLineId,
    PayoutState,
    ReclaimId,
    ReclaimState,
    RequestId,
)


class PayoutPlanned(EventBody, frozen=True, kw_only=True):
    """What a legal entity owes a party is to be paid out."""

    payout_id: PayoutId
    party_id: PartyId
    entity_id: EntityId
    currency: str
    gross_minor: int
    withheld_minor: int


class PayoutApproved(EventBody, frozen=True, kw_only=True):
    """A payout may be sent; the actor is who approved it."""

    payout_id: PayoutId


class PayoutWithdrawn(EventBody, frozen=True, kw_only=True):
    """A payout was taken back before anything of it was sent."""

    payout_id: PayoutId
    reason: str


class PayoutSent(EventBody, frozen=True, kw_only=True):
    """Money left what is due and is on its way; less than was approved where less could be sent."""

    payout_id: PayoutId
    gross_minor: int
    withheld_minor: int
    lines: int


class PayoutEnded(EventBody, frozen=True, kw_only=True):
    """It is known of all that was sent whether it reached the party; what did not is due again."""

    payout_id: PayoutId
    party_id: PartyId
    state: PayoutState
    paid_minor: int
    returned_minor: int


class PayoutContradicted(EventBody, frozen=True, kw_only=True):
    """A gateway or a file says otherwise of a line than it did before: nothing was changed, somebody has to look."""

    payout_id: PayoutId
    line_id: PayoutLineId


class PayoutRequestGivenUp(EventBody, frozen=True, kw_only=True):
    """A request is not put to its gateway any more, only asked for. Subject: the request."""

    request_id: RequestId


class PayoutFileDownloaded(EventBody, frozen=True, kw_only=True):
    """Somebody was given a file that names receivers. Subject: the request."""

    request_id: RequestId


class PayoutAccountSet(EventBody, frozen=True, kw_only=True):
    """A party is paid to another account from now on. Subject: the party."""

    party_id: PartyId
    account_id: PayoutAccountId


class ReclaimPlanned(EventBody, frozen=True, kw_only=True):
    """A share that was paid is to be asked back, because its party owes it. Subject: the reclaim."""

    reclaim_id: ReclaimId
    line_id: PayoutLineId
    party_id: PartyId
    amount_minor: int


class ReclaimApproved(EventBody, frozen=True, kw_only=True):
    """A share may be asked back; the actor is who approved it. Subject: the reclaim."""

    reclaim_id: ReclaimId


class ReclaimWithdrawn(EventBody, frozen=True, kw_only=True):
    """A reclaim was taken back before anybody was asked. Subject: the reclaim."""

    reclaim_id: ReclaimId
    reason: str


class ReclaimAsked(EventBody, frozen=True, kw_only=True):
    """A debt is asked back of the account that a share was paid to. Subject: the reclaim."""

    reclaim_id: ReclaimId
    amount_minor: int


class ReclaimEnded(EventBody, frozen=True, kw_only=True):
    """It is known whether what was asked back came; what did not is a debt again. Subject: the reclaim."""

    reclaim_id: ReclaimId
    party_id: PartyId
    state: ReclaimState
    amount_minor: int
