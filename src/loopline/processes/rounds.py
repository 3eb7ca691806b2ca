"""Rounds: one person picks the tasks of several orders together, a box for each, and says what is not there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from loopline import promises
from loopline.db import Conn, log
from loopline.fulfilment import rounds
from loopline.fulfilment.model import PickTask, RefusalReason, RefuseTask, Task, WithdrawnUnits
from loopline.fulfilment.rounds import (
    BeginRound,
    BoxedUnits,
    Missing,
    Picker,
    Round,
    RoundBegun,
    RoundPutBack,
    RoundTakenOver,
    UnitsMissing,
)
from loopline.kernel.events import event
from loopline.kernel.ids import OrderId, PersonId, RoundId, SiteId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.processes import dispatch, fulfil
from loopline.processes.look_up import PERSON_ACTOR
from loopline.processes.outcomes import all_granted
from loopline.promises import PromiseState


class WantedRound(msgspec.Struct, frozen=True, kw_only=True):
    """A round that somebody wants to begin at a site, with at most so many tasks. `round_id` is made by the caller."""

    round_id: RoundId
    site_id: SiteId
    picker_id: PersonId
    at_most: int


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone says of a round: what lies in the boxes, and what cannot be brought."""

    round_id: RoundId
    boxed: tuple[BoxedUnits, ...] = ()
    missing: tuple[Missing, ...] = ()


def tasks_for_a_round(conn: Conn, site_id: SiteId, *, at_most: int) -> list[Task]:
    """Return the tasks that a round begun now would take: those that have to leave first, all equally cold."""
    waiting = rounds.tasks_to_choose(conn, site_id)
    return rounds.choose_tasks(waiting, due=_due(conn, [task.order_id for task in waiting]), at_most=at_most)


def _due(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, datetime]:
    """Return by when orders have to leave their sites, by what their customers were promised."""
    found = promises.promises_of_orders(conn, set(order_ids)) if order_ids else {}
    return {
        order_id: one.hand_over_by
        for order_id, of_order in found.items()
        for one in of_order
        if one.state is PromiseState.OPEN
    }


def begin(conn: Conn, wanted: WantedRound, *, scope: Scope, now: datetime) -> Round | Refusal:
    """Begin a round: its tasks are being picked from now on.

    Who has a round at the site goes on with that one, unless all of it is packed and waits for the carrier.
    """
    open_rounds = rounds.rounds_under_way(conn, wanted.site_id, packed_too=False)
    mine = [one for one in open_rounds if one.picker_id == wanted.picker_id]
    if mine:
        return mine[0]
    chosen = tasks_for_a_round(conn, wanted.site_id, at_most=wanted.at_most)
    begin_it = BeginRound(
        round_id=wanted.round_id,
        site_id=wanted.site_id,
        picker_id=wanted.picker_id,
        task_ids=tuple(task.task_id for task in chosen),
    )
    begun = rounds.begin_round(conn, begin_it, scope=scope, now=now)
    if isinstance(begun, Refusal):
        return begun
    task_ids = tuple(one.task_id for one in rounds.tasks_of_round(conn, begun.round_id))
    all_granted(fulfil.pick(conn, [PickTask(task_id=one) for one in task_ids], scope=scope, now=now))
    body = RoundBegun(
        round_id=begun.round_id, site_id=begun.site_id, picker_id=begun.picker_id, task_ids=task_ids
    )
    _tell(conn, body, by=begun.picker_id, now=now)
    return begun


def take_over(conn: Conn, round_id: RoundId, *, picker: Picker, now: datetime) -> Round | Refusal:
    """Go on with another's round; what the phone before still sends is refused from now on."""
    taken = rounds.take_over(conn, round_id, picker=picker, now=now)
    if isinstance(taken, Refusal):
        return taken
    found, before = taken
    if before != found.picker_id:
        body = RoundTakenOver(
            round_id=round_id, site_id=found.site_id, picker_id=found.picker_id, from_picker_id=before
        )
        _tell(conn, body, by=found.picker_id, now=now)
    return found


def note(conn: Conn, said: Said, *, picker: Picker, now: datetime) -> list[UnitsMissing] | Refusal:
    """Keep what a phone says of a round, all of it or nothing; returns which tasks go short.

    What is short is refused as at any other step: the reason corrects the stock, and the units are sourced elsewhere.
    Sent again, it is done once.
    """
    short = rounds.note_missing(conn, said.round_id, said.missing, picker=picker, now=now)
    if isinstance(short, Refusal):
        return short
    kept = rounds.note_boxed(conn, said.round_id, said.boxed, picker=picker, now=now)
    if isinstance(kept, Refusal):
        return kept
    all_granted(dispatch.refuse(conn, _refusals(short, by=picker.person_id), scope=picker.scope, now=now))
    return short


def _refusals(short: Sequence[UnitsMissing], *, by: PersonId) -> list[RefuseTask]:
    of_commands: dict[tuple[UUID, TaskId, RefusalReason], list[WithdrawnUnits]] = {}
    for one in short:
        lines = of_commands.setdefault((one.missing_id, one.task_id, RefusalReason(one.reason.value)), [])
        lines.append(WithdrawnUnits(allocation_id=one.allocation_id, units=one.units))
    return [
        RefuseTask(
            command_id=uuid5(missing_id, str(task_id)),
            task_id=task_id,
            reason=reason,
            by=by,
            lines=tuple(lines),
        )
        for (missing_id, task_id, reason), lines in of_commands.items()
    ]


def put_back(conn: Conn, round_id: RoundId, *, picker: Picker, now: datetime) -> list[TaskId] | Refusal:
    """Give up what is not yet checked of a round; returns what anybody may pick again."""
    back = rounds.put_back(conn, round_id, picker=picker, now=now)
    if isinstance(back, Refusal):
        return back
    if back.task_ids:
        body = RoundPutBack(round_id=round_id, site_id=back.site_id, task_ids=back.task_ids)
        _tell(conn, body, by=picker.person_id, now=now)
    return list(back.task_ids)


def _tell(
    conn: Conn, body: RoundBegun | RoundTakenOver | RoundPutBack, *, by: PersonId, now: datetime
) -> None:
    log.append(conn, [event(body, subject=body.round_id, at=now, actor=f"{PERSON_ACTOR}{by}")])
