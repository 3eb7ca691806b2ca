"""Test orders (补单): kept by their number so that the marketplace is answered, and seen by nothing else.

What the marketplace took off its shelf for one is no longer lent to it, though no goods go. A marketplace that puts
back what is called off may put it on its shelf again as long as the order is not paid: until then it stays lent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.marketplaces import store
from loopline.marketplaces.model import Cause, LoanChange, Marketplace, NewTestOrder, TestOrder, TestOrderId


def keep_test_orders(
    conn: Conn, new: Sequence[NewTestOrder], *, of: Mapping[str, Marketplace], now: datetime
) -> tuple[dict[tuple[str, str], TestOrderId], list[LoanChange]]:
    """Keep test orders under their numbers; a number that is known stays what it is.

    Returns the test order of each number, and what it does to loans.
    """
    made = store.insert_test_orders(conn, new, now=now)
    fresh = [one for one in new if one.id in made]
    store.copy_test_lines(conn, fresh)
    numbers = sorted({(one.channel, one.external_number) for one in new})
    known = {(one.channel, one.external_number): one.id for one in store.lock_test_orders(conn, numbers)}
    gone = [one.id for one in fresh if not of[one.channel].puts_back]
    return known, _changes(conn, gone, cause=Cause.TEST_SOLD, sign=-1)


def test_orders_by_numbers(
    conn: Conn, numbers: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], TestOrder]:
    """Return those of some numbers that are test orders, locked by channel and number."""
    if not numbers:
        return {}
    found = store.lock_test_orders(conn, sorted(set(numbers)))
    return {(one.channel, one.external_number): one for one in found}


def pay_test_orders(
    conn: Conn,
    paid: Mapping[TestOrderId, tuple[datetime, int, str | None]],
    *,
    known: Sequence[TestOrder],
    of: Mapping[str, Marketplace],
) -> list[LoanChange]:
    """Note what was paid for test orders, which is no money of ours. The caller holds them."""
    if not paid:
        return []
    store.pay_test_orders(conn, paid)
    gone = [
        one.id
        for one in known
        if one.id in paid and one.paid_at is None and one.cancelled_at is None and of[one.channel].puts_back
    ]
    return _changes(conn, gone, cause=Cause.TEST_SOLD, sign=-1)


def cancel_test_orders(
    conn: Conn, called_off: Sequence[TestOrder], *, of: Mapping[str, Marketplace], now: datetime
) -> list[LoanChange]:
    """Note that test orders were called off. The caller holds them."""
    if not called_off:
        return []
    store.cancel_test_orders(conn, [one.id for one in called_off], now=now)
    back = [
        one.id
        for one in called_off
        if one.cancelled_at is None and one.paid_at is not None and of[one.channel].puts_back
    ]
    return _changes(conn, back, cause=Cause.TEST_PUT_BACK, sign=1)


def _changes(conn: Conn, ids: Sequence[TestOrderId], *, cause: Cause, sign: int) -> list[LoanChange]:
    if not ids:
        return []
    return [
        LoanChange(
            channel=one.channel,
            sku_id=one.sku_id,
            units=sign * one.units,
            cause=cause,
            cause_id=one.test_order_id,
        )
        for one in store.test_goods(conn, ids)
    ]
