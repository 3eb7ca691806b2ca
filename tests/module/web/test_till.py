"""The server's side of the till over real HTTP: who may send, what is read, what one bad sale does to others."""

import json
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import PersonId
from tests.make.databases import database_from
from tests.make.org import PASSWORD
from tests.make.shop import NOON, PRICES
from tests.make.store import Stage, open_store, settle
from tests.make.till import line, sale
from tests.make.web import served, settings

Answer = dict[str, Any]
AS_PROGRAM = {"accept": "application/json", "accept-language": "en"}


def sign_in(browser: httpx.Client, name: str) -> None:
    browser.get("/sign-in", headers={"accept": "text/html"})
    form = {"sign_in_name": name, "password": PASSWORD, "_csrf_token": browser.cookies["loopline_form"]}
    assert browser.post("/sign-in", data=form).status_code == 303


class Till(msgspec.Struct, frozen=True):
    """A served store, and browsers of its people."""

    database: Database
    stage: Stage
    base: str
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(
            httpx.Client(base_url=self.base, headers=AS_PROGRAM, timeout=60)
        )
        sign_in(browser, name)
        return browser

    def orders(self) -> int:
        with self.database.reading() as conn:
            (count,) = conn.execute("select count(*) from orders.order").fetchone() or (0,)
        return count


@contextmanager
def opened(database: Database) -> Generator[Till, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
    with (
        served(database, settings(), clock=lambda: NOON) as base,
        ExitStack() as browsers,
    ):
        yield Till(database, stage, base, browsers)


@pytest.fixture(scope="module")
def till(server: EmbeddedServer, template: str) -> Generator[Till, None, None]:
    for database in database_from(server, template):
        with opened(database) as till:
            yield till


def send(browser: httpx.Client, sales: list[Any], *, path: str = "/store/till/sales") -> httpx.Response:
    token = browser.get("/store/till/token").json().get("token", "")
    body = {"sale": sales[0]} if path.endswith("cases") else {"sales": sales}
    return browser.post(
        path,
        content=msgspec.json.encode(body),
        headers={"content-type": "application/json", "x-csrftoken": token},
    )


def test_the_book_has_what_the_site_sells_at_its_prices(till: Till):
    book = till.signed_in("zhou.guide").get("/store/till/book").json()
    assert {one["code"]: one["unit_minor"] for one in book["goods"]} == PRICES
    assert next(one["gtin"] for one in book["goods"] if one["code"] == "COAT") == "6901234567892"
    assert (book["site_code"], book["currency"], book["after"]) == ("S", "CNY", None)
    assert book["person_id"] == str(till.stage.people["zhou.guide"])


def test_one_sale_that_cannot_be_read_or_kept_stops_no_other(till: Till):
    before = till.orders()
    browser = till.signed_in("zhou.guide")
    who = till.stage.people["zhou.guide"]
    good, other = sale(who, 101), sale(who, 102)
    unknown = msgspec.to_builtins(sale(who, 103)) | {"colour": "red"}
    nul = json.loads(msgspec.json.encode(sale(who, 104))) | {"site_code": "S\0"}
    wrong = sale(who, 105, lines=(line("COATX", unit_minor=1),))
    answer = send(browser, [good, unknown, nul, wrong, 7, other])
    assert answer.status_code == 200
    outcomes: list[Answer] = answer.json()["outcomes"]
    assert [one["problem"]["code"] if "problem" in one else "order" for one in outcomes] == [
        "order",
        "bad_input",
        "bad_input",
        "unknown_sku",
        "bad_input",
        "order",
    ]
    assert outcomes[3]["problem"]["title"] == "Line 1: there is no SKU COATX."
    assert [outcomes[0]["value"]["id"], outcomes[5]["value"]["id"]] == [str(good.id), str(other.id)]
    assert till.orders() == before + 2
    again: list[Answer] = send(browser, [good, other]).json()["outcomes"]
    assert [one["value"]["is_repeat"] for one in again] == [True, True]
    assert till.orders() == before + 2


@pytest.mark.parametrize("name", ["wu.packer", "shen.ops", "alan.live", "kong.dealer"])
def test_who_may_not_sell_and_take_money_stands_at_no_till(till: Till, name: str):
    before = till.orders()
    browser = till.signed_in(name)
    assert browser.get("/store/till").status_code == 403
    assert browser.get("/store/till/book").status_code == 403
    assert browser.get("/store/till/token").status_code == 403
    token = browser.cookies["loopline_form"]
    answer = browser.post(
        "/store/till/sales",
        content=msgspec.json.encode({"sales": [sale(till.stage.people[name], 201)]}),
        headers={"content-type": "application/json", "x-csrftoken": token},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert till.orders() == before


def test_another_stores_sale_is_neither_placed_nor_kept_as_a_case(till: Till):
    before = till.orders()
    browser = till.signed_in("sun.manager")
    theirs = sale(till.stage.people["zhou.guide"], 301)
    (outcome,) = send(browser, [theirs]).json()["outcomes"]
    assert (outcome["problem"]["status"], outcome["problem"]["code"]) == (403, "not_in_your_branch")
    answer = send(browser, [theirs], path="/store/till/cases")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")
    assert (till.orders(), cases(till)) == (before, 0)


def test_a_case_is_kept_once_tried_and_settled_by_those_of_its_branch(till: Till):
    before = till.orders()
    nobody = sale(PersonId(UUID(int=7)), 401)
    browser = till.signed_in("zhou.guide")
    for _ in range(2):
        answer = send(browser, [nobody], path="/store/till/cases").json()
        assert answer["problem"]["code"] == "cashier_unknown"
    assert cases(till) == 1
    form = {"till_id": str(nobody.till_id), "number": "401", "note": "counted by hand"}
    for name, path, status in (
        ("sun.manager", "settle", 404),
        ("sun.manager", "again", 404),
        ("shen.ops", "again", 422),
    ):
        assert put_right(till.signed_in(name), path, form).status_code == status
        assert (cases(till), till.orders()) == (1, before)
    assert put_right(till.signed_in("shen.ops"), "settle", form | {"note": " "}).status_code == 409
    assert cases(till) == 1
    assert put_right(till.signed_in("shen.ops"), "settle", form).status_code == 200
    assert put_right(till.signed_in("shen.ops"), "settle", form).status_code == 404
    assert (cases(till), till.orders()) == (0, before)


def cases(till: Till) -> int:
    with till.database.reading() as conn:
        found = conn.execute("select count(*) from orders.till_case where settled_at is null").fetchone()
    assert found is not None
    return found[0]


def put_right(browser: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    token = browser.cookies["loopline_form"]
    return browser.post(f"/hq/tills/{path}", data=form | {"_csrf_token": token})


def test_a_sale_without_a_token_or_a_session_is_not_taken(till: Till):
    before = till.orders()
    body = msgspec.json.encode({"sales": [sale(till.stage.people["zhou.guide"], 501)]})
    as_json = {"content-type": "application/json"}
    assert (
        till.signed_in("zhou.guide").post("/store/till/sales", content=body, headers=as_json).status_code
        == 403
    )
    with httpx.Client(base_url=till.base, headers=AS_PROGRAM, timeout=60) as stranger:
        assert stranger.get("/store/till/token").status_code == 401
        assert stranger.get("/store/till/book").status_code == 401
    assert till.orders() == before


def test_the_shell_and_the_scripts_are_for_everybody_and_name_nobody(till: Till):
    with httpx.Client(base_url=till.base, headers={"accept": "text/html"}, timeout=60) as stranger:
        shell = stranger.get("/store/till/shell")
        worker = stranger.get("/store/till/worker.js")
        assert (shell.status_code, worker.headers["service-worker-allowed"]) == (200, "/store/till")
        assert not any(name in shell.text for name in ("data-person", "Sign out", "COAT"))
        script = next(part for part in shell.text.split('"') if part.endswith("/till.js"))
        assert "immutable" in stranger.get(script).headers["cache-control"]
        assert stranger.get("/store/till/code/older/till.js").headers["cache-control"] == "no-store"
        assert stranger.get("/store/till/code/older/worker.js").status_code == 404


def test_who_rang_a_sale_up_hears_at_once_what_it_earns_them_and_nobody_else_does(till: Till):
    guide, manager = till.stage.people["zhou.guide"], till.stage.people["lin.manager"]
    own, others = sale(guide, 801), sale(manager, 802)
    answers: list[Answer] = send(till.signed_in("zhou.guide"), [own, others, 7]).json()["outcomes"]
    assert [one["value"]["earned_minor"] for one in answers[:2]] == [420, None]
    again: list[Answer] = send(till.signed_in("lin.manager"), [own]).json()["outcomes"]
    assert again[0]["value"]["earned_minor"] is None
    with till.database.transaction() as conn:
        settle(conn)
        kept = conn.execute(
            "select sum(amount_minor) from sharing.share where order_id = %s and party_id = %s",
            (own.id, till.stage.guide),
        ).fetchone()
    assert kept == (420,)
