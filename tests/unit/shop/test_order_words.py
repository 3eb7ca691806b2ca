"""Where an order stands, as its customer is told."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.ids import EntityId, OrderId, SiteId, TaskId
from loopline.orders import Delivery, DraftKind, OnShortage, Order, OrderStage
from loopline.web.languages import fields_of
from loopline.web.shop.order_words import HAPPENED, WORDS, Standing, standing_of, steps_of

NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
ORDER = Order(
    id=OrderId(UUID(int=1)),
    running_number=1,
    channel="web",
    external_number="1",
    kind=DraftKind.ASK,
    placed_at=NOON,
    written_at=NOON,
    changed_at=NOON,
    in_work_since=None,
    member_id=None,
    site_id=None,
    seller_entity_id=EntityId(UUID(int=2)),
    currency="CNY",
    country="CN",
    delivery=Delivery.DELIVER,
    longitude=None,
    latitude=None,
    on_shortage=OnShortage.REFUSE,
    hold_minutes=None,
    source_after=None,
    source_waits_for=None,
    pay_until=NOON + timedelta(minutes=15),
    guide_id=None,
    dealer_id=None,
    streamer_id=None,
    amount_minor=100,
    tax_minor=0,
    units=1,
    parked=0,
    held=1,
    allocated=0,
    handed_over=0,
    cancelled=0,
    returned=0,
    lost=0,
    stage=OrderStage.PLACED,
)


def order(**changes: object) -> Order:
    return msgspec.structs.replace(ORDER, **changes)


def task(state: TaskState, kind: TaskKind = TaskKind.DELIVER) -> Task:
    return Task(
        task_id=TaskId(UUID(int=3)),
        order_id=ORDER.id,
        site_id=SiteId(UUID(int=4)),
        kind=kind,
        day=date(2026, 3, 4),
        state=state,
        offered_at=NOON,
        deadline=NOON,
    )


COLLECT = {"delivery": Delivery.COLLECT}


@pytest.mark.parametrize(
    ("head", "tasks", "rest", "standing"),
    [
        (order(), [], 100, Standing.UNPAID),
        (order(pay_until=NOON), [], 100, Standing.TIME_OVER),
        (order(pay_until=None), [], 100, Standing.UNPAID),
        (order(), [], 0, Standing.PAID),
        (order(stage=OrderStage.PARKED), [], 0, Standing.WAITING),
        (order(stage=OrderStage.SOURCED), [task(TaskState.OFFERED)], 0, Standing.OFFERED),
        (order(stage=OrderStage.SOURCED), [task(TaskState.ACCEPTED)], 0, Standing.PREPARING),
        (order(stage=OrderStage.ACCEPTED), [task(TaskState.PACKED)], 0, Standing.PREPARING),
        (
            order(stage=OrderStage.ACCEPTED, **COLLECT),
            [task(TaskState.PACKED, TaskKind.COLLECT)],
            0,
            Standing.READY,
        ),
        (order(stage=OrderStage.ACCEPTED, handed_over=1, units=2), [], 0, Standing.PARTLY),
        (order(stage=OrderStage.HANDED_OVER), [], 0, Standing.SENT),
        (order(stage=OrderStage.HANDED_OVER, **COLLECT), [], 0, Standing.COLLECTED),
        (order(stage=OrderStage.HANDED_OVER), [], 100, Standing.SENT),
        (order(stage=OrderStage.CANCELLED), [], 100, Standing.CANCELLED),
        (order(stage=OrderStage.RETURNED), [], 0, Standing.RETURNED),
    ],
)
def test_what_a_customer_can_do_counts_most(head: Order, tasks: list[Task], rest: int, standing: Standing):
    assert standing_of(head, tasks, to_pay_minor=rest, now=NOON) is standing


def test_an_order_has_arrived_once_each_of_its_parcels_has():
    head = order(stage=OrderStage.HANDED_OVER, units=2, handed_over=2)
    first, refused = task(TaskState.HANDED_OVER), task(TaskState.REFUSED)
    second = msgspec.structs.replace(first, task_id=TaskId(UUID(int=5)))
    refused = msgspec.structs.replace(refused, task_id=TaskId(UUID(int=6)))

    def standing(*arrived: TaskId) -> Standing:
        return standing_of(head, [first, second, refused], to_pay_minor=0, now=NOON, arrived=arrived)

    assert standing() is Standing.SENT
    assert standing(first.task_id) is Standing.SENT
    assert standing(first.task_id, second.task_id) is Standing.ARRIVED
    assert steps_of(Standing.ARRIVED, Delivery.DELIVER) == steps_of(Standing.SENT, Delivery.DELIVER)


def test_every_standing_is_said_with_fields_the_page_has():
    assert set(WORDS) == set(Standing)
    said = {
        field for words in WORDS.values() for text in (words.title, words.advice) for field in fields_of(text)
    }
    assert said == {"site", "until"}
    assert {field for word in HAPPENED.values() for field in fields_of(word)} == {"site"}


@pytest.mark.parametrize(
    ("standing", "delivery", "states"),
    [
        (Standing.UNPAID, Delivery.DELIVER, ["done", "now", "", ""]),
        (Standing.PREPARING, Delivery.DELIVER, ["done", "done", "now", ""]),
        (Standing.READY, Delivery.COLLECT, ["done", "done", "done", "now"]),
        (Standing.COLLECTED, Delivery.COLLECT, ["done"] * 4),
        (Standing.CANCELLED, Delivery.DELIVER, []),
        (Standing.COLLECTED, Delivery.CARRIED_OUT, []),
    ],
)
def test_steps_lead_from_the_order_to_the_goods(standing: Standing, delivery: Delivery, states: list[str]):
    assert [step.state for step in steps_of(standing, delivery)] == states
