"""Rivals in the organisation: moves that would close a circle together, one code, one name, many guesses."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from loopline import org
from loopline.db import Conn, Database
from loopline.kernel.ids import OrgUnitId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.org import (
    NewPassword,
    NewUnit,
    PersonClosed,
    Role,
    RoleGrant,
    SignIn,
    UnitAdded,
    UnitKind,
    UnitMove,
    UnitMoved,
    credentials,
)
from loopline.org.checks import CHECKS
from loopline.org.credentials import SignInLocked, WrongSignIn
from loopline.org.rules import CodeTaken, WouldMakeCycle
from tests.make.damage import findings
from tests.make.org import NOW, PASSWORD, add_person, build_brand, new_unit, succeeded
from tests.make.rivals import together


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def moving(unit_id: OrgUnitId, parent_id: OrgUnitId) -> Callable[[Conn], UnitMoved | Refusal]:
    move = UnitMove(unit_id=unit_id, parent_id=parent_id)
    return lambda conn: org.move_units(conn, [move], by=None)[0]


def adding(unit: NewUnit) -> Callable[[Conn], UnitAdded | Refusal]:
    return lambda conn: org.add_units(conn, [unit], by=None, now=NOW)[0]


def assert_sound(database: Database) -> None:
    with database.reading() as conn:
        assert findings(conn, CHECKS) == {}


def test_two_moves_that_would_close_a_circle_together(database: Database):
    """East below the dealer in the west, west below the east: each is fine alone."""
    with database.transaction() as conn:
        units = build_brand(conn)
    outcomes = together(
        database, [moving(units["EAST"], units["D-01"]), moving(units["WEST"], units["EAST"])]
    )
    assert Counter(type(outcome) for outcome in outcomes) == {UnitMoved: 1, WouldMakeCycle: 1}
    assert_sound(database)


def test_stores_opened_while_their_region_moves_know_where_they_are(database: Database):
    with database.transaction() as conn:
        units = build_brand(conn)
    stores = [adding(new_unit(f"N-{number}", UnitKind.STORE, "D-01")) for number in range(7)]
    outcomes = together(database, [*stores, moving(units["D-01"], units["EAST"])])
    assert not any(isinstance(outcome, Refusal) for outcome in outcomes)
    assert_sound(database)
    with database.reading() as conn:
        found = org.units_by_code(conn, [f"N-{number}" for number in range(7)])
    assert {unit.path[:3] for unit in found.values()} == {(units["HX"], units["EAST"], units["D-01"])}


def test_one_code_asked_for_by_eight_goes_to_one(database: Database):
    with database.transaction() as conn:
        build_brand(conn)
    rivals = [adding(new_unit("NEW", UnitKind.STORE, "EAST", name=f"store {number}")) for number in range(8)]
    outcomes = together(database, rivals)
    assert Counter(type(outcome) for outcome in outcomes) == {UnitAdded: 1, CodeTaken: 7}
    with database.reading() as conn:
        assert len(org.units_by_code(conn, ["NEW"])) == 1


def test_the_same_unit_asked_for_by_eight_is_one_unit(database: Database):
    with database.transaction() as conn:
        build_brand(conn)
    outcomes = together(database, [adding(new_unit("NEW", UnitKind.STORE, "EAST"))] * 8)
    added = [outcome for outcome in outcomes if isinstance(outcome, UnitAdded)]
    assert len(added) == 8
    assert len({outcome.unit_id for outcome in added}) == 1
    assert sum(outcome.is_new for outcome in added) == 1


def guessing(password: str) -> Callable[[Conn], object]:
    return lambda conn: org.sign_in(conn, SignIn(sign_in_name="li.wei", password=password), now=NOW)


def test_sixteen_guesses_at_once_are_not_more_than_five(database: Database):
    """Guesses at one name go one after another, so that guessing side by side does not outrun the lock-out."""
    with database.transaction() as conn:
        build_brand(conn)
        person_id = add_person(conn, "li.wei", at="S-01")
        new = NewPassword(person_id=person_id, password=PASSWORD)
        succeeded(org.set_passwords(conn, [new], by=None, now=NOW))
    outcomes = together(database, [guessing(f"wrong guess {number}") for number in range(16)])
    locked = SignInLocked(until=NOW + timedelta(minutes=15))
    assert Counter(map(str, outcomes)) == {str(WrongSignIn()): 4, str(locked): 12}


def leaving(person_id: PersonId) -> Callable[[Conn], object]:
    return lambda conn: org.close_people(conn, [person_id], by=None)[0]


def granting(grant: RoleGrant) -> Callable[[Conn], object]:
    return lambda conn: org.assign_roles(conn, [grant], by=None, now=NOW)[0]


@pytest.mark.parametrize("trial", range(4))
def test_nobody_keeps_a_role_or_a_session_that_came_while_leaving(database: Database, trial: int):
    with database.transaction() as conn:
        units = build_brand(conn)
        person_id = add_person(conn, "li.wei", at="S-01")
        new = NewPassword(person_id=person_id, password=PASSWORD)
        succeeded(org.set_passwords(conn, [new], by=None, now=NOW))
    roles = [
        granting(RoleGrant(person_id=person_id, role=role, branch_id=units["S-01"]))
        for role in (Role.GUIDE, Role.PACKER)
    ]
    work = [*roles, guessing(PASSWORD), guessing(PASSWORD)]
    work.insert(trial, leaving(person_id))
    outcomes = together(database, work)
    assert PersonClosed(person_id=person_id) in outcomes
    assert_sound(database)
