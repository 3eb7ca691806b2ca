"""What a phone keeps of tasks, and the steps it sends later, over real HTTP: of no customer, each done once."""

import re
from collections.abc import Generator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from loopline import customers
from loopline.customers import NewDelivery, Recipient, open_key_ring
from loopline.db import Database
from loopline.fulfilment.model import TaskState
from loopline.kernel.ids import TaskId, uuid7
from loopline.processes.go_dark import watch_sites
from tests.make.customers import member, phone, registered
from tests.make.loop import subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, lines
from tests.make.store import offer, offer_to_collect
from tests.make.web import data_directory
from tests.module.web.test_store import Site, opened, ticked

CHEN = Recipient(name="陈念", phone="13800000007", region_code="310100", street="武康路 99 号 2 室")
PERSON = re.compile(r'id="step-outbox"[^>]* data-person="([0-9a-f-]{36})"')
STEPS = ["task_accepted", "picking_started", "goods_checked", "parcel_packed"]


@pytest.fixture
def site(database: Database) -> Generator[Site]:
    with opened(database) as site:
        yield site


def kept(browser: httpx.Client, task_id: TaskId) -> httpx.Response:
    return browser.get(f"/store/tasks/{task_id}/kept", headers={"accept": "application/json"}, timeout=60)


def send(
    browser: httpx.Client,
    task_id: TaskId,
    step: str,
    *,
    number: UUID | None = None,
    **fields: list[str],
) -> httpx.Response:
    token = browser.get("/store/photos/token", timeout=60).json()["token"]
    sent = {"id": str(number or uuid7(NOON)), "task_id": str(task_id), "step": step, "fields": fields}
    headers = {"x-csrftoken": token, "accept": "application/json"}
    return browser.post("/store/tasks/steps", json=sent, headers=headers, timeout=60)


def log_of(site: Site, task_id: TaskId) -> list[str]:
    with site.database.reading() as conn:
        told = subject_types(conn, site.task(task_id).order_id)
    return [one for one in told if one in STEPS or one == "task_refused"]


def test_pages_are_kept_ahead_and_tell_of_no_customer(site: Site):
    ring = open_key_ring(data_directory() / "keys")
    with site.database.transaction() as conn:
        (known,) = registered(conn, [member(phone(7))], keys=ring)
        to_send = offer(conn, site.stage, "W-1", member_id=known)
        to_collect = offer_to_collect(conn, site.stage, "W-2")
    order_id = site.task(to_send).order_id
    with site.database.transaction() as conn:
        wanted = NewDelivery(order_id=order_id, member_id=known, recipient=CHEN)
        succeeded(customers.keep_deliveries(conn, [wanted], ring=ring, now=NOON))
    zhou = site.signed_in("zhou.guide")
    told = kept(zhou, to_send).json()
    assert (told["state"], [one["state"] for one in told["pages"]]) == (
        "offered",
        ["offered", "accepted", "picking", "checked", "packed"],
    )
    assert "双面羊绒大衣 ×1" in told["goods"]
    assert "Start picking" in told["pages"][1]["html"]
    assert "Packed and labelled" in told["pages"][3]["html"]
    assert [one["state"] for one in kept(zhou, to_collect).json()["pages"]][-1] == "checked"
    for step in ("accept", "pick"):
        assert send(zhou, to_send, step).json()["refused"] == ""
    with site.database.reading() as conn:
        have = ticked(conn, to_send)
    assert send(zhou, to_send, "check", have=have, looked=["1", "2", "3", "4"]).json()["refused"] == ""
    # Whoever packs is shown the address; what their phone keeps names nobody, and nothing was opened for it.
    assert "武康路" in zhou.get(f"/store/tasks/{to_send}", timeout=60).text
    with site.database.reading() as conn:
        before = conn.execute("select count(*) from customers.access").fetchone()
    text = kept(zhou, to_send).text
    for secret in (CHEN.name, CHEN.phone, CHEN.street):
        assert secret not in text
    with site.database.reading() as conn:
        assert conn.execute("select count(*) from customers.access").fetchone() == before


def test_a_step_sent_twice_is_done_once(site: Site):
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1")
    zhou = site.signed_in("zhou.guide")
    with site.database.reading() as conn:
        have = ticked(conn, task_id)
    fields = {"check": {"have": have, "looked": ["1", "2", "3", "4"]}, "pack": {"box": [""]}}
    for step in ("accept", "pick", "check", "pack"):
        number = uuid7(NOON)
        answers = [send(zhou, task_id, step, number=number, **fields.get(step, {})) for _ in range(2)]
        assert [one.json() for one in answers] == [{"id": str(number), "refused": ""}] * 2
    assert (site.task(task_id).state, log_of(site, task_id)) == (TaskState.PACKED, STEPS)


def test_part_of_it_refused_twice_under_one_id_is_refused_once(site: Site):
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1")
    zhou = site.signed_in("zhou.guide")
    with site.database.reading() as conn:
        (first, _) = ticked(conn, task_id)
    number, fields = uuid7(NOON), {"reason": ["not_found"], f"units_{first}": ["1"]}
    for _ in range(2):
        assert send(zhou, task_id, "refuse", number=number, **fields).json()["refused"] == ""
    assert log_of(site, task_id) == ["task_refused"]


def test_the_page_of_picking_that_is_kept_ahead_asks_for_all_that_is_asked_for_then(site: Site):
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1", lines=lines(site.stage.shop, ("COAT", 10)))
        have = ticked(conn, task_id)
    zhou = site.signed_in("zhou.guide")
    (ahead,) = [one["html"] for one in kept(zhou, task_id).json()["pages"] if one["state"] == "picking"]
    assert "The last here, perhaps from display" in ahead
    points = re.findall(r'name="looked" value="(\d+)"', ahead)
    for step in ("accept", "pick"):
        assert send(zhou, task_id, step).json()["refused"] == ""
    assert send(zhou, task_id, "check", have=have, looked=points[:-1]).json()["refused"]
    assert send(zhou, task_id, "check", have=have, looked=points).json()["refused"] == ""
    assert site.task(task_id).state is TaskState.CHECKED


def test_what_a_colleague_did_on_the_phone_is_not_done_by_who_is_signed_in_now(site: Site):
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1")
    zhou, lin = site.signed_in("zhou.guide"), site.signed_in("lin.manager")
    found = PERSON.search(zhou.get("/store", headers={"accept": "text/html"}, timeout=60).text)
    assert found is not None

    def accept(browser: httpx.Client) -> httpx.Response:
        token = browser.get("/store/photos/token", timeout=60).json()["token"]
        mine: dict[str, object] = {"id": str(uuid7(NOON)), "task_id": str(task_id), "step": "accept"}
        headers = {"x-csrftoken": token, "accept": "application/json"}
        mine |= {"fields": {}, "person": found.group(1)}
        return browser.post("/store/tasks/steps", json=mine, headers=headers, timeout=60)

    assert accept(lin).status_code == 401
    assert site.task(task_id).state is TaskState.OFFERED
    assert accept(zhou).json()["refused"] == ""
    assert str(site.task(task_id).accepted_by) == found.group(1)


def test_what_cannot_be_is_said_in_words_and_nothing_is_done(site: Site):
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1")
    zhou, lin = site.signed_in("zhou.guide"), site.signed_in("lin.manager")
    assert send(lin, task_id, "accept").json()["refused"] == ""
    late = send(zhou, task_id, "accept")
    assert late.status_code == 200
    assert late.json()["refused"]
    assert send(zhou, task_id, "pack").json()["refused"]
    assert send(zhou, task_id, "check").json()["refused"]
    assert log_of(site, task_id) == STEPS[:1]
    old = send(zhou, task_id, "pick", number=UUID("6ecd8c99-4036-403d-bf84-cf8400f67836"))
    assert old.status_code == 422
    assert send(zhou, task_id, "fly").status_code in {400, 422}


def test_who_went_on_without_a_network_hears_that_the_work_was_taken_back(site: Site):
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1")
    zhou = site.signed_in("zhou.guide")
    assert send(zhou, task_id, "accept").json()["refused"] == ""
    site.clock.turn(timedelta(minutes=30))
    with site.database.transaction() as conn:
        assert watch_sites(conn, now=site.clock.now, limit=10) == 2  # a site, and a task
    late = send(zhou, task_id, "pick")
    assert (late.status_code, site.task(task_id).state) == (200, TaskState.CANCELLED)
    assert late.json()["refused"] == (
        "This work was taken back: it was called off, or goes from another site."
        " Put its goods back: none may leave."
    )


def test_of_another_branch_there_is_nothing_to_keep_or_to_do(site: Site):
    with site.database.transaction() as conn:
        task_id = offer(conn, site.stage, "W-1")
    sun, finance = site.signed_in("sun.manager"), site.signed_in("gu.finance")
    assert kept(sun, task_id).status_code == 404
    assert send(sun, task_id, "accept").status_code in {403, 404}
    assert kept(finance, task_id).status_code == 403
    assert site.task(task_id).state is TaskState.OFFERED
    assert log_of(site, task_id) == []


def test_the_shell_is_of_nobody_and_its_worker_may_act_for_all_of_the_store(site: Site):
    shell = httpx.get(f"{site.base}/store/shell", headers={"accept": "text/html"})
    assert shell.status_code == 200
    for secret in ("周可", "林晓梅", "data-person"):
        assert secret not in shell.text
    worker = httpx.get(f"{site.base}/store/worker.js")
    assert worker.headers["service-worker-allowed"] == "/store"
    scripts = [
        part.split('"')[0] for part in shell.text.split('src="')[1:] if part.startswith("/store/code/")
    ]
    assert [one.rpartition("/")[2] for one in scripts] == ["tasks.js"]
    found = httpx.get(site.base + scripts[0])
    assert (found.status_code, "immutable" in found.headers["cache-control"]) == (200, True)
