"""Which tasks are picked together, and which of them goes short. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from loopline.fulfilment.model import Task, TaskLine
from loopline.fulfilment.rounds.model import Missing, UnitsMissing
from loopline.kernel.ids import OrderId, PersonId, RoundId, TaskId
from loopline.kernel.refusals import Refusal


class RoundUnknown(Refusal, frozen=True, kw_only=True):
    """There is no round {round_id} at your sites."""

    round_id: RoundId


class RoundIsAnothers(Refusal, frozen=True, kw_only=True):
    """Round {round_id} is another person's now: take it over before you go on with it."""

    round_id: RoundId
    picker_id: PersonId


class NothingToPick(Refusal, frozen=True, kw_only=True):
    """No accepted task of the site waits to be picked."""


class InAnothersRound(Refusal, frozen=True, kw_only=True):
    """Task {task_id} is picked in a round of another person, who checks it too."""

    task_id: UUID
    round_id: RoundId


def by_urgency(tasks: Iterable[Task], *, due: Mapping[OrderId, datetime], at_most: int) -> list[Task]:
    """Return the tasks for one round, the most urgent first, all as cold as that one.

    Urgent is what has to leave first (`due`, by order), else what had to be answered first. Goods of other temperature
    classes are picked in rounds of their own: what is frozen does not lie in a box while ten orders are fetched.
    """
    ranked = sorted(tasks, key=lambda task: (due.get(task.order_id, task.deadline), task.task_id))
    return [task for task in ranked if task.temperature_class is ranked[0].temperature_class][:at_most]


def goes_short(
    missing: Missing, lines: Sequence[TaskLine], boxes: Mapping[TaskId, int]
) -> list[UnitsMissing]:
    """Decide which tasks go short of missing units: the least urgent first, whatever lies in its box already.

    `boxes` are those of the tasks that can still go short. More than the round needs is cut to what it needs.
    """
    wanting = sorted(
        (line for line in lines if line.sku_id == missing.sku_id and line.left and line.task_id in boxes),
        key=lambda line: (-boxes[line.task_id], line.allocation_id),
    )
    rest = missing.units
    found: list[UnitsMissing] = []
    for line in wanting:
        units = min(rest, line.left)
        if units:
            found.append(
                UnitsMissing(
                    missing_id=missing.id,
                    task_id=line.task_id,
                    allocation_id=line.allocation_id,
                    units=units,
                    reason=missing.reason,
                )
            )
        rest -= units
    return found
