"""The shift of a till over real HTTP: opened, sold in, counted blind, handed over; and what the desk sees of it."""

import io
import re
from collections.abc import Generator
from uuid import UUID, uuid4

import httpx
import openpyxl
import pytest

from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import shifts
from loopline.payments.shifts import MoveKind, Shift, TillMoney
from loopline.processes.shift import keep_in_shifts
from loopline.web.languages import languages
from loopline.web.store.till.shift_view import report_of
from tests.make.databases import database_from
from tests.make.shop import NOON
from tests.make.till import line, sale
from tests.module.web.test_till import Till, opened, send

AS_BROWSER = {"accept": "text/html", "accept-language": "en"}
HIDDEN = re.compile(r'name="(shift|made|till)" value="([^"]+)"')
COAT = 11_300
EN = languages()["en"]


@pytest.fixture(scope="module")
def till(server: EmbeddedServer, template: str) -> Generator[Till, None, None]:
    for database in database_from(server, template):
        with opened(database) as till:
            yield till


class Counter:
    """Somebody at a till, in a browser."""

    def __init__(self, till: Till, name: str, till_id: UUID) -> None:
        self.till = till
        self.till_id = till_id
        self.browser = till.signed_in(name)
        self.browser.headers.update(AS_BROWSER)

    def page(self) -> str:
        answer = self.browser.get("/store/till/shift", params={"till": str(self.till_id)})
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, form: str, /, **fields: str) -> httpx.Response:
        """Send a form of the page as it stands now."""
        return self.again(form, dict(HIDDEN.findall(self.page())) | fields)

    def again(self, act: str, fields: dict[str, str]) -> httpx.Response:
        form = {"_csrf_token": self.browser.cookies["loopline_form"], **fields}
        return self.browser.post(f"/store/till/shift/{act}", data=form)

    def sell(self, number: int) -> str:
        """Sell a coat; returns the number of its order."""
        who = self.till.stage.people["zhou.guide"]
        sold = sale(who, number, till_id=self.till_id, lines=(line("COAT"),))
        (outcome,) = send(self.browser, [sold]).json()["outcomes"]
        return outcome["value"]["number"]

    def shift(self) -> Shift:
        with self.till.database.reading() as conn:
            found = shifts.last_shift(conn, self.till_id, scope=WHOLE_BRAND)
        assert found is not None
        return found


@pytest.fixture
def counter(till: Till) -> Counter:
    return Counter(till, "zhou.guide", uuid7(NOON))


def test_a_shift_is_counted_blind_and_tells_afterwards(counter: Counter):
    answer = counter.post("open", n10000="4")
    assert (answer.status_code, answer.headers["location"]) == (303, "/store/till")
    counter.sell(1)
    told = counter.browser.get("/store/till/shift-now", params={"till": str(counter.till_id)}).json()
    assert (told["shift_id"], told["opened_by"]) == (str(counter.shift().id), "Zhou.Guide")
    # Nobody who counts is told what should be there: neither by the page, nor by the report, nor by a refusal.
    assert "513" not in counter.page()
    assert counter.browser.get(f"/store/till/shifts/{counter.shift().id}").status_code == 404
    wrong = counter.post("close", n10000="5")
    assert wrong.status_code == 409
    assert "count again, or say why" in wrong.text
    assert "513" not in wrong.text
    assert 'name="n10000" value="5"' in wrong.text  # what was typed stays
    done = counter.post("close", n10000="5", note="short of change")
    report = counter.browser.get(done.headers["location"]).text
    assert "Z report 1" in report
    assert re.findall(r'id="(?:expected|counted|difference)">([^<]+)<', report) == [
        "CN¥513.00",
        "CN¥500.00",
        "CN¥13.00 less",
    ]
    assert "short of change" in report


def test_a_report_has_a_row_for_each_wallet_that_is_set_up_here_or_took_money(till: Till, counter: Counter):
    counter.post("open", n10000="4")
    by = f"person:{till.stage.people['zhou.guide']}"
    with till.database.transaction() as conn:
        moved = [
            TillMoney(
                till_id=counter.till_id,
                kind=kind,
                method="wechat_pay",
                currency="CNY",
                amount_minor=amount,
                source_id=uuid4(),
                moved_by=by,
                moved_at=NOON,
            )
            for kind, amount in ((MoveKind.SALE, COAT), (MoveKind.REFUND, -1_300))
        ]
        keep_in_shifts(conn, moved, now=NOON)
        told = report_of(conn, counter.shift(), EN, wallets=["alipay"], now=NOON)
    assert [(row["word"], row["amount"]) for row in told["terminal"]] == [
        ("Sales by card terminal", "CN¥0.00"),
        ("Sales by alipay", "CN¥0.00"),
        ("Sales by wechat_pay", "CN¥113.00"),
        ("Given back by wechat_pay", "-CN¥13.00"),
    ]


def test_forms_that_are_sent_twice_do_it_once(counter: Counter):
    opening = dict(HIDDEN.findall(counter.page())) | {"n10000": "4"}
    assert [counter.again("open", opening).status_code for _ in range(2)] == [303, 303]
    out = dict(HIDDEN.findall(counter.page())) | {"why": "petty_cash out", "amount": "20", "note": "tape"}
    assert [counter.again("cash", out).status_code for _ in range(2)] == [303, 303]
    # Going back in the browser and typing another amount: it is said, and can be sent from the page that says so.
    other = counter.again("cash", out | {"amount": "30"})
    assert (other.status_code, "write this down anew" in other.text) == (409, True)
    anew = dict(HIDDEN.findall(other.text)) | {"why": "change in", "amount": "30"}
    assert counter.again("cash", anew).status_code == 303
    ending = dict(HIDDEN.findall(counter.page())) | {"n1000": "41", "act": "close"}
    locations = [counter.again("close", ending).headers["location"] for _ in range(2)]
    assert locations == [f"/store/till/shifts/{counter.shift().id}"] * 2
    assert (counter.shift().z_number, counter.shift().difference_minor) == (1, 0)


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("open", {"n10000": "two"}, "is no sum that was counted"),
        ("open", {"n10000": "-1"}, "is no sum that was counted"),
        ("cash", {"why": "petty_cash out", "amount": "20"}, "Say what the money was for."),
        ("cash", {"why": "sale in", "amount": "20"}, "is no sum that was counted"),
        ("cash", {"why": "bank_drop in", "amount": "20"}, "is no sum that was counted"),
        ("cash", {"why": "change in", "amount": "a lot"}, "is no sum that was counted"),
    ],
)
def test_what_cannot_be_is_refused_in_words(counter: Counter, act: str, fields: dict[str, str], said: str):
    if act != "open":
        counter.post("open", n10000="4")
    answer = counter.post(act, **fields)
    assert answer.status_code in {409, 422}
    assert said in answer.text


def test_a_colleague_takes_a_shift_over_and_answers_for_it(till: Till, counter: Counter):
    counter.post("open", n10000="4")
    first = counter.shift()
    colleague = Counter(till, "lin.manager", counter.till_id)
    assert "Take it over" in colleague.page()
    assert "Take it over" not in counter.page()
    assert colleague.post("close", n10000="4", act="over").headers["location"] == "/store/till"
    second = counter.shift()
    assert (second.taken_over_from, second.opened_by) == (first.id, till.stage.people["lin.manager"])
    # A manager sees what is expected while the shift is open.
    assert "X report" in colleague.browser.get(f"/store/till/shifts/{second.id}").text


@pytest.mark.parametrize("name", ["wu.packer", "shen.ops", "kong.dealer", "sun.manager"])
def test_nobody_else_touches_the_drawer(till: Till, counter: Counter, name: str):
    counter.post("open", n10000="4")
    form = dict(HIDDEN.findall(counter.page())) | {"n10000": "4", "act": "close"}
    stranger = Counter(till, name, counter.till_id)
    token = stranger.browser.get("/sign-in")
    assert token.status_code in {200, 303}
    assert stranger.again("close", form).status_code in {403, 409}
    assert counter.shift().closed_at is None


def test_the_desk_sees_the_shifts_of_its_branch_and_takes_them_along(till: Till, counter: Counter):
    counter.post("open", n10000="4")
    counter.sell(1)
    counter.post("close", n10000="5", note="=1+1")
    mine, others = till.signed_in("lin.manager"), till.signed_in("sun.manager")
    page = mine.get("/hq/shifts", headers=AS_BROWSER).text
    assert "CN¥13.00 less" in page
    assert str(counter.shift().id) in page
    assert "No shift was opened" in others.get("/hq/shifts", headers=AS_BROWSER).text
    assert others.get(f"/hq/shifts/{counter.shift().id}", headers=AS_BROWSER).status_code == 404
    assert till.signed_in("zhou.guide").get("/hq/shifts", headers=AS_BROWSER).status_code == 403
    sheet = openpyxl.load_workbook(io.BytesIO(mine.get("/hq/shifts.xlsx").content)).active
    assert sheet is not None
    head, *rows = sheet.iter_rows(values_only=True)
    told = [dict(zip(head, one, strict=True)) for one in rows]
    (row,) = [one for one in told if one["Remark"] == "=1+1"]  # a text, and no formula
    assert (row["Should be there"], row["Counted"], row["Difference"], row["Z number"]) == (513, 500, -13, 1)
    assert openpyxl.load_workbook(io.BytesIO(others.get("/hq/shifts.xlsx").content)).active.max_row == 1  # pyright: ignore[reportOptionalMemberAccess]


def give_back(counter: Counter, number: str) -> None:
    form = counter.browser.get(f"/store/returns/of/{number}").text
    (line_id,) = re.findall(r'name="units ([0-9a-f-]{36})"', form)
    (return_id,) = re.findall(r'name="return_id" value="([0-9a-f-]+)"', form)[:1]
    taken = counter.browser.post(
        f"/store/returns/of/{number}/take",
        data={
            "_csrf_token": counter.browser.cookies["loopline_form"],
            "return_id": return_id,
            f"units {line_id}": "1",
            f"reason {line_id}": "size",
            f"grade {line_id}": "as_new",
        },
    )
    assert taken.status_code == 303, taken.text


def test_cash_that_is_given_back_here_comes_out_of_the_open_drawer(till: Till, counter: Counter):
    counter.post("open", n10000="4")
    number = counter.sell(1)
    give_back(counter, number)
    ended = counter.post("close", n10000="4", act="close")
    assert ended.status_code == 303, ended.text
    assert (counter.shift().expected_minor, counter.shift().difference_minor) == (40_000, 0)


def test_cash_that_is_given_back_between_two_shifts_is_expected_of_the_next_float(counter: Counter):
    counter.post("open", n10000="4")
    number = counter.sell(1)
    assert counter.post("close", n10000="5", n1000="1", n100="3", act="close").status_code == 303
    give_back(counter, number)
    assert counter.post("open", n10000="4").status_code == 303
    assert (counter.shift().left_minor, counter.shift().opening_difference_minor) == (40_000, 0)
