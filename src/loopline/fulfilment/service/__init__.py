"""Commands of fulfilment. All take many items and return one outcome per item, in their order.

A command lost on its way and sent again gives the same answer, marked `is_repeat`, and changes nothing. Locks: tasks in
order of id, then the sites' days in order of (site, day); offering locks days only.
"""

from loopline.fulfilment.service.capacity import (
    LimitIsNegative,
    fix_limits,
    lock_days,
    renew_learnt_limits,
    reopen_days,
    set_day_limits,
    set_site_limits,
)
from loopline.fulfilment.service.leaving import collect_parcels, hand_over_tasks, lock_tasks_of_codes
from loopline.fulfilment.service.moves import lock_tasks
from loopline.fulfilment.service.offers import offer_tasks
from loopline.fulfilment.service.steps import accept_tasks, check_tasks, pack_tasks, pick_tasks, renew_codes
from loopline.fulfilment.service.timers import end_waiting, lapse_tasks
from loopline.fulfilment.service.withdrawals import cancel_tasks, refuse_tasks

__all__ = [
    "LimitIsNegative",
    "accept_tasks",
    "cancel_tasks",
    "check_tasks",
    "collect_parcels",
    "end_waiting",
    "fix_limits",
    "hand_over_tasks",
    "lapse_tasks",
    "lock_days",
    "lock_tasks",
    "lock_tasks_of_codes",
    "offer_tasks",
    "pack_tasks",
    "pick_tasks",
    "refuse_tasks",
    "renew_codes",
    "renew_learnt_limits",
    "reopen_days",
    "set_day_limits",
    "set_site_limits",
]
