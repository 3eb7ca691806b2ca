"""Decisions of notices: when a customer may be disturbed, how often, in which language, and when to try again."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import msgspec

from loopline.kernel.times import zone
from loopline.notices.model import End, Notice, State
from loopline.notices.port import Heard, NoticeReport

STALE_AFTER = timedelta(days=1)
KEPT_FOR = timedelta(days=730)
"""For so long it can be shown what a customer was told; nobody asks after an order for longer."""
LEASE = timedelta(minutes=2)
"""For so long a claim holds; only then is an unanswered try asked after, so that the gateway's own books know of it."""
TRIES_MOST = 7
QUIET_FROM = time(21, 30)
QUIET_UNTIL = time(8)
HOUR_MOST = 5
DAY_MOST = 15
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_WAITS_MINUTES = (2, 5, 15, 60, 120, 240)
_HOME = "+86"
_NOTE_MOST = 200


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a report makes of a notice: its state, why it ended, when it is tried again."""

    state: State
    end: End | None = None
    next_try_at: datetime | None = None


def language_of(phone: str) -> str:
    """Return the language for a phone (E.164): Chinese in China, English abroad."""
    return "zh" if phone.startswith(_HOME) else "en"


def quiet_until(now: datetime, *, zone_name: str, by: datetime | None) -> datetime | None:
    """Return when the night is over during which a customer is left in peace; None by day.

    What speaks of a moment before that cannot wait for it. The night is [21:30, 08:00) in the site's zone.
    """
    there = now.astimezone(zone(zone_name))
    if QUIET_UNTIL <= there.time() < QUIET_FROM:
        return None
    day = there.date() + timedelta(days=1 if there.time() >= QUIET_FROM else 0)
    over = datetime.combine(day, QUIET_UNTIL, tzinfo=there.tzinfo).astimezone(now.tzinfo)
    return None if by is not None and now < by < over else over


def crowded_until(told: Sequence[datetime], *, now: datetime) -> datetime | None:
    """Return when a member may be told the next thing, of whom these moments are known; None: now."""
    waits = [
        within[-most] + span
        for span, most in ((_HOUR, HOUR_MOST), (_DAY, DAY_MOST))
        if len(within := sorted(at for at in told if at > now - span)) >= most
    ]
    return max(waits, default=None)


def outcome_of(notice: Notice, report: NoticeReport, *, now: datetime) -> Outcome:
    """Say what a report makes of a notice. What may have arrived is never given up as not told."""
    if report.heard is Heard.TAKEN:
        return Outcome(state=State.SENT)
    if report.heard is Heard.REFUSED:
        return Outcome(state=State.FAILED, end=End.REFUSED)
    is_known = report.heard is not Heard.NOTHING
    if report.heard is Heard.ABSENT or (is_known and now >= notice.stale_at):
        return Outcome(state=State.FAILED, end=End.NOT_TAKEN)
    if notice.tries >= TRIES_MOST:
        return Outcome(state=State.FAILED, end=End.NOT_TAKEN if is_known else End.UNKNOWN)
    wait = timedelta(minutes=_WAITS_MINUTES[min(notice.tries, len(_WAITS_MINUTES)) - 1])
    return Outcome(state=State.WAITING, next_try_at=now + wait)


def noted(report: NoticeReport) -> str | None:
    """Return what a gateway said, short enough to be kept."""
    return report.note[:_NOTE_MOST] if report.note else None
