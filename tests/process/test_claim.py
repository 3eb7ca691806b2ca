"""Work that several sites may claim: the first has it, goods stay held until then, what nobody claims goes on."""

from datetime import timedelta
from uuid import UUID

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.calls import CallIsOver, CallState, ClaimCall, ClaimedByAnother, UnknownCall
from loopline.fulfilment.model import AcceptTask, RefusalReason, RefuseTask, SiteLimit, TaskState
from loopline.fulfilment.rules import SiteIsFull
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.ids import CallId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.kernel.times import business_day
from loopline.orders import Order, WaitsFor
from loopline.processes import dispatch, promise
from loopline.processes.cancel import Cancellation, UnitsToCancel, cancel
from loopline.processes.claim import Claimed, GoodsAreGone, claim
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.place import Placed, place
from loopline.processes.source import apply_part, gather, solve, source_wave
from tests.make.calls import call_of, claiming, openly, wave_of_calls
from tests.make.loop import subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale

DEADLINE = NOON + timedelta(hours=4)
SOON = NOON + timedelta(minutes=5)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def put(conn: Conn, draft: orders.Draft) -> Order:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return order_of(conn, outcome.order_id)


def order_of(conn: Conn, order_id: OrderId) -> Order:
    found = orders.order_by_id(conn, order_id)
    assert found is not None
    return found


def called(conn: Conn, shop: Shop, *wanted: tuple[str, int]) -> tuple[Order, CallId]:
    """An order of some goods, put to all sites that have them."""
    order = put(conn, ask(shop, "W-1", lines=lines(shop, *(wanted or (("COAT", 1),)))))
    (call_id,) = wave_of_calls(conn, shop).calls
    return order, call_id


def claimed(conn: Conn, *commands: ClaimCall, scope: Scope = WHOLE_BRAND) -> list[Claimed | Refusal]:
    return claim(conn, commands, scope=scope, now=SOON)


def assert_healthy(conn: Conn) -> None:
    """Doctor finds nothing in goods, orders, tasks and calls; nobody has paid here, and nothing is settled."""
    goods = [check for check in ALL_CHECKS if check.invariant in {1, 2, 3, 9}]
    assert [one for one in examine(conn, checks=goods).checks if not one.ok] == []


def standing(conn: Conn, shop: Shop, order_id: OrderId) -> tuple[int, int, int, int]:
    """An order's held and allocated units, and how many places are held and confirmed at all sites together."""
    order = order_of(conn, order_id)
    days = fulfilment.capacity_of_sites(
        conn, list(shop.sites.values()), day=business_day(NOON, "Asia/Shanghai")
    )
    return order.held, order.allocated, sum(one.held for one in days), sum(one.confirmed for one in days)


def test_a_call_takes_nothing_until_it_is_claimed(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop, ("COAT", 1), ("SCARF", 2))
    call = call_of(conn, call_id)
    assert [one.site_id for one in call.sites] == [shop.sites[code] for code in ("S", "W", "D")]
    assert [one.cost_minor for one in call.sites] == sorted(one.cost_minor for one in call.sites)
    assert sorted(line.units for line in call.lines) == [1, 2]
    assert (call.state, call.deadline) == (CallState.OPEN, DEADLINE)
    assert standing(conn, shop, order.id) == (3, 0, 0, 0)
    after = order_of(conn, order.id)
    assert (after.source_waits_for, after.source_after) == (WaitsFor.CLAIM, DEADLINE)
    assert source_wave(conn, now=DEADLINE - timedelta(seconds=1)).orders == 0
    assert subject_types(conn, order.id) == ["order_placed", "calls_opened"]
    assert_healthy(conn)


def test_the_first_to_claim_has_it_and_the_other_is_told(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop, ("COAT", 1), ("SCARF", 2))
    first, second = claimed(conn, claiming(shop, call_id, "W"), claiming(shop, call_id, "S"))
    assert isinstance(first, Claimed)
    assert second == ClaimedByAnother(call_id=call_id)
    (task,) = fulfilment.tasks_of_orders(conn, [order.id])
    assert (task.task_id, task.site_id, task.state) == (first.task_id, shop.sites["W"], TaskState.ACCEPTED)
    assert standing(conn, shop, order.id) == (0, 3, 0, 1)
    (row, _) = [
        one for one in stock.stock_at_leaves(conn, [shop.leaves["W"]]) if one.sku_id != shop.skus["HAT"]
    ]
    assert row.allocated in {1, 2}
    after = order_of(conn, order.id)
    assert (after.stage, after.source_after, after.source_waits_for) == ("accepted", None, None)
    assert subject_types(conn, order.id)[2:] == ["call_claimed", "tasks_offered", "task_accepted"]
    assert_healthy(conn)


def test_claiming_twice_is_claiming_once(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop)
    (first,) = claimed(conn, claiming(shop, call_id, "S"))
    (again,) = claimed(conn, claiming(shop, call_id, "S"))
    assert isinstance(first, Claimed)
    assert isinstance(again, Claimed)
    assert (again.task_id, first.is_repeat, again.is_repeat) == (first.task_id, False, True)
    assert len(fulfilment.tasks_of_orders(conn, [order.id])) == 1
    assert standing(conn, shop, order.id) == (0, 1, 0, 1)


def test_only_who_is_called_may_claim_and_only_in_scope(conn: Conn, shop: Shop):
    put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 1))))
    offering = openly(shop)
    known = {site: one for site, one in offering.answering.items() if site != shop.sites["D"]}
    (call_id,) = source_wave(
        conn, now=NOON, offering=type(offering)(terms=offering.terms, answering=known)
    ).calls
    outside = Scope(sites=frozenset({shop.sites["S"]}))
    assert claimed(conn, claiming(shop, call_id, "D")) == [
        UnknownCall(call_id=call_id, site_id=shop.sites["D"])
    ]
    assert claimed(conn, claiming(shop, call_id, "W"), scope=outside) == [
        NotInYourBranch(subject=str(call_id))
    ]
    unknown = CallId(UUID(int=7))
    assert claimed(conn, claiming(shop, unknown, "S")) == [
        UnknownCall(call_id=unknown, site_id=shop.sites["S"])
    ]
    assert call_of(conn, call_id).state is CallState.OPEN


def test_a_site_without_time_or_goods_is_refused_and_the_next_has_it(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop)
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 10), stated=True)))
    succeeded(set_site_limits(conn, [SiteLimit(site_id=shop.sites["W"], tasks_per_day=0)], now=NOON))
    outcomes = claimed(
        conn, claiming(shop, call_id, "S"), claiming(shop, call_id, "W"), claiming(shop, call_id, "D")
    )
    assert outcomes[0] == GoodsAreGone(call_id=call_id, site_id=shop.sites["S"])
    assert isinstance(outcomes[1], SiteIsFull)
    assert isinstance(outcomes[2], Claimed)
    assert call_of(conn, call_id).site_id == shop.sites["D"]
    assert standing(conn, shop, order.id) == (0, 1, 0, 1)
    assert_healthy(conn)


def test_refused_claims_leave_the_call_as_it_was(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop)
    before = (call_of(conn, call_id), order_of(conn, order.id), subject_types(conn, order.id))
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 10), stated=True)))
    (outcome,) = claimed(conn, claiming(shop, call_id, "S"))
    assert isinstance(outcome, GoodsAreGone)
    assert (call_of(conn, call_id), order_of(conn, order.id), subject_types(conn, order.id)) == before
    assert standing(conn, shop, order.id) == (1, 0, 0, 0)


def test_two_calls_for_the_last_place_and_the_last_goods_of_a_site(conn: Conn, shop: Shop):
    """One batch cannot take more than there is: not of the day, and not of the shelf."""
    made = [put(conn, ask(shop, f"W-{at}", lines=lines(shop, ("COAT", 5)))) for at in range(2)]
    one, two = wave_of_calls(conn, shop).calls
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 1), stated=True)))
    outcomes = claimed(conn, claiming(shop, one, "S"), claiming(shop, two, "S"))
    assert isinstance(outcomes[0], Claimed)
    assert outcomes[1] == GoodsAreGone(call_id=two, site_id=shop.sites["S"])
    succeeded(set_site_limits(conn, [SiteLimit(site_id=shop.sites["S"], tasks_per_day=1)], now=NOON))
    (full,) = claimed(conn, claiming(shop, two, "S"))
    assert isinstance(full, SiteIsFull)
    assert [order_of(conn, order.id).held for order in made] == [0, 5]
    assert_healthy(conn)


def test_what_nobody_claims_is_put_to_one_site(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop)
    wave = wave_of_calls(conn, shop, at=DEADLINE)
    assert (len(wave.tasks), wave.calls) == (1, ())
    assert call_of(conn, call_id).state is CallState.LAPSED
    (task,) = fulfilment.tasks_of_orders(conn, [order.id])
    assert (task.site_id, task.state) == (shop.sites["S"], TaskState.OFFERED)
    (late,) = claim(conn, [claiming(shop, call_id, "W")], scope=WHOLE_BRAND, now=DEADLINE)
    assert late == CallIsOver(call_id=call_id, deadline=DEADLINE)
    assert subject_types(conn, order.id) == [
        "order_placed", "calls_opened", "call_ended", "order_sourced", "tasks_offered",
    ]  # fmt: skip
    assert_healthy(conn)


def test_past_its_deadline_a_call_cannot_be_claimed_though_no_wave_came_by(conn: Conn, shop: Shop):
    _, call_id = called(conn, shop)
    (late,) = claim(conn, [claiming(shop, call_id, "S")], scope=WHOLE_BRAND, now=DEADLINE)
    assert late == CallIsOver(call_id=call_id, deadline=DEADLINE)


def test_a_wave_leaves_what_a_rival_wave_has_just_called(conn: Conn, shop: Shop):
    """Both had read the order before either wrote: the second neither ends the call nor takes its goods."""
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 1))))
    desks = [one for _ in range(2) if (one := gather(conn, now=NOON, limit=9)) is not None]
    (first, second) = [
        apply_part(conn, desk, part, now=NOON)
        for desk in desks
        for part in solve(desk, offering=openly(shop))
    ]
    assert (len(first.calls), second.calls, second.tasks) == (1, (), ())
    assert call_of(conn, first.calls[0]).state is CallState.OPEN
    assert standing(conn, shop, order.id) == (1, 0, 0, 0)
    assert_healthy(conn)


def test_what_is_called_off_is_offered_to_nobody(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop)
    succeeded(cancel(conn, [Cancellation(order_id=order.id)], scope=WHOLE_BRAND, now=SOON))
    assert call_of(conn, call_id).state is CallState.WITHDRAWN
    (late,) = claimed(conn, claiming(shop, call_id, "S"))
    assert late == CallIsOver(call_id=call_id, deadline=DEADLINE)
    assert wave_of_calls(conn, shop, at=DEADLINE).orders == 0
    assert fulfilment.tasks_of_orders(conn, [order.id]) == []
    assert_healthy(conn)


def test_what_is_left_of_a_called_order_is_offered_at_once(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop, ("COAT", 3))
    (line,) = orders.lines_by_orders(conn, [order.id])
    part = Cancellation(order_id=order.id, lines=(UnitsToCancel(line_id=line.line_id, units=1),))
    succeeded(cancel(conn, [part], scope=WHOLE_BRAND, now=SOON))
    assert call_of(conn, call_id).state is CallState.WITHDRAWN
    (again,) = wave_of_calls(conn, shop, at=SOON).calls
    assert [line.units for line in call_of(conn, again).lines] == [2]
    assert_healthy(conn)


def test_goods_that_are_gone_everywhere_end_the_call(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop, ("COAT", 10))
    for site in ("S", "W", "D"):
        put(conn, till_sale(shop, f"T-{site}", site=site, lines=lines(shop, ("COAT", 8), stated=True)))
    assert promise.mend_promises(conn, now=SOON, limit=99).parked_units == 4
    assert call_of(conn, call_id).state is CallState.WITHDRAWN
    after = order_of(conn, order.id)
    assert (after.parked, after.held, after.source_after) == (4, 6, SOON)
    assert wave_of_calls(conn, shop, at=SOON).orders == 1
    assert_healthy(conn)


def test_claimed_work_can_be_refused_as_any_other(conn: Conn, shop: Shop):
    order, call_id = called(conn, shop)
    (one,) = succeeded(claimed(conn, claiming(shop, call_id, "S")))
    assert isinstance(one, Claimed)
    refusal = RefuseTask(command_id=UUID(int=1), task_id=one.task_id, reason=RefusalReason.DAMAGED)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=SOON))
    assert standing(conn, shop, order.id) == (1, 0, 0, 0)
    (again,) = wave_of_calls(conn, shop, at=SOON).calls
    assert {site.site_id for site in call_of(conn, again).sites} == {shop.sites["W"], shop.sites["D"]}
    assert_healthy(conn)


def test_a_refused_parcel_of_a_called_order_is_sourced_with_what_is_called(conn: Conn, shop: Shop):
    """One site alone can send the ten coats with ten hats, and is asked; the eleventh hat may come from two."""
    put(conn, till_sale(shop, "T-1", site="D", lines=lines(shop, ("COAT", 5), stated=True)))
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 10), ("HAT", 11))))
    wave = wave_of_calls(conn, shop)
    assert (len(wave.tasks), len(wave.calls)) == (1, 1)
    refusal = RefuseTask(command_id=UUID(int=1), task_id=wave.tasks[0], reason=RefusalReason.NO_CAPACITY)
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=wave.tasks[0])], scope=WHOLE_BRAND, now=SOON))
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=SOON))
    assert order_of(conn, order.id).source_after is None
    assert_healthy(conn)
    again = wave_of_calls(conn, shop, at=SOON)
    assert again.orders == 1
    assert call_of(conn, wave.calls[0]).state is CallState.WITHDRAWN
    assert_healthy(conn)


def test_without_knowledge_everything_is_put_to_one_site(conn: Conn, shop: Shop):
    put(conn, ask(shop, "W-1"))
    offering = openly(shop)
    wave = source_wave(conn, now=NOON, offering=type(offering)(terms=offering.terms))
    assert (len(wave.tasks), wave.calls) == (1, ())
