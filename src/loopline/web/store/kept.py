"""Tasks through a network that comes and goes: pages a phone keeps ahead, and steps it did meanwhile, each taken once.

What is kept names no customer: addresses are opened for a page of the server alone. A step comes with an id that the
phone made; sent again, after an answer that was lost, it is done once, as steps on pages are.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from litestar.response import Template
from litestar.status_codes import HTTP_403_FORBIDDEN, HTTP_404_NOT_FOUND
from msgspec import Meta
from msgspec.structs import replace

from loopline.fulfilment.model import TaskKind, TaskState
from loopline.kernel.ids import TaskId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.web.api.answers import answered, read
from loopline.web.api.reading import decode
from loopline.web.api.refusals import IdNotOfItsTime
from loopline.web.edge import NotSignedIn, WebRequest, edge_of, language_of
from loopline.web.pages import environment, page
from loopline.web.problems import status_of
from loopline.web.store.desk import DESK, STORE, Desk
from loopline.web.store.steps_box import STEP_SCRIPTS, steps_box_of
from loopline.web.store.task import Step, refusal_of, step_work
from loopline.web.store.task_view import TaskFacts, context_of, read_task
from loopline.web.store.words import refusal_words

_WAY = (TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED)
_NOTHING_OF_YOURS = frozenset({HTTP_403_FORBIDDEN, HTTP_404_NOT_FOUND})
_FIELDS_MAX, _VALUES_MAX, _TEXT_MAX = 400, 400, 200

Text = Annotated[str, Meta(max_length=_TEXT_MAX)]


class StepSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step as a phone did it; `id` is a UUIDv7 that it made, `fields` are those of the step's form.

    `person`: who did it there; while another is signed in on the phone it is not taken, and waits.
    """

    id: UUID
    person: UUID | None = None
    task_id: UUID
    step: Step
    fields: Annotated[
        dict[Text, Annotated[list[Text], Meta(max_length=_VALUES_MAX)]], Meta(max_length=_FIELDS_MAX)
    ]


class StepTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is done now, or was before; `refused`: why it is not, and never will be."""

    id: UUID
    refused: str = ""


class KeptPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a task shows, once it stands so."""

    state: TaskState
    html: str


class KeptTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task as a phone keeps it: how it stands, and what its pages will show from here on."""

    task_id: UUID
    number: str
    goods: str
    state: TaskState
    pages: list[KeptPage]


@get("/store/tasks/{task_id:uuid}/kept", dependencies=DESK, sync_to_thread=True)
def tell_kept_task(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID]
) -> Response[bytes]:
    """Tell a phone what the pages of a task show from here on: of no customer, with nothing opened."""
    edge, language = edge_of(request), language_of(request)
    facts = read(
        request, lambda conn, now: read_task(conn, TaskId(task_id), desk, now=now, edge=edge, is_kept=True)
    )
    rows = context_of(facts, desk, language)["rows"]
    kept = KeptTask(
        task_id=task_id,
        number=facts.order.number,
        goods=" · ".join(f"{row.name} ×{row.units}" for row in rows),
        state=facts.task.state,
        pages=[_kept_page(request, facts, desk, state) for state in _ahead(facts)],
    )
    return answered(kept)


def _ahead(facts: TaskFacts) -> tuple[TaskState, ...]:
    """The states whose pages a phone keeps. What a customer collects has its code from the server, and its page too."""
    state = facts.task.state
    if state not in _WAY:
        return ()
    way = _WAY[_WAY.index(state) :]
    is_collected = facts.task.kind is TaskKind.COLLECT and state is not TaskState.PACKED
    return way[:-1] if is_collected else way


def _kept_page(request: WebRequest, facts: TaskFacts, desk: Desk, state: TaskState) -> KeptPage:
    task = facts.task
    if state is not task.state:
        task = replace(
            task,
            state=state,
            accepted_by=task.accepted_by or desk.person_id,
            accepted_at=task.accepted_at or facts.now,
        )
    written = page(
        request,
        "store/task_page.html",
        **context_of(replace(facts, task=task), desk, language_of(request)),
        may_work=desk.visitor.may(Permission.TASKS_WRITE),
        refusal="",
        is_fragment=False,
        form_token="",
        command_id="",  # the phone makes one
    )
    html = environment().get_template("store/task_page.html").render(written.context)
    return KeptPage(state=state, html=html)


@post("/store/tasks/steps", dependencies=DESK, status_code=200, sync_to_thread=True)
def take_step(request: WebRequest, desk: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Take a step that a phone did, with or without a network; sent twice, it is done once."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    asked: StepSent = decode(body, StepSent)
    if asked.id.version != 7:
        raise Refused(IdNotOfItsTime(id=asked.id))
    if asked.person not in {None, desk.person_id}:
        raise NotSignedIn
    data: dict[str, Any] = {name: one[0] if len(one) == 1 else one for name, one in asked.fields.items()}
    data["command_id"] = str(asked.id)
    work = step_work(asked.step, request, desk, TaskId(asked.task_id), data)
    refusal = work if isinstance(work, Refusal) else refusal_of(request, work, scope)
    if refusal is not None and status_of(refusal) in _NOTHING_OF_YOURS:
        raise Refused(refusal)
    return answered(
        StepTaken(id=asked.id, refused=refusal_words(refusal, language_of(request)) if refusal else "")
    )


@get("/store/shell", sync_to_thread=False)
def show_store_shell(request: WebRequest) -> Template:
    """Show what opens without a network in place of Today and of tasks: a page of nobody, with no data."""
    language = language_of(request)
    return page(
        request,
        "store/shell.html",
        desk=None,
        form_token="",
        here=STORE,
        steps_box=steps_box_of(language),
    )


@get("/store/code/{mark:str}/{name:str}", sync_to_thread=False)
def show_task_script(mark: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Give a script that keeps tasks."""
    return STEP_SCRIPTS.give(mark, name)


@get("/store/worker.js", sync_to_thread=False)
def show_store_worker() -> Response[bytes]:
    """Give the service worker of Today and of tasks."""
    return STEP_SCRIPTS.worker()


KEPT_PAGES = [tell_kept_task, take_step, show_store_shell, show_task_script, show_store_worker]
