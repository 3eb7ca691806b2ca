"""Roles, scope, passwords, sessions, lock-outs: what lets somebody in, and how far."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId, PersonId, uuid7
from loopline.kernel.scope import Scope
from loopline.org import (
    EntityKind,
    NewEntity,
    NewPassword,
    NewSite,
    PasswordSet,
    PersonClosed,
    Role,
    RoleGrant,
    RoleGranted,
    RoleTaken,
    SignedIn,
    SignIn,
    UnitMove,
    credentials,
)
from loopline.org.credentials import PasswordTooShort, SignInLocked, WrongSignIn
from loopline.org.permissions import MayNotGrant, RoleDoesNotFit, UnknownPerson
from tests.make.org import NOW, PASSWORD, add_person, build_brand, succeeded

Brand = dict[str, OrgUnitId]


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of the same kind for a thousandth of the price; tests/unit/org/test_credentials.py has the real one."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(credentials, "_hasher", cheap)


@pytest.fixture
def brand(conn: Conn) -> Brand:
    units = build_brand(conn)
    company = NewEntity(
        code="CO",
        kind=EntityKind.BRAND_COMPANY,
        name="公司",
        unit_code="HX",
        country="CN",
        currency="CNY",
    )
    succeeded(org.add_entities(conn, [company], by=None, now=NOW))
    sites = [
        NewSite(code=code, name=code, unit_code=code, entity_code="CO")
        for code in ("W-01", "S-01", "S-02", "S-03", "S-04")
    ]
    succeeded(org.add_sites(conn, sites, by=None, now=NOW))
    return units


def seen(conn: Conn, scope: Scope) -> tuple[list[str], list[str]]:
    """The codes of the units and sites in scope."""
    units = sorted(unit.code for unit in org.branch_units(conn) if unit.id in scope.org_units)
    sites = sorted(site.code for site in org.branch_sites(conn) if scope.covers_site(site.id))
    return units, sites


def test_a_scope_is_the_branch_and_nothing_outside_it(conn: Conn, brand: Brand):
    dealer = add_person(conn, "dealer", at="D-01", role=Role.DEALER)
    scope = org.scope_of(conn, dealer)
    assert not scope.everything
    assert seen(conn, scope) == (["D-01", "M-01", "S-04"], ["S-04"])
    outside = [site for site in org.branch_sites(conn) if site.code != "S-04"]
    assert not any(scope.covers_site(site.id) for site in outside)
    assert not scope.covers_site(None)
    assert brand["WEST"] not in scope.org_units


def test_two_roles_are_two_branches_and_each_can_be_asked_for_alone(conn: Conn, brand: Brand):
    person_id = add_person(conn, "li.wei", at="S-01", role=Role.STORE_MANAGER)
    grant = RoleGrant(person_id=person_id, role=Role.PACKER, branch_id=brand["W-01"])
    succeeded(org.assign_roles(conn, [grant], by=None, now=NOW))
    assert seen(conn, org.scope_of(conn, person_id)) == (["S-01", "W-01"], ["S-01", "W-01"])
    managing = org.scope_of(conn, person_id, roles=[Role.STORE_MANAGER])
    assert seen(conn, managing) == (["S-01"], ["S-01"])
    assert org.scope_of(conn, person_id, roles=[Role.FINANCE]) == Scope()
    assert org.scope_of(conn, person_id, roles=[]) == Scope()


def test_only_the_top_of_every_tree_is_everything(conn: Conn, brand: Brand):
    head = add_person(conn, "head", at="HX", role=Role.HQ_OPERATIONS)
    auditor = add_person(conn, "auditor", at="HX", role=Role.AUDITOR, branch="EAST")
    assert org.scope_of(conn, head).everything
    assert not org.scope_of(conn, auditor).everything
    second = org.NewUnit(
        code="OTHER", kind=org.UnitKind.BRAND, name="另一品牌", time_zone="Asia/Shanghai", country="CN"
    )
    succeeded(org.add_units(conn, [second], by=None, now=NOW))
    scope = org.scope_of(conn, head)
    assert not scope.everything, "another brand is not theirs"
    assert len(scope.org_units) == len(brand)


def test_who_holds_nothing_or_does_not_exist_sees_nothing(conn: Conn, brand: Brand):
    assert org.scope_of(conn, add_person(conn, "new", at="S-01")) == Scope()
    assert org.scope_of(conn, PersonId(brand["HX"])) == Scope()


def test_nobody_sees_anything_before_there_is_a_tree(conn: Conn):
    assert org.scope_of(conn, PersonId(uuid7(NOW))) == Scope()


def test_a_scope_follows_the_branch_when_it_moves(conn: Conn, brand: Brand):
    head_of_east = add_person(conn, "head.east", at="EAST", role=Role.HQ_OPERATIONS)
    assert "S-04" not in seen(conn, org.scope_of(conn, head_of_east))[1]
    move = UnitMove(unit_id=brand["D-01"], parent_id=brand["EAST"])
    succeeded(org.move_units(conn, [move], by=None))
    assert "S-04" in seen(conn, org.scope_of(conn, head_of_east))[1]


# ---- giving and taking roles


def test_roles_are_given_once_and_taken_back(conn: Conn, brand: Brand):
    person_id = add_person(conn, "li.wei", at="S-01")
    grant = RoleGrant(person_id=person_id, role=Role.GUIDE, branch_id=brand["S-01"])
    assert org.assign_roles(conn, [grant, grant], by=None, now=NOW) == [
        RoleGranted(grant=grant, is_new=True),
        RoleGranted(grant=grant, is_new=True),
    ]
    assert org.assign_roles(conn, [grant], by=None, now=NOW) == [RoleGranted(grant=grant, is_new=False)]
    assert org.take_roles(conn, [grant], by=None) == [RoleTaken(grant=grant)]
    assert org.scope_of(conn, person_id) == Scope()


def test_nobody_gives_more_than_the_own_role_lets(conn: Conn, brand: Brand):
    manager = add_person(conn, "manager", at="S-01", role=Role.STORE_MANAGER)
    person_id = add_person(conn, "li.wei", at="S-01")

    def grant(role: Role, branch: str, person: PersonId = person_id) -> RoleGrant:
        return RoleGrant(person_id=person, role=role, branch_id=brand[branch])

    asked = [
        grant(Role.GUIDE, "S-01"),
        grant(Role.GUIDE, "S-02"),
        grant(Role.STORE_MANAGER, "S-01"),
        grant(Role.HQ_OPERATIONS, "S-01"),
        grant(Role.HQ_OPERATIONS, "HX", manager),
    ]
    outcomes = org.assign_roles(conn, asked, by=manager, now=NOW)
    assert outcomes == [
        RoleGranted(grant=asked[0], is_new=True),
        MayNotGrant(role=Role.GUIDE),
        MayNotGrant(role=Role.STORE_MANAGER),
        MayNotGrant(role=Role.HQ_OPERATIONS),
        MayNotGrant(role=Role.HQ_OPERATIONS),
    ]
    assert seen(conn, org.scope_of(conn, person_id)) == (["S-01"], ["S-01"])
    assert seen(conn, org.scope_of(conn, manager)) == (["S-01"], ["S-01"])
    taken = org.take_roles(conn, [grant(Role.STORE_MANAGER, "S-01", manager)], by=person_id)
    assert taken == [MayNotGrant(role=Role.STORE_MANAGER)]
    assert seen(conn, org.scope_of(conn, manager)) == (["S-01"], ["S-01"])


def test_a_role_that_does_not_fit_or_is_for_nobody_is_refused(conn: Conn, brand: Brand):
    person_id = add_person(conn, "li.wei", at="S-01")
    nobody = PersonId(brand["HX"])
    asked = [
        RoleGrant(person_id=person_id, role=Role.GUIDE, branch_id=brand["W-01"]),
        RoleGrant(person_id=nobody, role=Role.GUIDE, branch_id=brand["S-01"]),
    ]
    assert org.assign_roles(conn, asked, by=None, now=NOW) == [
        RoleDoesNotFit(role=Role.GUIDE, kind=org.UnitKind.WAREHOUSE),
        UnknownPerson(person_id=nobody),
    ]


# ---- signing in


def with_password(conn: Conn, person_id: PersonId, password: str = PASSWORD) -> PersonId:
    succeeded(
        org.set_passwords(conn, [NewPassword(person_id=person_id, password=password)], by=None, now=NOW)
    )
    return person_id


def attempt(conn: Conn, name: str, password: str = PASSWORD, **later: float) -> object:
    return org.sign_in(conn, SignIn(sign_in_name=name, password=password), now=NOW + timedelta(**later))


def session_of(conn: Conn, name: str, password: str = PASSWORD) -> SignedIn:
    signed_in = attempt(conn, name, password)
    assert isinstance(signed_in, SignedIn), signed_in
    return signed_in


def test_a_session_says_who_it_is_until_it_ends(conn: Conn, brand: Brand):
    person_id = with_password(conn, add_person(conn, "li.wei", at="S-01", role=Role.GUIDE))
    signed_in = session_of(conn, "Li.Wei")
    assert signed_in.expires_at == NOW + timedelta(hours=12)
    found = org.session_person(conn, signed_in.token, now=NOW)
    assert found is not None
    assert (found.person_id, found.name, found.unit_id) == (person_id, "Li.Wei", brand["S-01"])
    assert found.roles == (RoleGrant(person_id=person_id, role=Role.GUIDE, branch_id=brand["S-01"]),)
    last = signed_in.expires_at - timedelta(microseconds=1)
    assert org.session_person(conn, signed_in.token, now=last) is not None
    assert org.session_person(conn, signed_in.token, now=signed_in.expires_at) is None
    assert org.session_person(conn, signed_in.token + "x", now=NOW) is None
    assert org.session_person(conn, "", now=NOW) is None


def test_signing_out_ends_that_session_alone(conn: Conn, brand: Brand):
    with_password(conn, add_person(conn, "li.wei", at="S-01"))
    first, second = session_of(conn, "li.wei"), session_of(conn, "li.wei")
    assert org.sign_out(conn, first.token) is True
    assert org.sign_out(conn, first.token) is False
    assert org.session_person(conn, first.token, now=NOW) is None
    assert org.session_person(conn, second.token, now=NOW) is not None


def test_neither_password_nor_token_stands_in_the_database(conn: Conn, brand: Brand):
    with_password(conn, add_person(conn, "li.wei", at="S-01"))
    token = session_of(conn, "li.wei").token
    attempt(conn, "li.wei", "wrong password")
    for table in ("person", "password", "session", "sign_in_failure", "role"):
        rows = conn.execute(f"select row_to_json(it)::text from org.{table} as it").fetchall()
        text = "".join(row[0] for row in rows)
        assert PASSWORD not in text
        assert "wrong password" not in text
        assert token not in text
        assert token.encode().hex() not in text


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("li.wei", "wrong password"),
        ("nobody", PASSWORD),
        ("li.wei", ""),
        ("li.wei", "x" * 100_000),
        ("", ""),
        ("a\u0000bc", "x"),
    ],
)
def test_a_wrong_name_or_password_says_which_to_nobody(conn: Conn, brand: Brand, name: str, password: str):
    with_password(conn, add_person(conn, "li.wei", at="S-01"))
    assert attempt(conn, name, password) == WrongSignIn()
    assert sessions(conn) == 0


def sessions(conn: Conn) -> int:
    row = conn.execute("select count(*) from org.session").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("name", ["li.wei", "nobody"])
def test_the_fifth_failure_locks_a_name_whether_or_not_it_is_anybodys(conn: Conn, brand: Brand, name: str):
    with_password(conn, add_person(conn, "li.wei", at="S-01"))
    until = NOW + timedelta(minutes=15)
    assert [attempt(conn, name, "wrong password") for _ in range(4)] == [WrongSignIn()] * 4
    assert attempt(conn, name, "wrong password") == SignInLocked(until=until)
    assert attempt(conn, name, PASSWORD) == SignInLocked(until=until), "not even with the right password"
    assert attempt(conn, name, PASSWORD, minutes=14, seconds=59) == SignInLocked(until=until)
    assert sessions(conn) == 0
    after = attempt(conn, name, PASSWORD, minutes=15)
    assert isinstance(after, SignedIn) is (name == "li.wei")


def test_signing_in_forgets_the_failures_before(conn: Conn, brand: Brand):
    with_password(conn, add_person(conn, "li.wei", at="S-01"))
    for _ in range(3):
        assert [attempt(conn, "li.wei", "wrong password") for _ in range(4)] == [WrongSignIn()] * 4
        session_of(conn, "li.wei")


# ---- passwords and leaving


def test_a_new_password_ends_every_session_and_the_old_password(conn: Conn, brand: Brand):
    person_id = with_password(conn, add_person(conn, "li.wei", at="S-01"))
    token = session_of(conn, "li.wei").token
    new = NewPassword(person_id=person_id, password="another long one", current=PASSWORD)
    assert org.set_passwords(conn, [new], by=person_id, now=NOW) == [PasswordSet(person_id=person_id)]
    assert org.session_person(conn, token, now=NOW) is None
    assert attempt(conn, "li.wei") == WrongSignIn()
    session_of(conn, "li.wei", "another long one")


@pytest.mark.parametrize("current", [None, "wrong password"])
def test_the_own_password_needs_the_current_one(conn: Conn, brand: Brand, current: str | None):
    """Even for those who may reset everybody else's: an unattended screen is not enough."""
    person_id = with_password(conn, add_person(conn, "head", at="HX", role=Role.HQ_OPERATIONS))
    token = session_of(conn, "head").token
    new = NewPassword(person_id=person_id, password="another long one", current=current)
    assert org.set_passwords(conn, [new], by=person_id, now=NOW) == [WrongSignIn()]
    assert org.session_person(conn, token, now=NOW) is not None
    session_of(conn, "head")


def test_whose_password_one_may_reset(conn: Conn, brand: Brand):
    manager = add_person(conn, "manager", at="S-01", role=Role.STORE_MANAGER)
    packer = add_person(conn, "packer", at="S-01", role=Role.PACKER)
    neighbour = add_person(conn, "neighbour", at="S-02", role=Role.PACKER)
    director = add_person(conn, "director", at="S-01", role=Role.HQ_OPERATIONS, branch="HX")
    asked = [NewPassword(person_id=one, password=PASSWORD) for one in (packer, neighbour, director)]
    assert org.set_passwords(conn, asked, by=manager, now=NOW) == [
        PasswordSet(person_id=packer),
        UnknownPerson(person_id=neighbour),
        UnknownPerson(person_id=director),
    ]
    session_of(conn, "packer")
    assert attempt(conn, "neighbour") == WrongSignIn()
    assert attempt(conn, "director") == WrongSignIn()
    short = NewPassword(person_id=packer, password="short")
    assert org.set_passwords(conn, [short], by=manager, now=NOW) == [PasswordTooShort(minimum=10)]
    session_of(conn, "packer")


def test_whoever_leaves_is_out_at_once(conn: Conn, brand: Brand):
    manager = add_person(conn, "manager", at="S-01", role=Role.STORE_MANAGER)
    packer = with_password(conn, add_person(conn, "packer", at="S-01", role=Role.PACKER))
    stays = with_password(conn, add_person(conn, "stays", at="S-02", role=Role.PACKER))
    token = session_of(conn, "packer").token
    assert org.close_people(conn, [packer, stays, manager], by=manager) == [
        PersonClosed(person_id=packer),
        UnknownPerson(person_id=stays),
        UnknownPerson(person_id=manager),
    ]
    assert org.session_person(conn, token, now=NOW) is None
    assert attempt(conn, "packer") == WrongSignIn()
    assert org.scope_of(conn, packer) == Scope()
    grant = RoleGrant(person_id=packer, role=Role.PACKER, branch_id=brand["S-01"])
    assert org.assign_roles(conn, [grant], by=None, now=NOW) == [UnknownPerson(person_id=packer)]
    new = NewPassword(person_id=packer, password=PASSWORD)
    assert org.set_passwords(conn, [new], by=None, now=NOW) == [UnknownPerson(person_id=packer)]
    session_of(conn, "stays")


def test_whoever_left_may_nothing_any_more(conn: Conn, brand: Brand):
    head = add_person(conn, "head", at="HX", role=Role.HQ_OPERATIONS)
    succeeded(org.close_people(conn, [head], by=None))
    person_id = add_person(conn, "li.wei", at="S-01")
    grant = RoleGrant(person_id=person_id, role=Role.GUIDE, branch_id=brand["S-01"])
    assert org.assign_roles(conn, [grant], by=head, now=NOW) == [MayNotGrant(role=Role.GUIDE)]


def test_what_no_longer_counts_is_swept_away(conn: Conn, brand: Brand):
    with_password(conn, add_person(conn, "li.wei", at="S-01"))
    session_of(conn, "li.wei")
    attempt(conn, "nobody", "wrong password")
    assert org.sweep_access(conn, now=NOW + timedelta(hours=11)) == 0
    assert org.sweep_access(conn, now=NOW + timedelta(hours=12)) == 1
    assert org.sweep_access(conn, now=NOW + timedelta(hours=25)) == 1
    assert sessions(conn) == 0


def test_events_tell_what_changed_and_no_names(conn: Conn, brand: Brand):
    person_id = add_person(conn, "li.wei", at="S-01")
    grant = RoleGrant(person_id=person_id, role=Role.GUIDE, branch_id=brand["S-01"])
    given = org.assign_roles(conn, [grant], by=None, now=NOW)
    repeated = org.assign_roles(conn, [grant], by=None, now=NOW)
    taken = org.take_roles(conn, [grant], by=None)
    closed = org.close_people(conn, [person_id], by=None)
    events = org.events_of([*given, *repeated, *taken, *closed], at=NOW)
    assert [(one.type, one.subject) for one in events] == [
        ("role_given", person_id),
        ("role_withdrawn", person_id),
        ("person_left", person_id),
    ]
    assert not any(b"li.wei" in one.data.lower() for one in events)
