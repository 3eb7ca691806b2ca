"""Two words of one person on their own returns, from one barrier: together they stay within what they may alone."""

from collections.abc import Callable

from loopline.db import Conn, Database
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.take_back.blind import decide_blind
from loopline.returns.model import BlindDecided, BlindDecision, SecondPersonNeeded
from tests.make.rivals import together
from tests.make.shop import open_shop
from tests.process.test_blind_returns import DECIDED, brought, limit, word

TRIALS = 5


def deciding(said: BlindDecision) -> Callable[[Conn], BlindDecided | Refusal]:
    def work(conn: Conn) -> BlindDecided | Refusal:
        return decide_blind(conn, [said], scope=WHOLE_BRAND, now=DECIDED)[0]

    return work


def test_two_at_once_stay_within_the_limit(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        limit(conn, 10_000)
    for trial in range(TRIALS):
        who = f"person:{trial}"
        with database.transaction() as conn:
            (coat,) = brought(conn, shop, f"B-{trial}", ("COAT", 1), to=who)
            (hat,) = brought(conn, shop, f"C-{trial}", ("HAT", 1), to=who)
        outcomes = together(
            database,
            [deciding(word(one, pay=6_000, by=who)) for one in (coat, hat)],
        )
        assert sorted(type(one).__name__ for one in outcomes) == [
            BlindDecided.__name__,
            SecondPersonNeeded.__name__,
        ]
