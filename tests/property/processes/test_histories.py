"""A million random histories of money, by the rules of the service: nothing is made, lost or told otherwise.

Every entry balances, every reversal is exact, every statement is the sum of its entries, and what the customer paid is
what was given back, what parties got and are owed, tax, liabilities and named rounding, after each step.
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.property.processes.histories import live

MILLION = 1_000_000
_BLOCK = 10_000
_CORES = 2
KINDS = {
    "sale", "reversal", "share_release", "share_claw_back", "adjustment", "bonus", "payout", "payout_returned",
    "reclaim", "reclaim_failed",
}  # fmt: skip


def test_a_few_histories_add_up():
    happened = live(7_000_000, 600)
    assert happened["histories"] == 600
    assert set(happened) >= KINDS - {"reclaim_failed"}


@pytest.mark.slow
def test_a_million_histories_add_up(capsys: pytest.CaptureFixture[str]):
    starts = range(0, MILLION, _BLOCK)
    with ProcessPoolExecutor(_CORES, mp_context=get_context("spawn")) as workers:
        happened = sum(workers.map(live, starts, [_BLOCK] * len(starts)), Counter[str]())
    with capsys.disabled():
        print(f"\n{happened.pop('histories'):,} histories; lines of parties' statements: {dict(happened)}")
    assert set(happened) >= KINDS
