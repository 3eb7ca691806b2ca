"""Change: goods of a SKU that are broken, worn, found, gone or delivered, as somebody who stands before them says."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import LotId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.processes.replenish import is_kept_in_lots, name_lots, record_goods
from loopline.stock import Fact, MovementReason
from loopline.stock.lots import NewLot
from loopline.stock.notes import NOTE_LENGTH_MAX, MovementNote, NoteCause, note_movements
from loopline.stock.places import PLACE_LENGTH_MAX, ShelfPlace, set_shelf_places, shelf_places
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of, shelf_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import MOVING, Form, goods_row, number, time_id
from loopline.web.store.refusals import ChangeUnclear, LotWanted, SayWhy
from loopline.web.store.words import refusal_words

_LOT_LENGTH_MAX = 64
_DAY_LENGTH = 10
_PLACE_KEPT_MOST = 4 * PLACE_LENGTH_MAX


class Change(StrEnum):
    """What happened to goods that are here, or were."""

    DAMAGED = "damaged"
    WORN = "worn"
    FOUND = "found"
    NOT_FOUND = "not_found"
    SCRAPPED = "scrapped"
    DELIVERED = "delivered"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a change does to each unit, and whether somebody must say how it came about."""

    word: str
    reason: MovementReason
    on_hand: int = 0
    unsellable: int = 0
    cause: NoteCause | None = None
    wants_note: bool = False


CHANGES: Mapping[Change, Rule] = {
    Change.DAMAGED: Rule(
        word=marked("Damaged: still here, not for sale"),
        reason=MovementReason.DAMAGE,
        unsellable=1,
        cause=NoteCause.DAMAGED,
    ),
    Change.WORN: Rule(
        word=marked("Worn by display: still here, not for sale"),
        reason=MovementReason.DAMAGE,
        unsellable=1,
        cause=NoteCause.DISPLAY,
    ),
    Change.FOUND: Rule(
        word=marked("Found: here, but not in the books"),
        reason=MovementReason.ADJUSTMENT,
        on_hand=1,
        wants_note=True,
    ),
    Change.NOT_FOUND: Rule(
        word=marked("Gone: in the books, but not here"), reason=MovementReason.NOT_FOUND, on_hand=-1
    ),
    Change.SCRAPPED: Rule(
        word=marked("Thrown away: was not for sale any more"),
        reason=MovementReason.SCRAP,
        on_hand=-1,
        unsellable=-1,
        wants_note=True,
    ),
    Change.DELIVERED: Rule(word=marked("Delivered by a supplier"), reason=MovementReason.RECEIPT, on_hand=1),
}
_CHANGES = {one.value: one for one in Change}


@get("/store/goods/{code:str}", dependencies=MOVING, sync_to_thread=True)
def show_goods(request: WebRequest, moving: NamedDependency[Desk], code: FromPath[str]) -> Template:
    """Show a SKU at a site, and what can be said of it."""
    return _page(request, moving, code)


@post("/store/goods/{code:str}/changes", dependencies=MOVING, sync_to_thread=True)
def change_goods(
    request: WebRequest, moving: NamedDependency[Desk], code: FromPath[str], data: Form
) -> Response[Any]:
    """Record what happened to goods; sent twice, it happened once."""
    work = _work(moving, code, data)
    refusal = run(request, work)
    if refusal is not None:
        return _page(request, moving, code, refusal=refusal, typed=data)
    return telling(request, f"/store/goods/{quote(code, safe='')}", done="yes")


@post("/store/goods/{code:str}/place", dependencies=MOVING, sync_to_thread=True)
def place_goods(
    request: WebRequest, moving: NamedDependency[Desk], code: FromPath[str], data: Form
) -> Response[Any]:
    """Say on which shelf a SKU lies; left empty, nobody says any more."""
    stated = str(data.get("place", "")).replace("\x00", "").strip()

    def work(conn: Conn, now: datetime) -> ShelfPlace | Refusal:
        wanted = ShelfPlace(site_id=moving.site.id, sku_id=_sku(conn, code).id, place=stated or None)
        (outcome,) = set_shelf_places(conn, [wanted], now=now, by=actor_of(moving.visitor))
        return outcome

    outcome = run(request, work)
    if isinstance(outcome, Refusal):
        return _page(request, moving, code, refusal=outcome, typed={"place": stated[:_PLACE_KEPT_MOST]})
    return Redirect(f"/store/goods/{quote(code, safe='')}", status_code=HTTP_303_SEE_OTHER)


def _work(desk: Desk, code: str, data: dict[str, Any]) -> Callable[[Conn, datetime], Refusal | None]:
    change, units, fact_id = (
        _CHANGES.get(str(data.get("change", ""))),
        number(data, "units"),
        time_id(data, "id"),
    )
    note = " ".join(str(data.get("note", "")).replace("\x00", "").split())[:NOTE_LENGTH_MAX]
    actor = actor_of(desk.visitor)

    def work(conn: Conn, now: datetime) -> Refusal | None:
        sku = _sku(conn, code)
        if change is None or not units or fact_id is None:
            return ChangeUnclear()
        rule = CHANGES[change]
        if rule.wants_note and not note:
            return SayWhy()
        lot_id = _lot(conn, sku, data, now) if change is Change.DELIVERED else None
        if isinstance(lot_id, Refusal):
            return lot_id
        fact = Fact(
            id=fact_id,
            leaf_id=shelf_of(conn, desk.site),
            sku_id=sku.id,
            reason=rule.reason,
            on_hand=rule.on_hand * units,
            unsellable=rule.unsellable * units,
            lot_id=lot_id,
        )
        (outcome,) = record_goods(conn, [fact], now=now, actor=actor)
        if isinstance(outcome, Refusal):
            return outcome
        said = MovementNote(movement_id=fact_id, cause=rule.cause, note=note or None)
        note_movements(conn, [said], now=now, by=actor)
        return None

    return work


def _lot(conn: Conn, sku: Sku, data: dict[str, Any], now: datetime) -> LotId | Refusal | None:
    """Return the lot that goods came in; None of goods that are kept in none."""
    if not is_kept_in_lots(sku.care):
        return None
    code = str(data.get("lot", "")).strip().replace("\x00", "")[:_LOT_LENGTH_MAX]
    if not code:
        return LotWanted()
    try:
        expires_on = date.fromisoformat(str(data.get("expires_on") or ""))
    except ValueError:
        expires_on = None
    new = NewLot(
        sku_id=sku.id,
        code=code,
        batch=None,
        is_serial=sku.care.tracks_serial,
        made_on=None,
        expires_on=expires_on,
    )
    (lot,) = name_lots(conn, [new], now=now)
    return lot if isinstance(lot, Refusal) else lot.id


def _sku(conn: Conn, code: str) -> Sku:
    found = catalogue.skus_by_code(conn, [code.replace("\x00", "")]).get(code)
    if found is None:
        raise Refused(NoSuchThing(noun="SKU", value=code[:80]))
    return found


def _page(
    request: WebRequest,
    desk: Desk,
    code: str,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, Any] | None = None,
) -> Template:
    language = language_of(request)
    typed = typed or {}

    def work(conn: Conn, now: datetime) -> tuple[datetime, Sku, list[stock.LeafStock], str]:
        sku = _sku(conn, code)
        levels = stock.stock_at_leaves(conn, [shelf_of(conn, desk.site)], sku_ids=[sku.id])
        return now, sku, levels, shelf_places(conn, desk.site.id, [sku.id]).get(sku.id, "")

    now, sku, levels, place = read(request, work)
    return page(
        request,
        "store/goods_one.html",
        status=200 if refusal is None else status_of(refusal),
        refusal=refusal_words(refusal, language) if refusal else "",
        is_done=bool(told(request).done) and refusal is None,
        visitor=desk.visitor,
        desk=desk,
        row=goods_row(sku, language),
        on_hand=language.count(sum(one.on_hand for one in levels)),
        unsellable=language.count(sum(one.unsellable for one in levels)),
        allocated=language.count(sum(one.allocated for one in levels)),
        command_id=str(time_id(typed, "id") or uuid7(now)),
        changes=[(change.value, language.say(rule.word)) for change, rule in CHANGES.items()],
        chosen=str(typed.get("change", "")),
        units=str(typed.get("units", ""))[:6],
        note=str(typed.get("note", ""))[:NOTE_LENGTH_MAX],
        lot=str(typed.get("lot", ""))[:_LOT_LENGTH_MAX],
        expires_on=str(typed.get("expires_on", ""))[:_DAY_LENGTH],
        place=typed.get("place", place),
        place_length_max=PLACE_LENGTH_MAX,
        wants_lot=is_kept_in_lots(sku.care),
    )


GOODS_PAGES = [show_goods, change_goods, place_goods]
