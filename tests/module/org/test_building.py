"""Building the organisation through its front door."""

import msgspec
import pytest

from loopline import org
from loopline.db import Conn
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.org import (
    EntityAdded,
    EntityKind,
    NewEntity,
    NewParty,
    NewPerson,
    NewSite,
    PartyAdded,
    PartyKind,
    PersonAdded,
    Role,
    SiteAdded,
    UnitAdded,
    UnitKind,
    UnitMove,
    UnitMoved,
)
from loopline.org.credentials import SignInNameNotUsable
from loopline.org.rules import (
    CodeNotUsable,
    CodeTaken,
    CurrencyCodeNotUsable,
    NameUnreadable,
    PersonNotExpected,
    PlaceMissing,
    UnknownCode,
    WouldMakeCycle,
)
from tests.make.org import BRAND_UNITS, NOW, add_person, build_brand, new_unit, succeeded

COMPANY = NewEntity(
    code="HX-CO",
    kind=EntityKind.BRAND_COMPANY,
    name="环线有限公司",
    unit_code="HX",
    country="CN",
    currency="CNY",
    tax_number="91310000MA1FL0000X",
)


def add_company(conn: Conn) -> org.Entity:
    succeeded(org.add_entities(conn, [COMPANY], by=None, now=NOW))
    return org.entities_by_code(conn, ["HX-CO"])["HX-CO"]


def test_a_unit_comes_back_as_it_was_hung(conn: Conn):
    units = build_brand(conn)
    store = org.units_by_code(conn, ["S-04"])["S-04"]
    assert store.id == units["S-04"]
    assert store.path == tuple(units[code] for code in ("HX", "WEST", "D-01", "M-01", "S-04"))
    assert (store.kind, store.parent_id, store.region_code) == (UnitKind.STORE, units["M-01"], "310106")
    assert store.coordinates == Coordinates(longitude=121.45, latitude=31.23)
    assert (store.hours, store.time_zone) == (BRAND_UNITS[-1].hours, "Asia/Shanghai")
    assert org.units_by_code(conn, ["HX"])["HX"].coordinates is None
    assert [unit.code for unit in org.branch_units(conn, [units["D-01"]])] == ["D-01", "M-01", "S-04"]
    assert len(org.branch_units(conn)) == len(BRAND_UNITS)


def test_building_twice_builds_once(conn: Conn):
    units = build_brand(conn)
    again = org.add_units(conn, BRAND_UNITS, by=None, now=NOW)
    assert again == [
        UnitAdded(unit_id=units[unit.code], code=unit.code, is_new=False) for unit in BRAND_UNITS
    ]
    assert len(org.branch_units(conn)) == len(BRAND_UNITS)


def test_refused_units_leave_the_others_and_nothing_behind(conn: Conn):
    build_brand(conn)
    outcomes = org.add_units(
        conn,
        [
            new_unit("S-10", UnitKind.STORE, "EAST"),
            new_unit("S-01", UnitKind.STORE, "WEST"),
            new_unit("S-11", UnitKind.STORE, "NOWHERE"),
            new_unit("S-12", UnitKind.STORE, "EAST"),
        ],
        by=None,
        now=NOW,
    )
    assert outcomes[1:3] == [CodeTaken(value="S-01"), UnknownCode(noun="unit", value="NOWHERE")]
    assert [isinstance(outcome, UnitAdded) for outcome in outcomes] == [True, False, False, True]
    assert sorted(org.units_by_code(conn, ["S-10", "S-11", "S-12"])) == ["S-10", "S-12"]


def paths(conn: Conn) -> dict[str, list[str]]:
    units = org.branch_units(conn)
    codes = {unit.id: unit.code for unit in units}
    return {unit.code: [codes[above] for above in unit.path] for unit in units}


def test_a_branch_moves_with_all_that_hangs_below_it(conn: Conn):
    units = build_brand(conn)
    (moved,) = org.move_units(conn, [UnitMove(unit_id=units["D-01"], parent_id=units["EAST"])], by=None)
    assert moved == UnitMoved(unit_id=units["D-01"], parent_id=units["EAST"], former_parent_id=units["WEST"])
    after = paths(conn)
    assert after["S-04"] == ["HX", "EAST", "D-01", "M-01", "S-04"]
    assert after["D-01"] == ["HX", "EAST", "D-01"]
    assert after["S-03"] == ["HX", "WEST", "S-03"]


def test_a_move_that_would_close_a_circle_changes_nothing(conn: Conn):
    units = build_brand(conn)
    before = paths(conn)
    (refused,) = org.move_units(conn, [UnitMove(unit_id=units["WEST"], parent_id=units["D-01"])], by=None)
    assert refused == WouldMakeCycle(unit_id=units["WEST"], parent_id=units["D-01"])
    assert paths(conn) == before


def test_a_unit_moved_twice_in_one_call_ends_where_the_last_move_puts_it(conn: Conn):
    units = build_brand(conn)
    moves = [
        UnitMove(unit_id=units["S-01"], parent_id=units["WEST"]),
        UnitMove(unit_id=units["S-01"], parent_id=units["D-01"]),
    ]
    assert [isinstance(one, UnitMoved) for one in org.move_units(conn, moves, by=None)] == [True, True]
    assert paths(conn)["S-01"] == ["HX", "WEST", "D-01", "S-01"]


def test_a_site_has_the_place_of_its_unit_and_a_seller_of_record(conn: Conn):
    units = build_brand(conn)
    company = add_company(conn)
    asked = NewSite(code="S-04", name="商场店", unit_code="S-04", entity_code="HX-CO")
    (added,) = succeeded(org.add_sites(conn, [asked], by=None, now=NOW))
    site = org.sites_by_code(conn, ["S-04"])["S-04"]
    assert (site.id, site.entity_id, site.unit_id) == (added.site_id, company.id, units["S-04"])
    assert site.unit_path[0] == units["HX"]
    assert (site.coordinates, site.time_zone) == (
        Coordinates(longitude=121.45, latitude=31.23),
        "Asia/Shanghai",
    )
    assert org.sites_by_id(conn, [site.id]) == {site.id: site}
    assert org.branch_sites(conn, [units["D-01"]]) == [site]
    assert org.branch_sites(conn, [units["EAST"]]) == []
    again = org.add_sites(conn, [asked], by=None, now=NOW)
    assert again == [SiteAdded(site_id=SiteId(site.id), code="S-04", is_new=False)]


@pytest.mark.parametrize(
    ("site", "refusal"),
    [
        (
            NewSite(code="X", name="x", unit_code="EAST", entity_code="HX-CO"),
            PlaceMissing(unit_code="EAST"),
        ),
        (
            NewSite(code="X", name="x", unit_code="NORTH", entity_code="HX-CO"),
            UnknownCode(noun="unit", value="NORTH"),
        ),
        (
            NewSite(code="X", name="x", unit_code="S-01", entity_code="NO-CO"),
            UnknownCode(noun="legal entity", value="NO-CO"),
        ),
        (NewSite(code="X ", name="x", unit_code="S-01", entity_code="HX-CO"), CodeNotUsable(value="X ")),
    ],
)
def test_a_site_that_cannot_be_is_refused(conn: Conn, site: NewSite, refusal: Refusal):
    build_brand(conn)
    add_company(conn)
    assert org.add_sites(conn, [site], by=None, now=NOW) == [refusal]
    assert org.branch_sites(conn) == []


def test_a_company_again_is_that_company_and_with_another_tax_number_is_refused(conn: Conn):
    build_brand(conn)
    company = add_company(conn)
    other = msgspec.structs.replace(COMPANY, tax_number="91310000MA1FL9999X")
    odd = msgspec.structs.replace(COMPANY, code="ODD", currency="cny")
    assert org.add_entities(conn, [COMPANY, other, odd], by=None, now=NOW) == [
        EntityAdded(entity_id=company.id, code="HX-CO", is_new=False),
        CodeTaken(value="HX-CO"),
        CurrencyCodeNotUsable(currency="cny"),
    ]
    assert org.entities_by_code(conn, ["HX-CO", "ODD"]) == {"HX-CO": company}


def test_a_guide_is_a_person_and_a_brand_is_none(conn: Conn):
    units = build_brand(conn)
    company = add_company(conn)
    person_id = add_person(conn, "li.wei", at="S-01")
    guide = NewParty(
        code="G-1",
        kind=PartyKind.GUIDE,
        name="李伟",
        unit_code="S-01",
        entity_code="HX-CO",
        sign_in_name="Li.Wei",
    )
    brand = NewParty(code="B-1", kind=PartyKind.BRAND, name="环线", unit_code="HX", sign_in_name="li.wei")
    unknown = msgspec.structs.replace(guide, code="G-2", sign_in_name="nobody")
    added, *refused = org.add_parties(conn, [guide, brand, unknown], by=None, now=NOW)
    assert isinstance(added, PartyAdded)
    assert refused == [
        PersonNotExpected(kind=PartyKind.BRAND),
        UnknownCode(noun="person", value="nobody"),
    ]
    party = org.parties_by_code(conn, ["G-1"])["G-1"]
    assert (party.id, party.person_id, party.entity_id) == (added.party_id, person_id, company.id)
    assert org.branch_parties(conn, [units["S-01"]]) == [party]
    assert org.branch_parties(conn, [units["S-02"]]) == []


def test_a_person_has_one_sign_in_name_whatever_its_case(conn: Conn):
    build_brand(conn)
    first = NewPerson(sign_in_name="Li.Wei", name="李伟", unit_code="S-01")
    other = NewPerson(sign_in_name="LI.WEI ", name="李薇", unit_code="S-02")
    spaced = NewPerson(sign_in_name="li wei", name="李伟", unit_code="S-01")
    added, *refused = org.add_people(conn, [first, other, spaced], by=None, now=NOW)
    assert isinstance(added, PersonAdded)
    assert refused == [CodeTaken(value="li.wei"), SignInNameNotUsable(sign_in_name="li wei")]
    assert org.add_people(conn, [first], by=None, now=NOW) == [
        PersonAdded(person_id=added.person_id, sign_in_name="li.wei", is_new=False)
    ]
    assert [person.name for person in org.branch_people(conn)] == ["李伟"]


def test_a_text_that_the_database_cannot_keep_refuses_itself_alone(conn: Conn):
    build_brand(conn)
    add_company(conn)
    nul = "a\u0000b"
    stores = [new_unit("S-40", UnitKind.STORE, "EAST", name=nul), new_unit("S-41", UnitKind.STORE, "EAST")]
    refused, added = org.add_units(conn, stores, by=None, now=NOW)
    assert refused == NameUnreadable(value=nul)
    assert isinstance(added, UnitAdded)
    below_nul = new_unit("S-42", UnitKind.STORE, nul)
    assert org.add_units(conn, [below_nul], by=None, now=NOW) == [UnknownCode(noun="unit", value=nul)]
    person = NewPerson(sign_in_name="li.wei", name=nul, unit_code="S-01")
    assert org.add_people(conn, [person], by=None, now=NOW) == [NameUnreadable(value=nul)]
    site = NewSite(code="X", name=nul, unit_code="S-01", entity_code="HX-CO")
    assert org.add_sites(conn, [site], by=None, now=NOW) == [NameUnreadable(value=nul)]
    company = msgspec.structs.replace(COMPANY, code="X", tax_number=nul)
    assert org.add_entities(conn, [company], by=None, now=NOW) == [NameUnreadable(value=nul)]
    assert org.sites_by_code(conn, [nul]) == {}
    assert org.people_by_name(conn, [nul]) == {}


def test_a_thousand_stores_are_one_call(conn: Conn):
    build_brand(conn)
    stores = [new_unit(f"N-{number:04}", UnitKind.STORE, "EAST") for number in range(1000)]
    outcomes = org.add_units(conn, stores, by=None, now=NOW)
    assert all(isinstance(outcome, UnitAdded) and outcome.is_new for outcome in outcomes)
    assert len(org.branch_units(conn)) == len(BRAND_UNITS) + 1000


# ---- who asks


def test_a_region_builds_in_its_branch_and_nowhere_else(conn: Conn):
    units = build_brand(conn)
    head_of_east = add_person(conn, "head.east", at="EAST", role=Role.HQ_OPERATIONS)
    outcomes = org.add_units(
        conn,
        [
            new_unit("S-20", UnitKind.STORE, "EAST"),
            new_unit("S-21", UnitKind.STORE, "WEST"),
            new_unit("S-22", UnitKind.STORE, "NO-SUCH-UNIT"),
            new_unit("R-2", UnitKind.REGION, "HX"),
            new_unit("B-2", UnitKind.BRAND),
        ],
        by=head_of_east,
        now=NOW,
    )
    assert isinstance(outcomes[0], UnitAdded)
    # Whether there is such a unit elsewhere is not told either.
    assert outcomes[1:] == [NotInYourBranch(subject=code) for code in ("S-21", "S-22", "R-2", "B-2")]
    moves = [
        UnitMove(unit_id=units["S-01"], parent_id=units["WEST"]),
        UnitMove(unit_id=units["S-03"], parent_id=units["EAST"]),
        UnitMove(unit_id=units["EAST"], parent_id=units["WEST"]),
    ]
    assert org.move_units(conn, moves, by=head_of_east) == [
        NotInYourBranch(subject=str(move.unit_id)) for move in moves
    ]
    assert paths(conn)["S-03"] == ["HX", "WEST", "S-03"]


def test_a_dealer_opens_stores_in_its_branch_and_shapes_nothing(conn: Conn):
    build_brand(conn)
    add_company(conn)
    dealer = add_person(conn, "dealer", at="D-01", role=Role.DEALER)
    outcomes = org.add_units(
        conn,
        [
            new_unit("S-30", UnitKind.STORE, "D-01"),
            new_unit("R-30", UnitKind.REGION, "D-01"),
            new_unit("S-31", UnitKind.STORE, "EAST"),
        ],
        by=dealer,
        now=NOW,
    )
    assert [isinstance(outcome, UnitAdded) for outcome in outcomes] == [True, False, False]
    sites = [
        NewSite(code="S-30", name="店", unit_code="S-30", entity_code="HX-CO"),
        NewSite(code="S-01", name="店", unit_code="S-01", entity_code="HX-CO"),
    ]
    opened, refused = org.add_sites(conn, sites, by=dealer, now=NOW)
    assert isinstance(opened, SiteAdded)
    assert refused == NotInYourBranch(subject="S-01")


@pytest.mark.parametrize("role", [Role.GUIDE, Role.PACKER, Role.STORE_MANAGER, Role.AUDITOR])
def test_who_may_not_build_builds_nothing(conn: Conn, role: Role):
    units = build_brand(conn)
    add_company(conn)
    person_id = add_person(conn, "somebody", at="S-01", role=role)
    before = (org.branch_units(conn), org.branch_sites(conn), org.branch_parties(conn))
    warehouse = new_unit("W-9", UnitKind.WAREHOUSE, "S-01")
    assert org.add_units(conn, [warehouse], by=person_id, now=NOW) == [NotInYourBranch(subject="W-9")]
    site = NewSite(code="S-01", name="店", unit_code="S-01", entity_code="HX-CO")
    assert org.add_sites(conn, [site], by=person_id, now=NOW) == [NotInYourBranch(subject="S-01")]
    party = NewParty(code="P", kind=PartyKind.STORE, name="店", unit_code="S-01")
    assert org.add_parties(conn, [party], by=person_id, now=NOW) == [NotInYourBranch(subject="P")]
    company = msgspec.structs.replace(COMPANY, code="MINE", unit_code="S-01")
    assert org.add_entities(conn, [company], by=person_id, now=NOW) == [NotInYourBranch(subject="MINE")]
    move = UnitMove(unit_id=OrgUnitId(units["S-01"]), parent_id=units["WEST"])
    assert org.move_units(conn, [move], by=person_id) == [NotInYourBranch(subject=str(units["S-01"]))]
    assert (org.branch_units(conn), org.branch_sites(conn), org.branch_parties(conn)) == before
