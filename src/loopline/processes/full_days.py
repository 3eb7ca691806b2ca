"""Full days: a site that gives work back because it has no time gets no more that day, until somebody says otherwise.

The place that it gives back is nobody's: the next wave would fill it at once. What it has accepted stays its work.
Who says that a site takes work again says so of one that is dark, too: through the API it may have nothing else to show
life by.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import msgspec

from loopline import orders, org
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment import service
from loopline.fulfilment.dark import end_dark
from loopline.fulfilment.events import DayReopened
from loopline.fulfilment.model import RefusalReason, RefuseTask
from loopline.kernel.events import event
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.org import Site
from loopline.processes.equip import SiteNotYours


class TakesAgain(msgspec.Struct, frozen=True, kw_only=True):
    """A site takes work up to its limit of the day; `was_full`: it did not, by its own word."""

    site_code: str
    day: date
    was_full: bool


def days_to_fill(conn: Conn, commands: Sequence[RefuseTask], *, now: datetime) -> dict[SiteId, date]:
    """Return the business days of sites that refuse work for want of time. Locks nothing: a task stays at its site."""
    task_ids = [one.task_id for one in commands if one.reason is RefusalReason.NO_CAPACITY]
    if not task_ids:
        return {}
    tasks = fulfilment.tasks_by_id(conn, task_ids)
    sites = org.sites_by_id(conn, {one.site_id for one in tasks})
    return {site_id: business_day(now, site.time_zone) for site_id, site in sites.items()}


def full_today(conn: Conn, sites: Collection[Site], *, now: datetime) -> dict[SiteId, datetime]:
    """Return which sites are full today by their own word, and since when."""
    by_day: dict[date, list[SiteId]] = {}
    for site in sites:
        by_day.setdefault(business_day(now, site.time_zone), []).append(site.id)
    return {
        one.site_id: one.filled_at
        for day, of_day in by_day.items()  # two or three days at a time, around the world
        for one in fulfilment.capacity_of_sites(conn, of_day, day=day)
        if one.filled_at is not None
    }


def take_again(
    conn: Conn, site_codes: Sequence[str], *, scope: Scope, by: str, now: datetime
) -> list[TakesAgain | Refusal]:
    """Let sites in scope take work again today, full or dark; orders that wait for them are looked at again.

    Said twice it is said once. Refused: sites outside scope (nobody is told whether there is such a site). Locks days,
    then rows of dark sites, then orders.
    """
    sites = org.sites_by_code(conn, site_codes)
    mine = {code: site for code, site in sites.items() if scope.covers_site(site.id)}
    days = {site.id: business_day(now, site.time_zone) for site in mine.values()}
    reopened = service.reopen_days(conn, list(days.items()))
    lit = end_dark(conn, list(days), now=now)
    if reopened or lit:
        orders.wake_up(conn, orders.WaitsFor.CAPACITY, now=now)
    if lit:
        orders.wake_up(conn, orders.WaitsFor.SITE, now=now)
    told = [
        event(DayReopened(site_id=site_id, day=day), subject=site_id, at=now, actor=by)
        for site_id, day in sorted(reopened)
    ]
    log.append(conn, told)
    return [_outcome(code, mine, days, reopened) for code in site_codes]


def _outcome(
    code: str,
    mine: Mapping[str, Site],
    days: Mapping[SiteId, date],
    reopened: Collection[tuple[SiteId, date]],
) -> TakesAgain | Refusal:
    if code not in mine:
        return SiteNotYours(site_code=code)
    site_id = mine[code].id
    return TakesAgain(site_code=code, day=days[site_id], was_full=(site_id, days[site_id]) in reopened)
