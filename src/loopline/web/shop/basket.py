"""What is about to be bought: as an address or a form says it, and all that the checkout shows of it."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from loopline import catalogue, customers, org, touchpoints
from loopline.catalogue import Fitting
from loopline.customers import Address
from loopline.db import Conn
from loopline.kernel.refusals import Refused
from loopline.org import Site
from loopline.pricing.coupons import offers_by_code
from loopline.pricing.freight import Freight, FreightTemplate, NotDeliveredThere
from loopline.promises import FROM_A_STORE, PromiseKind
from loopline.slots import Way
from loopline.touchpoints import LiveRoom
from loopline.web.edge import Edge
from loopline.web.promising.desk import View
from loopline.web.promising.options import Option
from loopline.web.shop.coupon_choice import CouponsShown, codes_of, coupons_shown, take_gifts_along
from loopline.web.shop.freight import freight_to, shop_freight
from loopline.web.shop.gifts import GiftShown, gifts_with
from loopline.web.shop.goods import (
    CHANNEL,
    LIVE_CHANNEL,
    UNITS_MAX,
    Bill,
    Goods,
    Shelf,
    Tag,
    Terms,
    bills_of,
    quotes_of,
    read_goods,
    shelves_of,
    shop_terms,
    tags_of,
)
from loopline.web.shop.points_choice import PointsShown, points_shown
from loopline.web.shop.product import site_here
from loopline.web.shop.shopper import Place, Shopper
from loopline.web.shop.ways import AT_HOURS, WAY_NAMES, hours_by_place, options_of

CHECKOUT = "/checkout"
NEW_ADDRESS = "new"
_SHELVES_SHOWN = 12
_AT_STORES = frozenset({PromiseKind.COLLECT, PromiseKind.APPOINTMENT})
_HOWS = frozenset(one.value for one in PromiseKind)


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is about to buy and how, as the address of the page or its form says it; nothing is trusted.

    `coupons`: codes with commas between; empty, the best there are; `none`, no coupon. `points`: whether some are used.
    """

    sku: str
    units: int = 1
    how: PromiseKind = PromiseKind.DELIVER
    site: str = ""
    live: str = ""
    coupons: str = ""
    points: bool = False

    @property
    def at_store(self) -> bool:
        """Whether the customer comes for it."""
        return self.how in _AT_STORES

    def path(self, **changes: object) -> str:
        """The address of the page with some of it changed."""
        changed = msgspec.structs.replace(self, **changes)
        fields = {"sku": changed.sku, "units": str(changed.units), "how": changed.how.value}
        fields |= {"site": changed.site} if changed.site else {}
        fields |= {"live": changed.live} if changed.live else {}
        fields |= {"coupons": changed.coupons} if changed.coupons else {}
        fields |= {"points": "yes"} if changed.points else {}
        return f"{CHECKOUT}?{urlencode(fields)}"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What the checkout sends. `number` was made with the page: sent twice, it is one order.

    `ahead`: the day on which what is not in stock ships, where the page showed one; nothing is sold ahead without.
    `shown`: what the page said that the goods cost where they go; `freight`: what it said that delivery does.
    """

    number: str
    sku: str
    units: str = "1"
    how: str = PromiseKind.DELIVER.value
    site: str = ""
    live: str = ""
    address: str = NEW_ADDRESS
    recipient: str = ""
    phone: str = ""
    region_code: str = ""
    street: str = ""
    hour: str = ""
    coupons: str = ""
    points: str = ""
    points_used: str = ""
    shown: str = ""
    freight: str = ""
    ahead: str = ""


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """All that the checkout shows.

    `bills`: what the goods cost by where they go, as the form names it; `chosen` is the one that is looked at first.
    `fitting`: whether a fitter comes with the goods; `regions` of addresses, as the form names these; `template`: what
    delivery to them costs; None: nothing.
    """

    basket: Basket
    goods: Goods
    tag: Tag | None
    bills: Mapping[str, Bill | None]
    chosen: str
    shelves: list[Shelf]
    shelf: Shelf | None
    addresses: list[Address]
    room: LiveRoom | None
    options: Sequence[Option]
    hours: Mapping[str, Option]
    coupons: CouponsShown
    points: PointsShown | None = None
    has_couriers: bool = False
    gifts: Sequence[GiftShown] = ()
    fitting: Fitting = Fitting.NONE
    view: View | None = None
    regions: Mapping[str, str] = {}
    template: FreightTemplate | None = None

    def fee_minor(self, place: str) -> int:
        """What the way costs to where the goods go."""
        if self.basket.how is PromiseKind.DELIVER:
            return self.freight_minor(place)
        one = self.hours.get(place)
        return one.fee_minor if one is not None else 0

    def freight(self, place: str) -> Freight | NotDeliveredThere | None:
        """What delivery to an address costs, for what the goods come to before points; None: nothing."""
        bill = self.bills.get(self.chosen)
        if self.template is None or place not in self.regions:
            return None
        return freight_to(
            self.template,
            self.goods.chosen.sku,
            units=self.basket.units,
            goods_minor=bill.total_minor + bill.by_points_minor if bill is not None else 0,
            region_code=self.regions[place],
        )

    def freight_minor(self, place: str) -> int:
        """What it costs in money; nothing where nothing is delivered."""
        found = self.freight(place)
        return found.fee_minor if isinstance(found, Freight) else 0

    def is_undelivered(self, place: str) -> bool:
        """Whether nothing is delivered to an address."""
        is_meant = self.basket.how is PromiseKind.DELIVER
        return is_meant and isinstance(self.freight(place), NotDeliveredThere)

    def total_minor(self, place: str) -> int:
        """What is to be paid where the goods go there."""
        bill = self.bills[place]
        return (bill.total_minor if bill else 0) + self.fee_minor(place)

    @property
    def _ahead_most(self) -> int:
        """How many units can be ordered before there are any: to one's door, and not out of a store."""
        return self.goods.chosen.ahead if self.basket.how is PromiseKind.DELIVER else 0

    @property
    def ahead(self) -> int:
        """How many of the units wait for goods."""
        return min(self._ahead_most, max(0, self.basket.units - self.goods.chosen.deliverable))

    @property
    def most(self) -> int:
        """How many units can be asked for."""
        there = self.goods.chosen.deliverable + self._ahead_most
        if self.basket.at_store and self.shelf is not None:
            there = self.shelf.units
        return max(1, min(UNITS_MAX, there))

    @property
    def is_to_be_had(self) -> bool:
        """Whether this can be bought as it stands."""
        enough = self.basket.units <= self.goods.chosen.deliverable + self._ahead_most
        if self.basket.at_store:
            enough = self.shelf is not None and self.basket.units <= self.shelf.units
        if self.basket.how is PromiseKind.APPOINTMENT or (self.basket.how in FROM_A_STORE and self.addresses):
            enough = enough and bool(self.hours)
        return self.tag is not None and enough


def basket_of(fields: Mapping[str, str]) -> Basket:
    """Read a basket from what a browser sent; what makes no sense is as if it were not there."""
    units = fields.get("units", "1")
    how = fields.get("how", "")
    return Basket(
        sku=fields.get("sku", "").upper()[:100],
        units=max(1, min(UNITS_MAX, int(units[:6]))) if units.isascii() and units.isdigit() else 1,
        how=PromiseKind(how) if how in _HOWS else PromiseKind.DELIVER,
        site=fields.get("site", "")[:100],
        live=fields.get("live", "")[:100],
        coupons=fields.get("coupons", "")[:200],
        points=fields.get("points") == "yes",
    )


def form_of(data: Mapping[str, str]) -> Form:
    """Read what the checkout sends: of the hours the one beside the address, or the store, that was chosen."""
    fields = set(Form.__struct_fields__) - {"hour", "shown", "freight"}
    form = Form(**({"number": "", "sku": ""} | {name: str(data[name]) for name in fields if name in data}))
    place = form.site if form.how in _AT_STORES else form.address
    return msgspec.structs.replace(
        form,
        hour=str(data.get(f"hour_{place}", ""))[:200],
        shown=str(data.get(f"shown_{place}", data.get("shown_", "")))[:200],
        freight=str(data.get(f"freight_{place}", ""))[:200],
    )


def read_checkout(  # noqa: PLR0913 - who looks at what, from where, to go where
    conn: Conn,
    edge: Edge,
    basket: Basket,
    *,
    shopper: Shopper | None,
    place: Place,
    form: Form | None = None,
) -> Checkout | None:
    """Return what the checkout shows; None for a SKU that is not on sale. `form`: what was sent and not taken."""
    room = room_of(conn, basket.live)
    terms = _terms(conn, edge, room, is_to_member=shopper is not None)
    sku = catalogue.skus_by_code(conn, [basket.sku]).get(basket.sku) if basket.sku else None
    goods = read_goods(conn, sku.product_code, terms=terms, sku_code=sku.code) if sku and terms else None
    if terms is None or goods is None or sku is None or goods.chosen.sku.id != sku.id:
        return None
    basket = _as_fitted(basket, sku.care.fitting)
    shelves = shelves_of(conn, goods.chosen, terms=terms, here=site_here(conn, place))[:_SHELVES_SHOWN]
    stores = {one.site.code: one.site for one in shelves}
    shelf = _shelf_chosen(basket, shelves)
    addresses = customers.addresses_of_member(conn, shopper.member_id, ring=edge.ring) if shopper else []
    wanted = (LIVE_CHANNEL if room else CHANNEL, [(basket.sku, basket.units)])
    regions = {str(one.id): one.recipient.region_code for one in addresses}
    regions[NEW_ADDRESS] = form.region_code if form else ""
    view, now = _view(edge, basket.how), edge.clock()
    hours = hours_by_place(view, wanted, basket.how, regions=regions, sites=list(stores), now=now)
    chosen = form.address if form and form.address in regions else next(iter(regions))
    template = shop_freight(conn, terms)
    places = _brought_to(basket, regions, hours, template)
    if basket.at_store and shelf is not None:
        chosen, places = shelf.site.code, stores
    site = places.get(chosen)
    quoted = quotes_of(conn, sku, units=basket.units, terms=terms, sites=list(places.values()))
    here_first = quoted[list(places).index(chosen) if chosen in places else 0]
    coupons = coupons_shown(conn, here_first, shopper=shopper, asked=basket.coupons, now=now)
    points = points_shown(conn, here_first, coupons.chosen, shopper=shopper, is_used=basket.points, now=now)
    bills = bills_of(conn, quoted, coupons.chosen, points)
    return Checkout(
        basket=msgspec.structs.replace(basket, site=site.code if site else basket.site),
        goods=goods,
        tag=tags_of(conn, [sku], terms=terms, site=site).get(sku.id),
        bills=dict(zip(places, bills, strict=True)),
        chosen=chosen if chosen in places else "",
        shelves=shelves,
        shelf=shelf,
        addresses=addresses,
        room=room,
        options=options_of(view, wanted, tuple(WAY_NAMES), region_code=next(iter(regions.values())), now=now),
        hours=hours,
        gifts=gifts_with(conn, sku, units=basket.units, terms=terms, site=site, at_store=basket.at_store)
        if take_gifts_along(coupons.chosen)
        else (),
        coupons=coupons,
        points=points,
        has_couriers=view is not None and any(way is Way.COURIER for _, way in view.hours),
        fitting=sku.care.fitting,
        view=view,
        regions=regions,
        template=template,
    )


def _brought_to(
    basket: Basket, regions: Mapping[str, str], hours: Mapping[str, Option], template: FreightTemplate | None
) -> Mapping[str, Site | None]:
    """The places that what is brought may go to, each with the site that brings it; one if all cost the same."""
    if basket.how in FROM_A_STORE:
        return {name: hours[name].site if name in hours else None for name in regions}
    is_by_region = basket.how is PromiseKind.DELIVER and template is not None
    return dict.fromkeys(regions) if is_by_region else {"": None}


def _shelf_chosen(basket: Basket, shelves: Sequence[Shelf]) -> Shelf | None:
    """The store that was chosen; for who comes to a store, else the first."""
    first = shelves[0] if basket.at_store and shelves else None
    return next((one for one in shelves if one.site.code == basket.site), first)


def _as_fitted(basket: Basket, fitting: Fitting) -> Basket:
    """The basket in a way in which its goods are sold: with a fitter what needs one, without what none comes with."""
    if fitting is Fitting.NEEDED:
        return msgspec.structs.replace(basket, how=PromiseKind.FITTING)
    if fitting is Fitting.NONE and basket.how is PromiseKind.FITTING:
        return msgspec.structs.replace(basket, how=PromiseKind.DELIVER)
    return basket


def _view(edge: Edge, how: PromiseKind) -> View | None:
    """What can be promised, where it is known; whoever chooses an hour waits for it."""
    view = edge.promises.fresh()
    if view is None and how in AT_HOURS:
        try:
            view = edge.promises.view()
        except Refused:
            return None
    return view


def gifts_of(conn: Conn, edge: Edge, basket: Basket, *, site_code: str | None) -> Sequence[GiftShown]:
    """Return the gifts that come with what a member buys, at a site or from whichever, that are there.

    None come with coupons that do not go with promotions.
    """
    codes = codes_of(basket.coupons)
    if codes and not take_gifts_along(list(offers_by_code(conn, codes).values())):
        return ()
    room = room_of(conn, basket.live)
    terms = _terms(conn, edge, room, is_to_member=True)
    sku = catalogue.skus_by_code(conn, [basket.sku]).get(basket.sku)
    site = org.sites_by_code(conn, [site_code]).get(site_code) if site_code is not None else None
    if terms is None or sku is None:
        return ()
    found = gifts_with(conn, sku, units=basket.units, terms=terms, site=site, at_store=basket.at_store)
    return [one for one in found if one.is_there]


def room_of(conn: Conn, code: str) -> LiveRoom | None:
    """The show somebody buys out of: one that is on air."""
    found = touchpoints.live_rooms_by_code(conn, [code]).get(code) if code else None
    return found if found is not None and found.is_live else None


def _terms(conn: Conn, edge: Edge, room: LiveRoom | None, *, is_to_member: bool) -> Terms | None:
    show = room.code if room else None
    return shop_terms(conn, now=edge.clock(), show=show, is_to_member=is_to_member)
