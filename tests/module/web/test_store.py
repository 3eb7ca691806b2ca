"""The pages of stores over real HTTP: a task from the offer to the books, part refusals, collection, stock, scope."""

import re
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from uuid import UUID

import httpx
import msgspec
import pytest

from loopline import catalogue, customers, orders
from loopline.customers import NewDelivery, Recipient
from loopline.customers.keys import open_key_ring
from loopline.db import Conn, Database
from loopline.db.embedded import EmbeddedServer
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskState
from loopline.kernel.ids import CallId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.index import write_down_products
from loopline.processes.place import Placed, place
from loopline.processes.worth import worth_of_tasks
from loopline.web.collection import collection_code
from tests.make.calls import call_of, wave_of_calls
from tests.make.customers import member, phone
from tests.make.databases import database_from
from tests.make.loop import shares
from tests.make.org import PASSWORD, succeeded
from tests.make.shop import NOON, ask
from tests.make.store import DEMO, Clock, Stage, offer, offer_to_collect, open_store, settle
from tests.make.web import SECRET, data_directory, served, settings

PAGE = {"accept": "text/html", "accept-language": "en"}
TOKEN = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')
COMMAND = re.compile(r'name="command_id" value="([0-9a-f-]+)"')


class Site(msgspec.Struct, frozen=True):
    """A served brand with people at work, a clock that tests turn, and the browsers that are open."""

    database: Database
    stage: Stage
    base: str
    clock: Clock
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        answer = post(browser, "/sign-in", form, page="/sign-in")
        assert answer.status_code == 303, answer.text
        return browser

    def task(self, task_id: TaskId) -> Task:
        with self.database.reading() as conn:
            return fulfilment.tasks_by_id(conn, [task_id])[0]


@contextmanager
def opened(database: Database) -> Generator[Site, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
    clock = Clock()
    with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
        yield Site(database, stage, base, clock, browsers)


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


@pytest.fixture(scope="module")
def quiet(server: EmbeddedServer, template: str) -> Generator[Site, None, None]:
    """A brand without orders, for tests that leave no trace another would see."""
    with contextmanager(database_from)(server, template) as database, opened(database) as site:
        yield site


@pytest.fixture(scope="module")
def standing(server: EmbeddedServer, template: str) -> Generator[tuple[Site, TaskId], None, None]:
    """A brand with one offered task, for tests of what leaves it as it is."""
    with contextmanager(database_from)(server, template) as database, opened(database) as site:
        with database.transaction() as conn:
            task_id = offer(conn, site.stage, "W-1")
        yield site, task_id


def post(
    browser: httpx.Client, path: str, form: Mapping[str, str | list[str]], *, page: str
) -> httpx.Response:
    found = TOKEN.search(browser.get(page).text)
    assert found is not None
    return browser.post(path, data={"_csrf_token": found.group(1), **form})


def step(browser: httpx.Client, task_id: TaskId, name: str, **form: str | list[str]) -> httpx.Response:
    page = f"/store/tasks/{task_id}"
    return post(browser, f"{page}/{name}", dict(form), page=page)


def ticked(conn: Conn, task_id: TaskId) -> list[str]:
    return [str(line.allocation_id) for line in fulfilment.lines_of_tasks(conn, [task_id])[task_id]]


@pytest.fixture
def offered(site: Site) -> TaskId:
    with site.database.transaction() as conn:
        return offer(conn, site.stage, "W-1")


# ------------------------------------------------------------------------------------------------ where people begin


@pytest.mark.parametrize(
    ("name", "path", "ways"),
    [
        (
            "lin.manager",
            "/store",
            [
                "/hq/board",
                "/store",
                "/hq/changes",
                "/hq/orders",
                "/hq/returns",
                "/hq/promotions",
                "/hq/coupons",
                "/hq/shifts",
                "/hq/changed-prices",
                "/hq/hours",
                "/hq/stock",
                "/hq/counts",
                "/hq/feeds",
                "/earned",
                "/hq/members",
                "/hq/reviews",
                "/hq/codes",
            ],
        ),
        (
            "zhou.guide",
            "/store",
            ["/hq/orders", "/hq/members", "/hq/reviews", "/store", "/earned", "/hq/codes"],
        ),
        ("wu.packer", "/store", ["/store"]),
        ("alan.live", "/live/desk", ["/live/desk", "/earned"]),
        (
            "kong.dealer",
            "/hq/board",
            [
                "/hq/board",
                "/store",
                "/hq/changes",
                "/hq/orders",
                "/hq/returns",
                "/hq/promotions",
                "/hq/coupons",
                "/hq/shifts",
                "/hq/changed-prices",
                "/hq/counter-limits",
                "/hq/hours",
                "/hq/freight",
                "/hq/stock",
                "/hq/counts",
                "/hq/sourcing",
                "/hq/promises",
                "/hq/packing",
                "/hq/feeds",
                "/hq/invoices",
                "/earned",
                "/hq/members",
                "/hq/reviews",
                "/hq/codes",
            ],
        ),
        (
            "gu.finance",
            "/hq/board",
            [
                "/hq/board",
                "/hq/changes",
                "/hq/orders",
                "/hq/marketplaces",
                "/hq/promotions",
                "/hq/coupons",
                "/hq/points",
                "/hq/stored-value",
                "/hq/shifts",
                "/hq/changed-prices",
                "/hq/stock",
                "/hq/counts",
                "/hq/rules",
                "/hq/supply",
                "/hq/payouts",
                "/hq/invoices",
                "/hq/reconciliation",
                "/hq/close",
                "/earned",
                "/hq/statements",
            ],
        ),
        (
            "shen.ops",
            "/hq/board",
            [
                "/hq/board",
                "/store",
                "/hq/changes",
                "/hq/orders",
                "/hq/returns",
                "/hq/quarantine",
                "/hq/marketplaces",
                "/hq/promotions",
                "/hq/coupons",
                "/hq/points",
                "/hq/stored-value",
                "/hq/tills",
                "/hq/shifts",
                "/hq/changed-prices",
                "/hq/counter-limits",
                "/hq/hours",
                "/hq/freight",
                "/hq/stock",
                "/hq/counts",
                "/hq/sourcing",
                "/hq/promises",
                "/hq/packing",
                "/hq/feeds",
                "/hq/supply",
                "/hq/payouts",
                "/hq/invoices",
                "/hq/reconciliation",
                "/hq/close",
                "/earned",
                "/hq/statements",
                "/hq/members",
                "/hq/reviews",
                "/hq/notices",
                "/live/desk",
                "/hq/codes",
            ],
        ),
    ],
)
def test_everybody_begins_where_their_work_is(quiet: Site, name: str, path: str, ways: list[str]):
    browser = quiet.signed_in(name)
    assert browser.get("/").headers["location"] == path
    page = browser.get(path)
    assert page.status_code == 200
    bar = page.text.partition('<nav class="ways')[2].partition("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', bar) == ways


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("gu.finance", "/store"),
        ("alan.live", "/store/collect"),
        ("wu.packer", "/earned"),
        ("lin.manager", "/live/desk"),
    ],
)
def test_a_page_that_no_role_opens_is_refused(quiet: Site, name: str, path: str):
    answer = quiet.signed_in(name).get(path)
    assert (answer.status_code, "Your roles" in answer.text or "your roles" in answer.text) == (403, True)


def test_who_is_not_signed_in_is_led_to_the_sign_in_page(quiet: Site):
    answer = httpx.get(f"{quiet.base}/store/tasks/{UUID(int=7)}", headers=PAGE)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/sign-in?next=%2Fstore%2Ftasks")


@pytest.mark.parametrize("path", ["/hq/orders/{number}/buyer", "/store/tasks/{task}/buyer"])
def test_who_comes_back_to_an_opened_buyer_is_led_to_where_it_was(standing: tuple[Site, TaskId], path: str):
    site, offered = standing
    with site.database.reading() as conn:
        (found,) = fulfilment.tasks_by_id(conn, [offered])
        order = orders.order_by_id(conn, found.order_id)
    assert order is not None
    path = path.format(number=order.number, task=offered)
    answer = site.signed_in("lin.manager").get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, path.removesuffix("/buyer"))


def test_there_is_no_task_of_nothing(quiet: Site):
    browser = quiet.signed_in("lin.manager")
    assert browser.get(f"/store/tasks/{UUID(int=7)}").status_code == 404
    assert browser.get("/store/tasks/seven").status_code == 404


# ---------------------------------------------------------------------------------------------------- the whole way


def test_a_task_goes_from_the_offer_into_the_books(site: Site, offered: TaskId):
    lin = site.signed_in("lin.manager")
    listed = lin.get("/store").text
    assert ("+CN¥7.00" in listed, "双面羊绒大衣 ×1 · 羊毛围巾 ×2" in listed, "240 min" in listed) == (
        True,
        True,
        True,
    )
    assert step(lin, offered, "accept").headers["location"] == f"/store/tasks/{offered}"
    assert step(lin, offered, "pick").status_code == 303
    page = lin.get(f"/store/tasks/{offered}").text
    assert 'data-scans="COAT 06901234567892 6901234567892"' in page
    # A fragile good with a batch: two points of its own beside the two that every parcel has.
    assert page.count('name="looked"') == 4
    with site.database.reading() as conn:
        have = ticked(conn, offered)
    assert step(lin, offered, "check", have=have, looked=["1", "2", "3", "4"]).status_code == 303
    assert "Shanghai" in lin.get(f"/store/tasks/{offered}").text
    assert step(lin, offered, "pack").status_code == 303
    assert step(lin, offered, "hand-over", tracking_number="SF-10").status_code == 303
    done = site.task(offered)
    assert (done.state, done.accepted_by) == (TaskState.HANDED_OVER, site.stage.people["lin.manager"])
    assert "Going into the books" in lin.get(f"/store/tasks/{offered}").text
    with site.database.transaction() as conn:
        settle(conn)
        assert shares(conn)["STORE-S"] == 700
    booked = lin.get(f"/store/tasks/{offered}/pay").text
    assert ("+CN¥7.00" in booked, "Yours for good from 1 Apr" in booked) == (True, True)
    today = lin.get("/store/now").text
    assert ('data-key="earned-1">CN¥7.00' in today, "Done: 1" in today) == (True, True)
    with site.database.reading() as conn:
        told = conn.execute(
            "select data ->> 'tracking_number' from log.event where type = 'parcel_handed_over'"
        ).fetchall()
    assert told == [("SF-10",)]


def test_a_touch_more_changes_nothing(site: Site, offered: TaskId):
    lin = site.signed_in("lin.manager")
    for name in ("accept", "accept", "pick", "pick", "accept"):
        assert step(lin, offered, name).status_code == 303
    assert site.task(offered).state is TaskState.PICKING
    with site.database.reading() as conn:
        (count,) = conn.execute("select count(*) from log.event where type = 'task_accepted'").fetchone() or (
            0,
        )
    assert count == 1


def test_of_two_who_accept_the_second_is_told(site: Site, offered: TaskId):
    assert step(site.signed_in("zhou.guide"), offered, "accept").status_code == 303
    late = step(site.signed_in("lin.manager"), offered, "accept")
    assert (late.status_code, "A colleague took it first." in late.text) == (409, True)
    assert site.task(offered).accepted_by == site.stage.people["zhou.guide"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Accept within", "240 min", "+CN¥7.00", "Why you:", "of 3 stores that could send it, none costs less")),
        ("zh", ("剩余接单时间", "240 分钟", "+¥7.00", "为何派给本店：", "能发的 3 家中，没有更省的")),
    ],
)  # fmt: skip
def test_an_offer_says_until_when_what_it_pays_and_why_this_store(
    site: Site, offered: TaskId, language: str, said: tuple[str, ...]
):
    lin = site.signed_in("lin.manager")
    page = lin.get(f"/store/tasks/{offered}", headers={"accept-language": language}).text
    assert [one for one in said if one not in page] == []
    assert re.search(r"You have all of it, \d+ km from the customer|本店货齐，距顾客 \d+ 公里", page)
    step(lin, offered, "accept")
    assert said[3] not in lin.get(f"/store/tasks/{offered}", headers={"accept-language": language}).text


def test_an_offer_cannot_be_taken_after_its_deadline(site: Site, offered: TaskId):
    lin = site.signed_in("lin.manager")
    site.clock.turn(timedelta(hours=5))
    assert "W-1" not in lin.get("/store").text
    late = step_without_form(lin, offered, "accept")
    assert (late.status_code, "ran out" in late.text) == (409, True)
    assert site.task(offered).state is TaskState.OFFERED


def step_without_form(browser: httpx.Client, task_id: TaskId, name: str) -> httpx.Response:
    """Send a step whose page has no button for it any more."""
    return post(browser, f"/store/tasks/{task_id}/{name}", {}, page="/store/collect")


def test_goods_are_checked_only_when_all_is_ticked(site: Site, offered: TaskId):
    lin = site.signed_in("lin.manager")
    step(lin, offered, "accept")
    step(lin, offered, "pick")
    with site.database.reading() as conn:
        have = ticked(conn, offered)
    unseen = step(lin, offered, "check", have=have, looked=["1", "1", "2", "3"])
    assert (unseen.status_code, "Look at every point" in unseen.text) == (422, True)
    missing = step(lin, offered, "check", have=have[:1], looked=["1", "2", "3", "4"])
    assert (missing.status_code, "Not everything is ticked" in missing.text) == (409, True)
    assert site.task(offered).state is TaskState.PICKING


def test_a_carriers_number_is_letters_and_digits(standing: tuple[Site, TaskId]):
    site, offered = standing
    lin = site.signed_in("lin.manager")
    refused = step(lin, offered, "hand-over", tracking_number="<b>1</b>")
    assert (refused.status_code, "64 at most" in refused.text) == (422, True)


# ---------------------------------------------------------------------------------------------------- refusing


def test_a_part_is_refused_with_its_reason_and_the_rest_goes_on(site: Site, offered: TaskId):
    lin = site.signed_in("lin.manager")
    step(lin, offered, "accept")
    with site.database.reading() as conn:
        lines = {line.sku_id: line for line in fulfilment.lines_of_tasks(conn, [offered])[offered]}
    coat = lines[site.stage.shop.skus["COAT"]].allocation_id
    command = COMMAND.search(lin.get(f"/store/tasks/{offered}").text)
    assert command is not None
    form = {"reason": "damaged", "command_id": command.group(1), f"units_{coat}": "1"}
    assert step(lin, offered, "refuse", **form).status_code == 303
    assert step(lin, offered, "refuse", **form).status_code == 303
    assert site.task(offered).state is TaskState.ACCEPTED
    with site.database.reading() as conn:
        assert worth_of_tasks(conn, [offered])[offered].store_minor == 200
        unsellable = conn.execute("select sum(unsellable) from stock.leaf_stock").fetchone()
    assert unsellable == (1,)
    page = lin.get(f"/store/tasks/{offered}").text
    assert ("No longer in this task" in page, "+CN¥2.00" in page) == (True, True)


def test_a_whole_task_is_refused_and_thanked_for(site: Site, offered: TaskId):
    lin = site.signed_in("lin.manager")
    with site.database.reading() as conn:
        units = {
            f"units_{line.allocation_id}": str(line.units)
            for line in fulfilment.lines_of_tasks(conn, [offered])[offered]
        }
    form = {"reason": "no_capacity", "command_id": str(UUID(int=9)), **units}
    assert step(lin, offered, "refuse", **form).status_code == 303
    assert site.task(offered).state is TaskState.REFUSED
    assert "Thank you for saying so" in lin.get(f"/store/tasks/{offered}").text


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({}, 422, "Choose a reason"),
        ({"reason": "no_reason"}, 422, "Choose a reason"),
        ({"reason": "damaged"}, 422, "Choose a reason"),
        ({"reason": "damaged", "units": "3"}, 409, "So many units"),
        ({"reason": "damaged", "units": "-1"}, 422, "Choose a reason"),
        ({"reason": "damaged", "units": "99999999999999999999"}, 422, "Choose a reason"),
        ({"reason": "count_differs", "units": "1"}, 409, "how many units of it there really are"),
        ({"reason": "damaged", "units": "1", "command_id": "x"}, 422, "Choose a reason"),
    ],
)
def test_what_cannot_be_refused_changes_nothing(
    standing: tuple[Site, TaskId], form: dict[str, str], status: int, said: str
):
    site, offered = standing
    lin = site.signed_in("lin.manager")
    with site.database.reading() as conn:
        scarf = next(
            line.allocation_id
            for line in fulfilment.lines_of_tasks(conn, [offered])[offered]
            if line.units == 2
        )
    stated: dict[str, str | list[str]] = {"command_id": str(UUID(int=9))}
    stated |= {name.replace("units", f"units_{scarf}"): value for name, value in form.items()}
    answer = step(lin, offered, "refuse", **stated)
    assert (answer.status_code, said in answer.text) == (status, True)
    with site.database.reading() as conn:
        assert all(line.left == line.units for line in fulfilment.lines_of_tasks(conn, [offered])[offered])


# ---------------------------------------------------------------------------------------------------- scope


def test_another_store_neither_sees_nor_changes_a_task(standing: tuple[Site, TaskId]):
    site, offered = standing
    sun = site.signed_in("sun.manager")
    for page in ("", "/pay", "/buyer"):
        assert sun.get(f"/store/tasks/{offered}{page}").status_code == 404
    for name in ("accept", "pick", "pack", "hand-over", "refuse", "check", "buyer"):
        assert step_without_form(sun, offered, name).status_code == 404
    assert site.task(offered).state is TaskState.OFFERED
    assert "Nothing to do just now" in sun.get("/store").text


def test_who_oversees_several_sites_chooses_one_of_them_alone(standing: tuple[Site, TaskId]):
    site, offered = standing
    shen = site.signed_in("shen.ops")
    assert "Nothing to do just now" in shen.get("/store").text  # the first by code is D
    assert post(shen, "/store/site", {"code": "S"}, page="/store").headers["location"] == "/store"
    assert str(offered) in shen.get("/store").text
    post(shen, "/store/site", {"code": "NOWHERE"}, page="/store")
    assert str(offered) in shen.get("/store").text
    sun = site.signed_in("sun.manager")
    post(sun, "/store/site", {"code": "S"}, page="/store")
    assert str(offered) not in sun.get("/store").text


# ---------------------------------------------------------------------------------------------------- collecting


def test_a_parcel_is_given_to_whoever_shows_its_code(site: Site):
    with site.database.transaction() as conn:
        task_id = offer_to_collect(conn, site.stage, "C-1")
        have = ticked(conn, task_id)
    lin = site.signed_in("lin.manager")
    step(lin, task_id, "accept")
    step(lin, task_id, "pick")
    step(lin, task_id, "check", have=have, looked=["1", "2", "3", "4"])
    assert step(lin, task_id, "pack").status_code == 303
    assert step(lin, task_id, "pack").status_code == 303
    packed = site.task(task_id)
    # A week, to the end of the site's day.
    assert (packed.collect_by, packed.state) == (NOON + timedelta(days=7, hours=12), TaskState.PACKED)
    code = collection_code(task_id, secret=SECRET)
    page = lin.get("/store/collect")
    assert (code in page.text, "waits until 9 Mar<" in page.text) == (False, True)
    wrong = lin.get("/store/collect", params={"code": "0000 0000"})
    assert (wrong.status_code, "No parcel waits here" in wrong.text) == (409, True)
    spelt = f"{code[:4].lower()}-{code[4:]}"
    found = lin.get("/store/collect", params={"code": spelt})
    assert (found.status_code, "Given to the customer" in found.text) == (200, True)
    wu = site.signed_in("sun.manager")
    assert post(wu, "/store/collect/hand-over", {"code": code}, page="/store/collect").status_code == 409
    given = post(lin, "/store/collect/hand-over", {"code": spelt}, page="/store/collect")
    assert given.headers["location"] == f"/store/tasks/{task_id}"
    assert post(lin, "/store/collect/hand-over", {"code": code}, page="/store/collect").status_code == 303
    assert site.task(task_id).state is TaskState.HANDED_OVER
    assert "The customer has it" in lin.get(f"/store/tasks/{task_id}").text


def test_a_customer_s_address_is_opened_for_packing_and_written_down(site: Site):
    ring = open_key_ring(data_directory() / "keys")
    recipient = Recipient(name="陈念", phone="13800000007", region_code="310100", street="武康路 99 号 2 室")
    with site.database.transaction() as conn:
        (known,) = succeeded(customers.register_members(conn, [member(phone(7))], ring=ring, now=NOON))
        task_id = offer(conn, site.stage, "W-1", member_id=known.member_id)
        order_id = fulfilment.tasks_by_id(conn, [task_id])[0].order_id
        new = NewDelivery(order_id=order_id, member_id=known.member_id, recipient=recipient)
        succeeded(customers.keep_deliveries(conn, [new], ring=ring, now=NOON))
        have = ticked(conn, task_id)
    lin = site.signed_in("lin.manager")
    step(lin, task_id, "accept")
    assert "武康路" not in lin.get(f"/store/tasks/{task_id}").text
    step(lin, task_id, "pick")
    step(lin, task_id, "check", have=have, looked=["1", "2", "3", "4"])
    page = lin.get(f"/store/tasks/{task_id}").text
    assert ("武康路 99 号 2 室" in page, "陈念" in page, "Shanghai" in page) == (True, True, True)
    with site.database.reading() as conn:
        accesses = customers.last_accesses(conn, known.member_id, limit=5)
        head = orders.order_by_id(conn, order_id)
    assert head is not None
    assert {(one.actor, one.purpose) for one in accesses} == {
        (f"person:{site.stage.people['lin.manager']}", "fulfilment")
    }
    step(lin, task_id, "pack")
    step(lin, task_id, "hand-over")
    assert "武康路" not in lin.get(f"/store/tasks/{task_id}").text


# ---------------------------------------------------------------------------------------------------- finding stock


@pytest.mark.parametrize("text", ["coat", " COAT ", "COA", "6901234567892", "06901234567892", "大衣"])
def test_stock_is_found_by_code_by_bars_and_by_words(quiet: Site, text: str):
    with quiet.database.transaction() as conn:
        write_down_products(conn, [sku.product_id for sku in catalogue.skus_after(conn)])
    page = quiet.signed_in("lin.manager").get("/store/stock", params={"q": text}).text
    assert page.count("found-sku") == 1
    assert re.findall(r'<b class="number">(\d+)</b>', page) == ["10", "10", "10"]


@pytest.mark.parametrize("text", ["", "nothing of ours", "\x00", "%", "x" * 300])
def test_what_is_not_found_is_said(quiet: Site, text: str):
    answer = quiet.signed_in("lin.manager").get("/store/stock", params={"q": text})
    assert (answer.status_code, "found-sku" in answer.text) == (200, False)


# ---------------------------------------------------------------------------------------------------------- claiming


@pytest.fixture
def called(site: Site) -> CallId:
    """A coat and two scarves that three sites may claim."""
    with site.database.transaction() as conn:
        placed = place(conn, [ask(site.stage.shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed[0], Placed)
        (call_id,) = wave_of_calls(conn, site.stage.shop).calls
    return call_id


def test_a_call_shows_goods_pay_distance_and_why_and_is_claimed_by_one_touch(site: Site, called: CallId):
    browser = site.signed_in("wu.packer")
    page = browser.get("/store").text
    assert "First come, first served" in page
    assert "双面羊绒大衣 ×1 · 羊毛围巾 ×2" in page
    assert "You have all of it and are the nearest of 3 asked: 4 km" in page
    assert "+CN¥7.00" in page  # five hundredths of 140.00 net
    assert f'data-until="{(NOON + timedelta(hours=4)).isoformat()}"' in page
    answer = post(browser, f"/store/calls/{called}/claim", {}, page="/store")
    with site.database.reading() as conn:
        call = call_of(conn, called)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/store/tasks/{call.task_id}")
    assert (call.site_id, call.claimed_by) == (site.stage.shop.sites["S"], site.stage.people["wu.packer"])
    assert "First come, first served" not in browser.get("/store").text


def test_who_is_slower_is_told_so_and_nothing_is_booked(site: Site, called: CallId):
    slower, quicker = site.signed_in("sun.manager"), site.signed_in("lin.manager")
    assert "You have all of it, 165 km from the customer; 3 are asked" in slower.get("/store").text
    assert post(quicker, f"/store/calls/{called}/claim", {}, page="/store").status_code == 303
    answer = post(slower, f"/store/calls/{called}/claim", {}, page="/earned")
    assert answer.status_code == 409
    assert "Another store was quicker. Nothing was booked for yours." in answer.text
    assert "First come, first served" not in answer.text
    with site.database.reading() as conn:
        tasks = fulfilment.open_tasks_of_sites(conn, [site.stage.shop.sites["D"]])
    assert tasks == []
