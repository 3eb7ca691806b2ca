"""Lend: what marketplaces may sell is lent to them as stock and sales move, told by steps, taken back by their answers.

Follows the log: a sale of a marketplace lowers its loan, a calling off puts it back where the marketplace does, and
what moved is looked at again in the same transaction (`planning`). Steps are claimed and answered by whoever calls the
marketplaces (`telling`). Nothing is lent that a calling off may already have put back on a marketplace's shelf: before
it plans, the follower looks at what it has not come to yet. Why that sells no unit twice: docs/decisions/0029.
"""

from loopline.processes.lend.following import FOLLOWERS
from loopline.processes.lend.planning import look_over
from loopline.processes.lend.shipping import note_stated, watch
from loopline.processes.lend.telling import Due, claim, take_answers, write_off_loans
from loopline.processes.lend.terms import (
    CategoryUnknown,
    ChannelHasNoGoods,
    LoanWriteOff,
    set_goods_terms,
    set_terms,
)

__all__ = [
    "FOLLOWERS",
    "CategoryUnknown",
    "ChannelHasNoGoods",
    "Due",
    "LoanWriteOff",
    "claim",
    "look_over",
    "note_stated",
    "set_goods_terms",
    "set_terms",
    "take_answers",
    "watch",
    "write_off_loans",
]
