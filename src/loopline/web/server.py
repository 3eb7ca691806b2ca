"""Serve the application with Granian: in this process, or in several that share nothing but the database."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import msgspec
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar

from loopline.db.opening import open_database
from loopline.db.settings import Settings
from loopline.kernel import garbage
from loopline.web.app import create_app
from loopline.web.edge import Edge
from loopline.web.settings import WebSettings

# How long requests under way may take to end; streams are told to end at once.
_GRACE_SECONDS = 5
# Every open stream is a request under way. Granian's own limit of 128 would let the 129th person wait for somebody to
# leave the board.
_REQUESTS_AT_ONCE = 10_000
_CONNECTIONS_WAITING = 1_024
# Granian's `header_read_timeout`, in milliseconds, also bounds how long a kept-alive connection may be idle. By default
# it is 30 seconds, less than the 60 for which nginx and many load balancers keep theirs: the server would close while
# the other side writes its next request, which is lost unanswered. Who asks is the one to close, so we wait longer.
# (Granian's command line allows 60 seconds at most; its library does not mind.)
_HTTP1 = HTTP1Settings(header_read_timeout=75_000)
# How long a thread may keep the interpreter while another waits for it. The loop answers in fractions of a millisecond;
# at Python's five it would wait that long behind a batch of orders, once to hear a request and once more to answer it.
_TURN_SECONDS = 0.001


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = 8000


class WebServer:
    """One application, served in this process by an event loop that whoever calls `run` lends it."""

    def __init__(self, app: Litestar, address: Address) -> None:
        self._app = app
        self._server = Server(
            app,
            address=address.host,
            port=address.port,
            interface=Interfaces.ASGI,
            backlog=_CONNECTIONS_WAITING,
            backpressure=_REQUESTS_AT_ONCE,
            http1_settings=_HTTP1,
            websockets=False,
            log_level=LogLevels.error,  # its word on starting is ours to say
        )
        self._server.workers_kill_timeout = _GRACE_SECONDS
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until `stop`. Raises OSError where the address is taken."""
        asyncio.run(self._serve())

    def run_until_signal(self) -> None:
        """Serve until Ctrl-C or a request to terminate; in the main thread only."""
        asyncio.run(self._serve(signals=(signal.SIGINT, signal.SIGTERM)))

    def stop(self) -> None:
        """End streams, let requests under way finish, stop. May be called from any thread, and more than once."""
        self._stopped.set()
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._stop)

    async def _serve(self, *, signals: tuple[signal.Signals, ...] = ()) -> None:
        self._loop = asyncio.get_running_loop()
        for one in signals:
            self._loop.add_signal_handler(one, self.stop)
        if self._stopped.is_set():
            return
        await self._server.serve()

    def _stop(self) -> None:
        edge = self._app.state["edge"]
        assert isinstance(edge, Edge)
        edge.hub.close()
        edge.surge.close()
        self._server.stop()


def serve(app: Litestar, address: Address) -> None:
    """Serve one process, which does nothing else, until Ctrl-C or a request to terminate."""
    _take_short_turns()
    WebServer(app, address).run_until_signal()


def serve_workers(database: Settings, web: WebSettings, address: Address, *, workers: int) -> None:
    """Serve from several processes, each with its own connections, until Ctrl-C or a request to terminate.

    The caller keeps the database open meanwhile; the workers join it.
    """
    Granian(
        "loopline.web.app",
        address=address.host,
        port=address.port,
        interface=Interfaces.ASGI,
        backlog=_CONNECTIONS_WAITING,
        backpressure=_REQUESTS_AT_ONCE,
        http1_settings=_HTTP1,
        workers=workers,
        workers_kill_timeout=_GRACE_SECONDS,
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.error,
    ).serve(target_loader=partial(_load_worker, database, web), wrap_loader=False)


def _load_worker(database: Settings, web: WebSettings) -> Litestar:
    """Open the database in a worker's own process and make its application, which closes it at the end."""
    stack = ExitStack()
    opened = stack.enter_context(open_database(database))
    app = create_app(opened, web)
    _take_short_turns()
    app.on_shutdown.append(_closer(stack))
    return app


def _closer(stack: ExitStack) -> Callable[[], None]:
    def close() -> None:
        stack.close()

    return close


def _take_short_turns() -> None:
    """Let no thread of this process, and no search for garbage, keep the others waiting for long."""
    sys.setswitchinterval(_TURN_SECONDS)
    garbage.search_seldom()
