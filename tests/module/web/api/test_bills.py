"""Bills over the API: sources and files, runs, differences; whose they are; what is refused and leaves nothing."""

from typing import Any

from loopline.kernel.ids import PaymentId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Permission, Role
from loopline.payments import NewPayment
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed, place
from tests.make.api import Api, House
from tests.make.bills import Paid, wechat_bill
from tests.make.org import succeeded
from tests.make.shop import NOON, till_sale

SOURCE: dict[str, Any] = {
    "code": "WX",
    "name": "微信支付 WeChat Pay",
    "kind": "gateway",
    "layout": "wechat_pay",
    "entity_code": "BRAND-CO",
    "currency": "CNY",
    "methods": ["wechat"],
}
DAYS = {"source": "WX", "first_day": "2026-03-02", "last_day": "2026-03-02"}


def pay(house: House, number: str, amount: int) -> None:
    with house.database.transaction() as conn:
        (placed,) = place(conn, [till_sale(house.shop, number)], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed), placed
        payment = NewPayment(
            id=PaymentId(uuid7(NOON)),
            key=f"wechat:{placed.order_id}:{number}",
            order_id=placed.order_id,
            method="wechat",
            entity_id=house.shop.brand_entity,
            currency="CNY",
            amount_minor=amount,
            taken_at=NOON,
        )
        succeeded(take_payments(conn, [payment], now=NOON))


def take_in(api: Api, content: bytes, *, source: str = "WX", name: str = "bill.csv") -> Any:
    head = {"content-type": "application/octet-stream"}
    return api.ask("POST", f"/bills?source={source}&file_name={name}", content=content, headers=head)


def test_a_bill_is_taken_in_compared_and_worked_off(house: House):
    api = house.as_role(Role.FINANCE, branch="HX")
    (source,) = api.granted("/bills/sources", SOURCE)
    assert (source["code"], source["entity_code"], source["grace_days"]) == ("WX", "BRAND-CO", 2)
    assert api.get("/bills/sources")["items"] == [source]
    pay(house, "N1", 10_000)
    content = wechat_bill([Paid("N1", 9_000, fee=0), Paid("N2", 500, fee=0)])
    first = take_in(api, content).json()
    assert (first["lines"], first["is_repeat"], first["amount_minor"]) == (2, False, 9_500)
    assert take_in(api, content, name="again.csv").json() == first | {"is_repeat": True}
    answer = api.ask("POST", "/bills/runs", json=DAYS)
    assert answer.status_code == 200, answer.text
    run = answer.json()
    assert (run["totals"]["matched"], run["opened"]) == (0, 2)
    assert list(api.pages("/bills/runs", limit=1)) == [[run]]
    found = [one for page in api.pages("/bills/differences", limit=1) for one in page]
    assert {(one["kind"], one["amount_minor"]) for one in found} == {("amount", -1_000), ("timing", 500)}
    (amount,) = api.get("/bills/differences", **{"class": "amount"})["items"]
    act = {"difference_id": amount["id"], "action": "correct", "note": "agreed", "correction": "adjustment"}
    (done,) = api.granted("/bills/differences/acts", act)
    assert (done["state"], done["correction"], done["entry_id"] is not None) == (
        "corrected",
        "adjustment",
        True,
    )
    assert api.refused("/bills/differences/acts", act) == ["difference_closed"]


def test_a_file_that_cannot_be_read_leaves_nothing(house: House):
    api = house.as_role(Role.FINANCE, branch="HX")
    api.granted("/bills/sources", SOURCE)
    broken = wechat_bill([Paid("N1", 9_000)]).replace(b"`90.00", b"`9O.00")
    answer = take_in(api, broken)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["code"] == "bill_cell_wrong"
    assert (problem["fields"]["line"], problem["fields"]["value"]) == (2, "9O.00")
    chinese = api.ask(
        "POST", "/bills?source=WX&file_name=b.csv", content=broken,
        headers={"content-type": "application/octet-stream", "accept-language": "zh"},
    ).json()  # fmt: skip
    assert "不是金额" in chinese["title"]
    assert take_in(api, b"x", source="NONE").json()["code"] == "source_unknown"
    assert (
        api.ask("POST", "/bills/runs", json=DAYS | {"last_day": "2026-03-01"}).json()["code"]
        == "period_misfit"
    )
    assert api.get("/bills/runs")["items"] == []
    assert api.get("/bills/differences")["items"] == []


def test_a_dealers_finance_sees_the_bills_of_her_company_alone(house: House):
    brand, dealer = (house.as_role(Role.FINANCE, branch=one) for one in ("HX", "DEALER"))
    brand.granted("/bills/sources", SOURCE)
    pay(house, "N1", 10_000)
    content = wechat_bill([Paid("N9", 100, fee=0)])
    take_in(brand, content)
    brand.ask("POST", "/bills/runs", json=DAYS)
    (theirs, _) = brand.get("/bills/differences")["items"]
    own = SOURCE | {"code": "D-WX", "entity_code": "DEALER-CO"}
    dealer.granted("/bills/sources", own)
    assert take_in(dealer, content, source="D-WX").status_code == 200
    dealer.ask("POST", "/bills/runs", json=DAYS | {"source": "D-WX"})
    assert [one["code"] for one in dealer.get("/bills/sources")["items"]] == ["D-WX"]
    assert {one["source"] for one in dealer.get("/bills/differences")["items"]} == {"D-WX"}
    assert {one["source"] for one in dealer.get("/bills/runs")["items"]} == {"D-WX"}
    # What belongs to others does not exist for her.
    assert take_in(dealer, content).json()["code"] == "source_unknown"
    assert dealer.ask("POST", "/bills/runs", json=DAYS).json()["code"] == "source_unknown"
    act = {"difference_id": theirs["id"], "action": "explain", "note": "mine"}
    assert dealer.refused("/bills/differences/acts", act) == ["difference_unknown"]
    assert (
        dealer.refused("/bills/sources", SOURCE, own | {"entity_code": "BRAND-CO"})
        == ["not_in_your_branch"] * 2
    )
    assert len(brand.get("/bills/sources")["items"]) == 2


def test_who_may_only_read_changes_nothing(house: House):
    house.as_role(Role.FINANCE, branch="HX").granted("/bills/sources", SOURCE)
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    assert len(auditor.get("/bills/sources")["items"]) == 1
    assert take_in(auditor, wechat_bill([Paid("N9", 100)])).status_code == 403
    assert auditor.ask("POST", "/bills/sources", json={"items": [SOURCE]}).status_code == 403
    guide = house.api(branch="HX", permissions=[Permission.PAYMENTS_READ])
    assert guide.ask("GET", "/bills/differences").status_code == 403
