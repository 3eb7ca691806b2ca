"""Delivery fees on the pages: headquarters sets them and tries an example, a customer sees them before paying."""

import html
import re
from collections.abc import Generator

import httpx
import pytest

from loopline import customers, orders
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.kernel.ids import OrderId
from loopline.orders import FREIGHT_FEE, Line, LineKind
from loopline.pricing.freight import FreightTemplate, RegionRule, Weighing, freight_kept
from tests.make.customers import member, phone
from tests.make.freight import FAR, NOWHERE, charge_delivery
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.web import data_directory
from tests.module.web.test_store import PAGE, Site, opened, post

FREIGHT = "/hq/freight"
FORM = {
    "unit": "HX",
    "act": "set",
    "fee_minor": "8",
    "free_from_minor": "150",
    "free_from_units": "",
    "first_grams": "1000",
    "step_grams": "500",
    "step_minor": "1.50",
    "grams_default": "400",
    "region_codes_0": "新疆 西藏自治区",
    "region_how_0": "paid",
    "region_fee_minor_0": "20",
    "region_step_minor_0": "5",
    "region_codes_1": "Hangzhou, 350000",
    "region_how_1": "never",
    "region_codes_2": "",
    "comment": "what parcels cost",
}
NUMBER = re.compile(r'name="number" value="([0-9a-f]+)"')
HIDDEN = re.compile(r'name="((?:shown|freight)_[^"]*)" value="(\d+)"')


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def test_headquarters_sets_it_and_sees_what_an_order_would_pay(site: Site):
    browser = site.signed_in("shen.ops")
    assert "nobody set it" in browser.get(FREIGHT).text
    assert post(browser, f"{FREIGHT}/set", FORM, page=FREIGHT).status_code == 303
    with site.database.reading() as conn:
        (kept,) = freight_kept(conn).values()
    assert kept.template == FreightTemplate(
        currency="CNY",
        fee_minor=800,
        free_from_minor=15_000,
        weighing=Weighing(first_grams=1_000, step_grams=500, step_minor=150, grams_default=400),
        regions=(
            RegionRule(region_codes=("65", "54"), fee_minor=2_000, step_minor=500, is_ever_free=False),
            RegionRule(region_codes=("330100", "35"), is_delivered=False),
        ),
    )
    shown = html.unescape(browser.get(FREIGHT).text)
    assert "CN¥8.00 · free from CN¥150.00" in shown
    assert "Xinjiang, Tibet: CN¥20.00, never free" in shown
    assert "Hangzhou, Fujian: not delivered" in shown
    for query, said in (
        ({"goods": "120"}, "It would pay CN¥8.00 for delivery. For CN¥30.00 more of goods it would be free."),
        ({"goods": "150"}, "It would pay nothing for delivery."),
        ({"goods": "150", "to": "新疆"}, "It would pay CN¥20.00 for delivery."),
        ({"goods": "99", "pieces": "2", "grams": "800"}, "It would pay CN¥11.00 for delivery."),
        ({"goods": "99", "to": "Fujian"}, "It is not delivered there."),
        ({"goods": "99", "to": "Atlantis"}, "There is no region Atlantis."),
    ):
        assert said in html.unescape(browser.get(FREIGHT, params=query).text), query


def test_what_cannot_be_taken_stays_with_its_reason(site: Site):
    browser = site.signed_in("shen.ops")
    for changed, status, said in (
        ({"fee_minor": "eight"}, 422, "Delivery fee cannot be read"),
        ({"fee_minor": ""}, 422, "Delivery fee cannot be read"),
        ({"step_grams": "0"}, 422, "Each further begun weight, in grams must be between 1 and 1000000"),
        ({"region_fee_minor_0": "-1"}, 422, "Fee of a group of regions cannot be read"),
        ({"region_codes_0": "Narnia"}, 422, "Narnia is no region that fees are set for"),
        ({"region_codes_0": "新疆 福建"}, 422, "Region Fujian is in two groups"),
        ({"comment": " "}, 422, "set with a comment"),
        ({"unit": "U-S"}, 409, "U-S is a store"),
        ({"unit": "X"}, 404, "There is no unit X"),
    ):
        refused = post(browser, f"{FREIGHT}/set", FORM | changed, page=FREIGHT)
        assert (refused.status_code, said in html.unescape(refused.text)) == (status, True), changed
        if "unit" not in changed:
            assert 'value="150"' in refused.text, changed
    with site.database.reading() as conn:
        assert freight_kept(conn) == {}


def test_a_dealer_sees_its_own_and_sets_it_where_it_is_open(site: Site):
    hq, dealer = site.signed_in("shen.ops"), site.signed_in("kong.dealer")
    assert post(hq, f"{FREIGHT}/set", FORM, page=FREIGHT).status_code == 303
    shown = dealer.get(FREIGHT).text
    assert 'name="unit"' not in shown
    assert 'id="HX"' not in shown
    assert 'id="DEALER"' in shown
    assert post(dealer, f"{FREIGHT}/set", FORM | {"unit": "HX"}, page="/hq/board").status_code == 404
    assert post(dealer, f"{FREIGHT}/set", FORM | {"unit": "DEALER"}, page="/hq/board").status_code == 409
    assert post(hq, f"{FREIGHT}/set", FORM | {"is_open": "yes"}, page=FREIGHT).status_code == 303
    mine = FORM | {"unit": "DEALER", "fee_minor": "3"}
    assert post(dealer, f"{FREIGHT}/set", mine, page=FREIGHT).status_code == 303
    assert "CN¥3.00 · free from" in dealer.get(FREIGHT).text
    assert post(dealer, f"{FREIGHT}/set", mine | {"act": "drop"}, page=FREIGHT).status_code == 303
    assert "CN¥8.00 · free from" in dealer.get(FREIGHT).text
    assert site.signed_in("wu.packer").get(FREIGHT).status_code == 403


# ---------------------------------------------------------------------------------------------------------- the shop


def customer(site: Site) -> httpx.Client:
    ring = open_key_ring(data_directory() / "keys")
    with site.database.transaction() as conn:
        (one,) = succeeded(customers.register_members(conn, [member(phone(7))], ring=ring, now=NOON))
        (session,) = succeeded(customers.begin_sessions(conn, [one.member_id], now=NOON))
    browser = site.browsers.enter_context(httpx.Client(base_url=site.base, headers=PAGE))
    browser.cookies.set("loopline_member", session.token)
    return browser


def filled(page: str, sku: str, units: int = 1, region_code: str = "310100") -> dict[str, str | list[str]]:
    """The form of a checkout as its page has it, with a new address."""
    number = NUMBER.search(page)
    assert number is not None
    return {
        "number": number[1],
        "sku": sku,
        "units": str(units),
        "how": "deliver",
        "address": "new",
        "recipient": "李雷",
        "phone": "13800000007",
        "region_code": region_code,
        "street": "武康路 99 号",
        **dict(HIDDEN.findall(page)),
    }


def order_lines(site: Site) -> list[list[Line]]:
    with site.database.reading() as conn:
        ids = [OrderId(row[0]) for row in conn.execute("select id from orders.order order by id").fetchall()]
        found = orders.lines_by_orders(conn, ids)
    return [[line for line in found if line.order_id == order_id] for order_id in ids]


def test_the_fee_is_shown_before_it_is_charged_and_told_when_it_moved(site: Site):
    with site.database.transaction() as conn:
        charge_delivery(conn)
    browser = customer(site)
    product = html.unescape(browser.get("/p/COAT").text)
    assert "Delivery costs CN¥8" in product
    assert "CN¥37 more for free delivery" in product
    path = "/checkout?sku=COAT"
    page = html.unescape(browser.get(path).text)
    assert "CN¥37 more for free delivery" in page
    assert re.search(r"data-fee>CN¥8<", page)
    assert "CN¥121" in page
    # Two are free, and so is what costs more than the amount.
    assert "Free" in html.unescape(browser.get(f"{path}&units=2").text)
    form = filled(page, "COAT")
    with site.database.transaction() as conn:
        charge_delivery(conn, fee_minor=900)
    told = post(browser, "/checkout/place", form, page=path)
    assert told.status_code == 409
    assert "Delivery was shown for CN¥8, and costs CN¥9 to there." in html.unescape(told.text)
    assert order_lines(site) == []
    again = filled(told.text, "COAT")
    assert again["freight_new"] == "900"
    placed = post(browser, "/checkout/place", again, page=path)
    assert placed.status_code == 303, placed.text
    ((*_, fee),) = order_lines(site)
    assert (fee.code, fee.kind, fee.amount_minor) == (FREIGHT_FEE, LineKind.CHARGE, 900)
    (number,) = re.findall(r"/o/([0-9A-Z-]+)", placed.headers["location"])[:1] or [""]
    if number:
        shown = html.unescape(browser.get(f"/o/{number}").text)
        assert "Postage" in shown


def test_the_far_west_is_told_its_own_fee_and_nowhere_is_refused(site: Site):
    with site.database.transaction() as conn:
        charge_delivery(conn, regions=(FAR, NOWHERE))
    browser = customer(site)
    path = "/checkout?sku=COAT&units=2"
    page = browser.get(path).text
    west = post(browser, "/checkout/place", filled(page, "COAT", 2, "650100"), page=path)
    assert west.status_code == 409
    assert "shown for CN¥0, and costs CN¥20 to there" in html.unescape(west.text)
    assert re.search(r"data-fee>CN¥20<", html.unescape(west.text))
    here = post(browser, "/checkout/place", filled(page, "COAT", 2), page=path)
    assert here.status_code == 409
    assert "We deliver nothing to Shanghai." in html.unescape(here.text)
    assert order_lines(site) == []
    settled = post(browser, "/checkout/place", filled(west.text, "COAT", 2, "650100"), page=path)
    assert settled.status_code == 303
    ((*_, fee),) = order_lines(site)
    assert fee.amount_minor == 2_000
