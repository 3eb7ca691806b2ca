"""Calls: work that is put to several sites at once, and that the first to claim it has.

What a call names stays held, and takes no place in any site's day: the process that lets a site claim ties the goods
and makes the task in the same transaction. A call ends once: claimed, past its deadline (`lapsed`), or taken back
(`withdrawn`), because its order was called off or what it holds is no longer what was called.
Lock order: calls by id, before tasks.
"""

from loopline.fulfilment.calls.model import (
    Call,
    CallEnd,
    CallLine,
    CallSite,
    CallState,
    ClaimCall,
    OpenCall,
    OpenCallsAsk,
)
from loopline.fulfilment.calls.queries import calls_by_id, calls_of_orders, open_calls_page
from loopline.fulfilment.calls.rules import CallIsOver, ClaimedByAnother, UnknownCall, judge_claim
from loopline.fulfilment.calls.service import (
    end_calls,
    lock_calls,
    lock_calls_of_orders,
    open_calls,
    write_claims,
)

__all__ = [
    "Call",
    "CallEnd",
    "CallIsOver",
    "CallLine",
    "CallSite",
    "CallState",
    "ClaimCall",
    "ClaimedByAnother",
    "OpenCall",
    "OpenCallsAsk",
    "UnknownCall",
    "calls_by_id",
    "calls_of_orders",
    "end_calls",
    "judge_claim",
    "lock_calls",
    "lock_calls_of_orders",
    "open_calls",
    "open_calls_page",
    "write_claims",
]
