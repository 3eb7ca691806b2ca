"""The wave monitor: what waits for a site and why, the last waves, what was offered, how full each site is."""

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Template

from loopline import orders, org, promises
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.dark import dark_work
from loopline.fulfilment.model import Capacity
from loopline.insight import board_setting
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.orders import WaitsFor
from loopline.orders.parking import count_parked_days
from loopline.org import Permission
from loopline.sourcing import queries as sourcing
from loopline.sourcing.profiles import profile_in_force
from loopline.web.api.answers import read
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.sourcing_view import Found, encoded_map, written
from loopline.web.pages import page

SOURCING = "/hq/sourcing"
_WAVES_SHOWN = 12
_WAITING_SHOWN = 30
_LOOKED_BACK = timedelta(hours=24)


@get(SOURCING, sync_to_thread=True)
def show_sourcing(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what waits, what was decided and how full sites are; of the whole brand only to who sees all of it."""
    return _shown(request, visitor, "hq/sourcing.html")


@get(f"{SOURCING}/now", sync_to_thread=True)
def tell_sourcing(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Tell the same as a part of the page that asks for it again and again."""
    return _shown(request, visitor, "hq/sourcing_now.html")


@get(f"{SOURCING}/map", sync_to_thread=True)
def tell_map(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell where sites are and how full, for the map."""
    scope = visitor.scope_of(Permission.SOURCING_READ)
    found = read(request, lambda conn, now: find(conn, scope=scope, now=now, waits_for=None))
    return Response(
        encoded_map(found, language_of(request)),
        media_type=MediaType.JSON,
        headers={"Cache-Control": "no-store"},
    )


def _shown(request: WebRequest, visitor: Visitor, template: str) -> Template:
    scope = visitor.scope_of(Permission.SOURCING_READ)
    asked = request.query_params.get("waits", "")
    found = read(request, lambda conn, now: find(conn, scope=scope, now=now, waits_for=asked or None))
    return page(
        request,
        template,
        visitor=visitor,
        view=written(found, language_of(request), asked=asked),
        path=SOURCING,
        query=f"?{urlencode({'waits': asked})}" if asked else "",
        may_write=visitor.may(Permission.SOURCING_WRITE) and scope.everything,
    )


def find(conn: Conn, *, scope: Scope, now: datetime, waits_for: str | None) -> Found:
    """Read the monitor, as far as a scope reaches; `waits_for`: of which queue the orders are listed."""
    sites = {site.id: site for site in org.branch_sites(conn) if scope.covers_site(site.id)}
    whole, zone = scope.everything, board_setting(conn).zone
    kinds = {**{one.value: one for one in WaitsFor}, "goods": None}
    return Found(
        now=now,
        zone=zone,
        is_whole=whole,
        profile=profile_in_force(conn),
        asked=orders.count_asked(conn, since=now - _LOOKED_BACK) if whole else 0,
        late=promises.late_now(conn, now=now, site_ids=None if whole else list(sites)),
        due=orders.sourcing_queue(conn, now=now) if whole else [],
        parked=orders.parked_queue(conn) if whole else None,
        passed=count_parked_days(conn, today=business_day(now, zone)).passed if whole else 0,
        listed=orders.orders_waiting_for(conn, kinds[waits_for], now=now, limit=_WAITING_SHOWN)
        if whole and waits_for in kinds
        else [],
        waves=sourcing.last_waves(conn, limit=_WAVES_SHOWN) if whole else [],
        sites=sites,
        capacity=_capacity(conn, {site_id: site.time_zone for site_id, site in sites.items()}, now=now),
        flow={
            one.site_id: one
            for one in fulfilment.work_flow(conn, since=now - _LOOKED_BACK, now=now)
            if one.site_id in sites
        },
        dark=[one for one in dark_work(conn) if one.site_id in sites],
    )


def _capacity(conn: Conn, zones: dict[SiteId, str], *, now: datetime) -> dict[SiteId, Capacity]:
    by_day: dict[date, list[SiteId]] = {}
    days = {zone: business_day(now, zone) for zone in set(zones.values())}
    for site_id, zone in zones.items():
        by_day.setdefault(days[zone], []).append(site_id)
    return {
        one.site_id: one
        for day, site_ids in by_day.items()
        for one in fulfilment.capacity_of_sites(conn, site_ids, day=day)
    }


SOURCING_PAGES = [show_sourcing, tell_sourcing, tell_map]
