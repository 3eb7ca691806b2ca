"""What comes when and what waits for it, from outside: said, listed, taken back; who may, and who may not."""

from typing import Any

from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OnShortage
from loopline.org import Permission, Role
from loopline.processes.expect import expect
from loopline.processes.place import Placed, place
from tests.make.api import House
from tests.make.shop import NOON, ask, lines

TENTH = "2026-03-10"


def waiting(house: House, number: str, units: int) -> str:
    draft = ask(house.shop, number, lines=lines(house.shop, ("COAT", units)), on_shortage=OnShortage.PARK)
    with house.database.transaction() as conn:
        (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(outcome, Placed)
        expect(conn, now=NOON)
    return outcome.number


def word(**fields: Any) -> dict[str, Any]:
    return {"sku_code": "COAT", "expected_on": TENTH} | fields


def test_what_is_said_gives_what_waits_its_day_in_every_view_of_it(house: House):
    api = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    number = waiting(house, "W-1", 33)  # thirty are there
    (line,) = api.get(f"/orders/{number}")["lines"]
    assert (line["parked"], line["parked_for"], line["expected_on"]) == (3, "no_goods", None)
    (said,) = api.granted("/stock/restocks", word(units=5, note="Boat"))
    assert (said["site_code"], said["units"], said["left_units"], said["note"]) == (None, 5, 5, "Boat")
    (line,) = api.get(f"/orders/{number}")["lines"]
    assert (line["parked_for"], line["expected_on"]) == ("no_goods", TENTH)
    other = waiting(house, "W-2", 9)
    pages = list(api.pages("/parked-lines", limit=1))
    assert [
        [(one["number"], one["units"], one["expected_on"], one["basis"]) for one in page] for page in pages
    ] == [
        [(number, 3, TENTH, "stated")],
        [(other, 9, None, None)],
    ]
    assert api.granted("/stock/restocks/withdraw", {"id": said["id"]}) == [{"id": said["id"]}]
    assert api.get("/stock/restocks")["items"] == []
    assert api.get(f"/orders/{number}")["lines"][0]["expected_on"] is None
    assert api.refused("/stock/restocks/withdraw", {"id": said["id"]}) == ["restock_unknown"]


def test_a_branch_speaks_for_its_own_sites_and_sees_what_is_said_for_the_brand(house: House):
    hq = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    hq.granted("/stock/restocks", word(), word(site_code="S"))
    assert (
        dealer.refused("/stock/restocks", word(), word(site_code="S"), word(site_code="NOPE"))
        == ["restock_place_not_yours"] * 3
    )
    (own,) = dealer.granted("/stock/restocks", word(site_code="D", units=2))
    assert [one["site_code"] for one in dealer.get("/stock/restocks")["items"]] == [None, "D"]
    (theirs,) = [one for one in hq.get("/stock/restocks")["items"] if one["site_code"] == "S"]
    assert dealer.refused("/stock/restocks/withdraw", {"id": theirs["id"]}) == ["restock_unknown"]
    assert own["id"] != theirs["id"]
    reader = house.api(permissions=[Permission.STOCK_READ])
    assert reader.ask("POST", "/stock/restocks", json={"items": [word()]}).status_code == 403
    assert dealer.ask("GET", "/parked-lines").status_code == 403


def test_what_cannot_be_read_is_refused_whole(house: House):
    api = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    for wrong in ({"units": 0}, {"expected_on": "soon"}, {"note": "x" * 201}):
        answer = api.ask("POST", "/stock/restocks", json={"items": [word() | wrong]})
        assert answer.status_code == 400, wrong
    assert api.refused("/stock/restocks", word(sku_code="NOPE"), word(expected_on="2026-03-01")) == [
        "restock_sku_unknown",
        "restock_day_not_usable",
    ]
