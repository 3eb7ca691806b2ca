"""What screens and processes ask of stock. Nothing here locks: an answer is true when given, a promise needs a hold."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from loopline.db import Conn, fetch, fetch_one, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.ids import AllocationId, EntityId, LineId, NodeId, SiteId, SkuId, first_id_after
from loopline.stock.model import (
    BrokenAllocation,
    DoubtSetting,
    Node,
    Shortfall,
)
from loopline.stock.rules.breaking import (
    BrokenPromises,
    HeldUnits,
    Overheld,
    RemainingUnits,
    choose_broken_promises,
)
from loopline.stock.told import (
    LeafSellable,
    LeafStock,
    LevelLately,
    LineHold,
    NodeFree,
    PromiseAges,
    SiteSellable,
    StockCounts,
)

SQL = statements(__file__)


def leaves(conn: Conn) -> list[Node]:
    """Every leaf with its site, its owner and the way from the root."""
    return fetch(conn, SQL["leaves"], Node)


def nodes_by_ids(conn: Conn, node_ids: Sequence[NodeId]) -> list[Node]:
    """The given nodes, parents before children; unknown ids are left out."""
    return fetch(conn, SQL["nodes_by_ids"], Node, node_ids=uuids(node_ids))


def nodes_page(conn: Conn, *, after: NodeId | None, at_most: int) -> list[Node]:
    """Nodes after one, in the order in which they were made, at most so many."""
    return fetch(conn, SQL["nodes_page"], Node, after=after, at_most=at_most)


def leaves_of_sites(conn: Conn, site_ids: Sequence[SiteId]) -> list[Node]:
    """The leaves of sites, by site and owner."""
    return fetch(conn, SQL["leaves_of_sites"], Node, site_ids=uuids(site_ids))


def selling_leaves(conn: Conn, site_ids: Collection[SiteId]) -> dict[SiteId, NodeId]:
    """The leaf each site sells from: its first, which is the site's own company's; sites without one are left out."""
    found: dict[SiteId, NodeId] = {}
    for leaf in sorted(leaves_of_sites(conn, list(site_ids)), key=attrgetter("id")):
        if leaf.site_id is not None:
            found.setdefault(leaf.site_id, leaf.id)
    return found


def stock_page(
    conn: Conn,
    leaf_ids: Sequence[NodeId],
    *,
    sku_ids: Sequence[SkuId] | None = None,
    after: tuple[NodeId, SkuId] | None,
    at_most: int,
) -> list[LeafStock]:
    """A page of the rows of leaves, by leaf and SKU, those after the one given."""
    after_leaf, after_sku = after or (None, None)
    return fetch(
        conn,
        SQL["stock_page"],
        LeafStock,
        leaf_ids=uuids(leaf_ids),
        sku_ids=None if sku_ids is None else uuids(sku_ids),
        after_leaf=after_leaf,
        after_sku=after_sku,
        at_most=at_most,
    )


def levels_lately(conn: Conn, keys: Sequence[tuple[NodeId, SkuId]], *, since: datetime) -> list[LevelLately]:
    """What SKUs of leaves are, and by how much they moved by what happened after `since`, whenever it was told.

    To the millisecond: what happened within that of `since` counts as before it. One answer per key, in their order.
    """
    return fetch(
        conn,
        SQL["levels_lately"],
        LevelLately,
        leaf_ids=uuids([leaf_id for leaf_id, _ in keys]),
        sku_ids=uuids([sku_id for _, sku_id in keys]),
        since_id=first_id_after(since),
    )


def sellable_at_sites(
    conn: Conn, sku_ids: Sequence[SkuId], *, site_ids: Sequence[SiteId] | None = None, at_most: int
) -> list[SiteSellable]:
    """What may be promised of SKUs at each site, of some sites or of any; sites with nothing are left out.

    A shop window, not a promise: what is promised to a wider region may still come to lie there.
    """
    return fetch(
        conn,
        SQL["sellable_at_sites"],
        SiteSellable,
        sku_ids=uuids(sku_ids),
        site_ids=None if site_ids is None else uuids(site_ids),
        at_most=at_most,
    )


def sellable_at_leaves(
    conn: Conn, sku_ids: Sequence[SkuId], *, under: NodeId | None = None
) -> list[LeafSellable]:
    """What may be allocated of SKUs at each leaf; leaves with nothing are left out.

    `under` is the node the holds lie at: only leaves below it, capped by what is not promised to others on the way.
    Without it the leaf's and its site's promises are left alone. Leaves that share a node share its cap.
    """
    return [
        LeafSellable(
            leaf_id=leaf_id, site_id=site_id, owner_id=owner_id, sku_id=sku_ids[place - 1], sellable=units
        )
        for leaf_id, site_id, owner_id, places, leaf_units in _sellable(conn, sku_ids, under)
        for place, units in sorted(zip(places, leaf_units, strict=True))
    ]


def sellable_units(
    conn: Conn, sku_ids: Sequence[SkuId], *, under: NodeId | None = None
) -> dict[tuple[NodeId, SkuId], int]:
    """The same as `sellable_at_leaves` by (leaf, SKU), several times as fast: for waves over thousands of SKUs."""
    return {
        (leaf_id, sku_ids[place - 1]): units
        for leaf_id, _, _, places, leaf_units in _sellable(conn, sku_ids, under)
        for place, units in zip(places, leaf_units, strict=True)
    }


def _sellable(
    conn: Conn, sku_ids: Sequence[SkuId], under: NodeId | None
) -> list[tuple[NodeId, SiteId, EntityId, list[int], list[int]]]:
    return fetch_rows(conn, SQL["sellable_at_leaves"], sku_ids=uuids(sku_ids), under=under)


def free_at_nodes(conn: Conn, node_ids: Sequence[NodeId], sku_ids: Sequence[SkuId]) -> list[NodeFree]:
    """What may still be promised, for each pair of node and SKU at the same place in both lists, in their order."""
    return fetch(conn, SQL["free_at_nodes"], NodeFree, node_ids=uuids(node_ids), sku_ids=uuids(sku_ids))


def skus_at_nodes(
    conn: Conn, node_ids: Sequence[NodeId], *, after: SkuId | None = None, at_most: int
) -> list[SkuId]:
    """SKUs after one that are or were promised at any of some nodes, in order of their ids, at most so many."""
    return fetch_values(conn, SQL["skus_at_nodes"], node_ids=uuids(node_ids), after=after, at_most=at_most)


def stock_at_leaves(
    conn: Conn, leaf_ids: Sequence[NodeId], *, sku_ids: Sequence[SkuId] | None = None
) -> list[LeafStock]:
    """The rows of leaves, of all their SKUs or of those given, by leaf and SKU."""
    wanted = None if sku_ids is None else uuids(sku_ids)
    return fetch(conn, SQL["stock_at_leaves"], LeafStock, leaf_ids=uuids(leaf_ids), sku_ids=wanted)


def open_shortfalls(conn: Conn, *, limit: int) -> list[Shortfall]:
    """Open shortfalls, the oldest first."""
    return fetch(conn, SQL["open_shortfalls"], Shortfall, limit=limit)


def promise_ages(conn: Conn, *, now: datetime) -> PromiseAges:
    """Return how old unpaid holds and open shortfalls are."""
    found = fetch_one(conn, SQL["promise_ages"], PromiseAges, now=now)
    assert found is not None
    return found


def broken_allocations(
    conn: Conn, *, kept: Iterable[AllocationId] = (), limit: int
) -> list[BrokenAllocation]:
    """Allocated units whose leaf does not have them: per leaf the latest, until what is missing is covered.

    `units` may be a part of the allocation. Units that miss although nothing is allocated break no promise. Allocations
    that are `kept` are as good as not there: the others cover what is missing.
    """
    return fetch(conn, SQL["broken_allocations"], BrokenAllocation, kept=uuids(kept), limit=limit)


def broken_promises(conn: Conn, *, limit: int) -> BrokenPromises:
    """Held units with no goods behind them, looking at no more than `limit` shortfalls.

    What quotas have left goes first, of those that start last; then the latest holds.
    """
    overheld = fetch(conn, SQL["overheld_nodes"], Overheld, limit=limit)
    if not overheld:
        return BrokenPromises(quotas=(), holds=())
    node_ids, sku_ids = uuids([one.node_id for one in overheld]), uuids([one.sku_id for one in overheld])
    quotas = fetch(conn, SQL["quotas_below"], RemainingUnits, node_ids=node_ids, sku_ids=sku_ids)
    holds = fetch(
        conn,
        SQL["latest_holds_below"],
        HeldUnits,
        node_ids=node_ids,
        sku_ids=sku_ids,
        units=integers([one.units for one in overheld]),
    )
    return choose_broken_promises(overheld, quotas, holds)


def holds_of_lines(conn: Conn, line_ids: Sequence[LineId]) -> list[LineHold]:
    """The open holds of lines, by line; a line without one is left out."""
    return fetch(conn, SQL["holds_of_lines"], LineHold, line_ids=uuids(line_ids))


def next_expiry(conn: Conn, *, after: datetime | None = None) -> datetime | None:
    """When the next hold runs out, after a moment or at all: then it may be a moment that is over."""
    found: list[datetime] = fetch_values(conn, SQL["next_expiry"], after=after)
    return found[0] if found else None


def stock_counts(conn: Conn) -> StockCounts:
    """How many movements, promises and shortfalls there are."""
    counts = fetch_one(conn, SQL["stock_counts"], StockCounts)
    assert counts is not None
    return counts


def movement_count(conn: Conn) -> int:
    """How many movements there are."""
    return stock_counts(conn).movements


def doubts_short(conn: Conn, *, limit: int) -> list[DoubtSetting]:
    """What is wanted where less than that is kept back in doubt, at most `limit`."""
    return fetch(conn, SQL["doubts_short"], DoubtSetting, limit=limit)
