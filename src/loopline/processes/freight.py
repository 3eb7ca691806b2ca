"""Freight: what delivery by parcel costs, set by the brand and, where it leaves it open, by regions and dealers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import org
from loopline.db import Conn, log
from loopline.kernel.changes import parts_of
from loopline.kernel.events import Event
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Unit, UnitKind
from loopline.org.limits import MAY_SET
from loopline.pricing import freight
from loopline.pricing.freight import (
    FreightInForce,
    FreightNotOpen,
    FreightTemplate,
    FreightUnitUnknown,
    KeptFreight,
    NewFreight,
    RegionRule,
    UnitSetsNoFreight,
)
from loopline.processes.settings_told import SettingKind, setting_told


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds, seen from a branch: for its brand and those of its units that may set it, in the tree's order.

    `names`: units by id, those above the branch that decided for it, too. `kept`: the last words.
    """

    units: Sequence[Unit]
    names: Mapping[OrgUnitId, Unit]
    kept: Mapping[OrgUnitId, KeptFreight]

    def at(self, unit: Unit) -> FreightInForce | None:
        """What holds for who sells right below a unit."""
        return freight.freight_at(unit.path, kept=self.kept)

    def is_open(self, unit: Unit) -> bool:
        """Whether the brand of a unit leaves it open."""
        return _is_open(unit, self.kept)

    def may_set(self, unit: Unit, scope: Scope) -> bool:
        """Whether somebody with this scope may set it for a unit."""
        is_theirs = scope.everything or unit.id in scope.org_units
        return is_theirs and (unit.kind is UnitKind.BRAND or self.is_open(unit))


class FreightAsSet(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit set, as its changes are told part by part; of a unit that set nothing, or took it back, nothing."""

    currency: str | None = None
    fee_minor: int | None = None
    free_from_minor: int | None = None
    free_from_units: int | None = None
    first_grams: int | None = None
    step_grams: int | None = None
    step_minor: int | None = None
    grams_default: int | None = None
    regions: tuple[RegionRule, ...] = ()
    is_open: bool = False


def set_freight(
    conn: Conn, wanted: Sequence[NewFreight], *, scope: Scope, by: str, now: datetime
) -> list[NewFreight | Refusal]:
    """Set templates of units of one's branch, one outcome each; what is set is told with what it was before.

    Whether a brand leaves it open is what held before these were set.
    """
    found = org.units_by_code(conn, [one.unit_code for one in wanted])
    named = {unit_id for unit in found.values() for unit_id in (unit.path[0], unit.id)}
    kept = freight.freight_of_units(conn, named)
    # Below the brand nobody leaves anything open.
    meant = [
        msgspec.structs.replace(one, is_open=False)
        if (unit := found.get(one.unit_code)) is not None and unit.kind is not UnitKind.BRAND
        else one
        for one in wanted
    ]
    units = [_settable(one, found.get(one.unit_code), kept, scope=scope) for one in meant]
    outcomes = freight.set_freight(conn, meant, units=units, by=by, now=now)
    before = {unit_id: _as_set(one.template, is_open=one.is_open) for unit_id, one in kept.items()}
    told: list[Event] = []
    for one in outcomes:
        if isinstance(one, NewFreight):
            unit_id, after = found[one.unit_code].id, _as_set(one.template, is_open=one.is_open)
            parts = parts_of(before.get(unit_id, FreightAsSet()), after)
            told += setting_told(SettingKind.FREIGHT, "", parts, subject=unit_id, by=by, now=now)
            before[unit_id] = after
    log.append(conn, told)
    return outcomes


def standing_freight(conn: Conn, *, scope: Scope) -> Standing:
    """Read what holds in scope, and which unit decided it."""
    every = {unit.id: unit for unit in org.branch_units(conn)}
    seen = [
        unit
        for unit in every.values()
        if unit.kind in MAY_SET and (scope.everything or unit.id in scope.org_units)
    ]
    above = {unit_id for unit in seen for unit_id in unit.path}
    return Standing(
        units=seen,
        names={unit_id: every[unit_id] for unit_id in above},
        kept=freight.freight_of_units(conn, above),
    )


def _settable(
    one: NewFreight, unit: Unit | None, kept: Mapping[OrgUnitId, KeptFreight], *, scope: Scope
) -> OrgUnitId | Refusal:
    """The unit that a template is for, or why somebody with this scope may not set it."""
    if unit is None or not (scope.everything or unit.id in scope.org_units):
        return FreightUnitUnknown(unit_code=one.unit_code)
    if unit.kind not in MAY_SET:
        return UnitSetsNoFreight(unit_code=one.unit_code, kind=unit.kind.value)
    if unit.kind is not UnitKind.BRAND and one.template is not None and not _is_open(unit, kept):
        return FreightNotOpen(unit_code=one.unit_code)
    return unit.id


def _is_open(unit: Unit, kept: Mapping[OrgUnitId, KeptFreight]) -> bool:
    brand = kept.get(unit.path[0])
    return brand is not None and brand.is_open


def _as_set(template: FreightTemplate | None, *, is_open: bool) -> FreightAsSet:
    if template is None:
        return FreightAsSet(is_open=is_open)
    weighing = template.weighing
    return FreightAsSet(
        currency=template.currency,
        fee_minor=template.fee_minor,
        free_from_minor=template.free_from_minor,
        free_from_units=template.free_from_units,
        first_grams=None if weighing is None else weighing.first_grams,
        step_grams=None if weighing is None else weighing.step_grams,
        step_minor=None if weighing is None else weighing.step_minor,
        grams_default=None if weighing is None else weighing.grams_default,
        regions=template.regions,
        is_open=is_open,
    )
