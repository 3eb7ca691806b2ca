"""What payouts says no to."""

from loopline.kernel.ids import EntityId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.payouts.model import (
    AccountKind,
    PayerId,
    PayoutAccountId,
    PayoutId,
    PayoutLineId,
    PayoutState,
    ReclaimId,
    ReclaimState,
    RequestId,
    Way,
)


class TermsNotUsable(Refusal, frozen=True, kw_only=True):
    """These terms of payouts cannot be kept: {field} must be from {least} to {most}, and a comment says why."""

    field: str
    least: int
    most: int


class PayerNotUsable(Refusal, frozen=True, kw_only=True):
    """An account to pay from needs a name, and a number of 4 to 40 digits and Latin letters."""


class PayerStands(Refusal, frozen=True, kw_only=True):
    """This legal entity has an account to pay from by {way} in {currency} already: close that one first."""

    way: Way
    currency: str


class PayerUnknown(Refusal, frozen=True, kw_only=True):
    """There is no such account to pay from."""

    payer_id: PayerId


class AccountNotUsable(Refusal, frozen=True, kw_only=True):
    """The {field} of a {kind} account is missing, too long, or not of that kind."""

    field: str
    kind: AccountKind


class AccountSealBroken(Refusal, frozen=True, kw_only=True):
    """An account to pay to cannot be opened: it was damaged. Enter it anew."""

    account_id: PayoutAccountId


class AccountKeyMissing(Refusal, frozen=True, kw_only=True):
    """An account to pay to cannot be opened here: the key it was sealed with is not in the key file."""

    account_id: PayoutAccountId


class NothingDue(Refusal, frozen=True, kw_only=True):
    """Nothing is due to this party: {due_minor}. A debt is carried and set off against what becomes due later."""

    party_id: PartyId
    due_minor: int


class BelowLeast(Refusal, frozen=True, kw_only=True):
    """{due_minor} is due, less than the least that is paid out ({least_minor}): it is carried on."""

    party_id: PartyId
    due_minor: int
    least_minor: int


class OwesItself(Refusal, frozen=True, kw_only=True):
    """The party is the legal entity that owes it: nothing is paid out."""

    party_id: PartyId


class NoAccountToPayTo(Refusal, frozen=True, kw_only=True):
    """Nobody said where this party is paid to."""

    party_id: PartyId


class NoAccountToPayFrom(Refusal, frozen=True, kw_only=True):
    """The legal entity that owes this has no account in {currency} from which this party's account can be reached."""

    party_id: PartyId
    entity_id: EntityId
    currency: str


class PaidByAnother(Refusal, frozen=True, kw_only=True):
    """That account belongs to another legal entity than the one that owes this party: it may not pay for it."""

    party_id: PartyId
    entity_id: EntityId


class OneAtATime(Refusal, frozen=True, kw_only=True):
    """A payout of what this legal entity owes this party is under way: it ends before the next is planned."""

    party_id: PartyId


class PayoutUnknown(Refusal, frozen=True, kw_only=True):
    """There is no such payout."""

    payout_id: PayoutId


class PayoutNotPlanned(Refusal, frozen=True, kw_only=True):
    """This payout is {state}: only one that is planned can be approved."""

    payout_id: PayoutId
    state: PayoutState


class SecondPersonNeeded(Refusal, frozen=True, kw_only=True):
    """This payout is above the limit: somebody else than who made it has to approve it."""

    payout_id: PayoutId


class PayoutNotWithdrawable(Refusal, frozen=True, kw_only=True):
    """This payout is {state}: it can be withdrawn until it is sent."""

    payout_id: PayoutId
    state: PayoutState


class RequestUnknown(Refusal, frozen=True, kw_only=True):
    """There is no such request or file of payouts."""

    request_id: RequestId


class RequestNotOpen(Refusal, frozen=True, kw_only=True):
    """It is known already what became of this request, or it was given up before."""

    request_id: RequestId


class NothingToPutInAFile(Refusal, frozen=True, kw_only=True):
    """No approved payout waits for a file of this account."""

    payer_id: PayerId


class NotAFile(Refusal, frozen=True, kw_only=True):
    """This is asked of a gateway; only files can be downloaded and have an outcome read."""

    request_id: RequestId


class FileChanged(Refusal, frozen=True, kw_only=True):
    """The file does not come out as it was made first: it is not given out again."""

    request_id: RequestId


class OutcomeNotReadable(Refusal, frozen=True, kw_only=True):
    """Row {row} of the outcome cannot be read: {field} is missing or makes no sense."""

    row: int
    field: str


class LineUnknown(Refusal, frozen=True, kw_only=True):
    """Row {row} names {number}, which is no line of this file."""

    row: int
    number: str


class LineAmountDiffers(Refusal, frozen=True, kw_only=True):
    """Row {row} says {found_minor}, the line is of {expected_minor}: nothing was recorded for it."""

    row: int
    expected_minor: int
    found_minor: int


class LineContradicted(Refusal, frozen=True, kw_only=True):
    """This line ended already, and otherwise: nothing was changed, somebody has to look."""

    line_id: PayoutLineId


class NoticeNotBelieved(Refusal, frozen=True, kw_only=True):
    """This notification is not the gateway's, or not of this moment: {why}."""

    why: str


class NoDebtToReclaim(Refusal, frozen=True, kw_only=True):
    """This party owes nothing that could be asked back."""

    party_id: PartyId


class NothingToReclaim(Refusal, frozen=True, kw_only=True):
    """None of what this party was paid can be asked back: that takes a share to a merchant's account, within the days
    of the contract. The debt is set off against what becomes due later.
    """

    party_id: PartyId


class ReclaimUnknown(Refusal, frozen=True, kw_only=True):
    """There is nothing of this kind that is asked back."""

    reclaim_id: ReclaimId


class ReclaimStandsElsewhere(Refusal, frozen=True, kw_only=True):
    """What is asked back stands at {state} already."""

    reclaim_id: ReclaimId
    state: ReclaimState


class ReclaimNeedsSecond(Refusal, frozen=True, kw_only=True):
    """So much is asked back that another person than the one who planned it has to approve it."""

    reclaim_id: ReclaimId
