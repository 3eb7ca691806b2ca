"""The organisation: units of the tree, legal entities, sites and parties.

A person may build what the own roles allow (`org.service`); a key builds within the branch where it has org.write.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, OrgUnitId, PartyId, PersonId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import (
    EntityKind,
    IndustryProfile,
    NewEntity,
    NewParty,
    NewSite,
    NewUnit,
    OpenHours,
    PartyKind,
    Permission,
    Unit,
    UnitKind,
)
from loopline.org import lists as org_lists
from loopline.processes import organise
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import HoursCrossed
from loopline.web.api.shapes import (
    Batch,
    Codes,
    Outcomes,
    Page,
    Paging,
    covers_unit,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.types import Code, Country, Currency, Latitude, Longitude, Name
from loopline.web.edge import edge_of

_TAG = "organisation"
SignInName = Annotated[str, Meta(min_length=3, max_length=128)]


class PlaceAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where something lies, in degrees (WGS 84)."""

    longitude: Longitude
    latitude: Latitude


class HoursAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stretch of opening on a weekday (1 is Monday), in minutes since its midnight; it may close after the next."""

    weekday: Annotated[int, Meta(ge=1, le=7)]
    opens_minute: Annotated[int, Meta(ge=0, lt=1_440)]
    closes_minute: Annotated[int, Meta(ge=1, le=2_880)]


class UnitAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit to hang below `parent_code`, parents first; only a brand is without a parent.

    `region_code` is one of GB/T 2260, null outside China. `time_zone` is an IANA name.
    """

    code: Code
    kind: UnitKind
    name: Name
    time_zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Asia/Shanghai"])]
    country: Country
    parent_code: Code | None = None
    region_code: Annotated[str, Meta(pattern=r"^[1-9][0-9]{5}$(?!\n)")] | None = None
    coordinates: PlaceAsk | None = None
    hours: Annotated[list[HoursAsk], Meta(max_length=50)] = []
    industry_profile: IndustryProfile | None = None


class UnitKept(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that stands; `is_new` is false where the same one stood there already."""

    id: OrgUnitId
    code: str
    is_new: bool


class UnitTold(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as it stands. `path` leads from the root to it."""

    id: OrgUnitId
    code: str
    kind: UnitKind
    name: str
    time_zone: str
    country: str
    parent_id: OrgUnitId | None
    path: list[OrgUnitId]
    region_code: str | None
    coordinates: Coordinates | None
    hours: list[OpenHours]
    industry_profile: IndustryProfile | None


class EntityAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A company that sells, owes tax and invoices; `unit_code` is the unit that keeps its record."""

    code: Code
    kind: EntityKind
    name: Name
    unit_code: Code
    country: Country
    currency: Currency
    tax_number: Name | None = None


class EntityKept(msgspec.Struct, frozen=True, kw_only=True):
    """A legal entity that stands; `is_new` is false where the same one stood there already."""

    id: EntityId
    code: str
    is_new: bool


class EntityTold(msgspec.Struct, frozen=True, kw_only=True):
    """A legal entity as it stands."""

    id: EntityId
    code: str
    kind: EntityKind
    name: str
    unit_code: str
    country: str
    currency: str
    tax_number: str | None


class SiteAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place that holds stock, at a unit with coordinates; `entity_code` is the seller of record there."""

    code: Code
    name: Name
    unit_code: Code
    entity_code: Code


class SiteKept(msgspec.Struct, frozen=True, kw_only=True):
    """A site that stands; `is_new` is false where the same one stood there already."""

    id: SiteId
    code: str
    is_new: bool


class SiteTold(msgspec.Struct, frozen=True, kw_only=True):
    """A site with what its unit says of the place."""

    id: SiteId
    code: str
    name: str
    unit_code: str
    entity_code: str
    unit_kind: UnitKind
    coordinates: Coordinates
    time_zone: str
    country: str
    region_code: str | None
    hours: list[OpenHours]


class PartyAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who can earn or owe. A guide or streamer may name the person behind by the sign-in name."""

    code: Code
    kind: PartyKind
    name: Name
    unit_code: Code
    entity_code: Code | None = None
    sign_in_name: SignInName | None = None


class PartyKept(msgspec.Struct, frozen=True, kw_only=True):
    """A party that stands; `is_new` is false where the same one stood there already."""

    id: PartyId
    code: str
    is_new: bool


class PartyTold(msgspec.Struct, frozen=True, kw_only=True):
    """A party as it stands."""

    id: PartyId
    code: str
    kind: PartyKind
    name: str
    unit_code: str
    entity_code: str | None
    sign_in_name: str | None


HangsSomewhere = TypeVar("HangsSomewhere", EntityAsk, SiteAsk, PartyAsk)


def desk_of(caller: Caller) -> tuple[PersonId | None, Scope]:
    """Return who asks, as the organisation knows it, and where the caller may write it.

    For a person the roles decide in the room itself. A key is no person: the room takes it for the machine's owner, so
    what it names is checked against its branch before.
    """
    return caller.person_id, caller.scope(Permission.ORG_WRITE)


@posted("/units", tag=_TAG, name="add_units", gives=Outcomes[UnitKept])
def add_units(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[UnitAsk]]
) -> Response[bytes]:
    """Hang units into the tree, parents before children. The same unit again is that unit."""
    by, scope = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[UnitKept | Refusal]:
        named = {code for one in data.items for code in (one.code, one.parent_code) if code is not None}
        judged = _units_inside(data.items, scope=scope, standing=org.units_by_code(conn, named), by=by)

        def hang(units: list[NewUnit]) -> list[UnitKept | Refusal]:
            added = organise.told(
                conn, org.add_units(conn, units, by=by, now=now), now=now, actor=caller.actor
            )
            return [
                one
                if isinstance(one, Refusal)
                else UnitKept(id=one.unit_id, code=one.code, is_new=one.is_new)
                for one in added
            ]

        return merged(judged, hang)

    answer = decided(request, caller, data, decide)
    edge_of(request).callers.forget()  # whose branch it is reaches it from now on
    return answer


def _units_inside(
    items: Sequence[UnitAsk], *, scope: Scope, standing: Mapping[str, Unit], by: PersonId | None
) -> list[NewUnit | Refusal]:
    inside = {code for code, unit in standing.items() if covers_unit(scope, unit.id)}
    judged: list[NewUnit | Refusal] = []
    for one in items:
        if by is None and not scope.everything and one.parent_code not in inside:
            judged.append(NotInYourBranch(subject=one.code))
            continue
        if one.code not in standing:  # what stands elsewhere does not come inside by being named
            inside.add(one.code)
        judged.append(_new_unit(one))
    return judged


def _new_unit(one: UnitAsk) -> NewUnit | Refusal:
    if any(not day.opens_minute < day.closes_minute <= day.opens_minute + 1_440 for day in one.hours):
        return HoursCrossed(unit_code=one.code)
    return msgspec.convert(one, NewUnit, from_attributes=True)


@told("/units", tag=_TAG, name="list_units")
def list_units(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[UnitTold]:
    """List the units of one's branch, by code."""
    scope = caller.scope(Permission.ORG_READ)
    found = read(request, lambda conn, _: org_lists.units_page(conn, ask_of(asked, codes), scope=scope))
    return page_of(
        found,
        asked,
        told=lambda one: msgspec.convert(one, UnitTold, from_attributes=True),
        cursor=lambda one: encode_cursor(one.code),
    )


def ask_of(asked: Paging, codes: Sequence[str] | None) -> org_lists.PageAsk:
    """Return which page of a list by codes is asked for."""
    (after,) = asked.after(str) or ("",)
    return org_lists.PageAsk(after=after, codes=codes, at_most=asked.at_most)


def inside(
    conn: Conn, items: Sequence[HangsSomewhere], *, scope: Scope, by: PersonId | None
) -> list[HangsSomewhere | Refusal]:
    """Refuse, for a key, what belongs to units outside its branch; for a person the room itself does."""
    if by is not None or scope.everything:
        return list(items)
    units = org.units_by_code(conn, {one.unit_code for one in items})
    mine = {code for code, unit in units.items() if covers_unit(scope, unit.id)}
    return [one if one.unit_code in mine else NotInYourBranch(subject=one.code) for one in items]


@posted("/entities", tag=_TAG, name="add_entities", gives=Outcomes[EntityKept])
def add_entities(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[EntityAsk]]
) -> Response[bytes]:
    """Register legal entities. The same one again is that one."""
    by, scope = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[EntityKept | Refusal]:
        def keep(items: list[EntityAsk]) -> list[EntityKept | Refusal]:
            asked = [msgspec.convert(one, NewEntity, from_attributes=True) for one in items]
            return [
                one
                if isinstance(one, Refusal)
                else EntityKept(id=one.entity_id, code=one.code, is_new=one.is_new)
                for one in org.add_entities(conn, asked, by=by, now=now)
            ]

        return merged(inside(conn, data.items, scope=scope, by=by), keep)

    return decided(request, caller, data, decide)


@told("/entities", tag=_TAG, name="list_entities")
def list_entities(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[EntityTold]:
    """List the legal entities of one's branch, by code."""
    scope = caller.scope(Permission.ORG_READ)

    def find(conn: Conn, _: datetime) -> Page[EntityTold]:
        found = org_lists.entities_page(conn, ask_of(asked, codes), scope=scope)
        units = org_lists.unit_codes(conn, [one.unit_id for one in found])
        return page_of(
            found,
            asked,
            told=lambda one: EntityTold(
                id=one.id,
                code=one.code,
                kind=one.kind,
                name=one.name,
                unit_code=units[one.unit_id],
                country=one.country,
                currency=one.currency,
                tax_number=one.tax_number,
            ),
            cursor=lambda one: encode_cursor(one.code),
        )

    return read(request, find)


@posted("/sites", tag=_TAG, name="add_sites", gives=Outcomes[SiteKept])
def add_sites(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SiteAsk]]
) -> Response[bytes]:
    """Open sites at units that have coordinates. The same site again is that site."""
    by, scope = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[SiteKept | Refusal]:
        def open_(items: list[SiteAsk]) -> list[SiteKept | Refusal]:
            asked = [msgspec.convert(one, NewSite, from_attributes=True) for one in items]
            return [
                one
                if isinstance(one, Refusal)
                else SiteKept(id=one.site_id, code=one.code, is_new=one.is_new)
                for one in org.add_sites(conn, asked, by=by, now=now)
            ]

        return merged(inside(conn, data.items, scope=scope, by=by), open_)

    answer = decided(request, caller, data, decide)
    edge_of(request).callers.forget()  # whose branch it is reaches it from now on
    return answer


@told("/sites", tag=_TAG, name="list_sites")
def list_sites(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[SiteTold]:
    """List the sites of one's branch, by code."""
    scope = caller.scope(Permission.ORG_READ)

    def find(conn: Conn, _: datetime) -> Page[SiteTold]:
        found = org_lists.sites_page(conn, ask_of(asked, codes), scope=scope)
        return page_of(
            found, asked, told=_site_teller(conn, found), cursor=lambda one: encode_cursor(one.code)
        )

    return read(request, find)


def _site_teller(conn: Conn, found: Sequence[org.Site]) -> Callable[[org.Site], SiteTold]:
    units = org_lists.unit_codes(conn, [one.unit_id for one in found])
    entities = org_lists.entity_codes(conn, [one.entity_id for one in found])
    return lambda one: SiteTold(
        id=one.id,
        code=one.code,
        name=one.name,
        unit_code=units[one.unit_id],
        entity_code=entities[one.entity_id],
        unit_kind=one.unit_kind,
        coordinates=one.coordinates,
        time_zone=one.time_zone,
        country=one.country,
        region_code=one.region_code,
        hours=list(one.hours),
    )


@posted("/parties", tag=_TAG, name="add_parties", gives=Outcomes[PartyKept])
def add_parties(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PartyAsk]]
) -> Response[bytes]:
    """Register who can earn or owe. The same one again is that one."""
    by, scope = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[PartyKept | Refusal]:
        def keep(items: list[PartyAsk]) -> list[PartyKept | Refusal]:
            asked = [msgspec.convert(one, NewParty, from_attributes=True) for one in items]
            return [
                one
                if isinstance(one, Refusal)
                else PartyKept(id=one.party_id, code=one.code, is_new=one.is_new)
                for one in org.add_parties(conn, asked, by=by, now=now)
            ]

        return merged(inside(conn, data.items, scope=scope, by=by), keep)

    return decided(request, caller, data, decide)


@told("/parties", tag=_TAG, name="list_parties")
def list_parties(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[PartyTold]:
    """List the parties of one's branch, by code."""
    scope = caller.scope(Permission.ORG_READ)

    def find(conn: Conn, _: datetime) -> Page[PartyTold]:
        found = org_lists.parties_page(conn, ask_of(asked, codes), scope=scope)
        return page_of(
            found, asked, told=_party_teller(conn, found), cursor=lambda one: encode_cursor(one.code)
        )

    return read(request, find)


def _party_teller(conn: Conn, found: Sequence[org.Party]) -> Callable[[org.Party], PartyTold]:
    units = org_lists.unit_codes(conn, [one.unit_id for one in found])
    entities = org_lists.entity_codes(conn, [one.entity_id for one in found if one.entity_id])
    names = org_lists.sign_in_names(conn, [one.person_id for one in found if one.person_id])
    return lambda one: PartyTold(
        id=one.id,
        code=one.code,
        kind=one.kind,
        name=one.name,
        unit_code=units[one.unit_id],
        entity_code=entities[one.entity_id] if one.entity_id else None,
        sign_in_name=names[one.person_id] if one.person_id else None,
    )


ORG_HANDLERS = [
    add_units,
    list_units,
    add_entities,
    list_entities,
    add_sites,
    list_sites,
    add_parties,
    list_parties,
]
