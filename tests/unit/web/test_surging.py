"""What burns in a surge, by its thresholds; every reason that has a word is one that somebody can be refused for."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from loopline.insight.surge import LATENCY_STEPS_MS, Pace, PacePoint, RefusedCount
from loopline.kernel.refusals import Refusal
from loopline.stock import PromiseAges
from loopline.web.hq.surge_view import REFUSAL_WORDS
from loopline.web.surging import Burn, Surge, Tone, burning
from tests.architecture.write_reference import import_everything
from tests.make.web import NOW


def surge(
    *, waiting: int = 0, slow_ms: int = 5, due: float = 0, short: float | None = None, **refused: int
) -> Surge:
    latencies = [0] * (len(LATENCY_STEPS_MS) + 1)
    latencies[LATENCY_STEPS_MS.index(slow_ms)] = 1
    return Surge(
        at=NOW,
        zone="Asia/Shanghai",
        pace=Pace(
            points=(PacePoint(second=NOW, accepted=1, repeated=0, refused=0, waiting=waiting),),
            latencies=tuple(latencies),
            refusals=tuple(RefusedCount(code=code, orders=orders) for code, orders in refused.items()),
        ),
        promises=PromiseAges(
            unpaid_holds=9,
            first_line_id=None,
            due_holds=1 if due else 0,
            due_since=NOW - timedelta(seconds=due) if due else None,
            open_shortfalls=0 if short is None else 3,
            short_since=None if short is None else NOW - timedelta(seconds=short),
        ),
        stages={},
        shortfalls=(),
        nodes={},
        skus={},
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, []),
        ({"not_enough_free": 10_000}, []),  # sold out is no fault
        ({"waiting": 1_000}, []),
        ({"waiting": 1_001}, [(Burn.WAITING, Tone.WARN, 1_001)]),
        ({"waiting": 10_000}, [(Burn.WAITING, Tone.WARN, 10_000)]),
        ({"waiting": 10_001}, [(Burn.WAITING, Tone.BAD, 10_001)]),
        ({"slow_ms": 50}, []),
        ({"slow_ms": 75}, [(Burn.SLOW, Tone.WARN, 75)]),
        ({"slow_ms": 200}, [(Burn.SLOW, Tone.WARN, 200)]),
        ({"slow_ms": 300}, [(Burn.SLOW, Tone.BAD, 300)]),
        ({"due": 5}, []),
        ({"due": 6}, [(Burn.HOLDS_DUE, Tone.WARN, 6)]),
        ({"due": 30}, [(Burn.HOLDS_DUE, Tone.WARN, 30)]),
        ({"due": 31}, [(Burn.HOLDS_DUE, Tone.BAD, 31)]),
        ({"short": 0}, [(Burn.SHORTFALLS, Tone.WARN, 3)]),
        ({"short": 900}, [(Burn.SHORTFALLS, Tone.WARN, 3)]),
        ({"short": 901}, [(Burn.SHORTFALLS, Tone.BAD, 3)]),
        ({"too_much_waits": 1}, [(Burn.SENT_AWAY, Tone.BAD, 1)]),
        (
            {"slow_ms": 75, "broke_on_our_side": 2, "not_done_now": 3},
            [(Burn.FAILED, Tone.BAD, 5), (Burn.SLOW, Tone.WARN, 75)],
        ),
    ],
)
def test_what_burns(state: dict[str, Any], expected: list[tuple[Burn, Tone, int]]):
    assert [(one.what, one.tone, one.amount) for one in burning(surge(**state))] == expected


def refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for one in of.__subclasses__():
        yield one
        yield from refusals(one)


def test_every_reason_with_a_word_is_a_refusal_there_is():
    import_everything()
    codes = {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", one.__name__).lower() for one in refusals()}
    assert set(REFUSAL_WORDS) - codes == set()
