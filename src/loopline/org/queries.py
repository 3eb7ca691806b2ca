"""Reads: the tree and what hangs in it, by code, by id, by branch; and what a person may see."""

from collections.abc import Collection, Iterable

from loopline.db import Conn
from loopline.kernel.ids import EntityId, OrgUnitId, PartyId, PersonId, SiteId
from loopline.kernel.scope import Scope
from loopline.org import store
from loopline.org.credentials import normal_sign_in_name
from loopline.org.model import Entity, Party, Person, Role, Site, Unit


def scope_of(conn: Conn, person_id: PersonId, *, roles: Collection[Role] | None = None) -> Scope:
    """Return the units and sites that a person's roles reach; `roles` asks for what some of them reach alone.

    Nothing for whoever has left or holds no such role. Where a role is held at the top of every tree the answer is
    `everything`, and the units and sites are not spelt out.
    """
    return store.scope_of(conn, person_id, roles=roles)


def units_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Unit]:
    """Return the units with these codes, by code; unknown codes are left out."""
    return store.units_by_code(conn, codes)


def units_by_id(conn: Conn, unit_ids: Iterable[OrgUnitId]) -> dict[OrgUnitId, Unit]:
    """Return units by id; unknown ids are left out."""
    return store.units_by_id(conn, unit_ids)


def branch_units(conn: Conn, branch_ids: Collection[OrgUnitId] | None = None) -> list[Unit]:
    """Return branches as they hang, parents before children; all of it where no branch is named."""
    return store.units_below(conn, branch_ids)


def entities_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Entity]:
    """Return the legal entities with these codes, by code; unknown codes are left out."""
    return store.entities_by_code(conn, codes)


def entities_by_id(conn: Conn, entity_ids: Iterable[EntityId]) -> dict[EntityId, Entity]:
    """Return legal entities by id; unknown ids are left out."""
    return store.entities_by_id(conn, entity_ids)


def brand_companies(conn: Conn) -> list[Entity]:
    """Return the brands' own companies in the order of their codes: who sells where nobody else is named."""
    return store.brand_companies(conn)


def sites_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Site]:
    """Return the sites with these codes, by code; unknown codes are left out."""
    return store.sites_by_code(conn, codes)


def sites_by_id(conn: Conn, site_ids: Iterable[SiteId]) -> dict[SiteId, Site]:
    """Return sites by id, with place, zone, seller of record and the path of their unit."""
    return store.sites_by_id(conn, site_ids)


def branch_sites(conn: Conn, branch_ids: Collection[OrgUnitId] | None = None) -> list[Site]:
    """Return the sites of branches in the order of their codes; every site where no branch is named."""
    return store.sites_below(conn, branch_ids)


def parties_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Party]:
    """Return the parties with these codes, by code; unknown codes are left out."""
    return store.parties_by_code(conn, codes)


def parties_by_id(conn: Conn, party_ids: Iterable[PartyId]) -> dict[PartyId, Party]:
    """Return parties by id; unknown ids are left out."""
    return store.parties_by_id(conn, party_ids)


def branch_parties(conn: Conn, branch_ids: Collection[OrgUnitId] | None = None) -> list[Party]:
    """Return the parties of branches in the order of their codes; all of them where no branch is named."""
    return store.parties_below(conn, branch_ids)


def brand_party(conn: Conn) -> Party | None:
    """Return the brand as a party: whom members agree with, and who tells them of their orders."""
    return store.brand_party(conn)


def people_by_name(conn: Conn, sign_in_names: Iterable[str]) -> dict[str, Person]:
    """Return people by their sign-in names in normal spelling; unknown names are left out."""
    return store.people_by_name(conn, [normal_sign_in_name(name) for name in sign_in_names])


def people_by_id(conn: Conn, person_ids: Iterable[PersonId]) -> dict[PersonId, Person]:
    """Return people by id, those who left too; unknown ids are left out."""
    return store.people_by_id(conn, person_ids)


def branch_people(conn: Conn, branch_ids: Collection[OrgUnitId] | None = None) -> list[Person]:
    """Return who works in branches, in the order of sign-in names; everybody where no branch is named."""
    return store.people_below(conn, branch_ids)
