"""Where somebody stands while working: the sites of the own branch, one of them chosen, and the parties one is."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

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
    """Return where somebody works: the site chosen before, else the one of the own unit, else the first.

    Raises Refused for whoever may not see tasks. Reads the database: a dependency that runs in a thread. Whoever opens
    a page, or does something on one, is seen at work there.
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
    if not scope.everything:  # who sees every site is at work at none
        _see(request, site)
    return Desk(visitor=visitor, scope=scope, site=site, sites=tuple(sites))


def _see(request: WebRequest, site: Site) -> None:
    """Tell that somebody is at work at a site, now and then; not of a page that asks again by itself."""
    asks_by_itself = request.headers.get("hx-request") == "true" or "text/html" not in request.headers.get(
        "accept", ""
    )
    edge = edge_of(request)
    now = edge.clock()
    if (request.method == "GET" and asks_by_itself) or not edge.seen.is_news(site.id, now=now):
        return
    with edge.database.transaction() as conn:
        note_seen(conn, site.id, now=now)


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


@post("/store/site", dependencies=DESK, sync_to_thread=True)
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
