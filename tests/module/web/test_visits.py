"""The fitter's day over real HTTP: whom to visit, whose address is opened to whom, and how it went."""

import html
from collections.abc import Generator
from datetime import timedelta

import httpx
import pytest

from loopline import customers, slots
from loopline.customers import NewDelivery, Recipient
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.fulfilment.model import TaskState
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.source import source_wave
from loopline.processes.take_in import Incoming, OrderTaken, place_messages
from loopline.slots import Way
from loopline.slots.visits import Outcome, visits_of_orders
from loopline.web.collection import visit_code
from tests.make.customers import member, phone
from tests.make.hours import fitted, offer_hours, with_a_fitter
from tests.make.loop import pack_up
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.web import SECRET, data_directory
from tests.module.web.test_store import Site, opened, post

PAGE = "/store/visits"
STREET = "延安西路 1 号 3 单元 501"


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def ordered(site: Site) -> tuple[OrderId, TaskId]:
    with site.database.transaction() as conn:
        offer_hours(conn, way=Way.AT_HOME)
        fitted(conn)
        message = with_a_fitter(site.stage.shop, "W-1", hold_minutes=0)
        (taken,) = place_messages(conn, [Incoming(message=message, scope=WHOLE_BRAND)], now=NOON)
        assert isinstance(taken, OrderTaken), taken
        ring = open_key_ring(data_directory() / "keys")
        who = Recipient(name="王芳", phone="13800000007", region_code="310100", street=STREET)
        (known,) = succeeded(customers.register_members(conn, [member(phone(7))], ring=ring, now=NOON))
        wanted = NewDelivery(order_id=taken.order_id, member_id=known.member_id, recipient=who)
        succeeded(customers.keep_deliveries(conn, [wanted], ring=ring, now=NOON))
        (task_id,) = source_wave(conn, now=NOON).tasks
    return taken.order_id, task_id


def step(browser: httpx.Client, order_id: OrderId, name: str, **form: str) -> httpx.Response:
    return post(browser, f"{PAGE}/{order_id}/{name}", form, page=f"{PAGE}/{order_id}")


def said(browser: httpx.Client, path: str) -> str:
    return html.unescape(browser.get(path).text)


def openings(site: Site) -> int:
    with site.database.reading() as conn:
        row = conn.execute("select count(*) from customers.access where purpose = 'fulfilment'").fetchone()
    assert row is not None
    return int(row[0])


def test_an_address_is_opened_to_whoever_goes_there_and_to_nobody_else(site: Site):
    order_id, task_id = ordered(site)
    with site.database.transaction() as conn:
        pack_up(conn, [task_id], now=NOON)
    wu, zhou = site.signed_in("wu.packer"), site.signed_in("zhou.guide")
    assert "today 16:00–18:00" in said(wu, PAGE)
    for path in (PAGE, f"{PAGE}/{order_id}", f"/store/tasks/{task_id}"):
        assert STREET not in said(wu, path), path
    assert openings(site) == 0
    assert step(wu, order_id, "take").status_code == 303
    assert STREET in said(wu, PAGE)
    assert openings(site) > 0
    before = openings(site)
    assert STREET not in said(zhou, f"{PAGE}/{order_id}")
    assert openings(site) == before
    # Another branch has no such visit.
    sun = site.signed_in("sun.manager")
    assert sun.get(f"{PAGE}/{order_id}").status_code == 404
    assert post(sun, f"{PAGE}/{order_id}/take", {}, page=PAGE).status_code == 404
    assert "today 16:00" not in said(sun, PAGE)


def test_a_visit_is_done_by_the_code_that_the_customer_says(site: Site):
    order_id, task_id = ordered(site)
    wu = site.signed_in("wu.packer")
    step(wu, order_id, "take")
    assert "Pack it first" in said(wu, f"{PAGE}/{order_id}")
    assert step(wu, order_id, "set-out").status_code == 409
    with site.database.transaction() as conn:
        pack_up(conn, [task_id], now=NOON)
    task = said(wu, f"/store/tasks/{task_id}")
    assert ("It goes with a fitter" in task, "Given to the carrier</button>" in task) == (True, False)
    assert post(wu, f"/store/tasks/{task_id}/hand-over", {}, page=PAGE).status_code == 409
    assert step(wu, order_id, "set-out").status_code == 303
    site.clock.turn(timedelta(hours=4))
    code = visit_code(order_id, secret=SECRET)
    wrong = step(wu, order_id, "done", code=f"{(int(code) + 1) % 1_000_000:06d}", proof="code")
    assert (wrong.status_code, site.task(task_id).state) == (422, TaskState.PACKED)
    assert code not in wrong.text
    for _ in range(3):
        assert step(wu, order_id, "done", code="x", proof="code").status_code == 422
    locked = step(wu, order_id, "done", code="x", proof="code")
    assert locked.status_code == 429
    assert "Too many wrong codes" in html.unescape(locked.text)
    assert step(wu, order_id, "done", code=code, proof="code").status_code == 429
    site.clock.turn(timedelta(minutes=15))
    assert step(wu, order_id, "done", proof="signature", signed_by="王芳").status_code == 422
    wide = code.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert step(wu, order_id, "done", code=wide, proof="code").status_code == 303
    assert site.task(task_id).state is TaskState.HANDED_OVER
    after = said(wu, f"{PAGE}/{order_id}")
    assert "Fitted. The customer has it." in after
    assert STREET not in after


def test_nobody_home_is_said_and_another_hour_agreed_on(site: Site):
    order_id, task_id = ordered(site)
    with site.database.transaction() as conn:
        pack_up(conn, [task_id], now=NOON)
    wu = site.signed_in("wu.packer")
    step(wu, order_id, "take")
    step(wu, order_id, "set-out")
    # While somebody is on the way nothing is moved.
    assert "Agree on another hour" not in said(wu, f"/store/tasks/{task_id}")
    site.clock.turn(timedelta(hours=4))
    assert step(wu, order_id, "not-done", reason="whatever").status_code == 422
    assert step(wu, order_id, "not-done", reason="nobody_home").status_code == 303
    assert "Was there in vain" in said(wu, PAGE)
    assert "Agree on another hour" in said(wu, f"/store/tasks/{task_id}")
    with site.database.reading() as conn:
        (visit,) = visits_of_orders(conn, [order_id])[order_id]
        (booking,) = slots.bookings_of_orders(conn, [order_id]).values()
    assert (visit.outcome, booking.carrier) == (Outcome.NOT_DONE, "Wu.Packer")


def test_the_day_is_of_the_day_that_is_looked_at(site: Site):
    ordered(site)
    wu = site.signed_in("wu.packer")
    assert "Visits today" in said(wu, "/store")
    assert "16:00" not in said(wu, f"{PAGE}?day=2026-03-03")
    assert "Nobody is visited on this day." in said(wu, f"{PAGE}?day=2026-03-03")
    assert "today 16:00–18:00" in said(wu, f"{PAGE}?day=nonsense")
    # The next day what nobody ended is still there, and late.
    site.clock.turn(timedelta(days=1))
    assert "The hour is over" in said(site.signed_in("wu.packer"), PAGE)
