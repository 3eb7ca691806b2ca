"""Plan what marketplaces are told of: SKUs that changed are looked at, and steps are written with what they lend.

In this order, so that a unit on somebody's shelf is never lent again: the loans are locked, then what may be promised
is read, then what was called off and is not in the loans yet. Whatever was given back to stock before the reading is
either in the loans or found by the last look.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, marketplaces, orders, stock
from loopline.db import Conn, fetch_rows, log, statements, uuids
from loopline.kernel.events import event, read
from loopline.kernel.ids import NodeId, SkuId, uuid7
from loopline.marketplaces import Goods, Marketplace, NewStep, Seller, Standing
from loopline.marketplaces.events import LoansMoved
from loopline.orders import LinesCancelled

SQL = statements(__file__)
AT_ONCE = 500
_LOOKS_MOST = 20
_POSITIONS_MOST = 20_000
_CALLED_OFF_MOST = 2_000
CALLED_OFF = LinesCancelled.type_name()


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """Every marketplace that has goods to sell, with the nodes above them."""

    sellers: tuple[Seller, ...]

    @property
    def by_channel(self) -> dict[str, Marketplace]:
        """The marketplaces by channel."""
        return {one.marketplace.channel: one.marketplace for one in self.sellers}

    @property
    def nodes(self) -> list[NodeId]:
        """The nodes they sell from, each once."""
        return sorted({one.node_id for one in self.sellers})

    @property
    def path_nodes(self) -> list[NodeId]:
        """The nodes they sell from, and those above, each once."""
        return sorted({node_id for one in self.sellers for node_id in one.path})


def market_of(conn: Conn) -> Market:
    """Return the marketplaces with the nodes their channels sell from."""
    known = marketplaces.marketplaces(conn)
    if not known:
        return Market(sellers=())
    channels = orders.channels_by_code(conn)
    nodes = {
        node.id: node
        for node in stock.nodes_by_ids(
            conn, sorted({channels[code].network_node_id for code in known if code in channels})
        )
    }
    return Market(
        sellers=tuple(
            Seller(marketplace=one, path=tuple(nodes[channels[code].network_node_id].path))
            for code, one in known.items()
            if code in channels
        )
    )


def plan(conn: Conn, market: Market, *, after: int, now: datetime) -> int:
    """Look at SKUs that changed and write what is to be told of them; returns how many steps were written.

    `after` is the position in the log up to which the loans know of everything. Where more has happened since than can
    be looked at, nothing is planned: what changed stays to be looked at. Locks the SKUs by id, then their loans.
    """
    terms = marketplaces.goods_terms(conn)
    written = 0
    for _ in range(_LOOKS_MOST):  # of five hundred SKUs each; what is left is looked at in the next round
        turns = marketplaces.changed_goods(conn, at_most=AT_ONCE)
        if not turns:
            break
        sku_ids = sorted(turns)
        on = [code for code, one in market.by_channel.items() if one.is_on]
        loans = marketplaces.loans_to_look_at(conn, on, sku_ids)
        left = _left(conn, market.path_nodes, sku_ids)
        called_off = _called_off(conn, market, after=after)
        if called_off is None:
            break
        skus = catalogue.skus_by_id(conn, sku_ids)
        steps: list[NewStep] = []
        for sku_id in sku_ids:
            sku = skus.get(sku_id)
            standing = Standing(
                goods=Goods(
                    sku_id=sku_id,
                    code=sku.code if sku else "",
                    category=sku.category if sku else None,
                    turn=turns[sku_id],
                    is_sold=sku is not None and sku.is_active,
                ),
                loans=loans[sku_id],
                room=left[sku_id],
                coming_back=called_off.get(sku_id, {}),
            )
            steps += marketplaces.plan_goods(standing, market.sellers, terms=terms, now=now)
        looked = [(sku_id, _seen(market, left[sku_id])) for sku_id in sku_ids]
        marketplaces.write_steps(conn, steps, loans=loans, looked=looked, now=now)
        written += len(steps)
        if len(turns) < AT_ONCE:
            break
    return written


def look_over(conn: Conn, *, now: datetime) -> int:
    """Find SKUs whose stock moved by what no event names, and let the follower look at them; returns how many.

    Nothing that is lent depends on it: it is the net below the events. A page of SKUs at a time.
    """
    market = market_of(conn)
    if not market.sellers:
        return 0
    moved: list[SkuId] = []
    after: SkuId | None = None
    while page := stock.skus_at_nodes(conn, market.path_nodes, after=after, at_most=AT_ONCE):
        after = page[-1]
        left = _left(conn, market.path_nodes, page)
        seen = marketplaces.rooms_seen(conn, page)
        moved += [sku_id for sku_id in page if seen.get(sku_id) != tuple(_seen(market, left[sku_id]))]
    told = [moved[start : start + AT_ONCE] for start in range(0, len(moved), AT_ONCE)]
    log.append(conn, [event(LoansMoved(sku_ids=tuple(part)), subject=uuid7(now), at=now) for part in told])
    return len(moved)


def _left(conn: Conn, node_ids: Sequence[NodeId], sku_ids: Sequence[SkuId]) -> dict[SkuId, dict[NodeId, int]]:
    """What of SKUs may be lent at nodes by themselves."""
    found: dict[SkuId, dict[NodeId, int]] = {sku_id: {} for sku_id in sku_ids}
    rows = fetch_rows(conn, SQL["left_to_lend"], node_ids=uuids(node_ids), sku_ids=uuids(sku_ids))
    for node_id, sku_id, units in rows:
        found[sku_id][node_id] = units
    return found


def _seen(market: Market, left: Mapping[NodeId, int]) -> list[int]:
    """What may be lent at each node that marketplaces sell from: the least there and above."""
    paths = {one.node_id: one.path for one in market.sellers}
    return [max(0, min(left[above] for above in paths[node_id])) for node_id in market.nodes]


def _called_off(conn: Conn, market: Market, *, after: int) -> dict[SkuId, dict[str, int]] | None:
    """Units that were called off after a position of the log, which their marketplaces may have put back already."""
    told = log.read_beyond(conn, after, types={CALLED_OFF}, positions=_POSITIONS_MOST, limit=_CALLED_OFF_MOST)
    if told is None:
        return None
    found: dict[SkuId, dict[str, int]] = {}
    for one in told:
        body = read(one, LinesCancelled)
        if body.channel not in market.by_channel or not market.by_channel[body.channel].puts_back:
            continue
        for line in body.lines:
            if line.sku_id is not None:
                here = found.setdefault(line.sku_id, {})
                here[body.channel] = here.get(body.channel, 0) + line.units
    return found
