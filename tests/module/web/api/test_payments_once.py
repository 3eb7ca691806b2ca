"""Money is asked for once: not again for what came back, not again a second later, not again once it was taken."""

from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.payments import Intent, IntentState, Report
from loopline.processes.doctor import BETWEEN_ROOMS, examine
from loopline.web.edge import Edge
from tests.make.api import Api, House
from tests.module.web.api.test_orders import order, till_sale
from tests.module.web.api.test_tasks import source, work_through
from tests.module.web.api.test_touchpoints import a_member, member_api


class Cashier:
    """A gateway in whose hands a payment waits until it is `state`; nothing else is asked of it here."""

    name = "sandbox"

    def __init__(self) -> None:
        self.state = IntentState.WAITING

    def capture(self, intent: Intent, *, now: datetime) -> Report:
        waits = self.state is IntentState.WAITING
        return Report(
            intent_id=intent.id,
            state=self.state,
            at=now,
            amount_minor=intent.amount_minor,
            reference="c1",
            pay_path="/sandbox/pay/cashier/c1" if waits else None,
        )


@pytest.fixture
def cashier(house: House, monkeypatch: pytest.MonkeyPatch) -> Cashier:
    made = Cashier()
    edge = cast(Edge, house.client.app.state["edge"])  # pyright: ignore[reportUnknownMemberType] - the client does not say
    monkeypatch.setitem(cast(dict[str, object], edge.gateways), "sandbox", made)
    return made


def paid(order_id: str, amount_minor: int, reference: str, **said: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "method": "card_terminal",
        "amount_minor": amount_minor,
        "reference": reference,
        **said,
    }


def comes_back(house: House, api: Api, made: dict[str, Any]) -> None:
    catch_up(house.database, FOLLOWERS, now=house.moment[0])
    line = {"sku_code": "COAT", "units": 1}
    back = {"order": made["number"], "site_code": "S", "lines": [line], "external_number": "R-1"}
    api.granted("/returns", back)


def disagreements(house: House) -> list[str]:
    check = [one for one in BETWEEN_ROOMS if one.name == "order_money_agrees"]
    with house.database.reading() as conn:
        return [finding.subject for one in examine(conn, checks=check).checks for finding in one.findings]


def test_what_came_back_is_not_asked_for_again(house: House, cashier: Cashier):
    api, me = house.api(), member_api(house, a_member(house, 1))
    made = me.ask("POST", "/orders", json=order("W-1")).json()
    api.granted("/payments", paid(made["id"], made["amount_minor"], "1"))
    source(house)
    for task in api.get("/tasks")["items"]:
        work_through(api, task["id"], "accept", "pick", "check", "pack", "hand-over")
    comes_back(house, api, made)
    assert me.get(f"/orders/{made['id']}/payments")["to_pay_minor"] == 0
    answer = me.ask("POST", f"/orders/{made['id']}/payments", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_pay")
    assert disagreements(house) == []


def test_money_taken_again_for_what_came_back_has_an_exception(house: House):
    api = house.api()
    sold = api.ask("POST", "/orders", json=till_sale("T-1")).json()
    api.granted("/payments", paid(sold["id"], 11_000, "1"))
    comes_back(house, api, sold)
    assert api.get("/payment-exceptions")["items"] == []
    api.granted("/payments", paid(sold["id"], 11_000, "2"))
    (opened,) = api.get("/payment-exceptions")["items"]
    assert (opened["kind"], opened["order_id"], opened["found_minor"]) == (
        "order_total_differs",
        sold["id"],
        11_000,
    )
    assert disagreements(house) == []


def test_a_moment_that_nobody_said_makes_a_repeat_no_conflict(house: House):
    api = house.api()
    sold = api.ask("POST", "/orders", json=till_sale("T-1")).json()
    (first,) = api.granted("/payments", paid(sold["id"], 11_000, "1"))
    house.moment[0] += timedelta(seconds=1)
    (again,) = api.granted("/payments", paid(sold["id"], 11_000, "1"))
    assert again == first | {"is_repeat": True}
    at = house.moment[0]
    api.granted("/payments", paid(sold["id"], 1, "2", taken_at=at.isoformat()))
    later = (at + timedelta(seconds=1)).isoformat()
    assert api.refused("/payments", paid(sold["id"], 1, "2", taken_at=later)) != []
    assert api.refused("/payments", paid(sold["id"], 10_999, "1")) != []


def test_what_the_gateway_took_meanwhile_is_taken_and_not_asked_for(house: House, cashier: Cashier):
    me = member_api(house, a_member(house, 1))
    made = me.ask("POST", "/orders", json=order("W-1")).json()
    assert me.ask("POST", f"/orders/{made['id']}/payments", json={}).status_code == 201
    cashier.state = IntentState.DONE
    answer = me.ask("POST", f"/orders/{made['id']}/payments", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_pay")
    money = me.get(f"/orders/{made['id']}/payments")
    assert money["to_pay_minor"] == 0
    assert [one["amount_minor"] for one in money["payments"]] == [made["amount_minor"]]
