"""Quotas through the front door: set aside, drawn from, given back, ended; and what the database writes for it."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from loopline.db import Conn
from loopline.stock import (
    Held,
    LeafMove,
    OnShort,
    QuotaChange,
    QuotaKind,
    QuotaMoved,
    QuotaOpened,
    QuotaOver,
    QuotasWanted,
    Release,
    allocate_units,
    broken_promises,
    change_quotas,
    end_due_quotas,
    end_quotas,
    end_quotas_of_events,
    expire_holds,
    hold_units,
    holds_of_lines,
    lose_quota_units,
    move_leaves,
    open_quotas,
    quotas_by_ids,
    quotas_of_events,
    quotas_page,
    record_facts,
    release_holds,
    room_of_events,
)
from loopline.stock.quotas import store as quota_store
from loopline.stock.refusals import (
    LeafHasQuotas,
    NotEnoughFree,
    QuotaHasEnded,
    QuotaSoldOut,
    QuotaTaken,
    QuotaTooLarge,
    QuotaTooSmall,
    QuotaUnknown,
    QuotaWithoutTime,
    QuotaWithoutUnits,
    ReserveUnknown,
)
from tests.make.stock import (
    NOW,
    allocation_ask,
    broken,
    event_name,
    fact,
    hold_ask,
    make_world,
    new_id,
    new_sku,
    quota_ask,
    quota_units,
    receive,
    room,
    set_aside,
    shortfalls,
)

HOUR = timedelta(hours=1)
SHOW = event_name()
RESERVE = event_name("RESERVE", QuotaKind.EVENT)


def test_a_quota_is_held_at_its_node_and_above_and_orders_take_its_place(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    quota = quota_ask(world.network_id, sku, 6)
    [opened] = open_quotas(conn, [quota], now=NOW)
    assert isinstance(opened, QuotaOpened)
    assert (opened.quota.set_aside, opened.quota.remaining, opened.is_repeat) == (6, 6, False)
    assert room(conn, world.network_id, sku) == room(conn, world.brand_id, sku) == (10, 6, 4)
    # Everybody else has the other four; the show has its six.
    others = hold_ask((world.network_id, sku, 5))
    [refused] = hold_units(conn, [others], now=NOW)
    assert isinstance(refused, NotEnoughFree)
    assert refused.free == 4
    of_show = hold_ask((world.network_id, sku, 5), events=(SHOW,))
    [held] = hold_units(conn, [of_show], now=NOW)
    assert isinstance(held, Held)
    assert quota_units(conn, quota) == (1, 5, 0, 0)
    assert room(conn, world.network_id, sku) == (10, 6, 4)
    assert broken(conn) == []


def test_the_same_again_is_the_quota_there_is_and_another_size_is_a_change(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    quota = quota_ask(world.network_id, sku, 6)
    set_aside(conn, quota)
    again = msgspec.structs.replace(quota, quota_id=quota_ask(world.network_id, sku, 6).quota_id)
    larger = msgspec.structs.replace(again, units=7)
    outcomes = open_quotas(conn, [again, larger], now=NOW)
    [first] = quotas_by_ids(conn, [quota.quota_id])
    assert outcomes == [
        QuotaOpened(quota=first, is_repeat=True),
        QuotaTaken(event="SHOW", quota_id=quota.quota_id),
    ]
    assert room(conn, world.network_id, sku) == (10, 6, 4)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"units": 0}, "quota_without_units"),
        ({"ends_at": NOW}, "quota_without_time"),
        ({"starts_at": NOW - 3 * HOUR, "ends_at": NOW - HOUR}, "quota_without_time"),
        ({"starts_at": NOW + HOUR}, "quota_without_time"),
        ({"units": 11}, "quota_too_large"),
        ({"reserve": RESERVE}, "reserve_unknown"),
        ({"reserve": SHOW}, "reserve_unknown"),
        ({"node_id": new_id()}, "node_unknown"),
    ],
)
def test_what_cannot_be_set_aside_leaves_nothing(conn: Conn, fields: dict[str, Any], code: str):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    bad = msgspec.structs.replace(quota_ask(world.network_id, sku, 1), **fields)
    good = quota_ask(world.network_id, sku, 2)
    [refused, opened] = open_quotas(conn, [bad, good], now=NOW)
    assert getattr(refused, "code", None) == code
    assert isinstance(opened, QuotaOpened)
    assert room(conn, world.network_id, sku) == (10, 2, 8)
    assert len(quotas_page(conn, QuotasWanted(node_ids=(world.network_id,)), before=None, at_most=9)) == 1
    assert broken(conn) == []


def test_short_it_refuses_or_draws_on_its_reserve_and_then_on_what_is_free(conn: Conn):
    world, skus = make_world(conn), [new_sku() for _ in range(3)]
    record_facts(conn, [fact(world.leaf_ids[0], sku, 10) for sku in skus], now=NOW)
    node = world.network_id
    quotas = [quota_ask(node, sku, 3) for sku in skus]
    reserves = [quota_ask(node, sku, 2, event=RESERVE) for sku in skus[1:]]
    set_aside(conn, *reserves)
    set_aside(
        conn,
        quotas[0],
        msgspec.structs.replace(quotas[1], reserve=RESERVE),
        msgspec.structs.replace(quotas[2], reserve=RESERVE, then_free=True),
    )
    asks = [hold_ask((node, sku, 7), events=(SHOW,)) for sku in skus]
    outcomes = hold_units(conn, asks, now=NOW)
    for outcome, left in zip(outcomes[:2], (3, 5), strict=True):
        assert isinstance(outcome, QuotaSoldOut)
        assert (outcome.asked, outcome.left, outcome.event) == (7, left, "SHOW")
    assert isinstance(outcomes[2], Held)
    assert [quota_units(conn, one) for one in quotas] == [(3, 0, 0, 0), (3, 0, 0, 0), (0, 3, 0, 0)]
    assert [quota_units(conn, one) for one in reserves] == [(2, 0, 0, 0), (0, 2, 0, 0)]
    assert [room(conn, node, sku) for sku in skus] == [(10, 3, 7), (10, 5, 5), (10, 7, 3)]
    # What came last goes back first: two free units, then the reserve's two, then one of the show's own.
    [line] = asks[2].lines
    release_holds(conn, [Release(line_id=line.line_id, units=2)], now=NOW)
    assert (quota_units(conn, quotas[2]), quota_units(conn, reserves[1])) == ((0, 3, 0, 0), (0, 2, 0, 0))
    release_holds(conn, [Release(line_id=line.line_id, units=3)], now=NOW)
    assert (quota_units(conn, quotas[2]), quota_units(conn, reserves[1])) == ((1, 2, 0, 0), (2, 0, 0, 0))
    assert room(conn, node, skus[2]) == (10, 5, 5)
    assert broken(conn) == []


def test_a_part_is_what_quota_and_reserve_have(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    set_aside(conn, quota_ask(world.network_id, sku, 2, event=RESERVE))
    set_aside(conn, quota_ask(world.network_id, sku, 3, reserve=RESERVE))
    ask = hold_ask((world.network_id, sku, 9), events=(SHOW,), short=OnShort.PART)
    [held] = hold_units(conn, [ask], now=NOW)
    assert isinstance(held, Held)
    assert held.lines[0].units == 5


def test_an_order_refused_for_one_line_leaves_the_quotas_of_its_others(conn: Conn):
    world, sku, other = make_world(conn), new_sku(), new_sku()
    record_facts(conn, [fact(world.leaf_ids[0], one, 5) for one in (sku, other)], now=NOW)
    quota = quota_ask(world.network_id, sku, 3, then_free=True)
    set_aside(conn, quota)
    node = world.network_id
    asks = [
        hold_ask((node, sku, 4), (node, other, 9), events=(SHOW,)),
        hold_ask((node, sku, 5), events=(SHOW,)),
    ]
    refused, held = hold_units(conn, asks, now=NOW)
    assert isinstance(refused, NotEnoughFree)
    assert isinstance(held, Held)
    assert quota_units(conn, quota) == (0, 3, 0, 0)
    assert room(conn, node, sku) == (5, 5, 0)
    assert broken(conn) == []


def test_before_its_start_and_from_its_end_on_nobody_draws(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 5)
    quota = quota_ask(world.network_id, sku, 5, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    set_aside(conn, quota)
    last = NOW + 2 * HOUR - timedelta.resolution
    for moment, outcome in (
        (NOW, NotEnoughFree),
        (NOW + HOUR, Held),
        (last, Held),
        (NOW + 2 * HOUR, NotEnoughFree),
    ):
        [found] = hold_units(conn, [hold_ask((world.network_id, sku, 1), events=(SHOW,))], now=moment)
        assert isinstance(found, outcome)
    assert quota_units(conn, quota) == (3, 2, 0, 0)
    assert broken(conn) == []


def test_of_several_events_the_first_with_a_quota_is_drawn_from_and_the_nearest_node(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    channel = event_name("livestream", QuotaKind.CHANNEL)
    at_leaf, at_network = (quota_ask(node, sku, 2) for node in (world.leaf_ids[0], world.network_id))
    of_channel = quota_ask(world.network_id, sku, 2, event=channel)
    set_aside(conn, at_leaf, at_network, of_channel)
    asks = [
        hold_ask((world.leaf_ids[0], sku, 1), events=(SHOW, channel)),
        hold_ask((world.site_ids[0], sku, 1), events=(SHOW, channel)),
        hold_ask((world.site_ids[0], sku, 1), events=(channel, SHOW)),
    ]
    assert all(isinstance(one, Held) for one in hold_units(conn, asks, now=NOW))
    assert [quota_units(conn, one)[1] for one in (at_leaf, at_network, of_channel)] == [1, 1, 1]
    # Held at the site, drawn from the network: below the network more is held than before.
    assert room(conn, world.network_id, sku) == (10, 6, 4)
    assert room(conn, world.site_ids[0], sku)[:2] == (10, 4)
    assert broken(conn) == []


def test_what_is_drawn_at_a_leaf_needs_room_there(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 1)
    receive(conn, world.leaf_ids[1], sku, 9)
    set_aside(conn, quota_ask(world.network_id, sku, 5))
    [refused] = hold_units(conn, [hold_ask((world.leaf_ids[0], sku, 2), events=(SHOW,))], now=NOW)
    assert isinstance(refused, QuotaSoldOut)
    assert refused.left == 1
    assert broken(conn) == []


def test_expired_and_released_units_go_back_to_the_show_and_after_it_to_everybody(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 6)
    quota = quota_ask(world.network_id, sku, 6)
    set_aside(conn, quota)
    asks = [hold_ask((world.network_id, sku, 2), events=(SHOW,), expires_at=NOW + HOUR / 6) for _ in range(3)]
    hold_units(conn, asks, now=NOW)
    release_holds(conn, [Release(line_id=asks[0].lines[0].line_id)], now=NOW)
    assert quota_units(conn, quota) == (2, 4, 0, 0)
    [expired] = expire_holds(conn, now=NOW + HOUR / 6, limit=1)
    assert expired.units == 2
    assert quota_units(conn, quota) == (4, 2, 0, 0)
    assert room(conn, world.network_id, sku) == (6, 6, 0)
    [over] = end_due_quotas(conn, now=NOW + HOUR, limit=10)
    assert (over.returned, over.quota.to_orders, over.quota.ended_at) == (4, 2, NOW + HOUR)
    assert room(conn, world.network_id, sku) == (6, 2, 4)
    expire_holds(conn, now=NOW + HOUR, limit=10)
    assert quota_units(conn, quota) == (0, 0, 2, 4)
    assert room(conn, world.network_id, sku) == (6, 0, 6)
    assert broken(conn) == []


def test_allocated_units_are_used_and_come_back_to_no_quota(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 6)
    quota = quota_ask(world.network_id, sku, 3, then_free=True)
    set_aside(conn, quota)
    ask = hold_ask((world.network_id, sku, 4), events=(SHOW,))
    hold_units(conn, [ask], now=NOW)
    allocate_units(conn, [allocation_ask(ask, [world.leaf_ids[0]], units=[2])], now=NOW)
    assert quota_units(conn, quota) == (0, 1, 2, 0)
    release_holds(conn, [Release(line_id=ask.lines[0].line_id)], now=NOW)
    assert quota_units(conn, quota) == (1, 0, 2, 0)
    assert broken(conn) == []


def test_larger_smaller_and_never_below_what_orders_have(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    quota = quota_ask(world.network_id, sku, 4)
    set_aside(conn, quota)
    hold_units(conn, [hold_ask((world.network_id, sku, 3), events=(SHOW,))], now=NOW)

    def change(**fields: Any) -> object:
        [outcome] = change_quotas(conn, [QuotaChange(quota_id=quota.quota_id, **fields)], now=NOW)
        return outcome

    assert change(units=2) == QuotaTooSmall(drawn=3)
    assert change(units=0) == QuotaWithoutUnits(units=0)
    assert change(units=11) == QuotaTooLarge(event="SHOW", asked=11, free=10)
    assert change(ends_at=NOW) == QuotaWithoutTime(ends_at=NOW)
    assert change(reserve=RESERVE) == ReserveUnknown(reserve="RESERVE")
    assert quota_units(conn, quota) == (1, 3, 0, 0)
    larger = change(units=10, ends_at=NOW + 3 * HOUR, then_free=True)
    assert isinstance(larger, QuotaMoved)
    assert (larger.units_before, larger.quota.units, larger.quota.ends_at) == (4, 10, NOW + 3 * HOUR)
    assert larger.quota.then_free
    assert room(conn, world.network_id, sku) == (10, 10, 0)
    again = change(units=10)
    assert isinstance(again, QuotaMoved)
    assert again.is_repeat
    smaller = change(units=3)
    assert isinstance(smaller, QuotaMoved)
    assert quota_units(conn, quota) == (0, 3, 0, 7)
    assert room(conn, world.network_id, sku) == (10, 3, 7)
    assert broken(conn) == []


def test_ended_twice_it_ended_once_and_nothing_changes_it(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    quota, other = quota_ask(world.network_id, sku, 4), quota_ask(world.leaf_ids[0], sku, 3)
    set_aside(conn, quota, other)
    unknown = quota_ask(world.network_id, sku, 4).quota_id
    first, second, third = end_quotas(conn, [quota.quota_id, quota.quota_id, unknown], now=NOW)
    assert isinstance(first, QuotaOver)
    assert isinstance(second, QuotaOver)
    assert (first.returned, first.is_repeat) == (4, False)
    assert (second.returned, second.is_repeat) == (0, True)
    assert third == QuotaUnknown(quota_id=unknown)
    outcomes = change_quotas(
        conn, [QuotaChange(quota_id=one, units=9) for one in (quota.quota_id, unknown)], now=NOW
    )
    assert outcomes == [QuotaHasEnded(quota_id=quota.quota_id), QuotaUnknown(quota_id=unknown)]
    assert [one.quota.id for one in end_quotas_of_events(conn, [SHOW], now=NOW)] == [other.quota_id]
    assert end_quotas_of_events(conn, [SHOW], now=NOW) == []
    assert [one.id for one in quotas_of_events(conn, [SHOW])] == [quota.quota_id, other.quota_id]
    assert room(conn, world.network_id, sku) == (10, 0, 10)
    # A new one may come under the same name.
    set_aside(conn, quota_ask(world.network_id, sku, 10))
    assert broken(conn) == []


def test_due_quotas_end_in_the_order_of_their_time_and_no_more_than_asked(conn: Conn):
    world, skus = make_world(conn), [new_sku() for _ in range(3)]
    record_facts(conn, [fact(world.leaf_ids[0], sku, 5) for sku in skus], now=NOW)
    asks = [
        quota_ask(world.network_id, sku, 1, ends_at=NOW + minutes * HOUR / 60)
        for sku, minutes in zip(skus, (20, 10, 30), strict=True)
    ]
    set_aside(conn, *asks)
    assert end_due_quotas(conn, now=NOW + HOUR / 6 - timedelta.resolution, limit=9) == []
    ended = end_due_quotas(conn, now=NOW + HOUR, limit=2)
    assert [one.quota.id for one in ended] == [asks[1].quota_id, asks[0].quota_id]
    assert [one.quota.id for one in end_due_quotas(conn, now=NOW + HOUR, limit=2)] == [asks[2].quota_id]


def test_a_fact_takes_from_what_nobody_drew_before_it_takes_from_orders(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    [leaf] = world.leaf_ids
    receive(conn, leaf, sku, 10)
    late, early = quota_ask(world.network_id, sku, 3, starts_at=NOW + HOUR / 2), quota_ask(leaf, sku, 5)
    late = msgspec.structs.replace(late, event=event_name("LATER"))
    set_aside(conn, late, early)
    held = hold_ask((world.network_id, sku, 2), (leaf, sku, 2), events=(SHOW,))
    hold_units(conn, [held], now=NOW)
    record_facts(conn, [fact(leaf, sku, -7)], now=NOW)
    assert shortfalls(conn)["overheld", world.network_id, sku] == 7
    # Three are there: what the four held units miss, nobody gets out of a quota.
    [refused] = hold_units(conn, [hold_ask((leaf, sku, 1), events=(SHOW,))], now=NOW)
    assert isinstance(refused, QuotaSoldOut)
    found = broken_promises(conn, limit=10)
    assert sum(one.units for one in found.quotas) == 6
    assert [(one.line_id, one.units) for one in found.holds] == [(held.lines[1].line_id, 1)]
    moved = lose_quota_units(conn, found.quotas, now=NOW)
    assert sorted(one.units_before - one.quota.units for one in moved) == [3, 3]
    release_holds(
        conn, [Release(line_id=one.line_id, units=one.units, is_lost=True) for one in found.holds], now=NOW
    )
    assert shortfalls(conn) == {}
    assert (quota_units(conn, late), quota_units(conn, early)) == ((0, 0, 0, 3), (0, 1, 0, 4))
    assert broken(conn) == []


def test_a_leaf_with_a_quota_stays_where_it_is(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 2)
    quota = quota_ask(leaf, sku, 2)
    set_aside(conn, quota)
    move = LeafMove(leaf_id=leaf, parent_id=world.network_id)
    [refused] = move_leaves(conn, [move], now=NOW)
    assert getattr(refused, "code", None) == "leaf_promised"
    ask = hold_ask((leaf, sku, 2), events=(SHOW,))
    hold_units(conn, [ask], now=NOW)
    tie = allocation_ask(ask, [leaf])
    allocate_units(conn, [tie], now=NOW)
    record_facts(conn, [fact(leaf, new_sku(), 1)], now=NOW)
    conn.execute("update stock.leaf_stock set allocated = 0, on_hand = 0 where leaf_id = %s", [leaf])
    [refused] = move_leaves(conn, [move], now=NOW)
    assert refused == LeafHasQuotas(leaf_id=leaf, quotas=1)


def test_what_an_order_of_a_show_could_get(conn: Conn):
    world, skus = make_world(conn), [new_sku() for _ in range(4)]
    record_facts(conn, [fact(world.leaf_ids[0], sku, 10) for sku in skus], now=NOW)
    node = world.network_id
    set_aside(conn, quota_ask(node, skus[2], 2, event=RESERVE), quota_ask(node, skus[1], 4))
    set_aside(
        conn,
        quota_ask(node, skus[2], 3, reserve=RESERVE),
        quota_ask(node, skus[3], 3, then_free=True),
    )
    found = room_of_events(conn, node, skus, events=(SHOW,), now=NOW)
    assert [(one.sku_id, one.room, one.left) for one in found] == [
        (skus[0], 10, None),
        (skus[1], 4, 4),
        (skus[2], 5, 3),
        (skus[3], 10, 3),
    ]
    assert [one.room for one in room_of_events(conn, node, skus, events=(), now=NOW)] == [10, 6, 5, 7]
    assert [one.left for one in room_of_events(conn, node, skus, events=(SHOW,), now=NOW + HOUR)] == [
        None
    ] * 4


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """The statements about quotas that are asked of the database."""
    asked: list[str] = []
    fetch_rows = quota_store.fetch_rows

    def count(conn: Conn, statement: Any, **parameters: Any) -> Any:
        asked.append(statement.name)
        return fetch_rows(conn, statement, **parameters)

    with monkeypatch.context() as patched:
        patched.setattr(quota_store, "fetch_rows", count)
        yield asked


def test_a_batch_asks_once_and_only_where_a_quota_may_be_concerned(
    conn: Conn, monkeypatch: pytest.MonkeyPatch
):
    world, sku, other = make_world(conn), new_sku(), new_sku()
    record_facts(conn, [fact(world.leaf_ids[0], one, 50) for one in (sku, other)], now=NOW)
    set_aside(conn, quota_ask(world.network_id, sku, 20))
    node = world.network_id
    free = [hold_ask((node, other, 1), events=(SHOW,)) for _ in range(20)]
    drawn = [hold_ask((node, sku, 1), events=(SHOW,), expires_at=NOW) for _ in range(10)]
    with counted(monkeypatch) as asked:
        hold_units(conn, free, now=NOW)
        hold_units(conn, [hold_ask((node, sku, 1))], now=NOW)
        release_holds(conn, [Release(line_id=ask.lines[0].line_id) for ask in free], now=NOW)
    assert asked == []
    with counted(monkeypatch) as asked:
        hold_units(conn, drawn, now=NOW)
    assert asked == ["open_quotas_at", "write_quotas"]
    with counted(monkeypatch) as asked:
        assert len(expire_holds(conn, now=NOW, limit=50)) == 10
    assert asked == ["draws_of_lines", "write_quotas"]
    assert holds_of_lines(conn, [ask.lines[0].line_id for ask in drawn]) == []
