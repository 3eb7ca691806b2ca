"""Telling over sockets: answers that are lost, processes that die, nights, limits, who declined, who was forgotten."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest

from loopline import customers, notices
from loopline.channels.aliyun_sms import AliyunSms
from loopline.channels.sandbox_aliyun import sandbox_account
from loopline.channels.sandbox_wechat import Manners
from loopline.customers import ConsentChannel, Purpose, record_consents
from loopline.customers.queries import last_accesses
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.fulfilment.model import CollectParcel
from loopline.kernel.ids import MemberId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.notices import About, End, Facts, Heard, NewNotice, NoticeId, State, ToTell
from loopline.processes import fulfil
from loopline.processes.membership import Export, export_member, forget
from loopline.processes.notify import FOLLOWERS, claim_to_tell
from loopline.processes.place import Placed, place
from tests.make.customers import consent_key, ring, says
from tests.make.loop import subject_types
from tests.make.notices import Telling, abouts, at_work, of_order, somebody, telling
from tests.make.org import succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import NOON, Shop, ask, open_shop
from tests.process.test_notify import CODE, ends, ready, ready_order, sound

NUMBER_OF_PHONE = "13800000001"


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def told(tmp_path: Path, clock: SetClock) -> Generator[Telling, None, None]:
    with telling(tmp_path, clock) as found:
        yield found


@pytest.fixture
def member_id(database: Database) -> MemberId:
    at_work(database, NOON - timedelta(hours=1))
    with database.transaction() as conn:
        return somebody(conn)


def test_an_answer_that_is_lost_is_asked_after_and_nothing_is_sent_twice(
    database: Database, shop: Shop, member_id: MemberId, tmp_path: Path, clock: SetClock
):
    placed = ready_order(database, shop, member_id)
    with telling(tmp_path, clock, manners=Manners(lost_chance=1.0)) as losing:
        assert losing.work(database) == 1
        (notice, _) = of_order(database, placed.order_id)
        assert (notice.state, notice.is_unsure, notice.tries) == (State.WAITING, True, 1)
        clock.on(minutes=2)
        assert losing.work(database) == 1  # nobody answers who is asked after it, either
        assert len(losing.said()) == 1
    with telling(tmp_path, clock) as told:
        clock.on(minutes=5)
        assert told.work(database) == 1
        assert len(told.said()) == 1
        (notice, _) = of_order(database, placed.order_id)
        assert (notice.state, notice.tries) == (State.SENT, 3)
        with database.reading() as conn:
            assert subject_types(conn, placed.order_id).count("customer_told") == 1


def claimed_and_died(database: Database, told: Telling) -> None:
    """What a process leaves behind that dies before anything left the house."""
    catch_up(database, FOLLOWERS, now=told.clock())
    with database.transaction() as conn:
        assert len(claim_to_tell(conn, ring=ring(), limit=9, now=told.clock())) == 1


def test_a_process_that_dies_before_it_sent_leaves_the_message_to_the_next(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    placed = ready_order(database, shop, member_id)
    claimed_and_died(database, told)
    told.clock.on(minutes=1)
    assert told.work(database) == 0  # the claim holds
    told.clock.on(minutes=1)
    assert told.work(database) == 1
    assert len(told.said()) == 1
    assert ends(database, placed.order_id)[About.READY] == (State.SENT, None)


def test_a_day_later_what_may_have_arrived_is_asked_after_and_not_sent(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    placed = ready_order(database, shop, member_id)
    claimed_and_died(database, told)
    told.clock.on(minutes=24 * 60)
    assert told.work(database) == 1
    assert told.said() == []
    assert ends(database, placed.order_id)[About.READY] == (State.FAILED, End.NOT_TAKEN)


def test_what_is_a_day_old_is_not_told(database: Database, shop: Shop, member_id: MemberId, told: Telling):
    placed = ready_order(database, shop, member_id)
    told.clock.on(minutes=24 * 60)
    assert told.work(database) == 0
    with database.transaction() as conn:
        assert notices.drop_stale(conn, now=told.clock(), limit=9) == 1
        assert notices.drop_stale(conn, now=told.clock(), limit=9) == 0
    assert told.said() == []
    assert ends(database, placed.order_id)[About.READY] == (State.LEFT_OUT, End.STALE)


def test_who_declined_is_left_in_peace_and_no_phone_is_opened(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    key = consent_key(
        member_id, purpose=Purpose.SERVICE, channel=ConsentChannel.SMS, receiver_id=shop.parties["BRAND"]
    )
    with database.transaction() as conn:
        assert customers.declined(conn, [key]) == [False]
        succeeded(record_consents(conn, [says(key, granted=False, at=NOON)], now=NOON))
        assert customers.declined(conn, [key]) == [True]
        placed = ready(conn, shop, "C-1", member_id)
    assert told.work(database) == 0
    assert ends(database, placed.order_id)[About.READY] == (State.LEFT_OUT, End.DECLINED)
    with database.reading() as conn:
        assert last_accesses(conn, member_id, limit=9) == []
    assert told.said() == []
    sound(database)


def test_by_night_it_waits_for_the_morning(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    placed = ready_order(database, shop, member_id)
    told.clock.now = datetime(2026, 3, 2, 14, tzinfo=UTC)  # ten at night in Shanghai
    assert told.work(database) == 0
    told.clock.now = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    assert told.work(database) == 0
    told.clock.now = datetime(2026, 3, 3, tzinfo=UTC)
    assert told.work(database) == 1
    assert ends(database, placed.order_id)[About.READY] == (State.SENT, None)


def put_down(database: Database, placed: Placed, member_id: MemberId, *, many: int) -> None:
    new = [
        NewNotice(
            order_id=placed.order_id,
            about=About.REFUNDED,
            version=uuid7(NOON),
            member_id=member_id,
            site_id=None,
            zone="Asia/Shanghai",
            facts=Facts(number=placed.number, amount_minor=100 + one, currency="CNY"),
            happened_at=NOON,
        )
        for one in range(many)
    ]
    with database.transaction() as conn:
        assert notices.write_notices(conn, new) == many
        assert notices.write_notices(conn, new) == 0


def test_five_in_an_hour_are_enough(database: Database, shop: Shop, member_id: MemberId, told: Telling):
    with database.transaction() as conn:
        (placed,) = place(conn, [ask(shop, "W-1", member_id=member_id)], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
    put_down(database, placed, member_id, many=7)
    assert told.work(database) == 5
    told.clock.on(minutes=59)
    assert told.work(database) == 0
    told.clock.on(minutes=1)
    assert told.work(database) == 2
    assert len(told.said()) == 7


def test_nothing_is_put_down_where_no_gateway_is_at_work(
    database: Database, shop: Shop, clock: SetClock, tmp_path: Path
):
    with database.transaction() as conn:
        placed = ready(conn, shop, "C-1", somebody(conn))
    clock.on(minutes=1)
    with telling(tmp_path, clock) as told:
        told.work(database)
        assert abouts(database, placed.order_id) == []
        told.work(database)  # at work from now on: what was before stays untold
        assert abouts(database, placed.order_id) == []


def test_what_the_gateway_will_not_send_fails_and_is_told_again_by_whom_it_concerns(
    database: Database, shop: Shop, member_id: MemberId, tmp_path: Path, clock: SetClock
):
    placed = ready_order(database, shop, member_id)
    with telling(tmp_path, clock, blocked=frozenset({NUMBER_OF_PHONE})) as told:
        told.work(database)
    (notice, _) = of_order(database, placed.order_id)
    assert (notice.state, notice.end) == (State.FAILED, End.REFUSED)
    assert notice.note == "isv.BLACK_KEY_CONTROL_LIMIT 黑名单管控"
    dealer = Scope(sites=frozenset({shop.sites["D"]}))
    clock.on(minutes=1)
    with database.transaction() as conn:
        unseen, unknown = notices.tell_again(
            conn, [notice.id, NoticeId(UUID(int=9))], scope=dealer, now=clock()
        )
        assert isinstance(unseen, notices.NoticeNotFailed)
        assert isinstance(unknown, notices.NoticeNotFailed)
        assert notices.tell_again(conn, [notice.id], scope=WHOLE_BRAND, now=clock()) == [notice.id]
        (again,) = notices.tell_again(conn, [notice.id], scope=WHOLE_BRAND, now=clock())
        assert isinstance(again, notices.NoticeNotFailed)
    with telling(tmp_path, clock) as told:
        assert told.work(database) == 1
        assert len(told.said()) == 1


def test_what_a_member_was_told_is_theirs_to_take_along_and_is_forgotten_with_them(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    placed = ready_order(database, shop, member_id)
    told.work(database)
    with database.transaction() as conn:
        export = export_member(conn, member_id, ring=ring(), now=told.clock())
        assert isinstance(export, Export), export
        (message,) = export.messages
        assert (message.order_id, message.text) == (placed.order_id, told.said()[0])
        succeeded(
            fulfil.collect(
                conn, [CollectParcel(site_id=shop.sites["S"], code=CODE)], scope=WHOLE_BRAND, now=NOON
            )
        )
        succeeded(forget(conn, [member_id], now=told.clock(), actor="test"))
    ready_one, soon = of_order(database, placed.order_id)
    assert (ready_one.state, ready_one.facts) == (State.SENT, Facts(number=""))
    assert (soon.state, soon.end, soon.facts) == (State.LEFT_OUT, End.ERASED, Facts(number=""))


def test_what_ended_two_years_ago_is_forgotten_and_what_waits_is_not(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    placed = ready_order(database, shop, member_id)
    told.work(database)
    ready_one, soon = of_order(database, placed.order_id)
    assert ready_one.ended_at is not None
    old = ready_one.ended_at + timedelta(days=730)
    with database.transaction() as conn:
        assert notices.sweep_notices(conn, now=old, limit=9) == 0
        assert notices.sweep_notices(conn, now=old + timedelta(seconds=1), limit=9) == 1
    assert of_order(database, placed.order_id) == [soon]


def test_the_sandbox_believes_no_call_that_is_not_signed(told: Telling):
    url = told.sandbox.settings.base_url
    unsigned = httpx.post(url, headers={"x-acs-action": "SendSms"}, trust_env=False)
    assert unsigned.json()["Code"] == "InvalidAccessKeyId.NotFound"
    account = sandbox_account(told.sandbox.settings)
    forged = AliyunSms(msgspec.structs.replace(account, access_key_secret="another"))
    refused = forged.send(asked("+8613800000001"), now=NOON)
    assert (refused.heard, refused.note) == (
        Heard.LATER,
        "SignatureDoesNotMatch Specified signature does not match.",
    )
    assert told.said() == []
    assert told.gateway.send(asked("+8613800000001"), now=NOON).heard is Heard.TAKEN
    wrong = told.gateway.send(asked("+8613"), now=NOON)
    assert (wrong.heard, wrong.note) == (Heard.REFUSED, "isv.MOBILE_NUMBER_ILLEGAL …invalid mobile number")
    assert len(told.said()) == 1


def test_a_phone_that_had_enough_is_tried_later_and_a_dead_one_is_told_of(tmp_path: Path, clock: SetClock):
    dead = "+8613800000002"
    with telling(tmp_path, clock, a_day_most=1, dead=frozenset({dead[3:]})) as told:
        assert told.gateway.send(asked("+8613800000001"), now=NOON).heard is Heard.TAKEN
        full = told.gateway.send(asked("+8613800000001"), now=NOON)
        assert (full.heard, full.note) == (Heard.LATER, "isv.BUSINESS_LIMIT_CONTROL 触发天级流控")
        assert told.gateway.send(asked(dead), now=NOON).heard is Heard.TAKEN
        found = told.gateway.ask(asked(dead), now=NOON)
        assert (found.heard, found.note) == (Heard.REFUSED, "MOBILE_NOT_ON_SERVICE")
        assert told.gateway.ask(asked("+8613800000003"), now=NOON).heard is Heard.ABSENT


def asked(to: str) -> ToTell:
    facts = Facts(number="W-1", tracking="SF1")
    return ToTell(
        claim=notices.Claim(notice_id=NoticeId(UUID(int=1)), lease=NOON),
        key=UUID(int=1).hex,
        phone=to,
        about=About.SENT,
        language="zh",
        fields=notices.fields_of(About.SENT, facts, language="zh", zone_name="UTC"),
        text="",
        tried_since=NOON,
        asks_first=False,
        may_send=True,
    )
