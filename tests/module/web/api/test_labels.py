"""Labels and shelf places over the API."""

from base64 import b64decode
from uuid import UUID

from loopline.fulfilment.labels import labels_of_tasks
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Permission, Role
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from tests.make.api import Api, House
from tests.make.shop import NOON, ask


def parcels(house: House, count: int) -> list[str]:
    """Parcels of the store that are checked and still here."""
    with house.database.transaction() as conn:
        placed = place(
            conn, [ask(house.shop, f"W-{one}") for one in range(count)], scope=WHOLE_BRAND, now=NOON
        )
        assert all(isinstance(one, Placed) for one in placed)
        tasks = [{"task_id": str(one)} for one in source_wave(conn, now=NOON).tasks]
    api = house.api()
    for step in ("accept", "pick", "check"):
        api.granted(f"/tasks/{step}", *tasks)
    return [one["task_id"] for one in tasks]


def printed(api: Api, form: str, *task_ids: str) -> tuple[list[str | tuple[str, int]], str]:
    """Print labels; returns of each its number and how often it was printed, or the code of its problem; and all."""
    items = [{"task_id": one} for one in task_ids]
    answer = api.ask("POST", "/tasks/labels", json={"items": items, "form": form})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    found = [
        one["problem"]["code"] if "problem" in one else (one["value"]["number"], one["value"]["prints"])
        for one in said["outcomes"]
    ]
    return found, said["content"]


def test_labels_are_printed_in_bulk_one_outcome_each(house: House):
    first, second = parcels(house, 2)
    nowhere = str(UUID(int=1))
    api = house.api()
    outcomes, zpl = printed(api, "zpl", first, nowhere, second)
    assert [type(one) for one in outcomes] == [tuple, str, tuple]
    assert (outcomes[1], zpl.count("^XA")) == ("unknown_task", 2)
    again, pdf = printed(api, "pdf", second)
    assert isinstance(outcomes[2], tuple)
    assert again == [(outcomes[2][0], 2)]
    assert b64decode(pdf).startswith(b"%PDF-")
    nothing, content = printed(api, "zpl", nowhere)
    assert (nothing, content) == (["unknown_task"], "")


def test_labels_are_for_those_who_do_the_tasks_of_the_site(house: House):
    (task_id,) = parcels(house, 1)
    body = {"items": [{"task_id": task_id}]}
    reader = house.api(permissions={Permission.TASKS_READ})
    assert reader.ask("POST", "/tasks/labels", json=body).status_code == 403
    assert house.nobody().ask("POST", "/tasks/labels", json=body).status_code == 401
    outcomes, content = printed(house.as_role(Role.DEALER, branch="DEALER"), "zpl", task_id)
    assert (outcomes, content) == (["unknown_task"], "")
    # What an answer says of people is never kept under a key.
    kept = house.api().ask("POST", "/tasks/labels", json=body, headers={"idempotency-key": "one"})
    assert kept.json()["code"] == "secret_once_per_key"
    with house.database.reading() as conn:
        assert labels_of_tasks(conn, [TaskId(UUID(task_id))]) == {}


def test_shelf_places_are_set_listed_and_forgotten(house: House):
    api = house.api()
    coat = {"site_code": "S", "sku_code": "COAT"}
    scarf = {"site_code": "S", "sku_code": "SCARF"}
    set_ = api.granted("/stock/places", coat | {"place": "a-10"}, scarf | {"place": "A-2"})
    assert [one["place"] for one in set_] == ["A-10", "A-2"]
    api.granted("/stock/places", {"site_code": "D", "sku_code": "COAT", "place": "后仓"})
    pages = list(api.pages("/stock/places", limit=2))
    assert [len(page) for page in pages] == [2, 1]
    (listed,) = api.get("/stock/places", site_code="S", sku_code="SCARF")["items"]
    assert listed == scarf | {"place": "A-2"}
    assert api.refused(
        "/stock/places",
        coat | {"place": "x" * 25},
        coat | {"place": " "},
        coat | {"place": "a\u0007b"},
        {"site_code": "GHOST", "sku_code": "COAT", "place": "A"},
        {"site_code": "S", "sku_code": "GHOST", "place": "A"},
    ) == ["place_not_usable", "place_not_usable", "place_not_usable", "no_such_thing", "no_such_thing"]
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert dealer.refused("/stock/places", coat | {"place": "B"}) == ["not_in_your_branch"]
    assert [one["place"] for one in dealer.get("/stock/places")["items"]] == ["后仓"]
    assert api.granted("/stock/places", coat | {"place": None})[0]["place"] is None
    assert [one["sku_code"] for one in api.get("/stock/places", site_code="S")["items"]] == ["SCARF"]
