"""Who may do what where: a role reaches its branch and nothing beside or above it."""

import pytest

from loopline.kernel.ids import OrgUnitId, uuid7s
from loopline.org import Role, UnitKind
from loopline.org.model import RoleGrant
from loopline.org.permissions import Act, HeldRole, may, may_grant, may_keep_person, refusal_of_fit
from tests.make.org import NOW

BRAND, REGION, STORE, OTHER_REGION, PERSON = (OrgUnitId(made) for made in uuid7s(NOW, 5))


def held(role: Role, branch_id: OrgUnitId) -> list[HeldRole]:
    return [HeldRole(role=role, branch_id=branch_id)]


@pytest.mark.parametrize("act", list(Act))
def test_a_role_reaches_its_branch_and_what_hangs_below(act: Act):
    regional = held(Role.HQ_OPERATIONS, REGION)
    assert may(regional, act, path=(BRAND, REGION))
    assert may(regional, act, path=(BRAND, REGION, STORE))
    assert not may(regional, act, path=(BRAND,))
    assert not may(regional, act, path=(BRAND, OTHER_REGION))
    assert not may(regional, act, path=())


@pytest.mark.parametrize("act", list(Act))
def test_who_holds_nothing_may_nothing_and_the_machines_owner_everything(act: Act):
    assert not may([], act, path=(BRAND, REGION, STORE))
    assert may(None, act, path=())


@pytest.mark.parametrize(
    ("role", "acts"),
    [
        (Role.HQ_OPERATIONS, set(Act)),
        (Role.FINANCE, {Act.KEEP_COMPANIES}),
        (Role.MARKETING, set[Act]()),
        (Role.DEALER, {Act.OPEN_PLACES, Act.KEEP_PEOPLE}),
        (Role.STORE_MANAGER, {Act.KEEP_PEOPLE}),
        (Role.GUIDE, set[Act]()),
        (Role.PACKER, set[Act]()),
        (Role.STREAMER, set[Act]()),
        (Role.CUSTOMER_SERVICE, set[Act]()),
        (Role.AUDITOR, set[Act]()),
    ],
)
def test_what_each_of_the_ten_roles_may_do(role: Role, acts: set[Act]):
    assert {act for act in Act if may(held(role, BRAND), act, path=(BRAND, STORE))} == acts


@pytest.mark.parametrize(
    ("role", "grants"),
    [
        (Role.HQ_OPERATIONS, set(Role)),
        (
            Role.DEALER,
            {Role.STORE_MANAGER, Role.GUIDE, Role.PACKER, Role.STREAMER, Role.CUSTOMER_SERVICE},
        ),
        (Role.STORE_MANAGER, {Role.GUIDE, Role.PACKER}),
        (Role.FINANCE, set[Role]()),
        (Role.MARKETING, set[Role]()),
        (Role.GUIDE, set[Role]()),
        (Role.PACKER, set[Role]()),
        (Role.STREAMER, set[Role]()),
        (Role.CUSTOMER_SERVICE, set[Role]()),
        (Role.AUDITOR, set[Role]()),
    ],
)
def test_which_roles_each_role_may_give(role: Role, grants: set[Role]):
    assert {one for one in Role if may_grant(held(role, STORE), one, path=(BRAND, REGION, STORE))} == grants
    assert not any(may_grant(held(role, STORE), one, path=(BRAND, REGION)) for one in Role)


def test_a_manager_does_not_take_over_a_director_whose_desk_is_in_the_store():
    manager = held(Role.STORE_MANAGER, STORE)
    path = (BRAND, REGION, STORE)
    packer = [HeldRole(role=Role.PACKER, branch_id=STORE, branch_path=path)]
    director = [HeldRole(role=Role.HQ_OPERATIONS, branch_id=BRAND, branch_path=(BRAND,))]
    elsewhere = [HeldRole(role=Role.PACKER, branch_id=OTHER_REGION, branch_path=(BRAND, OTHER_REGION))]
    assert may_keep_person(manager, roles=packer, path=path)
    assert may_keep_person(manager, roles=[], path=path)
    assert not may_keep_person(manager, roles=packer + director, path=path)
    assert not may_keep_person(manager, roles=packer + elsewhere, path=path)
    assert not may_keep_person(manager, roles=[], path=(BRAND, REGION))


@pytest.mark.parametrize(
    ("role", "kind", "fits"),
    [
        (Role.GUIDE, UnitKind.STORE, True),
        (Role.GUIDE, UnitKind.WAREHOUSE, False),
        (Role.PACKER, UnitKind.WAREHOUSE, True),
        (Role.STORE_MANAGER, UnitKind.REGION, False),
        (Role.DEALER, UnitKind.DEALER, True),
        (Role.DEALER, UnitKind.BRAND, False),
        (Role.AUDITOR, UnitKind.STORE, True),
    ],
)
def test_a_role_is_held_where_its_work_is(role: Role, kind: UnitKind, fits: bool):
    grant = RoleGrant(person_id=PERSON, role=role, branch_id=STORE)  # pyright: ignore[reportArgumentType]
    assert (refusal_of_fit(grant, kind=kind) is None) is fits
