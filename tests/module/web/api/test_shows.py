"""Shows over the API: what is on air is everybody's to know, the rest is for those who run shows."""

from loopline.kernel.ids import PersonId
from loopline.org import NewParty, PartyKind, Role, add_parties
from tests.make.api import House
from tests.make.org import add_person, succeeded
from tests.make.shop import NOON

SHOW = {
    "code": "SHOW-1",
    "name": "春装",
    "streamer_code": "STREAMER-A",
    "sku_codes": ["COAT"],
    "starts_at": NOON.isoformat(),
}


def add_streamer(house: House, code: str) -> PersonId:
    with house.database.transaction() as conn:
        person_id = add_person(conn, code.lower(), at="HX", role=Role.STREAMER)
        party = NewParty(
            code=code, kind=PartyKind.STREAMER, name=code, unit_code="HX", sign_in_name=code.lower()
        )
        succeeded(add_parties(conn, [party], by=None, now=NOON))
        return person_id


def test_who_does_not_run_shows_knows_what_is_on_air_and_no_more(house: House):
    add_streamer(house, "STREAMER-A")
    brand, nobody, dealer = house.api(), house.nobody(), house.api(branch="DEALER")
    brand.granted("/live-rooms", SHOW)
    assert nobody.get("/live-rooms")["items"] == []
    assert nobody.ask("GET", "/live-rooms/SHOW-1").status_code == 404
    assert brand.get("/live-rooms/SHOW-1")["orders"] == 0
    assert (dealer.get("/live-rooms")["items"], dealer.ask("GET", "/live-rooms/SHOW-1").status_code) == (
        [],
        404,
    )
    for act in ("start", "end"):
        refused = dealer.ask("POST", f"/live-rooms/SHOW-1/{act}")
        assert (refused.status_code, refused.json()["code"]) == (404, "live_room_unknown")
    assert brand.ask("POST", "/live-rooms/SHOW-1/start").status_code == 200
    assert "orders" not in dealer.get("/live-rooms/SHOW-1")
    (seen,) = nobody.get("/live-rooms")["items"]
    assert (seen["code"], seen["is_live"], "orders" in seen) == ("SHOW-1", True, False)


def test_the_log_knows_a_visitor_and_no_internet_address(house: House):
    house.nobody().ask(
        "POST", "/scans", json={"items": [{"code": "NOTHING23", "visitor": str(house.shop.manager)}]}
    )
    made = house.api().granted("/touchpoints", {"kind": "store", "site_code": "S"})
    answer = house.nobody().ask(
        "POST", "/scans", json={"items": [{"code": made[0]["code"], "visitor": str(house.shop.manager)}]}
    )
    assert answer.status_code == 200, answer.text
    with house.database.reading() as conn:
        rows = conn.execute(
            "select distinct actor from log.event where type = 'touchpoint_scanned'"
        ).fetchall()
        assert rows == [("visitor",)]
    house.nobody().ask("POST", "/scans", json={"items": []}, headers={"Idempotency-Key": "k"})
    answer = house.nobody().ask(
        "POST",
        "/scans",
        json={"items": [{"code": made[0]["code"], "visitor": str(house.shop.manager)}]},
        headers={"Idempotency-Key": "k2"},
    )
    with house.database.reading() as conn:
        callers = [row[0] for row in conn.execute("select caller from edge.answer").fetchall()]
    assert all(caller.startswith("visitor:") and "testclient" not in caller for caller in callers)
