"""A site loses its equipment while cold goods are put to it: one of the two comes first, and the books agree."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from loopline.db import Conn, Database
from loopline.db.followers import ensure_followers
from loopline.fulfilment import queries as fulfilment
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.claim import Claimed, NotEquipped, claim
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.place import Placed, place
from loopline.processes.source import apply_part, gather, solve, source_wave
from tests.make.calls import claiming, wave_of_calls
from tests.make.cold import FROZEN, able, chill
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, ask, lines, open_shop

EARLY, LATE = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
Work = Callable[[Conn], Any]


@pytest.fixture
def shop(database: Database) -> Shop:
    """The store alone sends frozen hats."""
    with database.transaction() as conn:
        ensure_followers(conn, FOLLOWERS)
        shop = open_shop(conn, units=9)
        chill(conn, HAT=FROZEN)
        able(conn, S=(FROZEN,))
    return shop


def ordered(database: Database, shop: Shop, number: str = "W-1") -> OrderId:
    with database.transaction() as conn:
        (outcome,) = place(
            conn, [ask(shop, number, lines=lines(shop, ("HAT", 1)))], scope=WHOLE_BRAND, now=NOON
        )
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def taken_away(now: datetime) -> Work:
    return lambda conn: able(conn, now, S=())


def tasks(database: Database, order_id: OrderId) -> int:
    with database.reading() as conn:
        return len(fulfilment.tasks_of_orders(conn, [order_id]))


def assert_healthy(database: Database) -> None:
    checks = [one for one in ALL_CHECKS if one.invariant in {1, 2, 3}]
    with database.reading() as conn:
        assert [one for one in examine(conn, checks=checks).checks if not one.ok] == []


def behind(database: Database, first: Work, second: Work) -> None:
    """Do the first and, before it is committed, begin the second, which has to wait for it."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as conn:
            first(conn)
            rival: Future[None] = pool.submit(_alone, database, second)
            _until_it_waits(database, rival)
        rival.result()


def _alone(database: Database, work: Work) -> None:
    with database.transaction() as conn:
        work(conn)


def _until_it_waits(database: Database, rival: "Future[None]") -> None:
    """Return once somebody waits for a lock, or the rival is done without having waited."""
    ends = monotonic() + 10
    while monotonic() < ends and not rival.done():
        with database.reading() as conn:
            (waiting,) = conn.execute("select count(*) from pg_locks where not granted").fetchone() or (0,)
        if waiting:
            return


def test_who_takes_equipment_away_waits_for_the_wave_that_counts_on_it(database: Database, shop: Shop):
    order_id = ordered(database, shop)
    behind(database, lambda conn: source_wave(conn, now=LATE), taken_away(EARLY))
    assert tasks(database, order_id) == 1
    assert_healthy(database)


def test_a_wave_waits_for_who_takes_equipment_away_and_puts_nothing_there(database: Database, shop: Shop):
    order_id = ordered(database, shop)
    with database.reading() as conn:
        desk = gather(conn, now=NOON, limit=9)
    assert desk is not None
    (part,) = solve(desk)
    behind(database, taken_away(EARLY), lambda conn: apply_part(conn, desk, part, now=LATE))
    assert tasks(database, order_id) == 0
    assert_healthy(database)


@pytest.mark.parametrize("claims_first", [True, False])
def test_a_claim_and_who_takes_equipment_away_come_one_after_the_other(
    database: Database, shop: Shop, *, claims_first: bool
):
    with database.transaction() as conn:
        able(conn, NOON, S=(FROZEN,), W=(FROZEN,))
    order_id = ordered(database, shop)
    with database.transaction() as conn:
        (call_id,) = wave_of_calls(conn, shop).calls
    said: list[Any] = []

    def claiming_it(conn: Conn) -> None:
        said.extend(claim(conn, [claiming(shop, call_id, "S")], scope=WHOLE_BRAND, now=LATE))

    works = (claiming_it, taken_away(EARLY)) if claims_first else (taken_away(EARLY), claiming_it)
    behind(database, *works)
    assert [type(one) for one in said] == [Claimed if claims_first else NotEquipped]
    assert tasks(database, order_id) == int(claims_first)
    assert_healthy(database)


@pytest.mark.parametrize("trial", range(3))
def test_whoever_is_faster_the_doctor_finds_nothing(database: Database, shop: Shop, trial: int):
    order_ids = [ordered(database, shop, f"W-{trial}-{number}") for number in range(3)]
    clocks = (EARLY, LATE) if trial % 2 else (LATE, EARLY)
    made, _ = together(
        database,
        [lambda conn: len(source_wave(conn, now=clocks[0]).tasks), taken_away(clocks[1])],
    )
    assert made in {0, 3}
    assert sum(tasks(database, one) for one in order_ids) == made
    assert_healthy(database)
