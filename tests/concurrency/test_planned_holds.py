"""Holds that are planned without locks and settled last: rivals plan side by side, and none takes what is gone."""

from collections.abc import Sequence

import psycopg
import pytest

from loopline.db import Conn, Database
from loopline.kernel.refusals import Refusal
from loopline.stock import (
    Held,
    HoldAsk,
    MovementReason,
    Outlook,
    hold_units,
    holds_of_lines,
    look_ahead,
    plan_holds,
    record_facts,
    settle_holds,
)
from loopline.stock.refusals import NotEnoughFree
from tests.make.stock import (
    NOW,
    broken,
    fact,
    hold_ask,
    make_world,
    new_sku,
    quota_ask,
    receive,
    room,
    set_aside,
)


def planned(conn: Conn, asks: Sequence[HoldAsk]) -> tuple[Outlook, list[Held | Refusal]]:
    outlook = look_ahead(conn, [(line.node_id, line.sku_id) for ask in asks for line in ask.lines])
    assert outlook is not None
    return outlook, plan_holds(conn, outlook, asks)


def test_rivals_plan_side_by_side_and_settle_one_after_the_other(database: Database):
    sku = new_sku()
    with database.transaction() as conn:
        world = make_world(conn)
        receive(conn, world.leaf_ids[0], sku, 10)
    with database.transaction() as first:
        outlook, outcomes = planned(first, [hold_ask((world.network_id, sku, 4))])
        assert isinstance(outcomes[0], Held)
        settle_holds(first, outlook)
        with database.transaction() as second:
            second.execute("set local lock_timeout = '200ms'")
            # The first holds the rows. Whoever plans does not wait for them; whoever settles does.
            later, outcomes = planned(second, [hold_ask((world.network_id, sku, 6))])
            assert isinstance(outcomes[0], Held)
            with pytest.raises(psycopg.errors.LockNotAvailable), second.transaction():
                settle_holds(second, later)
            raise psycopg.Rollback
    with database.transaction() as conn:
        assert room(conn, world.network_id, sku) == (10, 4, 6)
        assert broken(conn) == []


def test_what_a_rival_took_since_the_plan_is_not_taken_twice(database: Database):
    sku = new_sku()
    with database.transaction() as conn:
        world = make_world(conn)
        receive(conn, world.leaf_ids[0], sku, 5)
    ask = hold_ask((world.network_id, sku, 3))
    line_id = ask.lines[0].line_id

    def place(conn: Conn) -> Held | Refusal:
        outlook, [outcome] = planned(conn, [ask])
        settle_holds(conn, outlook)
        return outcome

    with database.transaction() as conn:
        outlook, [outcome] = planned(conn, [ask])
        assert isinstance(outcome, Held)
        with database.transaction() as rival:
            [taken] = hold_units(rival, [hold_ask((world.network_id, sku, 3))], now=NOW)
            assert isinstance(taken, Held)
        with pytest.raises(psycopg.errors.SerializationFailure):
            settle_holds(conn, outlook)
        raise psycopg.Rollback
    with database.transaction() as conn:
        assert holds_of_lines(conn, [line_id]) == []
        assert room(conn, world.network_id, sku) == (5, 3, 2)
        again = place(conn)
        assert isinstance(again, NotEnoughFree)
        assert (again.asked, again.free) == (3, 2)
        assert holds_of_lines(conn, [line_id]) == []
        assert broken(conn) == []


def test_what_a_till_sold_since_the_plan_is_not_promised(database: Database):
    sku = new_sku()
    with database.transaction() as conn:
        world = make_world(conn)
        receive(conn, world.leaf_ids[0], sku, 3)
    with database.transaction() as conn:
        outlook, [outcome] = planned(conn, [hold_ask((world.network_id, sku, 3))])
        assert isinstance(outcome, Held)
        with database.transaction() as rival:
            record_facts(rival, [fact(world.leaf_ids[0], sku, -1, reason=MovementReason.SALE)], now=NOW)
        with pytest.raises(psycopg.errors.SerializationFailure):
            settle_holds(conn, outlook)
        raise psycopg.Rollback
    with database.transaction() as conn:
        assert room(conn, world.network_id, sku) == (2, 0, 2)
        assert broken(conn) == []


def test_units_that_rivals_left_are_taken(database: Database):
    """What was read is over, what is there is enough: the numbers are added to those that stand."""
    sku = new_sku()
    with database.transaction() as conn:
        world = make_world(conn)
        receive(conn, world.leaf_ids[0], sku, 9)
    with database.transaction() as conn:
        outlook, [outcome] = planned(conn, [hold_ask((world.network_id, sku, 3))])
        assert isinstance(outcome, Held)
        with database.transaction() as rival:
            hold_units(rival, [hold_ask((world.network_id, sku, 4))], now=NOW)
            receive(rival, world.leaf_ids[0], sku, 2)
        settle_holds(conn, outlook)
    with database.transaction() as conn:
        assert room(conn, world.network_id, sku) == (11, 7, 4)
        assert broken(conn) == []


def test_goods_at_a_place_are_decided_under_their_locks(database: Database):
    sku = new_sku()
    with database.transaction() as conn:
        world = make_world(conn)
        receive(conn, world.leaf_ids[0], sku, 3)
        assert look_ahead(conn, [(world.leaf_ids[0], sku)]) is None
        assert look_ahead(conn, [(world.network_id, sku)]) is not None
        set_aside(conn, quota_ask(world.network_id, sku, 1))
        assert look_ahead(conn, [(world.network_id, sku)]) is None
