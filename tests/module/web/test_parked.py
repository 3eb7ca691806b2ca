"""The page of what waits for goods, over real HTTP: what is expected first, what people say of it, who sees what."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import httpx
import msgspec
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits, OnShortage
from loopline.processes.expect import expect
from loopline.processes.place import Placed, place
from loopline.stock.restocks import restocks
from tests.make.databases import database_from
from tests.make.org import PASSWORD
from tests.make.shop import NOON, ask, lines
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

PARKED = "/hq/sourcing/parked"
WORD = {"sku": "COAT", "day": "2026-03-10", "units": "50", "note": "Boat of the 2nd"}


class House(msgspec.Struct, frozen=True):
    """A served brand of which an order waits for goods."""

    database: Database
    base: str
    browsers: ExitStack
    number: str

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser


@pytest.fixture
def house(server: EmbeddedServer, template: str) -> Generator[House, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
            draft = ask(
                stage.shop,
                "P-1",
                lines=lines(stage.shop, ("COAT", 60)),
                credits=Credits(),
                on_shortage=OnShortage.PARK,
                hold_minutes=0,
            )
            (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
            assert isinstance(outcome, Placed)
            expect(conn, now=NOON)
        with served(database, settings(demo=DEMO), clock=lambda: NOON) as base, ExitStack() as browsers:
            yield House(database, base, browsers, outcome.number)


def test_what_waits_is_shown_and_gets_its_day_by_what_is_said(house: House):
    hq = house.signed_in("shen.ops")
    shown = hq.get(PARKED).text
    assert house.number in shown
    assert "no day known yet" in shown
    assert post(hq, f"{PARKED}/state", WORD, page=PARKED).status_code == 303
    shown = hq.get(PARKED).text
    assert "10 Mar 2026" in shown
    assert "Boat of the 2nd" in shown
    assert "no day known yet" not in shown
    assert "expected on 10 Mar 2026" in hq.get(f"/hq/orders/{house.number}").text
    with house.database.reading() as conn:
        (standing,) = restocks(conn)
    assert post(hq, f"{PARKED}/withdraw", {"id": str(standing.id)}, page=PARKED).status_code == 303
    assert "Nothing is said of goods that come." in hq.get(PARKED).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sku": "NOPE"}, "There is no SKU NOPE."),
        ({"day": "soon"}, "Say a SKU, a day"),
        ({"units": "0"}, "Say a SKU, a day"),
        ({"site": "NOPE"}, "There is no site NOPE"),
        ({"day": "2026-03-01"}, "say a day from today on"),
    ],
)
def test_what_cannot_be_meant_is_said_above_the_form_that_keeps_what_was_typed(
    house: House, changes: dict[str, str], said: str
):
    hq = house.signed_in("shen.ops")
    answer = post(hq, f"{PARKED}/state", WORD | changes, page=PARKED)
    assert answer.status_code == 409
    assert said in answer.text
    assert 'value="Boat of the 2nd"' in answer.text
    with house.database.reading() as conn:
        assert restocks(conn) == []


def test_a_dealer_sees_no_orders_of_the_brand_and_speaks_for_the_own_sites_alone(house: House):
    dealer = house.signed_in("kong.dealer")
    shown = dealer.get(PARKED).text
    assert house.number not in shown
    assert "What comes when" in shown
    assert post(dealer, f"{PARKED}/state", WORD, page=PARKED).status_code == 409
    assert post(dealer, f"{PARKED}/state", WORD | {"site": "D"}, page=PARKED).status_code == 303
    with house.database.reading() as conn:
        (standing,) = restocks(conn)
    assert standing.site_id is not None


def test_a_day_that_is_over_alarms_on_the_monitor(house: House):
    hq = house.signed_in("shen.ops")
    post(hq, f"{PARKED}/state", WORD, page=PARKED)
    assert "goods-overdue" not in hq.get("/hq/sourcing").text
    with house.database.transaction() as conn:
        conn.execute("update orders.parking set expected_on = date '2026-03-01'")
    shown = hq.get("/hq/sourcing").text
    assert 'data-key="goods-overdue"' in shown
    assert "The goods of 1 lines did not come" in shown
    assert "tone-bad" in hq.get(PARKED).text
