"""Returns at the counter over real HTTP: found, paid back once, put away; without a sale somebody decides."""

import re
from collections.abc import Generator
from uuid import UUID

import httpx
import pytest

from loopline import orders, stock
from loopline.db import Conn, Database
from loopline.kernel.ids import LineId, ReturnLineId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Order
from loopline.processes.announce import LineBack, ReturnAsked, announce, receive_taken_back
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.index import write_down_orders
from loopline.processes.place import Placed, place
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns import queries as returns
from loopline.returns.model import BlindState, NewReturn, NewReturnLine, Reason, ReturnKind
from tests.make.loop import balances, follow, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, till_sale
from tests.module.web.test_store import Site, opened, post

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
HOME = "/store/returns"
RETURN_ID = re.compile(r'name="return_id" value="([0-9a-f-]+)"')
TYPED = re.compile(r'name="(price|why)" value="([^"]*)"')
WRONG = re.compile(r'name="(price|grade|why)"[^>]*aria-invalid="true"')
DECIDE = re.compile(r'action="(/store/returns/decide/([0-9a-f-]+))"')


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def sold(site: Site, number: str, *, at: str = "D") -> Order:
    """A coat and two scarves, carried out of another site and paid in cash."""
    with site.database.transaction() as conn:
        draft = till_sale(site.stage.shop, number, site=at)
        (placed,) = succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=NOON))
        assert isinstance(placed, Placed)
        pay_for(conn, site.stage.shop, placed)
        write_down_orders(conn, [placed.order_id])
        (head,) = orders.orders_by_ids(conn, [placed.order_id])
        return head


def line_of(site: Site, order: Order, code: str) -> LineId:
    with site.database.reading() as conn:
        return next(one.line_id for one in orders.lines_by_orders(conn, [order.id]) if one.code == code)


def coats(conn: Conn, shop: Shop, at: str = "S") -> tuple[int, int]:
    """Coats on the shelf of a site, and those of them that cannot be sold."""
    rows = stock.stock_at_leaves(conn, [shop.leaves[at]])
    row = next(row for row in rows if row.sku_id == shop.skus["COAT"])
    return row.on_hand, row.unsellable


def give_back(
    browser: httpx.Client, site: Site, order: Order, code: str = "COAT", **said: str
) -> httpx.Response:
    """Fill the form of an order in for one of its lines, as its page offers it."""
    page, line_id = f"{HOME}/of/{order.number}", line_of(site, order, code)
    made = RETURN_ID.search(browser.get(page).text)
    form = {"units": "1", "grade": "as_new", "reason": "size"} | said
    named = {f"{name} {line_id}": value for name, value in form.items() if name != "return_id"}
    known = form.get("return_id") or (made.group(1) if made else "")
    return post(browser, f"{page}/take", {"return_id": known, **named}, page=page)


def sound(site: Site) -> None:
    with site.database.reading() as conn:
        broken = [one for one in examine(conn).checks if not one.ok and one.invariant != FOLLOWS_THE_LOG]
    assert broken == []


def test_what_was_bought_elsewhere_comes_back_here_is_paid_back_and_lies_on_the_shelf(site: Site):
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    shop = site.stage.shop
    found = guide.get(HOME, params={"q": order.number.lower()})
    assert (found.status_code, found.headers["location"]) == (303, f"{HOME}/of/{order.number}")
    with site.database.reading() as conn:
        before, cash = coats(conn, shop), balances(conn)["cash"]
    answer = give_back(guide, site, order, reason="size", grade="as_new")
    assert answer.status_code == 303, answer.text
    done = guide.get(answer.headers["location"])
    assert "Give back CN¥113.00 now" in done.text
    with site.database.reading() as conn:
        assert coats(conn, shop) == (before[0] + 1, before[1])
        assert balances(conn)["cash"] == cash - PRICES["COAT"]
        (back,) = returns.returns_of_lines(conn, [line_of(site, order, "COAT")])
        (line,) = returns.lines_of_returns(conn, [back.return_id])
    assert (line.units, line.received_units, line.graded_units, line.reason) == (1, 1, 1, Reason.SIZE)
    sound(site)


def test_a_form_that_is_sent_twice_takes_back_once_and_one_sent_anew_is_another_return(site: Site):
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    made = RETURN_ID.search(guide.get(f"{HOME}/of/{order.number}").text)
    assert made is not None
    first = give_back(guide, site, order, "SCARF", return_id=made.group(1))
    again = give_back(guide, site, order, "SCARF", return_id=made.group(1))
    assert again.headers["location"] == f"{first.headers['location']}?again=1"
    assert "This return was sent before" in guide.get(again.headers["location"]).text
    # Back to the page of before, and something else this time: it says so, and then it is a return of its own.
    other = give_back(guide, site, order, "COAT", return_id=made.group(1))
    assert (other.status_code, "belongs to another return" in other.text) == (409, True)
    anew = RETURN_ID.search(other.text)
    assert anew is not None
    assert anew.group(1) != made.group(1)
    assert give_back(guide, site, order, "COAT", return_id=anew.group(1)).status_code == 303
    with site.database.reading() as conn:
        lines = {one.code: one.returned for one in orders.lines_by_orders(conn, [order.id])}
    assert (lines["SCARF"], lines["COAT"]) == (1, 1)


def test_damaged_goods_are_kept_and_not_sold(site: Site):
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    with site.database.reading() as conn:
        before = coats(conn, site.stage.shop)
    assert give_back(guide, site, order, grade="damaged", reason="other").status_code == 303
    with site.database.reading() as conn:
        after = coats(conn, site.stage.shop)
    assert after[0] - after[1] == before[0] - before[1]
    sound(site)


def test_what_cannot_be_is_said_and_nothing_is_done(site: Site):
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    cases = (
        ({"units": "2"}, "Of COAT only 1 may still come back."),
        ({"units": ""}, "Say of at least one thing how many of it came back."),
        ({"units": "-1"}, "Say in digits how many of COAT came back."),
        ({"grade": "lovely"}, "Say in what state the goods are."),
    )
    for said, words in (*cases, ({"units": "1x"}, "Say in digits how many of COAT came back.")):
        answer = give_back(guide, site, order, **said)
        assert (answer.status_code, words in answer.text) == (422, True), said
    with site.database.reading() as conn:
        assert returns.returns_of_lines(conn, [line_of(site, order, "COAT")]) == []


def test_an_order_is_found_by_words_and_what_is_not_there_is_said(site: Site):
    order, guide = sold(site, "T-1", at="S"), site.signed_in("zhou.guide")
    listed = guide.get(HOME, params={"q": "T-1"})
    assert f"{HOME}/of/{order.number}" in listed.text
    assert "No order is called so" in guide.get(HOME, params={"q": "nothing of the kind"}).text
    assert guide.get(f"{HOME}/of/NOPE").status_code == 404


def test_nobody_takes_back_without_the_right_or_reads_another_site_s_return(site: Site):
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    packer, other = site.signed_in("wu.packer"), site.signed_in("sun.manager")
    assert packer.get(HOME).status_code == 403
    assert packer.get(f"{HOME}/of/{order.number}").status_code == 403
    done = give_back(guide, site, order).headers["location"]
    assert guide.get(done).status_code == 200
    assert other.get(done).status_code == 404
    # What was sold at the other site comes back there, too.
    assert give_back(other, site, order, "SCARF").status_code == 303


def test_an_announced_return_is_taken_in_once_with_what_came(site: Site):
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    scarf = line_of(site, order, "SCARF")
    with site.database.transaction() as conn:
        asked = ReturnAsked(
            channel="web",
            external_number="A-1",
            order_id=order.id,
            lines=(LineBack(line_id=scarf, units=2, reason=Reason.UNWANTED),),
        )
        (announced,) = succeeded(announce(conn, [asked], scope=WHOLE_BRAND, now=NOON))
    page = f"{HOME}/of/{order.number}"
    assert "The customer announced this" in guide.get(page).text
    form = {f"units {announced.return_id} {scarf}": "１", f"grade {announced.return_id} {scarf}": "open"}
    path = f"{HOME}/announced/{announced.return_id}"
    first, again = (post(guide, path, form, page=page) for _ in range(2))
    assert (first.status_code, first.headers["location"]) == (303, f"{HOME}/done/{announced.return_id}")
    assert again.headers["location"] == f"{first.headers['location']}?again=1"
    assert "Nothing more is paid for it" in guide.get(again.headers["location"]).text
    with site.database.reading() as conn:
        (line,) = returns.lines_of_returns(conn, [announced.return_id])
    assert (line.units, line.graded_units, line.reason) == (1, 1, Reason.UNWANTED)
    other = site.signed_in("sun.manager")
    assert post(other, path, form, page=HOME).status_code == 404
    sound(site)


def test_a_decision_says_what_is_paid_for_it_and_nothing_that_was_paid_before(site: Site):
    """Of two coats one was bought: that one is paid back at once, the other when somebody decided on it."""
    order, manager = sold(site, "T-1"), site.signed_in("lin.manager")
    with site.database.transaction() as conn:
        asked = NewReturn(
            channel="till",
            external_number="X-1",
            kind=ReturnKind.ASK,
            at=NOON,
            site_id=site.stage.shop.sites["S"],
            currency="CNY",
            order_id=order.id,
            lines=(NewReturnLine(code="COAT", units=2, sku_id=site.stage.shop.skus["COAT"]),),
        )
        (taken,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(taken, TakenBack)
        receive_taken_back(conn, [(taken, site.stage.shop.sites["S"])], now=NOON)
    assert "Give back CN¥113.00 now" in manager.get(f"{HOME}/done/{taken.return_id}").text
    found = DECIDE.search(manager.get(HOME).text)
    assert found is not None
    # What was bought stays here even where the other is handed back: its state is wanted, and nothing is done without.
    stateless = {"word": "refuse", "price": "50", "grade": "", "why": "Not our label."}
    refused = post(manager, found.group(1), stateless, page=HOME)
    assert (refused.status_code, WRONG.findall(refused.text)) == (422, ["grade"])
    assert TYPED.findall(refused.text) == [("price", "50"), ("why", "Not our label.")]
    assert state_of(site, found.group(2)) is BlindState.WAITING
    word = {"word": "accept", "price": "50", "grade": "as_new", "why": "Our label."}
    answer = post(manager, found.group(1), word, page=HOME)
    assert "Give back CN¥50.00 now" in manager.get(answer.headers["location"]).text
    assert "Give back CN¥113.00 now" in manager.get(f"{HOME}/done/{taken.return_id}").text
    with site.database.reading() as conn:
        (line,) = returns.lines_of_returns(conn, [taken.return_id])
    assert (line.received_units, line.graded_units) == (2, 2)
    sound(site)


def test_what_the_platform_took_is_not_paid_out_at_the_counter(site: Site):
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    with site.database.owner_transaction() as owner:
        owner.execute("update payments.payment set method = 'platform'")
    done = guide.get(give_back(guide, site, order).headers["location"]).text
    assert ("the platform gives it back" in done, "Give back CN¥113.00 now" in done) == (True, False)


def blind(site: Site, guide: httpx.Client, units: str = "1") -> None:
    page = f"{HOME}/without"
    made = RETURN_ID.search(guide.get(page, params={"q": "COAT"}).text)
    assert made is not None
    form = {"return_id": made.group(1), "sku": "COAT", "units": units, "reason": "defect"}
    first, again = (post(guide, f"{page}/take", form, page=f"{page}?q=COAT") for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    assert "Nothing is paid yet" in guide.get(first.headers["location"]).text


def state_of(site: Site, line_id: str) -> BlindState:
    with site.database.reading() as conn:
        (line,) = returns.return_lines_by_id(conn, [ReturnLineId(UUID(line_id))])
        return line.blind_state


def test_without_a_receipt_the_manager_pays_for_it_or_hands_it_back(site: Site):
    guide, manager, other = (site.signed_in(name) for name in ("zhou.guide", "lin.manager", "sun.manager"))
    shop = site.stage.shop
    blind(site, guide)
    page = guide.get(HOME)
    assert ("The manager decides" in page.text, DECIDE.search(page.text)) == (True, None)
    found = DECIDE.search(manager.get(HOME).text)
    assert found is not None
    assert "costs CN¥113.00 today" in manager.get(HOME).text
    path, line_id = found.groups()
    word = {"word": "accept", "price": "59.90", "grade": "as_new", "why": "Our label."}
    assert post(guide, path, word, page=HOME).status_code == 403
    for said in (word, word | {"price": "a lot"}):
        answer = post(other, path, said, page=HOME)
        assert (answer.status_code, "There is no return line" in answer.text) == (404, True)
    for wrong, field, said in (
        ({"price": "a lot"}, "price", "Say what is paid back"),
        ({"grade": ""}, "grade", "Say in what state"),
        ({"why": " "}, "why", "Say in a few words why it is paid for"),
    ):
        answer = post(manager, path, word | wrong, page=HOME)
        typed = TYPED.findall(answer.text)
        assert (answer.status_code, said in answer.text) == (422, True), field
        assert WRONG.findall(answer.text) == [field]
        # What was typed is still there, the wrong as well as the right.
        assert typed == [("price", (word | wrong)["price"]), ("why", (word | wrong)["why"])]
        assert ('value="as_new" selected' in answer.text) is (field != "grade")
    assert state_of(site, line_id) is BlindState.WAITING
    with site.database.reading() as conn:
        before = coats(conn, shop)
    answer = post(manager, path, word, page=HOME)
    assert "Give back CN¥59.90 now" in manager.get(answer.headers["location"]).text
    with site.database.reading() as conn:
        assert balances(conn)["cash"] == -5_990
        assert coats(conn, shop) == (before[0] + 1, before[1])
    again = post(manager, path, word | {"word": "refuse"}, page=HOME)
    assert (again.status_code, "nothing waits for a decision" in again.text) == (409, True)
    sound(site)


def test_above_the_limit_the_manager_who_took_it_in_needs_a_colleague(site: Site):
    lin, shen = site.signed_in("lin.manager"), site.signed_in("shen.ops")
    page = "/hq/counter-limits"
    said = {"unit": "HX", "setting": "blind_alone_minor", "value": "50", "comment": "Winter goods are dear."}
    assert post(lin, f"{page}/set", said, page=HOME).status_code == 404  # a store is not the brand
    wrong = post(shen, f"{page}/set", said | {"value": "much"}, page=page)
    assert (wrong.status_code, 'value="much"' in wrong.text, "Say an amount" in wrong.text) == (
        422,
        True,
        True,
    )
    assert re.findall(r'name="(\w+)"[^>]*aria-invalid="true"', wrong.text) == ["value"]
    assert post(shen, f"{page}/set", said, page=page).status_code == 303
    assert "CN¥50.00" in shen.get(page).text
    silent = post(shen, f"{page}/set", said | {"act": "drop", "comment": " "}, page=page)
    assert silent.status_code == 422
    assert re.findall(r'name="(\w+)"[^>]*aria-invalid="true"', silent.text) == ["comment"]
    blind(site, lin)
    found = DECIDE.search(lin.get(HOME).text)
    assert found is not None
    path, line_id = found.groups()
    word = {"word": "accept", "price": "59.90", "grade": "open", "why": "Our label."}
    refused = post(lin, path, word, page=HOME)
    assert refused.status_code == 409
    assert "alone you may pay CN¥50.00" in refused.text
    assert TYPED.findall(refused.text) == [("price", "59.90"), ("why", "Our label.")]
    assert 'value="open" selected' in refused.text
    assert state_of(site, line_id) is BlindState.WAITING
    assert post(shen, path, word, page=HOME).status_code == 303
    with site.database.reading() as conn:
        assert balances(conn)["cash"] == -5_990
    sound(site)


def test_what_is_typed_for_goods_without_a_receipt_stays_where_it_is_refused(site: Site):
    guide, page = site.signed_in("zhou.guide"), f"{HOME}/without"
    form = RETURN_ID.search(guide.get(page, params={"q": "COAT"}).text)
    assert form is not None
    said = {"sku": "COAT", "units": "two", "reason": "defect", "return_id": form.group(1)}
    answer = post(guide, f"{page}/take", said, page=page)
    assert (answer.status_code, "Say in digits how many of COAT came back." in answer.text) == (422, True)
    assert re.findall(r'name="units" value="([^"]*)"[^>]*aria-invalid="true"', answer.text) == ["two"]
    assert 'value="defect" selected' in answer.text
    assert RETURN_ID.findall(answer.text) == [form.group(1)]


def test_an_exchange_is_one_step_and_a_double_click_is_one_exchange(site: Site):
    order, guide = sold(site, "T-1", at="S"), site.signed_in("zhou.guide")
    page, line_id = f"{HOME}/of/{order.number}", line_of(site, order, "COAT")
    form = RETURN_ID.search(guide.get(page).text)
    assert form is not None
    said = {
        "return_id": form.group(1),
        f"units {line_id}": "1",
        f"grade {line_id}": "as_new",
        f"reason {line_id}": "size",
        "out_sku": "",
        "out_code": "HAT",
        "out_units": "2",
        "method": "cash",
    }
    for wrong, words, status in (
        ({"out_units": "x"}, "Say what goes out instead", 422),
        ({"out_code": "GHOST"}, "There is no SKU GHOST for sale here.", 409),
        ({f"units {line_id}": "2"}, "Of COAT only 1 may still come back.", 422),
    ):
        answer = post(guide, f"{page}/exchange", said | wrong, page=page)
        assert (answer.status_code, words in answer.text) == (status, True), wrong
        assert f'value="{(said | wrong)["out_code"]}"' in answer.text
    # Whoever chose something else and presses the other button is asked what they meant.
    answer = post(guide, f"{page}/take", said, page=page)
    assert (answer.status_code, "press Exchange" in answer.text) == (422, True)
    with site.database.reading() as conn:
        cash, shelf = balances(conn)["cash"], coats(conn, site.stage.shop)
    first, again = (post(guide, f"{page}/exchange", said, page=page) for _ in range(2))
    assert first.status_code == 303, first.text
    assert again.headers["location"] == f"{first.headers['location']}?again=1"
    done = guide.get(first.headers["location"]).text
    assert "Give back CN¥93.02 now" in done
    assert "The new goods are paid for" in done
    with site.database.reading() as conn:
        assert balances(conn)["cash"] == cash - (PRICES["COAT"] - 2 * PRICES["HAT"])
        assert coats(conn, site.stage.shop) == (shelf[0] + 1, shelf[1])
    assert post(site.signed_in("wu.packer"), f"{page}/exchange", said, page=HOME).status_code == 403
    with site.database.transaction() as conn:
        follow(conn, SETTLE)
    sound(site)


def test_what_is_handed_back_is_neither_paid_for_nor_put_on_the_shelf(site: Site):
    guide, manager = site.signed_in("zhou.guide"), site.signed_in("lin.manager")
    blind(site, guide, "2")
    found = DECIDE.search(manager.get(HOME).text)
    assert found is not None
    with site.database.reading() as conn:
        before = coats(conn, site.stage.shop)
    word = {"word": "refuse", "price": "", "grade": "as_new", "why": "Worn for years."}
    answer = post(manager, found.group(1), word, page=HOME)
    assert "Hand the goods back to the customer." in manager.get(answer.headers["location"]).text
    with site.database.reading() as conn:
        assert (balances(conn), coats(conn, site.stage.shop)) == ({}, before)
    assert state_of(site, found.group(2)) is BlindState.REFUSED
    sound(site)
