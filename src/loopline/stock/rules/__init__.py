"""What stock decides, item by item in the order of arrival. Pure: each rule moves the working copy and answers."""

from loopline.stock.rules.allocations import decide_allocation_releases, decide_allocations, decide_hand_overs
from loopline.stock.rules.breaking import choose_broken_holds
from loopline.stock.rules.doubts import decide_doubts
from loopline.stock.rules.facts import decide_facts, decide_safeties
from loopline.stock.rules.holds import decide_extensions, decide_holds, decide_releases, release_expired
from loopline.stock.rules.transfers import decide_transfers
from loopline.stock.rules.tree import decide_moves, decide_nodes

__all__ = [
    "choose_broken_holds",
    "decide_allocation_releases",
    "decide_allocations",
    "decide_doubts",
    "decide_extensions",
    "decide_facts",
    "decide_hand_overs",
    "decide_holds",
    "decide_moves",
    "decide_nodes",
    "decide_releases",
    "decide_safeties",
    "decide_transfers",
    "release_expired",
]
