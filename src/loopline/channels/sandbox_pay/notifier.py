"""The sandbox's notifier: tells the merchant what happened, signed, until that is answered; closes and finishes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import structlog

from loopline.channels.sandbox_pay.book import Book, Letter
from loopline.channels.sandbox_pay.settings import SandboxSettings
from loopline.channels.standard_webhooks import signed_headers

Clock = Callable[[], datetime]

_AGAIN_AFTER_SECONDS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 3600, 3600, 3600)
_LEASE = timedelta(minutes=1)
_AT_ONCE = 4
_BATCH = 50
_LOOKS_EVERY_SECONDS = 1.0  # another process may have written in the book
_TIMEOUT = httpx.Timeout(10.0, connect=2.0)
_logger = structlog.get_logger(__name__)


class Notifier:
    """Sends what is due. `step` does it once, for whoever holds the clock; `start` does it beside a server."""

    def __init__(self, book: Book, settings: SandboxSettings, *, clock: Clock) -> None:
        self._book = book
        self._settings = settings
        self._clock = clock
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        # Straight to the merchant: no proxy of the environment stands between two parts of one machine.
        self._client = httpx.Client(timeout=_TIMEOUT, trust_env=False)
        self._senders = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sandbox-sender")

    def start(self) -> None:
        """Begin to tell, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="sandbox-notifier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what is being sent; what is not told yet is told after the next start."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
        self._senders.shutdown()
        self._client.close()

    def wake(self) -> None:
        """Say that the book has changed."""
        self._woken.set()

    def step(self) -> int:
        """Close and finish what is due, send what is due; returns how many copies arrived."""
        self._book.settle(now=self._clock())
        letters = self._book.letters(now=self._clock(), limit=_BATCH, lease=_LEASE)
        return sum(self._senders.map(self._send, letters))

    def _send(self, letter: Letter) -> bool:
        now = self._clock()
        arrived = self._deliver(letter, now)
        tries = letter.tries - 1
        is_given_up = tries >= len(_AGAIN_AFTER_SECONDS)
        if is_given_up and not arrived:
            _logger.warning("notification_given_up", message_id=letter.message_id, tries=letter.tries)
        again_at = None if arrived or is_given_up else now + timedelta(seconds=_AGAIN_AFTER_SECONDS[tries])
        self._book.sent(letter, again_at=again_at)
        return arrived

    def _deliver(self, letter: Letter, now: datetime) -> bool:
        """Send one copy; a signature is of the moment it is sent, so that a late one is not stale."""
        headers = signed_headers(
            [self._settings.webhook_secret], letter.body, message_id=letter.message_id, at=now
        )
        try:
            answer = self._client.post(
                self._settings.notify_url,
                content=letter.body,
                headers={**headers, "content-type": "application/json"},
            )
        except httpx.HTTPError as error:
            _logger.info("notification_not_delivered", message_id=letter.message_id, error=repr(error))
            return False
        return answer.is_success

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                self.step()
                wait = self._seconds_until_due()
            except Exception:
                _logger.exception("notifier_interrupted")
                wait = _LOOKS_EVERY_SECONDS
            self._woken.wait(wait)

    def _seconds_until_due(self) -> float:
        due = self._book.next_due()
        if due is None:
            return _LOOKS_EVERY_SECONDS
        return min(_LOOKS_EVERY_SECONDS, max(0.0, (due - self._clock()).total_seconds()))
