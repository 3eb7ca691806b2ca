"""What headquarters does to chosen orders, over real HTTP: seen before it is done, each by itself, nobody else's."""

import re
from collections.abc import Generator

import httpx
import pytest

from loopline import orders, org
from loopline.db import Database
from loopline.kernel.ids import OrderId
from loopline.orders import Order, PutOff, WaitsFor
from loopline.processes.source import source_wave
from tests.make.shop import NOON
from tests.module.web.test_find import House, opened
from tests.module.web.test_store import post

LIST = "/hq/orders"


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    with opened(database) as house:
        yield house


def head(house: House, name: str) -> Order:
    with house.database.reading() as conn:
        found = orders.order_by_number(conn, house.numbers[name])
    assert isinstance(found, Order)
    return found


def put_off(database: Database, order_id: OrderId) -> None:
    with database.transaction() as conn:
        conn.execute("update orders.order set pay_until = null where id = %s", (order_id,))
        wait = PutOff(order_id=order_id, waits_for=WaitsFor.SITE, until=NOON.replace(hour=23))
        assert orders.put_off(conn, [wait]) == 1


def outcomes(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    found = re.findall(
        r'<p class="fact-line"><span><a href="/hq/orders/([^"]+)">.*?</span></span><span[^>]*>(.*?)</span></p>',
        answer.text,
    )
    return dict(found)


def test_calling_off_is_looked_at_before_it_is_done_and_twice_is_once(house: House):
    hq = house.signed_in("shen.ops")
    web, till = house.numbers["web"], house.numbers["till"]
    shown = post(hq, f"{LIST}/cancel/look", {"order": [web, till, "nothing"]}, page=LIST)
    assert [one in shown.text for one in (web, till, "nothing")] == [True, True, False]
    assert head(house, "web").cancelled == 0
    for _ in range(2):
        said = outcomes(post(hq, f"{LIST}/cancel/now", {"order": [web, till]}, page=LIST))
        assert said[web] == "Called off."
        assert (
            said[till]
            == f"Nothing of order {till} is left to be cancelled: what was handed over can only be returned."
        )
    assert (head(house, "web").cancelled, head(house, "web").held, head(house, "till").handed_over) == (
        2,
        0,
        1,
    )


def test_what_waits_for_a_site_is_due_at_once(house: House):
    hq, web, till = house.signed_in("shen.ops"), house.numbers["web"], house.numbers["till"]
    put_off(house.database, head(house, "web").id)
    page = hq.get(f"{LIST}/{web}").text
    assert "Source now" in page
    assert "every site that has the goods refused; looked at again at 3 Mar 07:00" in page
    chinese = hq.get(f"{LIST}/{web}", headers={"accept-language": "zh"}).text
    assert ("等待原因" in chinese, "有货的门店和仓库都拒绝了" in chinese) == (True, True)
    with house.database.transaction() as conn:
        assert source_wave(conn, now=NOON).orders == 0
    said = outcomes(post(hq, f"{LIST}/source", {"order": [web, till]}, page=LIST))
    assert said == {web: "Decided with the next wave.", till: f"Order {till} does not wait for a site."}
    with house.database.transaction() as conn:
        assert source_wave(conn, now=NOON).orders == 1
    assert "looked at again" not in hq.get(f"{LIST}/{web}").text


def test_what_names_its_sites_is_let_go_from_any(house: House):
    hq, web = house.signed_in("shen.ops"), house.numbers["web"]
    assert "Let any site send it" not in hq.get(f"{LIST}/{web}").text
    with house.database.transaction() as conn:
        (site_id,) = [site.id for site in org.branch_sites(conn) if site.code == "D"]
        named = orders.NamedSites(order_id=head(house, "web").id, site_ids=(site_id,))
        assert orders.name_sites(conn, [named], now=NOON) == [True]
    page = hq.get(f"{LIST}/{web}").text
    assert ("Let any site send it" in page, "Must ship from" in page) == (True, True)
    said = outcomes(post(hq, f"{LIST}/ship-anywhere", {"order": [web]}, page=LIST))
    assert said == {web: "Any site may send it."}
    page = hq.get(f"{LIST}/{web}").text
    assert ("Must ship from" in page, "Sites it must ship from changed" in page) == (False, True)


@pytest.mark.parametrize("act", ["source", "ship-anywhere", "cancel/now", "cancel/look"])
def test_another_branch_s_orders_are_no_orders(house: House, act: str):
    dealer = house.signed_in("kong.dealer")
    answer = post(dealer, f"{LIST}/{act}", {"order": [house.numbers["web"]]}, page=LIST)
    assert (answer.status_code, "No order chosen" in answer.text) == (200, True)
    assert head(house, "web").cancelled == 0
    finance = house.signed_in("gu.finance")
    assert 'form="bulk"' not in finance.get(LIST).text
    assert post(finance, f"{LIST}/{act}", {"order": [house.numbers["web"]]}, page=LIST).status_code == 403
