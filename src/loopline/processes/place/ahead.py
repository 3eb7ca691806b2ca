"""Selling ahead: what may be sold of SKUs before there are any, for the asks of one batch; and who waits goes first.

Whoever sells by a pre-order has its row locked until the transaction ends, from before any of stock's. What it still
allows is read under stock's locks too: then no goods come, and none are given to who waits, in between.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import orders, stock
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.ids import LineId, MemberId, NodeId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.orders import Delivery, DraftKind, NewOrder
from loopline.orders.parking import write_parking
from loopline.orders.preorders import (
    Preorder,
    Preordered,
    Standing,
    bought_ahead,
    lock_preorders,
    preorders_of,
    sold_ahead,
    write_preordered,
)
from loopline.orders.waiting import Dated, DayBasis, ParkedFor
from loopline.processes.place.candidate import Candidate
from loopline.processes.remembered import PREORDERS
from loopline.stock.refusals import NotEnoughFree
from loopline.stock.restocks import came_since

SOLD_AHEAD = frozenset({Delivery.DELIVER})
"""Who collects, or chooses a store's courier or fitter, wants what lies in that store."""


class PreorderLimitReached(Refusal, frozen=True, kw_only=True):
    """Of {sku_code} no more than {most} pieces are sold ahead to one buyer, or in one order."""

    sku_code: str
    most: int
    field: str = "lines"


def sells_ahead(conn: Conn, candidates: Sequence[Candidate], *, marks: Marks) -> frozenset[SkuId]:
    """Return the SKUs asked for of which a pre-order stands; they are decided under its lock."""
    standing = PREORDERS.find(conn, (None,), marks=marks)[None]
    if not standing:
        return frozenset()
    return frozenset(
        line.sku_id
        for one in candidates
        if one.draft.kind is DraftKind.ASK
        for _, line in one.goods
        if line.sku_id is not None and line.sku_id in standing
    )


def standings(conn: Conn, preorders: Mapping[SkuId, Preorder]) -> dict[SkuId, Standing]:
    """Return what was sold by pre-orders, and what came since they were stated."""
    sold = sold_ahead(conn, {one.id for one in preorders.values()})
    came = came_since(conn, {sku_id: one.stated_at for sku_id, one in preorders.items()})
    return {
        sku_id: Standing(
            preorder=one,
            waiting=sold[one.id].waiting if one.id in sold else 0,
            covered=sold[one.id].covered if one.id in sold else 0,
            came=came.get(sku_id, 0),
        )
        for sku_id, one in preorders.items()
    }


def standings_of(conn: Conn, sku_ids: Collection[SkuId] | None = None) -> dict[SkuId, Standing]:
    """Return the pre-orders that stand of some SKUs (None: of all), what was sold by them and what came since."""
    found = preorders_of(conn, sku_ids)
    return standings(conn, found) if found else {}


class Selling(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch may sell ahead: the pre-orders, locked, and by SKU what is left of them."""

    standing: Mapping[SkuId, Standing]
    budgets: Mapping[SkuId, stock.Ahead]


def begin_selling(
    conn: Conn, going: Sequence[Candidate], sku_ids: frozenset[SkuId], *, now: datetime
) -> Selling:
    """Lock pre-orders, then the goods of all, facts too; say how much may be sold ahead, and to whom how much."""
    networks = _networks(conn)
    preorders = lock_preorders(conn, sku_ids)
    stock.lock_stock(
        conn,
        [(one.node_id, line.sku_id) for one in going for _, line in one.goods if one.node_id and line.sku_id],
    )
    standing = standings(conn, preorders)
    _limit(conn, going, preorders, now=now)
    return Selling(standing=standing, budgets={key: _budget(one, networks) for key, one in standing.items()})


def kept_for_waiting(conn: Conn, sku_ids: Collection[SkuId]) -> dict[SkuId, stock.Ahead]:
    """Return what is kept of SKUs for who bought ahead, for holds that sell nothing ahead themselves.

    The caller has the goods locked: nobody sells ahead, and nothing is given out, in between.
    """
    preorders = preorders_of(conn, sku_ids) if sku_ids else {}
    if not preorders:
        return {}
    sold, networks = sold_ahead(conn, {one.id for one in preorders.values()}), _networks(conn)
    return {
        sku_id: stock.Ahead(left=0, kept=sold[one.id].waiting, kept_at=networks)
        for sku_id, one in preorders.items()
        if one.id in sold
    }


def _networks(conn: Conn) -> frozenset[NodeId]:
    return frozenset(terms.network_node_id for terms in orders.channels_by_code(conn).values())


def _budget(one: Standing, networks: frozenset[NodeId]) -> stock.Ahead:
    return stock.Ahead(left=one.left, kept=one.waiting, kept_at=networks)


def _limit(
    conn: Conn, going: Sequence[Candidate], preorders: Mapping[SkuId, Preorder], *, now: datetime
) -> None:
    """Say of each line how many units may be sold ahead, by what is open, and by order and member.

    Of a member who asks twice in one batch the first ask counts whole: the second may get less than it might.
    """
    on = {sku_id: one for sku_id, one in preorders.items() if one.is_open(now)}
    limited = {one.id for one in on.values() if one.per_member is not None}
    members = {one.draft.member_id for one in going if one.draft.member_id is not None}
    bought = bought_ahead(conn, limited, members)
    for one in going:
        draft = one.draft
        if draft.kind is not DraftKind.ASK or draft.is_in_stock_only or draft.delivery not in SOLD_AHEAD:
            continue
        in_order: dict[SkuId, int] = {}
        most: dict[LineId, int] = {}
        for line_id, line in one.goods:
            preorder = on.get(line.sku_id) if line.sku_id is not None else None
            if preorder is None or line.is_gift:
                continue
            before = in_order.get(preorder.sku_id, 0)
            allowed = _allowed(preorder, one.draft.member_id, bought, before=before)
            most[line_id] = max(0, min(line.units, allowed))
            in_order[preorder.sku_id] = before + most[line_id]
        one.ahead_most = most
        _count(bought, one.draft.member_id, in_order, on)


def _allowed(
    preorder: Preorder,
    member_id: MemberId | None,
    bought: Mapping[tuple[UUID, MemberId], int],
    *,
    before: int,
) -> int:
    """How many units more one order may buy ahead, which has `before` of them already."""
    allowed = preorder.allowance if preorder.per_order is None else preorder.per_order
    if preorder.per_member is not None and member_id is not None:
        allowed = min(allowed, preorder.per_member - bought.get((preorder.id, member_id), 0))
    return allowed - before


def _count(
    bought: dict[tuple[UUID, MemberId], int],
    member_id: MemberId | None,
    in_order: Mapping[SkuId, int],
    on: Mapping[SkuId, Preorder],
) -> None:
    if member_id is None:
        return
    for sku_id, units in in_order.items():
        key = (on[sku_id].id, member_id)
        bought[key] = bought.get(key, 0) + units


def why_refused(one: Candidate, refusal: Refusal, selling: Selling) -> Refusal:
    """Say it of a limit, where that is what kept units from being sold ahead."""
    if not isinstance(refusal, NotEnoughFree) or refusal.line_id not in one.ahead_most:
        return refusal
    preorder = selling.standing[refusal.sku_id].preorder
    limits = [most for most in (preorder.per_order, preorder.per_member) if most is not None]
    missing = refusal.asked - refusal.free
    if not limits or one.ahead_most[refusal.line_id] >= missing:
        return refusal
    if selling.budgets[refusal.sku_id].left < missing:
        return refusal
    code = next(line.code for line_id, line in one.goods if line_id == refusal.line_id)
    return PreorderLimitReached(sku_code=code, most=min(limits))


def keep_sold(
    conn: Conn, granted: Sequence[Candidate], written: Sequence[NewOrder], selling: Selling, *, now: datetime
) -> None:
    """Write what new orders bought ahead, and the day that they were promised.

    What is not to be paid is in the queue at once.
    """
    bought: list[Preordered] = []
    dated: list[Dated] = []
    for one, order in zip(granted, written, strict=True):
        for line_id, line in one.goods:
            units = one.ahead.get(line_id, 0)
            if not units or line.sku_id is None:
                continue
            preorder = selling.standing[line.sku_id].preorder
            bought.append(
                Preordered(
                    order_id=order.order_id,
                    line_id=line_id,
                    preorder_id=preorder.id,
                    sku_id=line.sku_id,
                    member_id=one.draft.member_id,
                    units=units,
                    paid_at=now if order.pay_until is None else None,
                )
            )
            dated.append(
                Dated(
                    order_id=order.order_id,
                    line_id=line_id,
                    sku_id=line.sku_id,
                    reason=ParkedFor.PRE_ORDER,
                    expected_on=preorder.ships_on,
                    basis=DayBasis.PRE_ORDER,
                )
            )
    write_preordered(conn, bought)
    write_parking(conn, dated, now=now)
