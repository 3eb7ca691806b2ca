"""What doctor finds in an organisation that somebody damaged behind our back, and that its repairs repair."""

from collections.abc import Generator

import psycopg
import pytest

from loopline import org
from loopline.db import Conn, Database
from loopline.org import EntityKind, NewEntity, NewSite, Role
from loopline.org.checks import CHECKS
from tests.make.damage import as_owner, findings, plant, repaired
from tests.make.org import NOW, add_person, build_brand, succeeded


@pytest.fixture
def owner(shared_database: Database) -> Generator[Conn, None, None]:
    with as_owner(shared_database) as conn:
        build_brand(conn)
        company = NewEntity(
            code="CO",
            kind=EntityKind.BRAND_COMPANY,
            name="公司",
            unit_code="HX",
            country="CN",
            currency="CNY",
        )
        succeeded(org.add_entities(conn, [company], by=None, now=NOW))
        site = NewSite(code="S-01", name="店", unit_code="S-01", entity_code="CO")
        succeeded(org.add_sites(conn, [site], by=None, now=NOW))
        add_person(conn, "guide", at="S-01", role=Role.GUIDE)
        assert findings(conn, CHECKS) == {}
        yield conn


def test_a_cycle_is_found(owner: Conn):
    plant(
        owner,
        """update org.unit set parent_id = dealer.id, path = dealer.path || unit.id
           from org.unit as dealer where unit.code = 'WEST' and dealer.code = 'D-01'""",
    )
    found = findings(owner, CHECKS)["every_unit_hangs_below_a_brand"]
    assert [one.subject for one in found] == ["unit D-01", "unit M-01", "unit S-03", "unit S-04", "unit WEST"]
    assert found[-1].found == "hangs below D-01, out of reach of every brand"
    repaired(owner, found[-1])
    assert findings(owner, CHECKS) == {}
    units = org.units_by_code(owner, ["HX", "WEST"])
    assert units["WEST"].parent_id == units["HX"].id


def test_a_unit_below_nothing_is_found(owner: Conn):
    plant(
        owner,
        "alter table org.unit drop constraint unit_parent_is_a_unit",
        "alter table org.site drop constraint site_lies_at_a_unit",
        """update org.unit set parent_id = lost.id, path = array[lost.id, unit.id]
           from (select gen_random_uuid() as id) as lost where unit.code = 'S-02'""",
    )
    found = findings(owner, CHECKS)
    assert [one.subject for one in found["every_unit_hangs_below_a_brand"]] == ["unit S-02"]
    assert found["every_unit_hangs_below_a_brand"][0].found.startswith("hangs below nothing that exists")
    assert [one.subject for one in found["organisation_ids_lead_somewhere"]] == ["unit S-02"]


def test_a_path_that_left_the_tree_is_found_and_repaired(owner: Conn):
    plant(
        owner,
        """update org.unit set path = array[west.id] || unit.path[2:]
           from org.unit as west where unit.code = 'S-01' and west.code = 'WEST'""",
    )
    found = findings(owner, CHECKS)
    assert list(found) == ["paths_follow_the_tree"]
    (broken,) = found["paths_follow_the_tree"]
    assert broken.subject == "unit S-01"
    repaired(owner, broken)
    assert findings(owner, CHECKS) == {}


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("branch_id = gen_random_uuid()", "which is not in the tree"),
        ("person_id = gen_random_uuid()", "who does not exist"),
        ("branch_id = (select id from org.unit where code = 'W-01')", "held at W-01, a warehouse"),
    ],
)
def test_a_role_outside_the_tree_is_found_and_repaired(owner: Conn, damage: str, says: str):
    owner.execute("alter table org.role drop constraint role_is_held_at_a_branch")
    owner.execute("alter table org.role drop constraint role_is_held_by_a_person")
    owner.execute(f"update org.role set {damage}".encode())
    found = findings(owner, CHECKS)
    assert list(found) == ["roles_lie_in_the_tree"]
    (broken,) = found["roles_lie_in_the_tree"]
    assert says in broken.found
    repaired(owner, broken)
    assert findings(owner, CHECKS) == {}


def test_a_site_without_a_place_is_found(owner: Conn):
    plant(owner, "update org.unit set longitude = null, latitude = null where code = 'S-01'")
    found = findings(owner, CHECKS)
    assert list(found) == ["sites_have_a_place"]
    assert found["sites_have_a_place"][0].found == "unit S-01 has no coordinates"


def test_what_somebody_who_left_still_holds_is_found_and_repaired(owner: Conn):
    plant(owner, "update org.person set is_active = false")
    found = findings(owner, CHECKS)
    assert list(found) == ["people_who_left_hold_nothing"]
    (broken,) = found["people_who_left_hold_nothing"]
    assert (broken.subject, broken.found) == ("person guide", "left, and still has a role")
    repaired(owner, broken)
    assert findings(owner, CHECKS) == {}


def test_an_id_that_leads_nowhere_is_found(owner: Conn):
    plant(
        owner,
        "alter table org.site drop constraint site_has_a_seller",
        "update org.site set entity_id = gen_random_uuid()",
    )
    found = findings(owner, CHECKS)
    assert list(found) == ["organisation_ids_lead_somewhere"]
    assert [one.subject for one in found["organisation_ids_lead_somewhere"]] == ["site S-01"]


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update org.unit set parent_id = id where code = 'S-01'", "path_passes_the_parent"),
        (
            "update org.unit set parent_id = null, path = array[id] where code = 'S-01'",
            "only_a_brand_is_a_root",
        ),
        ("update org.unit set path = array[id] where code = 'S-01'", "path_passes_the_parent"),
        ("update org.unit set path = '{}' where code = 'S-01'", "path_ends_with_the_unit"),
        ("update org.unit set longitude = 181 where code = 'S-01'", "unit_longitude_in_range"),
        ("update org.person set sign_in_name = 'Guide'", "sign_in_name_is_normal"),
        ("update org.unit set code = 'S-02' where code = 'S-01'", "unit_code_is_unique"),
    ],
)
def test_the_database_itself_holds_what_it_can(owner: Conn, statement: str, constraint: str):
    with pytest.raises(psycopg.errors.IntegrityError, match=constraint):
        owner.execute(statement.encode())
