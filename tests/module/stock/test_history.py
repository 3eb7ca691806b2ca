"""What moved a SKU: units before and after at each leaf, narrowed or paged, within the sites given; day by day."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.stock import (
    MovementAsk,
    MovementReason,
    SkuTotals,
    hold_units,
    levels_of_sku,
    movements_of_sku,
    nodes_by_ids,
    on_hand_by_day,
    record_facts,
    skus_moved_last,
    totals_of_skus,
)
from tests.make.stock import NOW, World, fact, hold_ask, make_world, new_sku
from tests.make.stock import receive as receive_now

ZONE = "Asia/Shanghai"


def site_of(conn: Conn, leaf_id: NodeId) -> SiteId:
    (leaf,) = nodes_by_ids(conn, [leaf_id])
    assert leaf.site_id is not None
    return leaf.site_id


def happen(conn: Conn, world: World, sku: SkuId) -> None:
    """Goods come to both leaves, are sold, damaged and counted, an hour apart."""
    first, second = world.leaf_ids
    told = [
        fact(first, sku, 10),
        fact(second, sku, 5),
        fact(first, sku, -3, reason=MovementReason.SALE),
        fact(first, sku, 0, unsellable=2, reason=MovementReason.DAMAGE),
        fact(second, sku, -1, reason=MovementReason.COUNT),
        fact(first, sku, 4, reason=MovementReason.RETURNED),
    ]
    for hour, one in enumerate(told):
        record_facts(conn, [one], now=NOW + timedelta(hours=hour))


def shown(conn: Conn, ask: MovementAsk, at_most: int = 100) -> list[tuple[str, int, int]]:
    rows = movements_of_sku(conn, ask, at_most=at_most)
    return [(row.reason.value, row.on_hand_before, row.on_hand_after) for row in rows]


ALL = [
    ("returned", 7, 11),
    ("count", 5, 4),
    ("damage", 7, 7),
    ("sale", 10, 7),
    ("receipt", 0, 5),
    ("receipt", 0, 10),
]


def test_each_movement_has_the_units_before_and_after_it(conn: Conn):
    world, sku = make_world(conn), new_sku()
    happen(conn, world, sku)
    receive_now(conn, world.leaf_ids[0], new_sku(), 99)
    assert shown(conn, MovementAsk(sku_id=sku)) == ALL
    narrow = MovementAsk(sku_id=sku, reasons=[MovementReason.RECEIPT, MovementReason.COUNT])
    assert shown(conn, narrow) == [ALL[1], ALL[4], ALL[5]]
    since = MovementAsk(sku_id=sku, since=NOW + timedelta(hours=3))
    assert shown(conn, since) == ALL[:3]
    ours = MovementAsk(sku_id=sku, site_ids={site_of(conn, world.leaf_ids[1])})
    assert shown(conn, ours) == [ALL[1], ALL[4]]
    assert shown(conn, MovementAsk(sku_id=sku, site_ids=set())) == []


def test_pages_go_on_where_the_last_ended(conn: Conn):
    world, sku = make_world(conn), new_sku()
    happen(conn, world, sku)
    found: list[tuple[str, int, int]] = []
    before: tuple[datetime, UUID] | None = None
    while rows := movements_of_sku(conn, MovementAsk(sku_id=sku, before=before), at_most=4):
        found += [(row.reason.value, row.on_hand_before, row.on_hand_after) for row in rows]
        before = (rows[-1].at, rows[-1].movement_id)
    assert found == ALL


def test_movements_of_one_moment_are_told_apart(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    for units in (1, 20, 300):
        receive_now(conn, world.leaf_ids[0], sku, units)
    assert shown(conn, MovementAsk(sku_id=sku)) == [
        ("receipt", 21, 321),
        ("receipt", 1, 21),
        ("receipt", 0, 1),
    ]


def test_levels_and_totals_keep_to_the_sites_given(conn: Conn):
    world, sku = make_world(conn), new_sku()
    happen(conn, world, sku)
    hold_units(conn, [hold_ask((world.network_id, sku, 3))], now=NOW)
    levels = levels_of_sku(conn, sku)
    assert sorted((one.on_hand, one.unsellable, one.sellable, one.held_anywhere) for one in levels) == [
        (4, 0, 4, 3),
        (11, 2, 9, 3),
    ]
    second = {site_of(conn, world.leaf_ids[1])}
    assert [one.leaf_id for one in levels_of_sku(conn, sku, site_ids=second)] == [world.leaf_ids[1]]
    assert totals_of_skus(conn, [sku]) == {
        sku: SkuTotals(sku_id=sku, on_hand=15, allocated=0, sellable=13, missing=0, sites=2)
    }
    assert totals_of_skus(conn, [sku], site_ids=second)[sku].on_hand == 4
    assert totals_of_skus(conn, [new_sku()]) == {}


def test_days_end_with_what_was_there_then(conn: Conn):
    """16:00 UTC is midnight in Shanghai."""
    world, sku = make_world(conn), new_sku()
    first, second = world.leaf_ids
    evening = datetime(2026, 3, 14, 15, 59, tzinfo=UTC)
    for at, one in (
        (evening, fact(first, sku, 10)),
        (evening + timedelta(minutes=1), fact(second, sku, 5)),
        (evening + timedelta(days=2), fact(first, sku, -4, reason=MovementReason.SALE)),
    ):
        record_facts(conn, [one], now=at)

    def days(ask: MovementAsk) -> list[int]:
        rows = on_hand_by_day(conn, ask, first_day=date(2026, 3, 13), last_day=date(2026, 3, 17), zone=ZONE)
        assert [row.day.day for row in rows] == [13, 14, 15, 16, 17]
        return [row.on_hand for row in rows]

    assert days(MovementAsk(sku_id=sku)) == [0, 10, 15, 11, 11]
    assert days(MovementAsk(sku_id=sku, site_ids={site_of(conn, second)})) == [0, 0, 5, 5, 5]


def test_what_moved_last_comes_first(conn: Conn):
    world = make_world(conn)
    skus = [new_sku() for _ in range(3)]
    for place, sku in zip((0, 1, 0, 0), (skus[0], skus[1], skus[2], skus[0]), strict=True):
        receive_now(conn, world.leaf_ids[place], sku, 1)
    assert skus_moved_last(conn, at_most=10) == [skus[0], skus[2], skus[1]]
    assert skus_moved_last(conn, at_most=1) == [skus[0]]
    assert skus_moved_last(conn, site_ids={site_of(conn, world.leaf_ids[1])}, at_most=10) == [skus[1]]
