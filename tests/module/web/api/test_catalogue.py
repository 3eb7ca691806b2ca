"""The catalogue over the API: one outcome per item, and nobody but the whole brand writes it."""

from loopline.org import Permission
from tests.make.api import House

LAMP = {"code": "lamp-1", "product_code": "LAMP", "name": "Lamp", "tax_class": "standard"}


def test_a_catalogue_is_built_class_by_class(house: House):
    api = house.api()
    assert api.granted("/tax-classes", {"code": "food", "name": "Food"}) == [{"code": "food", "name": "Food"}]
    (product,) = api.granted("/products", {"code": "lamp", "name": "Lamp", "season": "2026"})
    assert (product["code"], product["is_new"]) == ("LAMP", True)
    (sku,) = api.granted(
        "/skus", LAMP | {"gtin": "4006381333931", "care": {"weight_grams": 900, "is_fragile": True}}
    )
    (told,) = api.get("/skus", code="LAMP-1")["items"]
    assert told == {
        "id": sku["id"],
        "code": "LAMP-1",
        "product_id": product["id"],
        "product_code": "LAMP",
        "category": None,
        "name": "Lamp",
        "tax_class": "standard",
        "gtin": "04006381333931",
        "is_active": True,
        "attributes": {},
        "care": told["care"],
    }
    assert (told["care"]["weight_grams"], told["care"]["is_fragile"]) == (900, True)


def test_one_bad_item_refuses_itself_alone(house: House):
    api = house.api()
    api.granted("/products", {"code": "LAMP", "name": "Lamp"})
    outcomes = api.post(
        "/skus",
        LAMP,
        LAMP | {"code": "LAMP-2", "product_code": "GHOST"},
        LAMP | {"code": "LAMP-3", "gtin": "4006381333930"},
        LAMP | {"code": "LAMP-4"},
    )
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        None,
        "unknown_product",
        "gtin_check_digit_wrong",
        None,
    ]
    wanted = ["LAMP-1", "LAMP-2", "LAMP-3", "LAMP-4"]
    assert [sku["code"] for sku in api.get("/skus", code=wanted)["items"]] == ["LAMP-1", "LAMP-4"]
    assert [one["is_new"] for one in api.granted("/skus", LAMP)] == [False]


def test_a_list_is_read_page_by_page(house: House):
    api = house.api()
    pages = list(api.pages("/skus", limit=2))
    assert [[sku["code"] for sku in page] for page in pages] == [["COAT", "HAT"], ["SCARF"]]


def test_a_branch_reads_the_catalogue_and_does_not_write_it(house: House):
    branch = house.api(branch="EAST")
    assert len(branch.get("/skus")["items"]) == 3
    answer = branch.ask("POST", "/products", json={"items": [{"code": "X", "name": "X"}]})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")
    reader = house.api(permissions=[Permission.CATALOGUE_READ])
    answer = reader.ask("POST", "/products", json={"items": [{"code": "X", "name": "X"}]})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    answer = house.nobody().ask("POST", "/products", json={"items": [{"code": "X", "name": "X"}]})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_first")
    assert house.api().refused("/skus", LAMP | {"product_code": "X"}) == ["unknown_product"]
