"""Goods reserved at another site for a member: held there alone, for a while, and ended there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline import orders
from loopline.db import Conn, Database
from loopline.kernel.ids import MemberId, OrderId, PaymentId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders.reservations import ReservationEnd
from loopline.payments.cash import CASH
from loopline.payments.model import NewPayment
from loopline.processes.pay import take_payments
from loopline.processes.place import place
from loopline.processes.promise import expire_holds
from loopline.processes.reserve import (
    HOURS,
    UNITS_MAX,
    ReservationOver,
    ReservationUnknown,
    Reserve,
    Reserved,
    end,
    reserve,
    standing,
)
from loopline.stock import sellable_at_sites
from tests.make.org import succeeded
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, open_shop, till_sale
from tests.make.touchpoints import member_of

UNITS = 3


def asked(shop: Shop, member_id: MemberId, number: int = 1, **fields: Any) -> Reserve:
    stated: dict[str, Any] = {
        "id": uuid7(NOON + timedelta(milliseconds=number)),
        "channel": "web",
        "member_id": member_id,
        "sku_code": "COAT",
        "units": 1,
        "site_code": "D",
        "hours": 2,
        "at_site": shop.sites["S"],
        "by": shop.manager,
    }
    return Reserve(**(stated | fields))


def free(conn: Conn, shop: Shop) -> dict[str, int]:
    codes = {site_id: code for code, site_id in shop.sites.items()}
    found = sellable_at_sites(conn, [shop.skus["COAT"]], at_most=100)
    return {codes[one.site_id]: one.units for one in found if one.site_id in codes}


def done(outcome: Reserved | Refusal) -> Reserved:
    assert isinstance(outcome, Reserved), outcome
    return outcome


def lying(conn: Conn, shop: Shop, site: str, *, now: datetime = NOON) -> list[OrderId]:
    return [one.order_id for one, _ in standing(conn, shop.sites[site], now=now)]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=UNITS)


def test_goods_are_held_at_the_site_that_has_them_and_free_again_by_themselves(conn: Conn, shop: Shop):
    before = free(conn, shop)
    member_id = member_of(conn)
    wanted = asked(shop, member_id, units=2)
    made = done(reserve(conn, wanted, now=NOON))
    assert made.until == NOON + timedelta(hours=2)
    assert free(conn, shop) == before | {"D": before["D"] - 2}
    head = orders.order_by_id(conn, made.order_id)
    assert head is not None
    assert (head.member_id, head.site_id, head.pay_until) == (member_id, shop.sites["D"], made.until)
    assert lying(conn, shop, "D") == lying(conn, shop, "S") == [made.order_id]
    assert lying(conn, shop, "D", now=made.until) == []
    assert expire_holds(conn, now=made.until - timedelta(seconds=1), limit=10) == 0
    assert reserve(conn, wanted, now=made.until) == ReservationOver()
    assert expire_holds(conn, now=made.until, limit=10) == 1
    assert free(conn, shop) == before


def test_the_same_page_sent_again_reserves_once(conn: Conn, shop: Shop):
    before = free(conn, shop)
    wanted = asked(shop, member_of(conn))
    first = done(reserve(conn, wanted, now=NOON))
    again = done(reserve(conn, wanted, now=NOON + timedelta(minutes=5)))
    assert (again.order_id, again.until) == (first.order_id, first.until)
    assert free(conn, shop) == before | {"D": before["D"] - 1}


def test_what_is_not_there_or_not_meant_so_is_refused_and_holds_nothing(conn: Conn, shop: Shop):
    before, member_id = free(conn, shop), member_of(conn)
    tries = [
        {"units": UNITS + 1},
        {"units": 0},
        {"units": UNITS_MAX + 1},
        {"hours": max(HOURS) + 1},
        {"site_code": "NOWHERE"},
        {"sku_code": "NOTHING"},
    ]
    outcomes = [reserve(conn, asked(shop, member_id, n, **one), now=NOON) for n, one in enumerate(tries)]
    assert all(isinstance(one, Refusal) for one in outcomes), outcomes
    assert (free(conn, shop), lying(conn, shop, "D")) == (before, [])


def test_who_comes_ends_it_there_and_the_goods_are_sold_at_the_till(conn: Conn, shop: Shop):
    before = free(conn, shop)
    wanted = asked(shop, member_of(conn))
    made = done(reserve(conn, wanted, now=NOON))
    here = Scope(sites=frozenset({shop.sites["D"]}))
    elsewhere = Scope(sites=frozenset({shop.sites["W"]})) if "W" in shop.sites else Scope()
    by = shop.manager

    def ended(scope: Scope, *, ended_as: ReservationEnd = ReservationEnd.SOLD) -> object:
        return end(conn, made.order_id, ended_as=ended_as, scope=scope, by=by, now=NOON)

    assert ended(elsewhere) == ReservationUnknown()
    assert free(conn, shop)["D"] == before["D"] - 1
    for _ in range(2):  # touched twice, it is done once
        assert isinstance(ended(here), orders.Order)
    # The form it was asked for with, sent again: nothing is reserved, and nothing said to be.
    assert reserve(conn, wanted, now=NOON) == ReservationOver()
    assert free(conn, shop) == before
    assert lying(conn, shop, "D") == []
    kept = conn.execute("select ended_as, ended_by from orders.reservation").fetchall()
    assert kept == [("sold", by)]
    succeeded(place(conn, [till_sale(shop, "T-1", site="D")], scope=WHOLE_BRAND, now=NOON))


def test_who_asked_may_end_it_from_where_they_are(conn: Conn, shop: Shop):
    made = done(reserve(conn, asked(shop, member_of(conn)), now=NOON))
    from_there = Scope(sites=frozenset({shop.sites["S"]}))
    outcome = end(
        conn,
        made.order_id,
        ended_as=ReservationEnd.NOT_WANTED,
        scope=from_there,
        by=shop.manager,
        now=NOON,
    )
    assert isinstance(outcome, orders.Order)


def test_what_its_member_has_paid_is_an_order_and_no_reservation(conn: Conn, shop: Shop):
    made = done(reserve(conn, asked(shop, member_of(conn)), now=NOON))
    head = orders.order_by_id(conn, made.order_id)
    assert head is not None
    payment = NewPayment(
        id=PaymentId(uuid7(NOON)),
        order_id=head.id,
        method=CASH,
        entity_id=head.seller_entity_id,
        currency=head.currency,
        amount_minor=head.amount_minor,
        taken_at=NOON,
    )
    succeeded(take_payments(conn, [payment], now=NOON))
    assert lying(conn, shop, "D") == []
    outcome = end(
        conn, made.order_id, ended_as=ReservationEnd.SOLD, scope=WHOLE_BRAND, by=shop.manager, now=NOON
    )
    assert outcome == ReservationUnknown()
    again = orders.order_by_id(conn, made.order_id)
    assert again is not None
    assert (again.held, again.pay_until) == (1, None)


def test_of_rivals_for_the_last_ones_nobody_gets_more_than_there_are(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=UNITS)
        members = [member_of(conn, number) for number in range(1, 7)]

    def wanting(number: int) -> Callable[[Conn], object]:
        return lambda conn: reserve(conn, asked(shop, members[number], number), now=NOON)

    outcomes = together(database, [wanting(number) for number in range(len(members))])
    assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == UNITS
    with database.reading() as conn:
        assert free(conn, shop).get("D", 0) == 0
        assert len(lying(conn, shop, "D")) == UNITS


def test_ids_of_nobody_end_nothing(conn: Conn, shop: Shop):
    outcome = end(
        conn,
        OrderId(UUID(int=5)),
        ended_as=ReservationEnd.SOLD,
        scope=WHOLE_BRAND,
        by=shop.manager,
        now=NOON,
    )
    assert outcome == ReservationUnknown()
