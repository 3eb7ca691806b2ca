"""Stock: the tree promises are made in, what happened to goods, what is kept back, and what lies where."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline import catalogue, org, stock
from loopline.db import Conn
from loopline.kernel.ids import EntityId, LotId, NodeId, SiteId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.org import Permission, Site
from loopline.org import lists as org_lists
from loopline.processes import replenish
from loopline.stock import Fact, LeafStock, MovementReason, NewNode, Node, NodeKind, SafetySetting
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.lot_codes import LotSaid, lots_said
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    SkuCodes,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.shelves import Shelf, shelved, shelves_of
from loopline.web.api.types import Code, Name, SignedUnits

_TAG = "stock"
_SITES_MAX = 50
CountedUnits = Annotated[int, Meta(ge=0, le=1_000_000, description="Pieces; none is a count too.")]
OfSites = Annotated[
    list[Code],
    QueryParameter(
        name="site_code", min_items=1, max_items=_SITES_MAX, description="Of these sites; repeat it for more."
    ),
]


class GoodsReason(StrEnum):
    """Why goods changed, of what is told here; sales, parcels and returns are told where they happen."""

    OPENING = "opening"
    RECEIPT = "receipt"
    ADJUSTMENT = "adjustment"
    DAMAGE = "damage"
    EXPIRY = "expiry"
    RECALL = "recall"
    SCRAP = "scrap"
    NOT_FOUND = "not_found"


class NodeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node, parents first. A brand has no parent; a site and a leaf name their site, a leaf its owner too.

    `id` is a UUIDv7 of yours, by which children name it; null: we make one. The same node again is that node.
    """

    kind: NodeKind
    name: Name
    id: UUID | None = None
    parent_id: UUID | None = None
    site_code: Code | None = None
    owner_code: Code | None = None


class NodeTold(msgspec.Struct, frozen=True, kw_only=True):
    """A node as it stands. `path` leads from the root to it."""

    id: UUID
    kind: NodeKind
    name: str
    parent_id: UUID | None
    path: list[UUID]
    site_code: str | None
    owner_code: str | None


class GoodsAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened to the goods of one owner at one site, as signed changes. A fact: it stands whatever was promised.

    Damage that stays on the shelf is unsellable +n; goods thrown away are on_hand −n. `owner_code` null: the site's
    seller. `lot`: of goods that are kept in lots; what leaves without one expires first.
    `id` is a UUIDv7 that names the fact for good: the same fact again changes nothing.
    """

    site_code: Code
    sku_code: Code
    reason: GoodsReason
    on_hand: SignedUnits = 0
    unsellable: SignedUnits = 0
    owner_code: Code | None = None
    id: UUID | None = None
    reference: UUID | None = None
    lot: LotSaid | None = None


class GoodsRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that stands; `is_repeat` says that it stood before, `opened_shortfall` that it broke a promise."""

    id: UUID
    is_repeat: bool
    opened_shortfall: bool


class CountAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many units of a SKU were counted at a site, unsellable ones among them."""

    site_code: Code
    sku_code: Code
    units: CountedUnits
    owner_code: Code | None = None


class CountKept(msgspec.Struct, frozen=True, kw_only=True):
    """A count that stands, and how many the books said before."""

    site_code: str
    sku_code: str
    units_before: int
    units: int


class SafetyAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many units of a SKU a site keeps back from promises; more than there is closes it for that SKU."""

    site_code: Code
    sku_code: Code
    units: CountedUnits
    owner_code: Code | None = None


class SafetyKept(msgspec.Struct, frozen=True, kw_only=True):
    """A safety that holds now."""

    site_code: str
    sku_code: str
    units_before: int
    units: int


class StockTold(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one owner's units of a SKU at a site.

    `safety` is kept back by people, `doubted` because a feed is old or was often wrong.
    """

    site_code: str
    owner_code: str
    sku_code: str
    on_hand: int
    allocated: int
    unsellable: int
    safety: int
    doubted: int
    held: int
    sellable: int
    missing: int


@posted("/stock/nodes", tag=_TAG, name="add_nodes", gives=Outcomes[NodeTold])
def add_nodes(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[NodeAsk]]
) -> Response[bytes]:
    """Add nodes of the tree in which promises are nested: brand, networks, sites, and leaves that hold goods."""
    whole_brand(caller, Permission.STOCK_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[NodeTold | Refusal]:
        sites = org.sites_by_code(conn, {one.site_code for one in data.items if one.site_code})
        owners = org.entities_by_code(conn, {one.owner_code for one in data.items if one.owner_code})
        owner_ids = {code: one.id for code, one in owners.items()}
        site_ids = {code: one.id for code, one in sites.items()}
        judged = [
            _new_node(one, made, sites=site_ids, owners=owner_ids)
            for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]
        return merged(judged, lambda nodes: _nodes_told(conn, stock.add_nodes(conn, nodes)))

    return decided(request, caller, data, decide)


def _new_node(
    one: NodeAsk, made: UUID, *, sites: Mapping[str, SiteId], owners: Mapping[str, EntityId]
) -> NewNode | Refusal:
    if one.id is not None and one.id.version != 7:
        return IdNotOfItsTime(id=one.id)
    if one.site_code is not None and one.site_code not in sites:
        return NoSuchThing(noun="site", value=one.site_code)
    if one.owner_code is not None and one.owner_code not in owners:
        return NoSuchThing(noun="legal entity", value=one.owner_code)
    return NewNode(
        id=NodeId(one.id or made),
        kind=one.kind,
        name=one.name,
        parent_id=NodeId(one.parent_id) if one.parent_id is not None else None,
        site_id=sites[one.site_code] if one.site_code is not None else None,
        owner_id=owners[one.owner_code] if one.owner_code is not None else None,
    )


def _nodes_told(conn: Conn, nodes: Sequence[Node | Refusal]) -> list[NodeTold | Refusal]:
    found = [one for one in nodes if isinstance(one, Node)]
    sites = org.sites_by_id(conn, {one.site_id for one in found if one.site_id})
    owners = org_lists.entity_codes(conn, {one.owner_id for one in found if one.owner_id})
    return [
        one
        if isinstance(one, Refusal)
        else NodeTold(
            id=one.id,
            kind=one.kind,
            name=one.name,
            parent_id=one.parent_id,
            path=list(one.path),
            site_code=sites[one.site_id].code if one.site_id else None,
            owner_code=owners.get(one.owner_id) if one.owner_id else None,
        )
        for one in nodes
    ]


@told("/stock/nodes", tag=_TAG, name="list_nodes")
def list_nodes(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[NodeTold]:
    """List the nodes of the tree, in the order in which they were made. It is the whole brand's."""
    whole_brand(caller, Permission.STOCK_READ, subject=_TAG)
    (after,) = asked.after(UUID) or (None,)

    def find(conn: Conn, _: datetime) -> list[NodeTold]:
        nodes = stock.nodes_page(conn, after=after, at_most=asked.at_most)
        return [one for one in _nodes_told(conn, nodes) if isinstance(one, NodeTold)]

    return page_of(read(request, find), asked, told=lambda one: one, cursor=lambda one: encode_cursor(one.id))


@posted("/stock/facts", tag=_TAG, name="record_goods", gives=Outcomes[GoodsRecorded])
def record_goods(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[GoodsAsk]]
) -> Response[bytes]:
    """Record receipts, adjustments and damage; what came is given at once to orders that wait for it."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[GoodsRecorded | Refusal]:
        shelves = shelves_of(conn, data.items, scope=scope)
        found = [shelves.find(one.site_code, one.sku_code, one.owner_code) for one in data.items]
        said = [
            None
            if isinstance(shelf, Refusal) or one.lot is None
            else (shelf.sku_id, one.lot, one.on_hand > 0)
            for one, shelf in zip(data.items, found, strict=True)
        ]
        judged = [
            _fact(one, made, shelf=shelf, lot=lot)
            for one, made, shelf, lot in zip(
                data.items, uuid7s(now, len(data.items)), found, lots_said(conn, said, now=now), strict=True
            )
        ]

        def write(facts: list[Fact]) -> list[GoodsRecorded | Refusal]:
            return [
                one
                if isinstance(one, Refusal)
                else GoodsRecorded(
                    id=one.fact_id, is_repeat=one.repeated, opened_shortfall=bool(one.shortfalls)
                )
                for one in replenish.record_goods(conn, facts, now=now, actor=caller.actor)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


def _fact(
    one: GoodsAsk, made: UUID, *, shelf: Shelf | Refusal, lot: LotId | Refusal | None
) -> Fact | Refusal:
    if isinstance(shelf, Refusal):
        return shelf
    if isinstance(lot, Refusal):
        return lot
    if one.id is not None and one.id.version != 7:
        return IdNotOfItsTime(id=one.id)
    return Fact(
        id=one.id or made,
        leaf_id=shelf.leaf_id,
        sku_id=shelf.sku_id,
        reason=MovementReason(one.reason.value),
        on_hand=one.on_hand,
        unsellable=one.unsellable,
        reference=one.reference,
        lot_id=lot,
    )


@posted("/stock/counts", tag=_TAG, name="count_goods", gives=Outcomes[CountKept])
def count_goods(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[CountAsk]]
) -> Response[bytes]:
    """Make the books agree with what was counted; nothing is sold between the look and the correction."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[CountKept | Refusal]:
        shelves = shelves_of(conn, data.items, scope=scope)
        judged = shelved(data.items, shelves=shelves)

        def write(counts: list[tuple[CountAsk, Shelf]]) -> list[CountKept | Refusal]:
            asked = [
                replenish.Count(leaf_id=shelf.leaf_id, sku_id=shelf.sku_id, units=one.units)
                for one, shelf in counts
            ]
            outcomes = replenish.count_goods(conn, asked, now=now, actor=caller.actor)
            return [
                kept
                if isinstance(kept, Refusal)
                else CountKept(
                    site_code=one.site_code,
                    sku_code=one.sku_code,
                    units_before=kept.units_before,
                    units=kept.units,
                )
                for (one, _), kept in zip(counts, outcomes, strict=True)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


@posted("/stock/safety", tag=_TAG, name="set_safety", gives=Outcomes[SafetyKept])
def set_safety(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SafetyAsk]]
) -> Response[bytes]:
    """Set how many units sites keep back from promises."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[SafetyKept | Refusal]:
        shelves = shelves_of(conn, data.items, scope=scope)
        judged = shelved(data.items, shelves=shelves)

        def write(settings: list[tuple[SafetyAsk, Shelf]]) -> list[SafetyKept | Refusal]:
            asked = [
                SafetySetting(leaf_id=shelf.leaf_id, sku_id=shelf.sku_id, units=one.units)
                for one, shelf in settings
            ]
            outcomes = replenish.keep_back(conn, asked, now=now, actor=caller.actor)
            return [
                kept
                if isinstance(kept, Refusal)
                else SafetyKept(
                    site_code=one.site_code,
                    sku_code=one.sku_code,
                    units_before=kept.units_before,
                    units=kept.units,
                )
                for (one, _), kept in zip(settings, outcomes, strict=True)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


@told("/stock", tag=_TAG, name="list_stock")
def list_stock(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: OfSites,
    sku_codes: SkuCodes = None,
) -> Page[StockTold]:
    """List what lies at sites of one's branch, owner by owner; unknown sites and SKUs are left out."""
    scope = caller.scope(Permission.STOCK_READ)
    after = asked.after(UUID, UUID)

    def find(conn: Conn, _: datetime) -> Page[StockTold]:
        sites = [one for one in org.sites_by_code(conn, site_codes).values() if scope.covers_site(one.id)]
        leaves = {leaf.id: leaf for leaf in stock.leaves_of_sites(conn, [site.id for site in sites])}
        wanted = catalogue.skus_by_code(conn, sku_codes) if sku_codes is not None else None
        rows = stock.stock_page(
            conn,
            list(leaves),
            sku_ids=None if wanted is None else [sku.id for sku in wanted.values()],
            after=(NodeId(after[0]), SkuId(after[1])) if after else None,
            at_most=asked.at_most,
        )
        told_rows = _stock_told(conn, rows, leaves=leaves, sites=sites)
        return page_of(
            list(zip(rows, told_rows, strict=True)),
            asked,
            told=lambda pair: pair[1],
            cursor=lambda pair: encode_cursor(pair[0].leaf_id, pair[0].sku_id),
        )

    return read(request, find)


def _stock_told(
    conn: Conn, rows: Sequence[LeafStock], *, leaves: Mapping[NodeId, Node], sites: Iterable[Site]
) -> list[StockTold]:
    site_codes = {site.id: site.code for site in sites}
    owners = org_lists.entity_codes(conn, {leaf.owner_id for leaf in leaves.values() if leaf.owner_id})
    skus = catalogue.skus_by_id(conn, {row.sku_id for row in rows})
    return [
        StockTold(
            site_code=site_codes[leaf.site_id] if leaf.site_id else "",
            owner_code=owners.get(leaf.owner_id, "") if leaf.owner_id else "",
            sku_code=skus[row.sku_id].code if row.sku_id in skus else str(row.sku_id),
            on_hand=row.on_hand,
            allocated=row.allocated,
            unsellable=row.unsellable,
            safety=row.safety,
            doubted=row.doubted,
            held=row.held,
            sellable=row.sellable,
            missing=row.missing,
        )
        for row in rows
        for leaf in (leaves[row.leaf_id],)
    ]


STOCK_HANDLERS = [
    add_nodes,
    list_nodes,
    record_goods,
    count_goods,
    set_safety,
    list_stock,
]
