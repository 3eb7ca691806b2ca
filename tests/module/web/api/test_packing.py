"""Boxes over the API, and what a parcel was packed in."""

from uuid import UUID

from loopline.fulfilment.packing import Material, PackedIn, packed_in
from loopline.kernel.ids import TaskId
from loopline.org import Role
from tests.make.api import House
from tests.module.web.api.test_labels import parcels

SIZES = {"length_mm": 300, "width_mm": 200, "height_mm": 100}


def test_a_site_packs_in_its_own_boxes_and_the_brand_s(house: House):
    api = house.api()
    (task_id,) = parcels(house, 1)
    assert "C6" in api.get(f"/tasks/{task_id}/packing")["box_codes"]  # the house's own
    brand = {"site_code": None, "code": "B1", "name": "Box 1"} | SIZES
    dealers = {"site_code": "D", "code": "D1", "name": "Crate"} | SIZES
    api.granted("/packing/boxes", brand, dealers)
    site = api.get(f"/tasks/{task_id}")["site_code"]
    assert api.get(f"/tasks/{task_id}/packing")["box_codes"] == ["B1"]
    api.granted("/packing/boxes", {"site_code": site, "code": "B1", "name": "Ours", "grams_most": 5} | SIZES)
    listed = api.get("/packing/boxes")["items"]
    assert [(one["site_code"], one["code"], one["name"]) for one in listed if one["code"] == "B1"] == [
        (None, "B1", "Box 1"),
        (site, "B1", "Ours"),
    ]
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    assert dealer.refused("/packing/boxes", brand, {"site_code": site, "code": "B1", "is_dropped": True}) == [
        "not_in_your_branch",
        "not_in_your_branch",
    ]
    assert {one["site_code"] for one in dealer.get("/packing/boxes")["items"]} == {None, "D"}
    assert dealer.ask("GET", f"/tasks/{task_id}/packing").status_code == 404
    api.granted(
        "/packing/boxes", brand | {"is_dropped": True}, {"site_code": site, "code": "B1", "is_dropped": True}
    )
    assert "C6" in api.get(f"/tasks/{task_id}/packing")["box_codes"]


def test_what_was_used_is_kept_once(house: House):
    task_id, plain = parcels(house, 2)
    api = house.api()
    first = {"task_id": task_id, "box_code": "C6", "materials": ["padding", "ice_packs"]}
    api.granted("/tasks/pack", first, {"task_id": plain})
    api.granted("/tasks/pack", first | {"box_code": "C1"})
    with house.database.reading() as conn:
        kept = packed_in(conn, [TaskId(UUID(task_id)), TaskId(UUID(plain))])
    used = PackedIn(box_code="C6", proposed_code=None, materials=(Material.ICE_PACKS, Material.PADDING))
    assert kept == {TaskId(UUID(task_id)): used}
