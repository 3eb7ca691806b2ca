"""Pure: what events say about sales, laid out in columns for set-based statements; what a board's moments are."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec

from loopline.insight.model import NO_SKU, NOWHERE, DayPart, Measure, Part, Point, SaleLine, StageCount
from loopline.kernel.events import Event
from loopline.kernel.times import day_range, zone

# A shop whose last sale is older than this, or lies ahead of the clock, is a replay: its board stands at its data.
REPLAY_AFTER = timedelta(days=2)
KEPT_PER_TYPE = 12

# The stages of an order as `orders` derives them, in the order in which orders pass them.
STAGES = ("parked", "placed", "sourced", "accepted", "handed_over", "returned", "cancelled")

SALE_MEASURES = {
    "order_placed": Measure.SOLD,
    "lines_cancelled": Measure.CANCELLED,
    "lines_reinstated": Measure.CANCELLED,
    "sales_returned": Measure.RETURNED,
    "sales_adjusted": Measure.ADJUSTED,
}

# After which events an order may stand elsewhere.
STAGE_TYPES = frozenset(
    {
        "order_placed",
        "lines_parked",
        "lines_unparked",
        "lines_cancelled",
        "lines_reinstated",
        "order_sourced",
        "tasks_offered",
        "task_accepted",
        "task_refused",
        "task_lapsed",
        "task_cancelled",
        "parcel_handed_over",
        "parcel_not_collected",
        "hold_expired",
        "promise_broken",
        "return_opened",
    }
)

# What people watch, rather than every step of the machinery.
HAPPENING_TYPES = frozenset(
    {
        "order_placed",
        "lines_parked",
        "lines_unparked",
        "sourcing_put_off",
        "calls_opened",
        "call_claimed",
        "lines_cancelled",
        "number_conflicted",
        "task_accepted",
        "task_refused",
        "task_lapsed",
        "parcel_handed_over",
        "parcel_not_collected",
        "shortfall_opened",
        "promise_broken",
        "payment_exception_opened",
        "sales_returned",
        "sales_adjusted",
    }
)

# What undoes what its measure counts: it puts back what the other took off.
_PUTS_BACK = frozenset({"lines_reinstated"})
_TAKES_OFF = frozenset({Measure.CANCELLED, Measure.RETURNED})


class _Sale(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a sale's, a return's or an adjustment's event that boards read; the rest of it is not decoded."""

    channel: str
    currency: str
    lines: tuple[SaleLine, ...] = ()
    site_id: UUID | None = None
    placed_at: datetime | None = None


class _Mention(msgspec.Struct, frozen=True, kw_only=True):
    """What any event may say of place and size, for the list of happenings."""

    site_id: UUID | None = None
    channel: str | None = None
    currency: str | None = None


_decode_sale = msgspec.json.Decoder(_Sale).decode
_decode_mention = msgspec.json.Decoder(_Mention).decode


def signed(number: int, measure: Measure) -> int:
    """Return a number as it moves its measure: what was cancelled or came back takes off."""
    return -abs(number) if measure in _TAKES_OFF else number


class SaleColumns:
    """A batch of sales as columns: one row per record (an event) and one per line, tied by the record's number.

    Columns because half a million lines pass here: a record object per line would cost more than the database does.
    """

    def __init__(self) -> None:
        self.at: list[datetime] = []
        self.site_ids: list[UUID] = []
        self.channels: list[str] = []
        self.currencies: list[str] = []
        self.measures: list[str] = []
        self.orders: list[int] = []
        self.amounts: list[int] = []
        self.units: list[int] = []
        self.line_records: list[int] = []
        self.line_sku_ids: list[UUID] = []
        self.line_kinds: list[str] = []
        self.line_amounts: list[int] = []
        self.line_units: list[int] = []

    def add(self, sale: _Sale, *, at: datetime, measure: Measure, puts_back: bool = False) -> None:
        """Append one event's sale; its lines keep their order."""
        number = len(self.at)
        lines = sale.lines
        sign = -1 if puts_back else 1
        amounts = [sign * signed(line.amount_minor, measure) for line in lines]
        # Only goods are counted in units: three postages are not three pieces.
        units = [sign * signed(line.units, measure) if line.kind == "goods" else 0 for line in lines]
        self.at.append(at)
        self.site_ids.append(sale.site_id or NOWHERE)
        self.channels.append(sale.channel)
        self.currencies.append(sale.currency)
        self.measures.append(measure)
        self.orders.append(1 if measure is Measure.SOLD else 0)
        self.amounts.append(sum(amounts))
        self.units.append(sum(units))
        self.line_records.extend([number] * len(lines))
        self.line_sku_ids.extend([line.sku_id or NO_SKU for line in lines])
        self.line_kinds.extend([line.kind for line in lines])
        self.line_amounts.extend(amounts)
        self.line_units.extend(units)


def sale_columns(events: Sequence[Event], measures: dict[str, Measure]) -> SaleColumns:
    """Lay out the sales of a batch in the order of the log; events of other types are passed over.

    A sale counts at the moment it was placed, in whatever order the log brings it; what comes back, when it came back.
    Raises msgspec.ValidationError for an event whose body is not of its shape.
    """
    columns = SaleColumns()
    for event in events:
        measure = measures.get(event.type)
        if measure is None:
            continue
        sale = _decode_sale(event.data)
        is_sold = measure is Measure.SOLD
        columns.add(
            sale,
            at=(sale.placed_at if is_sold else None) or event.at,
            measure=measure,
            puts_back=event.type in _PUTS_BACK,
        )
    return columns


class HappeningColumns:
    """The newest events of each type of a batch, as columns."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.site_ids: list[UUID] = []
        self.channels: list[str | None] = []
        self.currencies: list[str | None] = []
        self.amounts: list[int | None] = []
        self.units: list[int | None] = []


def happening_columns(events: Sequence[Event], measures: dict[str, Measure]) -> HappeningColumns:
    """Keep the newest few events of each type, in the order of the log: more would never be seen on a board."""
    newest: list[Event] = []
    kept: dict[str, int] = {}
    for event in reversed(events):
        count = kept.get(event.type, 0)
        if count < KEPT_PER_TYPE:
            kept[event.type] = count + 1
            newest.append(event)
    columns = HappeningColumns()
    for event in reversed(newest):
        is_sale = event.type in measures
        said = _decode_sale(event.data) if is_sale else _decode_mention(event.data)
        lines = said.lines if isinstance(said, _Sale) else ()
        columns.events.append(event)
        columns.site_ids.append(said.site_id or NOWHERE)
        columns.channels.append(said.channel)
        columns.currencies.append(said.currency)
        measure = measures.get(event.type, Measure.SOLD)
        columns.amounts.append(sum(signed(line.amount_minor, measure) for line in lines) if is_sale else None)
        columns.units.append(sum(line.units for line in lines if line.kind == "goods") if is_sale else None)
    return columns


class BoardMoments(msgspec.Struct, frozen=True, kw_only=True):
    """The moments a board is read by, all UTC. Spans end before `end`, the minute after the one of `at`."""

    at: datetime
    end: datetime
    is_replay: bool
    day: date
    day_start: datetime
    hour_start: datetime
    first_minute: datetime
    first_hour: datetime
    first_day: date


def board_moments(*, latest: datetime | None, now: datetime, zone_name: str) -> BoardMoments:
    """Decide at which moment a board stands: the clock's, or, when the data are of another time, the data's last.

    A shop that sold yesterday is live: its board says "nothing yet today". One whose last sale is days away from the
    clock is a replay of history, and its "now" is the last thing that happened in it.
    """
    is_replay = latest is not None and not (now - REPLAY_AFTER <= latest <= now + timedelta(minutes=5))
    at = latest if is_replay and latest is not None else now
    local = at.astimezone(zone(zone_name))
    day = local.date()
    hour_start = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    minute = at.astimezone(UTC).replace(second=0, microsecond=0)
    return BoardMoments(
        at=at,
        end=minute + timedelta(minutes=1),
        is_replay=is_replay,
        day=day,
        day_start=day_range(day, zone_name).start,
        hour_start=hour_start,
        first_minute=minute - timedelta(minutes=59),
        first_hour=hour_start - timedelta(hours=47),
        first_day=day - timedelta(days=29),
    )


def chosen_currency(known: Sequence[str], *, asked: str | None, own: str | None) -> str:
    """Choose the currency of a board: the one asked for, else the brand's own, else the first anything was sold in.

    Neither asked for nor own counts where nothing was ever sold in it, unless nothing was ever sold at all.
    """
    for currency in (asked, own):
        if currency is not None and currency in known:
            return currency
    return known[0] if known else (own or "CNY")


def time_series(known: Iterable[Part], *, start: datetime, step: timedelta, count: int) -> tuple[Point, ...]:
    """Lay points out at even steps from `start`; where nothing is known nothing was taken.

    What is known between two steps (an hour that begins at half past, elsewhere) counts to the step before it.
    """
    parts: list[list[Part]] = [[] for _ in range(count)]
    for one in known:
        place = (one.start - start) // step
        if 0 <= place < count:
            parts[place].append(one)
    return tuple(_point(start + place * step, found) for place, found in enumerate(parts))


def day_series(known: Iterable[DayPart], *, first: date, count: int, zone_name: str) -> tuple[Point, ...]:
    """Lay out `count` days from `first`; where nothing is known nothing was taken."""
    parts: dict[date, list[DayPart]] = {}
    for one in known:
        parts.setdefault(one.start, []).append(one)
    days = [first + timedelta(days=place) for place in range(count)]
    return tuple(_point(day_range(day, zone_name).start, parts.get(day, ())) for day in days)


def _point(start: datetime, parts: Sequence[Part] | Sequence[DayPart]) -> Point:
    by_channel: dict[str, int] = {}
    for one in parts:
        by_channel[one.channel] = by_channel.get(one.channel, 0) + one.net_minor
    return Point(
        start=start,
        net_minor=sum(one.net_minor for one in parts),
        units=sum(one.units for one in parts),
        by_channel=by_channel,
    )


def stages_in_order(counts: Sequence[StageCount]) -> tuple[StageCount, ...]:
    """Put stages in the order in which orders pass them, with those that nobody stands at; unknown ones last."""
    known = {one.stage: one.orders for one in counts}
    passed = [StageCount(stage=stage, orders=known.pop(stage, 0)) for stage in STAGES]
    return (*passed, *(StageCount(stage=stage, orders=orders) for stage, orders in sorted(known.items())))
