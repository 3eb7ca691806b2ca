"""Commands that build the organisation: units, moves, legal entities, sites, parties, people.

Every command says who asks: `by` is the person, `None` the machine's owner at its console (set-up, imports, jobs).
Each item is checked against the branches in which that person may do such a thing. The same thing with the same
content again is that thing. All take the lock of the register first, so that codes and paths stay as they were read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import EntityId, OrgUnitId, PartyId, PersonId, SiteId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.org import store
from loopline.org.credentials import normal_sign_in_name, refusal_of_sign_in_name
from loopline.org.model import (
    Entity,
    EntityAdded,
    NewEntity,
    NewParty,
    NewPerson,
    NewSite,
    NewUnit,
    Party,
    PartyAdded,
    PartyKind,
    Person,
    PersonAdded,
    Site,
    SiteAdded,
    Unit,
    UnitAdded,
    UnitKind,
    UnitMove,
    UnitMoved,
)
from loopline.org.permissions import Act, HeldRole, may
from loopline.org.rules import (
    PersonNotExpected,
    PlaceMissing,
    Record,
    Registered,
    UnknownCode,
    plan_moves,
    plan_units,
    refusal_of_code,
    refusal_of_country,
    refusal_of_currency,
    refusal_of_name,
    register,
)

_PLACES = frozenset({UnitKind.STORE, UnitKind.WAREHOUSE})
_PERSONAL = frozenset({PartyKind.GUIDE, PartyKind.STREAMER})


class _Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for what, and the units that the items name."""

    held: list[HeldRole] | None
    act: Act
    units: Mapping[str, Unit]

    def unit_for(self, unit_code: str, *, subject: str) -> Unit | Refusal:
        """Find the unit an item belongs to; outside one's branch it is no matter whether there is one."""
        unit = self.units.get(unit_code)
        if not may(self.held, self.act, path=unit.path if unit else ()):
            return NotInYourBranch(subject=subject)
        return unit or UnknownCode(noun="unit", value=unit_code)


def held_roles(conn: Conn, person_id: PersonId | None) -> list[HeldRole] | None:
    """Read the roles that decide what somebody may do; none for whoever left, None for the machine's owner."""
    if person_id is None:
        return None
    return [role.held() for role in store.roles_of(conn, [person_id])]


def _open_desk(conn: Conn, by: PersonId | None, *, act: Act, unit_codes: Iterable[str]) -> _Desk:
    held = held_roles(conn, by)
    store.lock_register(conn)
    return _Desk(held=held, act=act, units=store.units_by_code(conn, unit_codes))


def _new(decided: Sequence[Registered[Record] | Refusal]) -> list[Record]:
    return [outcome.record for outcome in decided if isinstance(outcome, Registered) and outcome.is_new]


def add_units(
    conn: Conn, units: Sequence[NewUnit], *, by: PersonId | None, now: datetime
) -> list[UnitAdded | Refusal]:
    """Hang units into the tree, parents before children within one call."""
    named = [code for unit in units for code in (unit.code, unit.parent_code) if code is not None]
    desk = _open_desk(conn, by, act=Act.SHAPE_TREE, unit_codes=named)
    allowed: list[NewUnit | Refusal] = [_allowed_unit(unit, desk=desk) for unit in units]
    asked = [unit for unit in allowed if isinstance(unit, NewUnit)]
    ids = [OrgUnitId(unit_id) for unit_id in uuid7s(now, len(asked))]
    planned = iter(plan_units(asked, ids=ids, standing=desk.units))
    decided = [next(planned) if isinstance(unit, NewUnit) else unit for unit in allowed]
    store.copy_units(conn, _new(decided), added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else UnitAdded(unit_id=outcome.record.id, code=outcome.record.code, is_new=outcome.is_new)
        for outcome in decided
    ]


def _allowed_unit(unit: NewUnit, *, desk: _Desk) -> NewUnit | Refusal:
    # A parent that comes with the same call stands nowhere yet: only the machine's owner builds whole trees at once.
    parent = desk.units.get(unit.parent_code) if unit.parent_code else None
    act = Act.OPEN_PLACES if unit.kind in _PLACES else Act.SHAPE_TREE
    if may(desk.held, act, path=parent.path if parent else ()):
        return unit
    return NotInYourBranch(subject=unit.code)


def move_units(conn: Conn, moves: Sequence[UnitMove], *, by: PersonId | None) -> list[UnitMoved | Refusal]:
    """Hang branches elsewhere, one move after the other; the tree stays a tree.

    Whoever asks must be allowed to shape the tree both where the unit hangs and where it goes.
    """
    held = held_roles(conn, by)
    store.lock_register(conn)
    named = [unit_id for move in moves for unit_id in (move.unit_id, move.parent_id)]
    paths = store.paths_by_id(conn, named)
    allowed: list[UnitMove | Refusal] = [_allowed_move(move, held=held, paths=paths) for move in moves]
    asked = [move for move in allowed if isinstance(move, UnitMove)]
    planned = iter(plan_moves(asked, units=store.branches_and_ancestors(conn, named)))
    decided = [next(planned) if isinstance(move, UnitMove) else move for move in allowed]
    store.move_units(conn, [move for move in decided if isinstance(move, UnitMoved)])
    return decided


def _allowed_move(
    move: UnitMove, *, held: list[HeldRole] | None, paths: Mapping[OrgUnitId, store.UnitPath]
) -> UnitMove | Refusal:
    unit, parent = paths.get(move.unit_id), paths.get(move.parent_id)
    # The branch one holds a role at is not one's own to move: what counts is the place it hangs in.
    from_path = unit.path[:-1] if unit else ()
    to_path = parent.path if parent else ()
    if may(held, Act.SHAPE_TREE, path=from_path) and may(held, Act.SHAPE_TREE, path=to_path):
        return move
    return NotInYourBranch(subject=str(move.unit_id))


def add_entities(
    conn: Conn, entities: Sequence[NewEntity], *, by: PersonId | None, now: datetime
) -> list[EntityAdded | Refusal]:
    """Register legal entities."""
    desk = _open_desk(conn, by, act=Act.KEEP_COMPANIES, unit_codes=(new.unit_code for new in entities))
    ids = uuid7s(now, len(entities))
    asked = [_entity(new, EntityId(new_id), desk=desk) for new, new_id in zip(entities, ids, strict=True)]
    standing = store.entities_by_code(conn, (new.code for new in entities))
    decided = register(asked, standing=standing)
    store.copy_entities(conn, _new(decided), added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else EntityAdded(entity_id=outcome.record.id, code=outcome.record.code, is_new=outcome.is_new)
        for outcome in decided
    ]


def _entity(new: NewEntity, entity_id: EntityId, *, desk: _Desk) -> Entity | Refusal:
    unit = desk.unit_for(new.unit_code, subject=new.code)
    if isinstance(unit, Refusal):
        return unit
    refusal = (
        refusal_of_code(new.code)
        or refusal_of_name(new.name)
        or refusal_of_name(new.tax_number or "-")
        or refusal_of_country(new.country)
        or refusal_of_currency(new.currency)
    )
    return refusal or Entity(
        id=entity_id,
        code=new.code,
        kind=new.kind,
        name=new.name,
        unit_id=unit.id,
        unit_path=unit.path,
        country=new.country,
        currency=new.currency,
        tax_number=new.tax_number,
    )


def add_sites(
    conn: Conn, sites: Sequence[NewSite], *, by: PersonId | None, now: datetime
) -> list[SiteAdded | Refusal]:
    """Open sites at units that have coordinates, each with its seller of record."""
    desk = _open_desk(conn, by, act=Act.OPEN_PLACES, unit_codes=(new.unit_code for new in sites))
    entities = store.entities_by_code(conn, (new.entity_code for new in sites))
    ids = uuid7s(now, len(sites))
    asked = [
        _site(new, SiteId(new_id), desk=desk, entities=entities)
        for new, new_id in zip(sites, ids, strict=True)
    ]
    decided = register(asked, standing=store.sites_by_code(conn, (new.code for new in sites)))
    store.copy_sites(conn, _new(decided), added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else SiteAdded(site_id=outcome.record.id, code=outcome.record.code, is_new=outcome.is_new)
        for outcome in decided
    ]


def _site(new: NewSite, site_id: SiteId, *, desk: _Desk, entities: Mapping[str, Entity]) -> Site | Refusal:
    unit = desk.unit_for(new.unit_code, subject=new.code)
    if isinstance(unit, Refusal):
        return unit
    entity = entities.get(new.entity_code)
    if entity is None:
        return UnknownCode(noun="legal entity", value=new.entity_code)
    if unit.coordinates is None:
        return PlaceMissing(unit_code=unit.code)
    return (
        refusal_of_code(new.code)
        or refusal_of_name(new.name)
        or Site(
            id=site_id,
            code=new.code,
            name=new.name,
            entity_id=entity.id,
            unit_id=unit.id,
            unit_path=unit.path,
            unit_kind=unit.kind,
            coordinates=unit.coordinates,
            time_zone=unit.time_zone,
            country=unit.country,
            region_code=unit.region_code,
            hours=unit.hours,
        )
    )


def add_parties(
    conn: Conn, parties: Sequence[NewParty], *, by: PersonId | None, now: datetime
) -> list[PartyAdded | Refusal]:
    """Register who can earn or owe. A guide or streamer may name the person behind, nobody else may."""
    desk = _open_desk(conn, by, act=Act.KEEP_COMPANIES, unit_codes=(new.unit_code for new in parties))
    entities = store.entities_by_code(conn, (new.entity_code for new in parties if new.entity_code))
    names = (normal_sign_in_name(new.sign_in_name) for new in parties if new.sign_in_name)
    people = store.people_by_name(conn, names)
    asked = [
        _party(new, PartyId(new_id), desk=desk, known=_Known(entities=entities, people=people))
        for new, new_id in zip(parties, uuid7s(now, len(parties)), strict=True)
    ]
    decided = register(asked, standing=store.parties_by_code(conn, (new.code for new in parties)))
    store.copy_parties(conn, _new(decided), added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else PartyAdded(party_id=outcome.record.id, code=outcome.record.code, is_new=outcome.is_new)
        for outcome in decided
    ]


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """The companies and people that parties name."""

    entities: Mapping[str, Entity]
    people: Mapping[str, Person]


def _party(new: NewParty, party_id: PartyId, *, desk: _Desk, known: _Known) -> Party | Refusal:
    unit = desk.unit_for(new.unit_code, subject=new.code)
    if isinstance(unit, Refusal):
        return unit
    entity = known.entities.get(new.entity_code) if new.entity_code else None
    if new.entity_code is not None and entity is None:
        return UnknownCode(noun="legal entity", value=new.entity_code)
    person = known.people.get(normal_sign_in_name(new.sign_in_name)) if new.sign_in_name else None
    if new.sign_in_name is not None and person is None:
        return UnknownCode(noun="person", value=new.sign_in_name)
    if person is not None and new.kind not in _PERSONAL:
        return PersonNotExpected(kind=new.kind)
    return (
        refusal_of_code(new.code)
        or refusal_of_name(new.name)
        or Party(
            id=party_id,
            code=new.code,
            kind=new.kind,
            name=new.name,
            unit_id=unit.id,
            unit_path=unit.path,
            entity_id=entity.id if entity else None,
            person_id=person.id if person else None,
        )
    )


def add_people(
    conn: Conn, people: Sequence[NewPerson], *, by: PersonId | None, now: datetime
) -> list[PersonAdded | Refusal]:
    """Take people on; they can sign in once they have a password, and do something once they have a role."""
    desk = _open_desk(conn, by, act=Act.KEEP_PEOPLE, unit_codes=(new.unit_code for new in people))
    asked = [
        _person(new, PersonId(new_id), desk=desk)
        for new, new_id in zip(people, uuid7s(now, len(people)), strict=True)
    ]
    names = (person.sign_in_name for person in asked if isinstance(person, Person))
    decided = register(asked, standing=store.people_by_name(conn, names))
    store.copy_people(conn, _new(decided), added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else PersonAdded(
            person_id=outcome.record.id, sign_in_name=outcome.record.sign_in_name, is_new=outcome.is_new
        )
        for outcome in decided
    ]


def _person(new: NewPerson, person_id: PersonId, *, desk: _Desk) -> Person | Refusal:
    unit = desk.unit_for(new.unit_code, subject=new.sign_in_name)
    if isinstance(unit, Refusal):
        return unit
    sign_in_name = normal_sign_in_name(new.sign_in_name)
    return (
        refusal_of_sign_in_name(sign_in_name)
        or refusal_of_name(new.name)
        or Person(
            id=person_id,
            sign_in_name=sign_in_name,
            name=new.name,
            unit_id=unit.id,
            unit_path=unit.path,
            is_active=True,
        )
    )
