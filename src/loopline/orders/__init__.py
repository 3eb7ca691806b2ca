"""Orders: one hub for every channel's orders, and where each of their units stands.

Purpose: `recognise` tells new drafts from repeats and conflicts, `write_orders` keeps them with their lines, and
`change_lines` moves units through parked, held, allocated, handed over, cancelled. What stands where is all orders
knows: prices, goods and places are decided elsewhere and written here.

Invariants:
- a (channel, external number) is one order; the same message twice, in one batch or in two transactions at once, is
  that one order; other content under it is refused and kept;
- for goods lines `units = parked + held + allocated + handed_over + cancelled`, `0 <= returned <= handed_over`,
  `0 <= lost <= handed_over`: named constraints of the database, changed by deltas only;
- an order's head has the sums of its goods lines, moved in the same transaction; its stage is derived from them.

Lock order: numbers by (channel, external number); then orders by id; then lines by (order, line). Whoever holds an
order's row may change its lines. Queries lock nothing.

An order and its lines lie in the monthly partition of the UUIDv7 of the order, which is made of the moment it was
placed; a line's id is made of the same moment, after one another, so that lines sort as they were written.
"""

from loopline.orders.channels import ChannelTerms, UnknownChannel, channels_by_code, put_channels
from loopline.orders.checks import CHECKS
from loopline.orders.events import (
    CancelledLine,
    LinesCancelled,
    LinesParked,
    LinesReinstated,
    LinesUnparked,
    LineUnitsMoved,
    NumberConflicted,
    OrderPlaced,
    PlacedLine,
)
from loopline.orders.model import (
    BoughtLine,
    Changed,
    Conflict,
    Credits,
    Delivery,
    Draft,
    DraftKind,
    DraftLine,
    Line,
    LineChange,
    LineKind,
    LineState,
    LineToSource,
    LineUnits,
    New,
    NewLine,
    NewOrder,
    OnShortage,
    Order,
    OrderStage,
    ParkedLine,
    Repeat,
    Written,
)
from loopline.orders.numbers import read_number, spell_number
from loopline.orders.queries import (
    last_conflicts,
    lines_by_orders,
    lines_of_member,
    lines_to_source,
    order_by_id,
    order_by_number,
    order_ids_by_external_numbers,
    orders_by_ids,
    orders_of_member,
    parked_lines,
    parked_sku_ids,
    quotes_by_orders,
    stage_counts,
)
from loopline.orders.refusals import (
    LineUnknown,
    MoreThanHandedOver,
    NoLines,
    NotACode,
    NumberMistyped,
    NumberTakenByOtherContent,
    OnlyGoodsMove,
    OrderIdOutsideWindow,
    OrderIdTaken,
    PlacedOutsideWindow,
    TextNotStorable,
    TooFewUnits,
    UnitsDoNotAddUp,
    UnitsNotPositive,
)
from loopline.orders.rules import content_hash, line_state, order_stage
from loopline.orders.service import (
    begin_work,
    change_lines,
    forget_destinations,
    forget_new,
    lock_orders,
    recognise,
    set_paid,
    write_orders,
)

__all__ = [
    "CHECKS",
    "BoughtLine",
    "CancelledLine",
    "Changed",
    "ChannelTerms",
    "Conflict",
    "Credits",
    "Delivery",
    "Draft",
    "DraftKind",
    "DraftLine",
    "Line",
    "LineChange",
    "LineKind",
    "LineState",
    "LineToSource",
    "LineUnits",
    "LineUnitsMoved",
    "LineUnknown",
    "LinesCancelled",
    "LinesParked",
    "LinesReinstated",
    "LinesUnparked",
    "MoreThanHandedOver",
    "New",
    "NewLine",
    "NewOrder",
    "NoLines",
    "NotACode",
    "NumberConflicted",
    "NumberMistyped",
    "NumberTakenByOtherContent",
    "OnShortage",
    "OnlyGoodsMove",
    "Order",
    "OrderIdOutsideWindow",
    "OrderIdTaken",
    "OrderPlaced",
    "OrderStage",
    "ParkedLine",
    "PlacedLine",
    "PlacedOutsideWindow",
    "Repeat",
    "TextNotStorable",
    "TooFewUnits",
    "UnitsDoNotAddUp",
    "UnitsNotPositive",
    "UnknownChannel",
    "Written",
    "begin_work",
    "change_lines",
    "channels_by_code",
    "content_hash",
    "forget_destinations",
    "forget_new",
    "last_conflicts",
    "line_state",
    "lines_by_orders",
    "lines_of_member",
    "lines_to_source",
    "lock_orders",
    "order_by_id",
    "order_by_number",
    "order_ids_by_external_numbers",
    "order_stage",
    "orders_by_ids",
    "orders_of_member",
    "parked_lines",
    "parked_sku_ids",
    "put_channels",
    "quotes_by_orders",
    "read_number",
    "recognise",
    "set_paid",
    "spell_number",
    "stage_counts",
    "write_orders",
]
