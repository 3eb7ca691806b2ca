"""Where a replay stands: begun once, moved step by step, never by two."""

import pytest

from loopline.db import Conn
from loopline.simulator.replay.progress import MovedByAnother, Progress, advance, begin, find_progress

NAME = "a-year"
HASH = bytes(range(32))
START = Progress(
    name=NAME,
    seed=7,
    source_hash=HASH,
    invoices=0,
    under_way=0,
    steps=0,
    returned=0,
    counts={},
    finished_at_invoices=None,
)


def begun(conn: Conn, *, seed: int = 7) -> Progress:
    return begin(conn, name=NAME, seed=seed, source_hash=HASH)


def test_nothing_stands_before_the_beginning(conn: Conn):
    assert find_progress(conn, NAME) is None
    assert begun(conn) == START
    assert find_progress(conn, NAME) == START


def test_a_second_beginning_changes_nothing(conn: Conn):
    begun(conn)
    assert begun(conn, seed=8) == START


def test_steps_and_batches_add_up(conn: Conn):
    start = begun(conn)
    one = start.after_step({"parked_lines": 3, "holds": 5}, batch=500)
    advance(conn, before=start, after=one)
    two = one.after_step({"holds": 2}, batch=500)
    advance(conn, before=one, after=two)
    assert find_progress(conn, NAME) == two
    assert (two.invoices, two.under_way, two.steps, two.counts) == (
        0,
        500,
        2,
        {"holds": 7, "parked_lines": 3},
    )
    batch = two.with_returns_until(40).at_next_batch()
    advance(conn, before=two, after=batch)
    finished = batch.finished()
    advance(conn, before=batch, after=finished)
    stands = find_progress(conn, NAME)
    assert stands == finished
    assert (finished.invoices, finished.under_way, finished.steps) == (500, 0, 0)
    assert (finished.finished_at_invoices, finished.returned) == (500, 40)


def test_a_step_that_another_run_has_done_is_not_done_again(conn: Conn):
    start = begun(conn)
    one = start.after_step({"holds": 5}, batch=500)
    advance(conn, before=start, after=one)
    with pytest.raises(MovedByAnother):
        advance(conn, before=start, after=one)
    assert find_progress(conn, NAME) == one
