"""Doctor's checks of boards: silent on what followers wrote, and each kind of damage found."""

import pytest

from loopline.db import Conn, run_check
from loopline.insight import CHECKS, apply_sales, apply_stages
from loopline.orders import LineChange, change_lines
from tests.make import orders as make_orders
from tests.make.insight import event_of

BY_NAME = {check.name: check for check in CHECKS}


def follow_two_orders(conn: Conn) -> None:
    written = make_orders.placed(conn, [make_orders.draft("W-1", 2, 3), make_orders.draft("W-2")])
    events = [event_of(order) for order in written]
    apply_sales(conn, events)
    apply_stages(conn, events)


def broken(conn: Conn) -> dict[str, list[tuple[str, str]]]:
    findings = {check.name: run_check(conn, check) for check in CHECKS}
    return {name: [(one.found, one.expected) for one in found] for name, found in findings.items() if found}


def test_boards_that_followed_the_log_hold(conn: Conn):
    follow_two_orders(conn)
    assert broken(conn) == {}


def test_nothing_sold_holds(conn: Conn):
    assert broken(conn) == {}


def test_a_sale_never_applied_is_found(conn: Conn):
    make_orders.placed(conn, [make_orders.draft("W-1")])
    assert broken(conn) == {
        "sales_equal_orders": [("0 minor, 0 units", "200 minor, 2 units")],
        "order_counts_equal_orders": [("0 orders", "1 orders")],
        "stages_equal_orders": [("0 orders", "1 orders")],
    }


def test_a_sale_applied_twice_is_found(conn: Conn):
    (order,) = make_orders.placed(conn, [make_orders.draft("W-1")])
    apply_sales(conn, [event_of(order)])
    apply_stages(conn, [event_of(order)])
    apply_sales(conn, [event_of(order)])
    assert broken(conn) == {
        "sales_equal_orders": [("400 minor, 4 units", "200 minor, 2 units")],
        "order_counts_equal_orders": [("2 orders", "1 orders")],
    }


@pytest.mark.parametrize(
    ("damage", "finds"),
    [
        ("update insight.sales_by_minute set sold_minor = sold_minor + 1", {"sales_spans_agree"}),
        ("update insight.sales_by_hour set returned_units = -1", {"sales_spans_agree"}),
        ("delete from insight.sales_by_hour", {"sales_spans_agree"}),
        (
            "update insight.sales_by_day set sold_units = sold_units + 1",
            {"sales_equal_orders", "sales_spans_agree", "takings_equal_sales"},
        ),
        (
            "update insight.sales_by_day set day = day + 1",
            {"sales_equal_orders", "takings_equal_sales"},
        ),
        ("update insight.takings_by_minute set orders = 0", {"takings_spans_agree"}),
        ("update insight.takings_by_hour set cancelled_minor = -5", {"takings_spans_agree"}),
        (
            "update insight.takings_by_day set orders = orders + 1",
            {"takings_spans_agree", "order_counts_equal_orders"},
        ),
        (
            "update insight.takings_by_day set sold_minor = 0",
            {"takings_spans_agree", "takings_equal_sales"},
        ),
        ("update insight.stage_count set orders = 7", {"stages_equal_orders"}),
        ("delete from insight.stage_count", {"stages_equal_orders"}),
    ],
)
def test_planted_damage_is_found(conn: Conn, damage: str, finds: set[str]):
    follow_two_orders(conn)
    conn.execute(damage.encode())
    assert set(broken(conn)) == finds


def test_a_cancellation_never_applied_is_found(conn: Conn):
    (order,) = make_orders.placed(conn, [make_orders.draft("W-1")])
    change = LineChange(order_id=order.order_id, line_id=order.lines[0].line_id, held=-2, cancelled=2)
    apply_sales(conn, [event_of(order)])
    change_lines(conn, [change], now=make_orders.NOON)
    apply_stages(conn, [event_of(order)])
    assert broken(conn) == {"cancellations_equal_orders": [("0 units", "2 units")]}


def test_every_finding_says_how_to_repair(conn: Conn):
    make_orders.placed(conn, [make_orders.draft("W-1")])
    repairs = {one.repair for check in CHECKS for one in run_check(conn, check)}
    assert repairs == {"loopline boards rebuild"}
    assert {check.invariant for check in CHECKS} == {7}
    assert len(BY_NAME) == len(CHECKS) == 10
