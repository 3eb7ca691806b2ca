"""Made-up histories of money, lived through the very rules that the service decides by, without a database.

A history is one member's purchases and all that may follow: carts of several lines with promotions, gifts, coupons and
points that others bear of, handed over in parcels; parts of them come back, rules change and more is bought by the new
ones, shares become due, payouts leave and fail, what was paid is asked back, debts are set off, lines are disputed,
goods are exchanged at their old price, ladders are evaluated and again, fees are kept, points mature and end, money is
given back for goods nobody sold.

`Life` keeps three sets of figures that know nothing of each other: the ledger's (entries that `plan_entry` grants,
added up by `balance_deltas`), the statements' (what each entry moved of each party), and the purse: what customers,
gateways and parties handed over, reckoned from prices alone.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from random import Random

from loopline.sharing.model import RuleSet
from tests.property.processes.carts import Shop, shop
from tests.property.processes.charts import Wrong, rule_sets
from tests.property.processes.lives import Life

Act = Callable[[Life], None]
ACTS: tuple[tuple[Act, int], ...] = (
    (Life.buy, 2),
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
WORLDS = 60
"""So many brands with rules, goods, promotions, coupons and points of their own."""
_NAMES = [act for act, _ in ACTS]
_WEIGHTS = [weight for _, weight in ACTS]


@cache
def world(number: int) -> tuple[Sequence[RuleSet], Shop]:
    """Return the rules of a brand, and what it sells."""
    return rule_sets(number), shop(number)


def live_through(number: int, acts: Sequence[Act], luck: Random, *, is_all_back: bool) -> Life:
    """Live one history in a world; raises `Wrong` at the step after which something does not hold."""
    rules, sells = world(number)
    life = Life(rules, sells, luck)
    life.buy()
    life.check()
    for act in acts:
        act(life)
        life.check()
    while is_all_back and any(one.left for one in life.sold):
        life.bring_back()
        life.check()
    life.end()
    return life


def live(first: int, how_many: int) -> Counter[str]:
    """Live through histories by their numbers, and return what happened in them; raises `Wrong` with the number."""
    happened: Counter[str] = Counter()
    for number in range(first, first + how_many):
        luck = Random(number)
        acts = luck.choices(_NAMES, _WEIGHTS, k=luck.randint(2, 14))
        try:
            life = live_through(number % WORLDS, acts, luck, is_all_back=luck.random() < 0.3)
        except Wrong as wrong:
            raise Wrong(f"history {number}: {wrong}") from wrong
        happened += happened_in(life)
    return happened


def happened_in(life: Life) -> Counter[str]:
    """Count what happened in a history: lines of parties' statements by kind, and what was bought how."""
    happened: Counter[str] = Counter(one.kind for of_party in life.kinds.values() for one in of_party)
    happened["histories"] += 1
    for bought in life.bought.values():
        happened["lines"] += len(bought.lines)
        happened["several lines"] += len(bought.lines) > 1
        for discount in (one for some in bought.discounts.values() for one in some):
            what = "coupon" if discount.coupon_id else "points" if discount.points else "promotion"
            happened[f"{what} used"] += 1
    happened["borne by others"] += sum(one.funded is not None for one in life.sold)
    happened["points earned"] += sum(lot.line_id is not None for lot in life.lots.values())
    happened["nothing paid"] += sum(one.posted is None for one in life.sold)
    return happened
