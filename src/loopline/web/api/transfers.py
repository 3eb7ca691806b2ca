"""Transfers: goods sent from site to site, what came of them, and what is under way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline import catalogue, org, stock
from loopline.db import Conn
from loopline.kernel.ids import NodeId, SkuId, TransferId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org import Permission
from loopline.processes import transfer
from loopline.stock import Arrived, GoodsLine, LossReason, Sent, Transfer, TransferArrival, TransferAsk
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.api.shelves import Shelves, shelves_of
from loopline.web.api.stock import CountedUnits, OfSites
from loopline.web.api.types import Code, Units

_TAG = "stock"
_LINES_MAX = 200
OnlyUnderWay = Annotated[
    bool, QueryParameter(name="only_under_way", description="Leave out what has come or was written off.")
]


class TransferLineAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a SKU to send."""

    sku_code: Code
    units: Units


class TransferSending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods that leave one site for another of the same owner; `owner_code` null: the sending site's seller.

    `id` is a UUIDv7 that names the transfer for good: the same transfer again sends nothing.
    """

    from_site_code: Code
    to_site_code: Code
    lines: Annotated[list[TransferLineAsk], Meta(min_length=1, max_length=_LINES_MAX)]
    owner_code: Code | None = None
    id: UUID | None = None


class TransferSent(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer that is under way; `is_repeat` says that it was before."""

    id: UUID
    is_repeat: bool


class ArrivalAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a transfer, `unsellable` units among it, and what will not come (`lost`), and why (`reason`).

    `id` is a UUIDv7 that names the arrival for good: the same one again changes nothing.
    """

    transfer_id: UUID
    sku_code: Code
    received: CountedUnits = 0
    unsellable: CountedUnits = 0
    lost: CountedUnits = 0
    reason: LossReason | None = None
    id: UUID | None = None


class ArrivalKept(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival that stands, and how many units are under way still."""

    id: UUID
    transfer_id: UUID
    sku_code: str
    in_transit: int
    is_repeat: bool


class TransferTold(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a transfer: sent = received + in transit + lost."""

    transfer_id: UUID
    from_site_code: str
    to_site_code: str
    sent_at: datetime
    sku_code: str
    sent: int
    received: int
    lost: int
    in_transit: int


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    site_code: str
    sku_code: str
    owner_code: str | None


@posted("/stock/transfers", tag=_TAG, name="send_transfers", gives=Outcomes[TransferSent])
def send_transfers(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TransferSending]]
) -> Response[bytes]:
    """Send goods to other sites, each transfer whole or refused; what was promised to somebody does not leave."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[TransferSent | Refusal]:
        named = [one for item in data.items for one in _named(item)]
        ours = shelves_of(conn, named, scope=scope)
        anywhere = msgspec.structs.replace(ours, scope=WHOLE_BRAND)
        judged = [
            _ask(one, made, ours=ours, anywhere=anywhere)
            for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]

        def write(asks: list[TransferAsk]) -> list[TransferSent | Refusal]:
            return [
                TransferSent(id=one.transfer_id, is_repeat=one.is_repeat) if isinstance(one, Sent) else one
                for one in transfer.send(conn, asks, scope=scope, now=now, actor=caller.actor)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


def _named(item: TransferSending) -> list[_Named]:
    return [
        _Named(site_code=site_code, sku_code=line.sku_code, owner_code=item.owner_code)
        for site_code in (item.from_site_code, item.to_site_code)
        for line in item.lines
    ]


def _ask(one: TransferSending, made: UUID, *, ours: Shelves, anywhere: Shelves) -> TransferAsk | Refusal:
    if one.id is not None and one.id.version != 7:
        return IdNotOfItsTime(id=one.id)
    sender = ours.sites.get(one.from_site_code)
    goals: set[NodeId] = set()
    starts: set[NodeId] = set()
    lines: list[GoodsLine] = []
    for line in one.lines:
        start = ours.find(one.from_site_code, line.sku_code, one.owner_code)
        if isinstance(start, Refusal) or sender is None:
            return start if isinstance(start, Refusal) else NoSuchThing(noun="site", value=one.from_site_code)
        goal = _goal(one, line.sku_code, anywhere=anywhere, ours=ours)
        if isinstance(goal, Refusal):
            return goal
        starts.add(start.leaf_id)
        goals.add(goal)
        lines.append(GoodsLine(sku_id=start.sku_id, units=line.units))
    return TransferAsk(
        id=TransferId(one.id or made), from_leaf_id=starts.pop(), to_leaf_id=goals.pop(), lines=tuple(lines)
    )


def _goal(one: TransferSending, sku_code: str, *, anywhere: Shelves, ours: Shelves) -> NodeId | Refusal:
    """The other site's shelf of the same owner: of the one named, or of the sending site's seller."""
    if one.owner_code is not None:
        goal = anywhere.find(one.to_site_code, sku_code, one.owner_code)
        return goal if isinstance(goal, Refusal) else goal.leaf_id
    to_site = anywhere.sites.get(one.to_site_code)
    if to_site is None:
        return NoSuchThing(noun="site", value=one.to_site_code)
    leaf_id = anywhere.leaves.get((to_site.id, ours.sites[one.from_site_code].entity_id))
    return leaf_id or NoSuchThing(noun="leaf", value=one.to_site_code)


@posted("/stock/transfers/arrivals", tag=_TAG, name="receive_transfers", gives=Outcomes[ArrivalKept])
def receive_transfers(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ArrivalAsk]]
) -> Response[bytes]:
    """Take in what came of transfers, in parts if need be, and write off what will not come."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[ArrivalKept | Refusal]:
        skus = catalogue.skus_by_code(conn, {one.sku_code for one in data.items})
        sku_ids = {code: sku.id for code, sku in skus.items()}
        codes = {sku.id: sku.code for sku in skus.values()}
        judged = [
            _arrival(one, made, sku_id=sku_ids.get(one.sku_code))
            for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]

        def write(arrivals: list[TransferArrival]) -> list[ArrivalKept | Refusal]:
            return [
                ArrivalKept(
                    id=one.arrival_id,
                    transfer_id=one.transfer_id,
                    sku_code=codes[one.sku_id],
                    in_transit=one.in_transit,
                    is_repeat=one.is_repeat,
                )
                if isinstance(one, Arrived)
                else one
                for one in transfer.receive(conn, arrivals, scope=scope, now=now, actor=caller.actor)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


def _arrival(one: ArrivalAsk, made: UUID, *, sku_id: SkuId | None) -> TransferArrival | Refusal:
    if one.id is not None and one.id.version != 7:
        return IdNotOfItsTime(id=one.id)
    if sku_id is None:
        return NoSuchThing(noun="SKU", value=one.sku_code)
    return TransferArrival(
        id=one.id or made,
        transfer_id=TransferId(one.transfer_id),
        sku_id=sku_id,
        received=one.received,
        unsellable=one.unsellable,
        lost=one.lost,
        reason=one.reason,
    )


@told("/stock/transfers", tag=_TAG, name="list_transfers")
def list_transfers(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: OfSites,
    *,
    only_under_way: OnlyUnderWay = True,
) -> Page[TransferTold]:
    """List what was sent from and to sites of one's branch, line by line, the latest first."""
    scope = caller.scope(Permission.STOCK_READ)
    after = asked.after(UUID, UUID, UUID)

    def find(conn: Conn, _: datetime) -> Page[TransferTold]:
        rows = stock.transfers_page(
            conn,
            _leaves(conn, site_codes, scope),
            only_under_way=only_under_way,
            before=(TransferId(after[0]), SkuId(after[1]), after[2]) if after else None,
            at_most=asked.at_most,
        )
        return page_of(
            list(zip(rows, _told(conn, rows), strict=True)),
            asked,
            told=lambda pair: pair[1],
            cursor=lambda pair: encode_cursor(
                pair[0].transfer_id, pair[0].sku_id, pair[0].lot_id or pair[0].sku_id
            ),
        )

    return read(request, find)


def _leaves(conn: Conn, site_codes: Sequence[str], scope: Scope) -> list[NodeId]:
    sites = [one for one in org.sites_by_code(conn, site_codes).values() if scope.covers_site(one.id)]
    return [leaf.id for leaf in stock.leaves_of_sites(conn, [site.id for site in sites])]


def _told(conn: Conn, rows: Sequence[Transfer]) -> list[TransferTold]:
    places = site_codes_of(conn, [leaf for row in rows for leaf in (row.from_leaf_id, row.to_leaf_id)])
    skus = catalogue.skus_by_id(conn, {row.sku_id for row in rows})
    return [
        TransferTold(
            transfer_id=row.transfer_id,
            from_site_code=places.get(row.from_leaf_id, ""),
            to_site_code=places.get(row.to_leaf_id, ""),
            sent_at=row.sent_at,
            sku_code=skus[row.sku_id].code if row.sku_id in skus else str(row.sku_id),
            sent=row.sent,
            received=row.received,
            lost=row.lost,
            in_transit=row.in_transit,
        )
        for row in rows
    ]


def site_codes_of(conn: Conn, leaf_ids: Sequence[NodeId]) -> Mapping[NodeId, str]:
    """Return the codes of the sites that leaves lie at."""
    leaves = {leaf.id: leaf.site_id for leaf in stock.nodes_by_ids(conn, leaf_ids) if leaf.site_id}
    sites = org.sites_by_id(conn, set(leaves.values()))
    return {leaf_id: sites[site_id].code for leaf_id, site_id in leaves.items() if site_id in sites}


TRANSFER_HANDLERS = [send_transfers, receive_transfers, list_transfers]
