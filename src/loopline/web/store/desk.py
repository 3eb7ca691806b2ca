"""Where somebody stands while working: the sites of the own branch, one of them chosen, and the parties one is."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import psycopg
import structlog
from litestar import post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from psycopg_pool import PoolTimeout

from loopline import org
from loopline.db import Conn
from loopline.fulfilment.dark import note_seen
from loopline.kernel.ids import PartyId, PersonId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.org import Party, PartyKind, Permission, Site
from loopline.web.edge import Visitor, WebRequest, edge_of
from loopline.web.paths import safe_path
from loopline.web.store.refusals import NoSiteForYou

SITE_COOKIE = "loopline_site"
STORE = "/store"
_YEAR_SECONDS = 365 * 24 * 3600
_logger = structlog.get_logger(__name__)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at work at a site, one of those in `scope`; `sites` are all of them, in the order of their codes."""

    visitor: Visitor
    scope: Scope
    site: Site
    sites: tuple[Site, ...]

    @property
    def person_id(self) -> PersonId:
        """Who is at work."""
        return self.visitor.person.person_id


class SiteForm(msgspec.Struct, frozen=True, kw_only=True):
    """Which site somebody wants to work at, and where to go back to."""

    code: str
    back: str = STORE


def desk(request: WebRequest, visitor: NamedDependency[Visitor]) -> Desk:
    """Return where somebody works, as `standing_at` does. Whoever opens a page, or does something, is seen there."""
    found = standing_at(request, visitor)
    if _is_at_work(request, found):
        _see(request, found.site)
    return found


def standing_at(request: WebRequest, visitor: NamedDependency[Visitor]) -> Desk:
    """Return where somebody works: the site chosen before, else the one of the own unit, else the first.

    Raises Refused for whoever may not see tasks. Reads the database: a dependency that runs in a thread.
    """
    scope = visitor.scope_of(Permission.TASKS_READ)
    with edge_of(request).database.reading() as conn:
        sites = sites_in(conn, scope)
    if not sites:
        raise Refused(NoSiteForYou())
    chosen = request.cookies.get(SITE_COOKIE)
    site = (
        next((one for one in sites if one.code == chosen), None)
        or next((one for one in sites if one.unit_id == visitor.person.unit_id), None)
        or sites[0]
    )
    return Desk(visitor=visitor, scope=scope, site=site, sites=tuple(sites))


def _is_at_work(request: WebRequest, desk: Desk) -> bool:
    """Whether this is a sign of life of the site: somebody of it looks, or somebody who may work there does something.

    Whoever sees every site is at work at none; who answers for several looks at one from elsewhere. A page that asks
    again by itself is no sign.
    """
    visitor, site = desk.visitor, desk.site
    if desk.scope.everything:
        return False
    is_theirs = len(desk.sites) == 1 or site.unit_id == visitor.person.unit_id
    if request.method != "GET":
        may_work = visitor.may(Permission.TASKS_WRITE)
        return is_theirs or (may_work and visitor.scope_of(Permission.TASKS_WRITE).covers_site(site.id))
    asks_by_itself = request.headers.get("hx-request") == "true" or "text/html" not in request.headers.get(
        "accept", ""
    )
    return is_theirs and not asks_by_itself


def _see(request: WebRequest, site: Site) -> None:
    """Tell that somebody is at work at a site, now and then. Whether that can be kept is nothing to who works."""
    edge = edge_of(request)
    now = edge.clock()
    if not edge.seen.is_news(site.id, now=now):
        return
    try:
        with edge.database.transaction(quiet=True) as conn:
            note_seen(conn, site.id, now=now)
    except (psycopg.Error, PoolTimeout) as error:
        _logger.warning("sign_of_life_not_kept", site=site.code, error=str(error))


DESK = {"desk": Provide(desk, sync_to_thread=True)}


def sites_in(conn: Conn, scope: Scope) -> list[Site]:
    """Return the sites of a scope in the order of their codes."""
    if scope.everything:
        return org.branch_sites(conn)
    return sorted(org.sites_by_id(conn, scope.sites).values(), key=lambda site: site.code)


def own_parties(conn: Conn, visitor: Visitor) -> list[Party]:
    """Return the parties somebody is: as a guide, as a streamer."""
    of_unit = org.branch_parties(conn, [visitor.person.unit_id])
    return [party for party in of_unit if party.person_id == visitor.person.person_id]


def party_of_site(conn: Conn, site: Site) -> Party | None:
    """Return the party that earns by what a site sells and sends."""
    of_unit = org.branch_parties(conn, [site.unit_id])
    return next((one for one in of_unit if one.kind is PartyKind.STORE and one.unit_id == site.unit_id), None)


def party_ids(parties: Sequence[Party | None]) -> list[PartyId]:
    """Return the ids of those parties there are."""
    return [party.id for party in parties if party is not None]


# Whoever goes to another site does nothing at the one that is left.
@post("/store/site", dependencies={"desk": Provide(standing_at, sync_to_thread=True)}, sync_to_thread=True)
def choose_site(
    request: WebRequest,
    desk: NamedDependency[Desk],
    data: Annotated[SiteForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Keep the site somebody works at; one that is not theirs changes nothing."""
    code = data.code if any(site.code == data.code for site in desk.sites) else desk.site.code
    cookie = Cookie(
        key=SITE_COOKIE,
        value=code,
        max_age=_YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        secure=edge_of(request).settings.is_secure,
    )
    back = safe_path(data.back)
    return Redirect(
        back if back.startswith(STORE) else STORE, status_code=HTTP_303_SEE_OTHER, cookies=[cookie]
    )
