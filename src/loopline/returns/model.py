"""What returns speak of: what came back and why, purchases it may belong to, matches, grades, windows, refusals."""

import enum
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnId, ReturnLineId, SiteId, SkuId
from loopline.kernel.refusals import Refusal


class ReturnKind(enum.StrEnum):
    """An ask may be refused; a fact has happened: goods and money changed hands already."""

    ASK = "ask"
    FACT = "fact"


class Reason(enum.StrEnum):
    """Why goods come back, as the customer says."""

    UNWANTED = "unwanted"
    DEFECT = "defect"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    WRONG_ITEM = "wrong_item"
    LATE = "late"
    SIZE = "size"
    OTHER = "other"


class NewReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one code that come back. `stated_unit_minor` is the price a channel says was paid for one unit.

    `line_id` is the line of the order that they were bought in, where that is known.
    """

    code: str
    units: int
    sku_id: SkuId | None = None
    stated_unit_minor: int | None = None
    reason: Reason = Reason.OTHER
    line_id: LineId | None = None


class NewReturn(msgspec.Struct, frozen=True, kw_only=True):
    """A return as it comes in: at a site, from any channel, with or without the order or the member known.

    `external_number` is the channel's own number of the return; `at` is when it happened or was asked for. One that was
    announced has its `id` already, and its window is measured at `announced_at`. `taken_in_by`: who stood at the
    counter.
    """

    channel: str
    external_number: str
    kind: ReturnKind
    at: datetime
    site_id: SiteId
    currency: str
    lines: tuple[NewReturnLine, ...]
    order_id: OrderId | None = None
    member_id: MemberId | None = None
    id: ReturnId | None = None
    announced_at: datetime | None = None
    taken_in_by: str | None = None


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """A line of goods handed over earlier, of which `units_left` have not come back yet.

    `returnable_until` is the end of its return window, excluded; none means that it has none. What was paid in one
    currency comes back in no other; none: in any.
    """

    order_id: OrderId
    line_id: LineId
    code: str
    unit_minor: int
    units_left: int
    placed_at: datetime
    member_id: MemberId | None = None
    returnable_until: datetime | None = None
    currency: str | None = None


class MatchedHow(enum.StrEnum):
    """What a match rests on, beside the member or the order."""

    PRICE = "price"
    """The code, and the price of one unit."""
    CODE = "code"
    """The code alone."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a return line that belong to a line sold earlier."""

    order_id: OrderId
    line_id: LineId
    units: int
    how: MatchedHow
    sold_unit_minor: int


class MatchState(enum.StrEnum):
    """How much of a return line has an original sale."""

    MATCHED = "matched"
    PARTLY = "partly"
    BLIND = "blind"


class BlindState(enum.StrEnum):
    """Where the units without an original sale stand."""

    NONE = "none"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class OpenedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A return line with what it was matched to; what is left is blind."""

    return_line_id: ReturnLineId
    position: int
    code: str
    sku_id: SkuId | None
    units: int
    stated_unit_minor: int | None
    reason: Reason
    matches: tuple[Match, ...]
    blind_state: BlindState

    @property
    def matched_units(self) -> int:
        return sum(match.units for match in self.matches)

    @property
    def blind_units(self) -> int:
        return self.units - self.matched_units

    @property
    def match_state(self) -> MatchState:
        if not self.matches:
            return MatchState.BLIND
        return MatchState.MATCHED if self.blind_state is BlindState.NONE else MatchState.PARTLY

    def price_difference_minor(self, match: Match) -> int:
        """What the channel states above what was sold, for the units of a match; to be posted as an adjustment."""
        if self.stated_unit_minor is None:
            return 0
        return (self.stated_unit_minor - match.sold_unit_minor) * match.units


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The return is taken in."""

    return_id: ReturnId
    lines: tuple[OpenedLine, ...]


class ReturnRepeat(msgspec.Struct, frozen=True, kw_only=True):
    """The same return was taken in before; nothing was done."""

    return_id: ReturnId


class BlindDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word on the units of a line that have no original sale."""

    return_line_id: ReturnLineId
    is_accepted: bool
    refund_unit_minor: int
    decided_by: str
    reason: str


class OwnReturns(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody accepted of late of what they had taken in themselves, and the most that they may alone.

    `alone_most_minor` None: there is no limit.
    """

    accepted_minor: int = 0
    alone_most_minor: int | None = None


class BlindDecided(msgspec.Struct, frozen=True, kw_only=True):
    """The blind units of a line are accepted, at a price for each unit, or refused."""

    return_line_id: ReturnLineId
    state: BlindState
    units: int
    refund_minor: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a return line arrived at a site. The same id again is a repeat."""

    id: UUID
    return_line_id: ReturnLineId
    units: int
    site_id: SiteId
    at: datetime


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """The units are there. `is_repeat` says that they were already."""

    receipt_id: UUID
    return_line_id: ReturnLineId
    received_units: int
    is_repeat: bool


class Grade(enum.StrEnum):
    """What state goods come back in."""

    AS_NEW = "as_new"
    OPEN = "open"
    """Fine, but opened: to be packed again."""
    TAIL = "tail"
    """Fine, but out of season or of the range (尾货)."""
    DAMAGED = "damaged"
    WRONG = "wrong"
    """Not what was ordered; fine in itself."""
    FAKE = "fake"
    """Not ours."""


class Disposition(enum.StrEnum):
    """Where graded goods go."""

    RESTOCK = "restock"
    REFURBISH = "refurbish"
    OUTLET = "outlet"
    SUPPLIER = "supplier"
    SCRAP = "scrap"

    @property
    def is_sellable(self) -> bool:
        """Whether the goods go back on the shelf at once."""
        return self is Disposition.RESTOCK

    @property
    def stays_in_stock(self) -> bool:
        """Whether the goods are ours to keep, sellable or not."""
        return self is not Disposition.SCRAP


class Grading(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a return line were looked at. The same id again is a repeat."""

    id: UUID
    return_line_id: ReturnLineId
    units: int
    grade: Grade
    is_perishable: bool
    graded_by: str
    at: datetime
    note: str = ""


class Graded(msgspec.Struct, frozen=True, kw_only=True):
    """Where the units go. `is_repeat` says that they went there already."""

    grading_id: UUID
    return_line_id: ReturnLineId
    sku_id: SkuId | None
    units: int
    grade: Grade
    disposition: Disposition
    is_repeat: bool


class ReturnWindow(msgspec.Struct, frozen=True, kw_only=True):
    """How many days goods may come back after they were handed over. None of channel or category means any."""

    id: UUID
    days: int
    effective_from: datetime
    channel: str | None = None
    category: str | None = None


class ReturnIsEmpty(Refusal, frozen=True, kw_only=True):
    """Return {external_number} has no lines."""

    external_number: str


class ReturnUnitsMakeNoSense(Refusal, frozen=True, kw_only=True):
    """Return {external_number} brings back {units} units of {goods_code}."""

    external_number: str
    goods_code: str
    units: int


class ReturnPriceMakesNoSense(Refusal, frozen=True, kw_only=True):
    """Return {external_number} states a price of {stated_unit_minor} for {goods_code}."""

    external_number: str
    goods_code: str
    stated_unit_minor: int


class ReturnNumberTakenByOtherContent(Refusal, frozen=True, kw_only=True):
    """Number {external_number} of {channel} belongs to another return."""

    channel: str
    external_number: str
    return_id: ReturnId


class ReturnWindowEnded(Refusal, frozen=True, kw_only=True):
    """Return {external_number} brings {goods_code} back after its return window ended, at {ended_at}."""

    external_number: str
    goods_code: str
    ended_at: datetime


class ReturnLineUnknown(Refusal, frozen=True, kw_only=True):
    """There is no return line {return_line_id}."""

    return_line_id: ReturnLineId


class NothingBlindToDecide(Refusal, frozen=True, kw_only=True):
    """The blind units of return line {return_line_id} are {state}; nothing waits for a decision."""

    return_line_id: ReturnLineId
    state: BlindState


class SecondPersonNeeded(Refusal, frozen=True, kw_only=True):
    """You took these goods in yourself: with {amount_minor} within a day (in minor units of {currency}) you are above
    your limit of {alone_most_minor}, and somebody else has to accept return line {return_line_id}.
    """

    return_line_id: ReturnLineId
    amount_minor: int
    alone_most_minor: int
    currency: str


class RefundMakesNoSense(Refusal, frozen=True, kw_only=True):
    """{refund_unit_minor} for one unit is no refund."""

    refund_unit_minor: int


class ReceivesTooMuch(Refusal, frozen=True, kw_only=True):
    """Only {units_left} units of return line {return_line_id} are to come, not {units}."""

    return_line_id: ReturnLineId
    units: int
    units_left: int


class GradesTooMuch(Refusal, frozen=True, kw_only=True):
    """Only {units_left} units of return line {return_line_id} wait for grading, not {units}."""

    return_line_id: ReturnLineId
    units: int
    units_left: int


class IdTakenByOtherContent(Refusal, frozen=True, kw_only=True):
    """Id {id} was used for something else."""

    id: UUID
