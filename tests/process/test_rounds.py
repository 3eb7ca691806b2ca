"""A round from its beginning to its boxes: what is chosen, what lies where, who goes short, and who goes on with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment import rounds, service
from loopline.fulfilment.model import (
    AcceptTask,
    CancelTask,
    CheckTask,
    PackTask,
    Stepped,
    TaskLine,
    TaskState,
)
from loopline.fulfilment.rounds import BoxedUnits, InAnothersRound, Missing, MissingReason, Picker, Round
from loopline.kernel.ids import PersonId, RoundId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes import dispatch, fulfil
from loopline.processes import rounds as process
from tests.make.loop import subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, lines, stock_up
from tests.make.store import Stage, offer, open_store

LATER = NOON + timedelta(minutes=5)
ROUND = RoundId(UUID("019cacb3-0000-7000-8000-000000000001"))
OTHER = RoundId(UUID("019cacb3-0000-7000-8000-000000000002"))


class Store(msgspec.Struct, frozen=True):
    """A store with three accepted tasks of a scarf each, the first placed first; and its people."""

    stage: Stage
    tasks: tuple[TaskId, ...]

    def picker(self, name: str, *, scope: Scope = WHOLE_BRAND) -> Picker:
        return Picker(person_id=self.stage.people[name], scope=scope)

    @property
    def wu(self) -> PersonId:
        return self.stage.people["wu.packer"]

    def begin(
        self, conn: Conn, *, round_id: RoundId = ROUND, by: str = "wu.packer", at_most: int = 10
    ) -> Round | Refusal:
        wanted = process.WantedRound(
            round_id=round_id,
            site_id=self.stage.shop.sites["S"],
            picker_id=self.stage.people[by],
            at_most=at_most,
        )
        return process.begin(conn, wanted, scope=WHOLE_BRAND, now=NOON)

    def line(self, conn: Conn, place: int) -> TaskLine:
        (line,) = fulfilment.lines_of_tasks(conn, [self.tasks[place]])[self.tasks[place]]
        return line

    def states(self, conn: Conn) -> list[TaskState]:
        found = {task.task_id: task.state for task in fulfilment.tasks_by_id(conn, self.tasks)}
        return [found[task_id] for task_id in self.tasks]

    def level(self, conn: Conn) -> tuple[int, int, int]:
        """On hand, allocated and unsellable scarves."""
        shop = self.stage.shop
        (row,) = stock.stock_at_leaves(conn, [shop.leaves["S"]], sku_ids=[shop.skus["SCARF"]])
        return row.on_hand, row.allocated, row.unsellable

    def missing(
        self, units: int, *, number: int = 1, reason: MissingReason = MissingReason.NOT_FOUND
    ) -> Missing:
        sku_id = self.stage.shop.skus["SCARF"]
        return Missing(id=UUID(int=number), sku_id=sku_id, units=units, reason=reason)


@pytest.fixture
def store(conn: Conn) -> Store:
    stage = open_store(conn)
    stock_up(conn, stage.shop, {("S", "SCARF"): 20})
    tasks = tuple(
        offer(
            conn,
            stage,
            f"W-{place}",
            at=NOON - timedelta(minutes=place),
            lines=lines(stage.shop, ("SCARF", 2)),
        )
        for place in (3, 2, 1)
    )
    commands = [AcceptTask(task_id=one) for one in tasks]
    succeeded(dispatch.accept(conn, commands, scope=WHOLE_BRAND, now=NOON))
    return Store(stage, tasks)


def boxes(conn: Conn, round_id: RoundId = ROUND) -> dict[int, TaskId]:
    return {one.box: one.task_id for one in rounds.tasks_of_round(conn, round_id)}


def say(
    conn: Conn,
    store: Store,
    *,
    boxed: Sequence[BoxedUnits] = (),
    missing: Sequence[Missing] = (),
    by: str = "wu.packer",
    now: datetime = LATER,
) -> list[tuple[TaskId, int]] | Refusal:
    said = process.Said(round_id=ROUND, boxed=tuple(boxed), missing=tuple(missing))
    outcome = process.note(conn, said, picker=store.picker(by), now=now)
    return outcome if isinstance(outcome, Refusal) else [(one.task_id, one.units) for one in outcome]


def test_a_round_takes_the_most_urgent_tasks_and_picks_them(conn: Conn, store: Store):
    begun = store.begin(conn, at_most=2)
    assert begun == Round(
        round_id=ROUND, site_id=store.stage.shop.sites["S"], picker_id=store.wu, begun_at=NOON
    )
    assert boxes(conn) == {1: store.tasks[0], 2: store.tasks[1]}
    assert store.states(conn) == [TaskState.PICKING, TaskState.PICKING, TaskState.ACCEPTED]
    assert subject_types(conn, ROUND) == ["round_begun"]
    # Begun again, or another while it is under way, it is the same round.
    assert store.begin(conn) == begun
    assert store.begin(conn, round_id=OTHER) == begun
    assert len(boxes(conn)) == 2
    # A colleague gets what is left, and nobody what is not there.
    store.begin(conn, round_id=OTHER, by="zhou.guide")
    assert boxes(conn, OTHER) == {1: store.tasks[2]}
    third = RoundId(UUID(int=3))
    assert store.begin(conn, round_id=third, by="lin.manager") == rounds.NothingToPick()
    assert rounds.round_by_id(conn, third) is None


def test_what_lies_in_boxes_is_what_was_seen_last(conn: Conn, store: Store):
    store.begin(conn)
    line = store.line(conn, 0)

    def seen(units: int, minutes: int) -> BoxedUnits:
        at = NOON + timedelta(minutes=minutes)
        return BoxedUnits(allocation_id=line.allocation_id, units=units, at=at)

    def kept() -> int:
        return rounds.boxed_in_round(conn, ROUND)[line.allocation_id].units

    assert say(conn, store, boxed=[seen(2, 2), seen(1, 1)]) == []
    assert kept() == 2
    assert say(conn, store, boxed=[seen(1, 1)]) == []  # sent late, and twice
    assert kept() == 2
    assert say(conn, store, boxed=[seen(0, 3)]) == []
    assert kept() == 0
    # More than was asked for is cut, what is not of the round is left out, a clock ahead of ours counts as now.
    other = BoxedUnits(allocation_id=store.line(conn, 0).line_id, units=1, at=NOON)  # pyright: ignore[reportArgumentType]
    assert say(conn, store, boxed=[seen(9, 60), other]) == []
    assert {key: one.units for key, one in rounds.boxed_in_round(conn, ROUND).items()} == {
        line.allocation_id: 2
    }
    assert rounds.boxed_in_round(conn, ROUND)[line.allocation_id].boxed_at == LATER


def test_the_least_urgent_goes_short_once_and_the_stock_is_corrected(conn: Conn, store: Store):
    store.begin(conn)
    assert store.level(conn) == (30, 6, 0)
    missing = store.missing(3)
    assert say(conn, store, missing=[missing]) == [(store.tasks[2], 2), (store.tasks[1], 1)]
    assert say(conn, store, missing=[missing]) == []
    assert store.level(conn) == (27, 3, 0)
    assert store.states(conn) == [TaskState.PICKING, TaskState.PICKING, TaskState.REFUSED]
    assert [store.line(conn, place).left for place in (0, 1, 2)] == [2, 1, 0]
    tasks = {task.task_id: task for task in fulfilment.tasks_by_id(conn, store.tasks)}
    held = [
        [(line.held, line.allocated) for line in orders.lines_by_orders(conn, [tasks[one].order_id])]
        for one in store.tasks
    ]
    assert held == [[(0, 2)], [(1, 1)], [(2, 0)]]


def test_what_is_damaged_stays_on_the_shelf_and_is_not_sold(conn: Conn, store: Store):
    store.begin(conn)
    damaged = store.missing(1, reason=MissingReason.DAMAGED)
    assert say(conn, store, missing=[damaged, store.missing(9, number=2)]) == [
        (store.tasks[2], 1),
        (store.tasks[2], 1),
        (store.tasks[1], 2),
        (store.tasks[0], 2),
    ]
    assert store.level(conn) == (25, 0, 1)
    assert store.states(conn) == [TaskState.REFUSED] * 3


def test_what_is_called_off_meanwhile_goes_short_no_more(conn: Conn, store: Store):
    store.begin(conn)
    cancel = CancelTask(command_id=UUID(int=9), task_id=store.tasks[2])
    succeeded(service.cancel_tasks(conn, [cancel], scope=WHOLE_BRAND, now=NOON))
    assert say(conn, store, missing=[store.missing(1)]) == [(store.tasks[1], 1)]


def test_only_its_picker_checks_what_is_in_a_round(conn: Conn, store: Store):
    store.begin(conn, at_most=1)

    def check(by: PersonId | None) -> Stepped | Refusal:
        commands = [CheckTask(task_id=store.tasks[0], by=by)]
        (outcome,) = fulfil.check(conn, commands, scope=WHOLE_BRAND, now=LATER)
        return outcome

    refused = InAnothersRound(task_id=store.tasks[0], round_id=ROUND)
    assert check(store.stage.people["zhou.guide"]) == refused
    assert check(None) == refused
    assert store.states(conn)[0] is TaskState.PICKING
    assert isinstance(check(store.wu), Stepped)
    assert store.states(conn)[0] is TaskState.CHECKED


def test_whoever_takes_a_round_over_has_it(conn: Conn, store: Store):
    store.begin(conn)
    guide = store.picker("zhou.guide")
    taken = process.take_over(conn, ROUND, picker=guide, now=LATER)
    assert isinstance(taken, Round)
    assert (taken.picker_id, taken.taken_over_at) == (guide.person_id, LATER)
    assert process.take_over(conn, ROUND, picker=guide, now=LATER) == taken
    assert subject_types(conn, ROUND) == ["round_begun", "round_taken_over"]
    late = BoxedUnits(allocation_id=store.line(conn, 0).allocation_id, units=1, at=LATER)
    anothers = rounds.RoundIsAnothers(round_id=ROUND, picker_id=guide.person_id)
    assert say(conn, store, boxed=[late], missing=[store.missing(1)]) == anothers
    assert process.put_back(conn, ROUND, picker=store.picker("wu.packer"), now=LATER) == anothers
    assert (rounds.boxed_in_round(conn, ROUND), store.level(conn)) == ({}, (30, 6, 0))
    assert say(conn, store, boxed=[late], by="zhou.guide") == []


def test_nobody_touches_a_round_of_another_branch(conn: Conn, store: Store):
    store.begin(conn)
    outside = store.picker("zhou.guide", scope=Scope(sites=frozenset({store.stage.shop.sites["D"]})))
    unknown = rounds.RoundUnknown(round_id=ROUND)
    assert process.take_over(conn, ROUND, picker=outside, now=LATER) == unknown
    said = process.Said(round_id=ROUND, missing=(store.missing(1),))
    mine = Picker(person_id=store.wu, scope=outside.scope)
    assert process.note(conn, said, picker=mine, now=LATER) == unknown
    assert process.put_back(conn, ROUND, picker=mine, now=LATER) == unknown
    assert (store.level(conn), store.states(conn)) == ((30, 6, 0), [TaskState.PICKING] * 3)


def test_what_is_put_back_is_picked_by_anybody(conn: Conn, store: Store):
    store.begin(conn)
    wu = store.picker("wu.packer")
    commands = [CheckTask(task_id=store.tasks[0], by=store.wu)]
    succeeded(fulfil.check(conn, commands, scope=WHOLE_BRAND, now=LATER))
    assert process.put_back(conn, ROUND, picker=wu, now=LATER) == sorted(store.tasks[1:])
    assert process.put_back(conn, ROUND, picker=wu, now=LATER) == []
    assert store.states(conn) == [TaskState.CHECKED, TaskState.ACCEPTED, TaskState.ACCEPTED]
    assert subject_types(conn, ROUND) == ["round_begun", "round_put_back"]
    store.begin(conn, round_id=OTHER, by="zhou.guide")
    assert boxes(conn, OTHER) == {1: store.tasks[1], 2: store.tasks[2]}


def test_who_has_packed_everything_begins_the_next_before_the_carrier_comes(conn: Conn, store: Store):
    first = store.begin(conn, at_most=2)
    checks = [CheckTask(task_id=one, by=store.wu) for one in store.tasks[:2]]
    succeeded(fulfil.check(conn, checks, scope=WHOLE_BRAND, now=LATER))
    assert store.begin(conn, round_id=OTHER) == first  # what is checked is still to be packed
    packs = [PackTask(task_id=one) for one in store.tasks[:2]]
    succeeded(fulfil.pack(conn, packs, scope=WHOLE_BRAND, now=LATER))
    store.begin(conn, round_id=OTHER)
    assert boxes(conn, OTHER) == {1: store.tasks[2]}
    site_id = store.stage.shop.sites["S"]
    assert [one.round_id for one in rounds.rounds_under_way(conn, site_id)] == [OTHER, ROUND]
