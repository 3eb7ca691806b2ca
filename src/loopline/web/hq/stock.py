"""Stock at headquarters: find a SKU, see it over all sites, and what moved it. Everyone sees the own branch alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Template

from loopline import catalogue, insight, orders, org, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.fulfilment.queries import orders_of_allocations
from loopline.kernel.ids import AllocationId, OrderId, SiteId, SkuId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day, day_range
from loopline.org import Permission, Site
from loopline.stock import Movement, MovementAsk, MovementReason, SkuLevel, SkuTotals
from loopline.web.api.answers import read
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.orders import PERIODS
from loopline.web.hq.stock_view import movement_rows, reason_choices, row_of_sku, site_rows, trend_message
from loopline.web.pages import page
from loopline.web.store.stock import find_skus

STOCK = "/hq/stock"
_TEXT_LENGTH_MAX = 80
_RECENT = 12
_SHOWN = 40
_DAYS_SHOWN = 30
# What holds of a reference: the allocation that moved, or the order that a till sold.
_OF_ALLOCATIONS = frozenset(
    {
        MovementReason.ALLOCATED,
        MovementReason.ALLOCATION_RELEASED,
        MovementReason.HANDED_OVER,
        MovementReason.NOT_FOUND,
        MovementReason.DAMAGE,
        MovementReason.COUNT,
    }
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of a SKU's page says; empty means all."""

    site: str = ""
    reason: str = ""
    period: str = ""

    def link(self, code: str, **changes: str) -> str:
        """Return the address with something else asked for, from the first page."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        query = urlencode({name: value for name, value in fields.items() if value})
        path = sku_path(code)
        return f"{path}?{query}" if query else path


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What of a SKU somebody looks at: as asked, in which branch, from which movement on."""

    asked: Asked
    scope: Scope
    before: tuple[datetime, UUID] | None = None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as a branch sees it, read at one moment; `orders` are those that moved it, by what their movements name."""

    sku: Sku
    levels: Sequence[SkuLevel]
    movements: Sequence[Movement]
    sites: Mapping[SiteId, Site]
    orders: Mapping[UUID, str]


def sku_path(code: str) -> str:
    """Return the address of a SKU's page."""
    return f"{STOCK}/{quote(code, safe='')}"


@get(STOCK, sync_to_thread=True)
def show_stock(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the SKUs a text names, or those that moved last, with what there is of them in one's branch."""
    scope = visitor.scope_of(Permission.STOCK_READ)
    text = text_of(request)
    language = language_of(request)
    skus, totals = read(request, lambda conn, _: _listed(conn, text, scope))
    return page(
        request,
        "hq/stock.html",
        visitor=visitor,
        text=text,
        sheet=f"{STOCK}.xlsx" + (f"?{urlencode({'q': text})}" if text else ""),
        rows=[row_of_sku(sku, totals.get(sku.id), language, path=sku_path(sku.code)) for sku in skus],
    )


def text_of(request: WebRequest) -> str:
    """Return the text that the address of the list asks for."""
    return request.query_params.get("q", "").strip()[:_TEXT_LENGTH_MAX].replace("\x00", "")


def _listed(conn: Conn, text: str, scope: Scope) -> tuple[list[Sku], dict[SkuId, SkuTotals]]:
    sites = sites_of(scope)
    if text:
        skus = find_skus(conn, text)
    else:
        recent = stock.skus_moved_last(conn, site_ids=sites, at_most=_RECENT)
        known = catalogue.skus_by_id(conn, recent)
        skus = [known[sku_id] for sku_id in recent if sku_id in known]
    return skus, stock.totals_of_skus(conn, [sku.id for sku in skus], site_ids=sites) if skus else {}


@get(STOCK + "/{code:str}", sync_to_thread=True)
def show_sku(request: WebRequest, visitor: NamedDependency[Visitor], code: FromPath[str]) -> Template:
    """Show a SKU over the sites of one's branch, and what moved it, as far as the address narrows that."""
    scope = visitor.scope_of(Permission.STOCK_READ)
    asked = asked_of(request)
    before = decode_cursor(request.query_params.get("cursor"), (datetime, UUID))
    language = language_of(request)
    look = Look(asked=asked, scope=scope, before=(before[0], before[1]) if before else None)
    story = read(request, lambda conn, now: _story(conn, code, look, now=now))
    shown = story.movements[:_SHOWN]
    by_site = site_rows(story.levels, story.sites, language)
    may_see_orders = visitor.may(Permission.ORDERS_READ)
    return page(
        request,
        "hq/stock_sku.html",
        visitor=visitor,
        asked=asked,
        code=story.sku.code,
        path=sku_path(story.sku.code),
        sku=row_of_sku(story.sku, None, language, path=""),
        sums=by_site.sums,
        sites=by_site.rows,
        held_anywhere=language.count(story.levels[0].held_anywhere)
        if story.levels and scope.everything
        else "",
        movements=movement_rows(shown, story.sites, story.orders if may_see_orders else {}, language),
        site_choices=[
            (site.code, language.called(site.name), asked.site == site.code)
            for site in sorted(story.sites.values(), key=lambda site: site.code)
        ],
        reasons=reason_choices(asked.reason, language),
        periods=[
            (asked.link(code, period=key), language.say(word), asked.period == key)
            for key, (word, _) in PERIODS.items()
        ],
        trend=f"{sku_path(story.sku.code)}/days"
        + (f"?{urlencode({'site': asked.site})}" if asked.site else ""),
        is_later_page=before is not None,
        older=_older(asked, story.sku.code, shown[-1]) if len(story.movements) > _SHOWN else "",
        latest=asked.link(code),
    )


@get(STOCK + "/{code:str}/days", sync_to_thread=True)
def tell_days(request: WebRequest, visitor: NamedDependency[Visitor], code: FromPath[str]) -> Response[bytes]:
    """Tell how many units of a SKU one's branch had on hand at the end of each of the last days, for the chart."""
    scope = visitor.scope_of(Permission.STOCK_READ)
    asked = asked_of(request)

    def find(conn: Conn, now: datetime) -> tuple[list[stock.DayLevel], str]:
        sku = _sku(conn, code)
        zone = insight.board_setting(conn).zone
        today = business_day(now, zone)
        ask = MovementAsk(sku_id=sku.id, site_ids=_narrowed(conn, asked, scope))
        return (
            stock.on_hand_by_day(
                conn, ask, first_day=today - timedelta(days=_DAYS_SHOWN - 1), last_day=today, zone=zone
            ),
            zone,
        )

    days, zone = read(request, find)
    message = trend_message(days, zone, language_of(request))
    return Response(
        msgspec.json.encode(message), media_type=MediaType.JSON, headers={"Cache-Control": "no-store"}
    )


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for; what it says twice counts once."""
    said = {name: request.query_params.get(name, "") for name in Asked.__struct_fields__}
    return Asked(**{name: value.strip() for name, value in said.items()})


def _story(conn: Conn, code: str, look: Look, *, now: datetime) -> Story:
    """Read a SKU in six statements. Raises Refused where there is no such SKU."""
    sku = _sku(conn, code)
    asked, sites_in_scope = look.asked, sites_of(look.scope)
    levels = stock.levels_of_sku(conn, sku.id, site_ids=sites_in_scope)
    sites = org.sites_by_id(conn, {level.site_id for level in levels})
    chosen = {site.id for site in sites.values() if site.code == asked.site} if asked.site else None
    zone = next((site.time_zone for site in sites.values()), "UTC")
    movements = stock.movements_of_sku(
        conn,
        MovementAsk(
            sku_id=sku.id,
            site_ids=sites_in_scope if chosen is None else chosen,
            reasons=[MovementReason(asked.reason)] if asked.reason in set(MovementReason) else (),
            since=_since(asked.period, now=now, zone=zone),
            before=look.before,
        ),
        at_most=_SHOWN + 1,
    )
    return Story(sku=sku, levels=levels, movements=movements, sites=sites, orders=_orders_of(conn, movements))


def _sku(conn: Conn, code: str) -> Sku:
    found = catalogue.skus_by_code(conn, [code]).get(code)
    if found is None:
        raise Refused(NoSuchThing(noun="SKU", value=code))
    return found


def _since(period: str, *, now: datetime, zone: str) -> datetime | None:
    _, days = PERIODS.get(period, PERIODS[""])
    if days is None:
        return None
    return day_range(business_day(now, zone) - timedelta(days=days - 1), zone).start


def _orders_of(conn: Conn, movements: Sequence[Movement]) -> dict[UUID, str]:
    """Return the numbers of the orders that movements are owed to, by the reference the movements carry."""
    tied = [
        AllocationId(one.reference)
        for one in movements
        if one.reference is not None and one.reason in _OF_ALLOCATIONS
    ]
    of_allocation = orders_of_allocations(conn, tied) if tied else {}
    sold = {
        one.reference: OrderId(one.reference)
        for one in movements
        if one.reference is not None and one.reason is MovementReason.SALE
    }
    meant: dict[UUID, OrderId] = {**of_allocation, **sold}
    heads = orders.orders_by_ids(conn, list(set(meant.values()))) if meant else []
    numbers = {head.id: head.number for head in heads}
    return {reference: numbers[order_id] for reference, order_id in meant.items() if order_id in numbers}


def _narrowed(conn: Conn, asked: Asked, scope: Scope) -> set[SiteId] | frozenset[SiteId] | None:
    """Return the sites meant: the one that is named, where it is in scope, else all in scope."""
    if not asked.site:
        return sites_of(scope)
    site = org.sites_by_code(conn, {asked.site}).get(asked.site)
    return {site.id} if site is not None and scope.covers_site(site.id) else set()


def sites_of(scope: Scope) -> frozenset[SiteId] | None:
    """Return the sites of a scope; None: all there are."""
    return None if scope.everything else scope.sites


def _older(asked: Asked, code: str, last: Movement) -> str:
    address = asked.link(code)
    cursor = urlencode({"cursor": encode_cursor(last.at, last.movement_id)})
    return f"{address}{'&' if '?' in address else '?'}{cursor}"


STOCK_PAGES = [show_stock, show_sku, tell_days]
