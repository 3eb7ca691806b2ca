"""Reviews over the API: written by buyers alone, read by anybody, answered in one's branch, hidden by HQ."""

from typing import Any

import pytest

from loopline.org import Permission, Role
from tests.make.api import Api, House
from tests.module.web.api.test_orders import order, till_sale
from tests.module.web.api.test_touchpoints import a_member, member_api


def receipt_of(house: House, number: str = "T-1", **fields: Any) -> str:
    answer = house.api().ask("POST", "/orders", json=till_sale(number, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()["receipt_code"]


def of_coat(**fields: Any) -> dict[str, Any]:
    return {"about": "product", "sku_code": "COAT", "stars": 5, "text": "很暖和"} | fields


def test_the_holder_of_a_receipt_reviews_once_and_anybody_reads_it(house: House):
    receipt = receipt_of(house)
    nobody = house.nobody()
    made, store = nobody.granted(
        "/reviews",
        of_coat(receipt_code=receipt.lower()),
        {"about": "store", "stars": 4, "text": "Friendly", "receipt_code": receipt},
    )
    assert nobody.granted("/reviews", of_coat(receipt_code=receipt)) == [made | {"is_repeat": True}]
    assert nobody.refused("/reviews", of_coat(receipt_code=receipt, stars=1)) == ["already_reviewed"]
    (shown,) = nobody.get("/reviews", product_code="COAT")["items"]
    assert {name: shown[name] for name in ("id", "stars", "text", "language", "site_code", "sku_code")} == {
        "id": made["id"],
        "stars": 5,
        "text": "很暖和",
        "language": "zh",
        "site_code": "S",
        "sku_code": "COAT",
    }
    assert not {"member_id", "receipt_id", "order_id"} & shown.keys()
    assert [one["id"] for one in nobody.get("/reviews", site_code="S")["items"]] == [store["id"], made["id"]]
    assert [one["id"] for one in nobody.get("/reviews", site_code="S", about="store")["items"]] == [
        store["id"]
    ]
    averages = nobody.get("/review-averages", product_code=["COAT", "HAT"], site_code="S")["items"]
    assert [(one["about"], one["reviews"], one["average_hundredths"]) for one in averages] == [
        ("product", 1, 500),
        ("product", 0, None),
        ("store", 1, 400),
        ("experience", 0, None),
    ]


def test_a_member_reviews_the_own_purchase_alone(house: House):
    member_id, other = a_member(house, 1), a_member(house, 2)
    order_id = (
        house.api().ask("POST", "/orders", json=till_sale("T-1", member_id=str(member_id))).json()["id"]
    )
    wanted = of_coat(order_id=order_id)
    assert house.nobody().refused("/reviews", wanted) == ["no_purchase_of_yours"]
    assert member_api(house, other).refused("/reviews", wanted) == ["no_purchase_of_yours"]
    assert house.nobody().refused("/reviews", wanted | {"member_id": str(member_id)}) == ["not_allowed"]
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    assert store.refused("/reviews", wanted | {"member_id": str(member_id)}) == ["not_allowed"]
    assert house.nobody().get("/reviews")["items"] == []
    (made,) = member_api(house, member_id).granted("/reviews", wanted)
    change = {"review_id": made["id"], "stars": 2, "text": "It lost a button"}
    assert member_api(house, other).refused("/reviews/change", change) == ["review_unknown"]
    (changed,) = member_api(house, member_id).granted("/reviews/change", change)
    assert (changed["version"], changed["stars"]) == (2, 2)
    versions = house.api().get(f"/reviews/{made['id']}/versions")["items"]
    assert [(one["version"], one["text"]) for one in versions] == [(1, "很暖和"), (2, "It lost a button")]
    # The shop's own program names the member it speaks for.
    assert house.api().granted("/reviews/change", change | {"member_id": str(member_id)})[0]["is_repeat"]


def test_what_was_not_handed_over_is_not_reviewed(house: House):
    member_id = a_member(house)
    asked = order("W-1", member_id=str(member_id))
    order_id = house.api().ask("POST", "/orders", json=asked).json()["id"]
    assert member_api(house, member_id).refused("/reviews", of_coat(order_id=order_id)) == [
        "not_handed_over_yet"
    ]


def answered(api: Api, review_id: str, **fields: Any) -> list[dict[str, Any]]:
    return api.post("/reviews/reply", {"review_id": review_id, "text": "谢谢"} | fields)


def test_a_store_answers_in_its_branch_and_hq_hides(house: House):
    mine, theirs = receipt_of(house), receipt_of(house, "T-2", site="D")
    own, other = house.nobody().granted(
        "/reviews", of_coat(receipt_code=mine, stars=1), of_coat(receipt_code=theirs)
    )
    store = house.as_role(Role.STORE_MANAGER, branch="U-S")
    assert answered(store, own["id"])[0]["value"]["reply"] == "谢谢"
    assert answered(store, other["id"])[0]["problem"]["code"] == "not_in_your_branch"
    hide = {"review_id": own["id"], "reason": "insults a person"}
    assert store.refused("/reviews/hide", hide) == ["not_in_your_branch"]
    assert store.ask("GET", f"/reviews/{other['id']}/versions").status_code == 404
    house.api().granted("/reviews/hide", hide)
    assert [one["id"] for one in house.nobody().get("/reviews")["items"]] == [other["id"]]
    assert house.nobody().ask("GET", "/reviews", params={"with_hidden": True}).status_code == 401
    assert store.ask("GET", "/reviews", params={"with_hidden": True, "site_code": "D"}).status_code == 403
    (hidden,) = store.get("/reviews", with_hidden=True, site_code="S")["items"]
    assert (hidden["is_hidden"], hidden["hidden_reason"]) == (True, "insults a person")
    house.api().granted("/reviews/show", hide | {"reason": "mended"})
    assert len(house.nobody().get("/reviews")["items"]) == 2
    for path in ("/reviews/reply", "/reviews/hide"):
        assert house.nobody().ask("POST", path, json={"items": [hide]}).status_code in {400, 401}
        reader = house.api(permissions={Permission.REVIEWS_READ})
        assert reader.ask(
            "POST", path, json={"items": [{"review_id": own["id"], "text": "x"}]}
        ).status_code in {
            400,
            403,
        }


@pytest.mark.parametrize(
    "item",
    [
        of_coat(stars=0),
        of_coat(stars=6),
        of_coat(stars="5"),
        of_coat(text=""),
        of_coat(text="x" * 2_001),
        of_coat(text="a\x00"),
        of_coat(about="weather"),
        of_coat(order_id="1"),
    ],
)
def test_what_cannot_be_read_is_a_400(house: House, item: dict[str, Any]):
    answer = house.nobody().ask("POST", "/reviews", json={"items": [item]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"]


def test_reviews_are_read_page_by_page_and_unknown_places_are_404(house: House):
    receipts = [receipt_of(house, f"T-{number}") for number in range(3)]
    made = house.nobody().granted("/reviews", *(of_coat(receipt_code=one) for one in receipts))
    pages = [[one["id"] for one in page] for page in house.nobody().pages("/reviews", limit=2)]
    newest_first = [one["id"] for one in reversed(made)]
    assert pages == [newest_first[:2], newest_first[2:]]
    for query in ({"product_code": "NONE"}, {"site_code": "NONE"}):
        for path in ("/reviews", "/review-averages"):
            assert house.nobody().ask("GET", path, params=query).status_code == 404
    assert house.nobody().ask("GET", "/reviews", params={"cursor": "x"}).status_code == 400
