"""Changed prices over real HTTP: asked for by a till, decided on by a manager, listed for who looks after it."""

import re
from collections.abc import Generator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import OrderId
from loopline.orders import orders_by_ids
from loopline.orders.price_changes import PriceReason
from tests.make.databases import database_from
from tests.make.prices import cheaper
from tests.make.shop import NOON
from tests.make.till import TILL, line, sale
from tests.module.web.test_till import Till, opened, send

AS_BROWSER = {"accept": "text/html", "accept-language": "en"}
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def till(server: EmbeddedServer, template: str) -> Generator[Till, None, None]:
    for database in database_from(server, template):
        with opened(database) as till:
            yield till


def command(browser: httpx.Client, path: str, **body: Any) -> httpx.Response:
    token = browser.get("/store/till/token").json().get("token", browser.cookies["loopline_form"])
    headers = {"content-type": "application/json", "x-csrftoken": token}
    return browser.post(f"/store/till/price-asks{path}", content=msgspec.json.encode(body), headers=headers)


def ask(browser: httpx.Client, **fields: Any) -> httpx.Response:
    said = {
        "id": uuid4(),
        "till_id": TILL,
        "sku_code": "COAT",
        "units": 1,
        "unit_minor": 8_000,
        "reason": "goodwill",
        "priced_at": NOON,
    }
    return command(browser, "", **(said | fields))


def asked(browser: httpx.Client, **fields: Any) -> str:
    answer = ask(browser, **fields)
    assert answer.status_code == 200, answer.text
    (stands,) = answer.json()["asks"]
    assert (stands["state"], stands["decided_by"]) == ("open", "")
    return stands["id"]


def now(browser: httpx.Client, *ids: str) -> list[Answer]:
    return browser.get(f"/store/till/price-asks-now?ids={','.join(ids)}").json()["asks"]


def decide(browser: httpx.Client, ask_id: str, word: str, note: str = "") -> httpx.Response:
    browser.get("/store/prices", headers=AS_BROWSER)
    form = {"word": word, "note": note, "_csrf_token": browser.cookies["loopline_form"]}
    return browser.post(f"/store/prices/{ask_id}/decide", data=form, headers=AS_BROWSER)


def test_the_book_says_how_much_one_may_give_alone(till: Till):
    assert till.signed_in("zhou.guide").get("/store/till/book").json()["percent"] == 10


def test_a_price_is_asked_for_approved_and_sold_so(till: Till):
    guide, manager = till.signed_in("zhou.guide"), till.signed_in("lin.manager")
    ask_id = asked(guide)
    assert "Prices to approve" in manager.get("/store", headers=AS_BROWSER).text
    assert "Prices to approve" not in guide.get("/store", headers=AS_BROWSER).text
    page = manager.get("/store/prices", headers=AS_BROWSER).text
    assert "113.00" in page
    assert "80.00" in page
    assert "Goodwill" in page
    answer = decide(manager, ask_id, "approve")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/store/prices?done=Approved")
    (stands,) = now(guide, ask_id)
    assert stands["state"] == "approved"
    assert stands["decided_by"] != ""
    assert "Prices to approve" not in manager.get("/store/now", headers=AS_BROWSER).text
    cheap = cheaper(8_000, ask_id=UUID(ask_id), reason=PriceReason.GOODWILL)
    who = till.stage.people["zhou.guide"]
    outcomes = send(guide, [sale(who, 1, lines=(cheap,)), sale(who, 2, lines=(cheap,))]).json()["outcomes"]
    assert "value" in outcomes[0]
    assert (outcomes[1]["problem"]["status"], outcomes[1]["problem"]["code"]) == (422, "price_not_allowed")
    assert outcomes[1]["problem"]["fields"] == {"sku_code": "COAT", "percent": 10}
    assert now(guide, ask_id)[0]["state"] == "used"
    number = outcomes[0]["value"]["number"]
    order = manager.get(f"/hq/orders/{number}", headers=AS_BROWSER).text
    assert "instead of" in order
    assert "approved by" in order
    assert "Sold for less than it costs" in order
    receipt = guide.get(f"/r/{outcomes[0]['value']['receipt_code']}", headers=AS_BROWSER).text
    words = re.sub(r"<[^>]+>", "", receipt)
    assert "¥80" in words
    assert "¥113" not in words


def test_a_declined_price_says_why_to_who_asked(till: Till):
    guide, manager = till.signed_in("zhou.guide"), till.signed_in("lin.manager")
    ask_id = asked(guide)
    again = decide(manager, ask_id, "decline")
    assert again.status_code == 422
    assert "Say why" in again.text
    assert decide(manager, ask_id, "decline", "ask her to come on Friday").status_code == 303
    (stands,) = now(guide, ask_id)
    assert (stands["state"], stands["note"]) == ("declined", "ask her to come on Friday")
    late = decide(till.signed_in("shen.ops"), ask_id, "approve")
    assert late.status_code == 409


def test_who_waits_no_more_is_off_the_managers_list(till: Till):
    guide, manager = till.signed_in("zhou.guide"), till.signed_in("lin.manager")
    ask_id = asked(guide)
    assert ask_id in manager.get("/store/prices/now", headers=AS_BROWSER).text
    assert command(guide, f"/{ask_id}/withdraw").json()["asks"][0]["state"] == "withdrawn"
    assert ask_id not in manager.get("/store/prices/now", headers=AS_BROWSER).text
    assert "Nobody waits" in manager.get(f"/store/prices/{ask_id}", headers=AS_BROWSER).text
    assert decide(manager, ask_id, "approve").status_code == 409


def test_nobody_of_another_branch_and_nobody_without_the_right(till: Till):
    guide, other = till.signed_in("zhou.guide"), till.signed_in("sun.manager")
    ask_id = asked(guide)
    assert now(other, ask_id) == []
    assert other.get(f"/store/prices/{ask_id}", headers=AS_BROWSER).status_code == 404
    assert ask_id not in other.get("/store/prices/now", headers=AS_BROWSER).text
    assert decide(other, ask_id, "approve").status_code == 404
    assert command(other, f"/{ask_id}/withdraw").status_code == 404
    assert guide.get("/store/prices", headers=AS_BROWSER).status_code == 403
    assert decide(guide, ask_id, "approve").status_code == 403
    assert now(guide, ask_id)[0]["state"] == "open"


def test_a_manager_at_the_till_cannot_approve_their_own(till: Till):
    manager = till.signed_in("lin.manager")
    ask_id = asked(manager)
    page = manager.get(f"/store/prices/{ask_id}", headers=AS_BROWSER).text
    assert "somebody else decides" in page
    assert 'value="approve"' not in page
    assert decide(manager, ask_id, "approve").status_code == 409
    assert now(manager, ask_id)[0]["state"] == "open"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"reason": "because"}, 400),
        ({"units": 0}, 400),
        ({"unit_minor": -1}, 400),
        ({"approved_by": str(uuid4())}, 400),
        ({"unit_minor": 11_300}, 422),
        ({"sku_code": "NO-SUCH"}, 422),
    ],
)
def test_what_is_made_up_is_not_asked_for(till: Till, fields: dict[str, Any], status: int):
    assert ask(till.signed_in("zhou.guide"), **fields).status_code == status


def test_who_looks_after_tills_sees_what_was_given_away_by_whom(till: Till):
    guide = till.signed_in("zhou.guide")
    who = till.stage.people["zhou.guide"]
    rung_up = NOON.replace(hour=1)
    sales = [
        sale(who, 50, lines=(cheaper(1_130, units=2, reason=PriceReason.DAMAGED),), rung_up_at=rung_up),
        sale(who, 51, lines=(line("HAT"),)),
    ]
    outcomes = send(guide, sales).json()["outcomes"]
    assert all("value" in one for one in outcomes), outcomes
    (head,) = _heads(till.database, [OrderId(UUID(outcomes[0]["value"]["id"]))])
    address = "/hq/changed-prices?standing=not_allowed"
    for name in ("lin.manager", "shen.ops", "gu.finance"):
        page = till.signed_in(name).get(address, headers=AS_BROWSER)
        assert page.status_code == 200
        assert head.number in page.text
        assert "¥203.40" in page.text  # two coats, 101.70 each
        assert "not allowed" in page.text
    others = till.signed_in("sun.manager").get("/hq/changed-prices", headers=AS_BROWSER)
    assert others.status_code == 200
    assert "No price was changed" in others.text
    assert guide.get("/hq/changed-prices", headers=AS_BROWSER).status_code == 403
    forged = till.signed_in("shen.ops").get("/hq/changed-prices?cursor=x", headers=AS_BROWSER)
    assert forged.status_code in {400, 422}


def _heads(database: Database, ids: list[OrderId]) -> list[Any]:
    with database.reading() as conn:
        return list(orders_by_ids(conn, ids))
