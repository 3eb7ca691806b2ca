"""One hand cannot hold a shop's stock: caps, the time to pay by risk, and counts that end with the wait."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline import orders, stock
from loopline.db import Conn, log, run_check
from loopline.kernel.events import read
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import (
    Asker,
    ChannelTerms,
    Draft,
    OnShortage,
    OrderPlaced,
    TooManyUnpaid,
    TooManyUnpaidByDevice,
    TooManyUnpaidToAddress,
    put_channels,
    sweep_lapsed,
)
from loopline.orders.checks import CHECKS
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.place import Placed, place
from loopline.processes.promise import expire_holds, run_out
from tests.make.loop import pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

MEMBER, OTHER = MemberId(UUID(int=1)), MemberId(UUID(int=2))
ADDRESS, DEVICE = UUID(int=3), UUID(int=4)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def terms(conn: Conn, shop: Shop, **fields: Any) -> None:
    stated: dict[str, Any] = {"hold_minutes_default": 15}
    put_channels(
        conn,
        [
            ChannelTerms(
                code="web",
                name="Web",
                network_node_id=shop.network,
                time_zone="Asia/Shanghai",
                **(stated | fields),
            )
        ],
    )


def a_hat(shop: Shop, number: str, **fields: Any) -> Draft:
    stated: dict[str, Any] = {"member_id": MEMBER, "lines": lines(shop, ("HAT", 1))}
    return ask(shop, number, **(stated | fields))


def put(conn: Conn, *drafts: Draft, now: datetime = NOON) -> list[Placed | Refusal]:
    found = place(conn, drafts, scope=WHOLE_BRAND, now=now)
    return [one for one in found if isinstance(one, Placed | Refusal)]


def placed(conn: Conn, draft: Draft, *, now: datetime = NOON) -> Placed:
    (outcome,) = put(conn, draft, now=now)
    assert isinstance(outcome, Placed), outcome
    return outcome


def rows(conn: Conn) -> list[tuple[OrderId, bool]]:
    found = conn.execute("select order_id, lapsed_at is not null from orders.unpaid order by order_id")
    return found.fetchall()


def held(conn: Conn, shop: Shop) -> int:
    (found,) = stock.free_at_nodes(conn, [shop.network], [shop.skus["HAT"]])
    return found.held


def assert_counts_are_right(conn: Conn) -> None:
    assert [finding for check in CHECKS for finding in run_check(conn, check)] == []


@pytest.mark.parametrize(
    ("cap", "asker", "refusal"),
    [
        ("unpaid_per_member", {"member_id": MEMBER}, TooManyUnpaid),
        ("unpaid_per_address", {"member_id": None, "asker": Asker(address=ADDRESS)}, TooManyUnpaidToAddress),
        ("unpaid_per_device", {"member_id": None, "asker": Asker(device=DEVICE)}, TooManyUnpaidByDevice),
    ],
)
def test_a_channel_that_wants_it_lets_few_asks_of_one_hand_wait(
    conn: Conn, shop: Shop, cap: str, asker: dict[str, Any], refusal: type[Refusal]
):
    terms(conn, shop, **{cap: 2})
    first = placed(conn, a_hat(shop, "W-1", hold_minutes=9, **asker))
    second, third = put(conn, a_hat(shop, "W-2", **asker), a_hat(shop, "W-3", **asker))
    assert isinstance(second, Placed)
    assert third == refusal(most=2, minutes=9)  # pyright: ignore[reportCallIssue]
    assert held(conn, shop) == 2
    assert orders.order_ids_by_external_numbers(conn, [("web", "W-3")]) == {}
    assert placed(conn, a_hat(shop, "O-1", member_id=OTHER)).pay_until == NOON + 15 * MINUTE
    assert place(conn, [a_hat(shop, "W-1", hold_minutes=9, **asker)], scope=WHOLE_BRAND, now=NOON) == [
        orders.Repeat(order_id=first.order_id)
    ]
    pay_for(conn, shop, first)
    placed(conn, a_hat(shop, "W-3", **asker))
    assert_counts_are_right(conn)


def test_a_channel_that_says_nothing_counts_members_own_orders_only(conn: Conn, shop: Shop):
    terms(conn, shop)
    assert (
        len([one for one in put(conn, *(a_hat(shop, f"B-{n}") for n in range(9))) if isinstance(one, Placed)])
        == 9
    )
    own = [a_hat(shop, f"O-{n}", member_id=OTHER, asker=Asker(device=DEVICE, is_own=True)) for n in range(6)]
    assert [type(one) for one in put(conn, *own)] == [*[Placed] * 5, TooManyUnpaid]
    third = a_hat(shop, "T-1", member_id=MemberId(UUID(int=9)), asker=Asker(device=DEVICE, is_own=True))
    assert put(conn, third) == [TooManyUnpaidByDevice(most=5, minutes=15)]


def test_a_wait_ends_with_the_payment_the_cancellation_or_the_time(conn: Conn, shop: Shop):
    terms(conn, shop, unpaid_per_member=3)
    paid, called_off, over = (placed(conn, a_hat(shop, f"W-{n}")) for n in range(3))
    assert rows(conn) == sorted((one.order_id, False) for one in (paid, called_off, over))
    assert_counts_are_right(conn)
    assert put(conn, a_hat(shop, "W-9")) == [TooManyUnpaid(most=3, minutes=15)]
    pay_for(conn, shop, paid)
    succeeded(cancel(conn, [Cancellation(order_id=called_off.order_id)], scope=WHOLE_BRAND, now=NOON))
    assert rows(conn) == [(over.order_id, False)]
    assert expire_holds(conn, now=NOON + 15 * MINUTE, limit=10) == 1
    assert rows(conn) == [(over.order_id, True)]
    assert_counts_are_right(conn)
    assert conn.execute("select member_id from orders.payer").fetchall() == [(MEMBER,)]
    later = NOON + 15 * MINUTE + timedelta(days=1)
    assert sweep_lapsed(conn, now=later - timedelta(microseconds=1), limit=10) == 0
    assert sweep_lapsed(conn, now=later, limit=10) == 1
    assert rows(conn) == []


def test_who_called_off_has_not_paid(conn: Conn, shop: Shop):
    one = placed(conn, a_hat(shop, "W-1", hold_minutes=15))
    succeeded(cancel(conn, [Cancellation(order_id=one.order_id)], scope=WHOLE_BRAND, now=NOON))
    assert conn.execute("select count(*) from orders.payer").fetchone() == (0,)


def test_facts_and_what_need_not_be_paid_are_not_counted(conn: Conn, shop: Shop):
    placed(conn, a_hat(shop, "W-1"))
    assert rows(conn) == []


def test_what_only_waits_for_goods_ends_unpaid_too(conn: Conn, shop: Shop):
    terms(conn, shop)
    placed(conn, a_hat(shop, "W-1", member_id=OTHER, lines=lines(shop, ("HAT", 30)), hold_minutes=0))
    one = placed(conn, a_hat(shop, "W-2", on_shortage=OnShortage.PARK))
    assert one.parked_units == 1
    done = run_out(conn, now=NOON + 15 * MINUTE, limit=10)
    assert (done.holds, done.orders) == (0, 1)
    (head,) = orders.orders_by_ids(conn, [one.order_id])
    assert (head.stage, head.cancelled) == ("cancelled", 1)
    assert rows(conn) == [(one.order_id, True)]
    assert run_out(conn, now=NOON + 16 * MINUTE, limit=10).orders == 0
    assert_counts_are_right(conn)


def told_of(conn: Conn, order_id: OrderId) -> tuple[datetime | None, tuple[str, ...]]:
    body = read(log.read_subject(conn, order_id)[0], OrderPlaced)
    return body.pay_until, body.waits_because


def test_the_time_to_pay_follows_the_risk_and_its_reason_is_kept(conn: Conn, shop: Shop):
    terms(conn, shop, hold_minutes_least=5)
    first = placed(conn, a_hat(shop, "W-1"))
    assert told_of(conn, first.order_id) == (NOON + 15 * MINUTE, ())
    second = placed(conn, a_hat(shop, "W-2"))
    assert second.pay_until == NOON + 10 * MINUTE
    assert told_of(conn, second.order_id) == (NOON + 10 * MINUTE, ("others_wait",))
    line_ids = [line.line_id for line in orders.lines_by_orders(conn, [second.order_id])]
    assert [one.expires_at for one in stock.holds_of_lines(conn, line_ids)] == [NOON + 10 * MINUTE]
    assert expire_holds(conn, now=NOON + 15 * MINUTE, limit=10) == 2
    third = placed(conn, a_hat(shop, "W-3"), now=NOON + 15 * MINUTE)
    assert told_of(conn, third.order_id) == (NOON + 7 * MINUTE, ("ran_out_lately",))
    pay_for(conn, shop, third)
    fourth = placed(conn, a_hat(shop, "W-4"), now=NOON + 15 * MINUTE)
    assert told_of(conn, fourth.order_id) == (NOON + 10 * MINUTE, ("ran_out_lately",))


def test_who_takes_much_of_the_last_units_pays_soon(conn: Conn, shop: Shop):
    terms(conn, shop, hold_minutes_least=5)
    taken = placed(conn, a_hat(shop, "W-1", lines=lines(shop, ("HAT", 6), ("COAT", 1))))
    assert told_of(conn, taken.order_id) == (NOON + 5 * MINUTE, ("goods_are_scarce",))
    line_ids = [line.line_id for line in orders.lines_by_orders(conn, [taken.order_id])]
    assert {one.expires_at for one in stock.holds_of_lines(conn, line_ids)} == {NOON + 5 * MINUTE}
    (head,) = orders.orders_by_ids(conn, [taken.order_id])
    assert head.pay_until == NOON + 5 * MINUTE
    assert_counts_are_right(conn)


def test_a_time_that_is_stated_stands(conn: Conn, shop: Shop):
    terms(conn, shop, hold_minutes_least=5)
    one = placed(conn, a_hat(shop, "W-1", hold_minutes=40, lines=lines(shop, ("HAT", 20))))
    assert told_of(conn, one.order_id) == (NOON + 40 * MINUTE, ())


def test_doctor_finds_counts_that_are_wrong_and_says_how_to_mend_them(conn: Conn, shop: Shop):
    terms(conn, shop)
    uncounted, miscounted = placed(conn, a_hat(shop, "W-1")), placed(conn, a_hat(shop, "W-2"))
    paid = placed(conn, a_hat(shop, "W-3"))
    pay_for(conn, shop, paid)
    conn.execute("delete from orders.unpaid where order_id = %s", (uncounted.order_id,))
    conn.execute("update orders.unpaid set member_id = %s where order_id = %s", (OTHER, miscounted.order_id))
    conn.execute("insert into orders.unpaid (order_id, pay_until) values (%s, %s)", (paid.order_id, NOON))
    (check,) = [one for one in CHECKS if one.name == "unpaid_is_what_waits"]
    findings = run_check(conn, check)
    subjects = {f"order {one.order_id}" for one in (uncounted, miscounted, paid)}
    assert {one.subject for one in findings} == subjects
    for one in findings:
        conn.execute(one.repair)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert_counts_are_right(conn)
