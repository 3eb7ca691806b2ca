"""Stock by site at headquarters: a row for each SKU at each site, to choose from and do one thing with all chosen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import catalogue, org, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.kernel.scope import Scope
from loopline.org import Permission, Site
from loopline.stock.asked_counts import NOTE_MOST
from loopline.stock.history import LevelAsk, LevelRow, Which, levels_page
from loopline.web.api.answers import read
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.stock import sites_of, sku_path
from loopline.web.hq.stock_rows_asked import ROWS, Asked, asked_of, key_of
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.store.count.place import names_of
from loopline.web.store.stock import find_skus
from loopline.web.store.words import variety

_RECENT = 12
_SHOWN = 60
_WHICH_WORDS: dict[str, str] = {
    "": marked("All"),
    Which.MISSING: marked("Missing units"),
    Which.KEPT_BACK: marked("With units kept back"),
    Which.ASKED: marked("Asked to count"),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shows, read at one moment."""

    levels: Sequence[LevelRow]
    skus: Mapping[SkuId, Sku]
    sites: Mapping[SiteId, Site]
    names: Mapping[str, str]


@get(ROWS, sync_to_thread=True)
def show_rows(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show SKUs at sites of one's branch, as far as the address narrows them; else those that moved last."""
    scope, language = visitor.scope_of(Permission.STOCK_READ), language_of(request)
    asked = asked_of(request)
    cursor = decode_cursor(request.query_params.get("cursor"), (UUID, UUID))
    after = (SkuId(cursor[0]), NodeId(cursor[1])) if cursor else None
    found = read(request, lambda conn, _: _find(conn, asked, scope, language, after=after))
    shown = found.levels[:_SHOWN]
    last = shown[-1] if len(found.levels) > _SHOWN else None
    writes = visitor.branches.get(Permission.STOCK_WRITE)
    return page(
        request,
        "hq/stock_rows.html",
        visitor=visitor,
        asked=asked,
        path=ROWS,
        note_most=NOTE_MOST,
        sites=[
            (site.code, language.called(site.name), asked.site == site.code)
            for site in sorted(found.sites.values(), key=lambda one: one.code)
        ],
        which=[
            (asked.link(which=str(key)), language.say(word), asked.which == key)
            for key, word in _WHICH_WORDS.items()
        ],
        may_write=writes is not None,
        rows=[_row(one, found, language, writes=writes) for one in shown],
        is_later_page=after is not None,
        more=_more(asked, last) if last is not None else "",
    )


def _find(
    conn: Conn, asked: Asked, scope: Scope, language: Language, *, after: tuple[SkuId, NodeId] | None
) -> Found:
    """Read the list in six statements at most."""
    sites = org.branch_sites(conn) if scope.everything else org.sites_by_id(conn, scope.sites).values()
    by_id = {site.id: site for site in sites}
    within = sites_of(scope)
    if asked.site:
        within = frozenset(site.id for site in by_id.values() if site.code == asked.site)
    skus: dict[SkuId, Sku] | None = None
    wanted: set[SkuId] | None = None
    if asked.q:
        skus = {sku.id: sku for sku in find_skus(conn, asked.q)}
        wanted = set(skus)
    elif not asked.site and not asked.which:
        wanted = set(stock.skus_moved_last(conn, site_ids=within, at_most=_RECENT))
    ask = LevelAsk(sku_ids=wanted, site_ids=within, which=asked.of_which, after=after)
    levels = levels_page(conn, ask, at_most=_SHOWN + 1) if wanted is None or wanted else []
    return Found(
        levels=levels,
        skus=skus if skus is not None else catalogue.skus_by_id(conn, {one.sku_id for one in levels}),
        sites=by_id,
        names=names_of(conn, {one.asked_by for one in levels if one.asked_by}, language),
    )


def _row(one: LevelRow, found: Found, language: Language, *, writes: Scope | None) -> dict[str, Any]:
    sku, site = found.skus.get(one.sku_id), found.sites.get(one.site_id)
    is_others = site is not None and one.owner_id != site.entity_id
    name = language.called(sku.name) if sku else ""
    place = language.called(site.name if site else one.name)
    asked_by = found.names.get(one.asked_by or "", "")
    return {
        "key": key_of(one.leaf_id, one.sku_id),
        "may_choose": writes is not None and writes.covers_site(one.site_id),
        "name": name,
        "code": sku.code if sku else "",
        "variety": variety(sku) if sku else "",
        "path": sku_path(sku.code) if sku else "",
        "site": place,
        "owner": language.called(one.name) if is_others else "",
        "on_hand": language.count(one.on_hand),
        "sellable": language.count(one.sellable),
        "safety": language.count(one.safety) if one.safety else "",
        "missing": language.count(one.missing) if one.missing else "",
        "asked": _asked_word(one.asked_at, asked_by, site, language) if one.asked_at is not None else "",
        "note": one.note or "",
        "label": f"{name} · {place}",
    }


def _asked_word(at: datetime, by: str, site: Site | None, language: Language) -> str:
    moment = language.clock_of_day(at, site.time_zone if site else "UTC")
    if not by:
        return language.say("Count asked {moment}", moment=moment)
    return language.say("Count asked {moment} by {name}", moment=moment, name=by)


def _more(asked: Asked, last: LevelRow) -> str:
    address = asked.link()
    cursor = urlencode({"cursor": encode_cursor(last.sku_id, last.leaf_id)})
    return f"{address}{'&' if '?' in address else '?'}{cursor}"


STOCK_ROW_PAGES = [show_rows]
