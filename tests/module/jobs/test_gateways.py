"""Intents are put to a gateway over HTTP: once, again after a failure, closed at their end; nothing is ever lost."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from loopline import orders
from loopline.channels.sandbox_pay import PUNCTUAL, Manners, Sandbox, SandboxGateway
from loopline.db import Database
from loopline.insight.checks import CHECKS as BOARD_CHECKS
from loopline.jobs.gateways import put_to_gateways
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import (
    CashGateway,
    Gateway,
    Intent,
    IntentKind,
    IntentState,
    Notice,
    Report,
    StandingIntent,
    claim_intents,
    intents_of_orders,
    last_open_exceptions,
    money_of_orders,
)
from loopline.processes import promise
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.checkout import ask_payment
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.pay import apply_notices, is_settled
from loopline.processes.place import Placed, place
from tests.make.loop import balances
from tests.make.org import succeeded
from tests.make.sandbox import Merchant, Received, SetClock, free_port, running_sandbox, settings
from tests.make.shop import NOON, Shop, ask, open_shop

TOTAL = 15_820


class ListeningMerchant(Merchant):
    """A merchant that takes notifications into its books, as the API does."""

    def __init__(self, database: Database, clock: SetClock) -> None:
        super().__init__()
        self._database = database
        self._clock = clock
        self.gateway: SandboxGateway | None = None

    def hear(self, received: Received) -> int:
        super().hear(received)
        assert self.gateway is not None
        notice = self.gateway.hear(received.headers, received.body, now=self._clock())
        if not isinstance(notice, Notice):
            return 401
        with self._database.transaction() as conn:
            (outcome,) = apply_notices(conn, "sandbox", [notice], now=self._clock())
        return 204 if is_settled(outcome) else 422


class House:
    """A brand, its sandbox, and whoever pays."""

    def __init__(self, database: Database, sandbox: Sandbox, clock: SetClock) -> None:
        self.database = database
        self.sandbox = sandbox
        self.clock = clock
        self.gateways: Mapping[str, Gateway] = {"sandbox": sandbox.gateway}
        with database.transaction() as conn:
            self.shop: Shop = open_shop(conn, units=400)

    def order(self, number: str) -> OrderId:
        with self.database.transaction() as conn:
            draft = ask(self.shop, number, hold_minutes=30, placed_at=self.clock())
            (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=self.clock())
            assert isinstance(placed, Placed)
            (asked,) = ask_payment(conn, [placed.order_id], gateway="sandbox", now=self.clock())
            assert not isinstance(asked, Refusal)
        return placed.order_id

    def put(self) -> int:
        return put_to_gateways(self.database, self.gateways, self.clock())

    def pay(self, order_id: OrderId) -> int:
        (charge,) = [one.reference for one in self.asked(order_id) if one.kind is IntentKind.CAPTURE]
        path = f"{self.sandbox.settings.base_url}/v1/charges/{charge}/pay"
        return httpx.post(path, trust_env=False).status_code

    def asked(self, *order_ids: OrderId) -> list[StandingIntent]:
        with self.database.reading() as conn:
            return intents_of_orders(conn, order_ids)

    def states(self, *order_ids: OrderId) -> list[IntentState]:
        return [one.state for one in self.asked(*order_ids)]

    def taken(self, *order_ids: OrderId) -> int:
        with self.database.reading() as conn:
            return sum(one.taken_minor - one.refunded_minor for one in money_of_orders(conn, order_ids))

    def expire(self) -> int:
        with self.database.transaction() as conn:
            return promise.expire_holds(conn, now=self.clock(), limit=1_000)

    def stages(self, order_ids: Sequence[OrderId]) -> list[str]:
        with self.database.reading() as conn:
            return [head.stage.value for head in orders.orders_by_ids(conn, order_ids)]

    def assert_sound(self) -> None:
        checks = [check for check in ALL_CHECKS if check not in BOARD_CHECKS]
        with self.database.reading() as conn:
            found = examine(conn, checks=checks).checks
        assert [(check.name, check.findings) for check in found if not check.ok] == []


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


def opened(
    database: Database, directory: Path, clock: SetClock, manners: Manners
) -> Generator[House, None, None]:
    merchant = ListeningMerchant(database, clock)
    try:
        with running_sandbox(directory, clock, notify_url=merchant.url, manners=manners) as sandbox:
            merchant.gateway = sandbox.gateway
            yield House(database, sandbox, clock)
    finally:
        merchant.stop()


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: SetClock) -> Generator[House, None, None]:
    yield from opened(database, tmp_path, clock, PUNCTUAL)


def test_an_intent_is_put_once_and_asked_for_less_and_less(house: House):
    order_id = house.order("W-1")
    assert (house.put(), house.put()) == (1, 0)
    (asked,) = house.asked(order_id)
    assert (asked.state, asked.tries) == (IntentState.WAITING, 1)
    assert asked.reference is not None
    for minutes, found in ((0.5, 0), (0.5, 1), (1.5, 0), (0.5, 1), (4, 0)):
        house.clock.on(minutes=minutes)
        assert house.put() == found
    assert house.asked(order_id)[0].reference == asked.reference


def test_an_answer_to_a_question_is_as_good_as_a_notification(house: House):
    order_id = house.order("W-1")
    house.put()
    house.pay(order_id)
    house.clock.on(minutes=1)
    assert house.put() == 1
    assert house.taken(order_id) == TOTAL
    house.sandbox.notifier.step()
    assert house.taken(order_id) == TOTAL, "the notification that follows is no second payment"
    house.assert_sound()


def test_at_its_end_a_payment_is_closed_before_the_goods_go_back(house: House):
    order_id = house.order("W-1")
    house.put()
    house.clock.now = NOON + timedelta(minutes=29)
    assert house.expire() == 0
    assert house.put() == 1
    assert house.states(order_id) == [IntentState.FAILED]
    assert house.pay(order_id) == 410
    house.clock.now = NOON + timedelta(minutes=30)
    assert house.expire() == 2
    assert house.stages([order_id]) == ["cancelled"]
    house.assert_sound()


def test_a_payment_in_the_last_minute_whose_notification_was_lost_keeps_the_goods(house: House):
    order_id = house.order("W-1")
    house.put()
    house.clock.now = NOON + timedelta(minutes=28, seconds=59)
    assert house.pay(order_id) == 200
    house.clock.now = NOON + timedelta(minutes=30)
    assert house.expire() == 0, "the gateway is to be asked first"
    assert house.put() == 1
    assert house.expire() == 0
    assert house.stages([order_id]) == ["placed"]
    assert house.taken(order_id) == TOTAL
    house.assert_sound()


def test_a_gateway_that_is_down_and_comes_back_after_the_goods_are_gone(house: House):
    """Down over the end of the hold: the goods wait a while, go, and are held again when the payment is heard of."""
    order_id = house.order("W-1")
    house.put()
    assert house.pay(order_id) == 200
    down = settings(house.sandbox.settings.file.parent, notify_url="http://127.0.0.1:9/", port=free_port())
    back, house.gateways = house.gateways, {"sandbox": SandboxGateway(down)}
    for minutes in (29, 30, 35, 43):
        house.clock.now = NOON + timedelta(minutes=minutes)
        house.put()
        assert house.expire() == 0
    assert house.states(order_id) == [IntentState.WAITING]
    house.clock.now = NOON + timedelta(minutes=45)
    house.put()
    assert house.expire() == 2
    assert house.stages([order_id]) == ["cancelled"]
    house.gateways = back
    house.clock.on(hours=3)
    assert house.put() == 1
    assert house.stages([order_id]) == ["placed"]
    assert house.taken(order_id) == TOTAL
    house.assert_sound()


def test_a_refund_goes_the_whole_way(house: House):
    order_id = house.order("W-1")
    house.put()
    house.pay(order_id)
    house.sandbox.notifier.step()
    with house.database.transaction() as conn:
        succeeded(cancel(conn, [Cancellation(order_id=order_id)], scope=WHOLE_BRAND, now=house.clock()))
    assert house.put() == 1
    house.sandbox.notifier.step()
    assert house.states(order_id) == [IntentState.DONE, IntentState.DONE]
    assert house.taken(order_id) == 0
    with house.database.transaction() as conn:
        assert balances(conn) == {}
    house.assert_sound()


def test_a_gateway_that_breaks_keeps_no_other_from_its_work(house: House):
    class Broken(CashGateway):
        def capture(self, intent: Intent, *, now: datetime) -> Report:
            raise ZeroDivisionError(f"{intent.id} at {now}")

    first, second = house.order("W-1"), house.order("W-2")
    with house.database.transaction() as conn:
        conn.execute("update payments.intent set gateway = 'broken' where order_id = %s", (first,))
    house.gateways = {**house.gateways, "broken": Broken("broken")}
    assert house.put() == 2
    assert house.states(first, second) == [IntentState.WRITTEN, IntentState.WAITING]
    house.clock.on(minutes=1)
    assert house.put() == 2, "what broke is tried again"


def test_what_another_job_has_claimed_is_left_to_it(house: House):
    order_id = house.order("W-1")
    with house.database.transaction() as conn:
        assert len(claim_intents(conn, ["sandbox"], limit=9, now=house.clock())) == 1
    assert house.put() == 0
    house.clock.on(minutes=1)
    assert house.put() == 1, "it died: a minute later another follows"
    assert house.states(order_id) == [IntentState.WAITING]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_busy_hour_of_bad_manners_leaves_every_cent_where_it_belongs(
    database: Database, tmp_path: Path, clock: SetClock, seed: int
):
    """Told twice, late and out of order, paid in time or not at all, called off; gateway down in between."""
    manners = Manners(seed=seed, late_chance=0.4, late_seconds=2_000, twice_chance=0.4, refund_seconds=90)
    for house in opened(database, tmp_path, clock, manners):
        chance = Random(seed)
        order_ids = [house.order(f"W-{number}") for number in range(16)]
        paid: set[OrderId] = set()
        house.put()
        down = SandboxGateway(settings(tmp_path, notify_url="http://127.0.0.1:9/", port=free_port()))
        up = house.gateways
        for minute in range(0, 80, 8):
            clock.now = NOON + timedelta(minutes=minute)
            house.gateways = {"sandbox": down} if 24 <= minute < 44 else up
            for order_id in chance.sample(order_ids, 4):
                if house.pay(order_id) == 200:
                    paid.add(order_id)
                if chance.random() < 0.3:
                    with database.transaction() as conn:
                        cancel(conn, [Cancellation(order_id=order_id)], scope=WHOLE_BRAND, now=clock())
            house.sandbox.notifier.step()
            house.put()
            house.expire()
        house.assert_sound()
        while (due := house.sandbox.book.next_due()) is not None or house.put():
            clock.now = max(clock.now + timedelta(minutes=1), due or clock.now)
            house.sandbox.notifier.step()
            house.put()
            house.expire()
        with database.reading() as conn:
            heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
            open_ones = last_open_exceptions(conn, limit=99)
        standing = {order_id for order_id, head in heads.items() if head.stage.value != "cancelled"}
        assert paid
        assert standing <= paid
        for order_id, head in heads.items():
            assert house.taken(order_id) == (head.amount_minor if order_id in standing else 0)
        assert open_ones == []
        assert {one.state for one in house.asked(*order_ids)} <= {IntentState.DONE, IntentState.FAILED}
        with database.transaction() as conn:
            owed = len(standing) * TOTAL
            assert balances(conn) == ({"gateway": owed, "customer_deposit": -owed} if owed else {})
        house.assert_sound()
