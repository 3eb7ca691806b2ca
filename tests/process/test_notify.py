"""Customers are told by message what happens to their orders: once, by day, as long as it is true; over sockets."""

from collections.abc import Generator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from loopline import orders
from loopline.customers.queries import last_accesses
from loopline.db import Conn, Database, run_check
from loopline.fulfilment.model import AcceptTask, CheckTask, CollectParcel, HandOverTask, PackTask, PickTask
from loopline.kernel.ids import MemberId, OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.notices import About, End, State
from loopline.orders import Delivery, OnShortage
from loopline.processes import dispatch, fulfil
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import ALL_CHECKS
from loopline.processes.expect import RestockWish, state
from loopline.processes.no_show import end_waiting
from loopline.processes.notify import PURPOSE
from loopline.processes.place import Placed, place
from loopline.processes.promised import keep_given, watch_promises
from loopline.processes.regrade import receive
from loopline.processes.source import source_wave
from loopline.processes.take_back import TakenBack
from loopline.returns.model import Receipt, ReturnKind
from tests.make.loop import follow, hand_over_everything, pack_up, pay_for, subject_types
from tests.make.notices import Telling, abouts, at_work, of_order, somebody, telling
from tests.make.org import succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.process.test_gateway_payments import SETTLE, done, refund_of, report
from tests.process.test_gateway_payments import asked as asked_to_pay
from tests.process.test_promised import given
from tests.process.test_take_back import back, taken

CODE = "ABCD2345"
COLLECT_BY = NOON + timedelta(days=7)
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


def collected(shop: Shop, number: str, member_id: MemberId) -> orders.Draft:
    return ask(
        shop,
        number,
        member_id=member_id,
        delivery=Delivery.COLLECT,
        site_id=shop.sites["S"],
        destination=None,
        hold_minutes=0,
    )


def ready(conn: Conn, shop: Shop, number: str, member_id: MemberId, *, code: str = CODE) -> Placed:
    """An order that was paid and waits for its customer."""
    (placed,) = place(conn, [collected(shop, number, member_id)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed), placed
    pay_for(conn, shop, placed)
    (task,) = source_wave(conn, now=NOON).tasks
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=task)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=task)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.check(conn, [CheckTask(task_id=task)], scope=WHOLE_BRAND, now=NOON))
    packed = PackTask(task_id=task, code=code, collect_by=COLLECT_BY)
    succeeded(fulfil.pack(conn, [packed], scope=WHOLE_BRAND, now=NOON))
    return placed


def ready_order(database: Database, shop: Shop, member_id: MemberId) -> Placed:
    with database.transaction() as conn:
        return ready(conn, shop, "C-1", member_id)


def ends(database: Database, order_id: OrderId) -> dict[About, tuple[State, End | None]]:
    return {one.about: (one.state, one.end) for one in of_order(database, order_id)}


def sound(database: Database) -> None:
    names = {"stale_notices_were_not_told", "notices_went_to_who_ordered", "notices_followed_their_word"}
    checks = [one for one in ALL_CHECKS if one.name in names]
    assert len(checks) == len(names)
    with database.reading() as conn:
        for check in checks:
            assert run_check(conn, check) == [], check.name


def test_what_is_ready_is_told_once_with_where_and_until_when_and_without_the_code(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    placed = ready_order(database, shop, member_id)
    assert told.work(database) == 1
    said = f"您的订单{placed.number}已在S备好，请于3月9日12:00前凭订单页的取货码到店领取。"
    assert told.said() == [said]
    assert CODE not in said
    for _ in range(3):
        told.clock.on(minutes=10)
        assert told.work(database) == 0
    assert len(told.said()) == 1
    with database.reading() as conn:
        assert subject_types(conn, placed.order_id)[-1] == "customer_told"
        (opened,) = last_accesses(conn, member_id, limit=9)
    assert (opened.actor, opened.purpose) == ("system", PURPOSE)
    assert ends(database, placed.order_id) == {
        About.READY: (State.SENT, None),
        About.COLLECT_SOON: (State.WAITING, None),
    }
    sound(database)


def test_a_day_before_it_goes_back_whoever_did_not_come_is_told_and_then_that_it_went(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    placed = ready_order(database, shop, member_id)
    told.work(database)
    told.clock.now = COLLECT_BY - timedelta(days=1, seconds=1)
    assert told.work(database) == 0
    told.clock.on(seconds=1)
    assert told.work(database) == 1
    assert told.said()[-1] == f"您的订单{placed.number}仍在S等您领取，3月9日12:00后将自动取消并退款。"
    told.clock.on(minutes=60)
    told.work(database)
    told.clock.now = COLLECT_BY
    with database.transaction() as conn:
        assert end_waiting(conn, now=COLLECT_BY, limit=9) == 1
    told.work(database)
    assert told.said()[2:] == [f"您的订单{placed.number}逾期未取，已取消，已付款项将原路退回。"]
    sound(database)


def test_who_came_is_not_warned(database: Database, shop: Shop, member_id: MemberId, told: Telling):
    placed = ready_order(database, shop, member_id)
    told.work(database)
    with database.transaction() as conn:
        succeeded(
            fulfil.collect(
                conn, [CollectParcel(site_id=shop.sites["S"], code=CODE)], scope=WHOLE_BRAND, now=NOON
            )
        )
    told.clock.now = COLLECT_BY - timedelta(days=1)
    assert told.work(database) == 0
    assert len(told.said()) == 1
    assert ends(database, placed.order_id)[About.COLLECT_SOON] == (State.LEFT_OUT, End.OVERTAKEN)


@pytest.mark.parametrize(
    ("tracking_number", "said"),
    [
        ("SF1234567890", "您的订单{number}有包裹已发出，运单号SF1234567890。"),
        (None, "您的订单{number}有包裹已从S发出，请留意收货。"),
    ],
)
def test_a_parcel_that_leaves_is_told_with_its_number_or_its_store(
    database: Database,
    shop: Shop,
    member_id: MemberId,
    told: Telling,
    tracking_number: str | None,
    said: str,
):
    with database.transaction() as conn:
        (placed,) = place(conn, [ask(shop, "W-1", member_id=member_id)], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        (task,) = source_wave(conn, now=NOON).tasks
        pack_up(conn, [task], now=NOON)
        left = HandOverTask(task_id=task, tracking_number=tracking_number)
        succeeded(fulfil.hand_over(conn, [left], scope=WHOLE_BRAND, now=NOON))
    told.work(database)
    assert told.said() == [said.format(number=placed.number)]


def test_a_later_promise_is_told_while_it_stands(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    with database.transaction() as conn:
        (placed,) = place(conn, [collected(shop, "C-1", member_id)], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        keep_given(conn, [(placed.order_id, given(shop))], now=NOON)
    late = NOON + timedelta(hours=5)  # an hour after it was to be ready: five in Shanghai
    with database.transaction() as conn:
        assert watch_promises(conn, now=late, limit=9) == 1
    told.clock.now = late
    told.work(database)
    (notice,) = of_order(database, placed.order_id)
    assert (notice.about, notice.state) == (About.NEW_READY, State.SENT)
    assert notice.facts.by is not None
    assert notice.facts.by > late
    assert told.said()[0].startswith(f"您的订单{placed.number}预计3月2日")


def test_goods_that_come_later_than_was_said_are_told_and_only_the_day_that_holds(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    many = lines(shop, ("COAT", 99))
    draft = ask(shop, "W-9", member_id=member_id, lines=many, on_shortage=OnShortage.PARK)
    with database.transaction() as conn:
        (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        for day in (date(2026, 3, 10), date(2026, 3, 12), date(2026, 3, 14), date(2026, 3, 13)):
            wish = RestockWish(sku_code="COAT", expected_on=day)
            succeeded(state(conn, [wish], scope=WHOLE_BRAND, actor="person:lin", now=NOON))
    told.work(database)
    # The first day is no change, the tenth and the twelfth were overtaken, and one that is sooner is good news.
    assert abouts(database, placed.order_id) == [About.GOODS_DAY, About.GOODS_DAY]
    assert told.said() == []
    with database.transaction() as conn:
        wish = RestockWish(sku_code="COAT", expected_on=date(2026, 3, 20))
        succeeded(state(conn, [wish], scope=WHOLE_BRAND, actor="person:lin", now=NOON))
    told.work(database)
    assert told.said() == [
        f"您的订单{placed.number}所等的商品改为预计3月20日到货，非常抱歉。可在订单页查看或取消。"
    ]


def paid_by_gateway(conn: Conn, shop: Shop, number: str, member_id: MemberId) -> Placed:
    (placed,) = place(conn, [ask(shop, number, member_id=member_id)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed), placed
    report(conn, done(asked_to_pay(conn, placed)), now=NOON)
    return placed


def test_who_called_off_themselves_is_not_told_that_they_did_but_that_it_was_paid_back(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    with database.transaction() as conn:
        mine, theirs = (paid_by_gateway(conn, shop, one, member_id) for one in ("W-1", "W-2"))
        waits = ask(shop, "W-4", member_id=member_id, hold_minutes=120)
        (unpaid,) = place(conn, [ask(shop, "W-3", member_id=member_id)], scope=WHOLE_BRAND, now=NOON)
        (reserved,) = place(conn, [waits], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(unpaid, Placed)
        assert isinstance(reserved, Placed)
        assert reserved.pay_until is not None
        wanted = [
            Cancellation(order_id=mine.order_id, by_member=member_id, actor=f"member:{member_id}"),
            Cancellation(order_id=theirs.order_id, actor=f"person:{UUID(int=7)}"),
            Cancellation(order_id=unpaid.order_id),
            Cancellation(order_id=reserved.order_id, actor=f"person:{UUID(int=7)}"),
        ]
        succeeded(cancel(conn, wanted, scope=WHOLE_BRAND, now=NOON))
    told.work(database)
    assert told.said() == [f"您的订单{theirs.number}已取消，已付款项将原路退回。"]
    with database.transaction() as conn:
        for one in (mine, theirs):
            report(conn, done(refund_of(conn, one)), now=NOON)
    told.work(database)
    assert abouts(database, mine.order_id) == [About.REFUNDED]
    assert abouts(database, theirs.order_id) == [About.CALLED_OFF, About.REFUNDED]
    assert abouts(database, unpaid.order_id) == []
    assert abouts(database, reserved.order_id) == []
    assert sorted(told.said()[1:]) == sorted(
        f"您的订单{one.number}已退款158.20元，到账时间以支付渠道为准。" for one in (mine, theirs)
    )
    sound(database)


def come_back(conn: Conn, shop: Shop, number: str, member_id: MemberId, *, order_id: OrderId) -> TakenBack:
    """All of an order comes back to a store, line by line."""
    named = {"member_id": member_id, "order_id": order_id, "kind": ReturnKind.ASK}
    outcome = taken(conn, back(shop, number, ("COAT", 1), ("SCARF", 2), at=NOON, **named))
    for line in outcome.lines:
        receipt = Receipt(
            id=uuid7(NOON), return_line_id=line.return_line_id, units=1, site_id=shop.sites["S"], at=NOON
        )
        succeeded(receive(conn, [receipt], scope=WHOLE_BRAND, now=NOON))
    return outcome


def test_what_came_back_is_told_once_and_not_where_it_is_paid_back_already(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    with database.transaction() as conn:
        waits, paid = (paid_by_gateway(conn, shop, one, member_id) for one in ("W-1", "W-2"))
        hand_over_everything(conn, now=NOON)
        follow(conn, SETTLE)
        for one in (waits, paid):
            come_back(conn, shop, f"R-{one.number}", member_id, order_id=one.order_id)
        report(conn, done(refund_of(conn, paid)), now=NOON)
    told.work(database)
    here = f"我们已收到您订单{waits.number}的退货，处理完毕后会通知您。"
    assert told.said().count(here) == 1
    assert ends(database, paid.order_id)[About.RETURN_HERE] == (State.LEFT_OUT, End.OVERTAKEN)
    assert f"您的订单{paid.number}已退款158.20元，到账时间以支付渠道为准。" in told.said()
    assert len(told.said()) == 4  # and that each of them was on its way


def test_an_order_of_another_channel_is_told_by_that_channel(
    database: Database, shop: Shop, member_id: MemberId, told: Telling
):
    with database.transaction() as conn:
        draft = till_sale(shop, "M-1", channel="web", member_id=member_id)
        (sold,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(sold, Placed)
        pay_for(conn, shop, sold)
        come_back(conn, shop, "R-1", member_id, order_id=sold.order_id)
    assert told.work(database) == 0
    assert abouts(database, sold.order_id) == []
