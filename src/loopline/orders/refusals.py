"""What orders says no to."""

from loopline.kernel.ids import LineId, OrderId
from loopline.kernel.refusals import Refusal


class NumberTakenByOtherContent(Refusal, frozen=True, kw_only=True):
    """The number {external_number} of {channel} is already an order with other content.

    What came now was kept as a conflict.
    """

    channel: str
    external_number: str
    order_id: OrderId


class OrderIdTaken(Refusal, frozen=True, kw_only=True):
    """The id {order_id} is already another order."""

    order_id: OrderId


class OrderIdOutsideWindow(Refusal, frozen=True, kw_only=True):
    """The id {order_id} is no UUIDv7 made within {days} days of now."""

    order_id: OrderId
    days: int


class PlacedOutsideWindow(Refusal, frozen=True, kw_only=True):
    """An order placed at {placed_at} lies before the year {first_year} or more than {days} days ahead."""

    placed_at: str
    first_year: int
    days: int


class TextNotStorable(Refusal, frozen=True, kw_only=True):
    """The {field} is empty, longer than {characters_max} characters, or has characters that cannot be kept."""

    field: str
    characters_max: int


class NotACode(Refusal, frozen=True, kw_only=True):
    """The {field} "{value}" is not a code of {letters} capital letters."""

    field: str
    value: str
    letters: int


class NoLines(Refusal, frozen=True, kw_only=True):
    """The order has no lines."""


class UnitsNotPositive(Refusal, frozen=True, kw_only=True):
    """Line {position} has {units} units; an order's line has at least one and fewer than two thousand million."""

    position: int
    units: int


class LineUnknown(Refusal, frozen=True, kw_only=True):
    """There is no line {line_id} in order {order_id}."""

    order_id: OrderId
    line_id: LineId


class UnitsDoNotAddUp(Refusal, frozen=True, kw_only=True):
    """Line {line_id} has {units} units, but after the change {found} would stand somewhere."""

    order_id: OrderId
    line_id: LineId
    units: int
    found: int


class TooFewUnits(Refusal, frozen=True, kw_only=True):
    """Line {line_id} has only {available} units {counter}, fewer than the change takes."""

    order_id: OrderId
    line_id: LineId
    counter: str
    available: int


class MoreThanHandedOver(Refusal, frozen=True, kw_only=True):
    """Of line {line_id} {handed_over} units were handed over; {found} cannot be {counter}."""

    order_id: OrderId
    line_id: LineId
    counter: str
    handed_over: int
    found: int


class OnlyGoodsMove(Refusal, frozen=True, kw_only=True):
    """Line {line_id} is no goods and has {units} units.

    It cannot be parked, held or allocated, nor charged and cancelled above its units.
    """

    order_id: OrderId
    line_id: LineId
    units: int


class NumberMistyped(Refusal, frozen=True, kw_only=True):
    """No order has the number "{text}"; a character is wrong or missing."""

    text: str


class TooManyUnpaid(Refusal, frozen=True, kw_only=True):
    """{most} orders of yours wait to be paid: pay or cancel one, or wait {minutes} min at most until one runs out."""

    most: int
    minutes: int
    cap: str = "member"


class TooManyUnpaidToAddress(Refusal, frozen=True, kw_only=True):
    """{most} orders to this address wait to be paid: in {minutes} min at most there is room for another."""

    most: int
    minutes: int
    cap: str = "address"


class TooManyUnpaidByDevice(Refusal, frozen=True, kw_only=True):
    """{most} orders from this device wait to be paid: in {minutes} min at most there is room for another."""

    most: int
    minutes: int
    cap: str = "device"
