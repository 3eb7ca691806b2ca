"""The surge board: orders per second, how long placing takes, why orders are refused, how old promises are. Live.

Of all server processes together, and of the whole brand: only for who sees all of it.
"""

from collections.abc import Callable

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import ServerSentEvent, Template

from loopline.db import Database
from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.web.edge import Clock, Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.board import show_of
from loopline.web.hq.streaming import stream_of
from loopline.web.hq.surge_view import encoded_surge, surge_message, surge_script
from loopline.web.pages import page
from loopline.web.problems import NoBoardForYou
from loopline.web.surging import Surge, SurgeWatch, read_surge

SURGE = "/hq/surge"


def surge_reader(database: Database, clock: Clock) -> Callable[[SurgeWatch], Surge]:
    """Return how a surge is read, at the clock's now."""

    def read(_: SurgeWatch) -> Surge:
        with database.reading() as conn:
            return read_surge(conn, now=clock())

    return read


def watched_surge(visitor: NamedDependency[Visitor]) -> SurgeWatch:
    """Let whoever sees the boards of the whole brand watch. Raises Refused for others."""
    if not visitor.scope_of(Permission.BOARDS_READ).everything:
        raise Refused(NoBoardForYou())
    return SurgeWatch()


@get(SURGE, sync_to_thread=True)
def show_surge(
    request: WebRequest, visitor: NamedDependency[Visitor], surge_watch: NamedDependency[SurgeWatch]
) -> Template:
    """Show the surge board as it stands."""
    edge = edge_of(request)
    message = surge_message(surge_reader(edge.database, edge.clock)(surge_watch), language_of(request))
    return page(
        request,
        "hq/surge.html",
        visitor=visitor,
        message=message,
        script=surge_script(message),
        show=show_of(request, visitor),
    )


@get(f"{SURGE}/now", sync_to_thread=True)
def tell_surge(request: WebRequest, surge_watch: NamedDependency[SurgeWatch]) -> Response[bytes]:
    """Tell the surge board as it stands, as the stream would: for browsers that get no stream."""
    edge = edge_of(request)
    return Response(
        encoded_surge(surge_reader(edge.database, edge.clock)(surge_watch), language_of(request)),
        media_type=MediaType.JSON,
        headers={"Cache-Control": "no-store"},
    )


@get(f"{SURGE}/stream")
async def stream_surge(request: WebRequest, surge_watch: NamedDependency[SurgeWatch]) -> ServerSentEvent:
    """Send the surge board whenever it moves, and a heartbeat when it does not."""
    return stream_of(request, edge_of(request).surge, surge_watch)


SURGE_PAGES = [show_surge, tell_surge, stream_surge]
