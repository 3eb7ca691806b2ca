"""Rate limits: a bucket of tokens per caller, filled steadily, so that nobody takes everything from the others.

Counted in each process: with N workers a caller may do up to N times as much, which is what N workers are for. What
protects secrets (sign-in, codes) is counted in the database instead, where it belongs to the secret.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from loopline.kernel.refusals import Refusal

_CALLERS_MAX = 100_000


class TooManyRequests(Refusal, frozen=True, kw_only=True):
    """Too many requests at once: try again in {retry_after_seconds} seconds."""

    retry_after_seconds: int


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests a caller may make: in a burst, and steadily per second."""

    burst: int
    per_second: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a caller stands after a request: how many are left now; `wait_seconds` above zero means refused."""

    rate: Rate
    left: int
    wait_seconds: float


class Limiter:
    """The buckets of one process, the least recently used forgotten first: they were full again anyway."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, callers_max: int = _CALLERS_MAX
    ) -> None:
        self._clock = clock
        self._callers_max = callers_max
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str, rate: Rate) -> Standing:
        """Count one request of a caller."""
        now = self._clock()
        with self._lock:
            tokens, at = self._buckets.pop(caller, (float(rate.burst), now))
            tokens = min(float(rate.burst), tokens + (now - at) * rate.per_second)
            if tokens < 1:
                self._buckets[caller] = (tokens, now)
                return Standing(rate=rate, left=0, wait_seconds=(1 - tokens) / rate.per_second)
            self._buckets[caller] = (tokens - 1, now)
            if len(self._buckets) > self._callers_max:
                self._buckets.popitem(last=False)
        return Standing(rate=rate, left=math.floor(tokens - 1), wait_seconds=0)
