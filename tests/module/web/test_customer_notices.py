"""Messages to customers over real HTTP: what headquarters see of them and tell again, and what members choose."""

import re
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from loopline import customers, notices, org
from loopline.channels.telling import notice_gateway
from loopline.customers import Purpose
from loopline.customers.keys import open_key_ring
from loopline.customers.sessions import MemberSession, begin_sessions
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.notices import tell_customers
from loopline.kernel.ids import MemberId
from loopline.org import Role
from loopline.processes.notify import FOLLOWERS
from loopline.processes.place import Placed
from tests.make.customers import consent_key, member, phone, registered
from tests.make.notices import at_work, failed_notice, of_order
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import NOON, Shop, open_shop
from tests.make.web import DEMO, data_directory, served, settings
from tests.module.web.api.test_invoices import browser, posted
from tests.process.test_notify import ready

PEOPLE = (
    ("tang.service", "HX", Role.CUSTOMER_SERVICE),
    ("chen.dealer", "DEALER", Role.DEALER),
    ("wu.packer", "U-S", Role.PACKER),
)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def shop(database: Database) -> Shop:
    at_work(database, NOON)
    with database.transaction() as conn:
        found = open_shop(conn)
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in PEOPLE]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=NOON))
    return found


@pytest.fixture
def member_id(database: Database) -> MemberId:
    ring = open_key_ring(data_directory() / "keys")
    with database.transaction() as conn:
        (found,) = registered(conn, [member(phone(1))], keys=ring)
    return found


@pytest.fixture
def placed(database: Database, shop: Shop, member_id: MemberId) -> Placed:
    with database.transaction() as conn:
        return ready(conn, shop, "C-1", member_id)


@pytest.fixture
def base(database: Database, shop: Shop, clock: SetClock) -> Generator[str, None, None]:
    with served(database, settings(demo=DEMO), clock=clock) as address:
        yield address


def staff(base: str, name: str) -> httpx.Client:
    """Somebody of the staff, signed in."""
    asked = {"sign_in_name": name, "password": PASSWORD}
    token = httpx.post(f"{base}/api/v1/sessions", json=asked, trust_env=False).json()["token"]
    return browser(base, "loopline_session", token)


def test_the_demo_tells_by_the_sandbox_beside_its_pages_and_service_reads_what_was_told(
    base: str, database: Database, placed: Placed, clock: SetClock, tmp_path: Path
):
    gateway = notice_gateway(data_directory(), tmp_path, sandbox_at=base)
    assert gateway is not None
    assert notice_gateway(data_directory(), tmp_path) is None
    ring = open_key_ring(data_directory() / "keys")
    catch_up(database, FOLLOWERS, now=NOON)
    while tell_customers(database, gateway, clock(), open_ring=lambda: ring):
        clock.on(minutes=3)  # by the seed answers of the sandbox are lost
    with staff(base, "tang.service") as service:
        told = service.get("/hq/notices", params={"order": placed.number}).text
        assert f"您的订单{placed.number}已在S备好，请于3月9日12:00前凭订单页的取货码到店领取。" in told
        assert "Ready to collect" in told
        assert "Told by Aliyun SMS." in told
        timeline = service.get(f"/hq/orders/{placed.number}").text
        assert "Customer told by message" in timeline
        assert f"/hq/notices?order={placed.number}" in timeline
        sent = service.get("/hq/notices", params={"list": "sent"}).text
        assert placed.number in sent
        assert "13800000001" not in told + timeline + sent


def test_what_failed_is_told_again_by_whom_it_concerns_and_others_see_none_of_it(
    base: str, database: Database, shop: Shop, placed: Placed, member_id: MemberId
):
    with database.transaction() as conn:
        notice_id = failed_notice(conn, placed, member_id, shop.sites["S"])
    again = f"/hq/notices/{notice_id}/again"
    with staff(base, "chen.dealer") as dealer:
        for shown in ({"order": placed.number}, {"list": "failed"}):
            assert "isv.BLACK_KEY_CONTROL_LIMIT" not in dealer.get("/hq/notices", params=shown).text
        assert posted(dealer, "/hq/orders", again).status_code == 404
    with staff(base, "wu.packer") as packer:
        assert packer.get("/hq/notices").status_code == 403
    with staff(base, "tang.service") as service:
        failed = service.get("/hq/notices").text
        assert "The gateway will not send it" in failed
        assert "isv.BLACK_KEY_CONTROL_LIMIT" in failed
        answer = posted(service, "/hq/orders", again)
        assert (answer.status_code, answer.headers["location"].split("&")[0]) == (
            303,
            "/hq/notices?list=waiting",
        )
        assert "It is told again within the minute." in service.get(answer.headers["location"]).text
        assert posted(service, "/hq/orders", again).status_code == 404
    (notice,) = (one for one in of_order(database, placed.order_id) if one.id == notice_id)
    assert (notice.state, notice.tries, notice.is_unsure) == (notices.State.WAITING, 1, False)


def test_what_failed_is_shown_and_counted_for_a_week_and_found_by_its_order_after_that(
    base: str, database: Database, shop: Shop, placed: Placed, member_id: MemberId, clock: SetClock
):
    with database.transaction() as conn:
        failed_notice(conn, placed, member_id, shop.sites["S"])

    def shown(**asked: str) -> tuple[list[str], bool]:
        with staff(base, "tang.service") as service:
            page = service.get("/hq/notices", params=asked).text
        counted = re.findall(r'>Failed <span class="number">(\d+)</span>', page)
        return counted, "isv.BLACK_KEY_CONTROL_LIMIT" in page

    clock.on(days=7)
    assert shown() == (["1"], True)
    clock.on(minutes=1)
    assert shown(list="failed") == (["0"], False)
    assert shown(order=placed.number) == ([], True)


def test_what_a_forgotten_member_was_told_is_listed_without_its_words(
    base: str, database: Database, shop: Shop, placed: Placed, member_id: MemberId
):
    with database.transaction() as conn:
        notice_id = failed_notice(conn, placed, member_id, shop.sites["S"])
        assert notices.forget_notices(conn, [member_id], now=NOON) == 1
    with staff(base, "tang.service") as service:
        failed = service.get("/hq/notices", params={"list": "failed"})
        assert failed.status_code == 200
        assert "The customer was forgotten" in failed.text
        assert f"/hq/notices/{notice_id}/again" not in failed.text


def test_a_page_without_a_gateway_says_that_nothing_is_told(base: str, database: Database):
    with database.transaction() as conn:
        conn.execute("delete from notices.gateway")
    with staff(base, "tang.service") as service:
        assert "No gateway is set up" in service.get("/hq/notices").text


def test_a_member_says_on_their_page_that_they_want_no_messages(
    base: str, database: Database, shop: Shop, member_id: MemberId, clock: SetClock
):
    with database.transaction() as conn:
        (session,) = begin_sessions(conn, [member_id], now=NOON)
    assert isinstance(session, MemberSession)
    key = consent_key(member_id, purpose=Purpose.SERVICE, receiver_id=shop.parties["BRAND"])
    with browser(base, "loopline_member", session.token) as mine:
        assert is_on(mine.get("/me").text)
        for word, is_wanted in (("no", False), ("yes", True)):
            clock.on(minutes=1)  # of two words of one moment the no would stand
            assert posted(mine, "/me", "/me/consents", key="service.sms", granted=word).status_code == 303
            assert is_on(mine.get("/me").text) is is_wanted
            with database.reading() as conn:
                assert customers.declined(conn, [key]) == [not is_wanted]


def is_on(page: str) -> bool:
    """Whether the switch of messages stands on yes."""
    (found,) = re.findall(r'aria-checked="(true|false)" aria-label="Messages about my orders"', page)
    return found == "true"
