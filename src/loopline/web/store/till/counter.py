"""Who may stand at the till of a site, and what the till is told before it is alone: prices, site, its own cashier."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from loopline import catalogue, pricing
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Entity, Permission, Site
from loopline.org.limits import CounterLimit, limits_of_sites
from loopline.org.queries import entities_by_id
from loopline.pricing.promotions import Promotion, promotions_by_id
from loopline.processes.till_prices import piece_cart
from loopline.web.api.answers import answered, read
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.pages import form_token
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.words import gtin_as_printed, variety

_GOODS_READ_MAX = 1_000


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as the till finds it: by code or GTIN (as printed; empty where it has none), with the price of one unit.

    `list_minor`: what it costs without promotions, and `why`: their names; null and empty where there are none.
    """

    code: str
    gtin: str
    name: str
    variety: str
    unit_minor: int
    list_minor: int | None = None
    why: str = ""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the goods that a site sells, in the order of codes; `after` asks for the next, null on the last.

    With it comes who stands at the till, by how many per cent they may lower a price alone, and the server's clock.
    """

    person_id: UUID
    person_name: str
    site_code: str
    site_name: str
    currency: str
    now: datetime
    percent: int
    goods: list[Priced]
    after: str | None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What a till's commands carry in `x-csrftoken`, and the server's clock."""

    token: str
    now: datetime


def sending_scope(visitor: Visitor) -> Scope:
    """Return the sites for which somebody may ring up: sell, and take the money. Raises Refused for nobody such."""
    selling = visitor.scope_of(Permission.ORDERS_WRITE)
    taking = visitor.scope_of(Permission.PAYMENTS_WRITE)
    if selling.everything:
        return taking
    return selling if taking.everything else Scope(sites=selling.sites & taking.sites)


def till_desk(desk: NamedDependency[Desk]) -> Desk:
    """Return where somebody rings up. Raises Refused where that is not theirs to do."""
    if not sending_scope(desk.visitor).covers_site(desk.site.id):
        raise Refused(NotInYourBranch(subject=desk.site.code))
    return desk


COUNTER = {**DESK, "counter": Provide(till_desk, sync_to_thread=False)}


@get("/store/till/token", sync_to_thread=True)
def tell_token(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell what commands carry: a till that was opened without a network has none, or an old one."""
    sending_scope(visitor)
    return answered(Token(token=form_token(request), now=edge_of(request).clock()))


@get("/store/till/book", dependencies=COUNTER, sync_to_thread=True)
def tell_book(
    request: WebRequest, counter: NamedDependency[Desk], after: FromQuery[str] = ""
) -> Response[bytes]:
    """Tell a page of prices as they are now at the till of this site."""
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> Book:
        seller = entities_by_id(conn, [counter.site.entity_id])[counter.site.entity_id]
        skus = catalogue.skus_after(conn, after.replace("\x00", ""), at_most=_GOODS_READ_MAX)
        prices = lines_at_till(conn, [sku for sku in skus if sku.is_active], counter.site, seller, now=now)
        taking = {one.promotion_id for line in prices.values() for one in line.derivation.discounts}
        named = promotions_by_id(conn, taking) if taking else {}
        return Book(
            person_id=counter.person_id,
            person_name=language.called(counter.visitor.person.name),
            site_code=counter.site.code,
            site_name=language.called(counter.site.name),
            currency=seller.currency,
            now=now,
            percent=limits_of_sites(conn, [counter.site], CounterLimit.PRICE_ALONE)[counter.site.id].value,
            goods=[_priced(sku, prices[sku.id], named, language) for sku in skus if sku.id in prices],
            after=skus[-1].code if len(skus) == _GOODS_READ_MAX else None,
        )

    return answered(read(request, work))


def prices_at_till(
    conn: Conn, skus: Sequence[Sku], site: Site, seller: Entity, *, now: datetime
) -> dict[SkuId, int]:
    """Return what one unit of each SKU costs at the till of a site, in minor units; what has no price is left out."""
    found = lines_at_till(conn, skus, site, seller, now=now)
    return {sku_id: line.amount_minor for sku_id, line in found.items()}


def lines_at_till(
    conn: Conn, skus: Sequence[Sku], site: Site, seller: Entity, *, now: datetime
) -> dict[SkuId, pricing.QuoteLine]:
    """Return one unit of each SKU as the till of a site charges it; what has no price is left out.

    With the promotions that look at one piece: the till adds up by itself, and what it states is known again by them.
    """
    carts = [piece_cart(sku, site, currency=seller.currency, at=now) for sku in skus]
    quotes = zip(skus, pricing.quote(conn, carts), strict=True)
    return {sku.id: one.lines[0] for sku, one in quotes if isinstance(one, pricing.Quote)}


def _priced(sku: Sku, line: pricing.QuoteLine, named: Mapping[UUID, Promotion], language: Language) -> Priced:
    discounts = line.derivation.discounts
    return Priced(
        code=sku.code,
        gtin=gtin_as_printed(sku.gtin),
        name=language.called(sku.name),
        variety=variety(sku),
        unit_minor=line.amount_minor,
        list_minor=line.list_unit_minor if discounts else None,
        why=" · ".join(language.called(named[one.promotion_id].name) for one in discounts),
    )
