"""Limits of counters: what one person may do alone at a store's counter, set by the brand and, where open, below it.

What the brand sets holds everywhere. Where the brand leaves a limit open, a region or a dealer may set its own, for
the sites below it; the nearest unit above a site decides. What was set is never changed: the last word holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import store
from loopline.org.model import Site, Unit, UnitKind

SQL = statements(__file__)
COMMENT_MOST = 500
MAY_SET = frozenset({UnitKind.BRAND, UnitKind.REGION, UnitKind.DEALER})


class CounterLimit(StrEnum):
    """What is limited."""

    BLIND_ALONE = "blind_alone_minor"
    """What somebody may pay, within a day, for goods without a sale that they took in themselves; in minor units of the
    currency they are paid in."""
    PRICE_ALONE = "price_alone_percent"
    """By how many per cent of its price somebody at a till may sell something for less, with a reason."""

    COLLECT_BY_CODE = "collect_by_code_minor"
    """Up to what its goods were sold for a parcel is given for its code alone; in minor units of their currency. Above
    it whoever collects shows that they are who ordered it."""


AS_DELIVERED: Mapping[CounterLimit, int] = {
    CounterLimit.BLIND_ALONE: 50_000,
    CounterLimit.PRICE_ALONE: 10,
    CounterLimit.COLLECT_BY_CODE: 200_000,
}
"""What holds where nobody set anything."""
MOST: Mapping[CounterLimit, int] = {
    CounterLimit.BLIND_ALONE: 100_000_000,
    CounterLimit.PRICE_ALONE: 100,
    CounterLimit.COLLECT_BY_CODE: 100_000_000,
}
PERCENTAGES = frozenset({CounterLimit.PRICE_ALONE})
"""Limits that are whole per cents; the others are amounts."""


class NewLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit wants a limit; `value` None: what holds above it is to hold again.

    `is_open`, of a brand alone: whether regions and dealers may set their own.
    """

    unit_code: str
    setting: CounterLimit
    value: int | None
    comment: str
    is_open: bool = False


class KeptLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The last word of a unit on a limit."""

    unit_id: OrgUnitId
    setting: CounterLimit
    value: int | None
    is_open: bool
    comment: str
    set_at: datetime
    set_by: str


class LimitInForce(msgspec.Struct, frozen=True, kw_only=True):
    """What holds somewhere; `decided_by` None: nobody set anything, and it is as delivered."""

    value: int
    decided_by: OrgUnitId | None


class LimitUnitUnknown(Refusal, frozen=True, kw_only=True):
    """There is no unit {unit_code}, or it is not for you."""

    unit_code: str


class UnitSetsNoLimit(Refusal, frozen=True, kw_only=True):
    """{unit_code} is a {kind}: the brand sets limits and, where it leaves them open, regions and dealers."""

    unit_code: str
    kind: str


class LimitNotOpen(Refusal, frozen=True, kw_only=True):
    """The brand does not leave {setting} open to {unit_code}."""

    setting: str
    unit_code: str


class LimitOutOfRange(Refusal, frozen=True, kw_only=True):
    """{setting} is {value}, and must be between 0 and {most}."""

    setting: str
    value: int
    most: int


class LimitNeedsAComment(Refusal, frozen=True, kw_only=True):
    """A limit is set with a comment, of at most {most} characters: why it is so."""

    most: int


def set_limits(
    conn: Conn, wanted: Sequence[NewLimit], *, scope: Scope, by: str, now: datetime
) -> list[NewLimit | Refusal]:
    """Set limits of units in scope, one outcome each, in the order given; of two for one the last holds.

    Whether a brand leaves something open is what held before these were set. Locks nothing but the new rows.
    """
    units = store.units_by_code(conn, [one.unit_code for one in wanted])
    kept = limits_of_units(conn, {unit.path[0] for unit in units.values()})
    outcomes = [_judged(one, units.get(one.unit_code), kept, scope=scope) for one in wanted]
    going = [one for one in outcomes if isinstance(one, NewLimit)]
    if going:
        execute(
            conn,
            SQL["add_limits"],
            unit_ids=[units[one.unit_code].id for one in going],
            settings=[one.setting.value for one in going],
            values=[one.value for one in going],
            opens=[one.is_open for one in going],
            comments=[one.comment.strip() for one in going],
            by=by,
            now=now,
        )
    return outcomes


def limits_of_units(
    conn: Conn, unit_ids: Iterable[OrgUnitId]
) -> dict[tuple[OrgUnitId, CounterLimit], KeptLimit]:
    """Return the last word of each of these units on each limit that it ever set."""
    found = fetch(conn, SQL["limits_of_units"], KeptLimit, unit_ids=uuids(unit_ids))
    return {(one.unit_id, one.setting): one for one in found}


def limits_of_sites(conn: Conn, sites: Iterable[Site], setting: CounterLimit) -> dict[SiteId, LimitInForce]:
    """Return what holds at sites."""
    paths = {site.id: site.unit_path for site in sites}
    kept = limits_of_units(conn, {unit_id for path in paths.values() for unit_id in path}) if paths else {}
    return {site_id: limit_at(path, setting, kept=kept) for site_id, path in paths.items()}


def limit_at(
    path: Sequence[OrgUnitId],
    setting: CounterLimit,
    *,
    kept: Mapping[tuple[OrgUnitId, CounterLimit], KeptLimit],
) -> LimitInForce:
    """Return what holds at the end of a path from the brand down. Pure.

    The nearest unit that set it decides, where the brand leaves it open; else the brand.
    """
    brand = kept.get((path[0], setting))
    deciding = [path[0], *(path[1:] if brand is not None and brand.is_open else ())]
    for unit_id in reversed(deciding):
        one = kept.get((unit_id, setting))
        if one is not None and one.value is not None:
            return LimitInForce(value=one.value, decided_by=unit_id)
    return LimitInForce(value=AS_DELIVERED[setting], decided_by=None)


def _judged(
    one: NewLimit,
    unit: Unit | None,
    kept: Mapping[tuple[OrgUnitId, CounterLimit], KeptLimit],
    *,
    scope: Scope,
) -> NewLimit | Refusal:
    if unit is None or not (scope.everything or unit.id in scope.org_units):
        return LimitUnitUnknown(unit_code=one.unit_code)
    if unit.kind not in MAY_SET:
        return UnitSetsNoLimit(unit_code=one.unit_code, kind=unit.kind.value)
    brand = kept.get((unit.path[0], one.setting))
    if unit.kind is UnitKind.BRAND:
        return _refusal_of_value(one) or one
    if one.value is not None and not (brand is not None and brand.is_open):
        return LimitNotOpen(setting=one.setting.value, unit_code=one.unit_code)
    return _refusal_of_value(one) or msgspec.structs.replace(one, is_open=False)


def _refusal_of_value(one: NewLimit) -> Refusal | None:
    if one.value is not None and not 0 <= one.value <= MOST[one.setting]:
        return LimitOutOfRange(setting=one.setting.value, value=one.value, most=MOST[one.setting])
    if not 0 < len(one.comment.strip()) <= COMMENT_MOST:
        return LimitNeedsAComment(most=COMMENT_MOST)
    return None
