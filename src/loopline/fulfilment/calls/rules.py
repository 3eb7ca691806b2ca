"""Who may claim what. Pure."""

from datetime import datetime
from uuid import UUID

from loopline.fulfilment.calls.model import Call, CallState, ClaimCall
from loopline.kernel.refusals import Refusal


class UnknownCall(Refusal, frozen=True, kw_only=True):
    """No call {call_id} was put to site {site_id}."""

    call_id: UUID
    site_id: UUID


class ClaimedByAnother(Refusal, frozen=True, kw_only=True):
    """Another was quicker: call {call_id} is claimed."""

    call_id: UUID


class CallIsOver(Refusal, frozen=True, kw_only=True):
    """Call {call_id} is over: it had to be claimed before {deadline}, or was taken back."""

    call_id: UUID
    deadline: datetime


def judge_claim(command: ClaimCall, call: Call, *, now: datetime) -> Call | Refusal:
    """Say whether a call may be claimed at `now` (its deadline excluded); the call itself says yes.

    One that this very site and person claimed before is answered with the claimed call: claiming twice is claiming
    once.
    """
    if call.of_site(command.site_id) is None:
        return UnknownCall(call_id=command.call_id, site_id=command.site_id)
    if call.state is CallState.CLAIMED:
        is_same = (call.site_id, call.claimed_by) == (command.site_id, command.by)
        return call if is_same else ClaimedByAnother(call_id=call.call_id)
    if call.state is not CallState.OPEN or now >= call.deadline:
        return CallIsOver(call_id=call.call_id, deadline=call.deadline)
    return call
