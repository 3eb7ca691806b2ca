"""Where a marketplace's parcel goes: masked on the page of its task, shown to whoever ships it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.rules import UnknownTask
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.refusals import Refusal, Refused
from loopline.web.api.answers import read
from loopline.web.buyer_view import PurposeData, fragment, is_fragment, open_for, opened_card, purpose_in
from loopline.web.edge import WebRequest, language_of
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.task import task_context


@get("/store/tasks/{task_id:uuid}/buyer", dependencies=DESK, sync_to_thread=True)
def show_buyer(request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID]) -> Response[Any]:
    """Show the buyer masked again; a browser that asks for a page is led to the task."""
    if not is_fragment(request):
        _order_of(request, desk, TaskId(task_id))
        return Redirect(f"/store/tasks/{task_id}", status_code=HTTP_303_SEE_OTHER)
    context = task_context(request, desk, TaskId(task_id))
    if context["card"] is None:
        return Response("", media_type="text/html", headers={"Cache-Control": "no-store"})
    return fragment(request, context["card"])


@post("/store/tasks/{task_id:uuid}/buyer", dependencies=DESK, status_code=200, sync_to_thread=True)
def open_buyer(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: PurposeData
) -> Response[Any]:
    """Show the buyer for a purpose: written down first, and on this one answer alone."""
    order_id, purpose = _order_of(request, desk, TaskId(task_id)), purpose_in(data.purpose)
    if purpose is None:
        return Redirect(f"/store/tasks/{task_id}", status_code=HTTP_303_SEE_OTHER)
    outcome = open_for(request, desk.visitor, order_id, purpose)
    context = task_context(request, desk, TaskId(task_id))
    card = context["card"]
    if card is None:
        return Redirect(f"/store/tasks/{task_id}", status_code=HTTP_303_SEE_OTHER)
    shown = opened_card(card, outcome, purpose, language_of(request))
    if is_fragment(request):
        return fragment(request, shown)
    status = status_of(outcome) if isinstance(outcome, Refusal) else 200
    return page(request, "store/task.html", status=status, refusal="", **{**context, "card": shown})


def _order_of(request: WebRequest, desk: Desk, task_id: TaskId) -> OrderId:
    found = read(request, lambda conn, _: fulfilment.tasks_by_id(conn, [task_id]))
    if not found or not desk.scope.covers_site(found[0].site_id):
        raise Refused(UnknownTask(task_id=task_id))
    return found[0].order_id


BUYER_PAGES = [show_buyer, open_buyer]
