"""Nodes, goods and promises of stock for tests, with ids that are different each time but made without chance."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, run_check
from loopline.kernel.ids import AllocationId, EntityId, LineId, NodeId, OrderId, QuotaId, SiteId, SkuId
from loopline.stock import (
    AllocationAsk,
    AllocationLine,
    Fact,
    HoldAsk,
    HoldAskLine,
    LeafStock,
    MovementReason,
    NewNode,
    Node,
    NodeKind,
    OnShort,
    QuotaAsk,
    QuotaKind,
    QuotaName,
    QuotaOpened,
    add_nodes,
    free_at_nodes,
    open_quotas,
    open_shortfalls,
    quotas_by_ids,
    record_facts,
    stock_at_leaves,
)
from loopline.stock.checks import CHECKS

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)

_numbers = count(1)


def new_id() -> UUID:
    """A UUIDv7 of NOW; later ones sort after earlier ones."""
    return UUID(int=(int(NOW.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62) | next(_numbers))


def new_sku() -> SkuId:
    return SkuId(new_id())


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A brand with one network; each site has one leaf of the same owner."""

    brand_id: NodeId
    network_id: NodeId
    site_ids: tuple[NodeId, ...]
    leaf_ids: tuple[NodeId, ...]


def world_nodes(*, sites: int) -> tuple[World, list[NewNode]]:
    brand_id, network_id, owner_id = NodeId(new_id()), NodeId(new_id()), EntityId(new_id())
    site_ids = tuple(NodeId(new_id()) for _ in range(sites))
    leaf_ids = tuple(NodeId(new_id()) for _ in range(sites))
    nodes = [
        NewNode(id=brand_id, kind=NodeKind.BRAND, name="Brand"),
        NewNode(id=network_id, kind=NodeKind.NETWORK, name="Network", parent_id=brand_id),
    ]
    for number, (site_node, leaf) in enumerate(zip(site_ids, leaf_ids, strict=True)):
        site_id = SiteId(new_id())
        nodes += [
            NewNode(
                id=site_node, kind=NodeKind.SITE, name=f"Site {number}", parent_id=network_id, site_id=site_id
            ),
            NewNode(
                id=leaf,
                kind=NodeKind.LEAF,
                name=f"Leaf {number}",
                parent_id=site_node,
                site_id=site_id,
                owner_id=owner_id,
            ),
        ]
    return World(brand_id=brand_id, network_id=network_id, site_ids=site_ids, leaf_ids=leaf_ids), nodes


def make_world(conn: Conn, *, sites: int = 2) -> World:
    world, nodes = world_nodes(sites=sites)
    outcomes = add_nodes(conn, nodes)
    assert all(isinstance(outcome, Node) for outcome in outcomes)
    return world


def fact(
    leaf_id: NodeId,
    sku_id: SkuId,
    on_hand: int,
    *,
    unsellable: int = 0,
    reason: MovementReason = MovementReason.RECEIPT,
) -> Fact:
    return Fact(
        id=new_id(), leaf_id=leaf_id, sku_id=sku_id, reason=reason, on_hand=on_hand, unsellable=unsellable
    )


def receive(conn: Conn, leaf_id: NodeId, sku_id: SkuId, units: int) -> None:
    record_facts(conn, [fact(leaf_id, sku_id, units)], now=NOW)


def hold_ask(
    *lines: tuple[NodeId, SkuId, int],
    short: OnShort = OnShort.REFUSE,
    expires_at: datetime | None = None,
    events: tuple[QuotaName, ...] = (),
) -> HoldAsk:
    return HoldAsk(
        order_id=OrderId(new_id()),
        lines=tuple(
            HoldAskLine(line_id=LineId(new_id()), node_id=node_id, sku_id=sku_id, units=units)
            for node_id, sku_id, units in lines
        ),
        expires_at=expires_at,
        short=short,
        events=events,
    )


def allocation_ask(
    ask: HoldAsk, leaves: Sequence[NodeId], *, units: Sequence[int] | None = None
) -> AllocationAsk:
    """Tie each line of a hold to the leaf at the same place."""
    return AllocationAsk(
        order_id=ask.order_id,
        lines=tuple(
            AllocationLine(
                allocation_id=AllocationId(new_id()),
                line_id=line.line_id,
                leaf_id=leaf_id,
                sku_id=line.sku_id,
                units=line.units if units is None else units[place],
            )
            for place, (line, leaf_id) in enumerate(zip(ask.lines, leaves, strict=True))
        ),
    )


def broken(conn: Conn) -> list[str]:
    """What the room's checks find, as text; empty when all hold."""
    return [
        f"{check.name}: {finding.subject} is {finding.found}, not {finding.expected}"
        for check in CHECKS
        for finding in run_check(conn, check)
    ]


def leaf_row(conn: Conn, leaf_id: NodeId, sku_id: SkuId) -> LeafStock:
    """What is stored of a SKU at a leaf; nothing is all zeros."""
    found = [row for row in stock_at_leaves(conn, [leaf_id]) if row.sku_id == sku_id]
    if found:
        return found[0]
    return LeafStock(
        leaf_id=leaf_id,
        sku_id=sku_id,
        on_hand=0,
        allocated=0,
        unsellable=0,
        safety=0,
        doubted=0,
        held=0,
        sellable=0,
        missing=0,
    )


def room(conn: Conn, node_id: NodeId, sku_id: SkuId) -> tuple[int, int, int]:
    """(free, held, what may still be promised) of a SKU at a node."""
    [found] = free_at_nodes(conn, [node_id], [sku_id])
    return found.free, found.held, found.room


def shortfalls(conn: Conn) -> dict[tuple[str, NodeId, SkuId], int]:
    """Open shortfalls by kind, node and SKU."""
    return {(one.kind.value, one.node_id, one.sku_id): one.units for one in open_shortfalls(conn, limit=1000)}


def event_name(code: str = "SHOW", kind: QuotaKind = QuotaKind.LIVE_ROOM) -> QuotaName:
    return QuotaName(kind=kind, code=code)


def quota_ask(
    node_id: NodeId, sku_id: SkuId, units: int, *, event: QuotaName | None = None, **fields: Any
) -> QuotaAsk:
    """Units for a show that began at NOW and lasts an hour."""
    stated: dict[str, Any] = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=1)}
    return QuotaAsk(
        quota_id=QuotaId(new_id()),
        event=event or event_name(),
        node_id=node_id,
        sku_id=sku_id,
        units=units,
        **(stated | fields),
    )


def set_aside(conn: Conn, *asks: QuotaAsk) -> None:
    outcomes = open_quotas(conn, asks, now=NOW)
    assert all(isinstance(outcome, QuotaOpened) for outcome in outcomes), outcomes


def quota_units(conn: Conn, ask: QuotaAsk) -> tuple[int, int, int, int]:
    """(remaining, drawn, used, returned) of a quota."""
    [found] = quotas_by_ids(conn, [ask.quota_id])
    return found.remaining, found.drawn, found.used, found.returned
