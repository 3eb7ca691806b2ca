"""Two packers who begin a round at one moment: no task is picked by both."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from loopline.db import Conn, Database
from loopline.fulfilment import rounds
from loopline.fulfilment.model import AcceptTask, TaskState
from loopline.fulfilment.queries import tasks_by_id
from loopline.fulfilment.rounds import Round
from loopline.kernel.ids import RoundId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch
from loopline.processes.rounds import WantedRound, begin
from tests.concurrency.test_tasks import second_while_first_is_open
from tests.make.org import succeeded
from tests.make.shop import NOON, lines
from tests.make.store import offer, open_store


def test_two_who_begin_at_once_pick_different_tasks(database: Database):
    with database.transaction() as conn:
        stage = open_store(conn)
        tasks = [
            offer(conn, stage, f"W-{place}", lines=lines(stage.shop, ("SCARF", 1))) for place in range(4)
        ]
        commands = [AcceptTask(task_id=one) for one in tasks]
        succeeded(dispatch.accept(conn, commands, scope=WHOLE_BRAND, now=NOON))

    def begin_as(name: str, number: int, conn: Conn) -> object:
        wanted = WantedRound(
            round_id=RoundId(UUID(int=number)),
            site_id=stage.shop.sites["S"],
            picker_id=stage.people[name],
            at_most=3,
        )
        return begin(conn, wanted, scope=WHOLE_BRAND, now=NOON)

    first: Callable[[Conn], object] = partial(begin_as, "wu.packer", 1)
    second: Callable[[Conn], object] = partial(begin_as, "zhou.guide", 2)
    # The second chose the same tasks before it waited for them: what the first has by then is not in its round.
    outcomes = second_while_first_is_open(database, first, second, waits=True)
    assert (isinstance(outcomes[0], Round), outcomes[1]) == (True, rounds.NothingToPick())
    with database.transaction() as conn:
        assert isinstance(second(conn), Round)
    with database.reading() as conn:
        picked = [
            [one.task_id for one in rounds.tasks_of_round(conn, RoundId(UUID(int=number)))]
            for number in (1, 2)
        ]
        states = {task.state for task in tasks_by_id(conn, tasks)}
    assert (len(picked[0]), len(picked[1])) == (3, 1)
    assert sorted(picked[0] + picked[1]) == sorted(map(TaskId, tasks))
    assert states == {TaskState.PICKING}
