"""One function per statement of `store.sql`."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_one, statements
from loopline.kernel.failures import Failures
from loopline.kernel.ids import EntityId, OrgUnitId, PartyId, PersonId, SiteId
from loopline.kernel.scope import Scope
from loopline.org.model import (
    Entity,
    Party,
    Person,
    Role,
    RoleGrant,
    SessionPerson,
    Site,
    Unit,
    UnitKind,
    UnitMoved,
)
from loopline.org.permissions import HeldRole
from loopline.org.rules import Branch

SQL = statements(__file__)

_Value = TypeVar("_Value")


class UnitPath(msgspec.Struct, frozen=True, kw_only=True):
    """Where a unit hangs."""

    id: OrgUnitId
    kind: UnitKind
    path: tuple[OrgUnitId, ...]


class PersonRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role of one of several people, with the path of its branch."""

    person_id: PersonId
    role: Role
    branch_id: OrgUnitId
    branch_path: tuple[OrgUnitId, ...]

    def held(self) -> HeldRole:
        return HeldRole(role=self.role, branch_id=self.branch_id, branch_path=self.branch_path)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The stored hash of somebody's password."""

    person_id: PersonId
    hash: str


def _distinct(values: Iterable[_Value]) -> list[_Value]:
    return list(dict.fromkeys(values))


def _names(values: Iterable[str]) -> list[str]:
    """What can stand in the database at all: a text with U+0000 names nothing, and PostgreSQL takes none."""
    return [value for value in dict.fromkeys(values) if "\x00" not in value]


# ---- the tree


def lock_register(conn: Conn) -> None:
    execute(conn, SQL["lock_register"])


def units_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Unit]:
    found = fetch(conn, SQL["units_by_code"], Unit, codes=_names(codes))
    return {unit.code: unit for unit in found}


def units_by_id(conn: Conn, unit_ids: Iterable[OrgUnitId]) -> dict[OrgUnitId, Unit]:
    found = fetch(conn, SQL["units_by_id"], Unit, unit_ids=sorted(unit_ids))
    return {unit.id: unit for unit in found}


def units_below(conn: Conn, branch_ids: Collection[OrgUnitId] | None) -> list[Unit]:
    return fetch(conn, SQL["units_below"], Unit, branch_ids=_given(branch_ids))


def paths_by_id(conn: Conn, unit_ids: Iterable[OrgUnitId]) -> dict[OrgUnitId, UnitPath]:
    found = fetch(conn, SQL["paths_by_id"], UnitPath, unit_ids=_distinct(unit_ids))
    return {unit.id: unit for unit in found}


def branches_and_ancestors(conn: Conn, unit_ids: Iterable[OrgUnitId]) -> list[Branch]:
    return fetch(conn, SQL["branches_and_ancestors"], Branch, unit_ids=_distinct(unit_ids))


def copy_units(conn: Conn, units: Sequence[Unit], *, added_at: datetime) -> None:
    copy_rows(conn, SQL["copy_units"], (_unit_row(unit, added_at=added_at) for unit in units))


def _unit_row(unit: Unit, *, added_at: datetime) -> tuple[Any, ...]:
    place = unit.coordinates
    return (
        unit.id,
        unit.code,
        unit.kind,
        unit.name,
        unit.parent_id,
        list(unit.path),
        unit.country,
        unit.region_code,
        place.longitude if place else None,
        place.latitude if place else None,
        unit.time_zone,
        msgspec.to_builtins(unit.hours),
        unit.industry_profile,
        added_at,
    )


def move_units(conn: Conn, moves: Sequence[UnitMoved]) -> None:
    # A unit moved twice ends where its last move puts it.
    last = {move.unit_id: move.parent_id for move in moves}
    execute(conn, SQL["move_units"], unit_ids=list(last), parent_ids=list(last.values()))


# ---- entities, sites, parties


def entities_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Entity]:
    found = fetch(conn, SQL["entities_by_code"], Entity, codes=_names(codes))
    return {entity.code: entity for entity in found}


def entities_by_id(conn: Conn, entity_ids: Iterable[EntityId]) -> dict[EntityId, Entity]:
    found = fetch(conn, SQL["entities_by_id"], Entity, entity_ids=_distinct(entity_ids))
    return {entity.id: entity for entity in found}


def brand_companies(conn: Conn) -> list[Entity]:
    return fetch(conn, SQL["brand_companies"], Entity)


def copy_entities(conn: Conn, entities: Sequence[Entity], *, added_at: datetime) -> None:
    rows = (
        (
            one.id,
            one.code,
            one.kind,
            one.name,
            one.unit_id,
            one.country,
            one.currency,
            one.tax_number,
            added_at,
        )
        for one in entities
    )
    copy_rows(conn, SQL["copy_entities"], rows)


def sites_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Site]:
    found = fetch(conn, SQL["sites_by_code"], Site, codes=_names(codes))
    return {site.code: site for site in found}


def sites_by_id(conn: Conn, site_ids: Iterable[SiteId]) -> dict[SiteId, Site]:
    found = fetch(conn, SQL["sites_by_id"], Site, site_ids=_distinct(site_ids))
    return {site.id: site for site in found}


def sites_below(conn: Conn, branch_ids: Collection[OrgUnitId] | None) -> list[Site]:
    return fetch(conn, SQL["sites_below"], Site, branch_ids=_given(branch_ids))


def copy_sites(conn: Conn, sites: Sequence[Site], *, added_at: datetime) -> None:
    rows = ((site.id, site.code, site.name, site.unit_id, site.entity_id, added_at) for site in sites)
    copy_rows(conn, SQL["copy_sites"], rows)


def parties_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Party]:
    found = fetch(conn, SQL["parties_by_code"], Party, codes=_names(codes))
    return {party.code: party for party in found}


def parties_by_id(conn: Conn, party_ids: Iterable[PartyId]) -> dict[PartyId, Party]:
    found = fetch(conn, SQL["parties_by_id"], Party, party_ids=_distinct(party_ids))
    return {party.id: party for party in found}


def parties_below(conn: Conn, branch_ids: Collection[OrgUnitId] | None) -> list[Party]:
    return fetch(conn, SQL["parties_below"], Party, branch_ids=_given(branch_ids))


def brand_party(conn: Conn) -> Party | None:
    return fetch_one(conn, SQL["brand_party"], Party)


def copy_parties(conn: Conn, parties: Sequence[Party], *, added_at: datetime) -> None:
    rows = (
        (one.id, one.code, one.kind, one.name, one.unit_id, one.entity_id, one.person_id, added_at)
        for one in parties
    )
    copy_rows(conn, SQL["copy_parties"], rows)


# ---- people and roles


def people_by_name(conn: Conn, sign_in_names: Iterable[str]) -> dict[str, Person]:
    found = fetch(conn, SQL["people_by_name"], Person, sign_in_names=_names(sign_in_names))
    return {person.sign_in_name: person for person in found}


def people_by_id(conn: Conn, person_ids: Iterable[PersonId]) -> dict[PersonId, Person]:
    found = fetch(conn, SQL["people_by_id"], Person, person_ids=_distinct(person_ids))
    return {person.id: person for person in found}


def people_below(conn: Conn, branch_ids: Collection[OrgUnitId] | None) -> list[Person]:
    return fetch(conn, SQL["people_below"], Person, branch_ids=_given(branch_ids))


def lock_people(conn: Conn, person_ids: Iterable[PersonId]) -> dict[PersonId, Person]:
    found = fetch(conn, SQL["lock_people"], Person, person_ids=_distinct(person_ids))
    return {person.id: person for person in found}


def copy_people(conn: Conn, people: Sequence[Person], *, added_at: datetime) -> None:
    rows = ((one.id, one.sign_in_name, one.name, one.unit_id, one.is_active, added_at) for one in people)
    copy_rows(conn, SQL["copy_people"], rows)


def close_people(conn: Conn, person_ids: Sequence[PersonId]) -> None:
    """Mark as gone, and forget what would let them back in: roles, password, sessions."""
    gone = list(person_ids)
    execute(conn, SQL["close_people"], person_ids=gone)
    execute(conn, SQL["delete_roles_of"], person_ids=gone)
    execute(conn, SQL["delete_passwords_of"], person_ids=gone)
    delete_sessions_of(conn, gone)


def roles_of(conn: Conn, person_ids: Iterable[PersonId]) -> list[PersonRole]:
    return fetch(conn, SQL["roles_of"], PersonRole, person_ids=_distinct(person_ids))


def insert_roles(
    conn: Conn, grants: Sequence[RoleGrant], *, granted_at: datetime, granted_by: PersonId | None
) -> set[RoleGrant]:
    inserted = fetch(
        conn,
        SQL["insert_roles"],
        RoleGrant,
        person_ids=[grant.person_id for grant in grants],
        branch_ids=[grant.branch_id for grant in grants],
        roles=[grant.role for grant in grants],
        granted_at=granted_at,
        granted_by=granted_by,
    )
    return set(inserted)


def delete_roles(conn: Conn, grants: Sequence[RoleGrant]) -> set[RoleGrant]:
    deleted = fetch(
        conn,
        SQL["delete_roles"],
        RoleGrant,
        person_ids=[grant.person_id for grant in grants],
        branch_ids=[grant.branch_id for grant in grants],
        roles=[grant.role for grant in grants],
    )
    return set(deleted)


# ---- passwords, failures, sessions


def write_passwords(conn: Conn, credentials: Sequence[Credentials], *, set_at: datetime) -> None:
    execute(
        conn,
        SQL["write_passwords"],
        person_ids=[credential.person_id for credential in credentials],
        hashes=[credential.hash for credential in credentials],
        set_at=set_at,
    )


def password_hashes(conn: Conn, person_ids: Iterable[PersonId]) -> dict[PersonId, str]:
    found = fetch(conn, SQL["password_hashes"], Credentials, person_ids=_distinct(person_ids))
    return {credential.person_id: credential.hash for credential in found}


def credentials_by_name(conn: Conn, sign_in_name: str) -> Credentials | None:
    return fetch_one(conn, SQL["credentials_by_name"], Credentials, sign_in_name=sign_in_name)


def lock_failures(conn: Conn, sign_in_name: str, *, now: datetime) -> Failures:
    found = fetch_one(conn, SQL["lock_failures"], Failures, sign_in_name=sign_in_name, now=now)
    return found or Failures()


def write_failures(conn: Conn, sign_in_name: str, *, failures: Failures) -> None:
    execute(
        conn,
        SQL["write_failures"],
        sign_in_name=sign_in_name,
        failures=failures.failures,
        last_at=failures.last_at,
        locked_until=failures.locked_until,
    )


def delete_failures(conn: Conn, sign_in_name: str) -> None:
    execute(conn, SQL["delete_failures"], sign_in_name=sign_in_name)


def delete_old_failures(conn: Conn, *, before: datetime, at_most: int) -> int:
    return execute(conn, SQL["delete_old_failures"], before=before, at_most=at_most)


def insert_session(
    conn: Conn, person_id: PersonId, *, token_hash: bytes, started_at: datetime, expires_at: datetime
) -> None:
    execute(
        conn,
        SQL["insert_session"],
        person_id=person_id,
        token_hash=token_hash,
        started_at=started_at,
        expires_at=expires_at,
    )


def session_person(conn: Conn, token_hash: bytes, *, now: datetime) -> SessionPerson | None:
    return fetch_one(conn, SQL["session_person"], SessionPerson, token_hash=token_hash, now=now)


def delete_session(conn: Conn, token_hash: bytes) -> bool:
    return execute(conn, SQL["delete_session"], token_hash=token_hash) > 0


def delete_sessions_of(conn: Conn, person_ids: Sequence[PersonId]) -> int:
    return execute(conn, SQL["delete_sessions_of"], person_ids=list(person_ids))


def delete_expired_sessions(conn: Conn, *, now: datetime, at_most: int) -> int:
    return execute(conn, SQL["delete_expired_sessions"], now=now, at_most=at_most)


# ---- scope


def scope_of(conn: Conn, person_id: PersonId, *, roles: Collection[Role] | None) -> Scope:
    wanted = None if roles is None else [str(role) for role in roles]
    found = fetch_one(conn, SQL["scope_of"], Scope, person_id=person_id, roles=wanted)
    assert found is not None
    return found


def _given(branch_ids: Collection[OrgUnitId] | None) -> list[OrgUnitId] | None:
    return None if branch_ids is None else list(branch_ids)
