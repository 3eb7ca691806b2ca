"""Send: goods are scanned, a site is chosen, and they are handed over; what was promised to customers stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery
from litestar.response import Template

from loopline import catalogue, org, stock
from loopline.catalogue import Sku
from loopline.catalogue.queries import sku_codes_by_gtin
from loopline.db import Conn
from loopline.kernel.ids import TransferId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.org import Permission, Site
from loopline.processes import transfer
from loopline.stock import GoodsLine, Sent, TransferAsk
from loopline.stock.refusals import NotSoManyToSend
from loopline.web.api.answers import read, run
from loopline.web.edge import WebRequest, language_of
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of, shelf_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import MOVING, Form, goods_row, number, time_id
from loopline.web.store.refusals import NothingToSend, NotSoManyFreeHere
from loopline.web.store.words import refusal_words

SEND = "/store/send"
_LINES_MAX = 200
_CODE_LENGTH_MAX = 80
_UNITS = "units "


@get(SEND, dependencies=MOVING, sync_to_thread=True)
def show_send(request: WebRequest, moving: NamedDependency[Desk]) -> Template:
    """Show an empty transfer to fill."""
    return _page(request, moving)


@get("/store/send/row", dependencies=MOVING, sync_to_thread=True)
def tell_row(request: WebRequest, moving: NamedDependency[Desk], code: FromQuery[str]) -> Template:
    """Tell the line of goods that were scanned, to be added to what is sent."""
    del moving  # who may not send is told nothing
    sku = read(request, lambda conn, _: sku_scanned(conn, code))
    if sku is None:
        raise NotFoundException
    return page(request, "store/send_row.html", row={**goods_row(sku, language_of(request)), "units": 1})


def sku_scanned(conn: Conn, code: str) -> Sku | None:
    """Return the SKU of a code or a GTIN as scanned."""
    text = code.strip()[:_CODE_LENGTH_MAX].replace("\x00", "").upper()
    found = catalogue.skus_by_code(conn, [text]).get(text)
    gtin = catalogue.normal_gtin(text)
    if found is not None or isinstance(gtin, Refusal):
        return found
    known = sku_codes_by_gtin(conn, [gtin]).get(gtin)
    return catalogue.skus_by_code(conn, [known]).get(known) if known else None


@post("/store/send/hand-over", status_code=200, dependencies=MOVING, sync_to_thread=True)
def send(request: WebRequest, moving: NamedDependency[Desk], data: Form) -> Template:
    """Hand goods over for another site; sent twice, they leave once."""
    scope = moving.visitor.scope_of(Permission.STOCK_WRITE)
    units, to, transfer_id = _units(data), _goal(data), time_id(data, "transfer_id")

    def work(conn: Conn, now: datetime) -> Site | Refusal:
        skus = catalogue.skus_by_code(conn, units)
        goal = org.sites_by_code(conn, [to]).get(to)
        lines = tuple(
            GoodsLine(sku_id=skus[code].id, units=count)
            for code, count in units.items()
            if count and code in skus
        )
        goals = stock.selling_leaves(conn, [goal.id]) if goal else {}
        if goal is None or goal.id not in goals or transfer_id is None or not lines:
            return NothingToSend()
        ask = TransferAsk(
            id=TransferId(transfer_id),
            from_leaf_id=shelf_of(conn, moving.site),
            to_leaf_id=goals[goal.id],
            lines=lines,
        )
        (outcome,) = transfer.send(conn, [ask], scope=scope, now=now, actor=actor_of(moving.visitor))
        if isinstance(outcome, NotSoManyToSend):
            codes = {sku.id: sku.code for sku in skus.values()}
            return NotSoManyFreeHere(sku=codes.get(outcome.sku_id, "?"), free=outcome.free)
        return goal if isinstance(outcome, Sent) else outcome

    outcome = run(request, work)
    if isinstance(outcome, Refusal):
        return _page(request, moving, refusal=outcome, typed=data)
    return _page(request, moving, sent=(language_of(request).called(outcome.name), sum(units.values())))


def _units(data: dict[str, Any]) -> dict[str, int]:
    """Read how many units of which codes are to be sent."""
    named = [name for name in data if name.startswith(_UNITS)][:_LINES_MAX]
    return {name.removeprefix(_UNITS).replace("\x00", ""): number(data, name) for name in named}


def _goal(data: dict[str, Any]) -> str:
    return str(data.get("to", ""))[:_CODE_LENGTH_MAX].replace("\x00", "")


def _page(
    request: WebRequest,
    desk: Desk,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, Any] | None = None,
    sent: tuple[str, int] | None = None,
) -> Template:
    language = language_of(request)
    typed = typed or {}
    units = _units(typed)

    def work(conn: Conn, now: datetime) -> tuple[datetime, Sequence[Site], dict[str, Sku]]:
        # Between owners goods are sold, not sent.
        goals = [
            site
            for site in org.branch_sites(conn)
            if site.entity_id == desk.site.entity_id and site.id != desk.site.id
        ]
        return now, goals, catalogue.skus_by_code(conn, units)

    now, goals, skus = read(request, work)
    return page(
        request,
        "store/send.html",
        status=200 if refusal is None else status_of(refusal),
        refusal=refusal_words(refusal, language) if refusal else "",
        visitor=desk.visitor,
        desk=desk,
        sent_to=sent[0] if sent else "",
        sent=language.count(sent[1]) if sent else "",
        transfer_id=str(time_id(typed, "transfer_id") or uuid7(now)),
        to=_goal(typed),
        goals=[(site.code, language.called(site.name)) for site in goals],
        rows=[
            {**goods_row(skus[code], language), "units": count}
            for code, count in units.items()
            if code in skus
        ],
    )


SEND_PAGES = [show_send, tell_row, send]
