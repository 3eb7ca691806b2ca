"""What pages and API of measures share: a stretch of days and a branch of the tree, as an address names them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from loopline import org
from loopline.db import Conn
from loopline.insight import NOWHERE
from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.org import Site, Unit, UnitKind
from loopline.web.api.refusals import NoSuchThing

DAYS_SHOWN = 30
DAYS_MAX = 400
NO_SITE = "-"
"""How an address names what belongs to no site."""
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Days of the brand's zone, both included; `today` is the clock's."""

    first: date
    last: date
    today: date
    zone: str


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How far somebody looks: the sites in scope, the units above them, and those that were chosen (None: all)."""

    sites: Mapping[SiteId, Site]
    units: Mapping[OrgUnitId, Unit]
    chosen: frozenset[SiteId] | None
    choosable: Sequence[Unit]

    def dealer_of(self, site: Site) -> Unit | None:
        """Return the dealer a site belongs to: the nearest above it; None for the brand's own."""
        above = (self.units.get(unit_id) for unit_id in reversed(site.unit_path))
        return next((unit for unit in above if unit is not None and unit.kind is UnitKind.DEALER), None)


def day_in(text: str) -> date | None:
    """Return the day a text names; None for what is none."""
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if _FIRST_DAY <= found <= _LAST_DAY else None


def span_of(first: date | None, last: date | None, *, latest: date | None, now: datetime, zone: str) -> Span:
    """Return the days looked at: those asked for, at most 400; else the 30 that end today.

    A brand whose last day lies in the past is looked at as it was then.
    """
    today = business_day(now, zone)
    first, last = (None if day is None else min(max(day, _FIRST_DAY), _LAST_DAY) for day in (first, last))
    end = last or (min(latest, today) if latest is not None else today)
    begin = first or end - timedelta(days=DAYS_SHOWN - 1)
    if last is None and first is not None and first > end:
        end = first
    begin = min(begin, end)
    return Span(first=max(begin, end - timedelta(days=DAYS_MAX - 1)), last=end, today=today, zone=zone)


def reach_of(conn: Conn, scope: Scope, *, branch: str = "", site: str = "") -> Reach:
    """Return how far a scope reaches, narrowed to a branch and a site by their codes.

    Raises Refused for a branch or a site that is not there, or not in scope.
    """
    found = [one for one in org.branch_sites(conn) if scope.covers_site(one.id)]
    above = {unit_id for one in found for unit_id in one.unit_path if unit_id != one.unit_id}
    own = {one.unit_id for one in found if one.unit_kind is UnitKind.DEALER}
    units = org.units_by_id(conn, above | own)
    choosable = [one for one in units.values() if scope.everything or one.id in scope.org_units]
    chosen = None if scope.everything else frozenset(one.id for one in found)
    if branch:
        unit = next((one for one in choosable if one.code == branch), None)
        if unit is None:
            raise Refused(NoSuchThing(noun="unit", value=branch))
        chosen = frozenset(one.id for one in found if unit.id in one.unit_path)
    if site == NO_SITE and scope.everything:
        chosen = frozenset({NOWHERE})
    elif site:
        one = next((one for one in found if one.code == site), None)
        if one is None:
            raise Refused(NoSuchThing(noun="site", value=site))
        chosen = frozenset({one.id}) & (chosen if chosen is not None else frozenset({one.id}))
    return Reach(
        sites={one.id: one for one in found},
        units=units,
        chosen=chosen,
        choosable=sorted(choosable, key=lambda one: (len(one.path), one.name, one.code)),
    )
