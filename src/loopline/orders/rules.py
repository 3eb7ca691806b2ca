"""Pure decisions of orders: what a draft is, where its units may go, where a line and an order stand."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import add, attrgetter, sub

import msgspec

from loopline.kernel.ids import LineId, OrderId, time_of
from loopline.kernel.refusals import Refusal
from loopline.orders.model import (
    NO_ASKER,
    NO_CREDITS,
    Changed,
    Draft,
    LineChange,
    LineKind,
    LineState,
    LineUnits,
    OrderStage,
)
from loopline.orders.refusals import (
    LineUnknown,
    MoreThanHandedOver,
    NoLines,
    NotACode,
    OnlyGoodsMove,
    OrderIdOutsideWindow,
    PlacedOutsideWindow,
    TextNotStorable,
    TooFewUnits,
    UnitsDoNotAddUp,
    UnitsNotPositive,
)

WINDOW_DAYS = 60
FIRST_YEAR = 2000
CHARACTERS_MAX = 200
UNITS_LIMIT = 2_000_000_000

_UUID_VERSION = 7
_WINDOW = timedelta(days=WINDOW_DAYS)
_FIRST_MOMENT = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
_GOODS = LineKind.GOODS
_encode = msgspec.json.Encoder().encode

COUNTERS = ("parked", "held", "allocated", "handed_over", "cancelled", "returned", "lost")
_counters_of: Callable[[LineUnits | LineChange], tuple[int, ...]] = attrgetter(*COUNTERS)
_NOTHING = (0,) * len(COUNTERS)

LineKey = tuple[OrderId, LineId]


def fault_of(draft: Draft, *, now: datetime) -> Refusal | None:
    """Return why a draft can be no order at all, whoever sent it, or None."""
    return _fault_of_head(draft, now=now) or _fault_of_lines(draft)


def _fault_of_head(draft: Draft, *, now: datetime) -> Refusal | None:
    for field, text in (("channel", draft.channel), ("external number", draft.external_number)):
        if not _is_storable(text):
            return TextNotStorable(field=field, characters_max=CHARACTERS_MAX)
    for field, text, letters in (("currency", draft.currency, 3), ("country", draft.country, 2)):
        if not _is_code(text, letters):
            return NotACode(field=field, value=text, letters=letters)
    if not _FIRST_MOMENT <= draft.placed_at <= now + _WINDOW:
        return PlacedOutsideWindow(
            placed_at=draft.placed_at.isoformat(), first_year=FIRST_YEAR, days=WINDOW_DAYS
        )
    if draft.order_id is not None and not is_in_window(draft.order_id, now=now):
        return OrderIdOutsideWindow(order_id=draft.order_id, days=WINDOW_DAYS)
    return None


def _fault_of_lines(draft: Draft) -> Refusal | None:
    if not draft.lines:
        return NoLines()
    for position, line in enumerate(draft.lines, 1):
        if not 0 < line.units < UNITS_LIMIT:
            return UnitsNotPositive(position=position, units=line.units)
        if not _is_storable(line.code):
            return TextNotStorable(field=f"code of line {position}", characters_max=CHARACTERS_MAX)
    return None


def is_in_window(order_id: OrderId, *, now: datetime) -> bool:
    """Tell whether a client-made id is a UUIDv7 of a moment at most 60 days from now, either way."""
    return order_id.version == _UUID_VERSION and abs(time_of(order_id) - now) <= _WINDOW


def _is_storable(text: str) -> bool:
    """PostgreSQL keeps any text but the character NUL and what is no Unicode (half a surrogate pair)."""
    if not 0 < len(text) <= CHARACTERS_MAX or "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_code(text: str, letters: int) -> bool:
    return len(text) == letters and text.isascii() and text.isalpha() and text.isupper()


def content_hash(draft: Draft) -> bytes:
    """Return 32 bytes that are equal for drafts that say the same.

    The client-made id and the order of lines say nothing, and one moment is the same in every time zone. Of a draft
    made of a message that says less, what the message said decides alone.
    """
    if draft.said is not None:
        return hashlib.blake2b(draft.said, digest_size=32, person=b"message").digest()
    head = msgspec.structs.replace(
        draft,
        order_id=None,
        lines=(),
        placed_at=draft.placed_at.astimezone(UTC),
        # A default is left out of the encoding only when it is the very object.
        credits=NO_CREDITS if draft.credits == NO_CREDITS else draft.credits,
        asker=NO_ASKER,
        goods_shown_minor=None,
        charges_freight=False,
        freight_shown_minor=None,
    )
    digest = hashlib.blake2b(_encode(head), digest_size=32)
    digest.update(b"\n".join(sorted(map(_encode, draft.lines))))
    return digest.digest()


def line_state(line: LineUnits) -> LineState:
    """Return where a line stands: the least advanced of its units says it.

    A charge or a voucher that was not cancelled whole stands with what is handed over.
    """
    if line.parked:
        return LineState.PARKED
    if line.held:
        return LineState.HELD
    if line.allocated:
        return LineState.ALLOCATED
    if line.cancelled == line.units:
        return LineState.CANCELLED
    if line.returned and line.returned == line.handed_over:
        return LineState.RETURNED
    return LineState.HANDED_OVER


def order_stage(goods: LineUnits, *, in_work: bool) -> OrderStage:
    """Return where an order stands from the sums over its goods lines (the column `orders.order.stage` says the same).

    `in_work` says that a site accepted the work. An order without goods is done as soon as it is written.
    """
    if goods.units == 0:
        return OrderStage.HANDED_OVER
    if goods.parked:
        return OrderStage.PARKED
    if goods.held:
        return OrderStage.PLACED
    if goods.allocated:
        return OrderStage.ACCEPTED if in_work else OrderStage.SOURCED
    if goods.cancelled == goods.units:
        return OrderStage.CANCELLED
    return OrderStage.RETURNED if goods.returned == goods.handed_over else OrderStage.HANDED_OVER


def changed_units(line: LineUnits, change: LineChange) -> LineUnits | Refusal:
    """Return a line's counters after a change, or why the change cannot be."""
    after = LineUnits(
        kind=line.kind,
        units=line.units,
        parked=line.parked + change.parked,
        held=line.held + change.held,
        allocated=line.allocated + change.allocated,
        handed_over=line.handed_over + change.handed_over,
        cancelled=line.cancelled + change.cancelled,
        returned=line.returned + change.returned,
        lost=line.lost + change.lost,
    )
    somewhere = after.parked + after.held + after.allocated + after.handed_over + after.cancelled
    if (
        min(_counters_of(after)) < 0
        or after.returned > after.handed_over
        or after.lost > after.handed_over
        or not _is_whole(after, somewhere)
    ):
        return _refusal_of(line, after, change, somewhere)
    return after


def _is_whole(after: LineUnits, somewhere: int) -> bool:
    if after.kind is _GOODS:
        return somewhere == after.units
    return somewhere <= after.units and not (after.parked or after.held or after.allocated)


def _refusal_of(line: LineUnits, after: LineUnits, change: LineChange, somewhere: int) -> Refusal:
    """Name the first rule that a change would break."""
    order_id, line_id = change.order_id, change.line_id
    for counter, before, left in zip(COUNTERS, _counters_of(line), _counters_of(after), strict=True):
        if left < 0:
            return TooFewUnits(order_id=order_id, line_id=line_id, counter=counter, available=before)
    if not _is_whole(after, somewhere):
        if after.kind is _GOODS:
            return UnitsDoNotAddUp(order_id=order_id, line_id=line_id, units=after.units, found=somewhere)
        return OnlyGoodsMove(order_id=order_id, line_id=line_id, units=after.units)
    counter, found = (
        ("returned", after.returned) if after.returned > after.handed_over else ("lost", after.lost)
    )
    return MoreThanHandedOver(
        order_id=order_id, line_id=line_id, counter=counter, handed_over=after.handed_over, found=found
    )


class ChangePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of changes comes to: one outcome per change, and the sums of what is to be written.

    `lines` and `orders` hold one row per line and order: its key, then seven signed deltas in the order of COUNTERS;
    an order's are those of its goods. `outcomes` are in the order of the changes.
    """

    outcomes: list[Changed | Refusal]
    lines: dict[LineKey, tuple[int, ...]]
    orders: dict[OrderId, tuple[int, ...]]


class _Standing:
    """A line while a batch is decided: before, and after the changes granted so far."""

    __slots__ = ("after", "before")

    def __init__(self, before: LineUnits) -> None:
        self.before = self.after = before


def plan_changes(lines: Mapping[LineKey, LineUnits], *, changes: Sequence[LineChange]) -> ChangePlan:
    """Decide changes in their order; a refused one leaves its line as it was for those that follow."""
    standing = {key: _Standing(line) for key, line in lines.items()}
    outcomes: list[Changed | Refusal] = []
    for change in changes:
        line = standing.get((change.order_id, change.line_id))
        if line is None:
            outcomes.append(LineUnknown(order_id=change.order_id, line_id=change.line_id))
            continue
        after = changed_units(line.after, change)
        if isinstance(after, LineUnits):
            line.after = after
            outcomes.append(
                Changed(
                    order_id=change.order_id, line_id=change.line_id, state=line_state(after), after=after
                )
            )
        else:
            outcomes.append(after)
    return _summed(standing, outcomes)


def _summed(standing: Mapping[LineKey, _Standing], outcomes: list[Changed | Refusal]) -> ChangePlan:
    lines: dict[LineKey, tuple[int, ...]] = {}
    orders: dict[OrderId, tuple[int, ...]] = {}
    order_id, total = None, _NOTHING
    for key, line in standing.items():
        if line.after is line.before:
            continue
        deltas = tuple(map(sub, _counters_of(line.after), _counters_of(line.before)))
        lines[key] = deltas
        if line.before.kind is not _GOODS:
            continue
        # Lines of one order mostly follow one another: their sum is kept aside until another order begins.
        if key[0] != order_id:
            if order_id is not None:
                orders[order_id] = total
            order_id = key[0]
            total = orders.get(order_id, _NOTHING)
        total = tuple(map(add, total, deltas))
    if order_id is not None:
        orders[order_id] = total
    return ChangePlan(outcomes=outcomes, lines=lines, orders=orders)
