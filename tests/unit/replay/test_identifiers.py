"""Ids of replayed orders: the same each time, valid, in the file's order."""

from datetime import UTC, datetime, timedelta

from loopline.kernel.ids import time_of
from loopline.simulator.replay.identifiers import order_id_of

AT = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_the_same_invoice_is_the_same_order():
    made = order_id_of("536365", at=AT, first_line=2)
    assert made == order_id_of("536365", at=AT, first_line=2)
    assert made != order_id_of("536366", at=AT, first_line=2)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert time_of(made) == AT


def test_orders_sort_by_moment_and_then_as_the_file_does():
    made = [order_id_of(str(line), at=AT, first_line=line) for line in (2, 9, 300, 541_909)]
    made.append(order_id_of("1", at=AT + timedelta(minutes=1), first_line=1))
    assert made == sorted(made)
