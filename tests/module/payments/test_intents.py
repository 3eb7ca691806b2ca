from datetime import timedelta
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.payments import (
    Applied,
    CashGateway,
    Confirmation,
    ExceptionKind,
    IntentContradicted,
    IntentId,
    IntentKind,
    IntentRepeat,
    IntentState,
    IntentUnknown,
    IntentWritten,
    KeyTakenByOtherContent,
    RefundAboveTaken,
    Report,
    Way,
    apply_reports,
    claim_intents,
    confirmed,
    hasten_intents,
    intents_of_orders,
    last_open_exceptions,
    money_of_orders,
    orders_awaiting_gateway,
    payments_of_orders,
    plan_ways,
    record_refunds,
    send,
    write_intents,
)
from tests.make.payments import NOON, intent, order_id, payment, refund, return_id, taken

LATER = NOON + timedelta(hours=1)
CASH = CashGateway()


def money(conn: Conn) -> list[tuple[int, int]]:
    return [(one.taken_minor, one.refunded_minor) for one in money_of_orders(conn, [order_id(1)])]


def test_an_order_is_paid_in_cash_once(conn: Conn):
    asked = intent(key="order:1")
    assert write_intents(conn, [asked, intent(key="order:1")], now=NOON) == [
        IntentWritten(intent_id=asked.id),
        IntentRepeat(intent_id=asked.id),
    ]
    (claimed,) = claim_intents(conn, ["cash"], limit=9, now=NOON)
    assert (claimed.id, claimed.tries, claimed.amount_minor) == (asked.id, 1, 1000)
    assert claim_intents(conn, ["cash"], limit=9, now=NOON) == [], "a claim holds for a minute"
    assert apply_reports(conn, [send(CASH, claimed, now=NOON)], now=NOON) == [
        Applied(intent_id=asked.id, state=IntentState.WAITING)
    ]
    assert money(conn) == []

    seen = Confirmation(person="person:7", amount_minor=1000, at=LATER, reference="Z-12")
    (applied,) = apply_reports(conn, [confirmed(claimed, seen)], now=LATER)
    assert isinstance(applied, Applied)
    (kept,) = payments_of_orders(conn, [order_id(1)])
    assert applied == Applied(intent_id=asked.id, state=IntentState.DONE, payment_id=kept.id)
    assert (kept.amount_minor, kept.method, kept.taken_at) == (1000, "cash", LATER)
    assert (
        apply_reports(conn, [confirmed(claimed, seen)] * 2, now=LATER)
        == [Applied(intent_id=asked.id, state=IntentState.DONE)] * 2
    )
    assert money(conn) == [(1000, 0)]
    assert claim_intents(conn, ["cash"], limit=9, now=LATER) == []
    (standing,) = intents_of_orders(conn, [order_id(1)])
    assert (standing.state, standing.reference, standing.tries) == (IntentState.DONE, "Z-12", 1)


def test_a_claim_that_nobody_reports_is_claimed_again(conn: Conn):
    write_intents(conn, [intent(), intent(gateway="card")], now=NOON)
    assert [one.tries for one in claim_intents(conn, ["cash"], limit=9, now=NOON)] == [1]
    assert claim_intents(conn, ["cash"], limit=9, now=NOON + timedelta(seconds=59)) == []
    assert [one.tries for one in claim_intents(conn, ["cash"], limit=9, now=NOON + timedelta(minutes=1))] == [
        2
    ]
    assert [one.gateway for one in claim_intents(conn, ["card"], limit=9, now=NOON)] == ["card"]


def test_what_waits_longest_is_claimed_first(conn: Conn):
    first, second = intent(), intent()
    write_intents(conn, [second], now=LATER)
    write_intents(conn, [first], now=NOON)
    assert [one.id for one in claim_intents(conn, ["cash"], limit=1, now=LATER)] == [first.id]


def test_one_report_and_its_contrary(conn: Conn):
    asked = intent()
    write_intents(conn, [asked], now=NOON)
    failed = Report(intent_id=asked.id, state=IntentState.FAILED, at=NOON, reason="closed")
    done = Report(intent_id=asked.id, state=IntentState.DONE, at=LATER, amount_minor=1000)
    unknown = Report(intent_id=IntentId(UUID(int=404)), state=IntentState.DONE, at=NOON)
    assert apply_reports(conn, [failed, done, unknown], now=LATER) == [
        Applied(intent_id=asked.id, state=IntentState.FAILED),
        Applied(
            intent_id=asked.id,
            state=IntentState.DONE,
            payment_id=payments_of_orders(conn, [order_id(1)])[0].id,
        ),
        IntentUnknown(intent_id=unknown.intent_id),
    ]
    (kept,) = last_open_exceptions(conn, limit=9)
    assert (kept.kind, kept.expected_minor, kept.found_minor) == (ExceptionKind.REPORTS_CONTRADICT, 0, 1000)
    assert money(conn) == [(1000, 0)], "money that moved is recorded, whatever was said before"
    assert apply_reports(conn, [failed], now=LATER) == [IntentContradicted(intent_id=asked.id, state="done")]
    assert money(conn) == [(1000, 0)]


def test_money_that_moved_is_money_that_moved(conn: Conn):
    asked = intent()
    write_intents(conn, [asked], now=NOON)
    done = Report(intent_id=asked.id, state=IntentState.DONE, at=LATER, amount_minor=999)
    apply_reports(conn, [done], now=LATER)
    assert money(conn) == [(999, 0)]
    (kept,) = last_open_exceptions(conn, limit=9)
    assert (kept.kind, kept.expected_minor, kept.found_minor) == (ExceptionKind.AMOUNT_DIFFERS, 1000, 999)


def test_reserving_moves_no_money(conn: Conn):
    asked = intent(kind=IntentKind.AUTHORISE)
    write_intents(conn, [asked], now=NOON)
    done = Report(intent_id=asked.id, state=IntentState.DONE, at=LATER)
    assert apply_reports(conn, [done], now=LATER) == [Applied(intent_id=asked.id, state=IntentState.DONE)]
    assert money(conn) == []


def test_refunds_on_their_way_count_as_given_back(conn: Conn):
    taken(conn, [payment(1000)])
    first, second, third = (intent(amount, kind=IntentKind.REFUND) for amount in (600, 500, 400))
    above = RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=500, left_minor=400)
    assert write_intents(conn, [first, second, third], now=NOON) == [
        IntentWritten(intent_id=first.id),
        above,
        IntentWritten(intent_id=third.id),
    ]
    assert write_intents(conn, [first, intent(1, kind=IntentKind.REFUND)], now=NOON) == [
        IntentRepeat(intent_id=first.id),
        RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=1, left_minor=0),
    ]
    failed = Report(intent_id=first.id, state=IntentState.FAILED, at=LATER, reason="account closed")
    apply_reports(conn, [failed], now=LATER)
    assert write_intents(conn, [intent(600, kind=IntentKind.REFUND)], now=LATER) != [above]
    assert len(intents_of_orders(conn, [order_id(1)])) == 3


def test_a_refund_that_a_person_gave_is_recorded_with_its_sources(conn: Conn):
    (payment_id,) = taken(conn, [payment(1000)])
    asked = intent(600, kind=IntentKind.REFUND)
    write_intents(conn, [asked], now=NOON)
    seen = Confirmation(person="person:7", amount_minor=600, at=LATER, reference="Z-13")
    (applied,) = apply_reports(conn, [confirmed(asked, seen)], now=LATER)
    assert isinstance(applied, Applied)
    assert applied.refund_id is not None
    assert money(conn) == [(1000, 600)]
    (kept,) = payments_of_orders(conn, [order_id(1)])
    assert (kept.id, kept.refunded_minor) == (payment_id, 600)


def test_what_a_gateway_took_goes_back_by_that_very_charge(conn: Conn):
    first, second = intent(500, key="pay-1"), intent(300, key="pay-2")
    write_intents(conn, [first, second], now=NOON)
    done = [Report(intent_id=one.id, state=IntentState.DONE, at=LATER) for one in (first, second)]
    apply_reports(conn, done, now=LATER)
    by_capture = {one.intent_id: one.id for one in payments_of_orders(conn, [order_id(1)])}
    back = intent(400, kind=IntentKind.REFUND, of_intent_id=first.id)
    above = RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=101, left_minor=100)
    assert write_intents(
        conn, [back, intent(101, kind=IntentKind.REFUND, of_intent_id=first.id)], now=LATER
    ) == [IntentWritten(intent_id=back.id), above]
    assert plan_ways(conn, [refund(350), refund(51)]) == [
        (
            Way(payment_id=by_capture[second.id], method="cash", intent_id=second.id, amount_minor=300),
            Way(payment_id=by_capture[first.id], method="cash", intent_id=first.id, amount_minor=50),
        ),
        RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=51, left_minor=50),
    ]
    apply_reports(conn, [Report(intent_id=back.id, state=IntentState.DONE, at=LATER)], now=LATER)
    left = {one.intent_id: one.left_minor for one in payments_of_orders(conn, [order_id(1)])}
    assert left == {first.id: 100, second.id: 300}


def test_a_refund_of_a_charge_that_took_nothing_is_refused(conn: Conn):
    taken(conn, [payment(1000)])
    asked = intent(1, kind=IntentKind.REFUND, of_intent_id=intent().id)
    assert write_intents(conn, [asked], now=NOON) == [
        RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=1, left_minor=0)
    ]


def test_an_intent_can_be_asked_for_sooner(conn: Conn):
    asked = intent()
    write_intents(conn, [asked], now=NOON)
    claim_intents(conn, ["cash"], limit=9, now=NOON)
    assert claim_intents(conn, ["cash"], limit=9, now=NOON) == []
    assert hasten_intents(conn, [asked.id], now=NOON) == 1
    assert [one.tries for one in claim_intents(conn, ["cash"], limit=9, now=NOON)] == [2]
    apply_reports(conn, [Report(intent_id=asked.id, state=IntentState.DONE, at=NOON)], now=NOON)
    assert hasten_intents(conn, [asked.id], now=NOON) == 0


def test_orders_wait_for_a_gateway_that_owes_an_answer_but_not_for_ever(conn: Conn):
    grace = timedelta(minutes=5)
    late = intent(order_id=order_id(1), expires_at=NOON)
    soon = intent(order_id=order_id(2), expires_at=LATER)
    refunded = intent(order_id=order_id(3), kind=IntentKind.AUTHORISE, expires_at=NOON)
    write_intents(conn, [late, soon, refunded], now=NOON)

    def waiting(minutes: int) -> list[OrderId]:
        return orders_awaiting_gateway(conn, now=NOON + timedelta(minutes=minutes), grace=grace)

    assert (waiting(-1), waiting(0), waiting(4), waiting(5)) == ([], [order_id(1)], [order_id(1)], [])
    apply_reports(conn, [Report(intent_id=late.id, state=IntentState.FAILED, at=NOON)], now=NOON)
    assert waiting(1) == []


def test_a_blind_refund_goes_through_a_gateway_too(conn: Conn):
    asked = intent(70, kind=IntentKind.REFUND, order_id=None, return_id=return_id(1))
    assert write_intents(conn, [asked], now=NOON) == [IntentWritten(intent_id=asked.id)]
    seen = Confirmation(person="person:7", amount_minor=70, at=LATER, reference="Z-14")
    (applied,) = apply_reports(conn, [confirmed(asked, seen)], now=LATER)
    assert isinstance(applied, Applied)
    assert applied.refund_id is not None


def test_money_given_back_twice_is_an_exception_not_a_hole(conn: Conn):
    """While the gateway was giving back, somebody did by hand: the second money is gone, and somebody must look."""
    taken(conn, [payment(1000)])
    asked = intent(600, kind=IntentKind.REFUND)
    write_intents(conn, [asked], now=NOON)
    record_refunds(conn, [refund(900)], now=NOON)
    done = Report(intent_id=asked.id, state=IntentState.DONE, at=LATER, amount_minor=600)
    assert apply_reports(conn, [done], now=LATER) == [Applied(intent_id=asked.id, state=IntentState.DONE)]
    assert money(conn) == [(1000, 900)]
    (kept,) = last_open_exceptions(conn, limit=9)
    assert (kept.kind, kept.found_minor, kept.order_id) == (
        ExceptionKind.REFUND_ABOVE_TAKEN,
        600,
        order_id(1),
    )


def test_other_content_under_a_known_key_is_refused_and_kept(conn: Conn):
    asked = intent(key="order:1")
    write_intents(conn, [asked], now=NOON)
    assert write_intents(conn, [intent(5, key="order:1")], now=NOON) == [
        KeyTakenByOtherContent(key="order:1")
    ]
    (kept,) = last_open_exceptions(conn, limit=9)
    assert (kept.kind, kept.subject) == (ExceptionKind.KEY_TAKEN, "intent:order:1")
    (standing,) = intents_of_orders(conn, [order_id(1)])
    assert standing.amount_minor == 1000
