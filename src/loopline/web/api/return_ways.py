"""Ways back over the API: which are offered, and that announced goods are on their way."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import ReturnId
from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.processes.ways_back import say_fetched, say_sent
from loopline.returns.announcements import announced_by_id
from loopline.returns.ways import Way, WaySent, ways_of_returns, ways_offered
from loopline.web.api.answers import AnyRequest, commanded, granted, read
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.refusals import NoSuchThing, OfMembersAlone
from loopline.web.api.return_view import WayTold, way_told
from loopline.web.api.shapes import Page, posted, told

_TAG = "returns"


class WayOffered(msgspec.Struct, frozen=True, kw_only=True):
    """A way in which goods come back, and whether members may choose it now."""

    way: Way
    is_offered: bool


class SentAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Under which number of the carrier a member sent goods; of what a courier fetched there need be none."""

    tracking_number: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


@told("/return-ways", tag=_TAG, name="list_return_ways")
def list_return_ways(request: AnyRequest, caller: NamedDependency[Caller]) -> Page[WayOffered]:
    """List by which ways goods come back, and which of them members may choose now."""
    if caller.kind is not CallerKind.MEMBER:
        caller.scope(Permission.RETURNS_READ)
    terms = read(request, lambda conn, _: ways_offered(conn))
    return Page(items=[WayOffered(way=one.way, is_offered=one.is_offered) for one in terms], next_cursor=None)


@posted("/returns/{return_id:uuid}/sent", tag=_TAG, name="send_return", gives=WayTold)
def send_return(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    return_id: FromPath[UUID],
    data: JSONBody[SentAsk],
) -> Response[bytes]:
    """Say that announced goods are on their way: members of what they sent, the site that waits of what a courier has.

    A number may be said anew.
    """
    sent = WaySent(return_id=ReturnId(return_id), tracking_number=data.tracking_number)

    def by_member(conn: Conn, now: datetime) -> None:
        announced = announced_by_id(conn, [sent.return_id])
        if not announced or announced[0].member_id != caller.member_id:
            raise Refused(NoSuchThing(noun="return", value=str(return_id)))
        granted(say_sent(conn, [sent], by=caller.actor, now=now)[0])

    def by_site(conn: Conn, now: datetime) -> None:
        scope = caller.scope(Permission.RETURNS_WRITE)
        if sent.tracking_number is not None:
            raise Refused(OfMembersAlone(field="tracking_number"))
        granted(say_fetched(conn, [sent.return_id], scope=scope, by=caller.actor, now=now)[0])

    def work(conn: Conn, now: datetime) -> WayTold:
        (by_member if caller.kind is CallerKind.MEMBER else by_site)(conn, now)
        way = ways_of_returns(conn, [sent.return_id])[sent.return_id]
        sites = org.sites_by_id(conn, [way.site_id] if way.site_id is not None else [])
        return way_told(way, sites)

    return commanded(request, caller, data, work)


RETURN_WAY_HANDLERS = [list_return_ways, send_return]
