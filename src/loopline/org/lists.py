"""Reads for lists: a page at a time, in the order of codes, of a scope; and the codes that go with ids."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from loopline.db import Conn, Statement, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import ApiKeyId, EntityId, OrgUnitId, PartyId, PersonId
from loopline.kernel.scope import Scope
from loopline.org.credentials import normal_sign_in_name
from loopline.org.model import Entity, Party, Person, RoleGrant, Site, Unit

SQL = statements(__file__)
_Record = TypeVar("_Record", bound=msgspec.Struct)


class PageAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list: those after a code, of some codes (None: of all), at most so many."""

    after: str = ""
    codes: Sequence[str] | None = None
    at_most: int = 50


def units_page(conn: Conn, ask: PageAsk, *, scope: Scope) -> list[Unit]:
    """Return a page of the units in scope, by code."""
    return _page(conn, SQL["units_page"], Unit, ask=ask, scope=scope)


def entities_page(conn: Conn, ask: PageAsk, *, scope: Scope) -> list[Entity]:
    """Return a page of the legal entities whose unit is in scope, by code."""
    return _page(conn, SQL["entities_page"], Entity, ask=ask, scope=scope)


def sites_page(conn: Conn, ask: PageAsk, *, scope: Scope) -> list[Site]:
    """Return a page of the sites whose unit is in scope, by code."""
    return _page(conn, SQL["sites_page"], Site, ask=ask, scope=scope)


def parties_page(conn: Conn, ask: PageAsk, *, scope: Scope) -> list[Party]:
    """Return a page of the parties whose unit is in scope, by code."""
    return _page(conn, SQL["parties_page"], Party, ask=ask, scope=scope)


def sites_named(conn: Conn, text: str, *, scope: Scope, at_most: int) -> list[Site]:
    """Return sites in scope whose code or name has a text in it, by code."""
    site_ids = None if scope.everything else uuids(scope.sites)
    return fetch(conn, SQL["sites_named"], Site, site_ids=site_ids, text=text, at_most=at_most)


def parties_named(conn: Conn, text: str, *, scope: Scope, at_most: int) -> list[Party]:
    """Return parties of units in scope whose code or name has a text in it, by code."""
    unit_ids = None if scope.everything else uuids(scope.org_units)
    return fetch(conn, SQL["parties_named"], Party, unit_ids=unit_ids, text=text, at_most=at_most)


def people_page(conn: Conn, ask: PageAsk, *, scope: Scope) -> list[Person]:
    """Return a page of the people who work at units in scope, by sign-in name; those who left too."""
    names = None if ask.codes is None else [normal_sign_in_name(code) for code in ask.codes]
    return _page(conn, SQL["people_page"], Person, ask=msgspec.structs.replace(ask, codes=names), scope=scope)


def unit_codes(conn: Conn, unit_ids: Iterable[OrgUnitId]) -> dict[OrgUnitId, str]:
    """Return the codes of units by id."""
    return _codes(conn, SQL["unit_codes"], unit_ids=unit_ids)


def company_ids_in_scope(conn: Conn, scope: Scope) -> list[EntityId] | None:
    """Return the legal entities whose unit is in scope; None is all there are."""
    if scope.everything:
        return None
    rows = fetch_rows(conn, SQL["entity_ids_of_units"], unit_ids=uuids(scope.org_units))
    return [EntityId(row[0]) for row in rows]


def entity_codes(conn: Conn, entity_ids: Iterable[EntityId]) -> dict[EntityId, str]:
    """Return the codes of legal entities by id."""
    return _codes(conn, SQL["entity_codes"], entity_ids=entity_ids)


def entity_codes_in_scope(conn: Conn, entity_ids: Iterable[EntityId], *, scope: Scope) -> dict[EntityId, str]:
    """Return the codes, by id, of those legal entities whose unit is in scope."""
    rows = fetch_rows(
        conn,
        SQL["entity_codes_in_scope"],
        entity_ids=uuids(set(entity_ids)),
        unit_ids=None if scope.everything else uuids(scope.org_units),
    )
    return {row[0]: row[1] for row in rows}


def maker_of_key(conn: Conn, key_id: ApiKeyId) -> PersonId | None:
    """Return the person who made a key; None where it was made at the machine's console."""
    rows = fetch_rows(conn, SQL["maker_of_key"], key_id=key_id)
    return rows[0][0] if rows else None


def party_codes(conn: Conn, party_ids: Iterable[PartyId]) -> dict[PartyId, str]:
    """Return the codes of parties by id."""
    return _codes(conn, SQL["party_codes"], party_ids=party_ids)


def sign_in_names(conn: Conn, person_ids: Iterable[PersonId]) -> dict[PersonId, str]:
    """Return the sign-in names of people by id."""
    return _codes(conn, SQL["sign_in_names"], person_ids=person_ids)


def roles_of_people(conn: Conn, person_ids: Iterable[PersonId]) -> dict[PersonId, list[RoleGrant]]:
    """Return the roles of people, by person; whoever holds none is left out."""
    found = fetch(conn, SQL["roles_of_people"], RoleGrant, person_ids=uuids(set(person_ids)))
    roles: dict[PersonId, list[RoleGrant]] = {}
    for grant in found:
        roles.setdefault(grant.person_id, []).append(grant)
    return roles


class NameInBooks(msgspec.Struct, frozen=True, kw_only=True):
    """What a legal entity or a party is called, and of which unit it is; `zone` is the brand's own."""

    id: UUID
    is_party: bool
    code: str
    name: str
    unit_id: OrgUnitId
    zone: str


def names_in_books(
    conn: Conn, *, entity_ids: Iterable[EntityId], party_ids: Iterable[PartyId]
) -> dict[UUID, NameInBooks]:
    """Return what legal entities and parties are called, by id, in one read."""
    found = fetch(
        conn,
        SQL["names_in_books"],
        NameInBooks,
        entity_ids=uuids(set(entity_ids)),
        party_ids=uuids(set(party_ids)),
    )
    return {one.id: one for one in found}


def _page(
    conn: Conn, statement: Statement, record: type[_Record], *, ask: PageAsk, scope: Scope
) -> list[_Record]:
    return fetch(
        conn,
        statement,
        record,
        unit_ids=None if scope.everything else uuids(scope.org_units),
        codes=None if ask.codes is None else list(ask.codes),
        after=ask.after,
        at_most=ask.at_most,
    )


def _codes(conn: Conn, statement: Statement, **ids: Iterable[UUID]) -> dict[Any, str]:
    parameters = {name: uuids(set(values)) for name, values in ids.items()}
    return {row[0]: row[1] for row in fetch_rows(conn, statement, **parameters)}
