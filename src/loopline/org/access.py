"""Commands about people's access: roles, passwords, signing in and out, leaving. `by` as in `service`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.failures import FAILURES_FORGOTTEN_AFTER, after_failure
from loopline.kernel.ids import OrgUnitId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.org import store
from loopline.org.credentials import (
    PASSWORD_LENGTH_MAX,
    SESSION_LENGTH,
    WrongSignIn,
    hash_password,
    lock_of,
    needs_rehash,
    new_token,
    normal_sign_in_name,
    password_matches,
    refusal_of_password,
    refusal_of_sign_in_name,
    token_hash,
)
from loopline.org.model import (
    NewPassword,
    PasswordSet,
    Person,
    PersonClosed,
    RoleGrant,
    RoleGranted,
    RoleTaken,
    SessionPerson,
    SignedIn,
    SignIn,
)
from loopline.org.permissions import (
    HeldRole,
    MayNotGrant,
    UnknownPerson,
    may_grant,
    may_keep_person,
    refusal_of_fit,
)
from loopline.org.rules import UnknownUnit
from loopline.org.service import held_roles


class _Register(msgspec.Struct, frozen=True, kw_only=True):
    """What decides a change of access: who asks, and the people and branches concerned."""

    held: list[HeldRole] | None
    people: Mapping[PersonId, Person]
    branches: Mapping[OrgUnitId, store.UnitPath]
    roles: Mapping[PersonId, list[HeldRole]]

    def active(self, person_id: PersonId) -> Person | None:
        person = self.people.get(person_id)
        return person if person is not None and person.is_active else None


def _read_register(
    conn: Conn, by: PersonId | None, *, person_ids: Sequence[PersonId], branch_ids: Sequence[OrgUnitId] = ()
) -> _Register:
    people = store.lock_people(conn, person_ids)
    roles: dict[PersonId, list[HeldRole]] = {}
    for role in store.roles_of(conn, person_ids):
        roles.setdefault(role.person_id, []).append(role.held())
    return _Register(
        held=held_roles(conn, by),
        people=people,
        branches=store.paths_by_id(conn, branch_ids),
        roles=roles,
    )


def assign_roles(
    conn: Conn, grants: Sequence[RoleGrant], *, by: PersonId | None, now: datetime
) -> list[RoleGranted | Refusal]:
    """Give people roles at branches. Locks the people in the order of their ids.

    Nobody gives a role at a branch above or beside the own one, nor a role that the own role may not give.
    """
    register = _read_register(
        conn,
        by,
        person_ids=[grant.person_id for grant in grants],
        branch_ids=[grant.branch_id for grant in grants],
    )
    refusals = [_refusal_of_grant(grant, register=register) for grant in grants]
    allowed = [grant for grant, refusal in zip(grants, refusals, strict=True) if refusal is None]
    new = store.insert_roles(conn, allowed, granted_at=now, granted_by=by)
    return [
        refusal or RoleGranted(grant=grant, is_new=grant in new)
        for grant, refusal in zip(grants, refusals, strict=True)
    ]


def take_roles(conn: Conn, grants: Sequence[RoleGrant], *, by: PersonId | None) -> list[RoleTaken | Refusal]:
    """Take roles back; whoever may give a role there may take it. A role not held is taken already."""
    register = _read_register(
        conn,
        by,
        person_ids=[grant.person_id for grant in grants],
        branch_ids=[grant.branch_id for grant in grants],
    )
    refusals = [_refusal_of_right(grant, register=register) for grant in grants]
    allowed = [grant for grant, refusal in zip(grants, refusals, strict=True) if refusal is None]
    store.delete_roles(conn, allowed)
    return [refusal or RoleTaken(grant=grant) for grant, refusal in zip(grants, refusals, strict=True)]


def _refusal_of_right(grant: RoleGrant, *, register: _Register) -> Refusal | None:
    branch = register.branches.get(grant.branch_id)
    if not may_grant(register.held, grant.role, path=branch.path if branch else ()):
        return MayNotGrant(role=grant.role)
    if branch is None:
        return UnknownUnit(unit_id=grant.branch_id)
    return None


def _refusal_of_grant(grant: RoleGrant, *, register: _Register) -> Refusal | None:
    refusal = _refusal_of_right(grant, register=register)
    if refusal is not None:
        return refusal
    if register.active(grant.person_id) is None:
        return UnknownPerson(person_id=grant.person_id)
    return refusal_of_fit(grant, kind=register.branches[grant.branch_id].kind)


def set_passwords(
    conn: Conn, passwords: Sequence[NewPassword], *, by: PersonId | None, now: datetime
) -> list[PasswordSet | Refusal]:
    """Set passwords and end every session of those people. Locks the people in the order of their ids.

    For oneself the current password is asked for. For another person one must be allowed to keep people there and to
    give every role that person holds. Hashing takes about a tenth of a second each, on purpose.
    """
    person_ids = [new.person_id for new in passwords]
    register = _read_register(conn, by, person_ids=person_ids)
    hashes = store.password_hashes(conn, person_ids)
    refusals = [
        _refusal_of_new_password(new, by=by, register=register, stored_hash=hashes.get(new.person_id))
        for new in passwords
    ]
    allowed = {
        new.person_id: new.password
        for new, refusal in zip(passwords, refusals, strict=True)
        if refusal is None
    }
    credentials = [
        store.Credentials(person_id=person_id, hash=hash_password(password))
        for person_id, password in allowed.items()
    ]
    store.write_passwords(conn, credentials, set_at=now)
    store.delete_sessions_of(conn, list(allowed))
    return [
        refusal or PasswordSet(person_id=new.person_id)
        for new, refusal in zip(passwords, refusals, strict=True)
    ]


def _refusal_of_new_password(
    new: NewPassword, *, by: PersonId | None, register: _Register, stored_hash: str | None
) -> Refusal | None:
    person = register.active(new.person_id)
    if by == new.person_id:
        if new.current is None or not password_matches(new.current, stored_hash=stored_hash):
            return WrongSignIn()
    elif not _may_keep(new.person_id, register=register):
        return UnknownPerson(person_id=new.person_id)
    if person is None:
        return UnknownPerson(person_id=new.person_id)
    return refusal_of_password(new.password, sign_in_name=person.sign_in_name)


def close_people(
    conn: Conn, person_ids: Sequence[PersonId], *, by: PersonId | None
) -> list[PersonClosed | Refusal]:
    """See people off: their roles, passwords and sessions end at once. Nobody sees oneself off.

    Locks the people in the order of their ids.
    """
    register = _read_register(conn, by, person_ids=person_ids)

    def is_allowed(person_id: PersonId) -> bool:
        known = register.active(person_id) is not None
        return known and person_id != by and _may_keep(person_id, register=register)

    return _close(conn, person_ids, is_allowed=is_allowed)


def _close(
    conn: Conn, person_ids: Sequence[PersonId], *, is_allowed: Callable[[PersonId], bool]
) -> list[PersonClosed | Refusal]:
    closing = [person_id for person_id in person_ids if is_allowed(person_id)]
    store.close_people(conn, closing)
    gone = frozenset(closing)
    return [
        PersonClosed(person_id=person_id) if person_id in gone else UnknownPerson(person_id=person_id)
        for person_id in person_ids
    ]


def _may_keep(person_id: PersonId, *, register: _Register) -> bool:
    person = register.people.get(person_id)
    path = person.unit_path if person else ()
    return may_keep_person(register.held, roles=register.roles.get(person_id, []), path=path)


def sign_in(conn: Conn, attempt: SignIn, *, now: datetime) -> SignedIn | Refusal:
    """Begin a session of twelve hours. Commit the transaction whatever comes back: a refusal counts as a failure.

    The fifth failure in a row locks the name for a quarter of an hour, whether or not there is such a person; an
    unknown name takes as long to refuse as a wrong password. Locks the name's row of failures, then the person.
    """
    sign_in_name = normal_sign_in_name(attempt.sign_in_name)
    if refusal_of_sign_in_name(sign_in_name) is not None:
        return WrongSignIn()
    failures = store.lock_failures(conn, sign_in_name, now=now)
    locked = lock_of(failures, now=now)
    if locked is not None:
        return locked
    credentials = store.credentials_by_name(conn, sign_in_name)
    # Longer than any password that was ever taken: not worth hashing.
    password = attempt.password if len(attempt.password) <= PASSWORD_LENGTH_MAX else ""
    matches = password_matches(password, stored_hash=credentials.hash if credentials else None)
    if credentials is None or not matches:
        failed = after_failure(failures, now=now)
        store.write_failures(conn, sign_in_name, failures=failed)
        return lock_of(failed, now=now) or WrongSignIn()
    store.delete_failures(conn, sign_in_name)
    if needs_rehash(credentials.hash):
        renewed = store.Credentials(person_id=credentials.person_id, hash=hash_password(password))
        store.write_passwords(conn, [renewed], set_at=now)
    return _begin_session(conn, credentials.person_id, now=now)


def _begin_session(conn: Conn, person_id: PersonId, *, now: datetime) -> SignedIn:
    token, expires_at = new_token(), now + SESSION_LENGTH
    store.insert_session(conn, person_id, token_hash=token_hash(token), started_at=now, expires_at=expires_at)
    return SignedIn(person_id=person_id, token=token, expires_at=expires_at)


def session_person(conn: Conn, token: str, *, now: datetime) -> SessionPerson | None:
    """Return whose session a token opens; None for an unknown, expired or ended one. Changes nothing."""
    return store.session_person(conn, token_hash(token), now=now)


def sign_out(conn: Conn, token: str) -> bool:
    """End a session; false where there was none."""
    return store.delete_session(conn, token_hash(token))


def sweep_access(conn: Conn, *, now: datetime, at_most: int = 1000) -> int:
    """Forget expired sessions and failures that no longer count, at most so many of each; return how many."""
    sessions = store.delete_expired_sessions(conn, now=now, at_most=at_most)
    return sessions + store.delete_old_failures(conn, before=now - FAILURES_FORGOTTEN_AFTER, at_most=at_most)
