"""The shape of the tree and what a place needs: pure decisions, decided in the order in which things were asked for."""

import re
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar
from zoneinfo import available_timezones

import msgspec

from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.org.model import (
    Entity,
    NewUnit,
    Party,
    PartyKind,
    Person,
    Site,
    Unit,
    UnitKind,
    UnitMove,
    UnitMoved,
)

# GB/T 2260: province (71, 81, 82: Taiwan, Hong Kong, Macao), prefecture, district; no district without a prefecture.
_REGION_CODE = re.compile(
    r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])(0000|(?!00)[0-9]{2}[0-9]{2})"
)
_TREE_KINDS = frozenset({UnitKind.BRAND, UnitKind.REGION, UnitKind.DEALER})
# What a unit may hang below. Stores and warehouses are the tree's ends, but a store may keep a warehouse.
_PARENT_KINDS: dict[UnitKind, frozenset[UnitKind]] = {
    UnitKind.BRAND: frozenset({UnitKind.BRAND}),
    UnitKind.REGION: _TREE_KINDS,
    UnitKind.DEALER: _TREE_KINDS,
    UnitKind.MALL: _TREE_KINDS,
    UnitKind.STORE: _TREE_KINDS | {UnitKind.MALL},
    UnitKind.WAREHOUSE: _TREE_KINDS | {UnitKind.MALL, UnitKind.STORE},
}
_ZONES = frozenset(available_timezones())
_CODE_LENGTH_MAX = 64
_NAME_LENGTH_MAX = 200


class CodeNotUsable(Refusal, frozen=True, kw_only=True):
    """{value!r} cannot be a code: 1 to 64 printable characters, no space at either end."""

    value: str


class NameUnreadable(Refusal, frozen=True, kw_only=True):
    """{value!r} cannot be a name: 1 to 200 printable characters, no space at either end."""

    value: str


class CodeTaken(Refusal, frozen=True, kw_only=True):
    """The code {value} belongs to something else already."""

    value: str


class UnknownCode(Refusal, frozen=True, kw_only=True):
    """There is no {noun} with the code {value}."""

    noun: str
    value: str


class UnknownUnit(Refusal, frozen=True, kw_only=True):
    """There is no such unit in the tree."""

    unit_id: OrgUnitId


class NeedsParent(Refusal, frozen=True, kw_only=True):
    """{value} needs a unit to hang below: only a brand stands at the top."""

    value: str


class WrongPlaceInTree(Refusal, frozen=True, kw_only=True):
    """A {kind} cannot hang below a {parent_kind}."""

    kind: UnitKind
    parent_kind: UnitKind


class WouldMakeCycle(Refusal, frozen=True, kw_only=True):
    """A unit cannot hang below itself or below a unit of its own branch."""

    unit_id: OrgUnitId
    parent_id: OrgUnitId


class RootDoesNotMove(Refusal, frozen=True, kw_only=True):
    """The top of a tree cannot be hung below another unit."""

    unit_id: OrgUnitId


class UnknownTimeZone(Refusal, frozen=True, kw_only=True):
    """{time_zone} is not a time zone; use a name such as Asia/Shanghai."""

    time_zone: str


class UnknownRegionCode(Refusal, frozen=True, kw_only=True):
    """{region_code} is not a region code of GB/T 2260."""

    region_code: str


class CountryCodeNotUsable(Refusal, frozen=True, kw_only=True):
    """{country} is not a country code of two capital letters such as CN."""

    country: str


class CurrencyCodeNotUsable(Refusal, frozen=True, kw_only=True):
    """{currency} is not a currency code of three capital letters such as CNY."""

    currency: str


class PlaceMissing(Refusal, frozen=True, kw_only=True):
    """The unit {unit_code} has no coordinates, so it cannot hold stock that is sent or collected."""

    unit_code: str


class PersonNotExpected(Refusal, frozen=True, kw_only=True):
    """A {kind} is no single person: only guides and streamers name the person behind them."""

    kind: PartyKind


Record = TypeVar("Record", bound=Unit | Entity | Site | Party | Person)


class Registered(msgspec.Struct, Generic[Record], frozen=True, kw_only=True):
    """A record that is to be written, or that stood there already with the same content."""

    record: Record
    is_new: bool


def region_code_is_wellformed(region_code: str) -> bool:
    """Tell whether something can be a code of GB/T 2260; which ones are in force is not asked."""
    return _REGION_CODE.fullmatch(region_code) is not None


def refusal_of_code(code: str) -> CodeNotUsable | None:
    """Refuse what people could not tell apart or type: spaces around, nothing printable, too long."""
    usable = code == code.strip() and 0 < len(code) <= _CODE_LENGTH_MAX and code.isprintable()
    return None if usable else CodeNotUsable(value=code)


def refusal_of_name(name: str) -> NameUnreadable | None:
    """Refuse a name that nobody could read, or that the database could not keep."""
    usable = name == name.strip() and 0 < len(name) <= _NAME_LENGTH_MAX and name.isprintable()
    return None if usable else NameUnreadable(value=name)


def refusal_of_country(country: str) -> CountryCodeNotUsable | None:
    wellformed = len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()
    return None if wellformed else CountryCodeNotUsable(country=country)


def refusal_of_currency(currency: str) -> CurrencyCodeNotUsable | None:
    wellformed = len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()
    return None if wellformed else CurrencyCodeNotUsable(currency=currency)


def refusal_of_unit(unit: NewUnit) -> Refusal | None:
    """Refuse a unit for what it says of itself, before anybody looks at the tree."""
    refusal = refusal_of_code(unit.code) or refusal_of_name(unit.name) or refusal_of_country(unit.country)
    if refusal is not None:
        return refusal
    if unit.time_zone not in _ZONES:
        return UnknownTimeZone(time_zone=unit.time_zone)
    if unit.region_code is not None and not region_code_is_wellformed(unit.region_code):
        return UnknownRegionCode(region_code=unit.region_code)
    if unit.parent_code is None and unit.kind is not UnitKind.BRAND:
        return NeedsParent(value=unit.code)
    return None


def plan_units(
    units: Sequence[NewUnit], *, ids: Sequence[OrgUnitId], standing: Mapping[str, Unit]
) -> list[Registered[Unit] | Refusal]:
    """Decide for each unit, in order, whether it may be added; a parent may come earlier in the same list.

    `standing` holds the units whose codes are named, as they stand.
    """
    known = dict(standing)
    decided: list[Registered[Unit] | Refusal] = []
    for new, unit_id in zip(units, ids, strict=True):
        unit = _unit_below(known.get(new.parent_code) if new.parent_code else None, new=new, unit_id=unit_id)
        outcome = unit if isinstance(unit, Refusal) else _register_unit(unit, standing=standing, known=known)
        if isinstance(outcome, Registered):
            known[new.code] = outcome.record
        decided.append(outcome)
    return decided


def _unit_below(parent: Unit | None, *, new: NewUnit, unit_id: OrgUnitId) -> Unit | Refusal:
    refusal = refusal_of_unit(new)
    if refusal is not None:
        return refusal
    if new.parent_code is not None and parent is None:
        return UnknownCode(noun="unit", value=new.parent_code)
    if parent is not None and parent.kind not in _PARENT_KINDS[new.kind]:
        return WrongPlaceInTree(kind=new.kind, parent_kind=parent.kind)
    return Unit(
        id=unit_id,
        code=new.code,
        kind=new.kind,
        name=new.name,
        time_zone=new.time_zone,
        country=new.country,
        parent_id=parent.id if parent else None,
        path=(*parent.path, unit_id) if parent else (unit_id,),
        region_code=new.region_code,
        coordinates=new.coordinates,
        hours=new.hours,
        industry_profile=new.industry_profile,
    )


def _register_unit(
    unit: Unit, *, standing: Mapping[str, Unit], known: Mapping[str, Unit]
) -> Registered[Unit] | Refusal:
    before = known.get(unit.code)
    if before is None:
        return Registered(record=unit, is_new=True)
    is_same = msgspec.structs.replace(unit, id=before.id, path=before.path) == before
    if unit.code in standing and is_same:
        return Registered(record=before, is_new=False)
    return CodeTaken(value=unit.code)


def register(
    records: Sequence[Record | Refusal], *, standing: Mapping[str, Record]
) -> list[Registered[Record] | Refusal]:
    """Decide which records are new, in order: refusals stay, the same content under the same code is the one that
    stands there, a code that says something else, or is asked for twice at once, is taken.
    """
    asked: set[str] = set()
    decided: list[Registered[Record] | Refusal] = []
    for record in records:
        if isinstance(record, Refusal):
            decided.append(record)
            continue
        before = standing.get(record.code)
        if before is not None and msgspec.structs.replace(record, id=before.id) == before:
            decided.append(Registered(record=before, is_new=False))
        elif before is not None or record.code in asked:
            decided.append(CodeTaken(value=record.code))
        else:
            asked.add(record.code)
            decided.append(Registered(record=record, is_new=True))
    return decided


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """What a move needs to know of a unit."""

    id: OrgUnitId
    parent_id: OrgUnitId | None
    kind: UnitKind


def plan_moves(moves: Sequence[UnitMove], *, units: Sequence[Branch]) -> list[UnitMoved | Refusal]:
    """Decide moves one after the other, each on the tree that the ones before it left; the tree stays a tree.

    `units` are the moved units, their new parents and all ancestors of those parents, as they stand.
    """
    kinds = {unit.id: unit.kind for unit in units}
    parents = {unit.id: unit.parent_id for unit in units}
    decided: list[UnitMoved | Refusal] = []
    for move in moves:
        outcome = _decide_move(move, kinds=kinds, parents=parents)
        if isinstance(outcome, UnitMoved):
            parents[move.unit_id] = move.parent_id
        decided.append(outcome)
    return decided


def _decide_move(
    move: UnitMove,
    *,
    kinds: Mapping[OrgUnitId, UnitKind],
    parents: Mapping[OrgUnitId, OrgUnitId | None],
) -> UnitMoved | Refusal:
    for unit_id in (move.unit_id, move.parent_id):
        if unit_id not in kinds:
            return UnknownUnit(unit_id=unit_id)
    former = parents[move.unit_id]
    if former is None:
        return RootDoesNotMove(unit_id=move.unit_id)
    above: OrgUnitId | None = move.parent_id
    while above is not None:
        if above == move.unit_id:
            return WouldMakeCycle(unit_id=move.unit_id, parent_id=move.parent_id)
        above = parents[above]
    kind, parent_kind = kinds[move.unit_id], kinds[move.parent_id]
    if parent_kind not in _PARENT_KINDS[kind]:
        return WrongPlaceInTree(kind=kind, parent_kind=parent_kind)
    return UnitMoved(unit_id=move.unit_id, parent_id=move.parent_id, former_parent_id=former)
