"""Collect in store: the customer shows a code, the parcel is found by it, looked at, and given."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, orders
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.codes import hash_of_code
from loopline.fulfilment.model import CollectParcel, HandedOver, Task, TaskKind, TaskLine, TaskState
from loopline.fulfilment.rules import UnknownCode
from loopline.kernel.ids import OrderId, SkuId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.orders import Order
from loopline.org import Permission
from loopline.processes.collecting import (
    PaperNeeded,
    ProofNeeded,
    ProofNotTheirs,
    ProofsUsedUp,
    Shown,
    collect,
    proofs_asked,
)
from loopline.web.api.answers import read, run
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.words import refusal_words, variety

COLLECT = "/store/collect"
_WAITING_MAX = 500
_CODE_LENGTH_MAX = 40
_PROOF_LENGTH_MAX = 32
_OF_PROOF = (ProofNeeded, PaperNeeded, ProofNotTheirs, ProofsUsedUp)


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    """The code a customer shows, however it is typed; for dear goods what shows that they are theirs."""

    code: str
    proof: str = ""
    paper: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """The parcels that wait at a site for their customers, with what is in them."""

    now: datetime
    tasks: list[Task]
    lines: dict[TaskId, list[TaskLine]]
    heads: dict[OrderId, Order]
    skus: dict[SkuId, Sku]


def read_waiting(conn: Conn, desk: Desk, *, now: datetime) -> Waiting:
    """Read what waits at the site, the parcel that must go back first on top."""
    found = [
        task
        for task in fulfilment.open_tasks_of_sites(conn, [desk.site.id], limit=_WAITING_MAX)
        if task.kind is TaskKind.COLLECT and task.state is TaskState.PACKED
    ]
    lines = fulfilment.lines_of_tasks(conn, [task.task_id for task in found])
    heads = orders.orders_by_ids(conn, sorted({task.order_id for task in found}))
    return Waiting(
        now=now,
        tasks=sorted(found, key=lambda task: (task.collect_by or task.deadline, task.task_id)),
        lines=lines,
        heads={head.id: head for head in heads},
        skus=catalogue.skus_by_id(conn, {line.sku_id for of_task in lines.values() for line in of_task}),
    )


@get(COLLECT, dependencies=DESK, sync_to_thread=True)
def show_collect(request: WebRequest, desk: NamedDependency[Desk], code: FromQuery[str] = "") -> Template:
    """Show what waits; with a code, the parcel it belongs to."""
    return _collect_page(request, desk, code=code[:_CODE_LENGTH_MAX])


@post("/store/collect/hand-over", dependencies=DESK, sync_to_thread=True)
def give_parcel(
    request: WebRequest,
    desk: NamedDependency[Desk],
    data: Annotated[CodeForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Give a parcel to whoever shows its code; given twice, it is given once."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    code = data.code[:_CODE_LENGTH_MAX]
    shown = Shown(
        parcel=CollectParcel(site_id=desk.site.id, code=code),
        proof=data.proof[:_PROOF_LENGTH_MAX],
        is_paper_seen=bool(data.paper),
    )
    ring, by = edge_of(request).ring, actor_of(desk.visitor)
    (outcome,) = run(
        request, lambda conn, now: collect(conn, [shown], ring=ring, by=by, scope=scope, now=now)
    )
    if isinstance(outcome, HandedOver):
        return Redirect(f"/store/tasks/{outcome.task_id}", status_code=HTTP_303_SEE_OTHER)
    return _collect_page(request, desk, code=code, refusal=outcome)


def _collect_page(request: WebRequest, desk: Desk, *, code: str, refusal: Refusal | None = None) -> Template:
    language = language_of(request)
    waiting = read(request, lambda conn, now: read_waiting(conn, desk, now=now))
    found: Task | None = None
    if code.strip() and (refusal is None or isinstance(refusal, _OF_PROOF)):
        wanted = hash_of_code(desk.site.id, code)
        found = next((task for task in waiting.tasks if task.code_hash == wanted), None)
        refusal = refusal if found else UnknownCode(site_id=desk.site.id)
    asked = read(request, lambda conn, _: proofs_asked(conn, [found])).get(found.task_id) if found else None
    return page(
        request,
        "store/collect.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=desk.visitor,
        desk=desk,
        code=code,
        refusal=refusal_words(refusal, language) if refusal else "",
        found=_parcel(found, waiting, desk, language) if found else None,
        asked={"amount": language.money(asked.amount_minor, asked.currency), "has_phone": asked.has_phone}
        if asked
        else None,
        parcels=[_parcel(task, waiting, desk, language) for task in waiting.tasks],
        may_work=desk.visitor.may(Permission.TASKS_WRITE),
        may_return=desk.visitor.may(Permission.RETURNS_WRITE),
    )


def _parcel(task: Task, waiting: Waiting, desk: Desk, language: Language) -> dict[str, Any]:
    return {
        "number": waiting.heads[task.order_id].number,
        "path": f"/store/tasks/{task.task_id}",
        "until": language.until(task.collect_by, desk.site.time_zone) if task.collect_by else "",
        "is_late": task.collect_by is not None and task.collect_by <= waiting.now,
        "goods": [
            _good(line, waiting.skus.get(line.sku_id), language)
            for line in waiting.lines.get(task.task_id, [])
            if line.left
        ],
    }


def _good(line: TaskLine, sku: Sku | None, language: Language) -> dict[str, str]:
    return {
        "name": language.called(sku.name) if sku else "?",
        "code": sku.code if sku else "?",
        "variety": variety(sku) if sku else "",
        "units": language.count(line.left),
    }
