"""Find: one field for whatever somebody has in hand: a number, a phone, a name, a code. Each sees what is theirs."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, orders, org, search
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.fulfilment.labels import parcels_by_number
from loopline.insight import board_setting
from loopline.kernel.ids import EntryId, OrderId
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org import Party, Permission
from loopline.org.lists import parties_named, sites_named
from loopline.processes.trace_entry import trace_entry
from loopline.search import OrderAsk
from loopline.stock.lots import lots_named
from loopline.touchpoints.queries import covers, touchpoints_by_codes
from loopline.web.api.answers import read
from loopline.web.edge import Edge, Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.board_view import STAGE_WORDS, channel_word
from loopline.web.hq.close_words import KIND_WORDS as ENTRY_WORDS
from loopline.web.hq.members import MEMBERS
from loopline.web.hq.order_text import members_meant, text_asked
from loopline.web.hq.orders_asked import ORDERS
from loopline.web.hq.stock import sku_path
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.paths import entry_path
from loopline.web.store.stock import find_skus
from loopline.web.touch.codes import CODES
from loopline.web.touch.sheet import KIND_WORDS

FIND = "/hq/find"
SHOWN = 6
_TEXT_MAX = 100


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found, where it is, and what tells it from the others."""

    word: str
    detail: str
    path: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one kind; `more`: where all of it is, if there is more."""

    word: str
    hits: list[Hit]
    more: str = ""


class Looking(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks for what, in which language."""

    text: str
    visitor: Visitor
    edge: Edge
    language: Language

    @property
    def is_long_enough(self) -> bool:
        """Whether a name may have it in it: one letter stands in almost all of them."""
        return len(self.text) > 1

    def scope(self, permission: Permission) -> Scope | None:
        """How far somebody sees what a permission is about; None: not at all."""
        return self.visitor.scope_of(permission) if self.visitor.may(permission) else None


@get(FIND, sync_to_thread=True)
def show_found(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Show what a text means, kind by kind; an order's whole number leads to the order."""
    visitor.scope_of(Permission.ORDERS_READ)
    text = request.query_params.get("text", "").replace("\x00", "").strip()[:_TEXT_MAX]
    looking = Looking(text=text, visitor=visitor, edge=edge_of(request), language=language_of(request))
    groups = read(request, lambda conn, _: _found(conn, looking)) if text else []
    if len(groups) == 1 and len(groups[0].hits) == 1 and not groups[0].more:
        return Redirect(groups[0].hits[0].path, status_code=HTTP_303_SEE_OTHER)
    return page(
        request,
        "hq/find.html",
        visitor=visitor,
        text=text,
        groups=groups,
        members=f"{MEMBERS}?{urlencode({'text': text})}" if visitor.may(Permission.MEMBERS_READ) else "",
    )


def _found(conn: Conn, looking: Looking) -> list[Group]:
    kinds = (_orders, _parcels, _goods, _lots, _codes, _sites, _parties, _entries)
    return [group for find in kinds if (group := find(conn, looking)).hits]


def _orders(conn: Conn, looking: Looking) -> Group:
    language, text = looking.language, looking.text
    scope = looking.visitor.scope_of(Permission.ORDERS_READ)
    ask = OrderAsk(
        text=text_asked(text),
        members_meant=members_meant(conn, text, ring=looking.edge.ring, branches=looking.visitor.branches),
    )
    found = search.find_orders(conn, ask, scope=scope, limit=SHOWN + 1)
    zone = board_setting(conn).zone
    return Group(
        word=language.say("Orders"),
        hits=[
            Hit(
                word=one.number,
                detail=" · ".join(
                    (
                        language.say(STAGE_WORDS.get(one.stage, one.stage)),
                        channel_word(one.channel, language),
                        language.clock_of_day(one.placed_at, zone),
                    )
                ),
                path=f"{ORDERS}/{one.number}",
            )
            for one in found[:SHOWN]
        ],
        more=f"{ORDERS}?{urlencode({'text': text})}" if len(found) > SHOWN else "",
    )


def _goods(conn: Conn, looking: Looking) -> Group:
    language = looking.language
    found: list[Sku] = []
    if looking.scope(Permission.STOCK_READ) is not None and looking.visitor.may(Permission.BOARDS_READ):
        found = find_skus(conn, looking.text)
    return Group(
        word=language.say("Goods"),
        hits=[
            Hit(word=language.called(one.name), detail=one.code, path=sku_path(one.code))
            for one in found[:SHOWN]
        ],
        more=f"/hq/stock?{urlencode({'q': looking.text})}" if len(found) > SHOWN else "",
    )


def _parcels(conn: Conn, looking: Looking) -> Group:
    """Parcels by our number or the carrier's; each leads to its order."""
    language, scope = looking.language, looking.visitor.scope_of(Permission.ORDERS_READ)
    found = parcels_by_number(conn, looking.text, at_most=SHOWN)
    heads = _heads(conn, [one.order_id for one in found])
    own = [
        one
        for one in found
        if one.order_id in heads
        and (scope.covers_site(one.site_id) or scope.covers_site(heads[one.order_id].site_id))
    ]
    sites = org.sites_by_id(conn, {one.site_id for one in own}) if own else {}
    return Group(
        word=language.say("Parcels"),
        hits=[
            Hit(
                word=one.tracking_number or one.number or "",
                detail=" · ".join(
                    (
                        heads[one.order_id].number,
                        language.called(sites[one.site_id].name) if one.site_id in sites else "",
                    )
                ),
                path=f"{ORDERS}/{heads[one.order_id].number}",
            )
            for one in own
        ],
    )


def _lots(conn: Conn, looking: Looking) -> Group:
    """Units by their serial numbers, and batches: a unit that went out leads to its order, all others to their SKU."""
    language, scope = looking.language, looking.scope(Permission.STOCK_READ)
    if scope is None or not looking.visitor.may(Permission.BOARDS_READ):
        return Group(word="", hits=[])
    found = lots_named(conn, looking.text, at_most=SHOWN)
    sees = looking.visitor.scope_of(Permission.ORDERS_READ)
    heads = {
        order_id: head
        for order_id, head in _heads(conn, [one.order_id for one in found if one.order_id]).items()
        if sees.covers_site(head.site_id)
    }
    own = [
        one
        for one in found
        if scope.everything or one.order_id in heads or any(scope.covers_site(at) for at in one.site_ids)
    ]
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in own}) if own else {}
    hits: list[Hit] = []
    for one in own:
        sku = skus.get(one.sku_id)
        head = heads.get(one.order_id) if one.order_id else None
        if sku is not None:
            said = (language.called(sku.name), head.number if head else "")
            path = f"{ORDERS}/{head.number}" if head else sku_path(sku.code)
            hits.append(Hit(word=one.code, detail=" · ".join(filter(None, said)), path=path))
    return Group(word=language.say("Units and batches"), hits=hits)


def _heads(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, Order]:
    return {head.id: head for head in orders.orders_by_ids(conn, list(set(order_ids)))} if order_ids else {}


def _codes(conn: Conn, looking: Looking) -> Group:
    language, scope = looking.language, looking.scope(Permission.TOUCHPOINTS_READ)
    found = touchpoints_by_codes(conn, [looking.text]).values() if scope is not None else ()
    return Group(
        word=language.say("Codes"),
        hits=[
            Hit(
                word=one.code,
                detail=" · ".join(
                    filter(None, (language.say(KIND_WORDS[one.kind]), one.label, one.site_code))
                ),
                path=f"{CODES}?{urlencode({'site': one.site_code})}" if one.site_code else CODES,
            )
            for one in found
            if scope is not None and covers(scope, one)
        ],
    )


def _sites(conn: Conn, looking: Looking) -> Group:
    """Sites by name or code; each leads to its orders."""
    language, scope = looking.language, looking.visitor.scope_of(Permission.ORDERS_READ)
    found = sites_named(conn, looking.text, scope=scope, at_most=SHOWN) if looking.is_long_enough else []
    return Group(
        word=language.say("Sites"),
        hits=[
            Hit(
                word=language.called(one.name),
                detail=one.code,
                path=f"{ORDERS}?{urlencode({'site': one.code})}",
            )
            for one in found
        ],
    )


def _parties(conn: Conn, looking: Looking) -> Group:
    """Dealers, guides and other parties by name or code; each leads to its statement."""
    language, scope = looking.language, looking.scope(Permission.LEDGER_READ)
    found: list[Party] = []
    if scope is not None and looking.is_long_enough:
        found = parties_named(conn, looking.text, scope=scope, at_most=SHOWN)
    return Group(
        word=language.say("Statements"),
        hits=[
            Hit(
                word=language.called(one.name),
                detail=one.code,
                path=f"/hq/statements/{quote(one.code, safe='')}",
            )
            for one in found
        ],
    )


def _entries(conn: Conn, looking: Looking) -> Group:
    """An entry of the books by its id, as journals and statements name it."""
    language, scope = looking.language, looking.scope(Permission.LEDGER_READ)
    try:
        entry_id = EntryId(UUID(looking.text))
    except ValueError:
        return Group(word="", hits=[])
    story = trace_entry(conn, entry_id, scope=scope) if scope is not None else None
    return Group(
        word=language.say("Entries of the books"),
        hits=[
            Hit(
                word=language.say(ENTRY_WORDS[one.entry.kind]),
                detail=one.order_number,
                path=entry_path(entry_id),
            )
            for one in (story,)
            if one is not None
        ],
    )


FIND_PAGES = [show_found]
