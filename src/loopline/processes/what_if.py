"""What if: a rule set over what was sold in a span of time, per party, beside what was earned. Changes nothing."""

from collections.abc import Callable

from loopline.db import Conn
from loopline.kernel.times import TimeRange
from loopline.sharing import trials
from loopline.sharing.model import RuleSet
from loopline.sharing.trying import Trial, Trying


def what_if(conn: Conn, rule_set: RuleSet, *, sold: TimeRange, tell: Callable[[int, int], None]) -> Trial:
    """Try a rule set; `tell` hears after every few thousand parts how many are done, of how many.

    Reads everything at one moment: run it in a transaction that reads a snapshot.
    """
    count = trials.count_sold(conn, sold=sold, currency=rule_set.currency)
    trying = Trying(rule_set, trials.kinds_sold(conn, sold=sold, currency=rule_set.currency))
    for done in trying.add(trials.parts_sold(conn, sold=sold, currency=rule_set.currency)):
        tell(done, count.told)
    return trying.result(untold=count.untold)
