from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from loopline.db import Conn
from loopline.payments import (
    AmountNotPositive,
    Closing,
    ClosingNeedsANote,
    ExceptionId,
    ExceptionKind,
    ExceptionNotOpen,
    IdTaken,
    KeyTakenByOtherContent,
    NewException,
    OrderMoney,
    PaymentRepeat,
    RefundAboveTaken,
    Refunded,
    RefundPart,
    RefundRepeat,
    Taken,
    close_exceptions,
    last_open_exceptions,
    money_of_orders,
    open_exceptions,
    payments_of_orders,
    record_payments,
    record_refunds,
)
from tests.make.payments import BRAND, DEALER, NOON, order_id, payment, refund, return_id, taken

LATER = NOON + timedelta(hours=1)


def money(conn: Conn, order: int = 1) -> list[tuple[int, int]]:
    return [(one.taken_minor, one.refunded_minor) for one in money_of_orders(conn, [order_id(order)])]


def test_money_is_taken_once_however_often_it_is_said(conn: Conn):
    said = payment(key="wx:1")
    again = payment(key="wx:1")
    assert record_payments(conn, [said, again], now=NOON) == [
        Taken(payment_id=said.id),
        PaymentRepeat(payment_id=said.id),
    ]
    assert record_payments(conn, [again], now=LATER) == [PaymentRepeat(payment_id=said.id)]
    assert money(conn) == [(1000, 0)]
    (kept,) = payments_of_orders(conn, [order_id(1)])
    assert (kept.id, kept.amount_minor, kept.left_minor, kept.method, kept.entity_id) == (
        said.id,
        1000,
        1000,
        "cash",
        BRAND,
    )


def test_without_a_key_the_id_names_the_payment(conn: Conn):
    said = payment()
    assert record_payments(conn, [said], now=NOON) == [Taken(payment_id=said.id)]
    assert record_payments(conn, [said], now=LATER) == [PaymentRepeat(payment_id=said.id)]
    other_key = payment(id=said.id, key="wx:1")
    assert record_payments(conn, [other_key], now=LATER) == [IdTaken(id=said.id)]
    assert money(conn) == [(1000, 0)]


def test_other_content_under_a_known_key_is_refused_and_kept(conn: Conn):
    taken(conn, [payment(key="wx:1")])
    other = payment(999, key="wx:1")
    assert record_payments(conn, [other, payment(key="wx:2"), payment(0)], now=LATER)[::2] == [
        KeyTakenByOtherContent(key="wx:1"),
        AmountNotPositive(amount_minor=0),
    ]
    record_payments(conn, [other], now=LATER)
    (kept,) = last_open_exceptions(conn, limit=9)
    assert (kept.kind, kept.subject, kept.times) == (ExceptionKind.KEY_TAKEN, "payment:wx:1", 2)
    assert (kept.order_id, kept.found_minor) == (order_id(1), 999)
    assert kept.content["amount_minor"] == 999
    assert money(conn) == [(2000, 0)]


def test_never_more_goes_back_than_was_taken(conn: Conn):
    first, second = taken(conn, [payment(500), payment(300, minutes=1)])
    asked = [refund(400), refund(401), refund(400), refund(1)]
    assert record_refunds(conn, asked, now=LATER) == [
        Refunded(
            refund_id=asked[0].id,
            parts=(
                RefundPart(payment_id=second, amount_minor=300),
                RefundPart(payment_id=first, amount_minor=100),
            ),
        ),
        RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=401, left_minor=400),
        Refunded(refund_id=asked[2].id, parts=(RefundPart(payment_id=first, amount_minor=400),)),
        RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=1, left_minor=0),
    ]
    assert money(conn) == [(800, 800)]
    assert [kept.refunded_minor for kept in payments_of_orders(conn, [order_id(1)])] == [500, 300]
    assert record_refunds(conn, [refund(1)], now=LATER) == [
        RefundAboveTaken(order_id=order_id(1), currency="GBP", amount_minor=1, left_minor=0)
    ]


def test_the_database_itself_gives_no_more_back(conn: Conn):
    taken(conn, [payment(500)])
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        conn.execute("update payments.payment set refunded_minor = 501")
    assert caught.value.diag.constraint_name == "refunded_within_taken"


@pytest.mark.parametrize("table", ["refund", "refund_part"])
def test_what_was_given_back_is_never_changed(conn: Conn, table: str):
    taken(conn, [payment(500)])
    record_refunds(conn, [refund(5)], now=LATER)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(f"update payments.{table} set amount_minor = 1".encode())


def test_a_refund_is_given_once_and_other_content_is_kept(conn: Conn):
    taken(conn, [payment(500)])
    said = refund(100, key="r:1")
    assert record_refunds(conn, [said, refund(100, key="r:1")], now=LATER)[1] == RefundRepeat(
        refund_id=said.id
    )
    assert record_refunds(conn, [refund(100, key="r:1"), refund(101, key="r:1")], now=LATER) == [
        RefundRepeat(refund_id=said.id),
        KeyTakenByOtherContent(key="r:1"),
    ]
    assert record_refunds(conn, [refund(5, id=said.id)], now=LATER) == [IdTaken(id=said.id)]
    assert money(conn) == [(500, 100)]
    assert [kept.refunded_minor for kept in payments_of_orders(conn, [order_id(1)])] == [100]
    assert [kept.subject for kept in last_open_exceptions(conn, limit=9)] == ["refund:r:1"]


def test_one_id_on_two_keys_of_a_batch_is_the_firsts(conn: Conn):
    taken(conn, [payment(500)])
    first = refund(100, key="r:1")
    outcomes = record_refunds(conn, [first, refund(200, id=first.id, key="r:2")], now=LATER)
    assert [type(outcome) for outcome in outcomes] == [Refunded, IdTaken]
    assert money(conn) == [(500, 100)]
    assert [kept.refunded_minor for kept in payments_of_orders(conn, [order_id(1)])] == [100]


def test_a_blind_refund_needs_no_payment_and_is_no_orders_money(conn: Conn):
    blind, again = (
        refund(70, order=None, return_id=return_id(1), method="cash", key="blind:1") for _ in range(2)
    )
    assert record_refunds(conn, [blind], now=LATER) == [Refunded(refund_id=blind.id, parts=())]
    assert record_refunds(conn, [again], now=LATER) == [RefundRepeat(refund_id=blind.id)]
    assert money(conn) == []


def test_money_is_told_apart_by_company_and_currency(conn: Conn):
    taken(
        conn,
        [payment(500), payment(300, entity_id=DEALER), payment(200, currency="CNY"), payment(1, order=2)],
    )
    record_refunds(conn, [refund(100, entity_id=DEALER)], now=LATER)
    assert money_of_orders(conn, [order_id(1)]) == [
        OrderMoney(
            order_id=order_id(1), entity_id=entity, currency=currency, taken_minor=got, refunded_minor=back
        )
        for entity, currency, got, back in (
            (BRAND, "CNY", 200, 0),
            (BRAND, "GBP", 500, 0),
            (DEALER, "GBP", 300, 100),
        )
    ]


def disagreement(found_minor: int = 900) -> NewException:
    return NewException(
        kind=ExceptionKind.ORDER_TOTAL_DIFFERS,
        subject="order:1",
        order_id=order_id(1),
        currency="GBP",
        expected_minor=1000,
        found_minor=found_minor,
        content={"why": "paid too little"},
    )


def test_a_disagreement_is_open_once_until_somebody_settles_it(conn: Conn):
    (opened,) = open_exceptions(conn, [disagreement()], now=NOON)
    assert open_exceptions(conn, [disagreement(950)], now=LATER) == [opened]
    (kept,) = last_open_exceptions(conn, limit=9)
    assert (kept.id, kept.times, kept.found_minor) == (opened, 2, 950)
    assert (kept.opened_at, kept.last_seen_at) == (NOON, LATER)

    unknown = ExceptionId(UUID(int=404))
    assert close_exceptions(
        conn,
        [
            Closing(exception_id=opened, closed_by="person:7", note=" "),
            Closing(exception_id=unknown, closed_by="person:7", note="paid the rest"),
        ],
        now=LATER,
    ) == [ClosingNeedsANote(exception_id=opened), ExceptionNotOpen(exception_id=unknown)]
    closing = Closing(exception_id=opened, closed_by="person:7", note="paid the rest")
    assert close_exceptions(conn, [closing], now=LATER) == [opened]
    assert close_exceptions(conn, [closing], now=LATER) == [ExceptionNotOpen(exception_id=opened)]
    assert last_open_exceptions(conn, limit=9) == []
    (again,) = open_exceptions(conn, [disagreement()], now=LATER)
    assert again != opened


def test_nothing_comes_of_nothing(conn: Conn):
    assert record_payments(conn, [], now=NOON) == []
    assert record_refunds(conn, [], now=NOON) == []
    assert open_exceptions(conn, [], now=NOON) == []
    assert close_exceptions(conn, [], now=NOON) == []
