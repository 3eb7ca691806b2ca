"""What a customer can buy: products with their SKUs, prices and where they are, read for one page."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline import catalogue, orders, org, pricing, stock
from loopline.catalogue import Product, Sku
from loopline.db import Conn
from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.kernel.ids import ProductId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.orders import ChannelTerms
from loopline.orders.preorders import Standing
from loopline.org import Entity, Site
from loopline.org.queries import brand_companies
from loopline.pricing.coupons import Offer as Coupon
from loopline.pricing.coupons import names_of_discounts
from loopline.pricing.coupons.rules import take_off
from loopline.pricing.points.rules import use_points
from loopline.processes.place.ahead import standings_of
from loopline.processes.quotas import events_of
from loopline.processes.take_in import COLLECTED_AT
from loopline.stock import EventRoom
from loopline.web.shop.names import Variant, place_of_size, variant_of
from loopline.web.shop.points_choice import PointsShown

CHANNEL = "web"
LIVE_CHANNEL = "livestream"
_SITES_READ_MAX = 2_000
UNITS_MAX = 99


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On which terms the shop sells: its channel, and the company that sells where nobody else does.

    `show`: the code of the livestream it sells out of, where it does. `is_to_member`: a member looks, or buys.
    """

    channel: ChannelTerms
    seller: Entity
    now: datetime
    show: str | None = None
    is_to_member: bool = False


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A price as a customer sees it; `list_minor` is what it costs otherwise, or elsewhere, where that is more.

    `why`: the names of the promotions that took something off.
    """

    minor: int
    currency: str
    list_minor: int | None = None
    why: tuple[str, ...] = ()


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What units of a SKU cost together; `goods_minor` without promotions, `discounts` what each takes off, by name.

    `by_points_minor`: what points take off, of these.
    """

    currency: str
    goods_minor: int
    total_minor: int
    discounts: tuple[tuple[str, int], ...]
    by_points_minor: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as it can be bought: what tells it apart, what it costs, how many may be delivered.

    `ahead`: how many more may be bought before there are any; they ship from `ships_on` on.
    """

    sku: Sku
    variant: Variant
    tag: Tag | None
    deliverable: int
    ahead: int = 0
    ships_on: date | None = None

    @property
    def is_to_be_had(self) -> bool:
        """Whether it has a price and units, or can be ordered before there are any."""
        return self.tag is not None and self.deliverable + self.ahead > 0

    @property
    def is_ahead(self) -> bool:
        """Whether there is none, and it can be ordered all the same."""
        return self.tag is not None and self.deliverable == 0 and self.ahead > 0


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A colour or size to be chosen, and the SKU that choosing it leads to."""

    word: str
    swatch: str
    sku_code: str
    is_chosen: bool
    is_to_be_had: bool


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A product as its page shows it. `chosen` is the SKU asked for, else the first that is to be had."""

    product: Product
    offers: tuple[Offer, ...]
    chosen: Offer

    @property
    def colours(self) -> list[Choice]:
        """The colours there are; each leads to the size chosen where it has that."""
        by_colour: dict[str, list[Offer]] = {}
        for one in self.offers:
            if one.variant.colour_word:
                by_colour.setdefault(one.variant.colour_word, []).append(one)
        size = self.chosen.variant.size
        return [
            Choice(
                word=word,
                swatch=offers[0].variant.colour,
                sku_code=next((one for one in offers if one.variant.size == size), offers[0]).sku.code,
                is_chosen=word == self.chosen.variant.colour_word,
                is_to_be_had=any(one.is_to_be_had for one in offers),
            )
            for word, offers in by_colour.items()
        ]

    @property
    def sizes(self) -> list[Choice]:
        """The sizes of the colour chosen."""
        colour = self.chosen.variant.colour_word
        by_size = {
            one.variant.size: one
            for one in self.offers
            if one.variant.size and one.variant.colour_word == colour
        }
        return [
            Choice(
                word=size,
                swatch="",
                sku_code=by_size[size].sku.code,
                is_chosen=by_size[size].sku.id == self.chosen.sku.id,
                is_to_be_had=by_size[size].is_to_be_had,
            )
            for size in by_size
        ]


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """A store that has a SKU: how many may be collected today, how far it is from where the customer stands."""

    site: Site
    units: int
    kilometres: float | None
    is_here: bool
    is_open: bool


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list: its cheapest price, its colours, and whether there is any of it."""

    product: Product
    tag: Tag | None
    colours: tuple[str, ...]
    is_to_be_had: bool
    is_ahead: bool = False


def shop_terms(
    conn: Conn, *, now: datetime, show: str | None = None, is_to_member: bool = False
) -> Terms | None:
    """Return on which terms the shop sells, by itself or out of a show; None before a brand is founded."""
    sellers = brand_companies(conn)
    found = orders.channels_by_code(conn).get(LIVE_CHANNEL if show else CHANNEL)
    return (
        Terms(channel=found, seller=sellers[0], now=now, show=show, is_to_member=is_to_member)
        if found is not None and sellers
        else None
    )


def read_goods(conn: Conn, code: str, *, terms: Terms, sku_code: str | None = None) -> Goods | None:
    """Return a product with what can be bought of it; None for an unknown one, or one without SKUs on sale."""
    product = catalogue.products_by_code(conn, [code]).get(code)
    if product is None:
        return None
    offers = offers_of(conn, [product], terms=terms).get(product.id, ())
    if not offers:
        return None
    asked = next((one for one in offers if sku_code and one.sku.code == sku_code.upper()), None)
    # What is there is shown before what can only be ordered ahead.
    first = min(offers, key=lambda one: (not one.is_to_be_had, one.is_ahead))
    return Goods(product=product, offers=offers, chosen=asked or first)


def offers_of(conn: Conn, products: Sequence[Product], *, terms: Terms) -> dict[ProductId, tuple[Offer, ...]]:
    """Return what can be bought of products: by product, the sizes of each colour in their order."""
    by_id = {product.id: product for product in products}
    skus = [sku for sku in catalogue.skus_of_products(conn, by_id) if sku.is_active]
    tags = tags_of(conn, skus, terms=terms)
    rooms = _event_rooms(conn, [sku.id for sku in skus], terms=terms)
    ahead = standings_of(conn, [sku.id for sku in skus])
    found: dict[ProductId, list[Offer]] = {}
    for sku in skus:
        found.setdefault(sku.product_id, []).append(
            Offer(
                sku=sku,
                variant=variant_of(sku, by_id[sku.product_id]),
                tag=tags.get(sku.id),
                **_units_of(rooms.get(sku.id), ahead.get(sku.id), now=terms.now),
            )
        )
    return {product_id: tuple(_in_order(offers)) for product_id, offers in found.items()}


def _in_order(offers: Sequence[Offer]) -> list[Offer]:
    colours = list(dict.fromkeys(one.variant.colour_word for one in offers))
    return sorted(
        offers, key=lambda one: (colours.index(one.variant.colour_word), place_of_size(one.variant.size))
    )


def tags_of(conn: Conn, skus: Sequence[Sku], *, terms: Terms, site: Site | None = None) -> dict[SkuId, Tag]:
    """Return the price of one unit of each SKU, delivered, or collected at a site; what has none is left out.

    As it is whatever else is bought: promotions that look at a whole cart show where that is.
    """
    if not skus:
        return {}
    here = [cart_of(sku, terms=terms, site=site, by_piece=True) for sku in skus]
    elsewhere = [cart_of(sku, terms=terms, channel=None, by_piece=True) for sku in skus]
    quotes = pricing.quote(conn, [*here, *elsewhere])
    named = _names_of(conn, quotes)
    found: dict[SkuId, Tag] = {}
    for sku, quoted, listed in zip(skus, quotes[: len(skus)], quotes[len(skus) :], strict=True):
        if isinstance(quoted, pricing.Quote):
            line = quoted.lines[0]
            usual = max(
                listed.amount_minor if isinstance(listed, pricing.Quote) else 0, line.list_unit_minor or 0
            )
            found[sku.id] = Tag(
                minor=quoted.amount_minor,
                currency=quoted.currency,
                list_minor=usual if usual > quoted.amount_minor else None,
                why=tuple(named[one.promotion_id] for one in line.derivation.discounts),
            )
    return found


def quotes_of(
    conn: Conn, sku: Sku, *, units: int, terms: Terms, sites: Sequence[Site | None]
) -> list[tuple[pricing.Cart, pricing.Quote | Refusal]]:
    """Return what units of a SKU cost together at each of these sites (None: delivered by whichever site).

    With all promotions; a refusal where it has no price.
    """
    carts = [cart_of(sku, terms=terms, site=site, units=units) for site in sites]
    return list(zip(carts, pricing.quote(conn, carts), strict=True))


def bills_of(
    conn: Conn,
    quoted: Sequence[tuple[pricing.Cart, pricing.Quote | Refusal]],
    offers: Sequence[Coupon] = (),
    points: PointsShown | None = None,
) -> list[Bill | None]:
    """Write down what was quoted, less what coupons and points take off where they fit; None: there is no price."""
    quotes = [_with_points(_with_coupons(cart, quote, offers), points) for cart, quote in quoted]
    named = _names_of(conn, quotes)
    return [_bill(one, named) if isinstance(one, pricing.Quote) else None for one in quotes]


def _with_coupons(
    cart: pricing.Cart, quote: pricing.Quote | Refusal, offers: Sequence[Coupon]
) -> pricing.Quote | Refusal:
    less = take_off(cart, quote, offers) if isinstance(quote, pricing.Quote) and offers else quote
    return quote if isinstance(less, Refusal) else less


def _with_points(quote: pricing.Quote | Refusal, points: PointsShown | None) -> pricing.Quote | Refusal:
    if points is None or not points.used or isinstance(quote, Refusal):
        return quote
    less = use_points(points.programme, quote, points.used, available=points.used)
    return quote if isinstance(less, Refusal) else less


def _bill(quoted: pricing.Quote, named: Mapping[UUID, str]) -> Bill:
    line = quoted.lines[0]
    return Bill(
        currency=quoted.currency,
        goods_minor=quoted.amount_minor + line.discount_minor,
        total_minor=quoted.amount_minor,
        discounts=tuple((named[one.promotion_id], one.amount_minor) for one in line.derivation.discounts),
        by_points_minor=sum(one.amount_minor for one in line.derivation.discounts if one.points),
    )


def _names_of(conn: Conn, quotes: Sequence[pricing.Quote | Refusal]) -> dict[UUID, str]:
    """The names of the promotions that took something off."""
    taking = {
        discount.promotion_id
        for quote in quotes
        if isinstance(quote, pricing.Quote)
        for line in quote.lines
        for discount in line.derivation.discounts
    }
    return {key: one.name for key, one in names_of_discounts(conn, taking).items()}


def cart_of(  # noqa: PLR0913 - a cart of one line is what is said of it
    sku: Sku,
    *,
    terms: Terms,
    site: Site | None = None,
    channel: str | None = "",
    units: int = 1,
    by_piece: bool = False,
) -> pricing.Cart:
    """Return a cart of one line; the channel is the shop's unless said to be none."""
    line = pricing.CartLine(
        sku_id=sku.id,
        code=sku.code,
        units=units,
        tax_class=sku.tax_class,
        product_id=sku.product_id,
        category=sku.category,
    )
    return pricing.Cart(
        currency=terms.seller.currency,
        country=terms.seller.country,
        time_zone=site.time_zone if site else terms.channel.time_zone,
        at=terms.now,
        lines=(line,),
        channel=terms.channel.code if channel == "" else channel,
        site_id=site.id if site else None,
        org_units=site.unit_path if site else (),
        seller_id=terms.seller.id,
        region=(site.region_code or "") if site else "",
        is_member=terms.is_to_member,
        live_room=terms.show,
        by_piece=by_piece,
    )


def _units_of(room: EventRoom | None, standing: Standing | None, *, now: datetime) -> dict[str, Any]:
    """How many of a SKU may be delivered, and ordered ahead: who bought ahead before gets what there is first.

    What is set aside for an event is sold out when that is gone.
    """
    there = max(0, room.room) if room is not None else 0
    if standing is None:
        return {"deliverable": there}
    has_quota = room is not None and room.left is not None
    one = standing.preorder
    is_open = one.is_open(now) and not has_quota
    limits = [most for most in (one.per_order, one.per_member) if most is not None]
    return {
        "deliverable": there if has_quota else max(0, there - standing.waiting),
        "ahead": min([standing.left, *limits]) if is_open else 0,
        "ships_on": one.ships_on if is_open else None,
    }


def rooms_of(conn: Conn, sku_ids: Sequence[SkuId], *, terms: Terms) -> dict[SkuId, int]:
    """Return how many of each SKU may still be delivered."""
    return {key: max(0, one.room) for key, one in _event_rooms(conn, sku_ids, terms=terms).items()}


def _event_rooms(conn: Conn, sku_ids: Sequence[SkuId], *, terms: Terms) -> dict[SkuId, EventRoom]:
    if not sku_ids:
        return {}
    node = terms.channel.network_node_id
    events = events_of(terms.channel.code, terms.show)
    found = stock.room_of_events(conn, node, sku_ids, events=events, now=terms.now)
    return {one.sku_id: one for one in found}


def shelves_of(
    conn: Conn, offer: Offer, *, terms: Terms, here: Site | None = None, near: Coordinates | None = None
) -> list[Shelf]:
    """Return the stores where a SKU may be collected today: this one first, then the nearest, else the fullest."""
    sellable = stock.sellable_at_sites(conn, [offer.sku.id], at_most=_SITES_READ_MAX)
    sites = org.sites_by_id(conn, [one.site_id for one in sellable])
    units: Mapping[SiteId, int] = {one.site_id: min(one.units, offer.deliverable) for one in sellable}
    start = here.coordinates if here else near
    shelves = [
        Shelf(
            site=site,
            units=units[site.id],
            kilometres=great_circle_kilometres(start, site.coordinates) if start else None,
            is_here=here is not None and site.id == here.id,
            is_open=not site.hours or org.is_open(site.hours, at=terms.now, time_zone=site.time_zone),
        )
        for site in sites.values()
        if site.unit_kind in COLLECTED_AT and units[site.id] > 0
    ]
    return sorted(
        shelves,
        key=lambda one: (not one.is_here, one.kilometres or 0.0, -one.units, one.site.code),
    )


def cards_of(conn: Conn, products: Sequence[Product], *, terms: Terms) -> list[Card]:
    """Return products as a list shows them, in the order given; what has nothing on sale is left out."""
    offers = offers_of(conn, products, terms=terms)
    return [_card(product, offers[product.id]) for product in products if product.id in offers]


def _card(product: Product, offers: Sequence[Offer]) -> Card:
    to_be_had = [one for one in offers if one.is_to_be_had]
    tags = [one.tag for one in (to_be_had or offers) if one.tag is not None]
    return Card(
        product=product,
        tag=min(tags, key=lambda tag: tag.minor) if tags else None,
        colours=tuple(dict.fromkeys(one.variant.colour for one in offers if one.variant.colour)),
        is_to_be_had=bool(to_be_had),
        is_ahead=bool(to_be_had) and all(one.is_ahead for one in to_be_had),
    )
