"""Payouts by the API: planned by programs, approved by people, told by the gateway; seen in one's branch alone."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from loopline import org
from loopline.channels.sandbox_wechat.settings import wechat_settings
from loopline.channels.sandbox_wechat.signing import Signing
from loopline.db import Database
from loopline.org import Role
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.payouts import LATER, earned, paid_to, pays_by, terms
from tests.make.shop import Shop, open_shop
from tests.make.web import DEMO, data_directory, served, settings

NOTICES = "/api/v1/payouts/notifications/wechat"


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        found = open_shop(conn)
        earned(conn, found)
        terms(conn, second_person_above_minor=100)
        pays_by(conn, found.brand_entity)
        paid_to(conn, [found.parties["GUIDE"]])
        people = [
            ("gu.finance", "HX", Role.FINANCE),
            ("he.finance", "HX", Role.FINANCE),
            ("chen.dealer", "DEALER", Role.DEALER),
        ]
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in people]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=LATER))
    return found


@pytest.fixture
def base(database: Database, shop: Shop) -> Generator[str, None, None]:
    with served(database, settings(demo=DEMO), clock=lambda: LATER) as address:
        yield address


def client(base: str, name: str) -> httpx.Client:
    """Somebody who is signed in."""
    asked = {"sign_in_name": name, "password": PASSWORD}
    found = httpx.post(f"{base}/api/v1/sessions", json=asked, trust_env=False)
    assert found.is_success, found.text
    headers = {"Authorization": f"Bearer {found.json()['token']}"}
    return httpx.Client(base_url=f"{base}/api/v1", headers=headers, trust_env=False)


def test_one_plans_another_approves_and_a_dealer_sees_nothing(base: str):
    with (
        client(base, "gu.finance") as maker,
        client(base, "he.finance") as second,
        client(base, "chen.dealer") as dealer,
    ):
        plan_approve_withdraw(maker, second, dealer)


def plan_approve_withdraw(maker: httpx.Client, second: httpx.Client, dealer: httpx.Client) -> None:
    due = {one["party_code"]: one for one in maker.get("/payouts/due").json()["items"]}
    assert (due["GUIDE"]["due_minor"], due["GUIDE"]["withheld_minor"]) == (420, 84)
    assert due["PLATFORM"]["why_not"] == "no_account_to_pay_to"
    asked = {"party_code": "GUIDE", "entity_code": "BRAND-CO", "currency": "CNY"}
    (planned,) = maker.post("/payouts", json={"items": [asked]}).json()["outcomes"]
    approval = {"items": [{"payout_id": planned["value"]["payout_id"]}]}
    (refused,) = maker.post("/payouts/approvals", json=approval).json()["outcomes"]
    assert refused["problem"]["code"] == "second_person_needed"
    (approved,) = second.post("/payouts/approvals", json=approval).json()["outcomes"]
    assert approved == planned
    (shown,) = maker.get("/payouts", params={"state": "approved"}).json()["items"]
    assert (shown["party_code"], shown["gross_minor"], shown["withheld_minor"]) == ("GUIDE", 420, 84)
    withdrawal = {"items": [{"payout_id": shown["id"], "reason": "wrong month"}]}
    assert maker.post("/payouts/withdrawals", json=withdrawal).json()["outcomes"] == [planned]
    assert dealer.get("/payouts").status_code == 403
    assert dealer.post("/payouts", json={"items": [asked]}).status_code == 403


def test_a_notification_is_the_platform_s_or_is_refused(base: str):
    known = wechat_settings(Path(data_directory()), base)
    signing = Signing(known.keys)
    body = signing.sealed("TRANSACTION.SUCCESS", b'{"out_order_no": "0"}', notice_id="EV-1", at=LATER)
    headers = {**signing.headers(body, at=LATER), "content-type": "application/json"}

    def status(body: bytes, headers: dict[str, str]) -> int:
        return httpx.post(f"{base}{NOTICES}", content=body, headers=headers, trust_env=False).status_code

    assert status(body, headers) == 204
    assert status(body, headers) == 204
    assert status(body + b" ", headers) == 401
    assert status(body, {**headers, "Wechatpay-Signature": "AAAA"}) == 401
    stale = signing.headers(body, at=LATER - timedelta(minutes=6))
    assert status(body, {**stale, "content-type": "application/json"}) == 401
    assert status(body, {"content-type": "application/json"}) == 401
