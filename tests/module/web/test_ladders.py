"""Ladders over real HTTP: published by finance before their month, climbed in sight of whoever sells."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from loopline import org
from loopline.db import Database
from loopline.jobs.bonuses import evaluate_bonuses
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes.place import Placed, place
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from tests.make.loop import follow, pay_for
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, Shop, lines, open_shop, till_sale
from tests.make.store import Clock
from tests.make.web import DEMO, served, settings
from tests.module.web.test_store import PAGE as AS_PAGE
from tests.module.web.test_store import post

PAGE = "/hq/rules/ladders"
BEFORE = NOON - timedelta(days=20)
OVER = NOON + timedelta(days=31) + RETURN_WINDOW_DEFAULT
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
TYPED = {
    "code": "stores",
    "role": "store",
    "way": "whole",
    "currency": "CNY",
    "from_month": f"{NOON:%Y-%m}",
    "steps": "100: 2\n1000：3.5%\n",
    "comment": "卖得多拿得多 More for more",
}


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        found = open_shop(conn, units=20)
        people = [
            ("gu.finance", "HX", Role.FINANCE),
            ("chen.dealer", "DEALER", Role.DEALER),
            ("wu.store", "U-S", Role.STORE_MANAGER),
        ]
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in people]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=BEFORE))
    return found


@pytest.fixture
def clock() -> Clock:
    found = Clock()
    found.now = BEFORE
    return found


@pytest.fixture
def base(database: Database, shop: Shop, clock: Clock) -> Generator[str, None, None]:
    assert shop.parties
    with served(database, settings(demo=DEMO), clock=clock) as address:
        yield address


def sell(database: Database, shop: Shop) -> None:
    with database.transaction() as conn:
        draft = till_sale(shop, "T-1", lines=lines(shop, ("COAT", 4), stated=True))
        (sold,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(sold, Placed), sold
        pay_for(conn, shop, sold)
        follow(conn, SETTLE)


@contextmanager
def signed_in(base: str, name: str) -> Generator[httpx.Client, None, None]:
    with httpx.Client(base_url=base, headers=AS_PAGE, timeout=60) as browser:
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        yield browser


@contextmanager
def client(base: str, name: str) -> Generator[httpx.Client, None, None]:
    asked = {"sign_in_name": name, "password": PASSWORD}
    found = httpx.post(f"{base}/api/v1/sessions", json=asked, trust_env=False)
    headers = {"Authorization": f"Bearer {found.json()['token']}"}
    with httpx.Client(base_url=f"{base}/api/v1", headers=headers, trust_env=False) as program:
        yield program


def test_what_finance_publishes_a_store_sees_and_is_given(
    base: str, database: Database, shop: Shop, clock: Clock
):
    with signed_in(base, "gu.finance") as finance:
        done = post(finance, f"{PAGE}/save", TYPED, page=PAGE)
        shown = finance.get(done.headers["location"]).text
        assert "Saved. Try it on past months" in shown
        assert "3.5 %" in shown
        assert "why it is published untried" in shown
        again = post(finance, f"{PAGE}/save", TYPED, page=PAGE)
        assert "was saved anew after you saw it" in finance.get(again.headers["location"]).text
        asked = {"code": "stores", "saved_at": seen(shown)}
        silent = post(finance, f"{PAGE}/publish", asked, page=PAGE)
        assert "say why it is published untried" in finance.get(silent.headers["location"]).text
        done = post(finance, f"{PAGE}/publish", asked | {"untried_because": "we open"}, page=PAGE)
        shown = finance.get(done.headers["location"]).text
        assert "Published." in shown
        assert "3.5 %" in shown
    sell(database, shop)
    clock.now = NOON + timedelta(hours=1)
    with client(base, "wu.store") as store, signed_in(base, "wu.store") as browser:
        (climbing,) = store.get("/parties/STORE-S/bonuses").json()["this_month"]
        assert climbing["volume_minor"] > 10_000
        assert climbing["bonus_minor"] == (climbing["volume_minor"] * 2 + 50) // 100
        assert (climbing["next_minor"], climbing["is_open"]) == (100_000, True)
        assert "and it is 3.5 %" in browser.get("/earned?party=STORE-S").text
    with database.transaction() as conn:
        release_due(conn, now=OVER, limit=100)
    assert evaluate_bonuses(database, OVER) == 1
    assert evaluate_bonuses(database, OVER) == 0
    clock.now = OVER
    with client(base, "wu.store") as store:
        (given,) = store.get("/parties/STORE-S/bonuses").json()["evaluations"]
        assert given["change_minor"] == climbing["bonus_minor"]
    with client(base, "chen.dealer") as dealer, signed_in(base, "gu.finance") as finance:
        assert dealer.get("/parties/STORE-S/bonuses").status_code == 404
        assert "stores" in finance.get(PAGE).text


def seen(page: str) -> str:
    """When the draft that a page shows was saved."""
    found = re.search(r'name="saved_at" value="([^"]+)"', page)
    assert found is not None, page
    return unescape(found.group(1))


def test_a_draft_is_tried_in_sight_and_published_as_it_was_seen(
    base: str, database: Database, shop: Shop, clock: Clock
):
    sell(database, shop)
    clock.now = NOON + timedelta(days=31)
    typed = TYPED | {"from_month": f"{NOON + timedelta(days=70):%Y-%m}"}
    with signed_in(base, "gu.finance") as finance:
        post(finance, f"{PAGE}/save", typed, page=PAGE)
        shown = finance.get(PAGE).text
        assert "Not tried as it stands" in shown
        asked = {"code": "stores", "saved_at": seen(shown), "untried_because": "in a hurry"}
        untried = post(finance, f"{PAGE}/publish", asked, page=PAGE)
        assert "was not tried as it stands" in finance.get(untried.headers["location"]).text
        wrong = post(finance, f"{PAGE}/try", {"code": "stores", "months": "99"}, page=PAGE)
        assert "can be tried on 1 to 12 months" in finance.get(wrong.headers["location"]).text
        done = post(finance, f"{PAGE}/try", {"code": "stores", "months": "1"}, page=PAGE)
        shown = finance.get(done.headers["location"]).text
        assert "would have come to" in shown
        assert "STORE-S" in shown
        done = post(finance, f"{PAGE}/publish", asked, page=PAGE)
        assert "Published." in finance.get(done.headers["location"]).text
    with signed_in(base, "chen.dealer") as dealer:
        for step in ("save", "try", "publish"):
            assert post(dealer, f"{PAGE}/{step}", typed, page=PAGE).status_code == 403


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": "a lot"}, "write one step in each line"),
        ({"steps": "100: 2\n50: 3"}, "steps rise"),
        ({"from_month": "soon"}, "write a month like"),
        ({"currency": "¥"}, "write three letters"),
        ({"comment": ""}, "say in a few words"),
        ({"role": "brand"}, "choose one"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_saved(base: str, changes: dict[str, Any], said: str):
    with signed_in(base, "gu.finance") as finance:
        answer = post(finance, f"{PAGE}/save", {**TYPED, **changes}, page=PAGE)
        shown = finance.get(answer.headers["location"]).text
        assert said in shown
        assert "No ladder yet" in shown
        assert "Publish for good" not in shown


def test_a_program_publishes_many_and_only_for_the_whole_brand(base: str):
    ladder = {
        "code": "dealers",
        "role": "dealer",
        "currency": "CNY",
        "way": "above",
        "steps": [{"from_minor": 0, "basis_points": 50}],
        "from_month": f"{NOON:%Y-%m}-01",
        "comment": "for all",
    }
    with client(base, "gu.finance") as finance, client(base, "chen.dealer") as dealer:
        assert dealer.post("/ladders", json={"items": [ladder]}).status_code == 403
        saved, late = finance.post(
            "/ladders", json={"items": [ladder, ladder | {"code": "late", "from_month": "2020-01-01"}]}
        ).json()["outcomes"]
        assert (saved["value"]["code"], saved["value"]["trial"]) == ("dealers", None)
        (again,) = finance.post("/ladders", json={"items": [ladder]}).json()["outcomes"]
        assert again["problem"]["code"] == "ladder_saved_meanwhile"
        assert [one["code"] for one in finance.get("/ladders/drafts").json()] == ["dealers", "late"]
        (untried,) = finance.post("/ladders/try", json={"items": [{"code": "dealers", "months": 1}]}).json()[
            "outcomes"
        ]
        assert untried["problem"]["code"] == "no_month_to_try"
        asked = [
            {"code": one["value"]["code"], "saved_at": one["value"]["saved_at"], "untried_because": "we open"}
            for one in (saved, late)
        ]
        made, late = finance.post("/ladders/publish", json={"items": asked}).json()["outcomes"]
        assert (made["value"]["code"], made["value"]["untried_because"]) == ("dealers", "we open")
        assert late["problem"]["code"] == "ladder_too_late"
        assert dealer.post("/ladders/publish", json={"items": asked}).status_code == 403
        assert dealer.get("/ladders/drafts").status_code == 403
        assert [one["code"] for one in dealer.get("/ladders").json()] == ["dealers"]
