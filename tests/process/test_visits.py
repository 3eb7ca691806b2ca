"""Fitting at home, from the hour that is taken to what a fitter says at the door, and what that does to the goods."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from loopline import orders, promises, slots
from loopline.catalogue import Fitting
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.fulfilment.photos import KeepPhoto
from loopline.kernel.failures import FAILURES_MAX, LOCK_LENGTH
from loopline.kernel.ids import MemberId, PhotoId, TaskId, uuid7
from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger import queries as ledger
from loopline.ledger.model import Purpose
from loopline.orders import FITTING_FEE, Delivery, OrderStage
from loopline.payments import queries as payments
from loopline.processes.cancel import Cancellation, FitterOnTheWay, UnitsToCancel, cancel
from loopline.processes.doctor import examine
from loopline.processes.follow import FOLLOWERS as STAGES
from loopline.processes.photos import keep_photos
from loopline.processes.promised import FOLLOWERS as PROMISED
from loopline.processes.promised import watch_promises
from loopline.processes.slots import FOLLOWERS, SlotMove, TooLateToMove, move_slots
from loopline.processes.source import source_wave
from loopline.processes.take_in import (
    Incoming,
    MessageLine,
    NeedsFitting,
    NeedsSlot,
    OrderMessage,
    OrderTaken,
    SlotTaken,
    place_messages,
)
from loopline.processes.visits import (
    NotAllPacked,
    PartNotThere,
    PhotoAfterSigning,
    VisitDone,
    VisitMissed,
    VisitNamedTwice,
    VisitStep,
    finish_visits,
    miss_visits,
    set_out,
    take_visits,
)
from loopline.promises import PromiseState
from loopline.slots import BookingState, Way
from loopline.slots.visits import (
    NotOnTheWay,
    NoVisitToMake,
    Outcome,
    Proof,
    Visit,
    VisitCodeLocked,
    VisitCodeWrong,
    VisitOfAnother,
    WhyNotDone,
    failures_of,
    forget_signatures,
    visits_of_orders,
)
from loopline.stock.queries import stock_at_leaves
from tests.make.hours import FOUR, SIX, fitted, offer_hours, with_a_fitter
from tests.make.loop import follow, pack_up, pay_for, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, open_shop

LATER = NOON + timedelta(hours=1)
ME, OTHER = "person:me", "person:other"
TWO_COATS = (MessageLine(sku_code="COAT", units=2),)
(FOLLOWER,) = FOLLOWERS
SETTLE = STAGES[0]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    shop = open_shop(conn)
    offer_hours(conn, way=Way.AT_HOME)
    fitted(conn)
    return shop


def put(conn: Conn, message: OrderMessage) -> OrderTaken | Refusal:
    (taken,) = place_messages(conn, [Incoming(message=message, scope=WHOLE_BRAND)], now=NOON)
    return taken


def placed(conn: Conn, shop: Shop, number: str = "W-1", **fields: object) -> OrderTaken:
    taken = put(conn, with_a_fitter(shop, number, **fields))
    assert isinstance(taken, OrderTaken), taken
    pay_for(conn, shop, taken)
    return taken


def packed(conn: Conn, shop: Shop, number: str = "W-1", **fields: object) -> tuple[OrderTaken, TaskId]:
    taken = placed(conn, shop, number, **fields)
    (task_id,) = source_wave(conn, now=NOON).tasks
    pack_up(conn, [task_id], now=NOON)
    return taken, task_id


def take(conn: Conn, taken: OrderTaken, by: str = ME, scope: Scope = WHOLE_BRAND) -> Visit | Refusal:
    (outcome,) = take_visits(
        conn, [VisitStep(order_id=taken.order_id, by=by, shown="吴师傅")], scope=scope, now=LATER
    )
    return outcome


def go(conn: Conn, taken: OrderTaken, by: str = ME, *, at: datetime = LATER) -> Visit | Refusal:
    (outcome,) = set_out(conn, [VisitStep(order_id=taken.order_id, by=by)], scope=WHOLE_BRAND, now=at)
    return outcome


def under_way(conn: Conn, shop: Shop, number: str = "W-1", **fields: object) -> tuple[OrderTaken, TaskId]:
    taken, task_id = packed(conn, shop, number, **fields)
    assert isinstance(take(conn, taken), Visit)
    assert isinstance(go(conn, taken), Visit)
    return taken, task_id


def finish(
    conn: Conn, taken: OrderTaken, proof: Proof = Proof.CODE, *, signed_by: str = ""
) -> Visit | Refusal:
    command = VisitDone(order_id=taken.order_id, by=ME, proof=proof, is_code_right=True, signed_by=signed_by)
    (outcome,) = finish_visits(conn, [command], scope=WHOLE_BRAND, now=FOUR)
    return outcome


def say_code(
    conn: Conn, taken: OrderTaken, *, is_right: bool, by: str = ME, at: datetime = FOUR
) -> Visit | Refusal:
    command = VisitDone(order_id=taken.order_id, by=by, proof=Proof.CODE, is_code_right=is_right)
    (outcome,) = finish_visits(conn, [command], scope=WHOLE_BRAND, now=at)
    return outcome


def miss(
    conn: Conn, taken: OrderTaken, reason: WhyNotDone, lines: Sequence[UnitsToCancel] = ()
) -> Visit | Refusal:
    command = VisitMissed(order_id=taken.order_id, by=ME, reason=reason, lines=tuple(lines))
    (outcome,) = miss_visits(conn, [command], scope=WHOLE_BRAND, now=FOUR)
    return outcome


def state(conn: Conn, task_id: TaskId) -> TaskState:
    return fulfilment.tasks_by_id(conn, [task_id])[0].state


def on_hand(conn: Conn, shop: Shop) -> tuple[int, int]:
    (row,) = stock_at_leaves(conn, [shop.leaves["S"]], sku_ids=[shop.skus["COAT"]])
    return row.on_hand, row.unsellable


def head(conn: Conn, taken: OrderTaken) -> orders.Order:
    found = orders.order_by_id(conn, taken.order_id)
    assert found is not None
    return found


def booking(conn: Conn, taken: OrderTaken) -> slots.Booking:
    return slots.bookings_of_orders(conn, [taken.order_id])[taken.order_id]


def wrong(conn: Conn) -> list[str]:
    follow(conn, SETTLE)
    return [one.name for one in examine(conn).checks if not one.ok and one.invariant != 7]


# ------------------------------------------------------------------------------------------------------- ordering


def test_a_place_is_taken_before_the_order_and_the_fee_is_a_line_of_it(conn: Conn, shop: Shop):
    taken = placed(conn, shop)
    assert (taken.amount_minor, taken.delivery, taken.site_id) == (16_300, Delivery.FITTING, shop.sites["S"])
    charges = [
        (line.code, line.amount_minor)
        for line in orders.lines_by_orders(conn, [taken.order_id])
        if line.kind is orders.LineKind.CHARGE
    ]
    assert charges == [(FITTING_FEE, 5_000)]
    assert slots.places_taken(conn, NOON) == {(shop.sites["S"], Way.AT_HOME, FOUR): 1}
    assert wrong(conn) == []


def test_without_an_hour_or_a_place_nobody_comes(conn: Conn, shop: Shop):
    assert put(conn, with_a_fitter(shop, "W-1", promise=None)) == NeedsSlot()
    placed(conn, shop, "W-2")
    placed(conn, shop, "W-3")
    assert put(conn, with_a_fitter(shop, "W-4")) == SlotTaken()


def test_what_needs_a_fitter_is_ordered_in_no_other_way(conn: Conn, shop: Shop):
    fitted(conn, "COAT", Fitting.NEEDED)
    plain = {"promise": None, "site_code": None, "delivery": Delivery.DELIVER}
    assert put(conn, with_a_fitter(shop, "W-1", **plain)) == NeedsFitting(line=1, sku_code="COAT")
    collected = {"promise": None, "delivery": Delivery.COLLECT}
    assert put(conn, with_a_fitter(shop, "W-2", **collected)) == NeedsFitting(line=1, sku_code="COAT")
    assert isinstance(put(conn, with_a_fitter(shop, "W-3")), OrderTaken)
    fitted(conn, "COAT", Fitting.OFFERED)
    assert isinstance(put(conn, with_a_fitter(shop, "W-4", **plain)), OrderTaken)


def test_the_goods_wait_at_their_own_store_and_nobody_else_is_asked(conn: Conn, shop: Shop):
    _, task_id = packed(conn, shop)
    (task,) = fulfilment.tasks_by_id(conn, [task_id])
    assert (task.site_id, task.state) == (shop.sites["S"], TaskState.PACKED)


# -------------------------------------------------------------------------------------------------------- at work


def test_setting_out_sells_nothing_and_what_is_done_is_handed_over_and_has_arrived(conn: Conn, shop: Shop):
    taken, task_id = packed(conn, shop)
    assert isinstance(take(conn, taken), Visit)
    assert booking(conn, taken).carrier == "吴师傅"
    assert isinstance(go(conn, taken), Visit)
    assert (state(conn, task_id), on_hand(conn, shop)) == (TaskState.PACKED, (10, 0))
    ended = finish(conn, taken)
    assert isinstance(ended, Visit)
    assert (ended.outcome, ended.proof, ended.ended_at) == (Outcome.DONE, Proof.CODE, FOUR)
    assert (state(conn, task_id), on_hand(conn, shop)) == (TaskState.HANDED_OVER, (9, 0))
    assert promises.arrivals_of_orders(conn, [taken.order_id]) == {task_id: FOUR}
    (follower,) = PROMISED
    follow(conn, follower)
    (promise,) = promises.promises_of_orders(conn, [taken.order_id])[taken.order_id]
    assert (promise.state, promise.fact_at) == (PromiseState.KEPT, FOUR)
    told = subject_types(conn, taken.order_id)
    assert [one for one in told if one.startswith("visit")] == ["visit_taken", "visit_set_out", "visit_ended"]
    # Said again it is done once; of a visit that was done nothing else can be said.
    assert finish(conn, taken) == ended
    assert miss(conn, taken, WhyNotDone.NOT_WANTED) == NotOnTheWay(order_id=taken.order_id)
    assert (on_hand(conn, shop), len(subject_types(conn, taken.order_id))) == ((9, 0), len(told))
    assert wrong(conn) == []


def test_the_fee_is_earned_as_it_is_fitted_and_not_before(conn: Conn, shop: Shop):
    taken, _ = under_way(conn, shop)
    follow(conn, SETTLE)
    assert earned(conn) == 0
    finish(conn, taken)
    follow(conn, SETTLE)
    assert earned(conn) == 4_425


def earned(conn: Conn) -> int:
    """What was charged for the way, net of tax."""
    return -sum(
        one.balance_minor for one in ledger.balances_by_purpose(conn) if one.purpose is Purpose.CHARGES
    )


def test_nobody_sets_out_with_goods_that_are_not_packed(conn: Conn, shop: Shop):
    taken = placed(conn, shop)
    assert isinstance(take(conn, taken), Visit)
    assert go(conn, taken) == NotAllPacked(order_id=taken.order_id)
    source_wave(conn, now=NOON)
    assert go(conn, taken) == NotAllPacked(order_id=taken.order_id)
    (visit,) = visits_of_orders(conn, [taken.order_id])[taken.order_id]
    assert visit.set_out_at is None


def test_a_visit_is_its_own_sites_and_is_named_once(conn: Conn, shop: Shop):
    taken, _ = packed(conn, shop)
    elsewhere = Scope(sites=frozenset({shop.sites["D"]}))
    assert take(conn, taken, scope=elsewhere) == NoVisitToMake(order_id=taken.order_id)
    step = VisitStep(order_id=taken.order_id, by=ME)
    first, again = take_visits(conn, [step, step], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(first, Visit)
    assert again == VisitNamedTwice(order_id=taken.order_id)
    assert visits_of_orders(conn, [taken.order_id]) == {taken.order_id: [first]}


def test_after_five_wrong_codes_none_counts_for_a_while_and_a_name_still_does(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop)
    for _ in range(FAILURES_MAX - 1):
        assert say_code(conn, taken, is_right=False) == VisitCodeWrong(order_id=taken.order_id)
    assert "visit_code_closed" not in subject_types(conn, taken.order_id)
    until = FOUR + LOCK_LENGTH
    locked = VisitCodeLocked(order_id=taken.order_id, until=until)
    assert say_code(conn, taken, is_right=False) == locked
    last = until - timedelta(seconds=1)
    assert say_code(conn, taken, is_right=True, at=last) == locked
    # Coming home in vain and setting out again opens nothing.
    miss(conn, taken, WhyNotDone.NOBODY_HOME)
    assert isinstance(take(conn, taken), Visit)
    assert isinstance(go(conn, taken, at=FOUR), Visit)
    assert say_code(conn, taken, is_right=True, at=last) == locked
    assert subject_types(conn, taken.order_id).count("visit_code_closed") == 1
    assert state(conn, task_id) is TaskState.PACKED
    photographed(conn, task_id, FOUR)
    assert isinstance(finish(conn, taken, Proof.SIGNATURE, signed_by="王芳"), Visit)
    assert wrong(conn) == []


def test_when_the_time_is_over_the_right_code_counts_and_what_was_wrong_is_forgotten(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop)
    for _ in range(FAILURES_MAX):
        say_code(conn, taken, is_right=False)
    assert failures_of(conn, [taken.order_id]) != {}
    assert isinstance(say_code(conn, taken, is_right=True, at=FOUR + LOCK_LENGTH), Visit)
    assert state(conn, task_id) is TaskState.HANDED_OVER
    assert failures_of(conn, [taken.order_id]) == {}


def test_a_code_that_somebody_else_says_counts_for_nobody(conn: Conn, shop: Shop):
    taken, _ = under_way(conn, shop)
    for _ in range(FAILURES_MAX):
        assert say_code(conn, taken, is_right=False, by=OTHER) == VisitOfAnother(order_id=taken.order_id)
    assert failures_of(conn, [taken.order_id]) == {}
    assert isinstance(say_code(conn, taken, is_right=True), Visit)


def photographed(conn: Conn, task_id: TaskId, at: datetime) -> None:
    (line,) = fulfilment.lines_of_tasks(conn, [task_id])[task_id]
    picture = Picture(content=b"x", media_type="image/webp", width=1, height=1, sent_hash=bytes(32))
    made = PhotoId(uuid7(at))
    command = KeepPhoto(
        id=made, task_id=task_id, allocation_id=line.allocation_id, taken_at=at, by=ME, picture=picture
    )
    succeeded(keep_photos(conn, [command], scope=WHOLE_BRAND, now=at))


def test_a_name_counts_with_a_photo_of_what_stands_there_and_not_with_an_older_one(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop)
    photographed(conn, task_id, LATER - timedelta(minutes=1))
    assert finish(conn, taken, Proof.SIGNATURE, signed_by="王芳") == PhotoAfterSigning(
        order_id=taken.order_id
    )
    assert state(conn, task_id) is TaskState.PACKED
    photographed(conn, task_id, LATER)
    ended = finish(conn, taken, Proof.SIGNATURE, signed_by="王芳")
    assert isinstance(ended, Visit)
    assert (ended.proof, ended.signed_by) == (Proof.SIGNATURE, "王芳")
    assert forget_signatures(conn, [taken.order_id]) == 1
    (after,) = visits_of_orders(conn, [taken.order_id])[taken.order_id]
    assert (after.signed_by, after.outcome) == (None, Outcome.DONE)


# ------------------------------------------------------------------------------------------------------ not done


def test_nobody_home_keeps_the_goods_packed_and_another_hour_can_be_agreed_on(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop)
    move = SlotMove(order_id=taken.order_id, starts_at=SIX)
    late = TooLateToMove(number=taken.number)
    assert move_slots(conn, [move], scope=WHOLE_BRAND, now=FOUR) == [late]
    ended = miss(conn, taken, WhyNotDone.NOBODY_HOME)
    assert isinstance(ended, Visit)
    assert (ended.outcome, ended.reason) == (Outcome.NOT_DONE, WhyNotDone.NOBODY_HOME)
    assert (state(conn, task_id), on_hand(conn, shop)) == (TaskState.PACKED, (10, 0))
    (moved,) = move_slots(conn, [move], scope=WHOLE_BRAND, now=FOUR)
    assert isinstance(moved, slots.Booking)
    assert slots.places_taken(conn, NOON) == {(shop.sites["S"], Way.AT_HOME, SIX): 1}
    again = take(conn, taken)
    assert isinstance(again, Visit)
    assert again.number == 2
    assert wrong(conn) == []


def test_what_does_not_fit_is_called_off_with_its_fee_and_its_place(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop)
    ended = miss(conn, taken, WhyNotDone.DOES_NOT_FIT)
    assert isinstance(ended, Visit)
    assert ended.outcome is Outcome.NOT_DONE
    assert (state(conn, task_id), on_hand(conn, shop)) == (TaskState.CANCELLED, (10, 0))
    assert head(conn, taken).stage is OrderStage.CANCELLED
    follow(conn, FOLLOWER)
    assert booking(conn, taken).state is BookingState.RELEASED
    assert slots.places_taken(conn, NOON) == {}
    (money,) = payments.money_of_orders(conn, [taken.order_id])
    assert (money.taken_minor, money.refunded_minor) == (16_300, 16_300)
    assert take(conn, taken) == NoVisitToMake(order_id=taken.order_id)
    assert wrong(conn) == []


def test_of_two_one_is_not_wanted_and_the_other_is_fitted(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop, lines=TWO_COATS)
    (line,) = (one for one in orders.lines_by_orders(conn, [taken.order_id]) if one.sku_id)
    part = UnitsToCancel(line_id=line.line_id, units=1)
    still = miss(conn, taken, WhyNotDone.NOT_WANTED, [part])
    assert isinstance(still, Visit)
    assert still.is_on_the_way
    assert state(conn, task_id) is TaskState.PACKED
    ended = finish(conn, taken)
    assert isinstance(ended, Visit)
    assert (ended.outcome, on_hand(conn, shop)) == (Outcome.DONE, (9, 0))
    assert (head(conn, taken).cancelled, head(conn, taken).handed_over) == (1, 1)
    assert wrong(conn) == []


def test_a_part_that_is_said_twice_is_called_off_once(conn: Conn, shop: Shop):
    taken, _ = under_way(conn, shop, lines=TWO_COATS)
    (line,) = (one for one in orders.lines_by_orders(conn, [taken.order_id]) if one.sku_id)
    said = VisitMissed(
        order_id=taken.order_id,
        by=ME,
        reason=WhyNotDone.NOT_WANTED,
        lines=(UnitsToCancel(line_id=line.line_id, units=1),),
        shown=(UnitsToCancel(line_id=line.line_id, units=2),),
    )
    (first,) = miss_visits(conn, [said], scope=WHOLE_BRAND, now=FOUR)
    assert isinstance(first, Visit)
    (again,) = miss_visits(conn, [said], scope=WHOLE_BRAND, now=FOUR)
    assert again == PartNotThere(line_id=line.line_id, units=2, left=1)
    assert head(conn, taken).cancelled == 1


def test_what_is_damaged_leaves_the_shelf_and_is_sourced_anew_at_the_same_store(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop)
    (line,) = (one for one in orders.lines_by_orders(conn, [taken.order_id]) if one.sku_id)
    more = miss(conn, taken, WhyNotDone.DAMAGED, [UnitsToCancel(line_id=line.line_id, units=2)])
    assert more == PartNotThere(line_id=line.line_id, units=2, left=1)
    ended = miss(conn, taken, WhyNotDone.DAMAGED)
    assert isinstance(ended, Visit)
    assert ended.reason is WhyNotDone.DAMAGED
    assert (state(conn, task_id), on_hand(conn, shop)) == (TaskState.REFUSED, (10, 1))
    (task,) = fulfilment.tasks_by_id(conn, source_wave(conn, now=FOUR).tasks)
    assert (task.order_id, task.site_id) == (taken.order_id, shop.sites["S"])
    assert booking(conn, taken).state is BookingState.HELD
    assert wrong(conn) == []


def test_what_was_damaged_comes_by_another_visit_after_the_rest_was_fitted(conn: Conn, shop: Shop):
    taken, _ = under_way(conn, shop, lines=TWO_COATS)
    (line,) = (one for one in orders.lines_by_orders(conn, [taken.order_id]) if one.sku_id)
    still = miss(conn, taken, WhyNotDone.DAMAGED, [UnitsToCancel(line_id=line.line_id, units=1)])
    assert isinstance(still, Visit)
    assert still.is_on_the_way
    finish(conn, taken)
    assert wrong(conn) == []
    tasks = source_wave(conn, now=FOUR).tasks
    pack_up(conn, tasks, now=FOUR)
    (moved,) = move_slots(
        conn, [SlotMove(order_id=taken.order_id, starts_at=SIX)], scope=WHOLE_BRAND, now=FOUR
    )
    assert isinstance(moved, slots.Booking)
    again = take(conn, taken)
    assert isinstance(again, Visit)
    assert again.number == 2
    go(conn, taken, at=FOUR)
    ended = finish(conn, taken)
    assert isinstance(ended, Visit)
    assert (ended.outcome, head(conn, taken).handed_over) == (Outcome.DONE, 2)
    assert take(conn, taken) == NoVisitToMake(order_id=taken.order_id)
    assert wrong(conn) == []


def coats(conn: Conn, taken: OrderTaken) -> orders.Line:
    (line,) = (one for one in orders.lines_by_orders(conn, [taken.order_id]) if one.sku_id)
    return line


def test_what_is_not_wanted_at_the_door_is_what_was_brought_and_not_what_waits(conn: Conn, shop: Shop):
    taken, task_id = under_way(conn, shop, lines=(MessageLine(sku_code="COAT", units=3),))
    part = UnitsToCancel(line_id=coats(conn, taken).line_id, units=1)
    miss(conn, taken, WhyNotDone.DAMAGED, [part])
    assert (coats(conn, taken).held, coats(conn, taken).allocated) == (1, 2)
    still = miss(conn, taken, WhyNotDone.NOT_WANTED, [part])
    assert isinstance(still, Visit)
    assert still.is_on_the_way
    # The one that is held in place of the damaged one is held still, and the fitter has one left.
    line = coats(conn, taken)
    assert (line.held, line.allocated, line.cancelled) == (1, 1, 1)
    (of_task,) = fulfilment.lines_of_tasks(conn, [task_id])[task_id]
    assert of_task.left == 1
    (money,) = payments.money_of_orders(conn, [taken.order_id])
    assert (money.taken_minor, money.refunded_minor) == (3 * 11_300 + 5_000, 11_300)
    assert wrong(conn) == []
    assert isinstance(finish(conn, taken), Visit)
    assert (coats(conn, taken).held, coats(conn, taken).handed_over) == (1, 1)
    assert on_hand(conn, shop) == (9, 1)
    assert wrong(conn) == []


def test_more_than_was_brought_is_not_called_off_at_the_door(conn: Conn, shop: Shop):
    taken, _ = under_way(conn, shop, lines=(MessageLine(sku_code="COAT", units=3),))
    line_id = coats(conn, taken).line_id
    miss(conn, taken, WhyNotDone.DAMAGED, [UnitsToCancel(line_id=line_id, units=1)])
    told = len(subject_types(conn, taken.order_id))
    three = UnitsToCancel(line_id=line_id, units=3)
    assert miss(conn, taken, WhyNotDone.NOT_WANTED, [three]) == PartNotThere(line_id=line_id, units=3, left=2)
    assert (head(conn, taken).cancelled, len(subject_types(conn, taken.order_id))) == (0, told)
    # Of all that was brought nothing is wanted: what waits is still to come, and so is its fee.
    ended = miss(conn, taken, WhyNotDone.NOT_WANTED)
    assert isinstance(ended, Visit)
    assert ended.outcome is Outcome.NOT_DONE
    line = coats(conn, taken)
    assert (line.held, line.allocated, line.cancelled) == (1, 0, 2)
    (money,) = payments.money_of_orders(conn, [taken.order_id])
    assert money.refunded_minor == 2 * 11_300
    assert wrong(conn) == []


def test_what_a_clock_that_is_ahead_packed_goes_along_all_the_same(conn: Conn, shop: Shop):
    taken, task_id = packed(conn, shop)
    assert isinstance(take(conn, taken), Visit)
    assert isinstance(go(conn, taken, at=NOON - timedelta(seconds=1)), Visit)
    assert isinstance(finish(conn, taken), Visit)
    assert state(conn, task_id) is TaskState.HANDED_OVER


def test_what_is_packed_while_the_fitter_is_away_is_not_fitted_by_that_visit(conn: Conn, shop: Shop):
    taken, first = under_way(conn, shop, lines=(MessageLine(sku_code="COAT", units=2),))
    part = UnitsToCancel(line_id=coats(conn, taken).line_id, units=1)
    miss(conn, taken, WhyNotDone.DAMAGED, [part])
    (second,) = source_wave(conn, now=FOUR).tasks
    pack_up(conn, [second], now=FOUR)
    assert isinstance(finish(conn, taken), Visit)
    assert (state(conn, first), state(conn, second)) == (TaskState.HANDED_OVER, TaskState.PACKED)
    # Said twice it is said once, whatever was packed meanwhile.
    assert isinstance(finish(conn, taken), Visit)
    assert (state(conn, second), coats(conn, taken).handed_over) == (TaskState.PACKED, 1)
    assert wrong(conn) == []


def test_a_customer_calls_it_off_until_the_fitter_is_on_the_way(conn: Conn, shop: Shop):
    taken, _ = under_way(conn, shop)
    conn.execute("update orders.order set member_id = %s where id = %s", (uuid7(NOON), taken.order_id))
    member = head(conn, taken).member_id
    assert member is not None
    wanted = Cancellation(order_id=taken.order_id, by_member=MemberId(member))
    assert cancel(conn, [wanted], scope=Scope(), now=FOUR) == [FitterOnTheWay(number=taken.number)]
    mine = SlotMove(order_id=taken.order_id, starts_at=SIX, by_member=MemberId(member))
    after = FOUR + timedelta(minutes=1)
    assert move_slots(conn, [mine], scope=Scope(), now=after) == [TooLateToMove(number=taken.number)]
    miss(conn, taken, WhyNotDone.NOT_READY)
    (moved,) = move_slots(conn, [mine], scope=Scope(), now=after)
    assert isinstance(moved, slots.Booking)
    (gone,) = cancel(conn, [wanted], scope=Scope(), now=after)
    assert not isinstance(gone, Refusal)


def test_who_was_to_go_there_goes_nowhere_once_it_is_called_off(conn: Conn, shop: Shop):
    taken, _ = packed(conn, shop)
    assert isinstance(take(conn, taken), Visit)
    (gone,) = cancel(conn, [Cancellation(order_id=taken.order_id)], scope=WHOLE_BRAND, now=LATER)
    assert not isinstance(gone, Refusal)
    assert go(conn, taken) == NotAllPacked(order_id=taken.order_id)
    follow(conn, FOLLOWER)
    (visit,) = visits_of_orders(conn, [taken.order_id])[taken.order_id]
    assert visit.outcome is Outcome.CALLED_OFF
    assert go(conn, taken) == NoVisitToMake(order_id=taken.order_id)
    assert slots.places_taken(conn, NOON) == {}
    assert wrong(conn) == []


def test_an_hour_that_is_missed_is_an_alarm_as_soon_as_it_is_over(conn: Conn, shop: Shop):
    taken, _ = under_way(conn, shop)
    watch_promises(conn, now=SIX - timedelta(minutes=1), limit=10)
    assert "promise_missed" not in subject_types(conn, taken.order_id)
    watch_promises(conn, now=SIX, limit=10)
    assert "promise_missed" in subject_types(conn, taken.order_id)
