"""Freight: what delivery by parcel costs, set by the brand and, where it leaves it open, by regions and dealers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import org
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Unit, UnitKind
from loopline.org.limits import MAY_SET
from loopline.pricing import freight
from loopline.pricing.freight import (
    FreightInForce,
    FreightNotOpen,
    FreightUnitUnknown,
    KeptFreight,
    NewFreight,
    UnitSetsNoFreight,
)
from loopline.pricing.freight.events import FreightSet


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


def set_freight(
    conn: Conn, wanted: Sequence[NewFreight], *, scope: Scope, by: str, now: datetime
) -> list[NewFreight | Refusal]:
    """Set templates of units of one's branch, one outcome each; what is set is told to the log.

    Whether a brand leaves it open is what held before these were set.
    """
    found = org.units_by_code(conn, [one.unit_code for one in wanted])
    kept = freight.freight_of_units(conn, {unit.path[0] for unit in found.values()})
    # Below the brand nobody leaves anything open.
    meant = [
        msgspec.structs.replace(one, is_open=False)
        if (unit := found.get(one.unit_code)) is not None and unit.kind is not UnitKind.BRAND
        else one
        for one in wanted
    ]
    units = [_settable(one, found.get(one.unit_code), kept, scope=scope) for one in meant]
    outcomes = freight.set_freight(conn, meant, units=units, by=by, now=now)
    log.append(
        conn,
        [
            event(_told(one, found[one.unit_code].id), subject=found[one.unit_code].id, at=now, actor=by)
            for one in outcomes
            if isinstance(one, NewFreight)
        ],
    )
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


def _told(one: NewFreight, unit_id: OrgUnitId) -> FreightSet:
    template = one.template
    return FreightSet(
        unit_id=unit_id,
        fee_minor=None if template is None else template.fee_minor,
        currency=None if template is None else template.currency,
        is_open=one.is_open,
    )
