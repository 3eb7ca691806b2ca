"""Pre-orders: what may be sold of a SKU before there is any, and what lines of orders bought ahead.

Of one SKU one pre-order stands, whose row is locked by whoever sells by it and whoever changes it: so no two sell the
same unit. What a line bought ahead waits, until goods come for it (`covered`), or it is called off before they do
(`given_back`, which may be sold again). It follows the line: `service.change_lines` calls `follow_lines`.

Locks pre-orders by SKU, before any stock; what lines bought under their orders.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, integers, moments, statements, uuids
from loopline.kernel.ids import LineId, MemberId, OrderId, SkuId

SQL = statements(__file__)


class Preorder(msgspec.Struct, frozen=True, kw_only=True):
    """A pre-order that stands. `allowance`: units that may be sold ahead in all, since `stated_at`."""

    id: UUID
    sku_id: SkuId
    allowance: int
    per_order: int | None
    per_member: int | None
    opens_at: datetime
    closes_at: datetime | None
    ships_on: date
    stated_at: datetime
    changed_at: datetime
    changed_by: str
    closed_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether anything is sold by it."""
        return self.closed_at is None and self.opens_at <= now and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Whether nothing will be sold by it any more, unless it is opened again."""
        return self.closed_at is not None or (self.closes_at is not None and self.closes_at <= now)


class SoldAhead(msgspec.Struct, frozen=True, kw_only=True):
    """What was sold by a pre-order: units for which no goods have come yet, and units for which they have."""

    preorder_id: UUID
    waiting: int
    covered: int

    @property
    def sold(self) -> int:
        """All that was sold ahead and not called off before goods came."""
        return self.waiting + self.covered


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A pre-order, what was sold by it, and the units that came in since it was stated."""

    preorder: Preorder
    waiting: int
    covered: int
    came: int

    @property
    def sold(self) -> int:
        """All that was sold ahead and not called off before goods came."""
        return self.waiting + self.covered

    @property
    def left(self) -> int:
        """Units that may still be sold ahead, by the allowance: what has come is not to come any more."""
        return max(0, self.preorder.allowance - self.waiting - max(self.covered, self.came))

    def may_sell(self, units: int) -> bool:
        """Whether one order may buy so many units ahead, whatever its buyer bought before."""
        limits = [most for most in (self.preorder.per_order, self.preorder.per_member) if most is not None]
        return units <= min([self.left, *limits])

    @property
    def above(self) -> int:
        """Units sold above the allowance, which was lowered since."""
        return max(0, self.sold - self.preorder.allowance)


class Preordered(msgspec.Struct, frozen=True, kw_only=True):
    """Units that a line of a new order buys ahead. `paid_at` None: it waits to be paid first."""

    order_id: OrderId
    line_id: LineId
    preorder_id: UUID
    sku_id: SkuId
    member_id: MemberId | None
    units: int
    paid_at: datetime | None


def preorders_of(conn: Conn, sku_ids: Collection[SkuId] | None = None) -> dict[SkuId, Preorder]:
    """Return the pre-orders that stand of some SKUs (None: of all), what ships first, first. Locks nothing."""
    found = fetch(conn, SQL["preorders"], Preorder, sku_ids=None if sku_ids is None else uuids(sku_ids))
    return {one.sku_id: one for one in found}


def lock_preorders(conn: Conn, sku_ids: Collection[SkuId]) -> dict[SkuId, Preorder]:
    """Return the pre-orders that stand of SKUs, and keep others from selling by them. Locks them by SKU."""
    found = fetch(conn, SQL["lock_preorders"], Preorder, sku_ids=uuids(sku_ids))
    return {one.sku_id: one for one in found}


def sold_ahead(conn: Conn, preorder_ids: Collection[UUID]) -> dict[UUID, SoldAhead]:
    """Return what was sold by pre-orders; those by which nothing was are left out."""
    if not preorder_ids:
        return {}
    found = fetch(conn, SQL["sold_ahead"], SoldAhead, preorder_ids=uuids(preorder_ids))
    return {one.preorder_id: one for one in found}


def bought_ahead(
    conn: Conn, preorder_ids: Collection[UUID], member_ids: Collection[MemberId]
) -> dict[tuple[UUID, MemberId], int]:
    """Return how many units members bought by pre-orders, and did not call off."""
    if not preorder_ids or not member_ids:
        return {}
    rows = fetch_rows(
        conn, SQL["bought_ahead"], preorder_ids=uuids(preorder_ids), member_ids=uuids(member_ids)
    )
    return {(preorder_id, member_id): units for preorder_id, member_id, units in rows}


def write_preordered(conn: Conn, bought: Sequence[Preordered]) -> None:
    """Write what lines of new orders buy ahead; the caller has their pre-orders locked."""
    if not bought:
        return
    execute(
        conn,
        SQL["write_preordered"],
        order_ids=uuids([one.order_id for one in bought]),
        line_ids=uuids([one.line_id for one in bought]),
        preorder_ids=uuids([one.preorder_id for one in bought]),
        sku_ids=uuids([one.sku_id for one in bought]),
        member_ids=uuids([one.member_id for one in bought]),
        units=integers([one.units for one in bought]),
        paid_at=moments([one.paid_at for one in bought]),
    )


def follow_lines(conn: Conn, left: Mapping[tuple[OrderId, LineId], tuple[int, int]]) -> None:
    """Take what left the parked units of lines off what they bought ahead; the caller has their orders locked.

    By line: how many units left, and how many of the line were cancelled with that: these are given back to the
    pre-order, the others have their goods.
    """
    if left:
        execute(
            conn,
            SQL["follow_lines"],
            order_ids=uuids([order_id for order_id, _ in left]),
            line_ids=uuids([line_id for _, line_id in left]),
            units=integers([units for units, _ in left.values()]),
            cancelled=integers([cancelled for _, cancelled in left.values()]),
        )


def state_preorders(conn: Conn, stated: Sequence[Preorder], *, now: datetime) -> None:
    """Write pre-orders, each in the place of the one that stands of its SKU; the caller has those locked."""
    if not stated:
        return
    execute(
        conn,
        SQL["state_preorders"],
        ids=uuids([one.id for one in stated]),
        sku_ids=uuids([one.sku_id for one in stated]),
        allowances=integers([one.allowance for one in stated]),
        per_order=[one.per_order for one in stated],
        per_member=[one.per_member for one in stated],
        opens_at=moments([one.opens_at for one in stated]),
        closes_at=moments([one.closes_at for one in stated]),
        ships_on=[one.ships_on for one in stated],
        by=[one.changed_by for one in stated],
        now=now,
    )


def close_preorders(conn: Conn, preorder_ids: Collection[UUID], *, by: str, now: datetime) -> None:
    """Let nothing more be sold by pre-orders; the caller has them locked. Who waits by them still gets the goods."""
    if preorder_ids:
        execute(conn, SQL["close_preorders"], ids=uuids(preorder_ids), by=by, now=now)


def end_preorders(conn: Conn, *, now: datetime) -> int:
    """End pre-orders by which nothing more is sold and nobody waits; returns how many. Locks these."""
    over: list[UUID] = fetch_values(conn, SQL["lock_over"], now=now)
    # Read again: nobody sells by them any more.
    return execute(conn, SQL["end_preorders"], ids=uuids(over), now=now) if over else 0
