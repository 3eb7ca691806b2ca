"""Labels from the phone: of one parcel, and of all boxes of a round that are checked."""

import re
from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.labels import LABELLED, LabelForm, PrintLabel
from loopline.kernel.ids import RoundId, TaskId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.addresses import AddressDoubted, AddressUnusable, say_right
from loopline.web.api.answers import read, run
from loopline.web.buyer_view import who_opens
from loopline.web.edge import WebRequest, language_of
from loopline.web.labels.fonts import want_chinese
from loopline.web.labels.pdf import labels_pdf
from loopline.web.labels.printing import Printed, WhoPrints, print_now
from loopline.web.labels.zpl import labels_zpl
from loopline.web.paper import want_pages
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.moving.place import Form
from loopline.web.store.refusals import NothingToLabel, TrackingNumberNotUsable
from loopline.web.store.round.commands import tasks_in
from loopline.web.store.round.place import PICKING
from loopline.web.store.task import ADDRESS_RIGHT

_TRACKING = re.compile(r"[A-Za-z0-9-]{1,64}")
_HELD = (AddressDoubted, AddressUnusable)
_FILES = {LabelForm.PDF: "application/pdf", LabelForm.ZPL: "application/zpl"}


@post("/store/tasks/{task_id:uuid}/label", dependencies=DESK, status_code=200, sync_to_thread=True)
def print_labels(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: Form
) -> Response[bytes]:
    """Print the label of a parcel in hand; the carrier's number, where it is stated, goes onto it."""
    stated = str(data.get("tracking_number", "")).strip()
    if stated and not _TRACKING.fullmatch(stated):
        raise Refused(TrackingNumberNotUsable())
    form = _form(data)
    command = PrintLabel(task_id=TaskId(task_id), form=form, tracking_number=stated or None)
    if data.get(ADDRESS_RIGHT):
        scope, by = desk.visitor.scope_of(Permission.TASKS_WRITE), actor_of(desk.visitor)
        run(request, lambda conn, now: say_right(conn, [command.task_id], scope=scope, by=by, now=now))
    return _printed(request, desk, [command], form)


@post("/store/round/labels", dependencies=PICKING, status_code=200, sync_to_thread=True)
def print_round(request: WebRequest, picking: NamedDependency[Desk], data: Form) -> Response[bytes]:
    """Print the labels of all boxes of the own round that are checked and have not left."""
    try:
        round_id = RoundId(UUID(str(data.get("round_id", ""))))
    except ValueError:
        raise Refused(NothingToLabel()) from None

    tasks = read(request, lambda conn, _: fulfilment.tasks_by_id(conn, tasks_in(conn, round_id, picking)))
    form = _form(data)
    commands = [PrintLabel(task_id=task.task_id, form=form) for task in tasks if task.state in LABELLED]
    if not commands:
        raise Refused(NothingToLabel())
    return _printed(request, picking, commands, form)


def _form(data: dict[str, Any]) -> LabelForm:
    return LabelForm.ZPL if data.get("form") == LabelForm.ZPL.value else LabelForm.PDF


def _printed(request: WebRequest, desk: Desk, commands: list[PrintLabel], form: LabelForm) -> Response[bytes]:
    who = WhoPrints(
        actor=actor_of(desk.visitor),
        scope=desk.visitor.scope_of(Permission.TASKS_WRITE),
        opens=who_opens(desk.visitor),
        reads_what_lacks=True,
        heeds_doubts=True,
    )
    want_chinese()
    if form is LabelForm.PDF:
        want_pages()
    outcomes = print_now(request, commands, who=who)
    texts = [one.text for one in outcomes if isinstance(one, Printed)]
    # A box whose address is in doubt gets its label on its own page, and holds up no other.
    refusal = next(
        (one for one in outcomes if isinstance(one, Refusal) and not (texts and isinstance(one, _HELD))), None
    )
    if refusal is not None:
        raise Refused(refusal)
    content = labels_zpl(texts).encode() if form is LabelForm.ZPL else labels_pdf(texts, language_of(request))
    shown = "attachment" if form is LabelForm.ZPL else "inline"
    return Response(
        content,
        media_type=_FILES[form],
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'{shown}; filename="labels.{form.value}"',
        },
    )
