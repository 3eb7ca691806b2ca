"""Rivals in sharing: releases beside each other, a return beside a release, two returns of one part."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from loopline.db import Conn, Database, run_check
from loopline.kernel.refusals import Refusal
from loopline.sharing import queries, service
from loopline.sharing.checks import CHECKS
from loopline.sharing.model import ClawBack, ClawedBack, Release, Split
from loopline.sharing.refusals import ClawsBackTooMuch
from tests.make.rivals import together
from tests.make.sharing import DUE_AT, claw_back, publish, split

WRITERS = 6


def recorded(database: Database, *, parts: int, units: int = 3) -> list[Split]:
    with database.transaction() as conn:
        rule_set_id = publish(conn)
        made = [split(rule_set_id, units=units) for _ in range(parts)]
        service.record_splits(conn, made)
    return made


def releasing(*, limit: int, days: int = 0) -> Callable[[Conn], Release]:
    return lambda conn: service.release_due(conn, now=DUE_AT + timedelta(days=days), limit=limit)


def clawing(asks: Sequence[ClawBack]) -> Callable[[Conn], list[ClawedBack | Refusal]]:
    return lambda conn: service.claw_back_shares(conn, asks)


def findings(database: Database) -> list[str]:
    with database.reading() as conn:
        return [finding.found for check in CHECKS for finding in run_check(conn, check)]


def amount_of(releases: Sequence[Release]) -> int:
    return sum(amount.amount_minor for release in releases for amount in release.amounts)


def test_no_part_is_released_twice(database: Database) -> None:
    made = recorded(database, parts=40)
    released = together(database, [releasing(limit=10) for _ in range(WRITERS)])
    with database.transaction() as conn:
        released.append(releasing(limit=100)(conn))
    assert sum(release.parts for release in released) == 40
    assert amount_of(released) == sum(one.base_minor for one in made)
    assert findings(database) == []


def test_two_returns_of_one_part_take_no_more_than_there_is(database: Database) -> None:
    (made,) = recorded(database, parts=1, units=5)
    outcomes = together(database, [clawing([claw_back(made, units=2)]) for _ in range(WRITERS)])
    assert Counter(type(outcome) for (outcome,) in outcomes) == {ClawedBack: 2, ClawsBackTooMuch: WRITERS - 2}
    assert findings(database) == []


@pytest.mark.parametrize("repetition", range(5))
def test_a_return_beside_a_release_is_counted_on_one_side(database: Database, repetition: int) -> None:
    """Whichever comes first: cancelled and not released, or released and taken from what is due."""
    made = recorded(database, parts=6)
    asks = [claw_back(one, units=1) for one in made]
    clawed: list[ClawedBack | Refusal] = []

    def return_them(conn: Conn) -> Release:
        clawed.extend(clawing(asks[:: -1 if repetition % 2 else 1])(conn))
        return releasing(limit=1)(conn)

    released = together(database, [return_them, releasing(limit=100), releasing(limit=3, days=1)])
    with database.transaction() as conn:
        released.append(releasing(limit=100)(conn))
        assert queries.pending_part_count(conn) == 0
    cancelled = sum(
        sum(one.amounts_minor) for one in clawed if isinstance(one, ClawedBack) and not one.from_due
    )
    assert len(clawed) == 6
    assert amount_of(released) + cancelled == sum(one.base_minor for one in made)
    assert findings(database) == []
