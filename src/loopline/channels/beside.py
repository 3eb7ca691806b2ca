"""Sandboxes beside a server: mounted in it, started and stopped with it, each telling what happens by itself."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
import structlog
from litestar import Litestar, asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

_LOOKS_EVERY_SECONDS = 0.5
_THREADS = 4
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_logger = structlog.get_logger(__name__)


class Beside:
    """An application of its own under a path of another, alive as long as that one."""

    app: Litestar

    def __init__(self, mount_path: str) -> None:
        self._mount_path = mount_path

    def start(self) -> None:
        """Begin what it does by itself: nothing, unless it says otherwise."""

    def stop(self) -> None:
        """End; what it keeps, it keeps."""
        raise NotImplementedError

    @asynccontextmanager
    async def beside(self, _: Litestar) -> AsyncGenerator[None, None]:
        """Live as long as the application it is mounted in."""
        self.start()
        try:
            yield
        finally:
            await asyncio.to_thread(self.stop)

    def mounted(self) -> ASGIRouteHandler:
        """Return it as a handler of another application, under its path."""

        @asgi(self._mount_path, is_mount=True, copy_scope=True)
        async def sandbox(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = {}  # what the other application remembered of the request is not ours
            await self.app(scope, receive, send)

        return sandbox


class Notifying(Beside):
    """One that tells somebody what happened, from a thread of its own: `step` does what is due, again and again.

    Its handlers work in `threads`: a handler of the server it lives beside may wait for it, and must not be what it
    waits for.
    """

    def __init__(self, mount_path: str, notify_url: str) -> None:
        super().__init__(mount_path)
        self._name = mount_path.strip("/").replace("/", "-")
        self._notify_url = notify_url
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=self._name)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        # Straight to the house: no proxy of the environment stands between two parts of one machine.
        self._client = httpx.Client(timeout=_TIMEOUT, trust_env=False)

    def start(self) -> None:
        """Begin to tell what happens; what an earlier start left untold first."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what is to be told is told by the next start."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.threads.shutdown()
        self._client.close()

    def step(self) -> int:
        """Do what is due; returns how many were heard."""
        raise NotImplementedError

    def send(self, body: bytes, headers: dict[str, str]) -> bool:
        """Tell it once; whether it was heard."""
        try:
            return self._client.post(self._notify_url, content=body, headers=headers).is_success
        except httpx.HTTPError as error:
            _logger.info("notification_not_delivered", error=repr(error))
            return False

    def _run(self) -> None:
        while not self._stopping.wait(_LOOKS_EVERY_SECONDS):
            try:
                self.step()
            except Exception:
                _logger.exception("notifier_interrupted")
