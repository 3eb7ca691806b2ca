"""What sites take in a day."""

from collections.abc import Sequence
from datetime import date, datetime

from loopline.db import Conn
from loopline.fulfilment import store
from loopline.fulfilment.model import (
    Capacity,
    DayLimit,
    LearntLimit,
    LimitFix,
    SiteLimit,
)
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal


class LimitIsNegative(Refusal, frozen=True, kw_only=True):
    """A site cannot take less than no tasks."""

    site_id: str


def set_site_limits(conn: Conn, limits: Sequence[SiteLimit], *, now: datetime) -> list[SiteLimit | Refusal]:
    """Set how many tasks sites take on ordinary days. Of two for one site the later holds. Work offered stays."""
    outcomes: list[SiteLimit | Refusal] = [
        limit if limit.tasks_per_day >= 0 else LimitIsNegative(site_id=str(limit.site_id)) for limit in limits
    ]
    latest = {limit.site_id: limit for limit in outcomes if isinstance(limit, SiteLimit)}
    if latest:
        store.put_site_limits(conn, list(latest.values()), now=now)
    return outcomes


def fix_limits(conn: Conn, fixes: Sequence[LimitFix], *, by: str, now: datetime) -> set[SiteId]:
    """Let what sites say hold whatever is learnt, or lift that; returns the sites that say something.

    Of two for one site the later holds. Locks limits in order of site.
    """
    latest = {fix.site_id: fix for fix in fixes}
    return store.fix_limits(conn, list(latest.values()), by=by, now=now) if latest else set()


def renew_learnt_limits(
    conn: Conn, lowered: Sequence[LearntLimit], *, lifted: Sequence[SiteId], now: datetime
) -> None:
    """Let lower limits hold, each site at most once, and those of others no more. Work offered stays."""
    if lowered:
        store.put_learnt_limits(conn, lowered, now=now)
    if lifted:
        store.drop_learnt_limits(conn, lifted)


def set_day_limits(conn: Conn, limits: Sequence[DayLimit]) -> list[DayLimit | Refusal]:
    """Set how many tasks sites take on single days, whatever they said of their time. Of two for one the later holds.

    Work offered stays.
    """
    outcomes: list[DayLimit | Refusal] = [
        LimitIsNegative(site_id=str(limit.site_id))
        if limit.tasks_limit is not None and limit.tasks_limit < 0
        else limit
        for limit in limits
    ]
    latest = {(limit.site_id, limit.day): limit for limit in outcomes if isinstance(limit, DayLimit)}
    if latest:
        store.put_day_limits(conn, list(latest.values()))
    return outcomes


def reopen_days(conn: Conn, places: Sequence[tuple[SiteId, date]]) -> set[tuple[SiteId, date]]:
    """Let days that were full by their site's word take work up to their limit again; returns those that were."""
    return store.reopen_days(conn, sorted(set(places))) if places else set()


def lock_days(conn: Conn, days: Sequence[tuple[SiteId, date]]) -> list[Capacity]:
    """Lock sites' days until the transaction ends, and return what they have left; sites that take nothing left out.

    For a process that will offer tasks after it locked rows of other rooms. Commands on tasks lock days before those
    rows: taken in the opposite order, the two would wait for each other.
    """
    places = sorted(set(days))
    if not places:
        return []
    store.open_days(conn, places)
    return store.lock_capacity(conn, places)
