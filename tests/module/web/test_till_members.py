"""Members and whole carts at the till over real HTTP: who may ask, what is told, what is counted and written down."""

from collections import Counter as Tally
from collections.abc import Generator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from loopline.customers import KeyRing, open_key_ring
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import MemberId
from loopline.pricing.coupons.codes import shown_code as shown_coupon
from loopline.pricing.promotions import AmountOff, Bundle, Step, Threshold
from tests.make import coupons
from tests.make.customers import member, phone, registered, shown_code
from tests.make.databases import database_from
from tests.make.points import points_given, points_in_force
from tests.make.shop import NOON, OPENED
from tests.make.till import sale
from tests.make.web import data_directory
from tests.module.web.test_till import Till, opened, send
from tests.process.test_promotions import in_force

AS_JSON = {"content-type": "application/json"}


class Counter(msgspec.Struct, frozen=True):
    """A till whose brand has two members: Anna, and somebody without a name."""

    till: Till
    ring: KeyRing
    anna: MemberId
    other: MemberId


@pytest.fixture(scope="module")
def counter(server: EmbeddedServer, template: str) -> Generator[Counter, None, None]:
    for database in database_from(server, template):
        with opened(database) as till:
            ring = open_key_ring(data_directory() / "keys")
            with database.transaction() as conn:
                anna, other = registered(conn, [member(phone(1), name="Anna"), member(phone(2))], keys=ring)
                in_force(conn, "SPEND", Threshold(steps=(Step(from_minor=13_000, off_minor=1_000),)))
                in_force(conn, "PAIR", Bundle(units=2, price_minor=4_000), sku_codes=("SCARF",), group=2)
                in_force(conn, "MEMBERS", AmountOff(amount_minor=99), sku_codes=("HAT",), members_only=True)
            yield Counter(till, ring, anna, other)


def put(browser: httpx.Client, path: str, body: object) -> httpx.Response:
    token = browser.get("/store/till/token").json().get("token", browser.cookies.get("loopline_form", ""))
    return browser.post(path, content=msgspec.json.encode(body), headers=AS_JSON | {"x-csrftoken": token})


def ask_for(browser: httpx.Client, said: str) -> httpx.Response:
    return put(browser, "/store/till/member", {"said": said})


def quote(browser: httpx.Client, *lines: dict[str, Any], **fields: object) -> httpx.Response:
    return put(browser, "/store/till/quote", {"lines": lines, **fields})


def units(code: str, count: int = 1, **fields: object) -> dict[str, Any]:
    return {"sku_code": code, "units": count, **fields}


def looked_up(database: Database) -> Tally[tuple[str, str, MemberId]]:
    """How often who looked at whom, and what for. Counted, as the clock stands still and ids follow the clock."""
    with database.reading() as conn:
        rows = conn.execute("select actor, purpose, unnest(member_ids) from customers.access").fetchall()
    return Tally(rows)


def counted(database: Database) -> int:
    """How many look-ups and misses stand."""
    query = "select coalesce(sum(cardinality(moments)), 0) from customers.sign_in_limit where kind like '%of_person'"
    with database.reading() as conn:
        (count,) = conn.execute(query).fetchone() or (0,)
    return int(count)


def test_a_member_is_told_by_a_masked_name_alone_and_it_is_written_down(counter: Counter):
    browser = counter.till.signed_in("zhou.guide")
    before = looked_up(counter.till.database)
    with counter.till.database.transaction() as conn:
        shown = shown_code(conn, counter.anna, keys=counter.ring, now=NOON)
    for said in ("138 0000 0001", "+8613800000001", shown.code):
        answer = ask_for(browser, said)
        assert (answer.status_code, answer.json()) == (200, {"id": str(counter.anna), "name": "A••"})
    with counter.till.database.transaction() as conn:
        points_in_force(conn)
        points_given(conn, counter.other, 70, now=NOON)
    nameless = ask_for(browser, "13800000002")
    assert nameless.json() == {"id": str(counter.other), "name": "+86•••0002", "points": 70}
    actor = f"person:{counter.till.stage.people['zhou.guide']}"
    once = (actor, "Bought something at the till")
    assert looked_up(counter.till.database) - before == {(*once, counter.anna): 3, (*once, counter.other): 1}


def test_nobody_is_found_by_a_part_or_an_old_code_and_that_counts(counter: Counter):
    browser = counter.till.signed_in("lin.manager")
    with counter.till.database.transaction() as conn:
        old = shown_code(conn, counter.anna, keys=counter.ring, now=NOON - timedelta(minutes=5))
    before = looked_up(counter.till.database)
    for said in ("0001", "Anna", old.code):
        answer = ask_for(browser, said)
        assert (answer.status_code, answer.json()["code"]) == (404, "nobody_by_that")
    for _ in range(17):
        assert ask_for(browser, "13800000009").status_code == 404
    stopped = ask_for(browser, "13800000001")
    assert (stopped.status_code, stopped.json()["code"]) == (429, "too_many_look_ups")
    assert looked_up(counter.till.database) == before
    assert ask_for(counter.till.signed_in("zhou.guide"), "13800000001").status_code == 200


@pytest.mark.parametrize("name", ["wu.packer", "shen.ops", "alan.live", "kong.dealer", "gu.finance"])
def test_who_stands_at_no_till_finds_no_member_and_no_price(counter: Counter, name: str):
    browser = counter.till.signed_in(name)
    before = counted(counter.till.database), looked_up(counter.till.database)
    assert ask_for(browser, "13800000001").status_code == 403
    assert quote(browser, units("COAT")).status_code == 403
    assert (counted(counter.till.database), looked_up(counter.till.database)) == before


def test_without_a_token_nobody_is_looked_for(counter: Counter):
    browser = counter.till.signed_in("zhou.guide")
    before = counted(counter.till.database)
    body = msgspec.json.encode({"said": "13800000001"})
    assert browser.post("/store/till/member", content=body, headers=AS_JSON).status_code == 403
    assert counted(counter.till.database) == before


def test_a_cart_is_told_what_holds_for_all_of_it_line_by_line(counter: Counter):
    browser = counter.till.signed_in("zhou.guide")
    told = quote(browser, units("coat"), units("SCARF", 2)).json()
    assert told.pop("now").startswith(str(NOON.date()))
    # 15,820 less 1,000 over the step, dealt 714 and 286; then a pair of scarves for 4,000.
    assert told == {
        "currency": "CNY",
        "amount_minor": 14_586,
        "lines": [
            {"amount_minor": 10_586, "list_minor": 11_300, "why": "SPEND"},
            {"amount_minor": 4_000, "list_minor": 4_520, "why": "SPEND · PAIR"},
        ],
        "coupon": None,
        "coupon_refused": "",
        "own": [],
    }
    alone = quote(browser, units("COAT")).json()
    assert alone["lines"] == [{"amount_minor": 11_300, "list_minor": None, "why": ""}]


def test_what_somebody_typed_stands_and_counts_for_no_promotion(counter: Counter):
    browser = counter.till.signed_in("zhou.guide")
    told = quote(browser, units("COAT"), units("GIFT-BOX", unit_minor=5_000), units("SCARF", unit_minor=100))
    assert [one["amount_minor"] for one in told.json()["lines"]] == [11_300, 5_000, 100]
    unknown = quote(browser, units("GIFT-BOX"))
    assert (unknown.status_code, unknown.json()["code"]) == (409, "no_price")


def test_members_prices_are_told_to_members_alone(counter: Counter):
    browser = counter.till.signed_in("zhou.guide")
    for member_id, amount in ((None, 999), (counter.anna, 900), (MemberId(UUID(int=3)), 999)):
        told = quote(browser, units("HAT"), member_id=member_id).json()
        assert told["amount_minor"] == amount


def test_a_coupon_is_told_with_the_cart_and_why_it_is_not_used(counter: Counter):
    browser = counter.till.signed_in("zhou.guide")
    with counter.till.database.transaction() as conn:
        coupons.in_force(conn, "OFF", now=OPENED, sku_codes=("COAT",))
        mine, free = coupons.given(conn, "OFF", counter.anna, None, now=OPENED)
    told = quote(browser, units("COAT"), units("HAT"), coupon=free.secret.lower()).json()
    assert (told["amount_minor"], told["own"], told["coupon_refused"]) == (9_299, [], "")
    assert told["coupon"] == {"code": free.secret.lower(), "name": "OFF", "off_minor": 3_000}
    assert told["lines"][0] == {"amount_minor": 8_300, "list_minor": 11_300, "why": "OFF"}
    other = quote(browser, units("SCARF"), coupon=free.secret).json()
    assert (other["amount_minor"], other["coupon"]) == (2_260, None)
    assert "is for other goods than these" in other["coupon_refused"]
    # A member's own are told with the member, and to nobody else.
    own = {"code": shown_coupon(mine.secret), "name": "OFF", "off_minor": 3_000}
    assert quote(browser, units("COAT"), member_id=counter.anna).json()["own"] == [own]
    assert quote(browser, units("SCARF"), member_id=counter.anna).json()["own"] == []
    assert quote(browser, units("COAT"), member_id=counter.other).json()["own"] == []
    not_theirs = quote(browser, units("COAT"), coupon=mine.secret, member_id=counter.other).json()
    assert (not_theirs["amount_minor"], not_theirs["coupon"]) == (11_300, None)


def test_a_sale_says_whose_it_is_and_has_a_code_to_scan(counter: Counter):
    browser = counter.till.signed_in("zhou.guide")
    who = counter.till.stage.people["zhou.guide"]
    sales = [
        msgspec.to_builtins(sale(who, number)) | buyer
        for number, buyer in (
            (801, {"member": {"id": str(counter.anna)}}),
            (802, {"member": {"said": "13800000009"}}),
            (803, {}),
        )
    ]
    outcomes = [one["value"] for one in send(browser, sales).json()["outcomes"]]
    assert [one["is_of_member"] for one in outcomes] == [True, False, False]
    for one in outcomes:
        assert one["receipt_drawing"].startswith("<svg")
    receipt = browser.get(f"/r/{outcomes[0]['receipt_code']}", headers={"accept": "text/html"})
    assert (receipt.status_code, "Review it" in receipt.text) == (200, True)
