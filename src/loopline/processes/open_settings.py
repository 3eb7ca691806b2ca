"""Open settings: what the profile in force leaves open, what regions and dealers set, and what holds at every site."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import org
from loopline.db import Conn, log
from loopline.kernel.changes import Part
from loopline.kernel.events import Event
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Site, Unit, UnitKind
from loopline.processes.settings_told import SettingKind, setting_told
from loopline.sourcing import profiles
from loopline.sourcing.profiles import ProfileInForce
from loopline.sourcing.settings import (
    DropOverride,
    KeptOverride,
    Override,
    OverrideChange,
    Profile,
    Settings,
    SiteSetting,
    SiteTerms,
    terms_of_site,
)

MAY_SET = frozenset({UnitKind.REGION, UnitKind.DEALER})
CHANGES_SHOWN = 20


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A unit wants a setting for its sites to be `value`; None: HQ's (or that of a unit above) is to hold again."""

    unit_code: str
    setting: SiteSetting
    value: int | None
    comment: str | None = None


class UnitNotYours(Refusal, frozen=True, kw_only=True):
    """There is no unit {unit_code}, or it is not for you."""

    unit_code: str


class UnitSetsNothing(Refusal, frozen=True, kw_only=True):
    """{unit_code} is a {kind}: regions and dealers set what HQ leaves open; HQ's own values are in the profile."""

    unit_code: str
    kind: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds, seen from a branch. `overrides` by (unit, setting), `terms` by site, of the branch alone.

    `published`: the version in force; None: the settings are as delivered. `profile`: the same, with what the units
    above the branch's sites and its own set. `units`: those of the branch that may set something, and every unit that
    decides for one of its sites or for one of these; parents before children. `changes`: what those of the branch set
    and took back, the latest first.
    """

    published: Profile | None
    profile: ProfileInForce
    units: Mapping[OrgUnitId, Unit]
    overrides: Mapping[tuple[OrgUnitId, SiteSetting], KeptOverride]
    sites: Sequence[Site]
    terms: Sequence[SiteTerms]
    changes: Sequence[OverrideChange]

    def may_set(self, unit: Unit, scope: Scope) -> bool:
        """Whether somebody with this scope may set what is open for a unit."""
        return unit.kind in MAY_SET and _is_in(unit.id, scope)

    def terms_of(self, unit: Unit) -> SiteTerms:
        """What holds for sites that hang right below a unit."""
        return terms_of_site(self.profile.settings, unit_path=unit.path, overrides=self.profile.overrides)


def standing(conn: Conn, *, scope: Scope) -> Standing:
    """Read what holds at the sites in scope, and which unit decided it; sites in order of code."""
    published = profiles.published_last(conn)
    settings = published.settings if published else Settings()
    sites = sorted(
        (site for site in org.branch_sites(conn) if scope.covers_site(site.id)), key=lambda one: one.code
    )
    units = {unit.id: unit for unit in org.branch_units(conn)}
    own = [unit for unit in units.values() if unit.kind in MAY_SET and _is_in(unit.id, scope)]
    paths = [site.unit_path for site in sites] + [unit.path for unit in own]
    kept = {
        (one.unit_id, one.setting): one
        for one in profiles.overrides_of_units(conn, {unit_id for path in paths for unit_id in path})
    }
    values = {key: one.value for key, one in kept.items()}
    terms = [terms_of_site(settings, unit_path=path, overrides=values) for path in paths]
    seen = {unit.id for unit in own}
    deciding = _deciders(terms)
    while beyond := deciding - seen:  # units nest: who decides for a unit above that is shown is shown, too
        seen |= beyond
        deciding = _deciders(
            terms_of_site(settings, unit_path=units[unit_id].path, overrides=values) for unit_id in beyond
        )
    return Standing(
        published=published,
        profile=ProfileInForce(
            version=published.version if published else profiles.NO_VERSION,
            settings=settings,
            overrides=values,
        ),
        units={unit_id: unit for unit_id, unit in units.items() if unit_id in seen},
        overrides={key: one for key, one in kept.items() if one.unit_id in seen},
        sites=sites,
        terms=terms[: len(sites)],
        changes=profiles.override_changes(conn, [unit.id for unit in own], at_most=CHANGES_SHOWN),
    )


def _deciders(terms: Iterable[SiteTerms]) -> set[OrgUnitId]:
    return {unit_id for one in terms for unit_id in one.decided_by.values()}


def _is_in(unit_id: OrgUnitId, scope: Scope) -> bool:
    return scope.everything or unit_id in scope.org_units


def set_open(
    conn: Conn, wishes: Sequence[Wish], *, scope: Scope, by: str, now: datetime
) -> list[Wish | Refusal]:
    """Set what units in scope want for their sites, or let it go; of two wishes for one the last holds.

    Refused: units outside scope (nobody is told whether there is such a unit), units that are no region and no dealer,
    what the profile in force does not leave open, values out of range. What is not open any more may still be let go.
    """
    units = org.units_by_code(conn, [one.unit_code for one in wishes])
    judged = [_judged(one, units, scope) for one in wishes]
    last = {
        (units[one.unit_code].id, one.setting): place
        for place, one in enumerate(judged)
        if isinstance(one, Wish)
    }
    dropped = [
        DropOverride(unit_id=unit_id, setting=setting, comment=wishes[place].comment)
        for (unit_id, setting), place in last.items()
        if wishes[place].value is None
    ]
    before = {
        (one.unit_id, one.setting): one.value
        for one in profiles.overrides_of_units(conn, {unit_id for unit_id, _ in last})
    }
    profiles.drop_overrides(conn, dropped, by=by, now=now)
    asked = [
        (place, _override(units[one.unit_code].id, one, value=one.value))
        for place, one in enumerate(judged)
        if isinstance(one, Wish) and one.value is not None
    ]
    # A wish that a later one takes back is judged all the same, and leaves no trace.
    standing_ = [one for place, one in asked if last[one.unit_id, one.setting] == place]
    outcomes = profiles.judge_overrides(conn, [one for _, one in asked])
    profiles.set_overrides(conn, standing_, by=by, now=now)
    for (place, _), outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            judged[place] = outcome
    told: list[Event] = []
    for (unit_id, setting), place in last.items():
        if not isinstance(judged[place], Refusal):
            part = Part(field="value", before=before.get((unit_id, setting)), after=wishes[place].value)
            parts = [part] if part.before != part.after else []
            kind = SettingKind.SOURCING_OVERRIDE
            told += setting_told(kind, setting.value, parts, subject=unit_id, by=by, now=now)
    log.append(conn, told)
    return judged


def _override(unit_id: OrgUnitId, one: Wish, *, value: int) -> Override:
    return Override(unit_id=unit_id, setting=one.setting, value=value, comment=one.comment)


def _judged(one: Wish, units: Mapping[str, Unit], scope: Scope) -> Wish | Refusal:
    unit = units.get(one.unit_code)
    if unit is None or not _is_in(unit.id, scope):
        return UnitNotYours(unit_code=one.unit_code)
    if unit.kind not in MAY_SET:
        return UnitSetsNothing(unit_code=one.unit_code, kind=unit.kind.value)
    return one
