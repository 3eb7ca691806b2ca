"""Labels of parcels: one number each, on pages or in ZPL II; what they say is for whoever has the parcel in hand."""

from base64 import b64encode
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline.fulfilment.labels import LabelForm, PrintLabel
from loopline.kernel.ids import TaskId
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.processes.open_buyers import WhoOpens
from loopline.web.api.answers import AnyRequest, answered, outcomes, refuse_to_keep_secrets
from loopline.web.api.caller import Caller
from loopline.web.api.shapes import Outcome, posted
from loopline.web.edge import language_of
from loopline.web.labels.fonts import want_chinese
from loopline.web.labels.pdf import labels_pdf
from loopline.web.labels.printing import LABELS_MAX, Printed, WhoPrints, print_now
from loopline.web.labels.zpl import labels_zpl
from loopline.web.paper import want_pages


class LabelAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A parcel whose label is wanted; `tracking_number`, where given, is the carrier's for it from now on."""

    task_id: UUID
    tracking_number: Annotated[str, Meta(pattern=r"^[A-Za-z0-9\-]{1,64}$(?!\n)")] | None = None


class LabelsAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to fifty labels, and what they are to be printed as."""

    items: Annotated[list[LabelAsk], Meta(min_length=1, max_length=LABELS_MAX)]
    form: LabelForm = LabelForm.PDF


class LabelTold(msgspec.Struct, frozen=True, kw_only=True):
    """A label that is in `content`: the number its parcel goes by for good, and how often it was printed."""

    task_id: TaskId
    number: str
    tracking_number: str | None
    prints: int


class LabelsGiven(msgspec.Struct, frozen=True, kw_only=True):
    """The labels that were printed, in their order, and what became of each item.

    `content` is ZPL II as text, or a PDF of 100 × 150 mm pages in base64; empty where nothing was printed.
    """

    outcomes: list[Outcome[LabelTold]]
    media_type: str
    content: str

    def __repr__(self) -> str:
        return f"LabelsGiven(outcomes={self.outcomes!r})"


@posted("/tasks/labels", tag="tasks", name="print_labels", gives=LabelsGiven)
def print_labels(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[LabelsAsk]
) -> Response[bytes]:
    """Print labels of parcels that are checked and have not left; each print is in the log.

    The answer is never kept: leave the Idempotency-Key out. Buyers whom a marketplace sealed are opened to people.
    """
    refuse_to_keep_secrets(request)
    who = WhoPrints(
        actor=caller.actor,
        scope=caller.scope(Permission.TASKS_WRITE),
        opens=WhoOpens(person_id=caller.person_id, branches=caller.branches) if caller.person_id else None,
    )
    commands = [
        PrintLabel(task_id=TaskId(one.task_id), form=data.form, tracking_number=one.tracking_number)
        for one in data.items
    ]
    is_zpl = data.form is LabelForm.ZPL
    want_chinese()
    if not is_zpl:
        want_pages()
    found = print_now(request, commands, who=who)
    texts = [one.text for one in found if isinstance(one, Printed)]
    content = ""
    if texts:
        content = labels_zpl(texts) if is_zpl else b64encode(labels_pdf(texts, language_of(request))).decode()
    return answered(
        LabelsGiven(
            outcomes=outcomes(Outcome[LabelTold], [_told(one) for one in found], request),
            media_type="application/zpl" if is_zpl else "application/pdf",
            content=content,
        )
    )


def _told(one: Printed | Refusal) -> LabelTold | Refusal:
    if isinstance(one, Refusal):
        return one
    return LabelTold(
        task_id=one.label.task_id,
        number=one.label.number,
        tracking_number=one.label.tracking_number,
        prints=one.label.prints,
    )


LABEL_HANDLERS = [print_labels]
