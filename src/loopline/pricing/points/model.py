"""The records of points: versions of the programme, what a member has, what it came of, and what orders use."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import LineId, MemberId, OrderId
from loopline.kernel.money import BASIS_POINTS
from loopline.pricing.discounts import POINTS_CODE, Bearer
from loopline.pricing.promotions.model import Conditions, Funder

BRAND_BEARS = (Funder(bearer=Bearer.BRAND, basis_points=BASIS_POINTS),)
"""Who issues points bears what they take off: the brand."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of the programme says.

    `earn_points` for every `earn_minor` paid for goods (with or without the tax in it, `with_tax`), in each channel as
    many basis points of that as `channels` says (all of it where it says nothing). They can be used for `months` once
    they are no longer pending. `redeem_points` take `redeem_minor` off; an order takes no less than `least_minor` and
    no more than `most_basis_points` of its goods. `expected_basis_points`: how much of them is expected to be used.
    """

    name: str
    currency: str
    earn_points: int
    earn_minor: int
    with_tax: bool = True
    channels: Mapping[str, int] = {}
    months: int = 12
    redeem_points: int = 100
    redeem_minor: int = 100
    least_minor: int = 1
    most_basis_points: int = BASIS_POINTS
    expected_basis_points: int = BASIS_POINTS


class NewProgramme(msgspec.Struct, frozen=True, kw_only=True):
    """A draft of the next version."""

    terms: Terms
    author: str
    comment: str


class Programme(NewProgramme, frozen=True, kw_only=True):
    """A version as it stands. Promotions, coupons and points are told of alike: by code, name, bearers."""

    id: UUID
    version: int
    saved_at: datetime
    published_at: datetime | None = None
    published_by: str | None = None

    @property
    def code(self) -> str:
        """The code that all versions have."""
        return POINTS_CODE

    @property
    def funders(self) -> tuple[Funder, ...]:
        """Who bears what they take off."""
        return BRAND_BEARS

    @property
    def conditions(self) -> Conditions:
        """They are used on all goods, everywhere."""
        return Conditions()

    @property
    def valid_until(self) -> datetime | None:
        """No version says when it ends: the next one does."""
        return None

    @property
    def name(self) -> str:
        """What customers read."""
        return self.terms.name

    @property
    def currency(self) -> str:
        """In which money they are earned and used."""
        return self.terms.currency


class PointsKind(StrEnum):
    """What happened to points."""

    EARNED = "earned"
    MATURED = "matured"
    TAKEN_BACK = "taken_back"
    HELD = "held"
    RELEASED = "released"
    SPENT = "spent"
    BACK = "back"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has; `available` is less than nothing where points that were used were taken back."""

    member_id: MemberId
    pending: int = 0
    available: int = 0
    held: int = 0
    liability_minor: int = 0
    next_expiry_at: datetime | None = None

    @property
    def usable(self) -> int:
        """How many an order may use."""
        return max(0, self.available)


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """What points came of: `whole` for `units` of a line, less what came back and what ended unused: `points`.

    `of_id`: the lot that points were of before it ended, where an order gave them back after that.
    """

    id: UUID
    member_id: MemberId
    programme_id: UUID
    order_id: OrderId | None = None
    line_id: LineId | None = None
    of_id: UUID | None = None
    units: int = 1
    whole: int
    points: int
    is_pending: bool
    due_at: datetime
    expires_at: datetime


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What an order uses of points, by its lines, and what it holds and has spent of them now; see the table."""

    order_id: OrderId
    member_id: MemberId
    programme_id: UUID
    line_ids: tuple[LineId, ...]
    line_points: tuple[int, ...]
    is_kept: bool = False
    held: int = 0
    spent: int = 0
    changes: int = 0


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Points that move, before it is known what that does to what is deferred for them."""

    key: str
    member_id: MemberId
    kind: PointsKind
    pending: int = 0
    available: int = 0
    held: int = 0
    lot_id: UUID | None = None
    order_id: OrderId | None = None
    by: str = "system"
    reason: str = ""


class Entry(Move, frozen=True, kw_only=True):
    """Points that moved."""

    number: int
    liability_minor: int
    at: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done to one member's points in one go: lots as they are from now on, uses too, and all moves."""

    member_id: MemberId
    moves: tuple[Move, ...]
    lots: tuple[Lot, ...] = ()
    uses: tuple[Use, ...] = ()


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """Points that end at a moment unless they are used before."""

    at: datetime
    points: int


class PointsFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What all members together have, and what is deferred for it."""

    members: int
    pending: int
    available: int
    held: int
    owed: int
    liability_minor: int
