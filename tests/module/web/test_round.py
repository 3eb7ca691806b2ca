"""Rounds and labels over real HTTP: who may begin and go on, what a phone says twice, and whose address is printed."""

import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import msgspec
import pytest

from loopline import customers
from loopline.customers import NewDelivery, Recipient
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.labels import labels_of_tasks
from loopline.fulfilment.model import AcceptTask, CheckTask, PackTask, PickTask, TaskState
from loopline.kernel.ids import MemberId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch, fulfil
from loopline.stock.places import shelf_places
from tests.make.customers import member, phone
from tests.make.databases import database_from
from tests.make.loop import subject_types
from tests.make.org import PASSWORD, succeeded
from tests.make.shop import NOON, lines, stock_up
from tests.make.store import Stage, offer, open_store
from tests.make.web import data_directory, served, settings

Answer = dict[str, Any]
AS_PROGRAM = {"accept": "application/json", "accept-language": "en"}
AS_PAGE = {"accept": "text/html", "accept-language": "zh"}
CHEN = Recipient(name="陈念", phone="13800000007", region_code="310100", street="武康路 99 号 2 室")


class Store(msgspec.Struct, frozen=True):
    """A served store, and browsers of its people."""

    database: Database
    stage: Stage
    member_id: MemberId
    base: str
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(
            httpx.Client(base_url=self.base, headers=AS_PROGRAM, timeout=60)
        )
        browser.get("/sign-in", headers=AS_PAGE)
        form = {"sign_in_name": name, "password": PASSWORD, "_csrf_token": browser.cookies["loopline_form"]}
        assert browser.post("/sign-in", data=form).status_code == 303
        return browser

    def accepted(self, number: str, *, units: int = 1, recipient: Recipient = CHEN) -> TaskId:
        """A task of scarves that the store has accepted, for somebody whose address is kept."""
        with self.database.transaction() as conn:
            wanted = lines(self.stage.shop, ("SCARF", units))
            task_id = offer(conn, self.stage, number, member_id=self.member_id, lines=wanted)
            order_id = fulfilment.tasks_by_id(conn, [task_id])[0].order_id
            new = NewDelivery(order_id=order_id, member_id=self.member_id, recipient=recipient)
            succeeded(
                customers.keep_deliveries(
                    conn, [new], ring=open_key_ring(data_directory() / "keys"), now=NOON
                )
            )
            succeeded(dispatch.accept(conn, [AcceptTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
        return task_id

    def checked(self, number: str) -> TaskId:
        """A parcel of the store in hand: picked by itself, and checked."""
        task_id = self.accepted(number)
        with self.database.transaction() as conn:
            succeeded(fulfil.pick(conn, [PickTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
            succeeded(fulfil.check(conn, [CheckTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
        return task_id

    def states(self, *task_ids: TaskId) -> list[TaskState]:
        with self.database.reading() as conn:
            found = {task.task_id: task.state for task in fulfilment.tasks_by_id(conn, task_ids)}
        return [found[task_id] for task_id in task_ids]

    def prints(self, task_id: TaskId) -> tuple[str, str | None, int] | None:
        with self.database.reading() as conn:
            label = labels_of_tasks(conn, [task_id]).get(task_id)
        return (label.number, label.tracking_number, label.prints) if label else None

    def told_of(self, task_id: TaskId) -> list[str]:
        with self.database.reading() as conn:
            (task,) = fulfilment.tasks_by_id(conn, [task_id])
            return [one for one in subject_types(conn, task.order_id) if one.startswith("label")]


@contextmanager
def opened(database: Database) -> Generator[Store, None, None]:
    ring = open_key_ring(data_directory() / "keys")
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {("S", "SCARF"): 40})
        (known,) = succeeded(customers.register_members(conn, [member(phone(7))], ring=ring, now=NOON))
    with served(database, settings(), clock=lambda: NOON) as base, ExitStack() as browsers:
        yield Store(database, stage, known.member_id, base, browsers)


@pytest.fixture(scope="module")
def quiet(server: EmbeddedServer, template: str) -> Generator[Store, None, None]:
    """A store that tests may read, and print labels at."""
    for database in database_from(server, template):
        with opened(database) as store:
            yield store


@pytest.fixture
def store(database: Database) -> Generator[Store, None, None]:
    with opened(database) as store:
        yield store


def say(browser: httpx.Client, name: str, body: Answer) -> httpx.Response:
    answer = browser.get("/store/round/token")
    headers = {"x-csrftoken": answer.json().get("token", "none")}
    return browser.post(f"/store/round/{name}", json=body, headers=headers)


def begin(browser: httpx.Client, *, at_most: int = 10) -> Answer:
    answer = say(browser, "begin", {"round_id": str(uuid7(NOON)), "at_most": at_most})
    assert answer.status_code == 200, answer.text
    return answer.json()


def form_post(browser: httpx.Client, path: str, data: Answer) -> httpx.Response:
    token = browser.cookies["loopline_form"]
    return browser.post(path, data={"_csrf_token": token, **data}, headers=AS_PAGE)


# ---------------------------------------------------------------------------------------------------------- the round


def test_a_phone_is_told_the_shelves_and_says_what_it_did_twice(store: Store):
    first, second = store.accepted("W-1", units=2), store.accepted("W-2")
    wu = store.signed_in("wu.packer")
    assert wu.get("/store/round/book").json()["waiting"] == 2
    book = begin(wu)
    (stop,) = book["round"]["stops"]
    shares = [(one["box"], one["units"], one["boxed"]) for one in stop["shares"]]
    assert (stop["sku"], stop["place"], shares) == ("SCARF", "", [(1, 2, 0), (2, 1, 0)])
    assert [(one["box"], one["is_open"]) for one in book["round"]["boxes"]] == [(1, True), (2, True)]
    notes = {
        "round_id": book["round"]["id"],
        "boxed": [{"key": stop["shares"][0]["key"], "units": 2, "at": NOON.isoformat()}],
        "missing": [{"id": str(uuid7(NOON)), "sku": "SCARF", "units": 1, "reason": "damaged"}],
    }
    for short in (["2"], []):
        answer = say(wu, "notes", notes).json()
        assert answer["short"] == short
        assert [
            (one["box"], one["units"], one["boxed"]) for one in answer["round"]["stops"][0]["shares"]
        ] == [(1, 2, 2)]
        assert [one["state"] for one in answer["round"]["boxes"]] == ["Picking", "Refused"]
    assert store.states(first, second) == [TaskState.PICKING, TaskState.REFUSED]


def test_a_colleague_takes_over_and_the_first_is_told_so(store: Store):
    store.accepted("W-1")
    wu, zhou = store.signed_in("wu.packer"), store.signed_in("zhou.guide")
    round_id = begin(wu)["round"]["id"]
    others = zhou.get("/store/round/book").json()
    assert (others["round"], [one["id"] for one in others["others"]]) == (None, [round_id])
    seen = zhou.get("/store/round/book", params={"wanted": round_id}).json()
    assert (seen["round"]["id"], seen["round"]["is_mine"]) == (round_id, False)
    for name in ("notes", "put-back", "hand-over"):
        answer = say(zhou, name, {"round_id": round_id})
        assert (answer.status_code, answer.json()["code"]) == (409, "round_is_anothers")
    assert say(zhou, "take-over", {"round_id": round_id}).json()["round"]["is_mine"] is True
    assert say(wu, "notes", {"round_id": round_id}).json()["code"] == "round_is_anothers"
    assert say(zhou, "put-back", {"round_id": round_id}).json()["round"] is None


def test_another_branch_finds_no_round_and_nobody_else_begins_one(store: Store):
    task_id = store.accepted("W-1")
    sun, gu = store.signed_in("sun.manager"), store.signed_in("gu.finance")
    answer = say(sun, "begin", {"round_id": str(uuid7(NOON)), "at_most": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_pick")
    assert gu.get("/store/round/book").status_code == 403
    round_id = begin(store.signed_in("wu.packer"))["round"]["id"]
    for name in ("notes", "put-back", "hand-over", "take-over"):
        assert say(sun, name, {"round_id": round_id}).status_code == 404
    assert sun.get("/store/round/book", params={"wanted": round_id}).status_code == 404
    assert form_post(sun, "/store/round/labels", {"round_id": round_id}).status_code == 404
    assert store.states(task_id) == [TaskState.PICKING]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"round_id": "x", "at_most": 1},
        {"round_id": "019cacb3-0000-7000-8000-000000000009", "at_most": 0},
        {"round_id": "019cacb3-0000-7000-8000-000000000009", "at_most": 21},
        {"round_id": "019cacb3-0000-4000-8000-000000000009", "at_most": 1},
    ],
)
def test_what_cannot_be_begun_is_refused(quiet: Store, body: Answer):
    assert say(quiet.signed_in("wu.packer"), "begin", body).status_code in {400, 422}


# --------------------------------------------------------------------------------------------------------- the labels


def pdf_text(pdf: bytes) -> str:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("no pdftotext here: install poppler-utils to read what is on a page")
    return subprocess.run([reader, "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def test_a_label_has_one_number_however_often_it_is_printed(quiet: Store):
    task_id = quiet.checked("L-1")
    wu = quiet.signed_in("wu.packer")
    answer = form_post(wu, f"/store/tasks/{task_id}/label", {"form": "pdf", "tracking_number": "SF123"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    said = pdf_text(answer.content)
    for words in ("陈念", "13800000007", "上海市 武康路 99 号 2 室", "易碎", "SF123", "1 件"):
        assert words in said
    first = quiet.prints(task_id)
    assert first is not None
    assert first[1:] == ("SF123", 1)
    again = form_post(wu, f"/store/tasks/{task_id}/label", {"form": "zpl"})
    assert again.headers["content-disposition"] == 'attachment; filename="labels.zpl"'
    assert ("^FDSF123^FS" in again.text, first[0] in again.text) == (True, True)
    assert quiet.prints(task_id) == (first[0], "SF123", 2)
    assert quiet.told_of(task_id) == ["label_printed", "label_printed"]
    with quiet.database.reading() as conn:
        (access, *_) = customers.last_accesses(conn, quiet.member_id, limit=1)
    assert (access.actor, access.purpose) == (f"person:{quiet.stage.people['wu.packer']}", "label")


def test_a_label_is_for_whoever_has_the_parcel_in_hand(quiet: Store):
    accepted, checked = quiet.accepted("L-2"), quiet.checked("L-3")
    path = "/store/tasks/{}/label"
    early = form_post(quiet.signed_in("wu.packer"), path.format(accepted), {})
    outside = form_post(quiet.signed_in("sun.manager"), path.format(checked), {})
    unable = form_post(quiet.signed_in("gu.finance"), path.format(checked), {})
    assert (early.status_code, outside.status_code, unable.status_code) == (409, 404, 403)
    for answer in (early, outside, unable):
        assert "武康路" not in answer.text
    assert (quiet.prints(accepted), quiet.prints(checked)) == (None, None)
    wrong = form_post(quiet.signed_in("wu.packer"), path.format(checked), {"tracking_number": "SF 1;2"})
    assert (wrong.status_code, quiet.prints(checked)) == (422, None)


def test_the_labels_of_a_round_are_those_of_its_checked_boxes(store: Store):
    checked, picking = store.accepted("W-1"), store.accepted("W-2")
    wu = store.signed_in("wu.packer")
    round_id = begin(wu)["round"]["id"]
    assert form_post(wu, "/store/round/labels", {"round_id": round_id, "form": "zpl"}).status_code == 422
    with store.database.transaction() as conn:
        command = CheckTask(task_id=checked, by=store.stage.people["wu.packer"])
        succeeded(fulfil.check(conn, [command], scope=WHOLE_BRAND, now=NOON))
    zpl = form_post(wu, "/store/round/labels", {"round_id": round_id, "form": "zpl"}).text
    assert zpl.count("^XA") == 1
    assert store.prints(checked) is not None
    assert store.prints(picking) is None


def test_a_box_whose_address_is_in_doubt_stays_and_holds_up_no_other(store: Store):
    vague = msgspec.structs.replace(CHEN, street="武康路")
    clear, doubted = store.accepted("W-1"), store.accepted("W-2", recipient=vague)
    wu = store.signed_in("wu.packer")
    round_id = begin(wu)["round"]["id"]
    with store.database.transaction() as conn:
        picker = store.stage.people["wu.packer"]
        commands = [CheckTask(task_id=one, by=picker) for one in (clear, doubted)]
        succeeded(fulfil.check(conn, commands, scope=WHOLE_BRAND, now=NOON))
    zpl = form_post(wu, "/store/round/labels", {"round_id": round_id, "form": "zpl"}).text
    assert (zpl.count("^XA"), store.prints(doubted)) == (1, None)
    assert store.prints(clear) is not None
    with store.database.transaction() as conn:
        packed = [PackTask(task_id=one) for one in (clear, doubted)]
        succeeded(fulfil.pack(conn, packed, scope=WHOLE_BRAND, now=NOON))
    told = wu.get("/store/round/book").json()["round"]["boxes"]
    assert [(one["state"], one["may_hand_over"]) for one in told] == [
        ("Packed", True),
        ("Look at the address", False),
    ]
    assert say(wu, "hand-over", {"round_id": round_id}).status_code == 200
    assert store.states(clear, doubted) == [TaskState.HANDED_OVER, TaskState.PACKED]
    # With nothing left that could be printed its label is refused, as it is on its own page.
    alone = form_post(wu, "/store/round/labels", {"round_id": round_id, "form": "zpl"})
    assert (alone.status_code, store.prints(doubted)) == (409, None)
    form = {"form": "zpl", "address_right": "yes"}
    assert form_post(wu, f"/store/tasks/{doubted}/label", form).status_code == 200
    assert say(wu, "hand-over", {"round_id": round_id}).status_code == 200
    assert store.states(doubted) == [TaskState.HANDED_OVER]


def test_a_parcel_leaves_by_the_number_on_its_label(quiet: Store):
    task_id = quiet.checked("L-4")
    wu = quiet.signed_in("wu.packer")
    form_post(wu, f"/store/tasks/{task_id}/label", {"form": "zpl", "tracking_number": "YT-9"})
    assert form_post(wu, f"/store/tasks/{task_id}/pack", {}).status_code == 303
    assert 'value="YT-9"' in wu.get(f"/store/tasks/{task_id}", headers=AS_PAGE).text
    assert form_post(wu, f"/store/tasks/{task_id}/hand-over", {}).status_code == 303
    with quiet.database.reading() as conn:
        (waybill,) = fulfilment.waybills_between(
            conn, [quiet.stage.shop.sites["S"]], start=NOON, end=NOON.replace(hour=23)
        )
    assert (waybill.task_id, waybill.tracking_number) == (task_id, "YT-9")
    assert form_post(wu, f"/store/tasks/{task_id}/label", {}).status_code == 409


# --------------------------------------------------------------------------------------------------------- the shelves


def test_a_manager_says_where_goods_lie_and_the_packer_is_led_there(quiet: Store):
    lin = quiet.signed_in("lin.manager")
    path = "/store/goods/SCARF/place"
    assert form_post(quiet.signed_in("wu.packer"), path, {"place": "A-1"}).status_code == 403
    assert form_post(lin, path, {"place": " a-2  10 "}).status_code == 303
    assert 'value="A-2 10"' in lin.get("/store/goods/SCARF", headers=AS_PAGE).text
    refused = form_post(lin, path, {"place": "x" * 25})
    assert (refused.status_code, bool(re.search("1 至 24 个字符", refused.text))) == (422, True)
    assert f'value="{"x" * 25}"' in refused.text
    site_id, sku_id = quiet.stage.shop.sites["S"], quiet.stage.shop.skus["SCARF"]
    with quiet.database.reading() as conn:
        assert shelf_places(conn, site_id, [sku_id]) == {sku_id: "A-2 10"}
        assert shelf_places(conn, quiet.stage.shop.sites["D"], [sku_id]) == {}
    assert form_post(lin, path, {"place": ""}).status_code == 303
    with quiet.database.reading() as conn:
        assert shelf_places(conn, site_id, [sku_id]) == {}
