"""A sandbox on a port of its own, a clock that stands still until it is moved, and a merchant that hears."""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import msgspec
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar

from loopline.channels.sandbox_pay import PUNCTUAL, Manners, Sandbox, SandboxSettings

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
KEY = "key of the tests' merchant"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class SetClock:
    """A clock that is moved by hand."""

    def __init__(self, at: datetime = START) -> None:
        self.now = at

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> datetime:
        """Move on by so many minutes or seconds."""
        self.now += timedelta(**by)
        return self.now


class Received(msgspec.Struct, frozen=True):
    """A notification as it came."""

    headers: dict[str, str]
    body: bytes


class Merchant:
    """Hears notifications on a port of its own, and answers with whatever status it is told to."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self.heard_something = threading.Event()
        self._lock = threading.Lock()
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(merchant.hear(Received(headers, body)))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/heard"

    def hear(self, received: Received) -> int:
        with self._lock:
            self.received.append(received)
            self.heard_something.set()
            return self.statuses.pop(0) if self.statuses else 204

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settings(directory: Path, *, notify_url: str, port: int, manners: Manners = PUNCTUAL) -> SandboxSettings:
    return SandboxSettings(
        file=directory / "pay.sqlite",
        merchant_key=KEY,
        webhook_secret=SECRET,
        notify_url=notify_url,
        base_url=f"http://127.0.0.1:{port}",
        base_path="",
        manners=manners,
    )


@contextmanager
def listening(app: Litestar, port: int) -> Generator[str, None, None]:
    """Serve an application until the block ends; yields its address once it answers."""
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.error,
        websockets=False,
    )
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    base = f"http://127.0.0.1:{port}"
    try:
        _await_answer(base)
        yield base
    finally:
        loops[0].call_soon_threadsafe(server.stop)
        thread.join(timeout=20)
    assert not thread.is_alive()


def _await_answer(base: str) -> None:
    for _ in range(400):
        try:
            httpx.get(f"{base}/cashier.css", trust_env=False)
        except httpx.TransportError:
            threading.Event().wait(0.02)
        else:
            return
    raise TimeoutError("the sandbox did not come up")


@contextmanager
def running_sandbox(
    directory: Path, clock: SetClock, *, notify_url: str, manners: Manners = PUNCTUAL, port: int | None = None
) -> Generator[Sandbox, None, None]:
    """A sandbox served over HTTP whose notifier sends when the test says `notifier.step()`."""
    port = port or free_port()
    sandbox = Sandbox(settings(directory, notify_url=notify_url, port=port, manners=manners), clock=clock)
    try:
        with listening(sandbox.app, port):
            yield sandbox
    finally:
        sandbox.stop()
