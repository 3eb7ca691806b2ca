"""Addresses that may lead nowhere, over real HTTP: what packers see, what holds a parcel, who says or mends what."""

from collections.abc import Generator

import httpx
import pytest
from msgspec.structs import replace

from loopline import customers
from loopline.customers import NewDelivery, Recipient, open_key_ring
from loopline.db import Database
from loopline.fulfilment.labels import labels_of_tasks
from loopline.fulfilment.model import TaskState
from loopline.kernel.cities import city_by_code
from loopline.kernel.ids import MemberId, TaskId
from loopline.orders import order_by_id
from tests.make.api import make_key
from tests.make.customers import member, phone, registered
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.store import offer
from tests.make.web import data_directory
from tests.module.web.test_kept import kept, send
from tests.module.web.test_shop_returning import signed_in
from tests.module.web.test_store import Site, opened, post, step, ticked

CHEN = Recipient(name="陈念", phone="13800000007", region_code="310100", street="武康路 99 号 2 室")
VAGUE = replace(CHEN, street="武康路")
NAMELESS = replace(CHEN, name="🌸")
VAGUE_SAID = "The street has neither a number nor a place to find."
LOOKED = ["1", "2", "3", "4"]
UNLISTED = "522300"
"""A city of Guizhou, of which nobody can choose one in the shop."""


@pytest.fixture
def site(database: Database) -> Generator[Site]:
    with opened(database) as site:
        yield site


def checked(site: Site, recipient: Recipient, number: str = "W-1") -> tuple[TaskId, MemberId, httpx.Client]:
    """A parcel in the guide's hand: picked and checked, with where it goes."""
    ring = open_key_ring(data_directory() / "keys")
    with site.database.transaction() as conn:
        (known,) = registered(conn, [member(phone(7))], keys=ring)
        task_id = offer(conn, site.stage, number, member_id=known)
        have = ticked(conn, task_id)
    order_id = site.task(task_id).order_id
    with site.database.transaction() as conn:
        new = NewDelivery(order_id=order_id, member_id=known, recipient=recipient)
        succeeded(customers.keep_deliveries(conn, [new], ring=ring, now=NOON))
    zhou = site.signed_in("zhou.guide")
    for name, form in (("accept", {}), ("pick", {}), ("check", {"have": have, "looked": LOOKED})):
        assert step(zhou, task_id, name, **form).status_code == 303
    return task_id, known, zhou


def path(task_id: TaskId) -> str:
    return f"/store/tasks/{task_id}"


def prints(site: Site, task_id: TaskId) -> int:
    with site.database.reading() as conn:
        found = labels_of_tasks(conn, [task_id]).get(task_id)
    return found.prints if found else 0


def said_right(site: Site, task_id: TaskId) -> list[tuple[str, list[str]]]:
    with site.database.reading() as conn:
        rows = conn.execute(
            "select actor, data -> 'doubts' from log.event where type = 'address_said_right' and subject = %s",
            (site.task(task_id).order_id,),
        ).fetchall()
    return [(str(actor), list(doubts)) for actor, doubts in rows]


def number_of(site: Site, task_id: TaskId) -> str:
    with site.database.reading() as conn:
        head = order_by_id(conn, site.task(task_id).order_id)
    assert head is not None
    return head.number


def test_a_doubted_address_holds_label_and_parcel_until_whoever_packs_says_that_it_is_right(site: Site):
    task_id, _, zhou = checked(site, VAGUE)
    page = zhou.get(path(task_id)).text
    assert (VAGUE_SAID in page, 'href="tel:+8613800000007"' in page) == (True, True)
    refused = step(zhou, task_id, "label", form="zpl")
    assert (refused.status_code, prints(site, task_id), said_right(site, task_id)) == (409, 0, [])
    assert step(zhou, task_id, "pack").status_code == 303
    held = step(zhou, task_id, "hand-over")
    assert (held.status_code, "call the customer, or tick that it is right" in held.text) == (409, True)
    assert site.task(task_id).state is TaskState.PACKED
    given = step(zhou, task_id, "label", form="zpl", address_right="yes")
    assert (given.status_code, prints(site, task_id)) == (200, 1)
    said = [(f"person:{site.stage.people['zhou.guide']}", ["no_number"])]
    assert said_right(site, task_id) == said
    # Said once, it is asked no more, and says who it was at headquarters.
    assert VAGUE_SAID not in zhou.get(path(task_id)).text
    assert step(zhou, task_id, "hand-over", address_right="yes").status_code == 303
    assert (site.task(task_id).state, said_right(site, task_id)) == (TaskState.HANDED_OVER, said)
    story = site.signed_in("shen.ops").get(f"/hq/orders/{number_of(site, task_id)}").text
    assert "The address was in doubt, and was said to be right" in story


def test_what_no_carrier_can_read_is_stopped_whatever_is_said(site: Site):
    task_id, _, zhou = checked(site, NAMELESS)
    page = zhou.get(path(task_id)).text
    assert ("no name in it that a label could show" in page, "Print the label" in page) == (True, False)
    assert step(zhou, task_id, "label", form="zpl", address_right="yes").status_code == 409
    assert step(zhou, task_id, "pack").status_code == 303
    held = step(zhou, task_id, "hand-over", address_right="yes")
    assert (held.status_code, "Nobody can bring this" in held.text) == (409, True)
    assert (site.task(task_id).state, prints(site, task_id), said_right(site, task_id)) == (
        TaskState.PACKED,
        0,
        [],
    )


def test_a_phone_keeps_the_doubts_and_no_name_and_its_step_says_that_it_is_right(site: Site):
    task_id, _, zhou = checked(site, VAGUE)
    (packed,) = [one["html"] for one in kept(zhou, task_id).json()["pages"] if one["state"] == "packed"]
    assert (VAGUE_SAID in packed, 'name="address_right"' in packed) == (True, True)
    assert (CHEN.name in packed, "武康路" in packed, "tel:" in packed) == (False, False, False)
    assert send(zhou, task_id, "pack").json()["refused"] == ""
    assert "tick that it is right" in send(zhou, task_id, "hand-over").json()["refused"]
    assert site.task(task_id).state is TaskState.PACKED
    assert send(zhou, task_id, "hand-over", address_right=["yes"]).json()["refused"] == ""
    assert (site.task(task_id).state, len(said_right(site, task_id))) == (TaskState.HANDED_OVER, 1)


def test_an_address_in_no_doubt_asks_nothing(site: Site):
    task_id, _, zhou = checked(site, CHEN)
    page = zhou.get(path(task_id)).text
    assert ("Will it arrive?" in page, "address_right" in page) == (False, False)
    assert step(zhou, task_id, "pack").status_code == 303
    # What is ticked though nothing was asked is no event.
    assert step(zhou, task_id, "hand-over", address_right="yes").status_code == 303
    assert (site.task(task_id).state, said_right(site, task_id)) == (TaskState.HANDED_OVER, [])


def test_its_customer_mends_it_until_its_label_is_printed(site: Site):
    task_id, known, zhou = checked(site, VAGUE)
    page = f"/o/{number_of(site, task_id)}"
    mine = signed_in(site, known)
    assert (VAGUE_SAID in mine.get(page).text, 'value="武康路"' in mine.get(page).text) == (True, True)
    form = {"recipient": "陈念", "phone": "13800000007", "region_code": "310100", "street": "武康路 99 号"}
    moved = post(mine, f"{page}/address", form | {"region_code": "320500"}, page=page)
    assert (moved.status_code, "The city of an order stays" in moved.text) == (409, True)
    assert post(mine, f"{page}/address", form, page=page).status_code == 303
    assert post(mine, f"{page}/address", form, page=page).status_code == 303  # sent twice
    shown = zhou.get(path(task_id)).text
    assert ("武康路 99 号" in shown, VAGUE_SAID in shown) == (True, False)
    assert step(zhou, task_id, "label", form="zpl").status_code == 200
    late = post(mine, f"{page}/address", form | {"street": "武康路 100 号"}, page=page)
    assert (late.status_code, "The address stays" in late.text) == (409, True)
    with site.database.reading() as conn:
        told = conn.execute(
            "select actor from log.event where type = 'address_mended' and subject = %s",
            (site.task(task_id).order_id,),
        ).fetchall()
    assert told == [(f"member:{known}",)]


def test_an_address_in_a_city_that_is_in_no_list_is_mended_too(site: Site):
    task_id, known, _ = checked(site, replace(VAGUE, region_code=UNLISTED))
    assert city_by_code(UNLISTED) is None
    page = f"/o/{number_of(site, task_id)}"
    mine = signed_in(site, known)
    form = {"recipient": "陈念", "phone": "13800000007", "region_code": UNLISTED, "street": "武康路 99 号"}
    assert VAGUE_SAID in mine.get(page).text
    assert post(mine, f"{page}/address", form, page=page).status_code == 303
    assert VAGUE_SAID not in mine.get(page).text


def test_of_an_order_that_is_called_off_nothing_is_to_be_mended(site: Site):
    task_id, known, _ = checked(site, VAGUE)
    page = f"/o/{number_of(site, task_id)}"
    mine = signed_in(site, known)
    assert VAGUE_SAID in mine.get(page).text
    assert post(mine, f"{page}/cancel", {}, page=page).status_code == 303
    assert VAGUE_SAID not in mine.get(page).text


def test_of_another_branch_nothing_is_said(site: Site):
    task_id, _, _ = checked(site, VAGUE)
    sun = site.signed_in("sun.manager")
    token = sun.cookies["loopline_form"]
    form = {"_csrf_token": token, "form": "zpl", "address_right": "yes"}
    assert sun.post(f"{path(task_id)}/label", data=form).status_code == 404
    assert said_right(site, task_id) == []


def test_programs_are_stopped_by_what_nobody_can_bring_and_by_nothing_else(site: Site):
    token = make_key(site.database, branch="HX")
    program = httpx.Client(base_url=f"{site.base}/api/v1", headers={"authorization": f"Bearer {token}"})
    site.browsers.enter_context(program)

    def asked(where: str, task_id: TaskId) -> list[object]:
        body = {"items": [{"task_id": str(task_id)}]} | ({"form": "zpl"} if where == "labels" else {})
        (one,) = program.post(f"/tasks/{where}", json=body).json()["outcomes"]
        problem = one.get("problem", {})
        return [problem.get("code"), problem.get("fields", {}).get("lacking")]

    nameless, _, zhou = checked(site, NAMELESS)
    assert step(zhou, nameless, "pack").status_code == 303
    for where in ("labels", "hand-over"):
        assert asked(where, nameless) == ["address_unusable", "name"]
    with site.database.transaction() as conn:
        conn.execute("update customers.delivery_doubt set kinds = '{no_number}'")
    for where in ("labels", "hand-over"):
        assert asked(where, nameless) == [None, None]
    assert site.task(nameless).state is TaskState.HANDED_OVER
