"""The front of the shop, and a product's page: where a scanned code leads."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from loopline import catalogue, customers, org, search, touchpoints
from loopline.catalogue import Product
from loopline.db import Conn
from loopline.org import Party, PartyKind, Site
from loopline.processes.places import region_of
from loopline.search import ProductPlace
from loopline.touchpoints import LiveRoom
from loopline.web.edge import Edge, WebRequest, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.shop.frame import nothing_here, shop_page, with_place
from loopline.web.shop.freight import FreightShown, freight_to, freight_words, shop_freight
from loopline.web.shop.goods import (
    CHANNEL,
    LIVE_CHANNEL,
    Card,
    Goods,
    Shelf,
    Terms,
    cards_of,
    read_goods,
    shelves_of,
    shop_terms,
)
from loopline.web.shop.hearsay import Rating, Said, read_reviews
from loopline.web.shop.names import KIND_WORDS
from loopline.web.shop.near import Near, near_cookie, near_of
from loopline.web.shop.promised import ZONE, delivered_by, delivered_words, ready_by, ready_words
from loopline.web.shop.shopper import Place, Shopper, place_of

_PAGE = 24
_WINDOW_MAX = 500
_ROOMS_MAX = 3
_ASKED_LENGTH_MAX = 100
_REVIEWS_SHOWN = 20
NO_SUCH_PRODUCT = marked("This product is not here")
NO_SUCH_PRODUCT_ADVICE = marked("It may have been taken out of the range. Have a look at what there is.")


class ProductPage(msgspec.Struct, frozen=True, kw_only=True):
    """All that a product's page shows."""

    goods: Goods
    shelves: list[Shelf]
    guide: Party | None
    room: LiveRoom | None
    rating: Rating | None
    reviews: list[Said]
    freight: FreightShown | None = None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody came to a product: on which terms, from where, out of which show, in which language.

    `region_code`: where it would most likely go; empty where nobody knows.
    """

    terms: Terms
    place: Place
    live: str
    language: Language
    near: Near | None = None
    region_code: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the front: its products, the kinds to choose from, and where the next page begins."""

    cards: list[Card] = []
    kinds: list[str] = []
    more: str | None = None


@get("/shop", sync_to_thread=True)
def show_front(
    request: WebRequest,
    shopper: NamedDependency[Shopper | None],
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """Show what there is, of all kinds or of one, or what was searched for."""
    edge = edge_of(request)
    asked = q.strip()[:_ASKED_LENGTH_MAX]
    with edge.database.reading() as conn:
        terms = shop_terms(conn, now=edge.clock())
        shown = Shown()
        if terms is not None:
            found = _found(conn, asked, after, terms=terms) if asked else None
            shown = found or _window(conn, kind, after, terms=terms)
        on_air = touchpoints.live_rooms_page(conn, is_live=True, before=None, limit=_ROOMS_MAX)
    return shop_page(
        request,
        "front.html",
        shopper=shopper,
        tab="shop",
        asked=asked,
        chosen_kind=kind,
        kind_words=KIND_WORDS,
        shown=shown,
        rooms=[] if asked or after or kind else on_air,
    )


def _found(conn: Conn, asked: str, after: str, *, terms: Terms) -> Shown:
    """What was searched for, the best fit first."""
    rank, _, code = after.partition("~")
    is_place = rank.isascii() and rank.isdigit() and len(rank) < 7 and code
    place = ProductPlace(rank=int(rank), code=code) if is_place else None
    found = search.find_products(conn, asked, after=place, limit=_PAGE + 1)
    codes = [one.code for one in found[:_PAGE]]
    products = catalogue.products_by_code(conn, codes)
    more = None
    if len(found) > _PAGE:
        last = found[_PAGE - 1].place
        more = f"/shop?{urlencode({'q': asked, 'after': f'{last.rank}~{last.code}'})}"
    cards = cards_of(conn, [products[one] for one in codes if one in products], terms=terms)
    return Shown(cards=cards, more=more)


def _window(conn: Conn, kind: str, after: str, *, terms: Terms) -> Shown:
    """What hangs in the window: of one kind, or some of every kind, one after the other; the first few hundred."""
    products = catalogue.products_after(conn, at_most=_WINDOW_MAX)
    kinds = list(dict.fromkeys(one.category for one in products if one.category))
    chosen = [one for one in products if one.category == kind] if kind else _mixed(products)
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 7 else 0
    more = None
    if start + _PAGE < len(chosen):
        more = f"/shop?{urlencode({'kind': kind, 'after': str(start + _PAGE)})}"
    return Shown(cards=cards_of(conn, chosen[start : start + _PAGE], terms=terms), kinds=kinds, more=more)


def _mixed(products: Sequence[Product]) -> list[Product]:
    """Deal the kinds out in turn, each in the order of its codes."""
    piles: dict[str | None, list[Product]] = {}
    for one in products:
        piles.setdefault(one.category, []).append(one)
    dealt: list[Product] = []
    for place in range(max((len(pile) for pile in piles.values()), default=0)):
        dealt += [pile[place] for pile in piles.values() if place < len(pile)]
    return dealt


@get("/p/{code:str}", sync_to_thread=True)
def show_product(
    request: WebRequest,
    code: FromPath[str],
    shopper: NamedDependency[Shopper | None],
    sku: FromQuery[str] = "",
    live: FromQuery[str] = "",
) -> Template:
    """Show a product: what it costs, in which colours and sizes, where it is, what buyers say."""
    edge = edge_of(request)
    place = place_of(request)
    with edge.database.reading() as conn:
        addresses = customers.addresses_of_member(conn, shopper.member_id, ring=edge.ring) if shopper else []
        regions = [one.recipient.region_code for one in addresses]
        near, is_nowhere = near_of(request, otherwise=regions[0] if regions else "")
        terms = shop_terms(conn, now=edge.clock(), show=live or None, is_to_member=shopper is not None)
        goods = read_goods(conn, code, terms=terms, sku_code=sku or None) if terms else None
        found = (
            _page_of(
                conn,
                goods,
                Visit(
                    terms=terms,
                    place=place,
                    live=live,
                    language=language_of(request),
                    near=near,
                    region_code=region_of(near.coordinates) if near else "",
                ),
            )
            if goods and terms
            else None
        )
    if found is None:
        return nothing_here(request, shopper=shopper, title=NO_SUCH_PRODUCT, advice=NO_SUCH_PRODUCT_ADVICE)
    kept = f"&live={quote(live, safe='')}" if found.room else ""
    answer = shop_page(
        request,
        "product.html",
        shopper=shopper,
        back=f"/live/{quote(live, safe='')}" if found.room else "/shop",
        path=f"/p/{quote(code, safe='')}",
        kept=kept,
        distance=distance_words(language_of(request)),
        ships_on=ships_on_words(language_of(request), found.goods),
        near=near.words(language_of(request)) if near else "",
        is_nowhere=is_nowhere,
        asked_near=request.query_params.get("near", "")[:100] if is_nowhere else "",
        **_promised(edge, found, regions, language_of(request)),
        **_fields(found),
    )
    if near is not None and request.query_params.get("near"):
        answer.cookies = [*answer.cookies, near_cookie(near, is_secure=edge.settings.is_secure)]
    return with_place(request, answer, place)


def _promised(
    edge: Edge, found: ProductPage, regions: Sequence[str], language: Language
) -> dict[str, str | dict[str, str]]:
    """By when one piece can be had, in words: at the stores that have it; at the first address of who is known."""
    channel = LIVE_CHANNEL if found.room else CHANNEL
    goods = [(found.goods.chosen.sku.code, 1)]
    zones = {shelf.site.code: shelf.site.time_zone for shelf in found.shelves}
    ready = ready_by(edge, channel, goods, list(zones))
    arrives = delivered_by(edge, channel, goods, regions[:1])
    now = edge.clock()
    return {
        "ready": {code: ready_words(language, at, zones[code], now=now) for code, at in ready.items()},
        "arrives": next((delivered_words(language, at, ZONE) for at in arrives.values()), ""),
    }


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _page_of(conn: Conn, goods: Goods, visit: Visit) -> ProductPage:
    rating, reviews = read_reviews(conn, goods, language=visit.language, limit=_REVIEWS_SHOWN)
    live = visit.live
    return ProductPage(
        goods=goods,
        shelves=shelves_of(
            conn,
            goods.chosen,
            terms=visit.terms,
            here=site_here(conn, visit.place),
            near=visit.near.coordinates if visit.near else None,
        ),
        guide=guide_here(conn, visit.place),
        room=touchpoints.live_rooms_by_code(conn, [live]).get(live) if live else None,
        rating=rating,
        reviews=reviews,
        freight=_freight(conn, goods, visit),
    )


def _freight(conn: Conn, goods: Goods, visit: Visit) -> FreightShown | None:
    """What delivery of one piece costs; None where it costs nothing wherever it goes, or nothing is sold."""
    template = shop_freight(conn, visit.terms)
    tag = goods.chosen.tag
    if template is None or tag is None:
        return None
    found = freight_to(
        template, goods.chosen.sku, units=1, goods_minor=tag.minor, region_code=visit.region_code
    )
    return freight_words(template, found, visit.language)


def ships_on_words(language: Language, goods: Goods) -> str:
    """Say on which day ships what is ordered before there is any; empty where nothing is."""
    day = goods.chosen.ships_on
    return language.plain_day(day) if day is not None else ""


def site_here(conn: Conn, place: Place) -> Site | None:
    """Return the store whose code was scanned, where there is such a store."""
    return org.sites_by_code(conn, [place.site_code]).get(place.site_code) if place.site_code else None


def guide_here(conn: Conn, place: Place) -> Party | None:
    """Return the guide whose code was scanned, where there is such a guide."""
    code = place.guide_code
    found = org.parties_by_code(conn, [code]).get(code) if code else None
    return found if found is not None and found.kind is PartyKind.GUIDE else None


def distance_words(language: Language) -> Any:
    """Return how a distance in kilometres is said."""

    def said(kilometres: float) -> str:
        if kilometres < 1:
            return language.say("{metres} m", metres=max(1, round(kilometres * 10)) * 100)
        return language.say(
            "{kilometres} km", kilometres=round(kilometres, 1) if kilometres < 10 else round(kilometres)
        )

    return said
