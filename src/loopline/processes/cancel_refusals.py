"""Why what was ordered is not called off."""

from loopline.kernel.ids import LineId, OrderId
from loopline.kernel.refusals import Refusal


class UnknownOrder(Refusal, frozen=True, kw_only=True):
    """There is no order {order_id}, or it is not for you."""

    order_id: OrderId


class UnknownOrderLine(Refusal, frozen=True, kw_only=True):
    """The order has no goods in line {line_id}, or the line is named twice."""

    line_id: LineId


class NothingToCancel(Refusal, frozen=True, kw_only=True):
    """Nothing of order {number} is left to be cancelled: what was handed over can only be returned."""

    order_id: OrderId
    number: str


class MoreThanCancellable(Refusal, frozen=True, kw_only=True):
    """Of line {line_id} {cancellable} units can still be cancelled, not {units}."""

    line_id: LineId
    units: int
    cancellable: int


class FitterOnTheWay(Refusal, frozen=True, kw_only=True):
    """The fitter of order {number} is on the way: say at the door that you do not want it."""

    number: str


class UnpaidOnlyWhole(Refusal, frozen=True, kw_only=True):
    """Order {number} waits for its payment: it can only be cancelled as a whole."""

    order_id: OrderId
    number: str
