"""Learnt capacity: a site that hands over less than it says is given less, where HQ lets it, and nobody answers for it.

What sites say stays as they said it; a lower limit beside it holds for gathering, claiming and promising alike.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders, org
from loopline.db import Conn
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.model import LearntLimit, LimitFix
from loopline.insight.capacity.model import SiteCapacity, Verdict
from loopline.insight.capacity.queries import standing
from loopline.insight.capacity.service import learn_daily
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Site
from loopline.processes.equip import SiteNotYours
from loopline.sourcing.learnt_capacity import LearntCapacity
from loopline.sourcing.profiles import profile_in_force

BECAUSE_MOST = 500


class FixWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a site says is to hold whatever is learnt, and why; `because` None: it is to hold no more by itself."""

    site_code: str
    because: str | None = None


class SiteSaysNothing(Refusal, frozen=True, kw_only=True):
    """Site {site_code} does not say how many tasks it does in a day: it takes none, and there is nothing to fix."""

    site_code: str


class SayWhyItHolds(Refusal, frozen=True, kw_only=True):
    """Say in a few words why what the site says is right."""


class StandingSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site with what it says, what was learnt of it, and what holds."""

    site: Site
    capacity: SiteCapacity


def learn_capacity(conn: Conn, *, now: datetime) -> int:
    """Learn where that is a day old, and renew what holds; returns for how many sites it is another limit now."""
    learn_daily(conn, now=now)
    return renew_limits(conn, now=now)


def renew_limits(conn: Conn, *, now: datetime) -> int:
    """Lower sites' limits by what was learnt last, the profile in force and what is fixed; returns how many changed.

    Orders that wait for a site's time are looked at again where a limit rose. Work offered stays. Locks lower limits,
    then orders.
    """
    rule = profile_in_force(conn).settings.learnt_capacity
    low: list[LearntLimit] = []
    lifted: list[SiteId] = []
    has_risen = False
    for one in standing(conn):
        limit = limit_of(one, rule)
        if limit == one.lowered_to:
            continue
        has_risen |= one.lowered_to is not None and (limit is None or limit > one.lowered_to)
        if limit is None or one.version is None:
            lifted.append(one.site_id)
        else:
            low.append(LearntLimit(site_id=one.site_id, tasks_per_day=limit, version=one.version))
    fulfilment.renew_learnt_limits(conn, low, lifted=lifted, now=now)
    if has_risen:
        orders.wake_up(conn, orders.WaitsFor.CAPACITY, now=now)
    return len(low) + len(lifted)


def limit_of(one: SiteCapacity, rule: LearntCapacity) -> int | None:
    """Return what is to hold instead of what a site says; None: what it says."""
    if one.fixed_at is not None or one.learnt_per_day is None:
        return None
    if one.verdict is Verdict.NOT_BETTER and one.stated_error == one.learnt_error:
        # Days within the lower limit tell nothing of either: what holds goes on holding, as far as the rule lets it.
        return None if one.lowered_to is None else rule.lowered(one.lowered_to, stated=one.stated_per_day)
    if one.verdict is not Verdict.BETTER:
        return None
    return rule.lowered(one.learnt_per_day, stated=one.stated_per_day)


def standing_of_branch(conn: Conn, *, scope: Scope) -> list[StandingSite]:
    """Return how the sites in scope stand, by code; those that take no tasks are left out."""
    sites = {site.id: site for site in org.branch_sites(conn) if scope.covers_site(site.id)}
    found = [
        StandingSite(site=sites[one.site_id], capacity=one)
        for one in standing(conn, list(sites))
        if one.site_id in sites
    ]
    return sorted(found, key=lambda one: one.site.code)


def fix_limits(
    conn: Conn, wishes: Sequence[FixWish], *, scope: Scope, by: str, now: datetime
) -> list[FixWish | Refusal]:
    """Let what sites in scope say hold, or lift that; of two wishes for one the last holds. It holds at once.

    Refused: sites outside scope (nobody is told whether there is such a site), reasons that say nothing, and sites that
    take no tasks.
    """
    sites = org.sites_by_code(conn, [one.site_code for one in wishes])
    outcomes = [_judged(one, sites, scope) for one in wishes]
    fixes = [
        LimitFix(site_id=sites[one.site_code].id, because=_reason(one))
        for one in outcomes
        if isinstance(one, FixWish)
    ]
    done = fulfilment.fix_limits(conn, fixes, by=by, now=now)
    if done:
        renew_limits(conn, now=now)
    return [
        SiteSaysNothing(site_code=one.site_code)
        if isinstance(one, FixWish) and sites[one.site_code].id not in done
        else one
        for one in outcomes
    ]


def _judged(one: FixWish, sites: Mapping[str, Site], scope: Scope) -> FixWish | Refusal:
    site = sites.get(one.site_code)
    if site is None or not scope.covers_site(site.id):
        return SiteNotYours(site_code=one.site_code)
    return SayWhyItHolds() if one.because is not None and not _reason(one) else one


def _reason(one: FixWish) -> str | None:
    return None if one.because is None else one.because.strip()[:BECAUSE_MOST]
