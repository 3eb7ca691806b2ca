"""Guesses at something secret: so many wrong ones in a row close it for a while. Pure; whoever asks keeps the count."""

from datetime import datetime, timedelta

import msgspec

FAILURES_MAX = 5
LOCK_LENGTH = timedelta(minutes=15)
# Failures further apart than this do not add up: who mistypes once a week is never locked out.
FAILURES_FORGOTTEN_AFTER = timedelta(hours=24)


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """The wrong guesses at one thing, in a row."""

    failures: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None

    def closed_until(self, now: datetime) -> datetime | None:
        """Until when no guess counts, a right one neither; None where one does. At that moment itself it is over."""
        return self.locked_until if self.locked_until is not None and now < self.locked_until else None


def after_failure(failures: Failures, *, now: datetime) -> Failures:
    """Count one more failure; the fifth in a row locks for a quarter of an hour, and the count starts anew."""
    forgotten = failures.last_at is None or now - failures.last_at > FAILURES_FORGOTTEN_AFTER
    count = 1 if forgotten else failures.failures + 1
    if count >= FAILURES_MAX:
        return Failures(failures=0, last_at=now, locked_until=now + LOCK_LENGTH)
    return Failures(failures=count, last_at=now)
