"""Made-up histories of money, lived through the very rules that the service decides by, without a database.

A history is one customer's purchase and all that may follow: parts of it come back, rules change and more is bought by
the new ones, shares become due, payouts leave and fail, what was paid is asked back, lines are disputed, goods are
exchanged, ladders are evaluated and again, fees are kept, money is given back for goods nobody sold.

`Life` keeps three sets of figures that know nothing of each other: the ledger's (entries that `plan_entry` grants,
added up by `balance_deltas`), the statements' (what each entry moved of each party), and the purse: what customers,
gateways and parties handed over, reckoned from prices alone.
"""

from collections import Counter
from random import Random

import numpy as np

from tests.property.processes.charts import Wrong, rule_sets
from tests.property.processes.lives import Life

ACTS = (
    (Life.bring_back, 5),
    (Life.release, 2),
    (Life.pay_out, 4),
    (Life.hear, 4),
    (Life.ask_back, 3),
    (Life.hear_back, 3),
    (Life.dispute, 2),
    (Life.exchange, 2),
    (Life.climb, 1),
    (Life.change_rules, 1),
    (Life.keep_fee, 1),
    (Life.give_for_nothing, 1),
)


def live(first: int, how_many: int) -> Counter[str]:
    """Live through histories by their numbers, and return what happened in them; raises `Wrong` with the number."""
    dice = np.random.default_rng(first)
    prices = np.exp(dice.uniform(0, np.log(200_000), size=(how_many, 2))).astype(np.int64) + 1
    units = dice.integers(1, 9, size=(how_many, 2))
    rates = dice.choice((0, 600, 900, 1_300), size=(how_many, 2))
    weights = np.array([weight for _, weight in ACTS], dtype=float)
    acts = dice.choice(len(ACTS), p=weights / weights.sum(), size=(how_many, 14))
    lengths = dice.integers(2, 15, size=how_many)
    again = dice.random(how_many) < 0.3
    sets = [rule_sets(seed) for seed in range(first, first + 40)]
    happened: Counter[str] = Counter()
    for place in range(how_many):
        life = Life(sets[place % len(sets)], Random(first + place))
        try:
            life.sell(int(prices[place, 0]), int(units[place, 0]), int(rates[place, 0]))
            for act in acts[place, : lengths[place]].tolist():
                ACTS[act][0](life)
                life.check()
            if again[place]:
                life.sell(int(prices[place, 1]), int(units[place, 1]), int(rates[place, 1]))
                life.bring_back()
                life.check()
            life.end()
        except Wrong as wrong:
            raise Wrong(f"history {place} of those from {first}: {wrong}") from wrong
        for party in life.kinds.values():
            for one in party:
                happened[one.kind] += 1
        happened["histories"] += 1
    return happened
