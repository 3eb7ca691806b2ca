"""The labels of parcels: a number for each, the same however often it is printed, and who printed it when.

What a label says of a customer is written at the edge and kept nowhere. Locks tasks by id; a label changes only under
the lock of its task.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, statements, uuids
from loopline.fulfilment import store
from loopline.fulfilment.model import Task, TaskState
from loopline.fulfilment.packing import TASK_AGE_MAX
from loopline.fulfilment.rules import UnknownTask, WrongState
from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId, SiteId, TaskId, first_id_of
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

SQL = statements(__file__)
LABELLED = frozenset({TaskState.CHECKED, TaskState.PACKED})
"""A parcel has a label while its goods are checked and it has not left."""


class LabelForm(StrEnum):
    """What a label is printed as: a page, or the language of label printers (ZPL II)."""

    PDF = "pdf"
    ZPL = "zpl"


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """The number a parcel goes by, the carrier's number for it where it is known, and how often it was printed."""

    task_id: TaskId
    number: str
    tracking_number: str | None
    prints: int


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel with the number of its label and the carrier's, as far as it has them."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    number: str | None
    tracking_number: str | None


class PrintLabel(msgspec.Struct, frozen=True, kw_only=True):
    """Print the label of a parcel; `tracking_number`, where given, is the carrier's from now on."""

    task_id: TaskId
    form: LabelForm
    tracking_number: str | None = None


class LabelPrinted(EventBody, frozen=True, kw_only=True):
    """The label of a parcel was printed, for the first time or again."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    number: str
    form: LabelForm
    prints: int


class PrintedLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label that may be printed now, and the task of its parcel."""

    label: Label
    task: Task


def number_of(count: int) -> str:
    """Spell the number of a label: `P`, ten digits, and one that shows most slips of whoever types it (Luhn)."""
    digits = f"{count:010d}"
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    total = sum(one - 9 if one > 9 else one for one in doubled)
    return f"P{digits}{-total % 10}"


def print_labels(
    conn: Conn, commands: Sequence[PrintLabel], *, by: str, scope: Scope, now: datetime
) -> list[PrintedLabel | Refusal]:
    """Give parcels their labels and keep that these are printed now. Of a task named twice, each is a print."""
    tasks = {task.task_id: task for task in store.lock_tasks(conn, [one.task_id for one in commands])}
    judged = [_judged(one, tasks.get(one.task_id), scope) for one in commands]
    printing = [one for one, task in zip(commands, judged, strict=True) if isinstance(task, Task)]
    if not printing:
        return [one for one in judged if isinstance(one, Refusal)]
    task_ids = sorted({one.task_id for one in printing})
    known = labels_of_tasks(conn, task_ids)
    new = [task_id for task_id in task_ids if task_id not in known]
    if new:
        counts = fetch_values(conn, SQL["next_label_numbers"], count=len(new))
        numbers = [number_of(count) for count in counts]
        execute(conn, SQL["insert_labels"], task_ids=new, numbers=numbers, now=now)
    stated = {one.task_id: one.tracking_number for one in printing if one.tracking_number}
    if stated:
        execute(
            conn,
            SQL["set_tracking_numbers"],
            task_ids=list(stated),
            tracking_numbers=list(stated.values()),
        )
    execute(
        conn,
        SQL["insert_prints"],
        task_ids=[one.task_id for one in printing],
        forms=[one.form.value for one in printing],
        by=by,
        now=now,
    )
    labels = labels_of_tasks(conn, task_ids)
    return [
        task if isinstance(task, Refusal) else PrintedLabel(label=labels[task.task_id], task=task)
        for task in judged
    ]


def _judged(command: PrintLabel, task: Task | None, scope: Scope) -> Task | Refusal:
    """Return the task of a label, or why there is none: a task of another branch is as none."""
    if task is None or not scope.covers_site(task.site_id):
        return UnknownTask(task_id=command.task_id)
    return task if task.state in LABELLED else WrongState(task_id=task.task_id, state=task.state)


def labels_of_tasks(conn: Conn, task_ids: Collection[TaskId]) -> dict[TaskId, Label]:
    """Return the labels of parcels; one that was never printed has none. Locks nothing."""
    found = fetch(conn, SQL["labels_of_tasks"], Label, task_ids=uuids(task_ids)) if task_ids else []
    return {one.task_id: one for one in found}


def with_known_numbers(conn: Conn, stated: dict[TaskId, str | None]) -> dict[TaskId, str | None]:
    """Return the carrier's numbers of parcels: as stated, else as their labels say."""
    known = labels_of_tasks(conn, [task_id for task_id, number in stated.items() if not number])
    return {
        task_id: number or (known[task_id].tracking_number if task_id in known else None)
        for task_id, number in stated.items()
    }


class LabelsLately(msgspec.Struct, frozen=True, kw_only=True):
    """Labels that were printed in a form: of how many parcels, how often in all, how often not for the first time."""

    form: LabelForm
    parcels: int
    prints: int
    again: int


def labels_lately(conn: Conn, site_ids: Collection[SiteId] | None, *, since: datetime) -> list[LabelsLately]:
    """Return how many labels sites (None: all) printed since a moment, by form."""
    sites = None if site_ids is None else uuids(site_ids)
    return fetch(
        conn,
        SQL["labels_lately"],
        LabelsLately,
        sites=sites,
        since=since,
        first_task=first_id_of(since - TASK_AGE_MAX),
    )


def parcels_by_number(conn: Conn, text: str, *, at_most: int) -> list[Parcel]:
    """Return the parcels that a number names: of their labels or of their carriers, typed in small letters or large."""
    typed = "".join(text.split())
    if not typed:
        return []
    spellings = sorted({typed, typed.upper()})
    return fetch(conn, SQL["parcels_by_number"], Parcel, spellings=spellings, at_most=at_most)
