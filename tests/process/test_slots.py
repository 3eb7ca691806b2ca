"""Orders at an hour, from the place that is taken to the hand-over: couriers, and appointments at a store."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest

from loopline import orders, promises, slots
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import HandOverTask, RefusalReason, RefuseTask, TaskKind
from loopline.kernel.ids import MemberId, OrderId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.ledger import queries as ledger
from loopline.ledger.model import Purpose
from loopline.orders import COURIER_FEE, Delivery, DraftLine, LineKind, OrderStage
from loopline.payments import queries as payments
from loopline.processes import dispatch, fulfil
from loopline.processes.cancel import Cancellation, Cancelled, UnitsToCancel, cancel
from loopline.processes.doctor import examine
from loopline.processes.follow import FOLLOWERS as STAGES
from loopline.processes.place import Placed, place
from loopline.processes.promise import expire_holds
from loopline.processes.promised import FOLLOWERS as PROMISED
from loopline.processes.promised import learn_paces, tell_arrivals
from loopline.processes.reinstate import reinstate
from loopline.processes.slots import (
    FOLLOWERS,
    HourNotFree,
    NoSuchBooking,
    SlotMove,
    TooLateToMove,
    move_slots,
    set_slot_terms,
)
from loopline.processes.source import source_wave
from loopline.processes.take_in import (
    Incoming,
    NeedsSlot,
    NotCollectedThere,
    OrderMessage,
    OrderTaken,
    SlotTaken,
    place_messages,
)
from loopline.promises import PromiseKind, PromiseState
from loopline.slots import BookingState, NewTerms, SlotTerms, TermsUnitUnknown, Way
from tests.make.hours import FOUR, SIX, at_the_store, by_courier, courier_promise, offer_hours
from tests.make.loop import follow, pack_up, pay_for, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

LATER = NOON + timedelta(hours=1)
(FOLLOWER,) = FOLLOWERS
SETTLE = STAGES[0]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    shop = open_shop(conn)
    offer_hours(conn)
    offer_hours(conn, way=Way.IN_STORE)
    return shop


def put(conn: Conn, *messages: OrderMessage) -> list[OrderTaken | Refusal]:
    return place_messages(conn, [Incoming(message=one, scope=WHOLE_BRAND) for one in messages], now=NOON)


def placed(conn: Conn, message: OrderMessage) -> OrderTaken:
    (taken,) = put(conn, message)
    assert isinstance(taken, OrderTaken), taken
    return taken


def paid(conn: Conn, shop: Shop, taken: OrderTaken) -> OrderTaken:
    pay_for(conn, shop, taken)
    return taken


def taken_places(conn: Conn) -> list[int]:
    return list(slots.places_taken(conn, NOON - timedelta(days=1)).values())


def booking(conn: Conn, order_id: OrderId) -> slots.Booking:
    return slots.bookings_of_orders(conn, [order_id])[order_id]


def charged(conn: Conn, order_id: OrderId) -> list[tuple[str, int, int, int]]:
    return [
        (line.code, line.amount_minor, line.tax_minor, line.cancelled)
        for line in orders.lines_by_orders(conn, [order_id])
        if line.kind is LineKind.CHARGE
    ]


def wrong(conn: Conn) -> list[str]:
    return [one.name for one in examine(conn).checks if not one.ok and one.invariant != 7]


def test_an_order_by_courier_takes_its_place_and_pays_for_the_way(conn: Conn, shop: Shop):
    taken = placed(conn, by_courier(shop, "W-1"))
    assert (taken.amount_minor, taken.delivery, taken.site_id) == (11_800, Delivery.COURIER, shop.sites["S"])
    assert charged(conn, taken.order_id) == [(COURIER_FEE, 500, 58, 0)]
    one = booking(conn, taken.order_id)
    assert (one.way, one.site_id, one.starts_at, one.ends_at, one.state) == (
        Way.COURIER,
        shop.sites["S"],
        FOUR,
        SIX,
        BookingState.HELD,
    )
    assert taken_places(conn) == [1]
    (promise,) = promises.promises_of_orders(conn, [taken.order_id])[taken.order_id]
    assert (promise.kind, promise.due_at, promise.starts_at) == (PromiseKind.COURIER, SIX, None)
    assert subject_types(conn, taken.order_id) == ["order_placed", "promise_given", "slot_booked"]
    assert wrong(conn) == []


def test_the_last_place_is_given_once_within_a_batch_and_a_repeat_keeps_its_own(conn: Conn, shop: Shop):
    wanted = [by_courier(shop, f"W-{number}") for number in range(3)]
    first, second, third = put(conn, *wanted)
    assert isinstance(first, OrderTaken)
    assert isinstance(second, OrderTaken)
    assert third == SlotTaken()
    assert orders.order_ids_by_external_numbers(conn, [("web", "W-2")]) == {}
    # The very same message again is the same order, though no place is left for anybody.
    (again,) = put(conn, wanted[0])
    assert isinstance(again, OrderTaken)
    assert (again.order_id, again.is_repeat) == (first.order_id, True)
    assert taken_places(conn) == [2]
    # Another hour has places of its own.
    later = by_courier(shop, "W-2", promise=courier_promise(shop, starts_at=SIX))
    assert isinstance(put(conn, later)[0], OrderTaken)
    assert wrong(conn) == []


def test_whoever_is_refused_for_want_of_goods_takes_nobodys_place(conn: Conn, shop: Shop):
    (line,) = by_courier(shop, "W-1").lines
    many = by_courier(shop, "W-1", lines=(type(line)(sku_code="COAT", units=11),))
    (refused,) = put(conn, many)
    assert isinstance(refused, Refusal)
    assert (taken_places(conn), wrong(conn)) == ([], [])


def test_the_same_twice_in_a_batch_is_one_order_with_the_last_place(conn: Conn, shop: Shop):
    offer_hours(conn, places=1)
    first, again, other = put(conn, *(by_courier(shop, number) for number in ("W-1", "W-1", "W-2")))
    assert isinstance(first, OrderTaken)
    assert isinstance(again, OrderTaken)
    assert (again.order_id, first.is_repeat, again.is_repeat) == (first.order_id, False, True)
    assert other == SlotTaken()
    assert taken_places(conn) == [1]
    assert wrong(conn) == []


def test_a_courier_needs_an_hour_and_a_store_that_offers_it(conn: Conn, shop: Shop):
    odd = courier_promise(shop, starts_at=FOUR + timedelta(minutes=30))
    asked = [
        by_courier(shop, "W-1", promise=None),
        by_courier(shop, "W-2", promise=odd),
        by_courier(shop, "W-3", site_code="W"),
    ]
    needs, not_one, nowhere = put(conn, *asked)
    assert (needs, not_one) == (NeedsSlot(), SlotTaken())
    assert isinstance(nowhere, NotCollectedThere)
    offer_hours(conn, is_offered=False)
    assert put(conn, by_courier(shop, "W-4")) == [SlotTaken()]
    assert taken_places(conn) == []


def test_a_courier_fetches_the_goods_at_its_store_and_nowhere_else(conn: Conn, shop: Shop):
    # The warehouse would be cheaper by far.
    conn.execute("update sourcing.site_cost set handling_minor = 1 where site_id = %s", (shop.sites["W"],))
    taken = paid(conn, shop, placed(conn, by_courier(shop, "W-1")))
    source_wave(conn, now=NOON)
    (task,) = fulfilment.tasks_of_orders(conn, [taken.order_id])
    assert (task.site_id, task.kind) == (shop.sites["S"], TaskKind.DELIVER)
    # A store that cannot is not replaced by another: the customer is told, or chooses anew.
    refusal = RefuseTask(command_id=uuid7(NOON), task_id=task.task_id, reason=RefusalReason.NO_CAPACITY)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    source_wave(conn, now=LATER)
    assert [one.site_id for one in fulfilment.tasks_of_orders(conn, [taken.order_id])] == [shop.sites["S"]]
    head = orders.order_by_id(conn, taken.order_id)
    assert head is not None
    assert (head.held, head.source_waits_for is not None) == (1, True)


def test_the_way_is_earned_as_the_goods_leave_and_not_before(conn: Conn, shop: Shop):
    taken = paid(conn, shop, placed(conn, by_courier(shop, "W-1")))
    follow(conn, SETTLE)
    assert earned(conn) == 0
    tasks = source_wave(conn, now=NOON).tasks
    pack_up(conn, tasks, now=NOON)
    commands = [HandOverTask(task_id=one) for one in tasks]
    succeeded(fulfil.hand_over(conn, commands, scope=WHOLE_BRAND, now=LATER))
    follow(conn, SETTLE)
    follow(conn, SETTLE)
    assert earned(conn) == 442
    follow(conn, FOLLOWER)
    assert booking(conn, taken.order_id).state is BookingState.HELD
    assert wrong(conn) == []


def test_the_way_is_earned_beside_what_is_charged_at_once(conn: Conn, shop: Shop):
    charge = partial(DraftLine, kind=LineKind.CHARGE, units=1, is_price_agreed=True)
    extra = (
        charge(code="POST", stated_unit_minor=1_130),
        charge(code=COURIER_FEE, stated_unit_minor=500),
    )
    draft = ask(shop, "W-1", lines=(*lines(shop, ("COAT", 1)), *extra))
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    pay_for(conn, shop, outcome)
    follow(conn, SETTLE)
    assert earned(conn) == 1_000
    tasks = source_wave(conn, now=NOON).tasks
    pack_up(conn, tasks, now=NOON)
    commands = [HandOverTask(task_id=one) for one in tasks]
    succeeded(fulfil.hand_over(conn, commands, scope=WHOLE_BRAND, now=LATER))
    follow(conn, SETTLE)
    assert earned(conn) == 1_442
    assert wrong(conn) == []


def earned(conn: Conn) -> int:
    return -sum(
        one.balance_minor for one in ledger.balances_by_purpose(conn) if one.purpose is Purpose.CHARGES
    )


def test_who_calls_off_the_whole_gives_the_place_back_and_gets_the_fee_back(conn: Conn, shop: Shop):
    taken = paid(conn, shop, placed(conn, by_courier(shop, "W-1")))
    (outcome,) = cancel(conn, [Cancellation(order_id=taken.order_id)], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, Cancelled)
    assert (outcome.refund_minor, outcome.stage) == (11_800, OrderStage.CANCELLED)
    (money,) = payments.money_of_orders(conn, [taken.order_id])
    assert (money.taken_minor, money.refunded_minor) == (11_800, 11_800)
    assert charged(conn, taken.order_id) == [(COURIER_FEE, 500, 58, 1)]
    follow(conn, FOLLOWER)
    follow(conn, FOLLOWER)
    assert (booking(conn, taken.order_id).state, taken_places(conn)) == (BookingState.RELEASED, [])
    follow(conn, SETTLE)
    assert (earned(conn), wrong(conn)) == (0, [])


def test_who_calls_off_a_part_keeps_the_hour_and_pays_for_the_way(conn: Conn, shop: Shop):
    (line,) = by_courier(shop, "W-1").lines
    two = by_courier(shop, "W-1", lines=(type(line)(sku_code="COAT", units=2),))
    taken = paid(conn, shop, placed(conn, two))
    coat = next(
        one.line_id for one in orders.lines_by_orders(conn, [taken.order_id]) if one.kind is LineKind.GOODS
    )
    part = Cancellation(order_id=taken.order_id, lines=(UnitsToCancel(line_id=coat, units=1),))
    (outcome,) = cancel(conn, [part], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, Cancelled)
    assert outcome.refund_minor == 11_300
    follow(conn, FOLLOWER)
    assert (booking(conn, taken.order_id).state, taken_places(conn)) == (BookingState.HELD, [1])
    assert wrong(conn) == []


def test_what_runs_out_unpaid_gives_its_place_back(conn: Conn, shop: Shop):
    taken = placed(conn, by_courier(shop, "W-1", hold_minutes=15))
    assert taken_places(conn) == [1]
    expire_holds(conn, now=NOON + timedelta(minutes=16), limit=10)
    follow(conn, FOLLOWER)
    assert (booking(conn, taken.order_id).state, taken_places(conn)) == (BookingState.RELEASED, [])
    # Who pays late all the same is received all the same.
    gone = orders.order_by_id(conn, taken.order_id)
    assert gone is not None
    log.append(conn, reinstate(conn, [gone], now=NOON + timedelta(minutes=20)))
    follow(conn, FOLLOWER)
    head = orders.order_by_id(conn, taken.order_id)
    assert head is not None
    assert head.held == 1
    assert (booking(conn, taken.order_id).state, taken_places(conn)) == (BookingState.HELD, [1])
    assert wrong(conn) == []


def test_an_appointment_has_its_place_and_is_collected_there(conn: Conn, shop: Shop):
    first, second, third = put(conn, *(at_the_store(shop, f"A-{number}") for number in range(3)))
    assert isinstance(first, OrderTaken)
    assert isinstance(second, OrderTaken)
    assert third == SlotTaken()
    one = booking(conn, first.order_id)
    assert (one.way, one.starts_at, charged(conn, first.order_id)) == (Way.IN_STORE, FOUR, [])
    paid(conn, shop, first)
    source_wave(conn, now=NOON)
    (task,) = fulfilment.tasks_of_orders(conn, [first.order_id])
    assert (task.site_id, task.kind) == (shop.sites["S"], TaskKind.COLLECT)
    assert wrong(conn) == []


def test_where_nobody_set_hours_the_house_says_how_many_begin_at_once(conn: Conn):
    shop = open_shop(conn)
    outcomes = put(conn, *(at_the_store(shop, f"A-{number}") for number in range(3)))
    assert [isinstance(one, OrderTaken) for one in outcomes] == [True, True, False]
    assert outcomes[2] == SlotTaken()


# --------------------------------------------------------------------------------------------------- another hour


def move(conn: Conn, *wanted: SlotMove, scope: Scope = WHOLE_BRAND) -> Sequence[slots.Booking | Refusal]:
    return move_slots(conn, wanted, scope=scope, now=LATER)


def test_the_store_moves_an_hour_and_the_promise_goes_with_it(conn: Conn, shop: Shop):
    taken = paid(conn, shop, placed(conn, by_courier(shop, "W-1")))
    (moved,) = move(conn, SlotMove(order_id=taken.order_id, starts_at=SIX, actor="person:1"))
    assert isinstance(moved, slots.Booking)
    assert (moved.starts_at, moved.ends_at, moved.moves) == (SIX, SIX + timedelta(hours=2), 1)
    assert booking(conn, taken.order_id) == moved
    found = slots.places_taken(conn, NOON)
    assert found == {(shop.sites["S"], Way.COURIER, SIX): 1}
    old, new = promises.promises_of_orders(conn, [taken.order_id])[taken.order_id]
    assert (old.state, new.state) == (PromiseState.VOID, PromiseState.OPEN)
    assert (new.due_at, new.first_due_at) == (SIX + timedelta(hours=2), SIX + timedelta(hours=2))
    assert subject_types(conn, taken.order_id)[-2:] == ["promise_given", "slot_moved"]
    # The same again moves nothing, and tells nobody.
    told = len(subject_types(conn, taken.order_id))
    assert move(conn, SlotMove(order_id=taken.order_id, starts_at=SIX)) == [moved]
    assert len(subject_types(conn, taken.order_id)) == told
    assert wrong(conn) == []


def test_nobody_is_moved_into_an_hour_that_is_full_or_none(conn: Conn, shop: Shop):
    here = placed(conn, by_courier(shop, "W-1"))
    for number in (2, 3):
        placed(conn, by_courier(shop, f"W-{number}", promise=courier_promise(shop, starts_at=SIX)))
    moves = [
        SlotMove(order_id=here.order_id, starts_at=SIX),
        SlotMove(order_id=here.order_id, starts_at=SIX + timedelta(minutes=1)),
        SlotMove(order_id=OrderId(uuid7(NOON)), starts_at=SIX),
    ]
    full, none, nobody = (move(conn, one)[0] for one in moves)
    assert (full, none) == (HourNotFree(), HourNotFree())
    assert isinstance(nobody, NoSuchBooking)
    assert booking(conn, here.order_id).starts_at == FOUR
    assert wrong(conn) == []


def test_an_hour_is_moved_by_its_site_or_its_customer_and_by_nobody_else(conn: Conn, shop: Shop):
    taken = placed(conn, by_courier(shop, "W-1"))
    elsewhere = Scope(sites=frozenset({shop.sites["D"]}))
    wanted = SlotMove(order_id=taken.order_id, starts_at=SIX)
    assert move(conn, wanted, scope=elsewhere) == [NotInYourBranch(subject=str(taken.order_id))]
    stranger = SlotMove(order_id=taken.order_id, starts_at=SIX, by_member=MemberId(uuid7(NOON)))
    assert move(conn, stranger, scope=Scope()) == [NoSuchBooking(order_id=taken.order_id)]
    here = Scope(sites=frozenset({shop.sites["S"]}))
    (moved,) = move(conn, wanted, scope=here)
    assert isinstance(moved, slots.Booking)


def test_what_has_left_has_its_hour(conn: Conn, shop: Shop):
    taken = paid(conn, shop, placed(conn, by_courier(shop, "W-1")))
    tasks = source_wave(conn, now=NOON).tasks
    pack_up(conn, tasks, now=NOON)
    succeeded(
        fulfil.hand_over(conn, [HandOverTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON)
    )
    assert move(conn, SlotMove(order_id=taken.order_id, starts_at=SIX)) == [
        TooLateToMove(number=taken.number)
    ]


# ----------------------------------------------------------------------------------------------- promises and facts


def test_a_courier_that_comes_late_is_late_by_what_was_said_and_teaches(conn: Conn, shop: Shop):
    taken = [paid(conn, shop, placed(conn, by_courier(shop, f"W-{number}"))) for number in range(2)]
    tasks = source_wave(conn, now=NOON).tasks
    pack_up(conn, tasks, now=NOON)
    succeeded(
        fulfil.hand_over(conn, [HandOverTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=FOUR)
    )
    by_order = {one.order_id: one.task_id for one in fulfilment.tasks_by_id(conn, tasks)}
    arrivals = [
        (by_order[taken[0].order_id], SIX),
        (by_order[taken[1].order_id], SIX + timedelta(minutes=30)),
    ]
    succeeded(tell_arrivals(conn, arrivals, scope=WHOLE_BRAND, actor="rider", now=SIX + timedelta(hours=1)))
    (follower,) = PROMISED
    follow(conn, follower)
    (record,) = promises.kept_by_kind(conn, NOON - timedelta(days=1))
    assert (record.kind, record.promises, record.kept, record.late_minutes_mean) == (
        PromiseKind.COURIER,
        2,
        1,
        30,
    )
    learn_paces(conn, now=SIX + timedelta(hours=2))
    # Two rides of 120 and 150 minutes, against twenty that are believed to take an hour: (2 * 150 + 20 * 60) / 22.
    assert promises.paces_in_force(conn).couriers == {shop.sites["S"]: 69}
    assert promises.paces_in_force(conn).lanes == {}


# ------------------------------------------------------------------------------------------------------- settings


def test_hours_are_set_for_ones_own_units_alone(conn: Conn, shop: Shop):
    here = Scope(sites=frozenset({shop.sites["S"]}))
    wanted = [
        NewTerms(unit_code=code, way=Way.COURIER, terms=SlotTerms(), comment="x") for code in ("HX", "U-D")
    ]
    outcomes = set_slot_terms(conn, wanted, scope=here, by="person:2", now=LATER)
    assert outcomes == [TermsUnitUnknown(unit_code="HX"), TermsUnitUnknown(unit_code="U-D")]
    # A warehouse receives nobody.
    at_warehouse = [NewTerms(unit_code="U-W", way=Way.COURIER, terms=SlotTerms(), comment="x")]
    assert set_slot_terms(conn, at_warehouse, scope=WHOLE_BRAND, by="person:2", now=LATER) == [
        TermsUnitUnknown(unit_code="U-W")
    ]


def test_a_fee_is_no_line_that_somebody_asks_for(conn: Conn, shop: Shop):
    free = by_courier(shop, "W-1", promise=courier_promise(shop, fee_minor=0))
    assert placed(conn, free).amount_minor == 11_300
