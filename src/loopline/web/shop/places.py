"""Where scanned codes of places and people lead: a store, a guide, a show on air."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import catalogue, org, stock, touchpoints
from loopline.catalogue import Product, Sku
from loopline.db import Conn
from loopline.kernel.times import zone
from loopline.org import OpenHours, Party, PartyKind, Site, UnitKind
from loopline.touchpoints import LiveRoom
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.shop.frame import nothing_here, shop_page, with_place
from loopline.web.shop.goods import Card, Terms, cards_of, shop_terms
from loopline.web.shop.hearsay import read_reviews_of_site
from loopline.web.shop.shopper import Place, Shopper, place_of

_CARDS = 24
_REVIEWS = 10
_MINUTES_PER_DAY = 24 * 60
_NO_SITE = marked("There is no such store")
_NO_GUIDE = marked("There is no such guide")
_NO_ROOM = marked("There is no such livestream")
_GONE_ADVICE = marked("The code may be old. Have a look around the shop.")
_ALL_DAY = marked("Open day and night")


@get("/s/{code:str}", sync_to_thread=True)
def show_store(
    request: WebRequest, code: FromPath[str], shopper: NamedDependency[Shopper | None]
) -> Template:
    """Show a store: where it is, when it is open, what hangs there, what customers say."""
    edge, language = edge_of(request), language_of(request)
    now = edge.clock()
    with edge.database.reading() as conn:
        site = org.sites_by_code(conn, [code]).get(code)
        if site is None or site.unit_kind is not UnitKind.STORE:
            return nothing_here(request, shopper=shopper, title=_NO_SITE, advice=_GONE_ADVICE)
        terms = shop_terms(conn, now=now)
        cards = _cards_here(conn, site, terms=terms) if terms else []
        rating, said = read_reviews_of_site(conn, site.id, language=language, limit=_REVIEWS)
    place = Place(site_code=site.code, guide_code=place_of(request).guide_code)
    answer = shop_page(
        request,
        "store.html",
        shopper=shopper,
        back="/shop",
        site=site,
        is_open=not site.hours or org.is_open(site.hours, at=now, time_zone=site.time_zone),
        today=hours_of_today(site, now=now, language=language),
        cards=cards,
        rating=rating,
        reviews=said,
    )
    return with_place(request, answer, place)


def _cards_here(conn: Conn, site: Site, *, terms: Terms) -> list[Card]:
    """What hangs in a store, most of it first."""
    leaves = [leaf.id for leaf in stock.leaves(conn) if leaf.site_id == site.id]
    units: dict[Any, int] = {}
    for row in stock.stock_at_leaves(conn, leaves) if leaves else []:
        units[row.sku_id] = units.get(row.sku_id, 0) + max(0, row.on_hand - row.allocated - row.unsellable)
    there = sorted((sku_id for sku_id in units if units[sku_id]), key=lambda one: (-units[one], one))
    skus = catalogue.skus_by_id(conn, there)
    return _cards(conn, [skus[one] for one in there if one in skus], terms=terms)


def _cards(conn: Conn, skus: Sequence[Sku], *, terms: Terms) -> list[Card]:
    products = catalogue.products_by_id(conn, {sku.product_id for sku in skus})
    shown: dict[Any, Product] = {}
    for sku in skus:
        shown.setdefault(sku.product_id, products[sku.product_id])
    return cards_of(conn, list(shown.values())[:_CARDS], terms=terms)


def hours_of_today(site: Site, *, now: datetime, language: Language) -> str:
    """Return when a store is open today, in its own zone; nothing where nobody has said."""
    weekday = now.astimezone(zone(site.time_zone)).isoweekday()
    today = [stretch for stretch in site.hours if stretch.weekday == weekday]
    if any(one.opens_minute == 0 and one.closes_minute >= _MINUTES_PER_DAY for one in today):
        return language.say(_ALL_DAY)
    return ", ".join(_stretch(one) for one in sorted(today, key=lambda one: one.opens_minute))


def _stretch(one: OpenHours) -> str:
    ends = one.closes_minute % _MINUTES_PER_DAY
    return f"{one.opens_minute // 60:02}:{one.opens_minute % 60:02}–{ends // 60:02}:{ends % 60:02}"


@get("/g/{code:str}", sync_to_thread=True)
def show_guide(
    request: WebRequest, code: FromPath[str], shopper: NamedDependency[Shopper | None]
) -> Template:
    """Show a guide and what hangs in their store; what is bought from here on is theirs to earn from."""
    edge = edge_of(request)
    with edge.database.reading() as conn:
        guide = org.parties_by_code(conn, [code]).get(code)
        if guide is None or guide.kind is not PartyKind.GUIDE:
            return nothing_here(request, shopper=shopper, title=_NO_GUIDE, advice=_GONE_ADVICE)
        site = _site_of(conn, guide)
        terms = shop_terms(conn, now=edge.clock())
        cards = _cards_here(conn, site, terms=terms) if terms and site else []
    answer = shop_page(
        request, "guide.html", shopper=shopper, back="/shop", guide=guide, site=site, cards=cards
    )
    return with_place(request, answer, Place(site_code=site.code if site else None, guide_code=guide.code))


def _site_of(conn: Conn, guide: Party) -> Site | None:
    return next(
        (site for site in org.branch_sites(conn, [guide.unit_id]) if site.unit_kind is UnitKind.STORE), None
    )


@get("/live/{code:str}", sync_to_thread=True)
def show_live(request: WebRequest, code: FromPath[str], shopper: NamedDependency[Shopper | None]) -> Template:
    """Show a livestream: who streams, whether it is on air, what can be bought out of it."""
    edge = edge_of(request)
    with edge.database.reading() as conn:
        room = touchpoints.live_rooms_by_code(conn, [code]).get(code)
        if room is None:
            return nothing_here(request, shopper=shopper, title=_NO_ROOM, advice=_GONE_ADVICE)
        streamer = org.parties_by_id(conn, [room.streamer_id]).get(room.streamer_id)
        terms = shop_terms(conn, now=edge.clock(), show=room.code if room.is_live else None)
        cards = _cards_of_room(conn, room, terms=terms) if terms else []
    return shop_page(
        request, "live.html", shopper=shopper, back="/shop", room=room, streamer=streamer, cards=cards
    )


def _cards_of_room(conn: Conn, room: LiveRoom, *, terms: Terms) -> list[Card]:
    """The goods of a show, in the order in which they are shown."""
    skus = catalogue.skus_by_code(conn, room.sku_codes)
    return _cards(conn, [skus[one] for one in room.sku_codes if one in skus], terms=terms)
