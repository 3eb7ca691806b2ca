"""Shares asked back by the API: planned by programs, approved by people, once, and seen in one's branch alone."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest

from loopline import org
from loopline.db import Database
from loopline.org import Role
from loopline.payouts import AccountKind, LineState, Way
from loopline.processes.pay_out import ask_approved, prepare_requests
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.payouts import LATER, RING, approved, earned, noted, paid_to, say, terms
from tests.make.shop import open_shop
from tests.make.web import DEMO, served, settings
from tests.module.web.api.test_payouts import client
from tests.process.test_pay_out_reclaims import RETURNED, bring_back
from tests.property.processes.test_money_machine import CONTRACT

PATH = "/payouts/reclaims"
DEBT = {"party_code": "PLATFORM", "entity_code": "BRAND-CO", "currency": "CNY"}
PEOPLE = [
    ("gu.finance", "HX", Role.FINANCE),
    ("he.finance", "HX", Role.FINANCE),
    ("shen.ops", "HX", Role.HQ_OPERATIONS),
    ("chen.dealer", "DEALER", Role.FINANCE),
]


@pytest.fixture
def base(database: Database) -> Generator[str, None, None]:
    """A shop whose platform was paid 1.40 and owes 1.00 of it since the coat came back."""
    with database.transaction() as conn:
        shop = open_shop(conn)
        earned(conn, shop)
        terms(conn, withheld_basis_points=0)
        paid_to(conn, [shop.parties["PLATFORM"]], AccountKind.WECHAT_MERCHANT)
        payer = noted(conn, shop, [1_000])
        approved(conn, shop, "PLATFORM")
        (request_id,) = prepare_requests(conn, payer, CONTRACT, {"0000": 1_000}, ring=RING, now=LATER)
        say(conn, request_id, LineState.PAID)
        bring_back(conn, shop, ("COAT", 1))
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in PEOPLE]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=RETURNED))
    with served(database, settings(demo=DEMO), clock=lambda: RETURNED) as address:
        yield address


def outcomes(browser: httpx.Client, path: str, *items: dict[str, Any], key: str | None = None) -> list[Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = browser.post(path, json={"items": list(items)}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["outcomes"]


def codes(found: list[Any]) -> list[str | None]:
    return [one.get("problem", {}).get("code") for one in found]


def planned_by(browser: httpx.Client) -> str:
    (found,) = outcomes(browser, PATH, DEBT)
    (reclaim_id,) = found["value"]["reclaim_ids"]
    return reclaim_id


def test_a_debt_is_asked_back_once_however_often_it_is_said(base: str, database: Database):
    with client(base, "gu.finance") as maker, client(base, "he.finance") as second:
        due = {one["party_code"]: one for one in maker.get("/payouts/due").json()["items"]}
        assert (due["PLATFORM"]["due_minor"], due["PLATFORM"]["reclaimable_minor"]) == (-100, 100)
        assert due["GUIDE"]["reclaimable_minor"] == 0
        # One call with the debt twice, one that is no debt, and names that are nobody's.
        asked = [DEBT, DEBT, DEBT | {"party_code": "BRAND"}, DEBT | {"party_code": "GHOST"}]
        found = outcomes(maker, PATH, *asked, key="once")
        assert codes(found) == [None, "nothing_to_reclaim", "no_debt_to_reclaim", "no_such_thing"]
        (reclaim_id,) = found[0]["value"]["reclaim_ids"]
        assert outcomes(maker, PATH, *asked, key="once") == found
        assert codes(outcomes(maker, PATH, DEBT)) == ["nothing_to_reclaim"]
        (listed,) = maker.get(PATH).json()["items"]
        assert {
            name: listed[name] for name in ("id", "state", "amount_minor", "party_code", "needs_second")
        } == {
            "id": reclaim_id,
            "state": "planned",
            "amount_minor": 100,
            "party_code": "PLATFORM",
            "needs_second": True,
        }
        one = {"reclaim_id": reclaim_id}
        assert codes(outcomes(maker, f"{PATH}/approvals", one)) == ["reclaim_needs_second"]
        assert codes(outcomes(second, f"{PATH}/approvals", one)) == [None]
        assert codes(outcomes(second, f"{PATH}/approvals", one)) == ["reclaim_stands_elsewhere"]
        with database.transaction() as conn:
            assert ask_approved(conn, [Way.WECHAT_SHARING.value], now=RETURNED) == 1
        late = outcomes(maker, f"{PATH}/withdrawals", one | {"reason": "wrong"})
        assert codes(late) == ["reclaim_stands_elsewhere"]
        assert maker.get(PATH, params={"state": "planned"}).json()["items"] == []
        assert [row["state"] for row in maker.get(PATH, params={"state": "asked"}).json()["items"]] == [
            "asked"
        ]
        due = {row["party_code"]: row for row in maker.get("/payouts/due").json()["items"]}
        assert "PLATFORM" not in due or due["PLATFORM"]["due_minor"] == 0


def test_what_is_withdrawn_is_a_debt_again_and_may_be_planned_anew(base: str):
    with client(base, "gu.finance") as maker:
        first = planned_by(maker)
        gone = outcomes(maker, f"{PATH}/withdrawals", {"reclaim_id": first, "reason": "set off instead"})
        assert gone == [{"value": {"reclaim_id": first}}]
        second = planned_by(maker)
        listed = maker.get(PATH, params={"limit": 1}).json()
        assert [one["id"] for one in listed["items"]] == [second]
        (rest,) = maker.get(PATH, params={"cursor": listed["next_cursor"]}).json()["items"]
        assert (rest["id"], rest["state"], rest["reason"]) == (first, "withdrawn", "set off instead")


def test_another_branch_and_whoever_only_reads_ask_nothing_back(base: str):
    with client(base, "gu.finance") as maker, client(base, "chen.dealer") as dealer:
        reclaim_id = planned_by(maker)
        assert dealer.get(PATH).json()["items"] == []
        assert codes(outcomes(dealer, PATH, DEBT)) == ["no_debt_to_reclaim"]
        one = {"reclaim_id": reclaim_id}
        for path, said in ((f"{PATH}/approvals", one), (f"{PATH}/withdrawals", one | {"reason": "x"})):
            (refused,) = outcomes(dealer, path, said)
            assert (refused["problem"]["status"], refused["problem"]["code"]) == (404, "reclaim_unknown")
        (stands,) = maker.get(PATH).json()["items"]
        assert stands["state"] == "planned"
    with client(base, "shen.ops") as ops:
        assert len(ops.get(PATH).json()["items"]) == 1
        assert ops.post(PATH, json={"items": [DEBT]}).status_code == 403
