"""What stock decides, item by item in the order of arrival. Pure: each rule moves the working copy and answers."""

from loopline.stock.rules.allocations import decide_allocation_releases, decide_allocations, decide_hand_overs
from loopline.stock.rules.breaking import choose_broken_promises
from loopline.stock.rules.doubts import decide_doubts
from loopline.stock.rules.facts import decide_facts, decide_safeties
from loopline.stock.rules.holds import decide_extensions, decide_holds, decide_releases, release_expired
from loopline.stock.rules.quotas import decide_quota_changes, decide_quotas, end_quotas, lose_units
from loopline.stock.rules.transfers import decide_transfers
from loopline.stock.rules.tree import decide_moves, decide_nodes

__all__ = [
    "choose_broken_promises",
    "decide_allocation_releases",
    "decide_allocations",
    "decide_doubts",
    "decide_extensions",
    "decide_facts",
    "decide_hand_overs",
    "decide_holds",
    "decide_moves",
    "decide_nodes",
    "decide_quota_changes",
    "decide_quotas",
    "decide_releases",
    "decide_safeties",
    "decide_transfers",
    "end_quotas",
    "lose_units",
    "release_expired",
]
