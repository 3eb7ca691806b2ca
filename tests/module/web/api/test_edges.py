"""What every resource has in common: who is let in, what cannot be read, once per key, pages, limits, languages."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from loopline import org, stock
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.org import NewPassword, Permission
from loopline.web.api.caller import Rates
from loopline.web.api.limits import Rate
from tests.make.api import PLENTY, Api, House, make_key, served_house
from tests.make.databases import database_from
from tests.make.org import PASSWORD, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.web import served, settings

PRODUCT = {"code": "LAMP", "name": "Lamp"}
RECEIPT = {"site_code": "S", "sku_code": "COAT", "reason": "receipt", "on_hand": 1}


@pytest.fixture
def served_shop(database: Database) -> Generator[tuple[str, Database], None, None]:
    """The shop served over real HTTP, for what an in-process client cannot do."""
    with database.transaction() as conn:
        open_shop(conn)
    with served(database, settings(rates=PLENTY), clock=lambda: NOON) as base:
        yield base, database


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    return said


def test_who_sends_no_token_or_a_wrong_one_is_nobody(house: House):
    said = problem(house.nobody().ask("GET", "/units"), 401)
    assert said["code"] == "sign_in_first"
    wrong = Api(house.client, "llk_wrong")
    answer = wrong.ask("GET", "/units")
    assert problem(answer, 401)["code"] == "token_not_valid"
    assert answer.headers["www-authenticate"] == "Bearer"
    basic = house.nobody().ask("GET", "/units", headers={"authorization": "Basic abc"})
    assert problem(basic, 401)["code"] == "token_not_valid"


def test_a_cookie_opens_nothing_here(house: House):
    with house.database.transaction() as conn:
        password = NewPassword(person_id=house.shop.manager, password=PASSWORD)
        succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
    begun = house.nobody().ask("POST", "/sessions", json={"sign_in_name": "lin", "password": PASSWORD})
    assert begun.status_code == 201, begun.text
    token = begun.json()["token"]
    assert Api(house.client, token).get("/me")["name"] == "Lin"
    answer = house.nobody().ask("GET", "/me", headers={"cookie": f"loopline_session={token}"})
    assert problem(answer, 401)["code"] == "sign_in_first"


UNREADABLE: list[tuple[bytes, str]] = [
    (b"", ""),
    (b"{", ""),
    (b'{"items": []}', "items"),
    (b'{"items": [{"code": "LAMP"}]}', "items[0].name"),
    (b'{"items": [{"code": "LAMP", "name": "Lamp", "colour": "red"}]}', "items[0].colour"),
    (b'{"items": [{"code": "LAMP", "name": "a\\u0000b"}]}', "items[0].name"),
    (b'{"items": [{"code": "LAMP", "name": "\\ud800"}]}', ""),
    (b'{"items": [{"code": "LAMP\\n", "name": "Lamp"}]}', "items[0].code"),
    (b'{"items": [{"code": "LAMP", "name": 7}]}', "items[0].name"),
    (b'{"items": [{"code": "LAMP", "name": "' + b"x" * 201 + b'"}]}', "items[0].name"),
    (b'{"items": [{"code": "LAMP", "name": "\xff"}]}', ""),
    (b"[" * 100_000, ""),
    (b'{"items": ' + b'{"items": ' * 5_000 + b"1" + b"}" * 5_001, "items"),
]


@pytest.mark.parametrize(("body", "field"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_is_refused_by_field_and_writes_nothing(
    one_house: House, body: bytes, field: str
):
    api = one_house.api()
    answer = api.ask("POST", "/products", content=body, headers={"content-type": "application/json"})
    said = problem(answer, 400)
    assert said["code"] == "bad_input"
    assert [one["field"] for one in said["errors"]] == [field]
    with one_house.database.reading() as conn:
        count = conn.execute("select count(*) from catalogue.product").fetchone()
    assert count == (3,)


@pytest.fixture(scope="module")
def one_house(server: EmbeddedServer, template: str) -> Generator[House, None, None]:
    """A shop for tests that must change nothing."""
    with contextmanager(database_from)(server, template) as database, served_house(database) as house:
        yield house


def test_numbers_too_large_are_refused_not_wrapped(one_house: House):
    api = one_house.api()
    for number in (10**6 + 1, 2**31, 2**63, 2**64, 10**30):
        body = json.dumps({"items": [RECEIPT | {"on_hand": number}]})
        answer = api.ask("POST", "/stock/facts", content=body, headers={"content-type": "application/json"})
        assert problem(answer, 400)["errors"][0]["field"] == "items[0].on_hand"


def test_only_json_is_read(one_house: House):
    api = one_house.api()
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"):
        answer = api.ask("POST", "/products", content=b"{}", headers={"content-type": kind})
        problem(answer, 415)
    problem(api.ask("GET", "/no-such-path"), 404)
    assert problem(api.ask("DELETE", "/products"), 405)["title"]


def test_a_body_too_large_is_refused(served_shop: tuple[str, Database]):
    base, database = served_shop
    token = make_key(database, branch="HX")
    body = b'{"items": [{"code": "LAMP", "name": "' + b"x" * 20_000_001 + b'"}]}'
    answer = httpx.post(
        f"{base}/api/v1/products",
        content=body,
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        timeout=30,
    )
    problem(answer, 413)


def test_problems_are_told_in_the_language_of_the_caller(one_house: House):
    api = one_house.api()
    chinese = {"accept-language": "zh-CN,zh;q=0.9"}
    answer = api.ask("POST", "/products", json={"items": [{"code": "X"}]}, headers=chinese)
    said = problem(answer, 400)
    assert said["title"] != "The request cannot be read."
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said["title"])
    named = api.ask("GET", "/prices", params={"price_list_code": "GHOST"}, headers=chinese)
    assert problem(named, 404)["title"] == "没有 price list GHOST，或它不属于您。"
    assert problem(named, 404)["code"] == "no_such_thing"


def test_a_cursor_that_was_tampered_with_is_refused(one_house: House):
    api = one_house.api()
    good = api.get("/skus", limit=1)["next_cursor"]
    for cursor in ("x", good[:-2], good + "AAAA", "WzFd", "bnVsbA", "WyJhXHUwMDAwYiJd", "e30", "Wzwx"):
        answer = api.ask("GET", "/skus", params={"cursor": cursor})
        if answer.status_code == 200:  # cut short it may still be a place in the list, and grants nothing
            continue
        assert problem(answer, 400)["code"] == "cursor_not_ours"
    of_other_list = api.get("/stock", site_code="S", limit=1)["next_cursor"]
    assert (
        problem(api.ask("GET", "/skus", params={"cursor": of_other_list}), 400)["code"] == "cursor_not_ours"
    )
    for limit in ("0", "201", "-1", "many"):
        said = problem(api.ask("GET", "/skus", params={"limit": limit}), 400)
        assert said["errors"][0]["field"] == "limit"


def test_a_cursor_grants_nothing(house: House):
    everything, dealer = house.api(), house.api(branch="DEALER", permissions=[Permission.ORG_READ])
    cursor = everything.get("/units", limit=1)["next_cursor"]
    assert [unit["code"] for unit in dealer.get("/units", cursor=cursor)["items"]] == ["U-D"]


def on_hand(house: House) -> int:
    with house.database.reading() as conn:
        (row,) = stock.stock_at_leaves(conn, [house.shop.leaves["S"]], sku_ids=[house.shop.skus["COAT"]])
        return row.on_hand


def test_the_same_key_is_answered_once(house: House):
    api, key = house.api(), {"idempotency-key": "r-1"}
    first = api.ask("POST", "/stock/facts", json={"items": [RECEIPT]}, headers=key)
    again = api.ask("POST", "/stock/facts", json={"items": [RECEIPT]}, headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert on_hand(house) == 11
    other = api.ask("POST", "/stock/facts", json={"items": [RECEIPT | {"on_hand": 2}]}, headers=key)
    assert problem(other, 409)["code"] == "idempotency_key_taken"
    assert on_hand(house) == 11
    with house.database.reading() as conn:
        assert conn.execute("select times from edge.answer_conflict").fetchall() == [(1,)]
    beside = house.api().ask("POST", "/stock/facts", json={"items": [RECEIPT]}, headers=key)
    assert "idempotency-replayed" not in beside.headers
    assert on_hand(house) == 12
    for bad in ("", "x" * 256, "schlüssel"):
        answer = api.ask(
            "POST", "/stock/facts", json={"items": [RECEIPT]}, headers={"idempotency-key": bad.encode()}
        )
        assert answer.status_code == 400, bad
    assert on_hand(house) == 12


def test_the_same_key_at_the_same_moment_does_the_work_once(served_shop: tuple[str, Database]):
    base, database = served_shop
    token = make_key(database, branch="HX")
    barrier, answers = threading.Barrier(8), list[httpx.Response]()

    def send() -> None:
        with httpx.Client(base_url=base, timeout=30) as client:
            barrier.wait()
            answers.append(
                client.post(
                    "/api/v1/stock/facts",
                    json={"items": [RECEIPT]},
                    headers={"authorization": f"Bearer {token}", "idempotency-key": "once"},
                )
            )

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 7
    with database.reading() as conn:
        receipts = conn.execute(
            "select count(*) from stock.movement where reason = 'receipt' and on_hand = 1"
        ).fetchone()
    assert receipts == (1,)


def test_a_secret_is_never_kept_for_a_repeat(house: House):
    asked = {"name": "till", "unit_code": "U-S", "permissions": ["stock.read"]}
    answer = house.api().ask("POST", "/api-keys", json={"items": [asked]}, headers={"idempotency-key": "k-1"})
    assert problem(answer, 422)["code"] == "secret_once_per_key"
    with house.database.reading() as conn:
        assert conn.execute("select count(*) from edge.answer").fetchone() == (0,)


def test_who_asks_too_often_is_told_when_to_come_again(database: Database):
    slow = Rates(nobody=Rate(burst=2, per_second=0.1), key=Rate(burst=3, per_second=0.1))
    with served_house(database, web=settings(rates=slow)) as house:
        nobody = house.nobody()
        assert [nobody.ask("GET", "/me").status_code for _ in range(2)] == [401, 401]
        refused = nobody.ask("GET", "/me")
        assert problem(refused, 429)["code"] == "too_many_requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        api = house.api()
        answers = [api.ask("GET", "/skus") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert house.api().ask("GET", "/skus").status_code == 200
        product = api.ask("POST", "/products", json={"items": [PRODUCT]})
        assert product.status_code == 429
        with database.reading() as conn:
            assert conn.execute("select count(*) from catalogue.product").fetchone() == (3,)
