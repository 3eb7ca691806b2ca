"""What members send back over real HTTP: by which way, with which photos, and who else sees it."""

import re
from collections.abc import Generator

import httpx
import pytest

from loopline import customers, orders
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Order
from loopline.processes.index import write_down_orders
from loopline.processes.place import Placed, place
from loopline.returns import ways
from loopline.returns.announcements import announced_of_orders
from loopline.returns.ways import Way, WayTerms
from tests.make.customers import member, phone
from tests.make.loop import pay_for
from tests.make.org import succeeded
from tests.make.photos import photo
from tests.make.shop import NOON, till_sale
from tests.make.web import data_directory
from tests.module.web.test_store import PAGE, Site, opened, post
from tests.module.web.test_store_photos_back import SHOWN, sent
from tests.module.web.test_store_returns import HOME, line_of

OWN = re.compile(r'src="(/o/[^"]+/returned/[0-9a-f-]+)"')


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def known(site: Site, number: int) -> MemberId:
    ring = open_key_ring(data_directory() / "keys")
    with site.database.transaction() as conn:
        (one,) = succeeded(customers.register_members(conn, [member(phone(number))], ring=ring, now=NOON))
        return one.member_id


def bought(site: Site, member_id: MemberId, number: str = "T-1") -> Order:
    """A coat and two scarves that a member carried out of the brand's store."""
    with site.database.transaction() as conn:
        (placed,) = succeeded(
            place(
                conn, [till_sale(site.stage.shop, number, member_id=member_id)], scope=WHOLE_BRAND, now=NOON
            )
        )
        assert isinstance(placed, Placed)
        pay_for(conn, site.stage.shop, placed)
        write_down_orders(conn, [placed.order_id])
        (head,) = orders.orders_by_ids(conn, [placed.order_id])
        return head


def signed_in(site: Site, member_id: MemberId) -> httpx.Client:
    with site.database.transaction() as conn:
        (session,) = succeeded(customers.begin_sessions(conn, [member_id], now=NOON))
    browser = site.browsers.enter_context(httpx.Client(base_url=site.base, headers=PAGE))
    browser.cookies.set("loopline_member", session.token)
    return browser


def test_a_parcel_goes_back_under_its_code_with_a_photo_and_the_store_finds_it_by_either_number(site: Site):
    buyer = known(site, 7)
    order, mine, guide = bought(site, buyer), signed_in(site, buyer), site.signed_in("zhou.guide")
    page = f"/o/{order.number}"
    form = {"number": "1", f"units_{line_of(site, order, 'COAT')}": "1", "reason": "defect", "way": "parcel"}
    asked = sent(mine, f"{page}/return", form, {"photo": photo()}, page=page)
    assert asked.status_code == 303, asked.text
    with site.database.reading() as conn:
        (return_id,) = announced_of_orders(conn, [order.id])
    code = ways.code_of(return_id)
    shown = mine.get(page).text
    (own,) = OWN.findall(shown)
    assert (code in shown, mine.get(own).headers["content-type"]) == (True, "image/webp")
    assert signed_in(site, known(site, 8)).get(own).status_code == 404
    unclear = post(mine, f"{page}/return/{return_id}/sent", {"tracking": "SF/1"}, page=page)
    assert (unclear.status_code, "letters, digits and hyphens" in unclear.text) == (422, True)
    assert (
        post(mine, f"{page}/return/{return_id}/sent", {"tracking": "SF 1001"}, page=page).status_code == 303
    )
    waiting = guide.get(HOME).text
    assert "On its way back here" in waiting
    assert "SF1001" in waiting
    for text in (code.lower(), "sf1001"):
        found = guide.get(HOME, params={"q": text})
        assert found.headers.get("location") == f"{HOME}/of/{order.number}", text
    at_counter = guide.get(f"{HOME}/of/{order.number}").text
    assert code in at_counter
    assert len(SHOWN.findall(at_counter)) == 1  # what the customer sent
    assert code in site.signed_in("shen.ops").get(f"/hq/orders/{order.number}").text


def test_a_parcel_number_that_two_say_leads_to_neither_and_shows_both(site: Site):
    told: dict[str, str] = {}
    for number, key in (("T-1", 7), ("T-2", 8)):
        buyer = known(site, key)
        order, mine = bought(site, buyer, number), signed_in(site, buyer)
        page = f"/o/{order.number}"
        form = {
            "number": "1",
            f"units_{line_of(site, order, 'COAT')}": "1",
            "reason": "size",
            "way": "parcel",
        }
        assert post(mine, f"{page}/return", form, page=page).status_code == 303
        with site.database.reading() as conn:
            (return_id,) = announced_of_orders(conn, [order.id])
        sent_to = f"{page}/return/{return_id}/sent"
        assert post(mine, sent_to, {"tracking": "sf1001"}, page=page).status_code == 303
        told[order.number] = ways.code_of(return_id)
    guide = site.signed_in("zhou.guide")
    found = guide.get(HOME, params={"q": "SF1001"})
    assert found.status_code == 200
    choice = found.text.partition("Which one?")[2].partition("On its way back here")[0]
    assert set(re.findall(rf'href="{HOME}/of/([^"]+)"', choice)) == set(told)
    for number, code in told.items():
        led = guide.get(HOME, params={"q": code})
        assert led.headers.get("location") == f"{HOME}/of/{number}"


def test_ways_that_are_not_offered_are_neither_shown_nor_taken(site: Site):
    buyer = known(site, 7)
    order, mine = bought(site, buyer), signed_in(site, buyer)
    page = f"/o/{order.number}"
    assert re.findall(r'name="way" value="(\w+)"', mine.get(page).text) == ["store", "parcel"]
    form = {"number": "1", f"units_{line_of(site, order, 'COAT')}": "1", "reason": "size", "way": "courier"}
    refused = post(mine, f"{page}/return", form, page=page)
    assert (refused.status_code, "choose another way" in refused.text) == (409, True)
    with site.database.reading() as conn:
        assert announced_of_orders(conn, [order.id]) == []


def test_a_courier_fetches_it_and_the_site_that_waits_says_so(site: Site):
    buyer = known(site, 7)
    ops, page = site.signed_in("shen.ops"), "/hq/returns-why"
    offer = {"offered store": "yes", "offered courier": "yes", "cost courier": "12.00", "cost parcel": "8"}
    assert post(ops, f"{page}/ways", offer, page=page).status_code == 303
    with site.database.reading() as conn:
        assert ways.ways_offered(conn) == [
            WayTerms(way=Way.STORE, is_offered=True, cost_minor=0, currency="CNY"),
            WayTerms(way=Way.COURIER, is_offered=True, cost_minor=1_200, currency="CNY"),
            WayTerms(way=Way.PARCEL, is_offered=False, cost_minor=800, currency="CNY"),
        ]
    order, mine, guide = bought(site, buyer), signed_in(site, buyer), site.signed_in("zhou.guide")
    form = {"number": "1", f"units_{line_of(site, order, 'COAT')}": "1", "reason": "size", "way": "courier"}
    assert post(mine, f"/o/{order.number}/return", form, page=f"/o/{order.number}").status_code == 303
    (path,) = re.findall(r'action="(/store/returns/ways/[0-9a-f-]+/fetched)"', guide.get(HOME).text)
    assert post(site.signed_in("sun.manager"), path, {}, page=HOME).status_code == 403
    assert post(guide, path, {}, page=HOME).status_code == 303
    assert path not in guide.get(HOME).text
    assert "The courier has it since" in mine.get(f"/o/{order.number}").text
    assert post(site.signed_in("lin.manager"), f"{page}/ways", offer, page=HOME).status_code == 403
