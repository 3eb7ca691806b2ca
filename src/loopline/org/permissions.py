"""Who may do what in the organisation: a role reaches the branch it is held at and all that hangs below. Pure."""

from collections.abc import Collection, Sequence
from enum import StrEnum

import msgspec

from loopline.kernel.ids import OrgUnitId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.org.model import Role, RoleGrant, UnitKind


class Act(StrEnum):
    """What can be done to the organisation."""

    SHAPE_TREE = "shape_tree"
    OPEN_PLACES = "open_places"
    KEEP_COMPANIES = "keep_companies"
    KEEP_PEOPLE = "keep_people"


_ROLES_FOR: dict[Act, frozenset[Role]] = {
    Act.SHAPE_TREE: frozenset({Role.HQ_OPERATIONS}),
    Act.OPEN_PLACES: frozenset({Role.HQ_OPERATIONS, Role.DEALER}),
    Act.KEEP_COMPANIES: frozenset({Role.HQ_OPERATIONS, Role.FINANCE}),
    Act.KEEP_PEOPLE: frozenset({Role.HQ_OPERATIONS, Role.DEALER, Role.STORE_MANAGER}),
}
_MAY_GRANT: dict[Role, frozenset[Role]] = {
    Role.HQ_OPERATIONS: frozenset(Role),
    Role.DEALER: frozenset(
        {Role.STORE_MANAGER, Role.GUIDE, Role.PACKER, Role.STREAMER, Role.CUSTOMER_SERVICE}
    ),
    Role.STORE_MANAGER: frozenset({Role.GUIDE, Role.PACKER}),
}
# Roles that make sense at some kinds of unit only; the others may be held anywhere in the tree.
_FITTING_KINDS: dict[Role, frozenset[UnitKind]] = {
    Role.DEALER: frozenset({UnitKind.DEALER}),
    Role.STORE_MANAGER: frozenset({UnitKind.STORE, UnitKind.MALL, UnitKind.WAREHOUSE}),
    Role.GUIDE: frozenset({UnitKind.STORE, UnitKind.MALL}),
    Role.PACKER: frozenset({UnitKind.STORE, UnitKind.MALL, UnitKind.WAREHOUSE}),
}


class MayNotGrant(Refusal, frozen=True, kw_only=True):
    """Your roles do not let you give or take the role {role} there."""

    role: Role


class RoleDoesNotFit(Refusal, frozen=True, kw_only=True):
    """The role {role} cannot be held at a {kind}."""

    role: Role
    kind: UnitKind


class UnknownPerson(Refusal, frozen=True, kw_only=True):
    """There is no such person, or the person has left."""

    person_id: PersonId


class HeldRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role somebody holds, with the path of its branch."""

    role: Role
    branch_id: OrgUnitId
    branch_path: tuple[OrgUnitId, ...] = ()


def may(held: Sequence[HeldRole] | None, act: Act, *, path: Collection[OrgUnitId]) -> bool:
    """Tell whether somebody with these roles may act on the unit at the end of `path`; None is the machine's owner."""
    if held is None:
        return True
    return any(role.role in _ROLES_FOR[act] and role.branch_id in path for role in held)


def may_grant(held: Sequence[HeldRole] | None, role: Role, *, path: Collection[OrgUnitId]) -> bool:
    """Tell whether somebody may give or take a role at the unit at the end of `path`."""
    if held is None:
        return True
    return any(role in _MAY_GRANT.get(mine.role, ()) and mine.branch_id in path for mine in held)


def may_keep_person(
    held: Sequence[HeldRole] | None, *, roles: Sequence[HeldRole], path: Collection[OrgUnitId]
) -> bool:
    """Tell whether somebody may reset the password of a person who works at the end of `path`, or see the person off.

    One must be allowed to keep people there and to grant every role the person holds: otherwise a store manager could
    take over the account of a director whose desk is in the store.
    """
    return may(held, Act.KEEP_PEOPLE, path=path) and all(
        may_grant(held, theirs.role, path=theirs.branch_path) for theirs in roles
    )


def refusal_of_fit(grant: RoleGrant, *, kind: UnitKind) -> RoleDoesNotFit | None:
    """Refuse a role at a unit where nobody can do its work."""
    fitting = _FITTING_KINDS.get(grant.role)
    return None if fitting is None or kind in fitting else RoleDoesNotFit(role=grant.role, kind=kind)
