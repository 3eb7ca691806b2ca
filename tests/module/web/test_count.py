"""Counting on the phone over real HTTP: who may count and who may post, what is read, what comes twice or too late."""

import re
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from loopline import stock
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import CountId, uuid7
from loopline.stock.counts import count_session
from loopline.stock.notes import NoteCause, notes_of_movements
from tests.make.databases import database_from
from tests.make.org import PASSWORD
from tests.make.shop import NOON
from tests.make.store import Stage, open_store
from tests.make.web import served, settings

Answer = dict[str, Any]
AS_PROGRAM = {"accept": "application/json", "accept-language": "en"}
AS_PAGE = {"accept": "text/html", "accept-language": "en"}
MARK = re.compile(r'name="mark" value="([0-9a-f]+)"')


class Shelves(msgspec.Struct, frozen=True):
    """A served store, and browsers of its people."""

    database: Database
    stage: Stage
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

    def on_hand(self, code: str) -> int:
        sku_id = self.stage.shop.skus[code]
        with self.database.reading() as conn:
            rows = stock.stock_at_leaves(conn, [self.stage.shop.leaves["S"]], sku_ids=[sku_id])
        return rows[0].on_hand

    def lines(self, count_id: UUID) -> list[tuple[str, int, int]]:
        """What is entered in a count: code, units, what the books said."""
        codes = {sku_id: code for code, sku_id in self.stage.shop.skus.items()}
        with self.database.reading() as conn:
            found = stock.count_lines(conn, [CountId(count_id)])
        return sorted((codes[one.sku_id], one.units, one.expected) for one in found)

    def is_open(self, count_id: UUID) -> bool:
        with self.database.reading() as conn:
            session = count_session(conn, CountId(count_id))
        return session is not None and session.ended_at is None


@contextmanager
def opened(database: Database) -> Generator[Shelves, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
    with served(database, settings(), clock=lambda: NOON) as base, ExitStack() as browsers:
        yield Shelves(database, stage, base, browsers)


@pytest.fixture(scope="module")
def shelves(server: EmbeddedServer, template: str) -> Generator[Shelves, None, None]:
    for database in database_from(server, template):
        with opened(database) as shelves:
            yield shelves


def looked(code: str, units: int | None, *, minutes: int = 0) -> Answer:
    seen_at = NOON - timedelta(hours=1) + timedelta(minutes=minutes)
    return {"sku_code": code, "units": units, "seen_at": seen_at.isoformat()}


def send(
    browser: httpx.Client, count_id: UUID, looks: Sequence[Answer], *, site: str = "S"
) -> httpx.Response:
    token = browser.get("/store/count/token").json().get("token", browser.cookies["loopline_form"])
    return browser.post(
        "/store/count/looks",
        content=msgspec.json.encode({"count_id": count_id, "site_code": site, "looks": looks}),
        headers={"content-type": "application/json", "x-csrftoken": token},
    )


def end(browser: httpx.Client, count_id: UUID, form: dict[str, str]) -> httpx.Response:
    token = browser.cookies["loopline_form"]
    return browser.post(f"/store/count/{count_id}/end", data=form | {"_csrf_token": token}, headers=AS_PAGE)


def mark(browser: httpx.Client, count_id: UUID) -> str:
    found = MARK.search(browser.get(f"/store/count/{count_id}", headers=AS_PAGE).text)
    assert found is not None
    return found.group(1)


def test_a_guide_counts_blind_and_the_manager_posts_what_was_looked_through(shelves: Shelves):
    guide, manager = shelves.signed_in("zhou.guide"), shelves.signed_in("lin.manager")
    count_id = uuid7(NOON)
    before = shelves.on_hand("COAT"), shelves.on_hand("HAT")
    sent = send(guide, count_id, [looked("COAT", before[0] - 2), looked("HAT", 3), looked("NONE", 1)])
    outcomes: list[Answer] = sent.json()["outcomes"]
    assert [one.get("value") for one in outcomes] == [{"sku_code": "COAT"}, {"sku_code": "HAT"}, None]
    assert (outcomes[2]["problem"]["status"], "NONE" in outcomes[2]["problem"]["title"]) == (404, True)
    assert send(guide, count_id, [looked("HAT", None, minutes=1)]).status_code == 200  # a mistake
    assert shelves.lines(count_id) == [("COAT", before[0] - 2, before[0])]
    [begun] = [one for one in guide.get("/store/count/book").json()["counts"] if one["id"] == str(count_id)]
    assert begun["skus"] == 1
    seen = guide.get(f"/store/count/seen?count={count_id}").json()
    assert [(one["code"], one["units"]) for one in seen["lines"]] == [("COAT", before[0] - 2)]
    assert "expected" not in sent.text + str(seen)
    # Whoever may not post sees no differences.
    assert guide.get(f"/store/count/{count_id}", headers=AS_PAGE).status_code == 403
    assert end(guide, count_id, {"mark": "?"}).status_code == 403
    old = mark(manager, count_id)
    send(guide, count_id, [looked("COAT", before[0] - 1, minutes=2)])
    assert end(manager, count_id, {"mark": old}).status_code == 409
    assert (shelves.is_open(count_id), shelves.on_hand("COAT")) == (True, before[0])
    form = {"mark": mark(manager, count_id), f"cause {shelves.stage.shop.skus['COAT']}": "stolen"}
    for _ in range(2):  # touched twice
        assert end(manager, count_id, form).status_code == 303
    assert (shelves.on_hand("COAT"), shelves.on_hand("HAT")) == (before[0] - 1, before[1])
    with shelves.database.reading() as conn:
        [line] = stock.count_lines(conn, [CountId(count_id)])
        assert notes_of_movements(conn, [line.id])[line.id].cause is NoteCause.STOLEN
    late = send(guide, count_id, [looked("HAT", 0, minutes=3)]).json()["outcomes"]
    assert [one["problem"]["code"] for one in late] == ["count_ended"]
    assert "Posted" in manager.get(f"/store/count/{count_id}", headers=AS_PAGE).text


def begun_on_today(browser: httpx.Client, count_id: UUID) -> tuple[bool, bool]:
    """Whether the start page leads to a count that is begun: to go on with it, to look through it."""
    page = browser.get("/store", headers=AS_PAGE).text
    assert page.partition('id="today"')[2]
    return f'href="/store/count?count={count_id}"' in page, f'href="/store/count/{count_id}"' in page


def test_the_start_page_leads_to_counts_that_are_begun(shelves: Shelves):
    guide, manager, other = (shelves.signed_in(name) for name in ("zhou.guide", "lin.manager", "sun.manager"))
    count_id = uuid7(NOON)
    assert begun_on_today(guide, count_id) == (False, False)
    send(guide, count_id, [looked("SCARF", 4), looked("HAT", 3)])
    assert begun_on_today(guide, count_id) == (True, False)
    assert begun_on_today(manager, count_id) == (True, True)
    assert begun_on_today(other, count_id) == (False, False)
    moving = guide.get("/store/now", headers=AS_PAGE).text
    assert "2 SKUs" in moving
    assert "Go on counting" in moving
    assert end(manager, count_id, {"drops": "yes"}).status_code == 303
    assert begun_on_today(manager, count_id) == (False, False)


def test_a_dropped_count_moves_nothing(shelves: Shelves):
    manager = shelves.signed_in("lin.manager")
    count_id, before = uuid7(NOON), shelves.on_hand("SCARF")
    send(manager, count_id, [looked("SCARF", 0)])
    assert end(manager, count_id, {"drops": "yes"}).status_code == 303
    assert (shelves.is_open(count_id), shelves.on_hand("SCARF")) == (False, before)


def test_another_stores_people_count_nothing_here_and_see_nothing_of_it(shelves: Shelves):
    count_id, before = uuid7(NOON), shelves.on_hand("HAT")
    send(shelves.signed_in("lin.manager"), count_id, [looked("HAT", 1)])
    stranger = shelves.signed_in("sun.manager")
    own = uuid7(NOON)
    for answer in (
        send(stranger, count_id, [looked("HAT", 0)]),  # their site, another's count
        send(stranger, own, [looked("HAT", 0)]),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_in_your_branch")
    theirs = send(stranger, count_id, [looked("HAT", 0)], site="D")
    assert (theirs.status_code, theirs.json()["code"]) == (409, "count_taken")
    assert stranger.get(f"/store/count/seen?count={count_id}").status_code == 404
    assert stranger.get(f"/store/count/{count_id}", headers=AS_PAGE).status_code == 404
    assert end(stranger, count_id, {"drops": "yes"}).status_code == 404
    assert [one["id"] for one in stranger.get("/store/count/book").json()["counts"]] == []
    assert shelves.lines(count_id) == [("HAT", 1, before)]
    assert (shelves.is_open(count_id), shelves.is_open(own)) == (True, False)


@pytest.mark.parametrize("name", ["gu.finance", "alan.live"])
def test_who_does_no_tasks_counts_nothing(shelves: Shelves, name: str):
    browser, count_id = shelves.signed_in(name), uuid7(NOON)
    for path in ("/store/count", "/store/count/book", "/store/count/token"):
        assert browser.get(path).status_code == 403
    assert send(browser, count_id, [looked("HAT", 0)]).status_code == 403
    assert not shelves.is_open(count_id)


@pytest.mark.parametrize(
    "change",
    [
        {"looks": [{"sku_code": "HAT", "units": -1, "seen_at": "2026-03-02T04:00:00Z"}]},
        {"looks": [{"sku_code": "HAT", "units": 1, "seen_at": "2026-03-02T04:00:00"}]},
        {"looks": [{"sku_code": "HAT", "units": 1}]},
        {"count_id": "7"},
        {"site_code": "S\0"},
        {"colour": "red"},
    ],
)
def test_what_cannot_be_read_enters_nothing(shelves: Shelves, change: Answer):
    browser, count_id = shelves.signed_in("zhou.guide"), uuid7(NOON)
    body = {"count_id": str(count_id), "site_code": "S", "looks": [looked("HAT", 1)]} | change
    answer = browser.post(
        "/store/count/looks",
        content=msgspec.json.encode(body),
        headers={"content-type": "application/json", "x-csrftoken": browser.cookies["loopline_form"]},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")
    assert not shelves.is_open(count_id)


def test_a_count_that_names_no_moment_is_none(shelves: Shelves):
    answer = send(shelves.signed_in("zhou.guide"), UUID(int=7), [looked("HAT", 1)])
    assert answer.json()["code"] == "id_not_of_its_time"
    assert not shelves.is_open(UUID(int=7))


def test_the_shell_and_the_scripts_are_for_everybody_and_pages_of_stores_may_look_with_the_camera(
    shelves: Shelves,
):
    with httpx.Client(base_url=shelves.base, headers=AS_PAGE, timeout=60) as stranger:
        shell = stranger.get("/store/count/shell")
        worker = stranger.get("/store/count/worker.js")
        assert (shell.status_code, worker.headers["service-worker-allowed"]) == (200, "/store/count")
        assert not any(name in shell.text for name in ("data-person", "Sign out", "COAT"))
        assert stranger.get("/store/count/code/older/keeping.js").headers["cache-control"] == "no-store"
        assert stranger.get("/store/count/code/older/worker.js").status_code == 404
        assert "camera=(self)" in shell.headers["permissions-policy"]
        assert "'wasm-unsafe-eval'" in shell.headers["content-security-policy"]
        elsewhere = stranger.get("/sign-in").headers
        assert "camera=()" in elsewhere["permissions-policy"]
        assert "wasm" not in elsewhere["content-security-policy"]
