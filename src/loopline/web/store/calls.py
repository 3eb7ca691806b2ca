"""Claiming on the phone: one touch, and an honest answer when another store was quicker."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.fulfilment.calls import ClaimCall
from loopline.kernel.ids import CallId
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.processes.claim import claim
from loopline.web.api.answers import run
from loopline.web.edge import WebRequest
from loopline.web.store.desk import DESK, STORE, Desk
from loopline.web.store.today import today_page


@post("/store/calls/{call_id:uuid}/claim", dependencies=DESK, sync_to_thread=True)
def claim_call(request: WebRequest, desk: NamedDependency[Desk], call_id: FromPath[UUID]) -> Response[Any]:
    """Claim a call for the site, in one's own name; lead to its task, or say why it is not the site's."""
    command = ClaimCall(call_id=CallId(call_id), site_id=desk.site.id, by=desk.person_id)
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    outcome = run(request, lambda conn, now: claim(conn, [command], scope=scope, now=now)[0])
    if isinstance(outcome, Refusal):
        return today_page(request, desk, refusal=outcome)
    return Redirect(f"{STORE}/tasks/{outcome.task_id}", status_code=HTTP_303_SEE_OTHER)
