"""Photos over real HTTP: taken at a task, seen where the task, the order or the return is seen, and nowhere else."""

import re
from base64 import b64encode
from collections.abc import Generator
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from loopline import orders
from loopline.db import Database
from loopline.fulfilment import photos
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.fulfilment.photos import Demand, PhotoCause, SetPhotoRule, set_photo_rules
from loopline.kernel.ids import AllocationId, TaskId, uuid7
from tests.make.org import PASSWORD, succeeded
from tests.make.photos import bomb, photo
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, offer, open_store
from tests.make.web import served, settings

PAGE = {"accept": "text/html", "accept-language": "en"}
TOKEN = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')


class Site:
    """A served store whose coats need a photo, with one task that is checked."""

    def __init__(
        self, database: Database, stage: Stage, task_id: TaskId, base: str, browsers: ExitStack
    ) -> None:
        self.database = database
        self.stage = stage
        self.task_id = task_id
        self.base = base
        self.path = f"/store/tasks/{task_id}"
        self._browsers = browsers

    def signed_in(self, name: str) -> httpx.Client:
        browser = self._browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE, timeout=60))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        answer = post(browser, "/sign-in", form, page="/sign-in")
        assert answer.status_code == 303, answer.text
        return browser

    def line(self, code: str = "COAT") -> AllocationId:
        with self.database.reading() as conn:
            found = fulfilment.lines_of_tasks(conn, [self.task_id])[self.task_id]
        return next(one.allocation_id for one in found if one.sku_id == self.stage.shop.skus[code])

    @property
    def number(self) -> str:
        with self.database.reading() as conn:
            (task,) = fulfilment.tasks_by_id(conn, [self.task_id])
            order = orders.order_by_id(conn, task.order_id)
        assert order is not None
        return order.number

    @property
    def state(self) -> TaskState:
        with self.database.reading() as conn:
            return fulfilment.tasks_by_id(conn, [self.task_id])[0].state

    @property
    def kept(self) -> list[UUID]:
        with self.database.reading() as conn:
            return [one.id for one in photos.photos_of_tasks(conn, [self.task_id])]


def post(browser: httpx.Client, path: str, form: dict[str, str], *, page: str) -> httpx.Response:
    found = TOKEN.search(browser.get(page).text)
    assert found is not None
    return browser.post(path, data={"_csrf_token": found.group(1), **form})


def send(
    browser: httpx.Client, site: Site, content: bytes, *, number: UUID | None = None, key: UUID | None = None
) -> httpx.Response:
    token = browser.get("/store/photos/token").json()["token"]
    sent = {
        "id": str(number or uuid7(NOON)),
        "task_id": str(site.task_id),
        "key": str(key or site.line()),
        "at": NOON.isoformat(),
        "content": b64encode(content).decode(),
    }
    return browser.post(
        "/store/photos", json=sent, headers={"x-csrftoken": token, "accept": "application/json"}
    )


@pytest.fixture
def site(database: Database) -> Generator[Site]:
    with database.transaction() as conn:
        stage = open_store(conn)
        rule = SetPhotoRule(
            cause=PhotoCause.HIGH_VALUE, category=None, demand=Demand.REQUIRED, from_minor=11_300
        )
        succeeded(set_photo_rules(conn, [rule], by="tests", now=NOON))
        task_id = offer(conn, stage, "W-1")
    clock = Clock(NOON + timedelta(minutes=1))
    with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
        site = Site(database, stage, task_id, base, browsers)
        lin = site.signed_in("lin.manager")
        for step in ("accept", "pick"):
            assert post(lin, f"{site.path}/{step}", {}, page=site.path).status_code == 303
        yield site


def checked_and_packed(site: Site, lin: httpx.Client) -> None:
    with site.database.reading() as conn:
        have = [
            str(one.allocation_id) for one in fulfilment.lines_of_tasks(conn, [site.task_id])[site.task_id]
        ]
    found = TOKEN.search(lin.get(site.path).text)
    assert found is not None
    form = {"_csrf_token": found.group(1), "have": have, "looked": ["1", "2", "3", "4"]}
    assert lin.post(f"{site.path}/check", data=form).status_code == 303
    assert post(lin, f"{site.path}/pack", {}, page=site.path).status_code == 303


def test_a_parcel_leaves_with_its_photo_and_the_photo_is_seen_where_the_parcel_is(site: Site):
    lin = site.signed_in("lin.manager")
    page = lin.get(site.path).text
    assert (page.count("data-photo-line="), page.count("data-lacking"), ">needed<" in page) == (2, 1, True)
    checked_and_packed(site, lin)
    held = post(lin, f"{site.path}/hand-over", {}, page=site.path)
    assert (held.status_code, "A photo of the goods is needed" in held.text) == (409, True)
    assert site.state is TaskState.PACKED

    number = uuid7(NOON)
    first, again = (send(lin, site, photo(3_200, 2_400), number=number) for _ in range(2))
    assert (first.status_code, again.status_code, site.kept) == (200, 200, [number])
    told = first.json()
    assert told == {"id": str(number), "path": f"{site.path}/photos/{number}"}
    assert "data-lacking" not in lin.get(site.path).text
    assert post(lin, f"{site.path}/hand-over", {}, page=site.path).status_code == 303
    assert site.state is TaskState.HANDED_OVER

    order = f"/hq/orders/{site.number}"
    back = f"/store/returns/of/{site.number}"
    ops, sun = site.signed_in("shen.ops"), site.signed_in("sun.manager")
    for browser, where in ((lin, site.path), (ops, order), (sun, back)):
        assert f'src="{where}/photos/{number}"' in browser.get(where).text, where
        shown = browser.get(f"{where}/photos/{number}")
        assert (shown.status_code, shown.headers["content-type"], shown.headers["cache-control"]) == (
            200,
            "image/webp",
            "no-store",
        )
        assert shown.content[:4] == b"RIFF"
        assert b"Phonemaker" not in shown.content
    assert "Photo of the goods taken" in ops.get(order).text


def test_photos_are_for_those_who_see_the_task_or_the_order(site: Site):
    lin, sun = site.signed_in("lin.manager"), site.signed_in("sun.manager")
    number = uuid7(NOON)
    assert send(lin, site, photo(), number=number).status_code == 200
    order = f"/hq/orders/{site.number}/photos"
    for path in (f"{site.path}/photos/{number}", f"{order}/{number}", f"{order}/{uuid7(NOON)}"):
        assert sun.get(path).status_code == 404, path
    # Under another task's address, or another order's, a photo is not found either.
    with site.database.transaction() as conn:
        other = offer(conn, site.stage, "W-2")
        (task,) = fulfilment.tasks_by_id(conn, [other])
        head = orders.order_by_id(conn, task.order_id)
    assert head is not None
    ops = site.signed_in("shen.ops")
    for browser, path in (
        (lin, f"/store/tasks/{other}/photos/{number}"),
        (ops, f"/hq/orders/{head.number}/photos/{number}"),
        (lin, f"/store/returns/of/{head.number}/photos/{number}"),
        (lin, f"/store/returns/of/NONE/photos/{number}"),
    ):
        assert browser.get(path).status_code == 404, path
    with httpx.Client(base_url=site.base, headers=PAGE, timeout=60) as nobody:
        assert nobody.get(f"{site.path}/photos/{number}").status_code == 302
    # Who sees no task takes no photo of it, and waives none.
    assert send(sun, site, photo()).status_code == 404
    assert site.kept == [number]
    token = sun.get("/store/photos/token").json()["token"]
    form = {"_csrf_token": token, "key": str(site.line()), "reason": "no_camera"}
    assert sun.post(f"{site.path}/no-photo", data=form).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"<script>alert(1)</script>", 422, "photo_unreadable"),
        (b"%PDF-1.7 ...", 422, "photo_unreadable"),
        (bomb(6_000, 5_000), 413, "photo_too_large"),
        (photo() + bytes(7_000_000), 413, "photo_too_large"),
    ],
)
def test_what_is_no_photo_or_too_much_of_one_is_refused(site: Site, content: bytes, status: int, said: str):
    answer = send(site.signed_in("lin.manager"), site, content)
    assert (answer.status_code, answer.json()["code"]) == (status, said)
    assert site.kept == []


def test_fifty_megabytes_are_turned_away(site: Site):
    answer = send(site.signed_in("lin.manager"), site, bytes(50_000_000))
    assert answer.status_code == 413
    assert site.kept == []


def test_a_reason_is_chosen_among_those_there_are(site: Site):
    lin = site.signed_in("lin.manager")
    checked_and_packed(site, lin)
    key = str(site.line())
    assert (
        post(lin, f"{site.path}/no-photo", {"key": key, "reason": "lazy"}, page=site.path).status_code == 422
    )
    assert post(lin, f"{site.path}/no-photo", {"key": "coat"}, page=site.path).status_code == 422
    said = post(lin, f"{site.path}/no-photo", {"key": key, "reason": "customer_waits"}, page=site.path)
    assert said.status_code == 303
    assert "No photo: The customer is waiting" in lin.get(site.path).text
    assert post(lin, f"{site.path}/hand-over", {}, page=site.path).status_code == 303
    ops = site.signed_in("shen.ops")
    page = ops.get(f"/hq/orders/{site.number}").text
    assert ("No photo: The customer is waiting" in page, "No photo of the goods, for a reason" in page) == (
        True,
        True,
    )


# ------------------------------------------------------------------------------------------------- headquarters


def test_headquarters_says_what_asks_for_a_photo(site: Site):
    ops = site.signed_in("shen.ops")
    page = ops.get("/hq/packing").text
    assert ("from CN¥113.00 a unit" in page, "Needed before the goods leave" in page) == (True, True)
    form = {"cause": "fragile", "category": "", "demand": "required"}
    assert post(ops, "/hq/packing/photos", form, page="/hq/packing").status_code == 303
    form = {"cause": "any", "category": "Lamps 灯", "demand": "asked"}
    assert post(ops, "/hq/packing/photos", form, page="/hq/packing").status_code == 303
    with site.database.reading() as conn:
        rules = {(one.cause, one.category): one for one in photos.photo_rules(conn)}
    assert rules[PhotoCause.FRAGILE, None].demand is Demand.REQUIRED
    assert rules[PhotoCause.FRAGILE, None].set_by == f"person:{site.stage.people['shen.ops']}"
    assert rules[PhotoCause.ANY, "Lamps 灯"].demand is Demand.ASKED
    form = {"cause": "any", "category": "Lamps 灯", "demand": "drop"}
    assert post(ops, "/hq/packing/photos", form, page="/hq/packing").status_code == 303
    with site.database.reading() as conn:
        assert len(photos.photo_rules(conn)) == len(rules) - 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"cause": "high_value", "demand": "asked", "from": "much"}, "from which price on"),
        ({"cause": "high_value", "demand": "asked", "from": "0"}, "needs a price above zero"),
        ({"cause": "size", "demand": "asked"}, "Choose what asks"),
        ({"cause": "any", "demand": "asked"}, "name one"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(site: Site, form: dict[str, str], said: str):
    ops = site.signed_in("shen.ops")
    answer = post(ops, "/hq/packing/photos", {"currency": "CNY", **form}, page="/hq/packing")
    assert (answer.status_code, said in answer.text) == (422, True)
    with site.database.reading() as conn:
        assert [one.set_by for one in photos.photo_rules(conn)] == ["loopline", "tests", "loopline"]


def test_rules_are_the_brands_and_boxes_of_their_sites(site: Site):
    dealer = site.signed_in("kong.dealer")
    token = dealer.get("/store/photos/token").json()["token"]
    form = {"_csrf_token": token, "cause": "fragile", "category": "", "demand": "off"}
    assert dealer.post("/hq/packing/photos", data=form).status_code == 403
    box = {"length": "300", "width": "200", "height": "100", "name": "袋 Bag"}
    assert post(
        dealer, "/hq/packing/boxes", {**box, "code": "B1", "site": "S"}, page="/hq/packing"
    ).status_code in {
        403,
        404,
        409,
    }
    assert (
        post(dealer, "/hq/packing/boxes", {**box, "code": "B1", "site": ""}, page="/hq/packing").status_code
        != 303
    )
    assert (
        post(dealer, "/hq/packing/boxes", {**box, "code": "B1", "site": "D"}, page="/hq/packing").status_code
        == 303
    )
    page = dealer.get("/hq/packing").text
    assert ("300 × 200 × 100 mm" in page, "B1" in page) == (True, True)
    wrong = post(
        dealer, "/hq/packing/boxes", {**box, "code": "B2", "site": "D", "width": "0"}, page="/hq/packing"
    )
    assert (wrong.status_code, "whole millimetres" in wrong.text) == (422, True)
    gone = post(dealer, "/hq/packing/boxes", {"code": "B1", "site": "D", "act": "drop"}, page="/hq/packing")
    assert gone.status_code == 303
    assert "300 × 200 × 100 mm" not in dealer.get("/hq/packing").text


def test_what_was_packed_and_labelled_is_counted(site: Site):
    lin = site.signed_in("lin.manager")
    checked_and_packed(site, lin)
    assert send(lin, site, photo()).status_code == 200
    assert post(lin, f"{site.path}/hand-over", {}, page=site.path).status_code == 303
    with site.database.transaction() as conn:
        conn.execute(
            "insert into fulfilment.packed_in (task_id, box_code, proposed_code, materials, packed_at)"
            " values (%s, 'C6', 'C6', '{padding}', %s)",
            (site.task_id, NOON),
        )
        conn.execute(
            "insert into fulfilment.label (task_id, number, made_at) values (%s, 'P00000000018', %s)",
            (site.task_id, NOON),
        )
        for _ in range(2):
            conn.execute(
                "insert into fulfilment.label_print (task_id, form, printed_by, printed_at)"
                " values (%s, 'pdf', 'tests', %s)",
                (site.task_id, NOON),
            )
    page = site.signed_in("shen.ops").get("/hq/packing").text
    for key, count in (("packed-C6", 1), ("labels-pdf", 2), ("photos-needed", 1), ("photos-there", 1)):
        assert f'data-key="{key}">{count}<' in page, key
    assert ("1 as proposed · 1 with padding" in page, "parcels: 1 · printed again: 1" in page) == (
        True,
        True,
    )
    assert 'data-key="packed-C6"' not in site.signed_in("kong.dealer").get("/hq/packing").text
