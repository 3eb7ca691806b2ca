"""Limits of counters: set by the brand, by regions and dealers where it leaves them open, and what holds for each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import org
from loopline.db import Conn, log
from loopline.kernel.changes import parts_of
from loopline.kernel.events import Event, event
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Unit, UnitKind, limits
from loopline.org.events import CounterLimitSet
from loopline.org.limits import CounterLimit, KeptLimit, LimitInForce, NewLimit


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds, seen from a branch: for its brand and those of its units that may set limits, in the tree's order.

    `names`: units by id, those above the branch that decided for it, too. `kept`: the last words.
    """

    units: Sequence[Unit]
    names: Mapping[OrgUnitId, Unit]
    kept: Mapping[tuple[OrgUnitId, CounterLimit], KeptLimit]

    def at(self, unit: Unit, setting: CounterLimit) -> LimitInForce:
        """What holds for sites right below a unit."""
        return limits.limit_at(unit.path, setting, kept=self.kept)

    def is_open(self, unit: Unit, setting: CounterLimit) -> bool:
        """Whether the brand of a unit leaves a limit open."""
        brand = self.kept.get((unit.path[0], setting))
        return brand is not None and brand.is_open

    def may_set(self, unit: Unit, setting: CounterLimit, scope: Scope) -> bool:
        """Whether somebody with this scope may set a limit of a unit."""
        is_theirs = scope.everything or unit.id in scope.org_units
        return is_theirs and (unit.kind is UnitKind.BRAND or self.is_open(unit, setting))


class _Set(msgspec.Struct, frozen=True, kw_only=True):
    """What of a limit is told of with what it was before."""

    value: int | None = None
    is_open: bool = False


def set_counter_limits(
    conn: Conn, wanted: Sequence[NewLimit], *, scope: Scope, by: str, now: datetime
) -> list[NewLimit | Refusal]:
    """Set limits, one outcome each; what is set is told to the log, with what the unit had set before."""
    units = org.units_by_code(conn, [one.unit_code for one in wanted])
    kept = limits.limits_of_units(conn, [unit.id for unit in units.values()])
    before = {key: _Set(value=one.value, is_open=one.is_open) for key, one in kept.items()}
    outcomes = limits.set_limits(conn, wanted, scope=scope, by=by, now=now)
    told: list[Event] = []
    for one in outcomes:
        if isinstance(one, NewLimit):
            unit_id, after = units[one.unit_code].id, _Set(value=one.value, is_open=one.is_open)
            parts = parts_of(before.get((unit_id, one.setting), _Set()), after)
            before[unit_id, one.setting] = after
            if not parts:
                continue  # set as it was
            body = CounterLimitSet(
                unit_id=unit_id, setting=one.setting, value=one.value, is_open=one.is_open, parts=parts
            )
            told.append(event(body, subject=unit_id, at=now, actor=by))
    log.append(conn, told)
    return outcomes


def standing_limits(conn: Conn, *, scope: Scope) -> Standing:
    """Read what holds in scope, and which unit decided it."""
    every = {unit.id: unit for unit in org.branch_units(conn)}
    seen = [
        unit
        for unit in every.values()
        if unit.kind in limits.MAY_SET and (scope.everything or unit.id in scope.org_units)
    ]
    above = {unit_id for unit in seen for unit_id in unit.path}
    return Standing(
        units=seen,
        names={unit_id: every[unit_id] for unit_id in above},
        kept=limits.limits_of_units(conn, above),
    )
