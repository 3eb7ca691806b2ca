"""A million random histories of money, by the rules of the service: nothing is made, lost or told otherwise.

Every entry balances, every reversal is exact, every line ends where the whole of it ends, every statement is the sum of
its entries, and what the customer paid is what was given back, what parties got and are owed, tax, liabilities and
named rounding, after each step.

Hypothesis draws a few hundred, step by step, and makes what fails short. Of the million it draws where each ten
thousand begin: to draw each step by itself, and to remember how, would take it longer than to live through it.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.property.processes.histories import ACTS, WORLDS, Act, happened_in, live, live_through

MILLION = 1_000_000
_BLOCK = 10_000
_CORES = 2
KINDS = {
    "sale", "reversal", "share_release", "share_claw_back", "adjustment", "bonus", "payout", "payout_returned",
    "reclaim", "reclaim_failed",
}  # fmt: skip
BUYING = {
    "several lines",
    "promotion used",
    "coupon used",
    "points used",
    "borne by others",
    "points earned",
    "nothing paid",
}
acts = st.lists(st.sampled_from([act for act, _ in ACTS]), min_size=1, max_size=12)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.integers(0, WORLDS - 1), acts, st.randoms(use_true_random=False), st.booleans())
def test_whatever_happens_the_books_add_up(
    number: int, drawn: Sequence[Act], luck: Random, is_all_back: bool
):
    life = live_through(number, drawn, luck, is_all_back=is_all_back)
    assert happened_in(life)["histories"] == 1


def test_a_few_histories_have_all_of_it():
    happened = live(7_000_000, 400)
    assert happened["histories"] == 400
    assert set(+happened) >= (KINDS | BUYING) - {"reclaim_failed"}


@pytest.mark.slow
def test_a_million_histories_add_up(capsys: pytest.CaptureFixture[str]):
    happened: Counter[str] = Counter()

    @settings(max_examples=MILLION // _BLOCK // _CORES, deadline=None, database=None, phases=[Phase.generate])
    @given(st.lists(st.integers(0, 2**48), min_size=_CORES, max_size=_CORES, unique=True))
    def blocks(starts: list[int]) -> None:
        happened.update(sum(workers.map(live, starts, [_BLOCK] * _CORES), Counter[str]()))

    with ProcessPoolExecutor(_CORES, mp_context=get_context("spawn")) as workers:
        blocks()
    with capsys.disabled():
        print(f"\n{happened['histories']:,} histories: {dict(happened)}")
    assert happened["histories"] >= MILLION
    assert set(+happened) >= KINDS | BUYING
