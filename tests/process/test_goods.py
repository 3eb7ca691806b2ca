"""Goods between sites and on shelves: what comes reaches those who wait, what is refused corrects the books."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import RefusalReason, RefuseTask, WithdrawnUnits
from loopline.kernel.ids import CountId, OrderId, TransferId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import OnShortage
from loopline.processes import count, dispatch, transfer
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.stock import (
    CountEnd,
    GoodsLine,
    LeafStock,
    Look,
    NewCount,
    TransferArrival,
    TransferAsk,
)
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def put(conn: Conn, draft: orders.Draft) -> OrderId:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def shelf(conn: Conn, shop: Shop, site: str, sku: str = "COAT") -> LeafStock:
    (row,) = stock.stock_at_leaves(conn, [shop.leaves[site]], sku_ids=[shop.skus[sku]])
    return row


def sending(shop: Shop, units: int) -> TransferAsk:
    line = GoodsLine(sku_id=shop.skus["COAT"], units=units)
    return TransferAsk(
        id=TransferId(uuid7(NOON)),
        from_leaf_id=shop.leaves["W"],
        to_leaf_id=shop.leaves["S"],
        lines=(line,),
    )


def test_what_arrives_is_given_to_the_order_that_waits_for_it(conn: Conn, shop: Shop):
    sent = sending(shop, 8)
    succeeded(transfer.send(conn, [sent], scope=WHOLE_BRAND, now=NOON))
    # Of thirty coats eight are on a truck.
    order_id = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 30)), on_shortage=OnShortage.PARK))
    (line,) = orders.lines_by_orders(conn, [order_id])
    assert (line.held, line.parked) == (22, 8)
    came = TransferArrival(id=uuid7(NOON), transfer_id=sent.id, sku_id=shop.skus["COAT"], received=5)
    succeeded(transfer.receive(conn, [came], scope=WHOLE_BRAND, now=NOON))
    (line,) = orders.lines_by_orders(conn, [order_id])
    assert (line.held, line.parked) == (27, 3)
    # The same message again brings nothing.
    succeeded(transfer.receive(conn, [came], scope=WHOLE_BRAND, now=NOON))
    assert shelf(conn, shop, "S").on_hand == 15


def test_goods_are_moved_and_counted_within_ones_branch_alone(conn: Conn, shop: Shop):
    only_store = Scope(sites=frozenset({shop.sites["S"]}))
    before = stock.movement_count(conn)
    sent = sending(shop, 2)
    [refused] = transfer.send(conn, [sent], scope=only_store, now=NOON)
    assert refused == NotInYourBranch(subject=str(shop.leaves["W"]))
    assert stock.movement_count(conn) == before
    succeeded(transfer.send(conn, [sent], scope=WHOLE_BRAND, now=NOON))
    only_warehouse = Scope(sites=frozenset({shop.sites["W"]}))
    came = TransferArrival(id=uuid7(NOON), transfer_id=sent.id, sku_id=shop.skus["COAT"], received=2)
    [refused] = transfer.receive(conn, [came], scope=only_warehouse, now=NOON)
    assert refused == NotInYourBranch(subject=str(sent.id))
    assert shelf(conn, shop, "S").on_hand == 10
    succeeded(transfer.receive(conn, [came], scope=only_store, now=NOON))
    count_id = CountId(uuid7(NOON))
    begun = NewCount(id=count_id, leaf_id=shop.leaves["S"])
    assert count.open_counts(conn, [begun], scope=only_warehouse, now=NOON) == [
        NotInYourBranch(subject=str(count_id))
    ]
    succeeded(count.open_counts(conn, [begun], scope=only_store, now=NOON))
    seen = Look(count_id=count_id, sku_id=shop.skus["COAT"], units=1)
    not_yours = [NotInYourBranch(subject=str(count_id))]
    assert count.enter(conn, [seen], scope=only_warehouse, now=NOON) == not_yours
    assert count.end(conn, [CountEnd(count_id=count_id)], scope=only_warehouse, now=NOON) == not_yours
    assert shelf(conn, shop, "S").on_hand == 12


def test_a_sale_while_people_count_stays_sold(conn: Conn, shop: Shop):
    count_id = CountId(uuid7(NOON))
    opened = NewCount(id=count_id, leaf_id=shop.leaves["S"])
    succeeded(count.open_counts(conn, [opened], scope=WHOLE_BRAND, now=NOON))
    seen = Look(count_id=count_id, sku_id=shop.skus["COAT"], units=9)
    succeeded(count.enter(conn, [seen], scope=WHOLE_BRAND, now=NOON))
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 4), stated=True)))
    [ended] = succeeded(count.end(conn, [CountEnd(count_id=count_id)], scope=WHOLE_BRAND, now=NOON))
    assert [one.on_hand for one in ended.facts] == [-1]
    assert shelf(conn, shop, "S").on_hand == 5


def refused(
    conn: Conn, shop: Shop, reason: RefusalReason, *, counted_units: Sequence[int] = ()
) -> tuple[LeafStock, orders.Line]:
    """Three coats are asked of the store, and it refuses them for a reason; the shelf and the line afterwards."""
    order_id = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 3))))
    (task_id,) = source_wave(conn, now=NOON).tasks
    (task_line,) = fulfilment.lines_of_tasks(conn, [task_id])[task_id]
    command = RefuseTask(
        command_id=UUID(int=task_id.int ^ 1),
        task_id=task_id,
        reason=reason,
        lines=tuple(
            WithdrawnUnits(allocation_id=task_line.allocation_id, units=3, counted_units=units)
            for units in counted_units
        ),
    )
    succeeded(dispatch.refuse(conn, [command], scope=WHOLE_BRAND, now=NOON))
    (line,) = orders.lines_by_orders(conn, [order_id])
    return shelf(conn, shop, "S"), line


@pytest.mark.parametrize(
    ("reason", "counted", "on_hand", "unsellable", "sellable"),
    [
        (RefusalReason.NOT_FOUND, (), 7, 0, 7),
        (RefusalReason.DAMAGED, (), 10, 3, 7),
        (RefusalReason.DISPLAY_WORN, (), 10, 3, 7),
        (RefusalReason.COUNT_DIFFERS, (2,), 2, 0, 2),
        (RefusalReason.COUNT_DIFFERS, (0,), 0, 0, 0),
        (RefusalReason.COUNT_DIFFERS, (12,), 12, 0, 12),
        (RefusalReason.NO_CAPACITY, (), 10, 0, 10),
    ],
)
def test_the_reason_of_a_refusal_corrects_the_shelf(
    conn: Conn,
    shop: Shop,
    reason: RefusalReason,
    counted: tuple[int, ...],
    on_hand: int,
    unsellable: int,
    sellable: int,
):
    row, line = refused(conn, shop, reason, counted_units=counted)
    assert (row.on_hand, row.unsellable, row.allocated, row.sellable) == (on_hand, unsellable, 0, sellable)
    assert (line.held, line.allocated, line.parked) == (3, 0, 0)
    movements = conn.execute(
        "select reason, on_hand, unsellable from stock.movement where leaf_id = %s and sku_id = %s"
        " and reason not in ('receipt', 'allocated', 'allocation_released')",
        [shop.leaves["S"], shop.skus["COAT"]],
    ).fetchall()
    told = {
        RefusalReason.NOT_FOUND: "not_found",
        RefusalReason.DAMAGED: "damage",
        RefusalReason.DISPLAY_WORN: "damage",
        RefusalReason.COUNT_DIFFERS: "count",
    }
    assert movements == ([(told[reason], on_hand - 10, unsellable)] if reason in told else [])


def test_a_count_that_agrees_with_the_books_moves_nothing(conn: Conn, shop: Shop):
    before = stock.movement_count(conn)
    row, _ = refused(conn, shop, RefusalReason.COUNT_DIFFERS, counted_units=(10,))
    assert (row.on_hand, stock.movement_count(conn) - before) == (10, 2)
