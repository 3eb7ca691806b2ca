"""From a promise that was shown to what became of it: kept with the order, watched, renewed, learnt from."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline import promises
from loopline.db import Conn, log
from loopline.fulfilment.model import AcceptTask, CheckTask, PackTask, PickTask, RefusalReason, RefuseTask
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Delivery, DraftKind
from loopline.processes import dispatch, fulfil
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.promised import (
    FOLLOWERS,
    NoSuchParcel,
    NotLeftYet,
    keep_given,
    learn_paces,
    tell_arrivals,
    watch_promises,
)
from loopline.processes.source import source_wave
from loopline.processes.take_in import Incoming, MessageLine, OrderMessage, OrderTaken, place_messages
from loopline.promises import (
    DayRecord,
    GivenPromise,
    HeldBack,
    Milestone,
    Promise,
    PromiseKind,
    PromiseState,
    SiteRecord,
    WatchList,
)
from tests.make.loop import follow, pay_for, subject_types, work_off
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, open_shop

(FOLLOWER,) = FOLLOWERS
AFTERNOON = datetime(2026, 3, 2, 8, tzinfo=UTC)  # four in Shanghai
TOMORROW_NIGHT = datetime(2026, 3, 3, 16, tzinfo=UTC)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def given(shop: Shop, kind: PromiseKind = PromiseKind.COLLECT) -> GivenPromise:
    is_delivered = kind is PromiseKind.DELIVER
    return GivenPromise(
        kind=kind,
        site_id=shop.sites["S"],
        due_at=TOMORROW_NIGHT if is_delivered else AFTERNOON,
        starts_at=None,
        ready_minutes=120,
        lane_minutes=24 * 60 if is_delivered else 0,
        band=0 if is_delivered else None,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )


def message(shop: Shop, number: str, kind: PromiseKind | None = PromiseKind.COLLECT) -> OrderMessage:
    is_collected = kind is PromiseKind.COLLECT
    return OrderMessage(
        channel="web",
        external_number=number,
        kind=DraftKind.ASK,
        lines=(MessageLine(sku_code="COAT", units=1),),
        delivery=Delivery.COLLECT if is_collected else Delivery.DELIVER,
        site_code="S" if is_collected else None,
        region_code=None if is_collected else "310100",
        promise=given(shop, kind) if kind is not None else None,
    )


def put(conn: Conn, *messages: OrderMessage) -> list[OrderId]:
    incoming = [Incoming(message=one, scope=WHOLE_BRAND) for one in messages]
    taken = place_messages(conn, incoming, now=NOON)
    assert all(isinstance(one, OrderTaken) for one in taken), taken
    return [one.order_id for one in taken if isinstance(one, OrderTaken)]


def kept(conn: Conn, order_id: OrderId) -> list[Promise]:
    return promises.promises_of_orders(conn, [order_id]).get(order_id, [])


def latest(conn: Conn, order_id: OrderId) -> Promise:
    return kept(conn, order_id)[-1]


def told(conn: Conn, order_id: OrderId) -> list[str]:
    return [one for one in subject_types(conn, order_id) if one.startswith("promise_")]


def pack(
    conn: Conn, tasks: Sequence[TaskId], *, taken: datetime, now: datetime, codes_from: int = 10
) -> None:
    """Take work at once, and have it packed by a moment, to wait for its customers."""
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=taken))
    succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=now))
    succeeded(fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=now))
    packed = [
        PackTask(task_id=one, code=f"ABCD23{codes_from + place}", collect_by=now + timedelta(days=3))
        for place, one in enumerate(tasks)
    ]
    succeeded(fulfil.pack(conn, packed, scope=WHOLE_BRAND, now=now))


def test_an_order_keeps_the_promise_that_was_shown_and_others_keep_none(conn: Conn, shop: Shop):
    collected, delivered, plain = put(
        conn,
        message(shop, "1"),
        message(shop, "2", PromiseKind.DELIVER),
        message(shop, "3", None),
    )
    one = latest(conn, collected)
    # Ready by four in the afternoon; 75 of the two hours are work, half an hour the store's to answer.
    assert (one.state, one.due_at, one.hand_over_by) == (PromiseState.OPEN, AFTERNOON, AFTERNOON)
    assert one.accept_by == AFTERNOON - timedelta(minutes=75)
    assert (one.source_by, one.look_at) == (one.accept_by - timedelta(minutes=30), one.source_by)
    other = latest(conn, delivered)
    assert (other.due_at, other.hand_over_by) == (TOMORROW_NIGHT, datetime(2026, 3, 2, 14, tzinfo=UTC))
    assert kept(conn, plain) == []
    assert [told(conn, order_id) for order_id in (collected, delivered, plain)] == [
        ["promise_given"], ["promise_given"], [],
    ]  # fmt: skip


def test_the_same_order_with_another_promise_is_the_same_order(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1"))
    later = msgspec.structs.replace(given(shop), due_at=AFTERNOON + timedelta(hours=1))
    (again,) = put(conn, msgspec.structs.replace(message(shop, "1"), promise=later))
    assert again == order_id
    assert [one.due_at for one in kept(conn, order_id)] == [AFTERNOON]


def test_a_promise_is_kept_when_the_goods_are_ready_in_time(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1"))
    pack(conn, source_wave(conn, now=NOON).tasks, taken=NOON, now=NOON + timedelta(hours=1))
    follow(conn, FOLLOWER)
    one = latest(conn, order_id)
    assert (one.state, one.fact_at, one.by_site_id) == (
        PromiseState.KEPT, NOON + timedelta(hours=1), shop.sites["S"],
    )  # fmt: skip
    assert told(conn, order_id) == ["promise_given", "promise_kept"]
    follow(conn, FOLLOWER)
    assert told(conn, order_id) == ["promise_given", "promise_kept"]


def test_a_delivery_is_kept_when_it_arrives_in_time_and_not_before(conn: Conn, shop: Shop):
    early, late = put(conn, message(shop, "1", PromiseKind.DELIVER), message(shop, "2", PromiseKind.DELIVER))
    tasks = source_wave(conn, now=NOON).tasks
    work_off(conn, tasks, now=NOON + timedelta(hours=1))
    follow(conn, FOLLOWER)
    assert [latest(conn, one).state for one in (early, late)] == [PromiseState.OPEN] * 2
    by_order = dict(conn.execute("select order_id, id from fulfilment.task").fetchall())
    word = [(by_order[early], TOMORROW_NIGHT), (by_order[late], TOMORROW_NIGHT + timedelta(seconds=1))]
    at = TOMORROW_NIGHT + timedelta(hours=1)
    assert len(succeeded(tell_arrivals(conn, word, scope=WHOLE_BRAND, actor="carrier", now=at))) == 2
    follow(conn, FOLLOWER)
    assert [latest(conn, one).state for one in (early, late)] == [PromiseState.KEPT, PromiseState.BROKEN]
    # The first word stands: a second one changes nothing and tells nothing.
    again = [(by_order[late], TOMORROW_NIGHT)]
    succeeded(tell_arrivals(conn, again, scope=WHOLE_BRAND, actor="carrier", now=at))
    follow(conn, FOLLOWER)
    assert latest(conn, late).arrived_at == TOMORROW_NIGHT + timedelta(seconds=1)
    assert subject_types(conn, late).count("parcel_arrived") == 1
    record = promises.record_since(conn, NOON - timedelta(days=1))
    assert (record.promises, record.kept, record.replaced, record.open) == (2, 1, 0, 0)
    # Due at midnight: of the day that ends with it. A second late is late, and rounds to no minute.
    since = NOON - timedelta(days=1)
    site_id = latest(conn, early).by_site_id
    assert site_id is not None
    of_days = promises.kept_by_day(conn, since, zone="Asia/Shanghai")
    assert of_days == [DayRecord(day=date(2026, 3, 3), promises=2, kept=1)]
    assert promises.kept_by_site(conn, since) == [
        SiteRecord(site_id=site_id, promises=2, kept=1, open=0, at_risk=0, late_minutes_mean=0)
    ]
    elsewhere = [one for one in shop.sites.values() if one != site_id]
    assert promises.kept_by_day(conn, since, zone="Asia/Shanghai", site_ids=elsewhere) == []
    assert promises.kept_by_site(conn, since, site_ids=elsewhere) == []
    assert promises.kept_by_site(conn, NOON + timedelta(seconds=1)) == []


def test_nobody_tells_of_parcels_that_are_not_theirs_or_did_not_leave(conn: Conn, shop: Shop):
    put(conn, message(shop, "1", PromiseKind.DELIVER))
    (task_id,) = source_wave(conn, now=NOON).tasks
    unknown = TaskId(UUID(int=7))
    elsewhere = Scope(sites=frozenset({shop.sites["D"]}))
    ask = [(task_id, NOON), (unknown, NOON)]
    outcomes = tell_arrivals(conn, ask, scope=elsewhere, actor="x", now=NOON)
    assert outcomes == [NotInYourBranch(subject=str(task_id)), NoSuchParcel(task_id=unknown)]
    assert tell_arrivals(conn, ask[:1], scope=WHOLE_BRAND, actor="x", now=NOON) == [
        NotLeftYet(task_id=task_id)
    ]
    assert conn.execute("select count(*) from promises.arrival").fetchone() == (0,)


def test_what_is_missed_is_told_once_and_a_promise_that_still_holds_stands(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1"))
    one = latest(conn, order_id)
    assert watch_promises(conn, now=one.source_by - timedelta(seconds=1), limit=10) == 0
    for minutes in (0, 15):
        assert watch_promises(conn, now=one.source_by + timedelta(minutes=minutes), limit=10) == 1
    # Not sourced by half past eleven, UTC less eight: two hours would be too long from then on, a part of them is not.
    assert (latest(conn, order_id).risk, latest(conn, order_id).state) == (
        Milestone.SOURCE,
        PromiseState.OPEN,
    )
    assert told(conn, order_id) == ["promise_given", "promise_at_risk"]
    listed = promises.watched(conn, WatchList.AT_RISK, site_ids=None, since=NOON, at_most=10)
    assert [row.order_id for row in listed] == [order_id]
    assert promises.watched(conn, WatchList.AT_RISK, site_ids=[shop.sites["D"]], since=NOON, at_most=10) == []


def test_a_promise_that_cannot_hold_is_replaced_before_it_breaks(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1"))
    soon = AFTERNOON - timedelta(minutes=10)
    watch_promises(conn, now=soon, limit=10)
    before, after = kept(conn, order_id)
    assert (before.state, before.ended_at) == (PromiseState.REPLACED, soon)
    # Half an hour more to be ready, and half an hour to spare.
    assert (after.state, after.replaces_id, after.due_at) == (
        PromiseState.OPEN, before.id, soon + timedelta(hours=1),
    )  # fmt: skip
    assert (after.first_due_at, after.risk) == (AFTERNOON, None)
    assert told(conn, order_id) == ["promise_given", "promise_at_risk", "promise_renewed"]
    # Kept in the end, and honestly not what was said first.
    pack(conn, source_wave(conn, now=soon).tasks, taken=soon, now=AFTERNOON + timedelta(minutes=20))
    follow(conn, FOLLOWER)
    assert latest(conn, order_id).state is PromiseState.KEPT
    record = promises.record_since(conn, NOON - timedelta(days=1))
    assert (record.promises, record.kept, record.replaced, record.late_minutes_mean) == (1, 0, 1, 20)


def test_a_promise_that_broke_is_told_and_another_takes_its_place(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1"))
    watch_promises(conn, now=AFTERNOON, limit=10)
    before, after = kept(conn, order_id)
    assert (before.state, after.state, after.replaces_id) == (
        PromiseState.BROKEN,
        PromiseState.OPEN,
        before.id,
    )
    assert told(conn, order_id) == ["promise_given", "promise_at_risk", "promise_missed", "promise_renewed"]
    assert watch_promises(conn, now=AFTERNOON, limit=10) == 0


def test_nothing_is_late_of_an_order_that_waits_to_be_paid_until_it_is_paid(conn: Conn, shop: Shop):
    asked = msgspec.structs.replace(message(shop, "1"), hold_minutes=24 * 60)
    (taken,) = place_messages(conn, [Incoming(message=asked, scope=WHOLE_BRAND)], now=NOON)
    assert isinstance(taken, OrderTaken)
    soon = AFTERNOON - timedelta(minutes=45)  # long after it should have had a site
    for minutes in (0, 15):
        assert watch_promises(conn, now=soon + timedelta(minutes=minutes), limit=10) == 1
        assert watch_promises(conn, now=soon + timedelta(minutes=minutes), limit=10) == 0
    (one,) = kept(conn, taken.order_id)
    assert (one.state, one.risk, told(conn, taken.order_id)) == (PromiseState.OPEN, None, ["promise_given"])
    pay_for(conn, shop, taken, at=soon + timedelta(minutes=20))
    assert watch_promises(conn, now=soon + timedelta(minutes=30), limit=10) == 1
    before, after = kept(conn, taken.order_id)
    assert (before.state, after.state) == (PromiseState.REPLACED, PromiseState.OPEN)
    assert told(conn, taken.order_id) == ["promise_given", "promise_at_risk", "promise_renewed"]


def test_refused_work_is_no_work_done(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1", PromiseKind.DELIVER))
    (task_id,) = source_wave(conn, now=NOON).tasks
    follow(conn, FOLLOWER)
    assert latest(conn, order_id).sourced_at == NOON
    refusal = RefuseTask(command_id=UUID(int=1), task_id=task_id, reason=RefusalReason.NOT_FOUND)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    follow(conn, FOLLOWER)
    assert latest(conn, order_id).sourced_at is None


def test_what_is_called_off_is_no_longer_promised(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1"))
    succeeded(cancel(conn, [Cancellation(order_id=order_id, actor="test")], scope=WHOLE_BRAND, now=NOON))
    follow(conn, FOLLOWER)
    assert latest(conn, order_id).state is PromiseState.VOID
    assert told(conn, order_id) == ["promise_given"]


def test_stores_that_take_longer_are_promised_longer(conn: Conn, shop: Shop):
    put(conn, *(message(shop, str(number)) for number in range(5)))
    pack(conn, source_wave(conn, now=NOON).tasks, taken=NOON, now=NOON + timedelta(hours=6))
    follow(conn, FOLLOWER)
    assert learn_paces(conn, now=NOON + timedelta(days=1)) == 1
    paces = promises.paces_in_force(conn)
    # Five of six hours weigh as five of twenty-five: (5 * 360 + 20 * 120) / 25.
    assert (paces.version, paces.ready) == (1, {shop.sites["S"]: 168})
    known = promises.last_learnt(conn)
    assert known is not None
    learnt, (pace,) = known
    assert (learnt.version, learnt.learnt_at) == (1, NOON + timedelta(days=1))
    assert (pace.told, pace.minutes, pace.observed) == (120, 168, 5)
    assert learn_paces(conn, now=NOON + timedelta(days=70)) == 0
    assert promises.paces_in_force(conn).version == 1


def test_what_was_learnt_is_held_against_the_days_since(conn: Conn, shop: Shop):
    put(conn, *(message(shop, str(number)) for number in range(5)))
    tasks = source_wave(conn, now=NOON).tasks
    pack(conn, tasks[:3], taken=NOON, now=NOON + timedelta(hours=6))
    pack(conn, tasks[3:], taken=NOON, now=NOON + timedelta(days=9), codes_from=20)
    follow(conn, FOLLOWER)
    now = NOON + timedelta(days=10)
    learn_paces(conn, now=now)
    version = promises.paces_in_force(conn).version
    # A week ago three of six hours were known, (3 * 360 + 20 * 120) / 23; the two since took days.
    assert promises.held_back_of(conn, version) == [
        HeldBack(
            stage="ready",
            since=now - timedelta(days=7),
            aim_percent=90,
            observed=2,
            covered=0,
            minutes_mean=152,
            told_covered=0,
            told_minutes_mean=120,
        )
    ]


def test_what_the_log_tells_of_promises_names_their_orders(conn: Conn, shop: Shop):
    (order_id,) = put(conn, message(shop, "1", None))
    (one,) = keep_given(conn, [(order_id, given(shop))], now=NOON)
    (told_of,) = [event for event in log.read_subject(conn, order_id) if event.type == "promise_given"]
    assert msgspec.json.decode(told_of.data)["promise_id"] == str(one.id)
