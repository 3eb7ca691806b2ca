"""What customers were promised: what is at risk, what was kept and broken over time and by site, what was learnt."""

from datetime import datetime, timedelta

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Template

from loopline import orders, org, promises
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.promises import WatchList
from loopline.web.api.answers import read
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.promises_view import Found, days_message, written
from loopline.web.pages import page

PROMISES = "/hq/promises"
LOOKED_BACK = timedelta(days=30)
_SHOWN = 60


@get(PROMISES, sync_to_thread=True)
def show_promises(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the promises of somebody's sites, of the list that the address names; else those at risk."""
    scope = visitor.scope_of(Permission.SOURCING_READ)
    asked = request.query_params.get("list", "")
    which = WatchList(asked) if asked in set(WatchList) else WatchList.AT_RISK
    found = read(request, lambda conn, now: find(conn, which, scope=scope, now=now))
    return page(
        request, "hq/promises.html", visitor=visitor, view=written(found, language_of(request)), path=PROMISES
    )


@get(f"{PROMISES}/days", sync_to_thread=True)
def tell_promised_days(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell how many promises were kept and broken on each day, for the chart."""
    sites = _sites(visitor.scope_of(Permission.SOURCING_READ))
    days, zone = read(
        request,
        lambda conn, now: (
            promises.kept_by_day(conn, now - LOOKED_BACK, zone=board_setting(conn).zone, site_ids=sites),
            board_setting(conn).zone,
        ),
    )
    return Response(
        msgspec.json.encode(days_message(days, zone, language_of(request))),
        media_type=MediaType.JSON,
        headers={"Cache-Control": "no-store"},
    )


def _sites(scope: Scope) -> list[SiteId] | None:
    return None if scope.everything else sorted(scope.sites)


def find(conn: Conn, which: WatchList, *, scope: Scope, now: datetime) -> Found:
    """Read the page, as far as a scope reaches."""
    site_ids = _sites(scope)
    since = now - LOOKED_BACK
    listed = promises.watched(conn, which, site_ids=site_ids, since=since, at_most=_SHOWN)
    heads = orders.orders_by_ids(conn, list({one.order_id for one in listed}))
    learnt = promises.last_learnt(conn)
    return Found(
        now=now,
        zone=board_setting(conn).zone,
        which=which,
        record=promises.record_since(conn, since, site_ids=site_ids),
        listed=listed,
        numbers={one.id: one.number for one in heads},
        by_kind=promises.kept_by_kind(conn, since, site_ids=site_ids),
        by_site=promises.kept_by_site(conn, since, site_ids=site_ids),
        learnt=learnt[0] if learnt is not None else None,
        paces=[
            one for one in learnt[1] if scope.everything or (one.site_id and scope.covers_site(one.site_id))
        ]
        if learnt is not None
        else [],
        held_back=promises.held_back_of(conn, learnt[0].version)
        if learnt is not None and scope.everything
        else [],
        sites={one.id: one for one in org.branch_sites(conn)},
    )


PROMISE_PAGES = [show_promises, tell_promised_days]
