"""Gifts of orders: which lines they are, what earned them, and which are lost with it."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId
from loopline.kernel.money import portion
from loopline.orders import Line
from loopline.pricing import Derivation
from loopline.pricing.promotions import Gift, promotions_by_id

_GIFTS = "$.lines[*].is_gift"
"""Where a derivation says that something was given."""


class GiftOfOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was given: for what, and which lines earned it, with what each came to before gifts were dealt."""

    line_id: LineId
    effect: Gift
    earned_by: tuple[tuple[Line, int], ...]

    def units_earned(self, left: Mapping[LineId, int]) -> int:
        """Return how many of it what is left of the lines that earned it still earns."""
        effect = self.effect
        if effect.from_units is not None:
            times = sum(left.get(line.line_id, 0) for line, _ in self.earned_by) // effect.from_units
        else:
            spent = sum(
                portion(minor, left.get(line.line_id, 0), line.units) for line, minor in self.earned_by
            )
            times = spent // (effect.from_minor or 1)
        return effect.units * (times if effect.is_repeated else min(times, 1))


def gift_lines_of(conn: Conn, lines: Sequence[Line]) -> frozenset[LineId]:
    """Return which lines are gifts. `lines` are all lines of their orders, in their order."""
    derived = _derivations(conn, lines)
    return frozenset(
        line.line_id
        for of_order, derivation in derived
        for line, one in zip(of_order, derivation.lines, strict=True)
        if one.is_gift
    )


def gifts_of_orders(conn: Conn, lines: Sequence[Line]) -> dict[OrderId, list[GiftOfOrder]]:
    """Return the gifts of orders, with what earned them. `lines` are all lines of their orders, in their order."""
    derived = _derivations(conn, lines)
    named = {
        discount.promotion_id
        for _, derivation in derived
        for one in derivation.lines
        for discount in one.discounts
    }
    promotions = promotions_by_id(conn, named) if named else {}
    giving = {key: one.effect for key, one in promotions.items() if isinstance(one.effect, Gift)}
    # Coupons and points come after gifts, and are no promotions; a line may have its part of them and no whole point.
    before = promotions.keys() - giving.keys()
    found: dict[OrderId, list[GiftOfOrder]] = {}
    for of_order, derivation in derived:
        pairs = list(zip(of_order, derivation.lines, strict=True))
        dealt = {
            line.line_id: sum(one.amount_minor for one in of.discounts if one.promotion_id not in before)
            for line, of in pairs
        }
        for line, one in pairs:
            given_by = {discount.promotion_id for discount in one.discounts} & giving.keys()
            for promotion_id in given_by if one.is_gift else ():
                earned_by = tuple(
                    (other, other.amount_minor + dealt[other.line_id])
                    for other, of in pairs
                    if not of.is_gift and any(part.promotion_id == promotion_id for part in of.discounts)
                )
                gift = GiftOfOrder(line_id=line.line_id, effect=giving[promotion_id], earned_by=earned_by)
                found.setdefault(line.order_id, []).append(gift)
    return found


def _derivations(conn: Conn, lines: Sequence[Line]) -> list[tuple[list[Line], Derivation]]:
    of_orders: dict[OrderId, list[Line]] = {}
    for line in lines:
        of_orders.setdefault(line.order_id, []).append(line)
    stored = orders.quotes_by_orders(conn, list(of_orders), having=_GIFTS) if of_orders else {}
    return [(of_orders[order_id], msgspec.convert(one, Derivation)) for order_id, one in stored.items()]


def with_lost(
    wanted: Mapping[LineId, int],
    gifts: Collection[GiftOfOrder],
    *,
    standing: Mapping[LineId, int],
    whole: Mapping[LineId, int],
) -> dict[LineId, int]:
    """Add to what is called off the gifts that are lost with it, as far as they can still be called off.

    `standing`: how much of each line neither was called off nor came back; `whole`: how much of it still can be.
    """
    left = {line_id: units - wanted.get(line_id, 0) for line_id, units in standing.items()}
    found = dict(wanted)
    for one in gifts:
        too_many = left.get(one.line_id, 0) - one.units_earned(left)
        units = min(max(0, too_many), whole.get(one.line_id, 0) - found.get(one.line_id, 0))
        if units > 0:
            found[one.line_id] = found.get(one.line_id, 0) + units
    return found
