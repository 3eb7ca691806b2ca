"""Hours on the pages: a manager sets those of the store, a packer gives a parcel to the rider who says its code."""

import html
import re
from collections.abc import Generator

import pytest

from loopline import promises, slots
from loopline.db import Database
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.source import source_wave
from loopline.processes.take_in import Incoming, OrderTaken, place_messages
from loopline.slots import Fee, Way
from loopline.web.collection import rider_code
from tests.make.hours import FOUR, SIX, by_courier, offer_hours
from tests.make.loop import pack_up
from tests.make.shop import NOON
from tests.make.web import SECRET
from tests.module.web.test_store import Site, opened, post, step

PAGE = "/hq/hours"
FORM = {
    "unit": "U-S",
    "way": "courier",
    "act": "set",
    "is_offered": "yes",
    "weekday": ["1", "2", "5"],
    "opens_minute": "10:00",
    "closes_minute": "20:00",
    "slot_minutes": "120",
    "places": "3",
    "lead_minutes": "60",
    "same_day_until_minute": "17:30",
    "horizon_days": "2",
    "kilometres_most": "6",
    "fees": "3 km 5.00\n6 9",
    "comment": "a rider of our own",
}


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def test_a_manager_sets_the_hours_of_the_store_and_of_no_other(site: Site):
    manager = site.signed_in("lin.manager")
    shown = manager.get(PAGE).text
    assert "U-S" in shown
    assert "DEALER" not in shown
    assert post(manager, f"{PAGE}/set", FORM, page=PAGE).status_code == 303
    with site.database.reading() as conn:
        (kept,) = slots.terms_of_units(conn).values()
    assert kept.terms is not None
    assert (kept.way, kept.terms.weekdays, kept.terms.same_day_until_minute) == (
        Way.COURIER,
        (1, 2, 5),
        1_050,
    )
    assert kept.terms.fees == (Fee(kilometres_most=3, minor=500), Fee(kilometres_most=6, minor=900))
    after = html.unescape(manager.get(PAGE).text)
    assert "10:00–20:00 · 3 places every 120 min · up to 6 km" in after
    # What is typed stays where it is refused, with the reason.
    for changed, status, said in (
        ({"places": "many"}, 422, "Places in a slot cannot be read"),
        ({"fees": "far 5"}, 422, "Fees cannot be read"),
        ({"closes_minute": "11:00"}, 422, "Hours until must be between 12:00 and 24:00"),
        ({"comment": " "}, 422, "set with a comment"),
        ({"unit": "U-D"}, 404, "There is no unit U-D"),
    ):
        refused = post(manager, f"{PAGE}/set", FORM | changed, page=PAGE)
        assert (refused.status_code, said in html.unescape(refused.text)) == (status, True), changed
    with site.database.reading() as conn:
        assert list(slots.terms_of_units(conn).values()) == [kept]
    assert post(manager, f"{PAGE}/set", FORM | {"act": "drop"}, page=PAGE).status_code == 303
    with site.database.reading() as conn:
        (kept,) = slots.terms_of_units(conn).values()
    assert kept.terms is None


def packed(site: Site) -> TaskId:
    with site.database.transaction() as conn:
        offer_hours(conn)
        (taken,) = place_messages(
            conn,
            [Incoming(message=by_courier(site.stage.shop, "W-1", hold_minutes=0), scope=WHOLE_BRAND)],
            now=NOON,
        )
        assert isinstance(taken, OrderTaken), taken
        (task_id,) = source_wave(conn, now=NOON).tasks
        pack_up(conn, [task_id], now=NOON)
    return task_id


def test_a_rider_says_the_code_and_the_customer_has_it(site: Site):
    task_id = packed(site)
    packer = site.signed_in("wu.packer")
    today = html.unescape(packer.get("/store").text)
    assert "Courier · today 16:00–18:00" in today
    code = rider_code(task_id, secret=SECRET)
    page = packer.get(f"/store/tasks/{task_id}").text
    found = re.search(r'rider-code">(\d{4})<', page)
    assert found is not None
    assert found[1] == code
    wrong = f"{(int(code) + 1) % 10_000:04d}"
    refused = step(packer, task_id, "hand-over", code=wrong)
    assert (refused.status_code, site.task(task_id).state.value) == (422, "packed")
    assert step(packer, task_id, "hand-over", code=code, carrier="闪送").status_code == 303
    left = packer.get(f"/store/tasks/{task_id}").text
    assert "闪送" in left
    assert step(packer, task_id, "arrived").status_code == 303
    assert "data-arrived" in packer.get(f"/store/tasks/{task_id}").text
    with site.database.reading() as conn:
        assert list(promises.arrivals_of_orders(conn, [site.task(task_id).order_id])) == [task_id]


def test_the_store_agrees_on_another_hour(site: Site):
    task_id = packed(site)
    packer = site.signed_in("wu.packer")
    assert step(packer, task_id, "hour", starts_at=SIX.isoformat()).status_code == 303
    with site.database.reading() as conn:
        (booking,) = slots.bookings_of_orders(conn, [site.task(task_id).order_id]).values()
    assert booking.starts_at == SIX
    odd = step(packer, task_id, "hour", starts_at="yesterday")
    assert odd.status_code == 409
    assert FOUR.isoformat() in html.unescape(packer.get(f"/store/tasks/{task_id}").text)
