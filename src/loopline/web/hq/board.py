"""The live board: sales of today and this hour, charts, rankings, orders by stage, the last happenings.

The page comes complete; then a stream (server-sent events) keeps it moving, and where streams do not pass, the browser
asks again every few seconds.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromQuery
from litestar.response import ServerSentEvent, Template

from loopline import org, promises, touchpoints
from loopline.db import Conn, Database
from loopline.insight import Board, BoardAsk, board_setting, read_board, sites_of_day
from loopline.insight.rules import board_moments
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission, Role
from loopline.promises import LateNow
from loopline.web.api.answers import read
from loopline.web.edge import Clock, Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.board_map import encoded_places
from loopline.web.hq.board_view import as_script, encoded_message, message_of, orders_of_day
from loopline.web.hq.streaming import stream_of
from loopline.web.live import OnAir, Seen, Watch
from loopline.web.pages import page
from loopline.web.problems import NoBoardForYou
from loopline.web.store.live import LIVE_DESK, chosen, rooms_of, studio

_SHOWS_MOST = 6
_OPENED_BY = {
    "orders": Permission.ORDERS_READ,
    "returns": Permission.BOARDS_READ,
    "shows": Permission.LIVE_WRITE,
}
"""What the board leads to, and who may open it."""
BOARD_ROLES = frozenset(
    {Role.HQ_OPERATIONS, Role.FINANCE, Role.MARKETING, Role.DEALER, Role.STORE_MANAGER, Role.AUDITOR}
)


class BoardRound:
    """Reads boards as they stand at one moment: each figure once, however many boards show it."""

    def __init__(self, database: Database, *, now: datetime) -> None:
        self._database = database
        self._now = now
        self._boards: dict[BoardAsk, Board] = {}
        self._late: dict[Scope, LateNow] = {Scope(): LateNow(late=0, overdue=0)}
        self._shows: tuple[OnAir, ...] | None = None

    def read(self, watch: Watch) -> Seen:
        """Return what a watch names."""
        ask = BoardAsk(now=self._now, sites=watch.sites, currency=watch.currency)
        is_whole = watch.sites is None
        if ask not in self._boards or watch.promised not in self._late or (is_whole and self._shows is None):
            with self._database.reading() as conn:
                self._read(conn, ask, watch.promised)
        return Seen(
            board=self._boards[ask],
            late=self._late[watch.promised],
            shows=(self._shows or ()) if is_whole else (),
            closed=watch.closed,
        )

    def _read(self, conn: Conn, ask: BoardAsk, promised: Scope) -> None:
        if ask not in self._boards:
            self._boards[ask] = read_board(conn, ask)
        if promised not in self._late:
            sites = None if promised.everything else promised.sites
            self._late[promised] = promises.late_now(conn, now=self._now, site_ids=sites)
        if ask.sites is None and self._shows is None:
            self._shows = _on_air(conn)


def board_rounds(database: Database, clock: Clock) -> Callable[[], Callable[[Watch], Seen]]:
    """Return what begins a round of reading boards, at the clock's now."""
    return lambda: BoardRound(database, now=clock()).read


def _read_once(request: WebRequest, watch: Watch) -> Seen:
    edge = edge_of(request)
    return BoardRound(edge.database, now=edge.clock()).read(watch)


def _on_air(conn: Conn) -> tuple[OnAir, ...]:
    """Return the shows on air of the whole brand, the newest first."""
    rooms = touchpoints.live_rooms_page(conn, is_live=True, before=None, limit=_SHOWS_MOST)
    counted = touchpoints.live_counters(conn, [room.id for room in rooms]) if rooms else {}
    return tuple(
        OnAir(
            code=room.code,
            name=room.name,
            scans=counted[room.id].scans if room.id in counted else 0,
            orders=counted[room.id].orders if room.id in counted else 0,
        )
        for room in rooms
    )


def watched_board(
    request: WebRequest, visitor: NamedDependency[Visitor], currency: FromQuery[str | None] = None
) -> Watch:
    """Return which board somebody sees: the branches of those roles that come with one.

    Raises Refused for whoever has no such role. Reads the database: a dependency that runs in a thread.
    """
    with edge_of(request).database.reading() as conn:
        scope = org.scope_of(conn, visitor.person.person_id, roles=BOARD_ROLES)
    if not scope.everything and not scope.sites:
        raise Refused(NoBoardForYou())
    return Watch(
        sites=None if scope.everything else scope.sites,
        currency=currency,
        promised=_promised(scope, visitor.branches.get(Permission.SOURCING_READ, Scope())),
        closed=frozenset(name for name, permission in _OPENED_BY.items() if not visitor.may(permission)),
    )


def _promised(board: Scope, readable: Scope) -> Scope:
    """Return whose promises somebody may read within their board: those of no site only with the whole brand."""
    if board.everything and readable.everything:
        return Scope(everything=True)
    if board.everything or readable.everything:
        return Scope(sites=readable.sites if board.everything else board.sites)
    return Scope(sites=board.sites & readable.sites)


@get("/hq/board", sync_to_thread=True)
def show_board(
    request: WebRequest, visitor: NamedDependency[Visitor], watch: NamedDependency[Watch]
) -> Template:
    """Show the live board as it stands."""
    seen = _read_once(request, watch)
    message = message_of(seen, language_of(request))
    return page(
        request,
        "hq/board.html",
        visitor=visitor,
        board=seen.board,
        message=message,
        script=as_script(message),
        show=show_of(request, visitor),
        may_see_surge=visitor.may(Permission.BOARDS_READ)
        and visitor.scope_of(Permission.BOARDS_READ).everything,
        query=f"?{urlencode({'currency': watch.currency})}" if watch.currency else "",
    )


def show_of(request: WebRequest, visitor: Visitor) -> dict[str, Any] | None:
    """Return the show on air, or that there is one to start, for those who deal with shows; None for others."""
    if not visitor.may(Permission.LIVE_WRITE):
        return None
    desk = studio(request, visitor)
    room = read(request, lambda conn, _now: chosen(rooms_of(conn, desk)))
    if room is None:
        return None
    return {"is_live": room.is_live, "name": room.name, "path": f"{LIVE_DESK}?code={room.code}"}


@get("/hq/board/now", sync_to_thread=True)
def tell_board(request: WebRequest, watch: NamedDependency[Watch]) -> Response[bytes]:
    """Tell the live board as it stands, as the stream would: for browsers that get no stream."""
    seen = _read_once(request, watch)
    return Response(
        encoded_message(seen, language_of(request)),
        media_type=MediaType.JSON,
        headers={"Cache-Control": "no-store"},
    )


@get("/hq/board/map", sync_to_thread=True)
def tell_board_map(request: WebRequest, watch: NamedDependency[Watch]) -> Response[bytes]:
    """Tell where the sites of a board are and what each took today, for the map."""

    def find(conn: Conn, now: datetime) -> bytes:
        ask = BoardAsk(now=now, sites=watch.sites, currency=watch.currency)
        sites = org.branch_sites(conn) if watch.sites is None else org.sites_by_id(conn, watch.sites).values()
        sold = sites_of_day(conn, ask)
        setting = board_setting(conn, watch.currency)
        moments = board_moments(latest=setting.latest, now=now, zone_name=setting.zone)
        return encoded_places(
            sites,
            sold,
            asked=None if "orders" in watch.closed else orders_of_day(is_replay=moments.is_replay),
            currency=setting.currency,
            language=language_of(request),
        )

    return Response(read(request, find), media_type=MediaType.JSON, headers={"Cache-Control": "no-store"})


@get("/hq/board/stream")
async def stream_board(request: WebRequest, watch: NamedDependency[Watch]) -> ServerSentEvent:
    """Send the live board whenever it moves, and a heartbeat when it does not."""
    return stream_of(request, edge_of(request).hub, watch)
