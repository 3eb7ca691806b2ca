"""Serve the application with Granian: in this process, or in several that share nothing but the database."""

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import msgspec
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar

from loopline.db.opening import open_database
from loopline.db.settings import Settings
from loopline.web.app import create_app
from loopline.web.edge import Edge
from loopline.web.settings import WebSettings

# How long requests under way may take to end; streams are told to end at once.
_GRACE_SECONDS = 5
# Every open stream is a request under way. Granian's own limit of 128 would let the 129th person wait for somebody to
# leave the board.
_REQUESTS_AT_ONCE = 10_000
_CONNECTIONS_WAITING = 1_024


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
    """Serve one process until Ctrl-C or a request to terminate."""
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
    app.on_shutdown.append(_closer(stack))
    return app


def _closer(stack: ExitStack) -> Callable[[], None]:
    def close() -> None:
        stack.close()

    return close
