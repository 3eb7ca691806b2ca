"""The field that finds anything, members, sheets, over real HTTP: each finds what is theirs, and looking is noted."""

import io
import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import httpx
import openpyxl
import pytest

from loopline import org
from loopline.customers.keys import open_key_ring
from loopline.customers.queries import last_accesses
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes.place import Placed, place
from tests.make.customers import member, phone, registered
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.make.web import data_directory, served, settings
from tests.module.web.test_store import PAGE, post

PEOPLE = (
    ("shen.ops", "HX", Role.HQ_OPERATIONS),
    ("tang.service", "HX", Role.CUSTOMER_SERVICE),
    ("gu.finance", "HX", Role.FINANCE),
    ("kong.dealer", "DEALER", Role.DEALER),
    ("wu.packer", "U-S", Role.PACKER),
)
MEMBERS = "/hq/members"
PHONE = phone(7)
FORMULA = '=HYPERLINK("http://evil")'


class House:
    def __init__(self, database: Database, shop: Shop, base: str, browsers: ExitStack) -> None:
        self.database, self.shop, self.base, self._browsers = database, shop, base, browsers
        self.member_id = MemberId(shop.network)
        self.numbers: dict[str, str] = {}

    def signed_in(self, name: str) -> httpx.Client:
        browser = self._browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    def buy(self) -> None:
        """A member orders two coats on the web; somebody buys a hat at the dealer's till."""
        with self.database.transaction() as conn:
            (self.member_id,) = registered(
                conn, [member(PHONE, name="李雷")], keys=open_key_ring(data_directory() / "keys"), now=NOON
            )
            web = ask(self.shop, FORMULA, lines=lines(self.shop, ("COAT", 2)), member_id=self.member_id)
            till = till_sale(self.shop, "T-1", site="D", lines=lines(self.shop, ("HAT", 1)))
            for name, draft in (("web", web), ("till", till)):
                (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
                assert isinstance(outcome, Placed), outcome
                self.numbers[name] = outcome.number
        catch_up(self.database, FOLLOWERS, now=NOON)

    def accesses(self) -> list[tuple[str, str]]:
        with self.database.reading() as conn:
            return [(one.actor, one.purpose) for one in last_accesses(conn, self.member_id, limit=9)]


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    with opened(database) as house:
        yield house


@contextmanager
def opened(database: Database) -> Generator[House, None, None]:
    with database.transaction() as conn:
        shop = open_shop(conn)
        people = [add_person(conn, name, at=unit, role=role) for name, unit, role in PEOPLE]
        new = [org.NewPassword(person_id=one, password=PASSWORD) for one in people]
        succeeded(org.set_passwords(conn, new, by=None, now=NOON))
    with served(database, settings(), clock=lambda: NOON) as base, ExitStack() as browsers:
        house = House(database, shop, base, browsers)
        house.buy()
        yield house


def found(browser: httpx.Client, text: str) -> list[str]:
    """Where what a text finds leads to; one hit leads there at once."""
    answer = browser.get("/hq/find", params={"text": text})
    if answer.status_code == 303:
        return [answer.headers["location"]]
    assert answer.status_code == 200
    return re.findall(r'class="fact-line"><a href="([^"]+)"', answer.text)


def test_one_field_finds_numbers_phones_names_and_codes(house: House):
    hq = house.signed_in("shen.ops")
    order = f"/hq/orders/{house.numbers['web']}"
    for text in (house.numbers["web"], house.numbers["web"].lower(), "0007", PHONE.value, PHONE.value[3:]):
        assert found(hq, text) == [order], text
    assert found(hq, "COAT")[-1] == "/hq/stock/COAT"
    assert "/hq/statements/DEALER" in found(hq, "dealer")
    assert found(hq, "nothing of ours") == []
    assert "Nothing is called that" in hq.get("/hq/find", params={"text": "nothing of ours"}).text
    assert f'href="{MEMBERS}?text=0008"' in hq.get("/hq/find", params={"text": "0008"}).text


def test_nobody_finds_what_is_not_theirs(house: House):
    dealer = house.signed_in("kong.dealer")
    assert found(dealer, house.numbers["web"]) == []
    assert found(dealer, house.numbers["till"]) == [f"/hq/orders/{house.numbers['till']}"]
    assert found(dealer, "0007") == []
    finance = house.signed_in("gu.finance")  # sees orders, no members: a phone means nobody
    assert found(finance, house.numbers["web"]) == [f"/hq/orders/{house.numbers['web']}"]
    assert found(finance, "0007") == []
    assert house.signed_in("wu.packer").get("/hq/find", params={"text": "COAT"}).status_code == 403


def test_a_member_is_found_for_a_reason_that_is_written_down(house: House):
    service = house.signed_in("tang.service")
    refused = post(service, f"{MEMBERS}/find", {"text": "0007", "reason": ""}, page=MEMBERS)
    assert "Say whom you look for, and what for." in refused.text
    assert house.accesses() == []
    shown = post(service, f"{MEMBERS}/find", {"text": "0007", "reason": "order"}, page=MEMBERS).text
    path = f"{MEMBERS}/{house.member_id}"
    assert f'<a href="{path}"><b>李••</b></a>' in shown
    assert PHONE.value[-8:] not in shown
    ((actor, purpose),) = house.accesses()
    assert (actor.startswith("person:"), purpose) == (True, "A question about an order")
    page = service.get(path).text
    assert f'<a href="/hq/orders/{house.numbers["web"]}">' in page
    assert "Bought something" in page
    assert PHONE.value[-8:] not in page
    assert [said for _, said in house.accesses()] == ["Member's page", "A question about an order"]


def test_a_dealer_finds_only_its_own_members(house: House):
    dealer = house.signed_in("kong.dealer")
    form = {"text": "李雷", "reason": "service"}
    assert "Nobody found" in post(dealer, f"{MEMBERS}/find", form, page=MEMBERS).text
    assert dealer.get(f"{MEMBERS}/{house.member_id}").status_code == 404
    assert house.accesses() == []
    assert house.signed_in("gu.finance").get(MEMBERS).status_code == 403


def test_the_list_of_orders_comes_as_a_sheet_without_formulas_and_without_what_is_not_ones_own(house: House):
    hq = house.signed_in("shen.ops")
    assert 'href="/hq/orders.xlsx?stage=placed"' in hq.get("/hq/orders", params={"stage": "placed"}).text
    rows = _rows(hq.get("/hq/orders.xlsx"))
    assert {row[0] for row in rows[1:]} == set(house.numbers.values())
    web = next(row for row in rows if row[0] == house.numbers["web"])
    assert rows[0][1] == "Placed (Asia/Shanghai)"
    assert (web[1].isoformat(), web[4], web[8]) == ("2026-03-02T12:00:00", FORMULA, 2)
    assert isinstance(web[10], int | float)
    dealers = _rows(house.signed_in("kong.dealer").get("/hq/orders.xlsx"))
    assert [row[0] for row in dealers[1:]] == [house.numbers["till"]]


def test_stock_comes_as_a_sheet_of_ones_own_branch(house: House):
    hq = house.signed_in("shen.ops")
    with house.database.transaction() as conn:
        conn.execute("update catalogue.sku set name = %s where code = 'COAT'", (FORMULA,))
    page = hq.get("/hq/stock", params={"q": "COAT"}).text
    assert 'href="/hq/stock.xlsx?q=COAT"' in page
    assert 'href="/hq/stock.xlsx"' in hq.get("/hq/stock").text
    (_, coat) = _rows(hq.get("/hq/stock.xlsx", params={"q": "COAT"}))
    assert (coat[0], coat[2], coat[4:]) == ("COAT", FORMULA, (30, 30, 0, 0, 3))
    everything = _rows(hq.get("/hq/stock.xlsx"))
    assert [row[0] for row in everything[1:]] == ["COAT", "HAT", "SCARF"]
    dealer = house.signed_in("kong.dealer")
    assert [(row[0], row[4]) for row in _rows(dealer.get("/hq/stock.xlsx"))[1:]] == [
        ("COAT", 10), ("HAT", 9), ("SCARF", 10),
    ]  # fmt: skip
    assert _rows(hq.get("/hq/stock.xlsx", params={"q": "nothing of ours"}))[1:] == []


def test_members_come_masked_as_a_sheet_and_each_of_them_has_it_in_the_log(house: House):
    service = house.signed_in("tang.service")
    shown = post(service, f"{MEMBERS}/find", {"text": "李雷", "reason": "privacy"}, page=MEMBERS)
    assert 'action="/hq/members/sheet"' in shown.text
    said = {"text": "李雷", "reason": "privacy"}
    head, row = _rows(post(service, f"{MEMBERS}/sheet", said, page=MEMBERS))
    assert head[0] == "Name"
    assert (row[0], row[4]) == ("李••", str(house.member_id))
    assert PHONE.value[-8:] not in str(row)
    assert [purpose for _, purpose in house.accesses()] == [
        "Taken along as a sheet: a request about their data",
        "A request about their data",
    ]
    before = house.accesses()
    for wrong in ({"text": "李雷", "reason": ""}, {"text": "", "reason": "order"}):
        assert post(service, f"{MEMBERS}/sheet", wrong, page=MEMBERS).status_code == 422
    dealers = post(house.signed_in("kong.dealer"), f"{MEMBERS}/sheet", said, page=MEMBERS)
    assert _rows(dealers)[1:] == []
    assert house.accesses() == before
    page = service.get(f"{MEMBERS}/{house.member_id}").text
    assert "Taken along as a sheet: a request about their data" in page


def test_a_parcel_and_a_unit_are_found_by_what_is_written_on_them(house: House):
    task_id, lot_id, loose = uuid4(), uuid4(), uuid4()
    with house.database.owner_transaction() as owner:
        (order_id,) = owner.execute(
            "select order_id from search.order_document where number = %s", (house.numbers["web"],)
        ).fetchone() or (None,)
        owner.execute(
            "insert into fulfilment.task (id, order_id, site_id, kind, day, state, offered_at, deadline)"
            " values (%s, %s, %s, 'deliver', now(), 'offered', now(), now())",
            (task_id, order_id, house.shop.sites["D"]),
        )
        owner.execute("insert into fulfilment.label values (%s, 'P00000000018', 'SF-77', now())", (task_id,))
        owner.execute(
            "insert into stock.lot (id, sku_id, code, batch, is_serial) values (%s, %s, 'UNIT-1', 'B1', true),"
            " (%s, %s, 'B1', 'B1', false)",
            (lot_id, house.shop.skus["COAT"], loose, house.shop.skus["COAT"]),
        )
        owner.execute(
            "insert into stock.lot_movement values (%s, %s, %s, %s, -1, 0, 1, %s, %s, now())",
            (uuid4(), lot_id, house.shop.leaves["W"], house.shop.skus["COAT"], order_id, uuid4()),
        )
    hq, dealer = house.signed_in("shen.ops"), house.signed_in("kong.dealer")
    order = f"/hq/orders/{house.numbers['web']}"
    for text in ("P00000000018", "p00000000018", "sf-77", " SF-77 ", "UNIT-1", "unit-1"):
        assert found(hq, text) == [order], text
    assert found(hq, "B1") == ["/hq/stock/COAT"]
    assert found(dealer, "SF-77") == [order]  # its site sends it
    assert found(dealer, "UNIT-1") == []  # it went out elsewhere
    assert found(dealer, "B1") == []
    assert found(house.signed_in("gu.finance"), "SF-77") == [order]
    assert found(hq, "SF-7") == []


def _rows(answer: httpx.Response) -> list[tuple[Any, ...]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return list(sheet.iter_rows(values_only=True))
