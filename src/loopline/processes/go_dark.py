"""Go dark: a site that shows no sign of life while work waits there loses the work that it has not begun.

That work is held for its orders again, at once, and the next wave puts it to another site: its customer notices
nothing. What is begun stays (its goods are in somebody's hands), and so does what nobody else can do: HQ is told of
both. The site gets no other work until somebody there does something: takes, refuses or works on a task, or opens a
page of the store; or says that it takes work again.

Silence says something only of a site where pages are opened. Who works through the API alone takes work at one moment
and begins it at another, and nobody sees what is done between them: such a site is judged by what it lets lapse.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from loopline import orders, org
from loopline.db import Conn, log
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.dark import (
    DarkSite,
    SiteSigns,
    WhyDark,
    begin_dark,
    end_dark,
    note_moved,
    signs_of_sites,
    waiting_tasks,
)
from loopline.fulfilment.model import Task, WithdrawnUnits
from loopline.kernel.ids import OrderId, SiteId, TaskId
from loopline.orders import Delivery, WaitsFor
from loopline.org import Site
from loopline.processes.withdraw import hold_again
from loopline.promises import Opening
from loopline.promises.calendar import open_stretches
from loopline.sourcing.dark import DarkSites
from loopline.sourcing.profiles import profile_in_force

LOOKED_BACK = timedelta(hours=24)
SEEN_OF_LATE = timedelta(days=30)
_MINUTE = timedelta(minutes=1)
_TASKS_READ_MOST = 5_000


def watch_sites(conn: Conn, *, now: datetime, limit: int) -> int:
    """Find sites that went dark and those that show life again, and take back at most `limit` tasks of the dark ones.

    Returns how much it did; 0: nothing was left to do. Locks rows of dark sites, then tasks, days, goods and orders.
    """
    rule = profile_in_force(conn).settings.dark_sites
    signs = signs_of_sites(conn, since=now - LOOKED_BACK)
    sites = org.sites_by_id(conn, [one.site_id for one in signs])
    lit = [one.site_id for one in signs if one.dark_since is not None and _is_lit(one, rule)]
    alight = [one for one in signs if one.dark_since is None and one.site_id in sites]
    found = _gone_dark(alight, sites, rule, now=now)
    # Of few sites it is worth reading which work waits for them now, and which for its hour.
    silent = {one.site_id for one in found if one.why is WhyDark.SILENT}
    waits = _waits(conn, [one for one in alight if one.site_id in silent])
    found = [one for one in found if one.site_id not in silent] + _gone_dark(waits, sites, rule, now=now)
    ended = end_dark(conn, lit, now=now)
    begun = begin_dark(conn, found)
    still = {one.site_id for one in signs if one.dark_since is not None}.difference(lit)
    life = {one.site_id: one.last_life_at for one in signs if one.site_id in still}
    life |= {one.site_id: one.last_life_at for one in found}
    taken = _take_back(conn, life, now=now, limit=limit)
    if ended:  # what nobody else can send may be put to them again
        for waits_for in (WaitsFor.SITE, WaitsFor.CAPACITY):
            orders.wake_up(conn, waits_for, now=now)
    return ended + begun + taken


def _gone_dark(
    signs: Sequence[SiteSigns], sites: Mapping[SiteId, Site], rule: DarkSites, *, now: datetime
) -> list[DarkSite]:
    return [
        dark
        for one in signs
        for site in (sites[one.site_id],)
        for dark in (darkness_of(one, Opening(hours=site.hours, time_zone=site.time_zone), rule, now=now),)
        if dark is not None
    ]


def _waits(conn: Conn, signs: Sequence[SiteSigns]) -> list[SiteSigns]:
    """The signs without work that was accepted and that nobody else can do: it has an hour of its own, and may wait."""
    since: dict[SiteId, datetime] = {}
    tasks = waiting_tasks(conn, [one.site_id for one in signs], limit=_TASKS_READ_MOST)
    anybodys = _anybodys(conn, tasks)
    for task in tasks:
        if task.accepted_at is None or task.order_id in anybodys:
            began = task.accepted_at or task.offered_at
            since[task.site_id] = min(began, since.get(task.site_id, began))
    return [replace(one, waits_since=since.get(one.site_id)) for one in signs]


def _anybodys(conn: Conn, tasks: Sequence[Task]) -> set[OrderId]:
    """The orders that any site may send."""
    heads = orders.orders_by_ids(conn, list({task.order_id for task in tasks}))
    return {head.id for head in heads if head.delivery is Delivery.DELIVER}


def _is_lit(one: SiteSigns, rule: DarkSites) -> bool:
    """Whether a dark site is dark no more: somebody did something that was not known when it went dark, or nobody asks.

    By what was known, and not by the clock: who took a task at that very moment has shown life.
    """
    if not rule.is_watched or one.last_life_at is None:
        return not rule.is_watched
    return one.dark_life_at is None or one.last_life_at > one.dark_life_at


def darkness_of(one: SiteSigns, opening: Opening, rule: DarkSites, *, now: datetime) -> DarkSite | None:
    """Say whether a site is dark now; never while it is closed, and no minute counts before it opened."""
    begun = _opened_at(opening, now)
    if begun is None:
        return None
    lapsed = sum(
        _opened_at(opening, moment) is not None
        for moment in one.lapsed_at
        if one.last_life_at is None or moment > one.last_life_at
    )
    silent = 0
    if one.waits_since is not None and one.seen_at is not None and now - one.seen_at < SEEN_OF_LATE:
        start = max(one.waits_since, begun, one.last_life_at or one.waits_since)
        silent = max(0, (now - start) // _MINUTE)
    if 0 < rule.lapsed_most <= lapsed:
        why = WhyDark.LAPSED
    elif 0 < rule.silent_minutes <= silent:
        why = WhyDark.SILENT
    else:
        return None
    return DarkSite(
        site_id=one.site_id,
        since=now,
        why=why,
        lapsed=lapsed,
        silent_minutes=silent,
        last_life_at=one.last_life_at,
    )


def _opened_at(opening: Opening, moment: datetime) -> datetime | None:
    """Return when a site opened that is open at a moment; None for one that is closed then."""
    days = [(moment + timedelta(days=days)).date() for days in (-1, 0, 1)]  # of its day in any zone
    return next(
        (opens for day in days for opens, closes in open_stretches(opening, day) if opens <= moment < closes),
        None,
    )


def _take_back(conn: Conn, life: Mapping[SiteId, datetime | None], *, now: datetime, limit: int) -> int:
    """Hold again what waits at dark sites for orders that others can send; returns how many tasks that was."""
    # Of more than are taken back: what nobody else can do may come first, and stays first.
    read = _movable(conn, waiting_tasks(conn, list(life), limit=_TASKS_READ_MOST), life)[:limit]
    as_read = {task.task_id: task for task in read}
    # One that is taken at this moment is not what it was: its site shows life.
    locked = [task for task in fulfilment.lock_tasks(conn, list(as_read)) if task == as_read[task.task_id]]
    if not locked:
        return 0
    whole: dict[TaskId, tuple[WithdrawnUnits, ...]] = {task.task_id: () for task in locked}
    log.append(conn, hold_again(conn, whole, now=now).told)
    note_moved(conn, Counter(task.site_id for task in locked))
    return len(locked)


def _movable(conn: Conn, tasks: Sequence[Task], life: Mapping[SiteId, datetime | None]) -> list[Task]:
    """The tasks that any site may send, of sites where nobody has taken one since their signs were read."""
    awake = {
        task.site_id
        for task in tasks
        for known in (life[task.site_id],)
        if task.accepted_at is not None and (known is None or task.accepted_at > known)
    }
    anybodys = _anybodys(conn, tasks)
    return [task for task in tasks if task.order_id in anybodys and task.site_id not in awake]
