"""Lots over the API: goods come in with their lot, and a recall is the whole brand's."""

from loopline import catalogue
from loopline.catalogue import Care, NewProduct, NewSku
from loopline.kernel.ids import NodeId, SkuId
from loopline.org import Role
from loopline.stock import lots
from tests.make.api import House
from tests.make.org import succeeded
from tests.make.shop import NOON


def milk(house: House) -> SkuId:
    """A SKU that keeps for thirty days."""
    with house.database.transaction() as conn:
        succeeded(catalogue.add_products(conn, [NewProduct(code="MILK", name="Milk")], now=NOON))
        new = NewSku(
            code="MILK",
            product_code="MILK",
            name="Milk",
            tax_class="standard",
            care=Care(tracks_batch=True, shelf_life_days=30),
        )
        (sku,) = succeeded(catalogue.add_skus(conn, [new], now=NOON))
        return sku.sku_id


def lying(house: House, leaf_id: NodeId) -> list[tuple[str, str, int, int]]:
    with house.database.reading() as conn:
        found = lots.lots_at_leaves(conn, [leaf_id])
        return [(one.code, str(one.expires_on), one.units, one.unsellable) for one in found]


def test_a_recall_is_the_whole_brands(house: House):
    api = house.api()
    milk(house)
    came = {"sku_code": "MILK", "reason": "receipt", "on_hand": 6, "lot": {"lot_code": "M1"}}
    api.granted("/stock/facts", came | {"site_code": "S"}, came | {"site_code": "D", "on_hand": 2})
    named = {"sku_code": "MILK", "lot_code": "M1"}
    dealer = house.as_role(Role.DEALER, branch="DEALER")
    for path, item in (
        ("/stock/recalls", {"lots": named, "reason": "glass"}),
        ("/stock/recalls/lifts", {"lots": named}),
        ("/stock/shelf-lives", {"sku_code": "MILK", "days_before_expiry": 5}),
    ):
        answer = dealer.ask("POST", path, json={"items": [item]})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")
    answer = dealer.ask("GET", "/stock/lots/receivers", params={"sku_code": "MILK", "lot_code": "M1"})
    assert answer.status_code == 403
    assert {line["site_code"] for line in dealer.get("/stock/lots", site_code=["S", "D"])["items"]} == {"D"}
    assert lying(house, house.shop.leaves["D"]) == [("M1", "None", 2, 0)]
    (done,) = api.granted("/stock/recalls", {"lots": named, "reason": "glass"})
    assert (done["lot_codes"], done["taken_back_units"]) == (["M1"], 0)
    assert {(one["site_code"], one["units"]) for one in done["sites"]} == {("S", 6), ("D", 2)}
    assert lying(house, house.shop.leaves["D"]) == [("M1", "None", 2, 2)]
    assert api.refused(
        "/stock/recalls",
        {"lots": {"sku_code": "MILK"}, "reason": "all of it"},
        {"lots": {"sku_code": "GHOST", "lot_code": "M1"}, "reason": "glass"},
        {"lots": {"sku_code": "MILK", "lot_code": "GHOST"}, "reason": "glass"},
    ) == ["no_such_lots", "no_such_thing", "no_such_lots"]
    assert api.get("/stock/lots/receivers", sku_code="MILK", lot_code="M1")["items"] == []
    (lifted,) = api.granted("/stock/recalls/lifts", {"lots": named})
    assert sum(one["units"] for one in lifted["sites"]) == -8
    assert lying(house, house.shop.leaves["D"]) == [("M1", "None", 2, 0)]
