"""What payouts speak of: terms, accounts money is paid from and to, payouts, requests and their lines. Amounts are
minor units of one currency.
"""

from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, PartyId, PaymentId

PayoutId = NewType("PayoutId", UUID)
PayerId = NewType("PayerId", UUID)
PayoutAccountId = NewType("PayoutAccountId", UUID)
RequestId = NewType("RequestId", UUID)
PayoutLineId = NewType("PayoutLineId", UUID)
UnfreezingId = NewType("UnfreezingId", UUID)
ReclaimId = NewType("ReclaimId", UUID)


class Way(StrEnum):
    """How money reaches a party."""

    WECHAT_SHARING = "wechat_sharing"
    """Out of customers' payments that WeChat Pay holds for the merchant."""
    WECHAT_TRANSFER = "wechat_transfer"
    """Out of the merchant's balance, to people."""
    BANK_FILE = "bank_file"
    """By a file that somebody brings to a bank."""


class AccountKind(StrEnum):
    """What an account of a party is."""

    WECHAT_MERCHANT = "wechat_merchant"
    WECHAT_PERSON = "wechat_person"
    BANK = "bank"


WAYS_TO: dict[AccountKind, tuple[Way, ...]] = {
    AccountKind.WECHAT_MERCHANT: (Way.WECHAT_SHARING,),
    AccountKind.WECHAT_PERSON: (Way.WECHAT_SHARING, Way.WECHAT_TRANSFER),
    AccountKind.BANK: (Way.BANK_FILE,),
}
"""By which ways an account can be reached, the preferred one first."""


class PayoutState(StrEnum):
    """Where a payout stands. `withdrawn`: somebody took it back before it was sent, or there was nothing to pay."""

    PLANNED = "planned"
    APPROVED = "approved"
    SENT = "sent"
    PAID = "paid"
    PARTLY_PAID = "partly_paid"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


OPEN_STATES = frozenset({PayoutState.PLANNED, PayoutState.APPROVED, PayoutState.SENT})


class LineState(StrEnum):
    """Where the money of a line is: on its way, with the party, or due again."""

    IN_TRANSIT = "in_transit"
    PAID = "paid"
    RETURNED = "returned"


class RequestState(StrEnum):
    """Whether it is known what became of every line."""

    OPEN = "open"
    DONE = "done"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What payouts in a currency are made by.

    Less than `least_minor` is carried on. A payout of more than `second_person_above_minor` is approved by another
    person than the one who made it. Of what natural persons are paid `withheld_basis_points` (hundredths of a per cent)
    is withheld as tax, rounded half away from zero.
    """

    currency: str
    least_minor: int = 100
    second_person_above_minor: int = 500_000
    withheld_basis_points: int = 0


class TermsVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Terms as somebody set them; version 0 are those of the house, which nobody set."""

    currency: str
    version: int
    least_minor: int
    second_person_above_minor: int
    withheld_basis_points: int
    set_at: datetime | None = None
    set_by: str = ""
    comment: str = ""


class NewPayer(msgspec.Struct, frozen=True, kw_only=True):
    """An account of a legal entity to pay from. `number` is the merchant's number at the gateway, or the account's."""

    entity_id: EntityId
    currency: str
    way: Way
    number: str
    name: str


class Payer(msgspec.Struct, frozen=True, kw_only=True):
    """An account of a legal entity that money is paid from."""

    id: PayerId
    entity_id: EntityId
    currency: str
    way: Way
    number: str
    name: str


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """What names a receiver: personal data, never kept in the open.

    `number` is an account's number at a bank, the merchant's number or a person's openid. `bank` is a bank's name.
    """

    holder: str
    number: str
    bank: str = ""


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Where a party shall be paid to from now on, in place of what stood before."""

    party_id: PartyId
    kind: AccountKind
    receiver: Receiver


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where a party is paid to: what people see of it, and what opens with its key."""

    id: PayoutAccountId
    party_id: PartyId
    kind: AccountKind
    masked: str
    sealed: bytes
    wrapped_key: bytes
    sealed_with: int
    added_at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What a legal entity owes a party: positive is due, negative is the party's debt.

    `is_person`: the party is a natural person, paid by itself and not through a company. `is_of_the_entity`: the party
    is the legal entity itself, which pays itself nothing.
    """

    party_id: PartyId
    entity_id: EntityId
    currency: str
    due_minor: int
    is_person: bool
    is_of_the_entity: bool


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """A payout as it is kept. `gross_minor` leaves what is due; `net_minor` reaches the party."""

    id: PayoutId
    number: int
    party_id: PartyId
    entity_id: EntityId
    currency: str
    payer_id: PayerId
    account_id: PayoutAccountId
    gross_minor: int
    withheld_minor: int
    withheld_basis_points: int
    terms_version: int
    needs_second: bool
    state: PayoutState
    made_by: str
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None

    @property
    def net_minor(self) -> int:
        """What reaches the party, where all of it is paid."""
        return self.gross_minor - self.withheld_minor


class NewPayout(msgspec.Struct, frozen=True, kw_only=True):
    """A payout that was planned."""

    party_id: PartyId
    entity_id: EntityId
    currency: str
    payer_id: PayerId
    account_id: PayoutAccountId
    gross_minor: int
    withheld_minor: int
    withheld_basis_points: int
    terms_version: int
    needs_second: bool


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway's contract allows a payer, as the gateway says: nothing of it stands in our code.

    `ratio_basis_points` is how much of a transaction may be shared, `requests_per_transaction` in how many requests,
    `receivers_per_request` to how many at once. A share may be asked back within `reclaim_within_days` of it,
    `reclaims_per_receiver` times of one receiver of a request; 0 where that is not agreed on.
    """

    receivers_per_request: int
    requests_per_transaction: int
    ratio_basis_points: int
    reclaim_within_days: int = 0
    reclaims_per_receiver: int = 0


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's payment that a gateway holds for a payer; `left_minor` is what it says is not shared yet."""

    payer_id: PayerId
    number: str
    payment_id: PaymentId
    amount_minor: int
    left_minor: int | None
    taken_at: datetime
    requests: int
    shared_minor: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What of a payout one request pays."""

    id: PayoutLineId
    payout_id: PayoutId
    request_id: RequestId
    account_id: PayoutAccountId
    gross_minor: int
    withheld_minor: int
    net_minor: int
    state: LineState = LineState.IN_TRANSIT
    ended_at: datetime | None = None
    reason: str | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is asked, or a file. `tries` counts how often it was claimed to be put."""

    id: RequestId
    payer_id: PayerId
    way: Way
    transaction_number: str | None
    state: RequestState
    tries: int
    written_at: datetime
    sent_at: datetime | None
    given_up_at: datetime | None
    reference: str | None
    reason: str | None
    content_hash: bytes | None

    @property
    def number(self) -> str:
        """Its number at the gateway, made once: 32 hexadecimal digits."""
        return number_of(self.id)


def number_of(identifier: UUID) -> str:
    """Return the number by which a gateway or bank knows a request or a line: 32 hexadecimal digits."""
    return identifier.hex


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """Who was given a file, and when."""

    request_id: RequestId
    by_whom: str
    at: datetime


class Unfreezing(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is asked to let go of a payment, after the last share of it; `number` is ours, made once."""

    id: UnfreezingId
    payer_id: PayerId
    transaction_number: str
    tries: int

    @property
    def number(self) -> str:
        return number_of(self.id)


class ReclaimState(StrEnum):
    """Where a reclaim stands. `came`: the money is back. `failed`: it is not, and the debt stands as before."""

    PLANNED = "planned"
    APPROVED = "approved"
    ASKED = "asked"
    CAME = "came"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


OPEN_RECLAIMS = frozenset({ReclaimState.PLANNED, ReclaimState.APPROVED, ReclaimState.ASKED})


class Reclaim(msgspec.Struct, frozen=True, kw_only=True):
    """A share that was paid and is asked back, in whole or in part: of a line, from the account that it went to.

    `request_id` is the request that paid it. `left_minor` is what of the line is neither back nor asked for.
    """

    id: ReclaimId
    line_id: PayoutLineId
    request_id: RequestId
    payer_id: PayerId
    account_id: PayoutAccountId
    party_id: PartyId
    entity_id: EntityId
    currency: str
    amount_minor: int
    left_minor: int
    needs_second: bool
    state: ReclaimState
    made_by: str
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    asked_at: datetime | None
    tries: int
    given_up_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None

    @property
    def number(self) -> str:
        """Its number at the gateway, made once."""
        return number_of(self.id)


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """A share that reached a merchant's account, as far as it is neither back nor asked for.

    `asked` is how often it was asked for; `is_open`: it is asked for now, or `waiting_minor` of it is planned to be.
    The days and times are what the contract of its payer allowed last.
    """

    line_id: PayoutLineId
    party_id: PartyId
    entity_id: EntityId
    currency: str
    left_minor: int
    written_at: datetime
    asked: int
    is_open: bool
    reclaim_within_days: int
    reclaims_per_receiver: int
    waiting_minor: int = 0


class NewReclaim(msgspec.Struct, frozen=True, kw_only=True):
    """A reclaim that was planned."""

    line_id: PayoutLineId
    amount_minor: int
    needs_second: bool
