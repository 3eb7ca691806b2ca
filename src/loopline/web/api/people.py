"""People who work here: taking them on, what they may do where, their passwords, seeing them off."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId, PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import ROLE_PERMISSIONS, NewPassword, NewPerson, Permission, Person, Role, RoleGrant, Unit
from loopline.org import lists as org_lists
from loopline.org.credentials import normal_sign_in_name
from loopline.org.permissions import MayNotGrant
from loopline.processes import organise
from loopline.web.api.answers import AnyRequest, read, run
from loopline.web.api.answers import outcomes as spelt
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.org import SignInName, ask_of, desk_of
from loopline.web.api.refusals import NoSuchThing, NotByKey
from loopline.web.api.shapes import (
    Batch,
    Outcome,
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
from loopline.web.api.types import Code, Name
from loopline.web.edge import edge_of

_TAG = "people"
# Hashing one takes a tenth of a second, on purpose.
_PASSWORDS_MAX = 20
Password = Annotated[str, Meta(min_length=1, max_length=256)]


class PersonAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to take on at a unit. Sign-in names are compared without regard to case."""

    sign_in_name: SignInName
    name: Name
    unit_code: Code


class PersonKept(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works here; `is_new` is false where that was so already."""

    id: PersonId
    sign_in_name: str
    is_new: bool


class RoleTold(msgspec.Struct, frozen=True, kw_only=True):
    """A role held at a unit; it reaches all that hangs below."""

    role: Role
    unit_code: str


class PersonTold(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works here, or did."""

    id: PersonId
    sign_in_name: str
    name: str
    unit_code: str
    is_active: bool
    roles: list[RoleTold]


class PersonNamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody, by the sign-in name."""

    sign_in_name: SignInName


class PersonLeft(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who left: signed out everywhere, roles ended."""

    sign_in_name: str


class RoleAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role for a person at a unit."""

    sign_in_name: SignInName
    role: Role
    unit_code: Code


class RoleHeld(msgspec.Struct, frozen=True, kw_only=True):
    """A role as it stands now: held or not; `is_changed` is false where that was so already."""

    sign_in_name: str
    role: Role
    unit_code: str
    is_held: bool
    is_changed: bool


class PasswordAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A password to set: for oneself with the `current` one, for another person without."""

    sign_in_name: SignInName
    password: Password
    current: Password | None = None

    def __repr__(self) -> str:
        return f"PasswordAsk(sign_in_name={self.sign_in_name!r}, password=…)"


class Passwords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A few passwords to set."""

    items: Annotated[list[PasswordAsk], Meta(min_length=1, max_length=_PASSWORDS_MAX)]


class PasswordKept(msgspec.Struct, frozen=True, kw_only=True):
    """A password that holds from now on; every session of the person has ended."""

    sign_in_name: str


@posted("/people", tag=_TAG, name="add_people", gives=Outcomes[PersonKept])
def add_people(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PersonAsk]]
) -> Response[bytes]:
    """Take people on. The same person again is that person."""
    by, scope = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[PersonKept | Refusal]:
        units = org.units_by_code(conn, {one.unit_code for one in data.items})
        judged = [_new_person(one, units=units, scope=scope, by=by) for one in data.items]

        def keep(people: list[NewPerson]) -> list[PersonKept | Refusal]:
            return [
                one
                if isinstance(one, Refusal)
                else PersonKept(id=one.person_id, sign_in_name=one.sign_in_name, is_new=one.is_new)
                for one in org.add_people(conn, people, by=by, now=now)
            ]

        return merged(judged, keep)

    return decided(request, caller, data, decide)


def _new_person(
    one: PersonAsk, *, units: Mapping[str, Unit], scope: Scope, by: PersonId | None
) -> NewPerson | Refusal:
    unit = units.get(one.unit_code)
    if by is None and not scope.everything and (unit is None or not covers_unit(scope, unit.id)):
        return NotInYourBranch(subject=one.sign_in_name)
    return msgspec.convert(one, NewPerson, from_attributes=True)


@told("/people", tag=_TAG, name="list_people")
def list_people(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[PersonTold]:
    """List who works in one's branch, by sign-in name, with the roles each holds; those who left too."""
    scope = caller.scope(Permission.ORG_READ)

    def find(conn: Conn, _: datetime) -> Page[PersonTold]:
        found = org_lists.people_page(conn, ask_of(asked, None), scope=scope)
        roles = org_lists.roles_of_people(conn, [one.id for one in found])
        branches = {grant.branch_id for grants in roles.values() for grant in grants}
        units = org_lists.unit_codes(conn, {*branches, *(one.unit_id for one in found)})
        return page_of(
            found,
            asked,
            told=lambda one: _person_told(one, roles=roles.get(one.id, []), units=units),
            cursor=lambda one: encode_cursor(one.sign_in_name),
        )

    return read(request, find)


def _person_told(one: Person, *, roles: Sequence[RoleGrant], units: Mapping[OrgUnitId, str]) -> PersonTold:
    return PersonTold(
        id=one.id,
        sign_in_name=one.sign_in_name,
        name=one.name,
        unit_code=units[one.unit_id],
        is_active=one.is_active,
        roles=[RoleTold(role=grant.role, unit_code=units[grant.branch_id]) for grant in roles],
    )


class _Register(msgspec.Struct, frozen=True, kw_only=True):
    """The people and units that items name, and what a key may do to them."""

    people: Mapping[str, Person]
    units: Mapping[str, Unit]
    roles: Mapping[PersonId, list[RoleGrant]]
    caller: Caller
    scope: Scope

    def person(self, sign_in_name: str) -> Person | Refusal:
        """Find somebody; for a key only within its branch."""
        found = self.people.get(sign_in_name)
        if self.caller.person_id is not None or self.scope.everything:
            return found or NoSuchThing(noun="person", value=sign_in_name)
        if found is None or not covers_unit(self.scope, found.unit_id):
            return NotInYourBranch(subject=sign_in_name)
        return found

    def grant(self, one: RoleAsk) -> RoleGrant | Refusal:
        """Return the role somebody is to get or lose; a key gives no role that may do more than itself."""
        person, unit = self.person(one.sign_in_name), self.units.get(one.unit_code)
        if isinstance(person, Refusal):
            return person
        if unit is None:
            return NoSuchThing(noun="unit", value=one.unit_code)
        if self.caller.person_id is None and not self.may_give(one.role, unit.id):
            return MayNotGrant(role=one.role)
        return RoleGrant(person_id=person.id, role=one.role, branch_id=unit.id)

    def leaver(self, sign_in_name: str) -> PersonId | Refusal:
        """Return who is to be seen off; a key sees nobody off who may do more than itself."""
        person = self.person(sign_in_name)
        if isinstance(person, Refusal):
            return person
        if self.caller.person_id is None:
            for grant in self.roles.get(person.id, []):
                if not self.may_give(grant.role, grant.branch_id):
                    return MayNotGrant(role=grant.role)
        return person.id

    def may_give(self, role: Role, branch_id: OrgUnitId) -> bool:
        """Tell whether the caller may do at a unit all that a role may."""
        mine = self.caller.branches
        return all(
            permission in mine and covers_unit(mine[permission], branch_id)
            for permission in ROLE_PERMISSIONS[role]
        )


def _register(
    conn: Conn, caller: Caller, *, names: Sequence[str], unit_codes: Sequence[str] = ()
) -> _Register:
    normal = org.people_by_name(conn, names)
    people = {name: person for name in names if (person := normal.get(normal_sign_in_name(name)))}
    return _Register(
        people=people,
        units=org.units_by_code(conn, unit_codes),
        roles=org_lists.roles_of_people(conn, [one.id for one in people.values()]),
        caller=caller,
        scope=caller.scope(Permission.ORG_WRITE),
    )


@posted("/roles", tag=_TAG, name="give_roles", gives=Outcomes[RoleHeld])
def give_roles(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RoleAsk]]
) -> Response[bytes]:
    """Give people roles at units. Nobody gives what the own rights do not hold."""
    by, _ = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[RoleHeld | Refusal]:
        def give(pairs: list[tuple[RoleAsk, RoleGrant]]) -> list[RoleHeld | Refusal]:
            grants = [grant for _, grant in pairs]
            given = organise.told(
                conn, org.assign_roles(conn, grants, by=by, now=now), now=now, actor=caller.actor
            )
            return [
                one if isinstance(one, Refusal) else _held(asked, is_held=True, is_changed=one.is_new)
                for (asked, _), one in zip(pairs, given, strict=True)
            ]

        return merged(_grants(conn, caller, data.items), give)

    answer = decided(request, caller, data, decide)
    edge_of(request).callers.forget()
    return answer


@posted("/roles/take", tag=_TAG, name="take_roles", gives=Outcomes[RoleHeld])
def take_roles(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RoleAsk]]
) -> Response[bytes]:
    """Take roles back; whoever may give a role there may take it. A role not held is taken already."""
    by, _ = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[RoleHeld | Refusal]:
        def take(pairs: list[tuple[RoleAsk, RoleGrant]]) -> list[RoleHeld | Refusal]:
            held = org_lists.roles_of_people(conn, {grant.person_id for _, grant in pairs})
            grants = [grant for _, grant in pairs]
            taken = organise.told(conn, org.take_roles(conn, grants, by=by), now=now, actor=caller.actor)
            return [
                one
                if isinstance(one, Refusal)
                else _held(asked, is_held=False, is_changed=grant in held.get(grant.person_id, []))
                for (asked, grant), one in zip(pairs, taken, strict=True)
            ]

        return merged(_grants(conn, caller, data.items), take)

    answer = decided(request, caller, data, decide)
    edge_of(request).callers.forget()
    return answer


def _grants(
    conn: Conn, caller: Caller, items: Sequence[RoleAsk]
) -> list[tuple[RoleAsk, RoleGrant] | Refusal]:
    register = _register(
        conn,
        caller,
        names=[one.sign_in_name for one in items],
        unit_codes=[one.unit_code for one in items],
    )
    found = [(one, register.grant(one)) for one in items]
    return [grant if isinstance(grant, Refusal) else (one, grant) for one, grant in found]


def _held(asked: RoleAsk, *, is_held: bool, is_changed: bool) -> RoleHeld:
    return RoleHeld(
        sign_in_name=asked.sign_in_name,
        role=asked.role,
        unit_code=asked.unit_code,
        is_held=is_held,
        is_changed=is_changed,
    )


@posted("/people/close", tag=_TAG, name="close_people", gives=Outcomes[PersonLeft])
def close_people(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PersonNamed]]
) -> Response[bytes]:
    """See people off: their roles, passwords and sessions end at once. Nobody sees oneself off."""
    by, _ = desk_of(caller)

    def decide(conn: Conn, now: datetime) -> Sequence[PersonLeft | Refusal]:
        names = [one.sign_in_name for one in data.items]
        register = _register(conn, caller, names=names)
        judged: list[tuple[str, PersonId] | Refusal] = []
        for name in names:
            leaver = register.leaver(name)
            judged.append(leaver if isinstance(leaver, Refusal) else (name, leaver))

        def close(pairs: list[tuple[str, PersonId]]) -> list[PersonLeft | Refusal]:
            closed = org.close_people(conn, [person_id for _, person_id in pairs], by=by)
            return [
                one if isinstance(one, Refusal) else PersonLeft(sign_in_name=name)
                for (name, _), one in zip(
                    pairs, organise.told(conn, closed, now=now, actor=caller.actor), strict=True
                )
            ]

        return merged(judged, close)

    answer = decided(request, caller, data, decide)
    edge_of(request).callers.forget()
    return answer


@posted("/people/passwords", tag=_TAG, name="set_passwords", gives=Outcomes[PasswordKept])
def set_passwords(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Passwords]
) -> Outcomes[PasswordKept]:
    """Set passwords, one's own with the current one; every session of those people ends. Only for people signed in."""
    if caller.person_id is None:
        caller.scope(Permission.ORG_WRITE)
        raise Refused(NotByKey())
    by = caller.person_id

    def work(conn: Conn, now: datetime) -> list[PasswordKept | Refusal]:
        people = org.people_by_name(conn, [one.sign_in_name for one in data.items])
        judged: list[tuple[PasswordAsk, Person] | Refusal] = []
        for one in data.items:
            person = people.get(normal_sign_in_name(one.sign_in_name))
            judged.append((one, person) if person else NoSuchThing(noun="person", value=one.sign_in_name))

        def write(pairs: list[tuple[PasswordAsk, Person]]) -> list[PasswordKept | Refusal]:
            asked = [
                NewPassword(person_id=person.id, password=one.password, current=one.current)
                for one, person in pairs
            ]
            return [
                one if isinstance(one, Refusal) else PasswordKept(sign_in_name=ask.sign_in_name)
                for (ask, _), one in zip(pairs, org.set_passwords(conn, asked, by=by, now=now), strict=True)
            ]

        return merged(judged, write)

    found = spelt(Outcome, run(request, work), request)
    edge_of(request).callers.forget()
    return Outcomes(outcomes=found)


PEOPLE_HANDLERS = [add_people, list_people, give_roles, take_roles, close_people, set_passwords]
