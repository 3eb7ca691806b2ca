"""The records of stored value. Amounts are minor units; what a movement says is signed, and positive came in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, MemberId, OrderId


class Bonus(msgspec.Struct, frozen=True, kw_only=True):
    """What is given beside a top-up of so much or more."""

    from_minor: int
    bonus_minor: int


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On which terms a company takes money ahead, and gives it back.

    A top-up is `least_minor` or more, and nobody has more than `most_minor` after it, bonus included. Who names a phone
    alone uses at most `unproven_minor` at once; who shows the code on their page, all of it. Up to `alone_minor` one
    person pays out what is left.
    """

    is_offered: bool = True
    least_minor: int = 1
    most_minor: int = 500_000
    unproven_minor: int = 0
    alone_minor: int = 0
    bonuses: tuple[Bonus, ...] = ()


class NewTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Terms that somebody sets for a company and currency."""

    entity_id: EntityId
    currency: str
    terms: Terms


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has with a company: what they paid, and what was given beside it."""

    id: UUID
    member_id: MemberId
    entity_id: EntityId
    currency: str
    principal_minor: int = 0
    bonus_minor: int = 0

    @property
    def usable_minor(self) -> int:
        """What orders can be paid with."""
        return self.principal_minor + self.bonus_minor


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """What all members together have with a company, in a currency."""

    entity_id: EntityId
    currency: str
    members: int
    principal_minor: int
    bonus_minor: int


class Kind(StrEnum):
    """What happened to stored value."""

    TOPPED_UP = "topped_up"
    USED = "used"
    GIVEN_BACK = "given_back"
    PAID_OUT = "paid_out"
    ENDED = "ended"
    """A bonus without money of the member's, whose member is forgotten."""


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; `ref` is what for: the top-up, the use, the refund, the cash-out, the member."""

    kind: Kind
    ref: UUID
    account_id: UUID
    principal_minor: int
    bonus_minor: int
    at: datetime
    by: str
    method: str = ""
    order_id: OrderId | None = None
    number: int = 0

    @property
    def amount_minor(self) -> int:
        """What came or went in all."""
        return self.principal_minor + self.bonus_minor


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A movement that stands, and the account after it; `is_repeat`: it stood before."""

    movement: Movement
    account: Account
    is_repeat: bool = False


class NewTopUp(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a member pays ahead to a company. `id`: the same again is the same money."""

    id: UUID
    member_id: MemberId
    entity_id: EntityId
    currency: str
    amount_minor: int
    method: str
    at: datetime
    by: str


class NewUse(msgspec.Struct, frozen=True, kw_only=True):
    """What of an account pays an order; `id` is the capture by which payments know it."""

    id: UUID
    account_id: UUID
    order_id: OrderId
    amount_minor: int
    at: datetime
    by: str


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What an order was paid with, how much of it was bonus, and what of both was given back."""

    id: UUID
    account_id: UUID
    order_id: OrderId
    amount_minor: int
    bonus_minor: int
    back_minor: int = 0
    back_bonus_minor: int = 0


class NewGivenBack(msgspec.Struct, frozen=True, kw_only=True):
    """What of a use goes back; `id` names the refund."""

    id: UUID
    use_id: UUID
    amount_minor: int
    order_id: OrderId | None
    at: datetime
    by: str


class CashOutState(StrEnum):
    """Whether what was asked for is paid, or was dropped."""

    ASKED = "asked"
    PAID = "paid"
    DROPPED = "dropped"


class CashOut(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of somebody's own money, to be paid out; above a limit by a second person."""

    id: UUID
    account_id: UUID
    method: str
    state: CashOutState
    amount_minor: int
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None = None
    decided_by: str | None = None


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """An amount, as what was paid and what was given beside it."""

    principal_minor: int
    bonus_minor: int
