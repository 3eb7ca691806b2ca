"""Buyers of a show, everybody else, expiry and the show's end, all from one barrier: never more than was set aside."""

from collections import Counter
from datetime import timedelta

from loopline.db import Database
from loopline.stock import (
    Held,
    QuotaChange,
    QuotaKind,
    QuotaMoved,
    QuotaOpened,
    QuotaOver,
    change_quotas,
    end_due_quotas,
    end_quotas,
    expire_holds,
    hold_units,
    holds_of_lines,
    open_quotas,
)
from loopline.stock.refusals import NotEnoughFree, QuotaHasEnded, QuotaSoldOut, QuotaTooLarge
from tests.concurrency.test_stock_races import race
from tests.make.stock import (
    NOW,
    broken,
    event_name,
    hold_ask,
    make_world,
    new_sku,
    quota_ask,
    quota_units,
    receive,
    room,
    set_aside,
)

TRIALS = 5
HOUR = timedelta(hours=1)


def test_many_buyers_get_what_is_set_aside_its_reserve_and_no_unit_more(database: Database):
    show, behind = event_name(), event_name("RESERVE", QuotaKind.EVENT)
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn)
            receive(conn, world.leaf_ids[0], sku, 5)
            receive(conn, world.leaf_ids[1], sku, 9)
            reserve = quota_ask(world.network_id, sku, 3, event=behind)
            quota = quota_ask(world.network_id, sku, 6, reserve=behind)
            set_aside(conn, reserve, quota)
        of_show = [hold_ask((world.network_id, sku, 1), events=(show,)) for _ in range(16)]
        others = [hold_ask((world.network_id, sku, 1)) for _ in range(8)]
        asks = [ask for pair in zip(of_show[::2], others, of_show[1::2], strict=True) for ask in pair]
        outcomes = race(database, [lambda conn, ask=ask: hold_units(conn, [ask], now=NOW)[0] for ask in asks])
        counted = Counter(
            (bool(ask.events), type(outcome)) for ask, outcome in zip(asks, outcomes, strict=True)
        )
        assert counted == {
            (True, Held): 9,
            (True, QuotaSoldOut): 7,
            (False, Held): 5,
            (False, NotEnoughFree): 3,
        }
        with database.transaction() as conn:
            assert quota_units(conn, quota) == (0, 6, 0, 0)
            assert quota_units(conn, reserve) == (0, 3, 0, 0)
            assert room(conn, world.network_id, sku) == (14, 14, 0)
            assert broken(conn) == []


def test_the_end_against_buyers_and_holds_that_run_out(database: Database):
    """Whoever comes first: a unit is an order's, the quota's or everybody's, once."""
    show = event_name()
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn, sites=1)
            receive(conn, world.leaf_ids[0], sku, 6)
            quota = quota_ask(world.network_id, sku, 6, ends_at=NOW + HOUR)
            set_aside(conn, quota)
            unpaid = [hold_ask((world.network_id, sku, 1), events=(show,), expires_at=NOW) for _ in range(3)]
            hold_units(conn, unpaid, now=NOW)
        buyers = [hold_ask((world.network_id, sku, 1), events=(show,)) for _ in range(6)]
        ended, due, expired, *held = race(
            database,
            [
                lambda conn, quota=quota: end_quotas(conn, [quota.quota_id], now=NOW + HOUR),
                lambda conn: end_due_quotas(conn, now=NOW + HOUR, limit=10),
                lambda conn: expire_holds(conn, now=NOW, limit=10),
                *(lambda conn, ask=ask: hold_units(conn, [ask], now=NOW) for ask in buyers),
            ],
        )
        overs = [one for one in [*ended, *due] if isinstance(one, QuotaOver) and not one.is_repeat]
        assert len(overs) == 1
        assert len(expired) == 3
        got = sum(isinstance(one, Held) for outcomes in held for one in outcomes)
        with database.transaction() as conn:
            remaining, drawn, used, returned = quota_units(conn, quota)
            assert (remaining, drawn, used + returned) == (0, 0, 6)
            assert len(holds_of_lines(conn, [ask.lines[0].line_id for ask in buyers])) == got
            assert room(conn, world.network_id, sku) == (6, got, 6 - got)
            assert broken(conn) == []


def test_two_quotas_and_an_enlargement_want_the_last_units(database: Database):
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn, sites=1)
            receive(conn, world.leaf_ids[0], sku, 7)
            first = quota_ask(world.network_id, sku, 2)
            set_aside(conn, first)
        asks = [quota_ask(world.network_id, sku, 5, event=event_name(f"SHOW-{place}")) for place in range(2)]
        larger = QuotaChange(quota_id=first.quota_id, units=7)
        outcomes = race(
            database,
            [
                lambda conn, larger=larger: change_quotas(conn, [larger], now=NOW)[0],
                *(lambda conn, ask=ask: open_quotas(conn, [ask], now=NOW)[0] for ask in asks),
            ],
        )
        assert sum(isinstance(one, QuotaOpened | QuotaMoved) for one in outcomes) == 1
        assert sum(isinstance(one, QuotaTooLarge) for one in outcomes) == 2
        with database.transaction() as conn:
            assert room(conn, world.network_id, sku) == (7, 7, 0)
            assert broken(conn) == []


def test_the_same_quota_asked_for_by_several_is_one_and_a_change_after_its_end_is_refused(database: Database):
    with database.transaction() as conn:
        world, sku = make_world(conn, sites=1), new_sku()
        receive(conn, world.leaf_ids[0], sku, 9)
    asks = [quota_ask(world.network_id, sku, 3) for _ in range(6)]
    outcomes = race(database, [lambda conn, ask=ask: open_quotas(conn, [ask], now=NOW)[0] for ask in asks])
    opened = [one for one in outcomes if isinstance(one, QuotaOpened)]
    assert sorted(one.is_repeat for one in opened) == [False, *[True] * 5]
    (quota_id,) = {one.quota.id for one in opened}
    ended, changed = race(
        database,
        [
            lambda conn: end_quotas(conn, [quota_id], now=NOW)[0],
            lambda conn: change_quotas(conn, [QuotaChange(quota_id=quota_id, units=9)], now=NOW)[0],
        ],
    )
    assert isinstance(ended, QuotaOver)
    assert isinstance(changed, QuotaMoved | QuotaHasEnded)
    with database.transaction() as conn:
        assert room(conn, world.network_id, sku) == (9, 0, 9)
        assert broken(conn) == []
