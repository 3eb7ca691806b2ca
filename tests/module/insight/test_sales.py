"""Boards of sales through their front door, on PostgreSQL."""

from datetime import timedelta
from random import Random
from uuid import UUID

from loopline.db import Conn, run_check
from loopline.insight import CHECKS, apply_sales, empty_boards, latest_moment, rebuild, sales_total
from loopline.insight.model import Takings
from loopline.orders.model import LineKind
from tests.make.insight import MORNING, cancelled, line, many_placed, numbered, placed

STORE = UUID(int=501)


def rows(conn: Conn, table: str, time: str) -> list[tuple[object, ...]]:
    query = (
        f"select sales.{time}, outlet.site_id, outlet.channel, series.sku_id, series.line_kind, sales.sold_minor,"
        " sales.cancelled_minor, sales.sold_units, sales.cancelled_units"
        f" from insight.{table} as sales join insight.series using (series_id) join insight.outlet using (outlet_id)"
        f" order by sales.{time}, series.sku_id, outlet.channel"
    )
    return conn.execute(query.encode()).fetchall()


def test_a_sale_moves_minute_hour_and_day(conn: Conn):
    apply_sales(conn, [placed(line(sku=7, units=3, amount_minor=900), site=STORE, channel="till")])
    about = (STORE, "till", UUID(int=7), "goods", 900, 0, 3, 0)
    assert rows(conn, "sales_by_minute", "minute") == [(MORNING.replace(second=0), *about)]
    assert rows(conn, "sales_by_hour", "hour") == [(MORNING.replace(minute=0, second=0), *about)]
    assert rows(conn, "sales_by_day", "day") == [(MORNING.date(), *about)]


def test_batches_add_up_in_the_same_rows(conn: Conn):
    apply_sales(conn, [placed(line(amount_minor=100)), placed(line(amount_minor=20), line(amount_minor=3))])
    apply_sales(conn, [placed(line(amount_minor=4000), at=MORNING + timedelta(seconds=39))])
    assert [row[5] for row in rows(conn, "sales_by_minute", "minute")] == [4123]
    assert [row[5] for row in rows(conn, "sales_by_day", "day")] == [4123]
    assert sales_total(conn, "GBP") == Takings(sold_minor=4123, sold_units=8, orders=3)


def test_what_is_cancelled_is_taken_off_at_its_own_minute(conn: Conn):
    first = line(units=2, amount_minor=500)
    order = placed(first)
    apply_sales(conn, [order, cancelled(order, first, at=MORNING + timedelta(minutes=5))])
    assert [row[5:] for row in rows(conn, "sales_by_minute", "minute")] == [(500, 0, 2, 0), (0, -500, 0, -2)]
    assert sales_total(conn, "GBP").net_minor == 0


def test_charges_and_vouchers_count_as_money_but_not_as_pieces(conn: Conn):
    postage = line(sku=None, units=1, amount_minor=1800, kind=LineKind.CHARGE)
    voucher = line(sku=None, units=1, amount_minor=3000, kind=LineKind.VOUCHER)
    apply_sales(conn, [placed(line(units=4, amount_minor=400), postage, voucher)])
    found = {row[4]: (row[5], row[7]) for row in rows(conn, "sales_by_day", "day")}
    assert found == {"goods": (400, 4), "charge": (1800, 0), "voucher": (3000, 0)}
    assert sales_total(conn, "GBP") == Takings(sold_minor=5200, sold_units=4, orders=1)


def test_currencies_are_never_summed(conn: Conn):
    apply_sales(conn, [placed(line(amount_minor=100)), placed(line(amount_minor=700), currency="CNY")])
    assert sales_total(conn, "GBP").sold_minor == 100
    assert sales_total(conn, "CNY").sold_minor == 700


def test_the_latest_moment_is_the_last_minute_with_takings(conn: Conn):
    assert latest_moment(conn) is None
    apply_sales(conn, [placed(at=MORNING + timedelta(minutes=9)), placed()])
    assert latest_moment(conn) == MORNING.replace(second=0) + timedelta(minutes=9)


def test_every_span_of_every_board_agrees_after_many_overlapping_batches(conn: Conn):
    sold = line(units=2, amount_minor=500)
    for seed in range(4):
        order = placed(sold, site=STORE)
        events = many_placed(20, lines_each=3, sites=[None, STORE], random=Random(seed))
        apply_sales(conn, [order, *events, cancelled(order, sold, site=STORE)])
    spans = [check for check in CHECKS if "spans_agree" in check.name or check.name == "takings_equal_sales"]
    assert [check.name for check in spans] == [
        "sales_spans_agree",
        "takings_equal_sales",
        "takings_spans_agree",
    ]
    assert [run_check(conn, check) for check in spans] == [[], [], []]
    assert sales_total(conn, "GBP").orders == 84


def test_a_rebuild_ends_where_following_did(conn: Conn):
    events = numbered(many_placed(30, lines_each=5, sites=[None, STORE], random=Random(5)))
    apply_sales(conn, events[:11])
    apply_sales(conn, events[11:])
    before = rows(conn, "sales_by_hour", "hour")
    apply_sales(conn, events[:3])  # damage: applied twice
    assert rows(conn, "sales_by_hour", "hour") != before
    rebuild(conn, [events[:20], events[20:]])
    assert rows(conn, "sales_by_hour", "hour") == before


def test_emptied_boards_are_empty(conn: Conn):
    apply_sales(conn, [placed()])
    empty_boards(conn)
    assert rows(conn, "sales_by_minute", "minute") == []
    assert latest_moment(conn) is None
    assert sales_total(conn, "GBP") == Takings()
