"""The agenda of a made-up world."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from loopline.simulator.brand.agenda import Agenda

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_what_is_due_is_done_kind_by_kind_in_the_order_of_time() -> None:
    done: list[tuple[str, list[str]]] = []
    agenda = Agenda()
    agenda.handle("first", lambda matters, _: done.append(("first", list(matters))))
    agenda.handle("second", lambda matters, _: done.append(("second", list(matters))))
    agenda.note(NOON + 2 * MINUTE, "second", "b")
    agenda.note(NOON + MINUTE, "second", "a")
    agenda.note(NOON + 3 * MINUTE, "first", "c")
    agenda.note(NOON + 3 * MINUTE, "first", "d")
    agenda.note(NOON + 4 * MINUTE, "first", "too late")

    assert agenda.do(NOON + 3 * MINUTE) == 4
    assert done == [("first", ["c", "d"]), ("second", ["a", "b"])]
    assert len(agenda) == 1
    assert agenda.next_at() == NOON + 4 * MINUTE


def test_what_comes_of_it_by_then_is_done_too() -> None:
    done: list[datetime] = []
    agenda = Agenda()

    def tick(_: Sequence[None], now: datetime) -> None:
        done.append(now)
        if len(done) < 3:
            agenda.note(NOON + len(done) * MINUTE, "tick")

    agenda.handle("tick", tick)
    agenda.note(NOON, "tick")
    assert agenda.do(NOON + MINUTE) == 2
    assert agenda.do(NOON + MINUTE) == 0
    assert agenda.do(NOON + 2 * MINUTE) == 1
