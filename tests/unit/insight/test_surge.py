"""Latencies of placing, read from counts by step: never told too low."""

import pytest

from loopline.insight.surge import LATENCY_STEPS_MS, latency_ms

BUCKETS = len(LATENCY_STEPS_MS) + 1


def counts(**by_step: int) -> list[int]:
    """Counts by the step's milliseconds, `ms_5=3`; `ms_over` is what took longer than all steps."""
    steps = {f"ms_{step}": place for place, step in enumerate(LATENCY_STEPS_MS)} | {"ms_over": BUCKETS - 1}
    found = [0] * BUCKETS
    for name, count in by_step.items():
        found[steps[name]] = count
    return found


@pytest.mark.parametrize(
    ("latencies", "percentile", "expected"),
    [
        ([], 99, None),
        (counts(), 50, None),
        (counts(ms_5=1), 50, 5),
        (counts(ms_5=1), 99, 5),
        (counts(ms_5=99, ms_300=1), 99, 5),
        (counts(ms_5=98, ms_300=2), 99, 300),
        (counts(ms_5=50, ms_7=50), 50, 5),
        (counts(ms_5=49, ms_7=51), 50, 7),
        (counts(ms_1=1, ms_over=1), 99, 10_000),
        (counts(ms_over=3), 50, 10_000),
    ],
)
def test_a_percentile_is_the_step_within_which_so_many_were_answered(
    latencies: list[int], percentile: int, expected: int | None
):
    assert latency_ms(latencies, percentile) == expected


def test_steps_rise():
    assert list(LATENCY_STEPS_MS) == sorted(set(LATENCY_STEPS_MS))
