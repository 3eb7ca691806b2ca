"""Rounds: tasks of a site that one person picks together, a box for each.

A round takes accepted tasks, the most urgent into box 1; from then on they are picked in it and nowhere else: a task is
in one round at most, by an index. What lies in a box is what was seen there last, by the moment it was seen: a phone
may send it late and twice. Units that cannot be found are taken from the box that is least urgent. Whoever takes a
round over has it from then on, and what the phone before them still sends is refused.
Lock order: tasks by id, then the round.
"""

from loopline.fulfilment.rounds.events import RoundBegun, RoundPutBack, RoundTakenOver
from loopline.fulfilment.rounds.model import (
    BeginRound,
    Boxed,
    BoxedUnits,
    Missing,
    MissingReason,
    Picker,
    Round,
    RoundTask,
    TasksPutBack,
    UnitsMissing,
)
from loopline.fulfilment.rounds.queries import (
    boxed_in_round,
    choose_tasks,
    round_by_id,
    rounds_of_tasks,
    rounds_under_way,
    tasks_of_round,
    tasks_to_choose,
)
from loopline.fulfilment.rounds.rules import (
    InAnothersRound,
    NothingToPick,
    RoundIsAnothers,
    RoundUnknown,
)
from loopline.fulfilment.rounds.service import (
    begin_round,
    not_theirs,
    note_boxed,
    note_missing,
    put_back,
    take_over,
)

__all__ = [
    "BeginRound",
    "Boxed",
    "BoxedUnits",
    "InAnothersRound",
    "Missing",
    "MissingReason",
    "NothingToPick",
    "Picker",
    "Round",
    "RoundBegun",
    "RoundIsAnothers",
    "RoundPutBack",
    "RoundTakenOver",
    "RoundTask",
    "RoundUnknown",
    "TasksPutBack",
    "UnitsMissing",
    "begin_round",
    "boxed_in_round",
    "choose_tasks",
    "not_theirs",
    "note_boxed",
    "note_missing",
    "put_back",
    "round_by_id",
    "rounds_of_tasks",
    "rounds_under_way",
    "take_over",
    "tasks_of_round",
    "tasks_to_choose",
]
