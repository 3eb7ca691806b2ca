"""Tasks over the API: worked through to the hand-over, refused, collected by code; nothing outside the own sites."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import TaskId
from loopline.org import Role
from loopline.processes.source import source_wave
from loopline.web.collection import collection_code
from tests.make.api import Api, House
from tests.make.web import SECRET
from tests.module.web.api.test_orders import order


def placed(house: House, number: str, **fields: Any) -> dict[str, Any]:
    answer = house.api().ask("POST", "/orders", json=order(number, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


def source(house: House) -> None:
    with house.database.transaction() as conn:
        source_wave(conn, now=house.moment[0])


def work_through(api: Api, task_id: str, *steps: str) -> list[str]:
    return [api.granted(f"/tasks/{step}", {"task_id": task_id})[0]["state"] for step in steps]


def test_a_task_is_worked_through_to_the_hand_over(house: House):
    made = placed(house, "W-1", lines=[{"sku_code": "COAT", "units": 1}])
    source(house)
    api = house.api()
    (task,) = api.get("/tasks")["items"]
    assert (task["order_id"], task["order_number"], task["state"]) == (made["id"], made["number"], "offered")
    assert [(line["sku_code"], line["units_left"]) for line in task["lines"]] == [("COAT", 1)]
    steps = ("accept", "pick", "check", "pack", "hand-over")
    assert work_through(api, task["id"], *steps) == [
        "accepted",
        "picking",
        "checked",
        "packed",
        "handed_over",
    ]
    again = api.granted("/tasks/hand-over", {"task_id": task["id"]})
    assert (again[0]["is_repeat"], again[0]["state"]) == (True, "handed_over")
    told = api.get(f"/orders/{made['id']}")
    assert (told["stage"], told["parcels"][0]["state"]) == ("handed_over", "handed_over")
    assert api.get("/tasks")["items"] == []
    assert api.get(f"/tasks/{task['id']}")["state"] == "handed_over"


def test_a_parcel_is_collected_by_the_code_that_its_customer_alone_is_shown(house: House):
    made = placed(house, "W-1", site_code="S", delivery="collect", region_code=None)
    assert made["collect"] == {"site_code": "S"}
    source(house)
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    (task,) = store.get("/tasks", site_code="S")["items"]
    work_through(store, task["id"], "accept", "pick", "check", "pack")
    packed = store.get(f"/tasks/{task['id']}")
    assert (packed["kind"], packed["state"]) == ("collect", "packed")
    # To the end of the day a week later, in Shanghai.
    assert packed["collect_by"] == "2026-03-09T16:00:00Z"
    code = collection_code(TaskId(UUID(task["id"])), secret=SECRET)
    assert code not in store.ask("GET", f"/orders/{made['id']}").text
    assert house.api().get(f"/orders/{made['id']}")["parcels"][0]["collect_code"] == code
    assert store.refused("/tasks/collect", {"site_code": "S", "code": "00000000"}) == ["unknown_code"]
    assert store.refused("/tasks/hand-over", {"task_id": task["id"]}) == ["needs_code"]
    assert store.refused("/tasks/collect", {"site_code": "D", "code": code}) == ["not_in_your_branch"]
    (done,) = store.granted("/tasks/collect", {"site_code": "S", "code": f"{code[:4].lower()}-{code[4:]}"})
    assert (done["state"], done["order_id"]) == ("handed_over", made["id"])
    assert house.api().get(f"/orders/{made['id']}")["parcels"][0]["collect_code"] is None


def test_a_refusal_is_one_however_often_it_is_sent(house: House):
    placed(house, "W-1", lines=[{"sku_code": "HAT", "units": 2}])
    source(house)
    api = house.api()
    (task,) = api.get("/tasks")["items"]
    refusal = {
        "id": "019cac0f-2680-7292-9e7e-f95526846d60",
        "task_id": task["id"],
        "reason": "not_found",
        "lines": [{"allocation_id": task["lines"][0]["allocation_id"], "units": 1}],
    }
    (first,) = api.granted("/tasks/refuse", refusal)
    (again,) = api.granted("/tasks/refuse", refusal)
    assert (first["is_repeat"], again["is_repeat"], again["state"]) == (False, True, "offered")
    assert api.get(f"/tasks/{task['id']}")["lines"][0]["units_left"] == 1


def test_a_site_sees_and_does_its_own_work_alone(house: House):
    placed(house, "W-1", site_code="S", delivery="collect", region_code=None)
    source(house)
    (task,) = house.api().get("/tasks")["items"]
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert dealer.get("/tasks")["items"] == []
    assert dealer.ask("GET", f"/tasks/{task['id']}").status_code == 404
    assert dealer.ask("GET", "/tasks", params={"site_code": "S"}).status_code == 404
    for step in ("accept", "pick", "check", "pack", "hand-over"):
        assert dealer.refused(f"/tasks/{step}", {"task_id": task["id"]}) == ["not_in_your_branch"]
    refusal = {"task_id": task["id"], "reason": "no_capacity"}
    assert dealer.refused("/tasks/refuse", refusal) == ["not_in_your_branch"]
    assert house.api().get(f"/tasks/{task['id']}") == task
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    answer = auditor.ask("POST", "/tasks/accept", json={"items": [{"task_id": task["id"]}]})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_the_site_that_only_sends_sees_no_money(house: House):
    made = placed(house, "W-1")
    source(house)
    (task,) = house.api().get("/tasks")["items"]
    site = task["site_code"]
    sender = house.as_role(Role.STORE_MANAGER, branch=f"U-{site}")
    told = sender.get(f"/orders/{made['id']}")
    assert (told["amount_minor"], told["lines"][0]["unit_minor"], told["guide_code"]) == (None, None, None)
    assert [parcel["site_code"] for parcel in told["parcels"]] == [site]


def test_open_tasks_are_listed_page_by_page(house: House):
    for number in range(5):
        placed(house, f"W-{number}", lines=[{"sku_code": "HAT", "units": 1}])
        source(house)
        house.moment[0] += timedelta(minutes=1)
    api = house.api()
    pages = list(api.pages("/tasks", limit=2))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({task["id"] for page in pages for task in page}) == 5
    deadlines = [task["deadline"] for page in pages for task in page]
    assert deadlines == sorted(deadlines)
    api.granted("/tasks/accept", {"task_id": pages[0][0]["id"]})
    assert [task["id"] for task in api.get("/tasks", state="accepted")["items"]] == [pages[0][0]["id"]]
    assert api.ask("GET", "/tasks", params={"state": "lost"}).status_code == 400


def test_unknown_tasks_are_said_to_be_unknown(house: House):
    ghost = "019cac0f-2680-7292-9e7e-f95526846d60"
    api = house.api()
    for step in ("accept", "pick", "check", "pack", "hand-over"):
        assert api.refused(f"/tasks/{step}", {"task_id": ghost}) == ["unknown_task"]
    assert api.ask("GET", f"/tasks/{ghost}").status_code == 404


def test_what_is_handed_over_is_earned(house: House):
    placed(house, "W-1")
    source(house)
    api = house.api()
    for task in api.get("/tasks")["items"]:
        work_through(api, task["id"], "accept", "pick", "check", "pack", "hand-over")
    catch_up(house.database, FOLLOWERS, now=house.moment[0])
    with house.database.reading() as conn:
        (earned,) = conn.execute("select count(*) from sharing.split").fetchone() or (0,)
    assert earned == 2
