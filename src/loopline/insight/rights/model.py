"""What the six rights speak of: rights, causes, facts of a line, its marks, and sums of them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import LineId, OrderId, PersonId, SiteId, SkuId
from loopline.kernel.money import portion

KEPT = "kept"
WHOLE_BASIS_POINTS = 10_000


class Right(StrEnum):
    """The six rights, in the order in which they are told."""

    GOODS = "goods"
    TIME = "time"
    PLACE = "place"
    PERSON = "person"
    PRICE = "price"
    CUSTOMER = "customer"


class Cause(StrEnum):
    """Why a right was broken. Each belongs to one right; of several of one right the earliest here counts."""

    WRONG_ITEM = "wrong_item"
    DEFECT = "defect"
    DAMAGED = "damaged"
    NOT_THERE = "not_there"
    LATE_SOURCE = "late_source"
    LATE_ACCEPT = "late_accept"
    LATE_READY = "late_ready"
    LATE_WAY = "late_way"
    LATE_SAID = "late_said"
    REFUSED_GOODS = "refused_goods"
    REFUSED_CAPACITY = "refused_capacity"
    LAPSED = "lapsed"
    MOVED = "moved"
    OTHER_SITE = "other_site"
    OTHER_GUIDE = "other_guide"
    OTHER_DEALER = "other_dealer"
    ABOVE_OURS = "above_ours"
    BELOW_OURS = "below_ours"
    MONEY_DIFFERS = "money_differs"
    REFUND_DIFFERS = "refund_differs"
    NOT_COLLECTED = "not_collected"
    UNWANTED = "unwanted"
    SIZE = "size"
    OTHER_REASON = "other_reason"
    BAD_REVIEW = "bad_review"


CAUSES: Mapping[Right, tuple[Cause, ...]] = {
    Right.GOODS: (Cause.WRONG_ITEM, Cause.DEFECT, Cause.DAMAGED, Cause.NOT_THERE),
    Right.TIME: (
        Cause.LATE_SOURCE,
        Cause.LATE_ACCEPT,
        Cause.LATE_READY,
        Cause.LATE_WAY,
        Cause.LATE_SAID,
    ),
    Right.PLACE: (
        Cause.REFUSED_GOODS,
        Cause.REFUSED_CAPACITY,
        Cause.LAPSED,
        Cause.MOVED,
        Cause.OTHER_SITE,
    ),
    Right.PERSON: (Cause.OTHER_GUIDE, Cause.OTHER_DEALER),
    Right.PRICE: (Cause.ABOVE_OURS, Cause.BELOW_OURS, Cause.MONEY_DIFFERS, Cause.REFUND_DIFFERS),
    Right.CUSTOMER: (
        Cause.NOT_COLLECTED,
        Cause.UNWANTED,
        Cause.SIZE,
        Cause.OTHER_REASON,
        Cause.BAD_REVIEW,
    ),
}
RIGHT_OF: Mapping[Cause, Right] = {cause: right for right, causes in CAUSES.items() for cause in causes}


class Side(StrEnum):
    """Whose lines they are: of the site that sent them, or of the site that sold them."""

    SENT = "sent"
    SOLD = "sold"


# ------------------------------------------------------------------------------------------------------------ the facts


class WorkFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line that were put to a site; `refused_at` and `reason` where the site refused some of them.

    `accepted_by` took the work.
    """

    order_id: OrderId
    line_id: LineId
    task_id: UUID
    site_id: SiteId
    state: str
    offered_at: datetime
    ended_at: datetime | None
    units: int
    left_units: int
    accepted_by: PersonId | None = None
    refused_at: datetime | None = None
    reason: str | None = None


class PromiseFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an order was promised first, and what became of it; milestones are those of the first promise.

    `state` is the last promise's; `was_broken` tells that one of them was not kept. Moments are None until reached, and
    of a promise that has ended: the last, else the first that was broken.
    """

    order_id: OrderId
    state: str
    was_broken: bool
    first_due_at: datetime
    source_by: datetime
    accept_by: datetime
    hand_over_by: datetime
    sourced_at: datetime | None
    accepted_at: datetime | None
    handed_over_at: datetime | None
    fact_at: datetime | None


class ReturnFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line came back, for a reason; `differs` where the return states another price than was paid."""

    order_id: OrderId
    line_id: LineId
    reason: str
    differs: bool


class LineFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A goods line as it stands. `waiting` units are neither handed over nor cancelled.

    `bound_…` are the parties its buyer was bound to when the order was placed. Prices are minor units of one unit.
    """

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int
    waiting: int
    handed_over: int
    cancelled: int
    unit_minor: int
    list_unit_minor: int | None
    placed_at: datetime
    sold_site_id: SiteId | None
    delivery: str
    is_member: bool
    guide_id: UUID | None
    dealer_id: UUID | None
    bound_guide_id: UUID | None
    bound_dealer_id: UUID | None
    money_differs: bool
    stars: int | None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one line is judged by; work in the order in which it was offered."""

    line: LineFacts
    work: tuple[WorkFact, ...] = ()
    promise: PromiseFact | None = None
    returns: tuple[ReturnFact, ...] = ()


# ------------------------------------------------------------------------------------------------------------ the marks


class JudgedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line that ended, with its marks: `kept`, a cause, or None where nothing can be known.

    `units` of it were handed over; `packer_id` took the work of the site that sent it.
    """

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    day: date
    sent_site_id: SiteId
    place_site_id: SiteId
    sold_site_id: SiteId
    packer_id: PersonId | None
    units: int
    goods: str | None
    time: str | None
    place: str | None
    person: str | None
    price: str | None
    customer: str | None

    def mark(self, right: Right) -> str | None:
        """Return what became of a right."""
        return getattr(self, right.value)

    @property
    def known(self) -> int:
        """How many rights are known of."""
        return sum(self.mark(right) is not None for right in Right)

    @property
    def kept(self) -> int:
        """How many of those were kept."""
        return sum(self.mark(right) == KEPT for right in Right)

    @property
    def score(self) -> int | None:
        """Kept rights of known ones, in basis points; None where none is known."""
        return score_basis_points(self.kept, self.known)


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """Sums: lines, units handed over, and of each right how many are known and how many of those kept."""

    lines: int = 0
    units: int = 0
    goods_known: int = 0
    goods_kept: int = 0
    time_known: int = 0
    time_kept: int = 0
    place_known: int = 0
    place_kept: int = 0
    person_known: int = 0
    person_kept: int = 0
    price_known: int = 0
    price_kept: int = 0
    customer_known: int = 0
    customer_kept: int = 0

    def known(self, right: Right) -> int:
        """Return how many lines are known to have kept or broken a right."""
        return getattr(self, f"{right.value}_known")

    def kept(self, right: Right) -> int:
        """Return how many lines kept a right."""
        return getattr(self, f"{right.value}_kept")

    def score(self, right: Right | None = None) -> int | None:
        """Return kept marks of known ones in basis points, of one right or of all six; None where none is known."""
        rights = [right] if right is not None else list(Right)
        return score_basis_points(
            sum(self.kept(one) for one in rights), sum(self.known(one) for one in rights)
        )


class SiteMarks(Marks, frozen=True, kw_only=True):
    """The marks of a site; the nil id stands for no site."""

    site_id: SiteId


class DayMarks(Marks, frozen=True, kw_only=True):
    """The marks of a day."""

    day: date


class CauseCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines broke a right by a cause."""

    cause: Cause
    lines: int


class RightsSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The brand's zone, and the last day on which any line ended; None while none did."""

    zone: str
    latest: date | None


class RightsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which sums: of what days, both included, of which side, of some sites or (None) of all."""

    first: date
    last: date
    side: Side = Side.SENT
    sites: frozenset[SiteId] | None = None


class LineKey(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line stands in the list: the latest day first, then order and line."""

    day: date
    order_id: OrderId
    line_id: LineId


class LineAsk(RightsAsk, frozen=True, kw_only=True):
    """Which lines: of those sums, what kept a right, broke it, or broke it by a cause; `after` continues a list."""

    right: Right | None = None
    mark: str | None = None
    after: LineKey | None = None
    at_most: int = 50


def score_basis_points(kept: int, known: int) -> int | None:
    """Return kept of known in basis points, rounded half up; None of nothing."""
    return portion(WHOLE_BASIS_POINTS, kept, known) if known else None


def total_of(marks: Iterable[Marks]) -> Marks:
    """Return the sums of sums."""
    totals = dict.fromkeys(Marks.__struct_fields__, 0)
    for one in marks:
        for name in totals:
            totals[name] += getattr(one, name)
    return Marks(**totals)
