"""Days of what waits for goods, in a live house: what people say, what is on its way, told when it changes or ends."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.kernel.ids import OrderId, TransferId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import Delivery, OnShortage
from loopline.orders.parking import count_parked_days, parked_by_day, parking_of
from loopline.orders.waiting import DayBasis, ParkedFor
from loopline.processes import expect as expecting
from loopline.processes import transfer
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.expect import (
    RestockDayNotUsable,
    RestockPlaceNotYours,
    RestockSaidTwice,
    RestockSkuUnknown,
    RestockUnknown,
    RestockWish,
    expect,
)
from loopline.processes.place import Placed, place
from loopline.processes.replenish import record_goods
from loopline.stock import Fact, MovementReason, TransferArrival, TransferAsk
from loopline.stock.restocks import Restock, restocks
from loopline.stock.transfer_model import GoodsLine
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

TENTH, TWELFTH = date(2026, 3, 10), date(2026, 3, 12)
LIN = "person:lin"


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """Nothing is anywhere."""
    return open_shop(conn, units=0)


def put(conn: Conn, shop: Shop, number: str, units: int, **fields: Any) -> OrderId:
    stated: dict[str, Any] = {"on_shortage": OnShortage.PARK, "lines": lines(shop, ("COAT", units))}
    draft = ask(shop, number, **(stated | fields))
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def said(conn: Conn, *wishes: RestockWish, scope: Scope = WHOLE_BRAND, now: datetime = NOON) -> list[Any]:
    return list(expecting.state(conn, wishes, scope=scope, actor=LIN, now=now))


def wish(day: date, units: int | None = None, **fields: Any) -> RestockWish:
    return RestockWish(sku_code="COAT", expected_on=day, units=units, **fields)


def day_of(conn: Conn, order_id: OrderId) -> date | None:
    (found,) = parking_of(conn, [order_id]).values()
    return found.expected_on


def told(conn: Conn, order_id: OrderId, kind: str) -> list[list[tuple[str | None, str | None]]]:
    return [
        [(line["expected_on"], line.get("before")) for line in json.loads(one.data)["lines"]]
        for one in log.read_subject(conn, order_id)
        if one.type == kind
    ]


def receive(conn: Conn, shop: Shop, site: str, units: int, *, at: datetime = NOON) -> None:
    fact = Fact(
        id=uuid7(at),
        leaf_id=shop.leaves[site],
        sku_id=shop.skus["COAT"],
        reason=MovementReason.RECEIPT,
        on_hand=units,
    )
    succeeded(record_goods(conn, [fact], now=at))


def test_what_nobody_knows_of_has_a_reason_and_no_day_and_nobody_is_told(conn: Conn, shop: Shop):
    order_id = put(conn, shop, "W-1", 2)
    limited = put(conn, shop, "W-2", 1, ship_from=(shop.sites["D"],))
    expect(conn, now=NOON)
    (found,) = parking_of(conn, [order_id]).values()
    assert (found.reason, found.expected_on, found.basis) == (ParkedFor.NO_GOODS, None, None)
    (found,) = parking_of(conn, [limited]).values()
    assert found.reason is ParkedFor.MUST_SHIP_FROM
    assert told(conn, order_id, "goods_dated") == []
    assert expect(conn, now=NOON) == 0


def test_what_is_said_gives_orders_their_days_at_once_first_come_first(conn: Conn, shop: Shop):
    first, second = put(conn, shop, "W-1", 2), put(conn, shop, "W-2", 2)
    (stated,) = said(conn, wish(TENTH, 3, note="Boat of the 2nd"))
    assert isinstance(stated, Restock)
    assert (day_of(conn, first), day_of(conn, second)) == (TENTH, None)
    assert told(conn, first, "goods_dated") == [[(TENTH.isoformat(), None)]]
    assert told(conn, second, "goods_dated") == []
    # Another word takes its place: both are told of the new day, and nothing else stands.
    said(conn, wish(TWELFTH, 4))
    assert (day_of(conn, first), day_of(conn, second)) == (TWELFTH, TWELFTH)
    assert told(conn, first, "goods_dated")[1:] == [[(TWELFTH.isoformat(), TENTH.isoformat())]]
    (standing,) = restocks(conn)
    assert (standing.units, standing.stated_by) == (4, LIN)
    # And taken back: no day is known any more, which is told too.
    assert expecting.withdraw(conn, [standing.id], scope=WHOLE_BRAND, actor=LIN, now=NOON) == [standing.id]
    assert (day_of(conn, first), restocks(conn)) == (None, [])
    assert told(conn, first, "goods_dated")[2:] == [[(None, TWELFTH.isoformat())]]


def test_what_is_received_is_taken_off_what_was_said_and_ends_it(conn: Conn, shop: Shop):
    first, second = put(conn, shop, "W-1", 2), put(conn, shop, "W-2", 2)
    said(conn, wish(TENTH, 4))
    receive(conn, shop, "W", 3)
    # The goods went to those that waited: the first has its own, the second one of two.
    heads = {head.id: (head.parked, head.held) for head in orders.orders_by_ids(conn, [first, second])}
    assert heads == {first: (0, 2), second: (1, 1)}
    expect(conn, now=NOON)
    assert parking_of(conn, [first]) == {}
    assert day_of(conn, second) == TENTH
    assert [one.left for one in restocks(conn)] == [1]
    receive(conn, shop, "S", 1)
    expect(conn, now=NOON)
    assert restocks(conn) == []
    assert conn.execute("select how_ended from stock.restock").fetchall() == [("came",)]
    assert parked_by_day(conn, limit=9) == []


def test_what_comes_to_a_site_is_for_its_own_orders_and_a_dealer_speaks_for_its_own(conn: Conn, shop: Shop):
    collected = put(
        conn, shop, "W-1", 1, delivery=Delivery.COLLECT, site_id=shop.sites["D"], destination=None
    )
    sent = put(conn, shop, "W-2", 1)
    dealer = Scope(sites=frozenset({shop.sites["D"]}))
    (brand, other, own) = said(
        conn, wish(TENTH), wish(TENTH, site_code="S"), wish(TENTH, 1, site_code="D"), scope=dealer
    )
    assert (brand, other) == (RestockPlaceNotYours(site_code=""), RestockPlaceNotYours(site_code="S"))
    assert isinstance(own, Restock)
    assert (day_of(conn, collected), day_of(conn, sent)) == (TENTH, None)
    # That the brand gets some is nothing to wait for at a store.
    said(conn, wish(TWELFTH))
    assert (day_of(conn, collected), day_of(conn, sent)) == (TENTH, TWELFTH)
    standing = {one.site_id: one.id for one in restocks(conn)}
    assert expecting.withdraw(conn, [standing[None]], scope=dealer, actor=LIN, now=NOON) == [
        RestockUnknown(restock_id=standing[None])
    ]


def test_what_cannot_be_meant_is_refused_each_by_itself(conn: Conn, shop: Shop):
    unknown, over, far, once, twice = said(
        conn,
        RestockWish(sku_code="NOPE", expected_on=TENTH),
        wish(date(2026, 3, 1)),
        wish(date(2029, 1, 1)),
        wish(TENTH, site_code="S"),
        wish(TWELFTH, site_code="S"),
    )
    assert unknown == RestockSkuUnknown(sku_code="NOPE")
    assert over == RestockDayNotUsable(expected_on=date(2026, 3, 1))
    assert far == RestockDayNotUsable(expected_on=date(2029, 1, 1))
    assert isinstance(once, Restock)
    assert twice == RestockSaidTwice(sku_code="COAT")
    nobody = UUID(int=5)
    assert expecting.withdraw(conn, [nobody], scope=WHOLE_BRAND, actor=LIN, now=NOON) == [
        RestockUnknown(restock_id=nobody)
    ]
    assert [one.expected_on for one in restocks(conn)] == [TENTH]
    assert shop.skus["COAT"] == restocks(conn)[0].sku_id


def test_a_day_that_passes_is_told_once_counted_and_stays(conn: Conn, shop: Shop):
    order_id = put(conn, shop, "W-1", 1)
    said(conn, wish(TENTH, 1))
    on_the_day = datetime(2026, 3, 10, 15, 59, tzinfo=UTC)  # a minute to midnight in Shanghai
    expect(conn, now=on_the_day)
    assert told(conn, order_id, "goods_overdue") == []
    assert count_parked_days(conn, today=TENTH).passed == 0
    after = on_the_day + timedelta(minutes=2)
    assert expect(conn, now=after) == 1
    assert expect(conn, now=after) == 0
    assert told(conn, order_id, "goods_overdue") == [[(TENTH.isoformat(), None)]]
    days = count_parked_days(conn, today=date(2026, 3, 11))
    assert (days.passed, days.coming, days.unknown) == (1, 0, 0)
    assert day_of(conn, order_id) == TENTH
    # Another day is another alarm.
    said(conn, wish(TWELFTH, 1), now=after)
    assert count_parked_days(conn, today=date(2026, 3, 11)).passed == 0
    expect(conn, now=after + timedelta(days=3))
    assert len(told(conn, order_id, "goods_overdue")) == 2


def test_those_expected_first_come_first_and_those_without_a_day_last(conn: Conn, shop: Shop):
    without = put(conn, shop, "W-1", 1, lines=lines(shop, ("HAT", 1)))
    later, sooner = put(conn, shop, "W-2", 9), put(conn, shop, "W-3", 1, lines=lines(shop, ("SCARF", 1)))
    said(conn, wish(TWELFTH), RestockWish(sku_code="SCARF", expected_on=TENTH))
    expect(conn, now=NOON)
    rows = parked_by_day(conn, limit=9)
    assert [(one.order_id, one.units, one.expected_on) for one in rows] == [
        (sooner, 1, TENTH),
        (later, 9, TWELFTH),
        (without, 1, None),
    ]
    assert [one.basis for one in rows] == [DayBasis.STATED, DayBasis.STATED, None]
    pages = [parked_by_day(conn, after=(one.expected_on, one.order_id, one.line_id), limit=1) for one in rows]
    assert [[one.order_id for one in page] for page in pages] == [[later], [without], []]
    cancel(conn, [Cancellation(order_id=later)], scope=WHOLE_BRAND, now=NOON)
    assert [one.order_id for one in parked_by_day(conn, limit=9)] == [sooner, without]


def send(conn: Conn, shop: Shop, units: int, *, at: datetime) -> TransferId:
    asked = TransferAsk(
        id=TransferId(uuid7(at)),
        from_leaf_id=shop.leaves["W"],
        to_leaf_id=shop.leaves["S"],
        lines=(GoodsLine(sku_id=shop.skus["HAT"], units=units),),
    )
    succeeded(transfer.send(conn, [asked], scope=WHOLE_BRAND, now=at))
    return asked.id


def arrive(conn: Conn, shop: Shop, transfer_id: TransferId, units: int, *, at: datetime) -> None:
    arrival = TransferArrival(id=uuid7(at), transfer_id=transfer_id, sku_id=shop.skus["HAT"], received=units)
    succeeded(transfer.receive(conn, [arrival], scope=WHOLE_BRAND, now=at))


def test_what_is_on_its_way_has_a_day_once_ways_like_it_tell_how_long_they_take(conn: Conn, shop: Shop):
    stock_up = Fact(
        id=uuid7(NOON - timedelta(days=60)),
        leaf_id=shop.leaves["W"],
        sku_id=shop.skus["HAT"],
        reason=MovementReason.RECEIPT,
        on_hand=20,
    )
    succeeded(stock.record_facts(conn, [stock_up], now=NOON - timedelta(days=60)))
    for number, days in enumerate((2, 3)):
        began = NOON - timedelta(days=50 - number)
        arrive(conn, shop, send(conn, shop, 1, at=began), 1, at=began + timedelta(days=days))
    under_way = send(conn, shop, 5, at=NOON)
    collected = put(
        conn,
        shop,
        "W-1",
        1,
        lines=lines(shop, ("HAT", 4)),
        delivery=Delivery.COLLECT,
        site_id=shop.sites["S"],
        destination=None,
    )
    expect(conn, now=NOON)
    assert day_of(conn, collected) is None  # two trips tell nothing
    began = NOON - timedelta(days=20)
    arrive(conn, shop, send(conn, shop, 1, at=began), 1, at=began + timedelta(days=1))
    expect(conn, now=NOON)
    (found,) = parking_of(conn, [collected]).values()
    assert (found.expected_on, found.basis) == (date(2026, 3, 5), DayBasis.ON_THE_WAY)
    arrive(conn, shop, under_way, 5, at=NOON + timedelta(days=1))
    expect(conn, now=NOON + timedelta(days=1))
    assert parking_of(conn, [collected]) == {}
    assert not isinstance(collected, Refusal)


def test_what_came_is_counted_without_reading_what_was_sold(conn: Conn, shop: Shop):
    said(conn, wish(TENTH, 50))
    receive(conn, shop, "W", 3)
    receive(conn, shop, "W", 4)

    def read() -> tuple[int, int]:
        conn.execute("set local enable_seqscan = off")
        before = _movements_read(conn)
        (standing,) = restocks(conn)
        return standing.came, _movements_read(conn) - before

    assert read() == (7, 2)
    for turn in range(40):
        sold = Fact(
            id=uuid7(NOON),
            leaf_id=shop.leaves["W"],
            sku_id=shop.skus["COAT"],
            reason=MovementReason.ADJUSTMENT,
            on_hand=-1 if turn % 2 else 1,
        )
        succeeded(record_goods(conn, [sold], now=NOON))
    assert read() == (7, 2)


def _movements_read(conn: Conn) -> int:
    row = conn.execute(
        "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_all_tables"
        " where schemaname = 'stock' and relname = 'movement'"
    ).fetchone()
    assert row is not None
    return int(row[0])
