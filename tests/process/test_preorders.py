"""Pre-orders in a live house: sold before there is any, no more than allowed, paid first served first."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from loopline import orders
from loopline.db import Conn, log
from loopline.kernel.ids import MemberId, OrderId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Delivery, Line, OnShortage
from loopline.orders.parking import parked_by_day, parking_of
from loopline.orders.preorders import Standing
from loopline.orders.waiting import DayBasis, ParkedFor
from loopline.processes.cancel import Cancellation, UnitsToCancel, cancel
from loopline.processes.expect import RestockWish, expect
from loopline.processes.expect import state as say_what_comes
from loopline.processes.place import Placed, place
from loopline.processes.place.ahead import PreorderLimitReached, standings_of
from loopline.processes.preorder import (
    PreorderDayNotUsable,
    PreorderNotYours,
    PreorderSaidTwice,
    PreorderSkuUnknown,
    PreorderTimeNotUsable,
    PreorderUnknown,
    PreorderWish,
    close,
    state,
)
from loopline.processes.promise import fill_parked, run_out
from loopline.processes.reinstate import reinstate
from loopline.stock.refusals import NotEnoughFree
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up

TENTH, TWELFTH = date(2026, 3, 10), date(2026, 3, 12)
LIN = "person:lin"


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """Nothing is anywhere."""
    return open_shop(conn, units=0)


def opened(conn: Conn, allowance: int, *, sku: str = "COAT", **fields: Any) -> Standing:
    stated: dict[str, Any] = {"sku_code": sku, "allowance": allowance, "ships_on": TENTH}
    wish = PreorderWish(**(stated | fields))
    (found,) = state(conn, [wish], scope=WHOLE_BRAND, actor=LIN, now=fields.get("opens_at") or NOON)
    assert isinstance(found, Standing), found
    return found


def draft_of(shop: Shop, number: str, *wanted: tuple[str, int], **fields: Any) -> orders.Draft:
    return ask(shop, number, **({"lines": lines(shop, *wanted), "hold_minutes": 60} | fields))


def ordered(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int], **fields: Any) -> Placed | Refusal:
    (outcome,) = place(conn, [draft_of(shop, number, *wanted, **fields)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed | Refusal)
    return outcome


def taken(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int], **fields: Any) -> Placed:
    outcome = ordered(conn, shop, number, *wanted, **fields)
    assert isinstance(outcome, Placed), outcome
    return outcome


def paid(conn: Conn, one: Placed, minutes: int) -> OrderId:
    orders.set_paid(conn, [one.order_id], now=NOON + timedelta(minutes=minutes))
    return one.order_id


def standing(conn: Conn, shop: Shop, sku: str = "COAT") -> Standing:
    return standings_of(conn, [shop.skus[sku]])[shop.skus[sku]]


def line_of(conn: Conn, order_id: OrderId) -> Line:
    return orders.lines_by_orders(conn, [order_id])[0]


def where(conn: Conn, order_id: OrderId) -> tuple[int, int, int]:
    line = line_of(conn, order_id)
    return line.parked, line.held, line.cancelled


def came(conn: Conn, shop: Shop, units: int, *, minutes: int = 30) -> None:
    stock_up(conn, shop, {("W", "COAT"): units}, at=NOON + timedelta(minutes=minutes))


def fill(conn: Conn, shop: Shop, *, minutes: int = 31) -> int:
    sku_ids: list[SkuId] = [shop.skus["COAT"]]
    return fill_parked(conn, sku_ids=sku_ids, now=NOON + timedelta(minutes=minutes), limit=100)


def test_what_nobody_allowed_is_refused_as_ever(conn: Conn, shop: Shop):
    assert isinstance(ordered(conn, shop, "W-1", ("COAT", 1)), NotEnoughFree)
    opened(conn, 5, sku="HAT")
    assert isinstance(ordered(conn, shop, "W-2", ("COAT", 1)), NotEnoughFree)
    assert isinstance(ordered(conn, shop, "W-3", ("HAT", 1), ("COAT", 1)), NotEnoughFree)
    # Refused whole: the hat is not sold.
    assert standing(conn, shop, "HAT").sold == 0


def test_it_is_sold_to_the_last_unit_allowed_and_the_line_says_until_when(conn: Conn, shop: Shop):
    opened(conn, 5)
    first = taken(conn, shop, "W-1", ("COAT", 3))
    assert (first.parked_units, first.pay_until is not None) == (3, True)
    assert where(conn, first.order_id) == (3, 0, 0)
    (dated,) = parking_of(conn, [first.order_id]).values()
    assert (dated.reason, dated.expected_on, dated.basis) == (
        ParkedFor.PRE_ORDER,
        TENTH,
        DayBasis.PRE_ORDER,
    )
    assert isinstance(ordered(conn, shop, "W-2", ("COAT", 3)), NotEnoughFree)
    taken(conn, shop, "W-3", ("COAT", 2))
    assert isinstance(ordered(conn, shop, "W-4", ("COAT", 1)), NotEnoughFree)
    now = standing(conn, shop)
    assert (now.sold, now.waiting, now.left, now.above) == (5, 5, 0, 0)
    # The same message again is the same order, and takes nothing more.
    (again,) = place(conn, [draft_of(shop, "W-3", ("COAT", 2))], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(again, orders.Repeat)
    assert standing(conn, shop).sold == 5


def test_what_is_there_is_sold_first_and_only_the_rest_ahead(conn: Conn, shop: Shop):
    stock_up(conn, shop, {("W", "COAT"): 2})
    opened(conn, 5)
    assert where(conn, taken(conn, shop, "W-1", ("COAT", 1)).order_id) == (0, 1, 0)
    assert where(conn, taken(conn, shop, "W-2", ("COAT", 3)).order_id) == (2, 1, 0)
    assert (standing(conn, shop).sold, standing(conn, shop).left) == (2, 3)


def test_many_of_one_batch_share_what_is_left(conn: Conn, shop: Shop):
    opened(conn, 5)
    drafts = [ask(shop, f"W-{n}", lines=lines(shop, ("COAT", 2))) for n in range(4)]
    outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    assert [isinstance(one, Placed) for one in outcomes] == [True, True, False, False]
    assert standing(conn, shop).left == 1


def test_who_parks_what_is_missing_buys_ahead_as_far_as_it_goes(conn: Conn, shop: Shop):
    opened(conn, 2)
    one = taken(conn, shop, "W-1", ("COAT", 5), on_shortage=OnShortage.PARK)
    assert where(conn, one.order_id) == (5, 0, 0)
    assert standing(conn, shop).sold == 2


def test_who_was_shown_goods_in_stock_does_not_buy_ahead(conn: Conn, shop: Shop):
    opened(conn, 5)
    assert isinstance(ordered(conn, shop, "W-1", ("COAT", 1), is_in_stock_only=True), NotEnoughFree)
    assert standing(conn, shop).sold == 0
    came(conn, shop, 1)
    taken(conn, shop, "W-2", ("COAT", 1), is_in_stock_only=True)


def test_who_collects_wants_what_lies_in_the_store(conn: Conn, shop: Shop):
    opened(conn, 5)
    at_store = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
    assert isinstance(ordered(conn, shop, "W-1", ("COAT", 1), **at_store), NotEnoughFree)
    assert standing(conn, shop).sold == 0


def test_before_it_opens_and_once_it_is_over_nothing_is_sold(conn: Conn, shop: Shop):
    opened(conn, 5)
    wish = PreorderWish(sku_code="COAT", allowance=5, ships_on=TENTH, opens_at=NOON + timedelta(hours=1))
    succeeded(state(conn, [wish], scope=WHOLE_BRAND, actor=LIN, now=NOON))
    assert isinstance(ordered(conn, shop, "W-1", ("COAT", 1)), NotEnoughFree)
    wish = msgspec.structs.replace(wish, opens_at=NOON - timedelta(hours=1), closes_at=NOON)
    succeeded(state(conn, [wish], scope=WHOLE_BRAND, actor=LIN, now=NOON))
    assert isinstance(ordered(conn, shop, "W-2", ("COAT", 1)), NotEnoughFree)
    wish = msgspec.structs.replace(wish, closes_at=NOON + timedelta(seconds=1))
    succeeded(state(conn, [wish], scope=WHOLE_BRAND, actor=LIN, now=NOON))
    taken(conn, shop, "W-3", ("COAT", 1))


def test_one_order_and_one_member_get_no_more_than_is_said(conn: Conn, shop: Shop):
    opened(conn, 50, per_order=3, per_member=4)
    member = MemberId(UUID(int=7))
    assert ordered(conn, shop, "W-1", ("COAT", 4)) == PreorderLimitReached(sku_code="COAT", most=3)
    # Two lines of one order are one order.
    assert isinstance(ordered(conn, shop, "W-2", ("COAT", 2), ("COAT", 2)), PreorderLimitReached)
    first = taken(conn, shop, "W-3", ("COAT", 3), member_id=member)
    assert isinstance(ordered(conn, shop, "W-4", ("COAT", 2), member_id=member), PreorderLimitReached)
    taken(conn, shop, "W-5", ("COAT", 1), member_id=member)
    taken(conn, shop, "W-6", ("COAT", 3), member_id=MemberId(UUID(int=8)))
    # What was called off may be bought again.
    succeeded(cancel(conn, [Cancellation(order_id=first.order_id)], scope=WHOLE_BRAND, now=NOON))
    taken(conn, shop, "W-7", ("COAT", 3), member_id=member)


def test_what_is_called_off_or_runs_out_unpaid_may_be_sold_again(conn: Conn, shop: Shop):
    opened(conn, 4)
    called_off, unpaid = taken(conn, shop, "W-1", ("COAT", 2)), taken(conn, shop, "W-2", ("COAT", 2))
    paid(conn, called_off, 1)
    part = UnitsToCancel(line_id=line_of(conn, called_off.order_id).line_id, units=1)
    succeeded(
        cancel(conn, [Cancellation(order_id=called_off.order_id, lines=(part,))], scope=WHOLE_BRAND, now=NOON)
    )
    assert (standing(conn, shop).sold, standing(conn, shop).left) == (3, 1)
    assert unpaid.pay_until is not None
    run_out(conn, now=unpaid.pay_until + timedelta(seconds=1), limit=10)
    assert where(conn, unpaid.order_id) == (0, 0, 2)
    assert (standing(conn, shop).sold, standing(conn, shop).left) == (1, 3)


def test_goods_that_come_go_to_who_paid_first_and_not_to_who_has_not_paid(conn: Conn, shop: Shop):
    opened(conn, 10)
    first, second, third = (taken(conn, shop, f"W-{n}", ("COAT", 2)) for n in range(3))
    paid(conn, second, 5)
    paid(conn, third, 2)
    came(conn, shop, 3)
    assert fill(conn, shop) == 3
    assert [where(conn, one.order_id)[:2] for one in (first, second, third)] == [(2, 0), (1, 1), (0, 2)]
    now = standing(conn, shop)
    assert (now.sold, now.waiting, now.covered, now.came) == (6, 3, 3, 3)
    came(conn, shop, 4)
    fill(conn, shop)
    assert [where(conn, one.order_id)[:2] for one in (first, second, third)] == [(2, 0), (0, 2), (0, 2)]
    paid(conn, first, 40)
    fill(conn, shop)
    assert where(conn, first.order_id) == (0, 2, 0)


def test_what_came_is_kept_for_who_waits_before_it_is_given_out(conn: Conn, shop: Shop):
    opened(conn, 6)
    waits = taken(conn, shop, "W-1", ("COAT", 3))
    paid(conn, waits, 1)
    came(conn, shop, 4)
    # Nobody gave them out yet: one is left for others, who buy more ahead only while that is allowed.
    assert where(conn, taken(conn, shop, "W-2", ("COAT", 1)).order_id) == (0, 1, 0)
    close(conn, ["COAT"], scope=WHOLE_BRAND, actor=LIN, now=NOON)
    assert isinstance(ordered(conn, shop, "W-3", ("COAT", 1)), NotEnoughFree)
    at_store = {"delivery": Delivery.COLLECT, "site_id": shop.sites["W"], "destination": None}
    assert isinstance(ordered(conn, shop, "W-4", ("COAT", 1), **at_store), NotEnoughFree)
    fill(conn, shop)
    assert where(conn, waits.order_id) == (0, 3, 0)


def test_who_pays_too_late_gets_nothing_that_others_wait_for(conn: Conn, shop: Shop):
    opened(conn, 2)
    late, waits = taken(conn, shop, "W-1", ("COAT", 1)), taken(conn, shop, "W-2", ("COAT", 1))
    paid(conn, waits, 1)
    assert late.pay_until is not None
    run_out(conn, now=late.pay_until + timedelta(seconds=1), limit=10)
    came(conn, shop, 1, minutes=70)
    heads = orders.orders_by_ids(conn, [late.order_id])
    assert reinstate(conn, heads, now=NOON + timedelta(minutes=71)) == []
    assert where(conn, late.order_id) == (0, 0, 1)
    fill(conn, shop, minutes=72)
    assert where(conn, waits.order_id) == (0, 1, 0)
    # Nobody waits any more: what comes now is free.
    came(conn, shop, 1, minutes=73)
    assert reinstate(conn, heads, now=NOON + timedelta(minutes=74)) != []
    assert where(conn, late.order_id) == (0, 1, 0)


def test_what_has_come_is_not_sold_ahead_any_more(conn: Conn, shop: Shop):
    opened(conn, 10)
    one = taken(conn, shop, "W-1", ("COAT", 4))
    paid(conn, one, 1)
    came(conn, shop, 10)
    fill(conn, shop)
    assert (standing(conn, shop).left, standing(conn, shop).covered) == (0, 4)
    # Six are there: those are sold, and none besides.
    assert where(conn, taken(conn, shop, "W-2", ("COAT", 6)).order_id) == (0, 6, 0)
    assert isinstance(ordered(conn, shop, "W-3", ("COAT", 1)), NotEnoughFree)
    # What had its goods and is called off is goods, and no allowance.
    succeeded(cancel(conn, [Cancellation(order_id=one.order_id)], scope=WHOLE_BRAND, now=NOON))
    assert standing(conn, shop).left == 0
    assert where(conn, taken(conn, shop, "W-4", ("COAT", 4)).order_id) == (0, 4, 0)


def test_another_day_is_told_to_everybody_who_waits_and_a_day_that_passes_too(conn: Conn, shop: Shop):
    opened(conn, 5)
    one = taken(conn, shop, "W-1", ("COAT", 1))
    paid(conn, one, 1)
    expect(conn, now=NOON)
    assert told(conn, one.order_id, "goods_dated") == []
    opened(conn, 5, ships_on=TWELFTH)
    assert told(conn, one.order_id, "goods_dated") == [(TWELFTH.isoformat(), TENTH.isoformat())]
    # What else is known of goods that come does not move the day that was promised.
    succeeded(
        say_what_comes(
            conn, [RestockWish(sku_code="COAT", expected_on=TENTH)], scope=WHOLE_BRAND, actor=LIN, now=NOON
        )
    )
    expect(conn, now=NOON)
    (line,) = parked_by_day(conn, limit=5)
    assert (line.expected_on, line.reason) == (TWELFTH, ParkedFor.PRE_ORDER)
    expect(conn, now=NOON + timedelta(days=11))
    assert [day for day, _ in told(conn, one.order_id, "goods_overdue")] == [TWELFTH.isoformat()]


def told(conn: Conn, order_id: OrderId, kind: str) -> list[tuple[str | None, str | None]]:
    return [
        (line["expected_on"], line.get("before"))
        for one in log.read_subject(conn, order_id)
        if one.type == kind
        for line in json.loads(one.data)["lines"]
    ]


def test_a_lower_allowance_takes_nothing_from_who_has_bought(conn: Conn, shop: Shop):
    opened(conn, 5)
    taken(conn, shop, "W-1", ("COAT", 4))
    now = opened(conn, 2)
    assert (now.sold, now.left, now.above) == (4, 0, 2)
    assert isinstance(ordered(conn, shop, "W-2", ("COAT", 1)), NotEnoughFree)
    assert opened(conn, 6).left == 2


def test_said_again_it_is_the_same_and_closed_it_ends_when_nobody_waits(conn: Conn, shop: Shop):
    first = opened(conn, 5)
    assert opened(conn, 5).preorder.id == first.preorder.id
    assert len(list(log.read_subject(conn, first.preorder.id))) == 1
    one = taken(conn, shop, "W-1", ("COAT", 1))
    (closed,) = close(conn, ["COAT"], scope=WHOLE_BRAND, actor=LIN, now=NOON)
    assert isinstance(closed, Standing)
    assert closed.preorder.closed_at == NOON
    assert close(conn, ["COAT"], scope=WHOLE_BRAND, actor=LIN, now=NOON) == [closed]
    assert [event.type for event in log.read_subject(conn, first.preorder.id)] == [
        "preorder_stated",
        "preorder_closed",
    ]
    assert isinstance(ordered(conn, shop, "W-2", ("COAT", 1)), NotEnoughFree)
    expect(conn, now=NOON)
    assert standing(conn, shop).waiting == 1
    # Opened again it is the same one still.
    assert opened(conn, 7).preorder.id == first.preorder.id
    taken(conn, shop, "W-3", ("COAT", 6))
    close(conn, ["COAT"], scope=WHOLE_BRAND, actor=LIN, now=NOON)
    for number in (one.order_id, *(head.id for head in orders.orders_by_ids(conn, _waiting(conn)))):
        cancel(conn, [Cancellation(order_id=number)], scope=WHOLE_BRAND, now=NOON)
    expect(conn, now=NOON)
    assert standings_of(conn) == {}
    assert close(conn, ["COAT"], scope=WHOLE_BRAND, actor=LIN, now=NOON) == [PreorderUnknown(sku_code="COAT")]
    assert opened(conn, 3).preorder.id != first.preorder.id


def _waiting(conn: Conn) -> list[OrderId]:
    return [one.order_id for one in orders.parked_lines(conn, None, limit=10)]


def test_what_cannot_be_said_is_refused_each_by_itself(conn: Conn, shop: Shop):
    good = PreorderWish(sku_code="COAT", allowance=5, ships_on=TENTH)
    wishes = [
        good,
        good,
        msgspec.structs.replace(good, sku_code="NOPE"),
        msgspec.structs.replace(good, sku_code="HAT", ships_on=date(2026, 3, 1)),
        msgspec.structs.replace(good, sku_code="SCARF", closes_at=NOON),
    ]
    outcomes = state(conn, wishes, scope=WHOLE_BRAND, actor=LIN, now=NOON)
    assert isinstance(outcomes[0], Standing)
    assert outcomes[1:] == [
        PreorderSaidTwice(sku_code="COAT"),
        PreorderSkuUnknown(sku_code="NOPE"),
        PreorderDayNotUsable(ships_on=date(2026, 3, 1)),
        PreorderTimeNotUsable(sku_code="SCARF"),
    ]
    branch = Scope(sites=frozenset({shop.sites["D"]}))
    assert state(conn, [good], scope=branch, actor=LIN, now=NOON) == [PreorderNotYours(sku_code="COAT")]
    assert close(conn, ["COAT"], scope=branch, actor=LIN, now=NOON) == [PreorderNotYours(sku_code="COAT")]
    assert standing(conn, shop).preorder.closed_at is None
