"""Receive: what is on its way to a site, what came of it, what is broken, and what will not come and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import catalogue, org, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import LotId, NodeId, SkuId, TransferId, uuid7s
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission, Site
from loopline.processes import transfer
from loopline.processes.replenish import record_goods
from loopline.stock import Fact, LossReason, MovementReason, Transfer, TransferArrival
from loopline.stock.lots import Lot, lots_by_id
from loopline.stock.notes import MovementNote, NoteCause, note_movements
from loopline.stock.places import PLACE_LENGTH_MAX, ShelfPlace, set_shelf_places, shelf_places
from loopline.stock.transfers import transfer_lines
from loopline.web.api.answers import read, run
from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of, shelf_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import MOVING, Form, goods_row, number, time_id
from loopline.web.store.refusals import MoreDamagedThanCame, NoSuchTransfer, NothingCame
from loopline.web.store.words import refusal_words

RECEIVE = "/store/receive"
_LINES_MAX = 1_000
LOSS_WORDS: dict[LossReason, str] = {
    LossReason.MISSING: marked("Missing"),
    LossReason.BROKEN: marked("Broken"),
    LossReason.STOLEN: marked("Stolen"),
}
_LOSSES = {one.value: one for one in LossReason}


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of transfers to a site, with where they come from."""

    now: datetime
    lines: list[Transfer]
    origins: Mapping[NodeId, Site]
    skus: Mapping[SkuId, Sku]
    lots: Mapping[LotId, Lot]
    places: Mapping[SkuId, str]


def read_coming(conn: Conn, desk: Desk, now: datetime, *, transfer_id: TransferId | None = None) -> Coming:
    """Read what is on its way to a site, or one transfer to it. Raises Refused for a transfer to another one."""
    leaf_id = shelf_of(conn, desk.site)
    if transfer_id is None:
        found = stock.transfers_page(conn, [leaf_id], only_under_way=True, before=None, at_most=_LINES_MAX)
        lines = [line for line in found if line.to_leaf_id == leaf_id]
    else:
        lines = transfer_lines(conn, transfer_id)
        if not lines or lines[0].to_leaf_id != leaf_id:
            raise Refused(NoSuchTransfer())
    leaves = stock.nodes_by_ids(conn, list({line.from_leaf_id for line in lines}))
    sites = org.sites_by_id(conn, {leaf.site_id for leaf in leaves if leaf.site_id})
    return Coming(
        now=now,
        lines=lines,
        origins={leaf.id: sites[leaf.site_id] for leaf in leaves if leaf.site_id and leaf.site_id in sites},
        skus=catalogue.skus_by_id(conn, {line.sku_id for line in lines}),
        lots=lots_by_id(conn, {line.lot_id for line in lines if line.lot_id}),
        places=shelf_places(conn, desk.site.id, {line.sku_id for line in lines}),
    )


@get(RECEIVE, dependencies=MOVING, sync_to_thread=True)
def show_coming(request: WebRequest, moving: NamedDependency[Desk]) -> Template:
    """Show what is on its way to a site."""
    language = language_of(request)
    coming = read(request, lambda conn, now: read_coming(conn, moving, now))
    by_transfer: dict[TransferId, list[Transfer]] = {}
    for line in coming.lines:
        by_transfer.setdefault(line.transfer_id, []).append(line)
    return page(
        request,
        "store/receive.html",
        visitor=moving.visitor,
        desk=moving,
        transfers=[
            {
                "path": f"{RECEIVE}/{transfer_id}",
                **_head(lines[0], coming, moving, language),
                "units": language.count(sum(line.in_transit for line in lines)),
                "goods": _goods(lines, coming, language),
            }
            for transfer_id, lines in by_transfer.items()
        ],
    )


@get("/store/receive/{transfer_id:uuid}", dependencies=MOVING, sync_to_thread=True)
def show_arrival(request: WebRequest, moving: NamedDependency[Desk], transfer_id: FromPath[UUID]) -> Template:
    """Show a transfer to be taken in."""
    return _page(request, moving, TransferId(transfer_id))


@post("/store/receive/{transfer_id:uuid}/arrivals", dependencies=MOVING, sync_to_thread=True)
def take_in(
    request: WebRequest, moving: NamedDependency[Desk], transfer_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Take in what came; sent twice, it comes once. More than was sent is found here, and taken in as that."""
    scope = moving.visitor.scope_of(Permission.STOCK_WRITE)
    actor = actor_of(moving.visitor)

    def work(conn: Conn, now: datetime) -> Refusal | None:
        coming = read_coming(conn, moving, now, transfer_id=TransferId(transfer_id))
        said = [_said(line, coming, data) for line in coming.lines]
        refused = next((one for one in said if isinstance(one, Refusal)), None)
        if refused is not None:
            return refused
        arrivals = [arrival for one in said if not isinstance(one, Refusal) for arrival in one.arrivals]
        over = [fact for one in said if not isinstance(one, Refusal) for fact in one.over]
        if not arrivals and not over:
            return NothingCame()
        placed = set_shelf_places(conn, _places(coming, moving, data), now=now, by=actor)
        refused = next((one for one in placed if isinstance(one, Refusal)), None)
        if refused is not None:
            return refused
        for outcome in transfer.receive(conn, arrivals, scope=scope, now=now, actor=actor):
            if isinstance(outcome, Refusal):
                raise Refused(outcome)
        for outcome in record_goods(conn, over, now=now, actor=actor):
            if isinstance(outcome, Refusal):
                raise Refused(outcome)
        notes = [MovementNote(movement_id=fact.id, cause=NoteCause.BOOKED_WRONGLY) for fact in over]
        note_movements(conn, notes, now=now, by=actor)
        return None

    refusal = run(request, work)
    if refusal is not None:
        return _page(request, moving, TransferId(transfer_id), refusal=refusal, typed=data)
    return telling(request, f"{RECEIVE}/{transfer_id}", done="yes")


def _places(coming: Coming, desk: Desk, data: dict[str, Any]) -> list[ShelfPlace]:
    """Read on which shelves what came was put; a field left empty says nothing.

    Of a SKU that came in several lots the shelf that is not the one kept so far was typed, whichever lot it stands by.
    """
    stated: dict[SkuId, str] = {}
    for line in coming.lines:
        place = str(data.get(f"place {_key(line)}", "")).replace("\x00", "").strip()
        if place and (line.sku_id not in stated or place != coming.places.get(line.sku_id)):
            stated[line.sku_id] = place
    return [ShelfPlace(site_id=desk.site.id, sku_id=sku_id, place=place) for sku_id, place in stated.items()]


class _Said(msgspec.Struct, frozen=True):
    arrivals: list[TransferArrival] = []
    over: list[Fact] = []


def _said(line: Transfer, coming: Coming, data: dict[str, Any]) -> _Said | Refusal:
    """Read what somebody says of a line: as many as are under way came, those beyond them are over."""
    key = _key(line)
    came, damaged = number(data, f"came {key}"), number(data, f"damaged {key}")
    loss = _LOSSES.get(str(data.get(f"rest {key}", "")))
    arrival_id, over_id = time_id(data, f"id {key}"), time_id(data, f"over {key}")
    if arrival_id is None or over_id is None:
        return _Said()
    if damaged > came:
        sku = coming.skus.get(line.sku_id)
        return MoreDamagedThanCame(sku=sku.code if sku else "?")
    # What the page showed as under way is what was said of: sent twice, it is the same arrival.
    under_way = number(data, f"due {key}")
    received, over = min(came, under_way), max(0, came - under_way)
    lost = under_way - received if loss is not None else 0
    if not received and not lost and not over:
        return _Said()
    arrival = TransferArrival(
        id=arrival_id,
        transfer_id=line.transfer_id,
        sku_id=line.sku_id,
        received=received,
        unsellable=min(damaged, received),
        lost=lost,
        reason=loss if lost else None,
        lot_id=line.lot_id,
    )
    surplus = Fact(
        id=over_id,
        leaf_id=line.to_leaf_id,
        sku_id=line.sku_id,
        reason=MovementReason.ADJUSTMENT,
        on_hand=over,
        unsellable=max(0, damaged - received),
        reference=line.transfer_id,
        lot_id=line.lot_id,
    )
    return _Said([arrival] if received or lost else [], [surplus] if over else [])


def _key(line: Transfer) -> str:
    return f"{line.sku_id}.{line.lot_id or ''}"


def _page(
    request: WebRequest,
    desk: Desk,
    transfer_id: TransferId,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, Any] | None = None,
) -> Template:
    language = language_of(request)
    coming = read(request, lambda conn, now: read_coming(conn, desk, now, transfer_id=transfer_id))
    ids = uuid7s(coming.now, 2 * len(coming.lines))
    return page(
        request,
        "store/receive_one.html",
        status=200 if refusal is None else status_of(refusal),
        refusal=refusal_words(refusal, language) if refusal else "",
        is_done=bool(told(request).done) and refusal is None,
        visitor=desk.visitor,
        desk=desk,
        path=f"{RECEIVE}/{transfer_id}",
        head=_head(coming.lines[0], coming, desk, language),
        losses=[(loss.value, language.say(word)) for loss, word in LOSS_WORDS.items()],
        rows=[
            {
                **goods_row(coming.skus.get(line.sku_id), language),
                "key": _key(line),
                "lot": coming.lots[line.lot_id].code if line.lot_id and line.lot_id in coming.lots else "",
                "due": line.in_transit,
                "sent": language.count(line.sent),
                "received": language.count(line.received) if line.received else "",
                "lost": language.count(line.lost) if line.lost else "",
                "place": str((typed or {}).get(f"place {_key(line)}", coming.places.get(line.sku_id, "")))[
                    :PLACE_LENGTH_MAX
                ],
                "came": str((typed or {}).get(f"came {_key(line)}", ""))[:6],
                "damaged": str((typed or {}).get(f"damaged {_key(line)}", ""))[:6],
                "rest": str((typed or {}).get(f"rest {_key(line)}", "")),
                "id": str(arrival_id),
                "over": str(over_id),
            }
            for line, arrival_id, over_id in zip(coming.lines, ids[::2], ids[1::2], strict=True)
        ],
    )


def _head(line: Transfer, coming: Coming, desk: Desk, language: Language) -> dict[str, str]:
    origin = coming.origins.get(line.from_leaf_id)
    return {
        "origin": language.called(origin.name) if origin else "?",
        "sent": language.clock_of_day(line.sent_at, desk.site.time_zone),
    }


def _goods(lines: Sequence[Transfer], coming: Coming, language: Language) -> str:
    return " · ".join(
        f"{goods_row(coming.skus.get(line.sku_id), language)['name']} ×{language.count(line.in_transit)}"
        for line in lines[:3]
    )


RECEIVE_PAGES = [show_coming, show_arrival, take_in]
