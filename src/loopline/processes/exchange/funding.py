"""What the old price of exchanged goods was made of, so that the new order keeps it, and who bears it.

The return takes back what others bear of the units that come back; the new order, at the same price, makes them bear
the same again. Who a role turned out to be, and whether it had agreed, is as it was when the goods were first bought:
another shop's dealer owes nothing for them. What a coupon took off is kept without the coupon: it stays with the
order that it was used on, as long as the new goods are with the customer (`coupons.standing`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import LineId
from loopline.kernel.money import portion, split_by_weight
from loopline.orders import Line, Order
from loopline.pricing import BearsOfLine, Discount, KeptPrice
from loopline.pricing.promotions import Bearer, Funder
from loopline.processes.attribute import Directory, read_directory
from loopline.processes.fund import discounts_of_lines, what_takes_off

PLAIN = KeptPrice()
"""A price that nothing was taken off, and that no promotion of today is to be seen in."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A line that comes back, and what was taken off it: each discount with the parts that its bearers have of it."""

    line: Line
    discounts: tuple[tuple[Discount, tuple[tuple[BearsOfLine, int], ...]], ...]
    agreed_at: datetime

    def of(self, units: int) -> KeptPrice:
        """Return what the price of some units is made of, at what was paid for one of them.

        What was paid for one is rounded down, so they may be let off by less than a minor unit each more than before.
        """
        line = self.line
        if not self.discounts or line.list_unit_minor is None:
            return PLAIN
        off = (line.list_unit_minor - line.unit_minor) * units
        parts = split_by_weight(off, [discount.amount_minor for discount, _ in self.discounts])
        return KeptPrice(
            list_unit_minor=line.list_unit_minor,
            discounts=tuple(
                Discount(
                    promotion_id=discount.promotion_id,
                    amount_minor=minor,
                    borne=_borne(minor, bearers),
                    agreed_at=discount.agreed_at or self.agreed_at,
                    points=portion(discount.points, units, line.units),
                )
                for (discount, bearers), minor in zip(self.discounts, parts, strict=True)
                if minor
            ),
        )


def kept_of(conn: Conn, head: Order, lines: Sequence[Line]) -> Mapping[LineId, Kept]:
    """Read what was taken off lines of an order. Nothing is read where they cost their list price."""
    let_off = [one for one in lines if (one.list_unit_minor or 0) * one.units > one.amount_minor]
    found = discounts_of_lines(conn, orders.lines_by_orders(conn, [head.id])) if let_off else {}
    found = {one.line_id: found[one.line_id] for one in let_off if one.line_id in found}
    funders: dict[UUID, tuple[Funder, ...]] = {}
    directory: Directory | None = None
    if found:
        ids = {discount.promotion_id for of_line in found.values() for discount in of_line}
        funders = {one.id: one.funders for one in what_takes_off(conn, ids).values()}
        directory = read_directory(conn, [head], sku_ids=set())
    return {
        line.line_id: Kept(
            line=line,
            discounts=tuple(
                (one, _bearers(one, funders[one.promotion_id], head, directory))
                for one in found.get(line.line_id, ())
                if directory is not None
            ),
            agreed_at=head.placed_at,
        )
        for line in lines
    }


def prices_of(
    kept: Mapping[LineId, Kept], going: Sequence[tuple[LineId | None, int]]
) -> list[KeptPrice | None]:
    """Return what the price of units is made of, by the line whose price they keep; None where that is today's."""
    return [None if line_id is None else kept[line_id].of(units) for line_id, units in going]


def _bearers(
    discount: Discount, funders: Sequence[Funder], head: Order, directory: Directory
) -> tuple[tuple[BearsOfLine, int], ...]:
    """Name who each funder turned out to be, with its weight; what is nobody's is the seller's."""
    found: list[tuple[BearsOfLine, int]] = []
    for one in funders:
        if discount.agreed_at is not None:  # goods exchanged before: it was found then
            party_id = next((part.party_id for part in discount.borne if _is_for(part, one)), None)
        else:
            party_id = one.party_id or directory.bearer(one.bearer, site_id=head.site_id)
        bearer = Bearer.SELLER if party_id is None else one.bearer
        part = BearsOfLine(bearer=bearer, amount_minor=0, party_id=party_id)
        found.append((part, one.basis_points))
    return tuple(found)


def _is_for(part: BearsOfLine, one: Funder) -> bool:
    return part.bearer is one.bearer and one.party_id in {None, part.party_id}


def _borne(off_minor: int, bearers: Sequence[tuple[BearsOfLine, int]]) -> tuple[BearsOfLine, ...]:
    parts = split_by_weight(off_minor, [weight for _, weight in bearers])
    return tuple(
        msgspec.structs.replace(one, amount_minor=minor)
        for (one, _), minor in zip(bearers, parts, strict=True)
        if minor
    )
