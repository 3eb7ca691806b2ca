"""Lists across rooms, and what is known of one order: orders and products by text, what happened, why this site."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from loopline import catalogue, org, search
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import LineId, MemberId, OrderId, ProductId, SiteId, SkuId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders import OrderStage
from loopline.org import Permission, Site
from loopline.processes.look_up import OrderStory, order_story
from loopline.search import OrderAsk, OrderFound, OrderPlace, ProductFound, ProductPlace
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.explained import ChoiceTold, choice_told
from loopline.web.api.order_view import find_order
from loopline.web.api.orders import OrderName
from loopline.web.api.quotes import DiscountTold
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Page, Paging, page_of, paging, told
from loopline.web.api.types import Code, Moment
from loopline.web.edge import edge_of, language_of
from loopline.web.hq.order_text import may_find_by_member, members_meant, text_asked
from loopline.web.hq.order_timeline import moments_of
from loopline.web.hq.order_view import Eyes, Part, eyes_on, sending_sites

_ORDERS, _CATALOGUE = "orders", "catalogue"
_CHOICES_MAX = 20

Text = Annotated[
    str | None,
    QueryParameter(
        description="What to look for: words (all must be there), a number, the beginning of a code.",
        max_length=200,
    ),
]
Stages = Annotated[
    list[OrderStage] | None,
    QueryParameter(name="stage", description="Only these stages.", max_items=_CHOICES_MAX),
]
Channels = Annotated[
    list[Code] | None,
    QueryParameter(name="channel", description="Only these channels.", max_items=_CHOICES_MAX),
]
SiteCode = Annotated[
    Code | None, QueryParameter(description="Only what this site sells, hands over or sends.")
]
PlacedFrom = Annotated[Moment | None, QueryParameter(description="Placed at this moment or later.")]
PlacedUntil = Annotated[Moment | None, QueryParameter(description="Placed before this moment.")]
MemberParameter = Annotated[UUID | None, QueryParameter(description="Only what this member bought.")]


class OrderFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders a list is asked for."""

    text: str | None
    stages: tuple[OrderStage, ...]
    channels: tuple[str, ...]
    site_code: str | None
    placed_from: datetime | None
    placed_until: datetime | None
    member_id: MemberId | None


def order_filters(  # noqa: PLR0913, PLR0917 - one argument for each parameter of the query
    text: Text = None,
    stages: Stages = None,
    channels: Channels = None,
    site_code: SiteCode = None,
    placed_from: PlacedFrom = None,
    placed_until: PlacedUntil = None,
    member_id: MemberParameter = None,
) -> OrderFilters:
    """Return what a list of orders is narrowed to: a dependency."""
    return OrderFilters(
        text=text,
        stages=tuple(stages or ()),
        channels=tuple(channels or ()),
        site_code=site_code,
        placed_from=placed_from,
        placed_until=placed_until,
        member_id=MemberId(member_id) if member_id is not None else None,
    )


class OrderListed(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list; `goods` are the first of them.

    Whoever only sends it sees its own sites, and null for units, amounts and the member.
    """

    id: OrderId
    number: str
    channel: str
    external_number: str
    kind: str
    delivery: str
    stage: str
    placed_at: datetime
    site_code: str | None
    sending_site_codes: tuple[str, ...]
    goods: tuple[str, ...]
    lines: int
    units: int | None
    currency: str
    amount_minor: int | None
    taken_minor: int | None
    refunded_minor: int | None
    member_id: MemberId | None


class SkuListed(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU of a product in a list."""

    id: SkuId
    code: str
    name: str
    gtin: str | None
    is_active: bool


class ProductListed(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list, with its SKUs by code."""

    id: ProductId
    code: str
    name: str
    category: str | None
    season: str | None
    is_active: bool
    skus: tuple[SkuListed, ...]


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an order, said in the caller's language; `type` is the event's, for programs."""

    position: int
    type: str
    at: datetime
    said: str
    detail: str
    actor: str


class OrderTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an order, the latest first, as far as it is for the caller."""

    order_id: OrderId
    number: str
    entries: tuple[TimelineEntry, ...]


class PriceTold(msgspec.Struct, frozen=True, kw_only=True):
    """What decided a line's price; `list_unit_minor` is our own where another was stated."""

    line_id: LineId
    code: str
    decided_by: str
    price_list_code: str | None
    unit_minor: int
    list_unit_minor: int | None
    discounts: tuple[DiscountTold, ...]


class OrderExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order is sent from where it is, the latest decision first, and why it costs what it does."""

    order_id: OrderId
    number: str
    choices: tuple[ChoiceTold, ...]
    prices: tuple[PriceTold, ...]


@get(
    "/orders",
    tags=[_ORDERS],
    operation_id="list_orders",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    dependencies={
        "asked": Provide(paging, sync_to_thread=False),
        "filters": Provide(order_filters, sync_to_thread=False),
    },
)
def list_orders(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    filters: NamedDependency[OrderFilters],
) -> Page[OrderListed]:
    """List the orders that the caller's sites sell or send, the latest first.

    The list follows what happens within a moment; read the order itself for what is certain.
    """
    scope = caller.scope(Permission.ORDERS_READ)
    members = caller.branches.get(Permission.MEMBERS_READ, Scope())
    after = asked.after(datetime, UUID)
    place = OrderPlace(placed_at=after[0], order_id=OrderId(after[1])) if after else None

    def find(conn: Conn, _: datetime) -> tuple[Sequence[OrderFound], Mapping[SiteId, Site]]:
        ask = _order_ask(conn, filters, request=request, caller=caller)
        if ask is None:
            return (), {}
        found = search.find_orders(conn, ask, scope=scope, after=place, limit=asked.at_most)
        named = {one.site_id for one in found if one.site_id is not None}
        named |= {site_id for one in found for site_id in one.sending_sites}
        return found, org.sites_by_id(conn, named)

    found, sites = read(request, find)
    return page_of(
        found,
        asked,
        told=lambda one: _listed(one, sites, scope=scope, members=members),
        cursor=lambda one: encode_cursor(one.placed_at, one.order_id),
    )


def _order_ask(conn: Conn, filters: OrderFilters, *, request: AnyRequest, caller: Caller) -> OrderAsk | None:
    """Return what is asked of search; None where the site named is none, so that nothing can be found."""
    site_id = None
    if filters.site_code is not None:
        site = org.sites_by_code(conn, [filters.site_code]).get(filters.site_code)
        if site is None:
            return None
        site_id = site.id
    may_find = may_find_by_member(caller.branches)
    if filters.member_id is not None and not may_find:
        raise Refused(org.NotAllowed(permission=Permission.MEMBERS_READ))
    text = text_asked(filters.text or "")
    meant = members_meant(conn, filters.text or "", ring=edge_of(request).ring, branches=caller.branches)
    return OrderAsk(
        text=text,
        members_meant=meant,
        stages=tuple(stage.value for stage in filters.stages),
        channels=filters.channels,
        site_id=site_id,
        placed_from=filters.placed_from,
        placed_until=filters.placed_until,
        member_ids=(filters.member_id,) if filters.member_id is not None else None,
    )


def _listed(one: OrderFound, sites: Mapping[SiteId, Site], *, scope: Scope, members: Scope) -> OrderListed:
    sells = scope.covers_site(one.site_id)
    site = sites.get(one.site_id) if one.site_id is not None else None
    return OrderListed(
        id=one.order_id,
        number=one.number,
        channel=one.channel,
        external_number=one.external_number,
        kind=one.kind,
        delivery=one.delivery,
        stage=one.stage,
        placed_at=one.placed_at,
        site_code=site.code if site else None,
        sending_site_codes=tuple(
            sites[site_id].code
            for site_id in one.sending_sites
            if site_id in sites and (sells or scope.covers_site(site_id))
        ),
        goods=one.names,
        lines=one.lines,
        units=one.units if sells else None,
        currency=one.currency,
        amount_minor=one.amount_minor if sells else None,
        taken_minor=one.taken_minor if sells else None,
        refunded_minor=one.refunded_minor if sells else None,
        member_id=one.member_id if sells and members.covers_site(one.site_id) else None,
    )


@told("/products", tag=_CATALOGUE, name="list_products")
def list_products(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    text: Text = None,
) -> Page[ProductListed]:
    """List products by name, category, code or GTIN, in Chinese and English: the best fit first, then by code."""
    caller.scope(Permission.CATALOGUE_READ)
    after = asked.after(int, str)
    place = ProductPlace(rank=after[0], code=after[1]) if after else None

    def find(conn: Conn, _: datetime) -> tuple[list[ProductFound], Mapping[ProductId, list[Sku]]]:
        found = search.find_products(conn, text_kept(text), after=place, limit=asked.at_most)
        skus: dict[ProductId, list[Sku]] = {one.product_id: [] for one in found}
        for sku in catalogue.skus_of_products(conn, skus):
            skus[sku.product_id].append(sku)
        return found, skus

    found, skus = read(request, find)
    return page_of(
        found,
        asked,
        told=lambda one: _product(one, skus[one.product_id]),
        cursor=lambda one: encode_cursor(one.rank, one.code),
    )


def text_kept(text: str | None) -> str | None:
    """Return a text as it can be looked for."""
    return None if text is None else text.replace("\x00", " ")


def _product(one: ProductFound, skus: Sequence[Sku]) -> ProductListed:
    return ProductListed(
        id=one.product_id,
        code=one.code,
        name=one.name,
        category=one.category,
        season=one.season,
        is_active=one.is_active,
        skus=tuple(
            SkuListed(id=sku.id, code=sku.code, name=sku.name, gtin=sku.gtin, is_active=sku.is_active)
            for sku in skus
        ),
    )


@told("/orders/{order:str}/timeline", tag=_ORDERS, name="get_order_timeline")
def get_order_timeline(
    request: AnyRequest, caller: NamedDependency[Caller], order: OrderName
) -> OrderTimeline:
    """Tell what happened to an order, the latest first, in words and by the events' types."""
    story, eyes = read(request, lambda conn, _: _story(conn, caller, order))
    return OrderTimeline(
        order_id=story.order.id,
        number=story.order.number,
        entries=tuple(
            TimelineEntry(
                position=one.key, type=one.type, at=one.at, said=one.word, detail=one.detail, actor=one.actor
            )
            for one in moments_of(story, eyes, language_of(request))
        ),
    )


@told("/orders/{order:str}/explanation", tag=_ORDERS, name="get_order_explanation")
def get_order_explanation(
    request: AnyRequest, caller: NamedDependency[Caller], order: OrderName
) -> OrderExplanation:
    """Tell why an order is sent from where it is, with every site that was weighed, and what decided its prices."""
    story, eyes = read(request, lambda conn, _: _story(conn, caller, order))
    language = language_of(request)
    if not eyes.sees(Part.SITE_CHOICE) and not eyes.sees(Part.PRICE_ORIGIN):
        raise Refused(NotInYourBranch(subject=order))
    return OrderExplanation(
        order_id=story.order.id,
        number=story.order.number,
        choices=tuple(choice_told(one, story, language) for one in story.explanations)
        if eyes.sees(Part.SITE_CHOICE)
        else (),
        prices=_prices(story) if eyes.sees(Part.PRICE_ORIGIN) else (),
    )


def _story(conn: Conn, caller: Caller, text: str) -> tuple[OrderStory, Eyes]:
    """Read an order that the caller may see. Raises Refused where there is none, or not for them."""
    caller.scope(Permission.ORDERS_READ)
    head = find_order(conn, text)
    story = order_story(conn, head.id) if head is not None else None
    eyes = (
        eyes_on(
            caller.branches,
            selling=story.order.site_id,
            sending=sending_sites(story),
            person_id=caller.person_id,
        )
        if story is not None
        else None
    )
    if story is None or eyes is None:
        raise Refused(NoSuchThing(noun="order", value=text))
    return story, eyes


def _prices(story: OrderStory) -> tuple[PriceTold, ...]:
    derived = story.derivation.lines if story.derivation else ()
    told_prices: list[PriceTold] = []
    for line, why in zip(story.lines, derived, strict=False):
        deciding = story.price_lists.get(why.price_id) if why.price_id is not None else None
        told_prices.append(
            PriceTold(
                line_id=line.line_id,
                code=line.code,
                decided_by=why.decided_by.value,
                price_list_code=deciding.code if deciding else None,
                unit_minor=line.unit_minor,
                list_unit_minor=line.list_unit_minor,
                discounts=tuple(
                    DiscountTold(
                        promotion_id=one.promotion_id,
                        code=story.promotions[one.promotion_id].code,
                        name=story.promotions[one.promotion_id].name,
                        amount_minor=one.amount_minor,
                    )
                    for one in why.discounts
                ),
            )
        )
    return tuple(told_prices)


SEARCH_HANDLERS = [
    list_orders,
    list_products,
    get_order_timeline,
    get_order_explanation,
]
