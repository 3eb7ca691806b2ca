"""What sites can send, from outside: HQ and a dealer declare it for their own sites, and orders go by it."""

from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from tests.make.api import House
from tests.make.cold import FROZEN, chill
from tests.make.shop import NOON, ask, lines

PATH = "/site-equipment"


def test_hq_declares_for_any_site_and_what_is_left_out_is_taken_away(house: House):
    hq = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    wish = {"site_code": "S", "temperature_classes": ["frozen", "cool"]}
    assert hq.granted(PATH, wish) == [wish]
    (told,) = hq.get(PATH, site_code="S")["items"]
    assert [(one["temperature_class"], one["since"]) for one in told["equipment"]] == [
        ("cool", "2026-03-02T04:00:00Z"),
        ("frozen", "2026-03-02T04:00:00Z"),
    ]
    assert all(one["declared_by"] for one in told["equipment"])
    hq.granted(PATH, {"site_code": "S", "temperature_classes": ["cool"]})
    found = {one["site_code"]: one["equipment"] for page in hq.pages(PATH, limit=2) for one in page}
    assert sorted(found) == ["D", "S", "W"]
    assert [one["temperature_class"] for one in found["S"]] == ["cool"]
    assert (found["D"], found["W"]) == ([], [])


def test_a_dealer_declares_for_its_own_site_and_no_other(house: House):
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    wishes = [{"site_code": code, "temperature_classes": ["cool"]} for code in ("D", "S", "X")]
    outcomes = dealer.post(PATH, *wishes)
    assert outcomes[0] == {"value": wishes[0]}
    assert [one["problem"]["code"] for one in outcomes[1:]] == ["site_not_yours", "site_not_yours"]
    assert [one["site_code"] for one in dealer.get(PATH)["items"]] == ["D"]
    hq = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    assert [bool(one["equipment"]) for one in hq.get(PATH)["items"]] == [True, False, False]


def test_who_only_reads_declares_nothing(house: House):
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    answer = auditor.ask("POST", PATH, json={"items": [{"site_code": "S", "temperature_classes": ["cool"]}]})
    assert answer.status_code == 403
    assert auditor.get(PATH, site_code="S")["items"][0]["equipment"] == []
    assert house.nobody().ask("GET", PATH).status_code == 401


def test_a_class_that_needs_no_declaring_is_refused(house: House):
    hq = house.as_role(Role.HQ_OPERATIONS, branch="HX")
    answer = hq.ask("POST", PATH, json={"items": [{"site_code": "S", "temperature_classes": ["ambient"]}]})
    assert answer.status_code == 400


def test_tasks_choices_and_promises_say_how_cold_goods_are_kept(house: House):
    with house.database.transaction() as conn:
        chill(conn, HAT=FROZEN)
    hq = house.api()
    cold = {"channel": "web", "lines": [{"sku_code": "HAT", "units": 1}], "kinds": ["deliver"],
            "destination": {"longitude": 121.5, "latitude": 31.2}}  # fmt: skip
    (none,) = hq.granted("/promises", cold)
    assert [one["why"] for one in none["not_thus"]] == ["not_equipped"]
    with house.database.transaction() as conn:
        (waiting,) = place(
            conn, [ask(house.shop, "C-0", lines=lines(house.shop, ("HAT", 1)))], scope=WHOLE_BRAND, now=NOON
        )
        assert isinstance(waiting, Placed)
        source_wave(conn, now=NOON)
    told = hq.get(f"/orders/{waiting.number}")
    assert (told["waits_for"], told["looked_at_again"]) == ("equipment", "2026-03-02T04:15:00Z")
    (choice,) = hq.get(f"/orders/{waiting.number}/explanation")["choices"]
    assert {(one["change"], one["said"]) for one in choice["eliminated"]} == {
        ("equipment_would_send", "Were it equipped to send them so cold, what is missing could be sent.")
    }
    hq.granted(PATH, {"site_code": "S", "temperature_classes": ["frozen"]})
    with house.database.transaction() as conn:
        draft = ask(house.shop, "C-1", lines=lines(house.shop, ("COAT", 1), ("HAT", 1)))
        (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        source_wave(conn, now=NOON)
    placed_told = hq.get(f"/orders/{placed.number}")
    assert (placed_told["waits_for"], placed_told["looked_at_again"]) == (None, None)
    tasks = [one for one in hq.get("/tasks")["items"] if one["order_id"] == str(placed.order_id)]
    assert sorted((one["temperature_class"], one["site_code"]) for one in tasks) == [
        ("ambient", "S"),
        ("frozen", "S"),
    ]
    (choice,) = hq.get(f"/orders/{placed.number}/explanation")["choices"]
    assert [one["temperature_class"] for one in choice["chosen"]] == ["ambient", "frozen"]
    assert {(one["site_code"], one["reason"], one["change"]) for one in choice["eliminated"]} == {
        ("W", "not_equipped", "equipment_does_not_help"),
        ("D", "not_equipped", "equipment_does_not_help"),
    }
