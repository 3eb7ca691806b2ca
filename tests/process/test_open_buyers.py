"""Buyers of marketplaces: sealed as they came, the newest standing; opened over HTTP for a purpose, logged first."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import permutations
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import msgspec
import pytest
from psycopg import sql

from loopline import buyers, org
from loopline.buyers import (
    KEPT_FOR,
    Answer,
    BuyerNotSealed,
    NotYoursToOpen,
    OpenedBuyer,
    OpeningOutcome,
    OpeningPurpose,
    OpeningsAsk,
    PlatformDenied,
    PlatformNotConnected,
    PlatformSilent,
    Sealing,
    SealingForgotten,
    TooManyOpenings,
    ToOpen,
)
from loopline.buyers.port import DenialReason
from loopline.channels.opening import BuyerOpener, Opened
from loopline.channels.sandbox_sealing import NAME, Market, MarketManners
from loopline.db import Conn, Database
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.fulfilment.model import AcceptTask, CheckTask, HandOverTask, PackTask, PickTask
from loopline.inbox import MessageState
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes import dispatch, fulfil
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import examine
from loopline.processes.open_buyers import WantedOpenings, WhoOpens, forget_buyers
from loopline.processes.receive import Again, Mender
from loopline.processes.source import source_wave
from tests.make.buyers import (
    ZHANG,
    opener,
    order_of,
    put_in_hand,
    running_market,
    sealed_at,
    sealed_buyer,
    who,
)
from tests.make.databases import database_from
from tests.make.messages import created, receiver, sender, states
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.store import Clock, Stage, open_store

SHIP, LABEL = OpeningPurpose.SHIP_PARCEL, OpeningPurpose.PRINT_LABEL
CALL, FRAUD, LEGAL = (
    OpeningPurpose.CUSTOMER_SERVICE_CALL,
    OpeningPurpose.FRAUD_CHECK,
    OpeningPurpose.LEGAL_REQUEST,
)
OPEN_ZHANG = OpenedBuyer(**ZHANG)


# --------------------------------------------------------------------------------------------------------- as they came


@pytest.fixture
def trade(database: Database) -> Database:
    with database.transaction() as conn:
        open_shop(conn)
    return database


def send(database: Database, *bodies: bytes) -> list[Any]:
    with database.reading() as conn:
        by = sender(conn)
    return receiver(database).receive(bodies, by)


def standing(database: Database, order_id: OrderId) -> Sealing:
    with database.reading() as conn:
        return buyers.sealings_of_orders(conn, [order_id])[order_id]


def everything_in(database: Database) -> str:
    """All rows of all tables, as text."""
    with database.owner_transaction() as conn:
        tables = conn.execute(
            "select schemaname, tablename from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        found: list[str] = []
        for schema, name in tables:
            statement = sql.SQL("select one::text from {} as one").format(sql.Identifier(schema, name))
            found += [str(row) for row in conn.execute(statement).fetchall()]
    return "\n".join(found)


def assert_sound(database: Database) -> None:
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []


def test_a_sealed_buyer_is_kept_as_it_came_and_nowhere_else(trade: Database):
    said = sealed_at(NOON)
    order_id = order_of(trade, "T-1", sealed_buyer=said)
    kept = standing(trade, order_id)
    assert {name: getattr(kept, name) for name in said if name != "sealed_at"} == {
        name: value for name, value in said.items() if name != "sealed_at"
    }
    assert (kept.sealed_at, kept.renewals, kept.forgotten_at) == (NOON, 0, None)
    assert everything_in(trade).count(said["ciphertext"]) == 1
    assert everything_in(trade).count("张**") == 1
    assert everything_in(trade).count(said["ciphertext_id"]) == 1


def test_the_same_message_sealed_anew_is_the_same_order_with_the_newest_sealing(trade: Database):
    sealings = [sealed_at(NOON + timedelta(minutes=minute)) for minute in range(3)]
    for at, turn in enumerate(permutations(sealings)):
        bodies = [created(f"T-{at}", sealed_buyer=said) for said in turn]
        found = [send(trade, body)[0] for body in bodies]
        assert {one.message.order_id for one in found} == {found[0].message.order_id}
        assert [one.is_repeat for one in found] == [False, True, True]
        assert standing(trade, found[0].message.order_id).ciphertext == sealings[2]["ciphertext"]
    # Under another id it is the same order too; what is older changes nothing, the same again neither.
    again = created("T-0", id="T-0-again", sealed_buyer=sealings[1])
    (late,) = send(trade, again)
    before = standing(trade, late.message.order_id)
    assert before.ciphertext == sealings[2]["ciphertext"]
    send(trade, created("T-0", sealed_buyer=sealings[2]))
    assert standing(trade, late.message.order_id) == before
    assert_sound(trade)


def test_what_waits_to_be_applied_is_applied_with_the_newest_sealing(trade: Database):
    unknown: dict[str, Any] = {"lines": [{"sku_code": "BOOT", "units": 1}]}
    old, new = sealed_at(NOON), sealed_at(NOON + timedelta(minutes=1))
    (first,) = send(trade, created("T-1", sealed_buyer=new, **unknown))
    (second,) = send(trade, created("T-1", sealed_buyer=old, **unknown))
    assert states([first, second]) == [(MessageState.QUARANTINED, "unknown_sku")] * 2
    newest = sealed_at(NOON + timedelta(minutes=2))
    (third,) = send(trade, created("T-1", sealed_buyer=newest, **unknown))
    assert (third.message.id, third.message.state) == (first.message.id, MessageState.QUARANTINED)
    with trade.transaction() as conn:
        conn.execute("update catalogue.sku set code = 'BOOT' where code = 'HAT'")
    mender = Mender(actor="person:hq", scope=WHOLE_BRAND, may_move_money=False)
    (applied,) = receiver(trade).replay([Again(message_id=first.message.id)], mender)
    assert not isinstance(applied, Refusal)
    assert applied.order_id is not None
    kept = standing(trade, applied.order_id)
    assert (kept.ciphertext, kept.renewals) == (newest["ciphertext"], 0)


def test_what_is_not_masked_waits_in_quarantine_and_nothing_of_it_is_kept(trade: Database):
    open_name = sealed_at(NOON) | {"masked_name": "张伟明"}
    empty = {"platform": "tmall", "masked_name": "张**"}
    found = send(trade, created("T-1", sealed_buyer=open_name), created("T-2", sealed_buyer=empty))
    assert states(found) == [
        (MessageState.QUARANTINED, "buyer_not_masked"),
        (MessageState.QUARANTINED, "sealing_empty"),
    ]
    with trade.reading() as conn:
        assert conn.execute("select count(*) from buyers.sealing").fetchall() == [(0,)]
        assert conn.execute("select count(*) from orders.order").fetchall() == [(0,)]
    assert "张伟明" not in everything_in(trade)


def test_sealings_are_forgotten_when_their_orders_have_long_been_over(trade: Database):
    said = sealed_at(NOON)
    over, open_still = order_of(trade, "T-1", sealed_buyer=said), order_of(trade, "T-2", sealed_buyer=said)
    with trade.transaction() as conn:
        cancel(conn, [Cancellation(order_id=over, actor="person:hq")], scope=WHOLE_BRAND, now=NOON)
    almost = NOON + KEPT_FOR - timedelta(seconds=1)
    with trade.transaction() as conn:
        assert forget_buyers(conn, now=almost, limit=10) == 0
    with trade.transaction() as conn:
        assert forget_buyers(conn, now=NOON + KEPT_FOR, limit=10) == 2
    gone = standing(trade, over)
    assert (gone.ciphertext, gone.ciphertext_id, gone.masked) == (None, None, buyers.Masked())
    assert gone.forgotten_at == NOON + KEPT_FOR
    assert standing(trade, open_still).ciphertext == said["ciphertext"]
    with trade.transaction() as conn:
        assert forget_buyers(conn, now=NOON + KEPT_FOR, limit=10) == 0
    send(trade, created("T-1", sealed_buyer=sealed_at(NOON + timedelta(days=40))))
    assert standing(trade, over) == gone


# -------------------------------------------------------------------------------------------------------------- opening


class Scene(msgspec.Struct, frozen=True):
    """A brand with people and a marketplace; the work of every order is with the store S."""

    database: Database
    stage: Stage
    market: Market
    clock: Clock
    known: dict[str, WhoOpens]

    def order(self, number: str, **buyer: Any) -> OrderId:
        return order_of(self.database, number, sealed_buyer=sealed_buyer(self.market, **buyer))

    def in_hand(self) -> None:
        with self.database.transaction() as conn:
            put_in_hand(conn, self.stage.people["zhou.guide"])

    def who(self, name: str) -> WhoOpens:
        if name not in self.known:
            with self.database.transaction() as conn:
                self.known[name] = who(conn, name, now=self.clock())
        return self.known[name]

    def open(
        self, name: str, purpose: OpeningPurpose, *order_ids: OrderId, seconds_max: float = 5.0
    ) -> list[Opened | Refusal]:
        opening = opener(self.database, self.market, clock=self.clock, seconds_max=seconds_max)
        return opening.open_buyers(WantedOpenings(order_ids=order_ids, purpose=purpose), self.who(name))

    def log(self, name: str) -> list[tuple[str, str | None, str | None, str | None]]:
        """What somebody asked to open, the latest first: purpose, our refusal, the outcome, its reason."""
        with self.database.reading() as conn:
            ask = OpeningsAsk(person_id=self.stage.people[name])
            found = buyers.find_openings(conn, ask, scope=WHOLE_BRAND)
        return [(one.purpose.value, one.refused, one.outcome, one.reason) for one in found]


@pytest.fixture(scope="module")
def scene(server: EmbeddedServer, template: str) -> Generator[Scene, None, None]:
    clock = Clock()
    with contextmanager(database_from)(server, template) as database, running_market(clock) as market:
        with database.transaction() as conn:
            stage = open_store(conn)
            for name, role in (("qian.service", Role.CUSTOMER_SERVICE), ("lu.audit", Role.AUDITOR)):
                stage.people[name] = add_person(conn, name, at="HX", role=role)
                password = org.NewPassword(person_id=stage.people[name], password=PASSWORD)
                succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
        yield Scene(database, stage, market, clock, {})


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest) -> Generator[None, None, None]:
    yield
    if "scene" in request.fixturenames:
        scene: Scene = request.getfixturevalue("scene")
        scene.market.manners = MarketManners()
        with scene.database.owner_transaction() as conn:
            conn.execute("truncate buyers.opening, buyers.opening_end")


def values(outcomes: Sequence[Opened | Refusal]) -> list[OpenedBuyer | Refusal]:
    return [one.buyer if isinstance(one, Opened) else one for one in outcomes]


def test_who_has_the_parcel_in_hand_opens_it_and_nothing_of_it_is_kept(scene: Scene):
    order_id = scene.order("O-1")
    assert values(scene.open("zhou.guide", SHIP, order_id)) == [
        NotYoursToOpen(order_id=order_id, purpose=SHIP)
    ]
    scene.in_hand()
    (found,) = scene.open("zhou.guide", SHIP, order_id)
    assert isinstance(found, Opened)
    assert found.buyer == OPEN_ZHANG
    assert values(scene.open("wu.packer", LABEL, order_id)) == [OPEN_ZHANG]
    assert scene.log("zhou.guide") == [
        ("ship_parcel", None, "opened", None),
        ("ship_parcel", "not_yours_to_open", None, None),
    ]
    stored = everything_in(scene.database)
    assert [stored.count(one) for one in ZHANG.values()] == [0, 0, 0]
    assert ZHANG["phone"] not in repr(found)
    assert_sound(scene.database)


def test_a_parcel_is_opened_between_its_check_and_its_hand_over_and_not_beside(scene: Scene):
    order_id = scene.order("O-12")
    by, whole = scene.stage.people["zhou.guide"], WHOLE_BRAND
    refused = [NotYoursToOpen(order_id=order_id, purpose=SHIP)]
    with scene.database.transaction() as conn:
        tasks = list(source_wave(conn, now=NOON).tasks)
        dispatch.accept(conn, [AcceptTask(task_id=one, by=by) for one in tasks], scope=whole, now=NOON)
        fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=whole, now=NOON)
    assert values(scene.open("zhou.guide", SHIP, order_id)) == refused
    with scene.database.transaction() as conn:
        fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=whole, now=NOON)
    assert values(scene.open("zhou.guide", SHIP, order_id)) == [OPEN_ZHANG]
    with scene.database.transaction() as conn:
        fulfil.pack(conn, [PackTask(task_id=one) for one in tasks], scope=whole, now=NOON)
    assert values(scene.open("zhou.guide", SHIP, order_id)) == [OPEN_ZHANG]
    with scene.database.transaction() as conn:
        fulfil.hand_over(conn, [HandOverTask(task_id=one) for one in tasks], scope=whole, now=NOON)
    assert values(scene.open("zhou.guide", SHIP, order_id)) == refused


def test_each_purpose_is_for_those_whose_work_it_is(scene: Scene):
    order_id = scene.order("O-2")
    scene.in_hand()
    may = {
        "lin.manager": {SHIP, LABEL},
        "wu.packer": {SHIP, LABEL},
        "sun.manager": set[OpeningPurpose](),
        "kong.dealer": set[OpeningPurpose](),
        "gu.finance": set[OpeningPurpose](),
        "lu.audit": set[OpeningPurpose](),
        "qian.service": {CALL},
        "shen.ops": {SHIP, LABEL, CALL, FRAUD, LEGAL},
    }
    for name, theirs in may.items():
        for purpose in OpeningPurpose:
            expected = OPEN_ZHANG if purpose in theirs else NotYoursToOpen(order_id=order_id, purpose=purpose)
            assert values(scene.open(name, purpose, order_id)) == [expected], (name, purpose)
    refused = [("not_yours_to_open", None)] * 5
    assert [line[1:3] for line in scene.log("lu.audit")] == refused
    assert [line[1:3] for line in scene.log("sun.manager")] == refused


def test_a_batch_has_one_outcome_each_and_every_line_is_in_the_log(scene: Scene):
    whole = scene.order("O-3")
    with scene.database.transaction() as conn:
        conn.execute("update buyers.sealing set platform = 'elsewhere' where order_id = %s", [whole])
    bare = order_of(scene.database, "O-4")
    good, expired = scene.order("O-5"), scene.order("O-6", lasts_seconds=60)
    nobody = OrderId(UUID(int=5))
    scene.clock.turn(timedelta(minutes=2))
    found = values(scene.open("qian.service", CALL, whole, bare, good, expired, nobody))
    assert found == [
        PlatformNotConnected(platform="elsewhere"),
        BuyerNotSealed(order_id=bare),
        OPEN_ZHANG,
        PlatformDenied(platform=NAME, reason=DenialReason.EXPIRED),
        NotYoursToOpen(order_id=nobody, purpose=CALL),
    ]
    assert scene.log("qian.service") == [
        ("customer_service_call", None, "denied", "expired"),
        ("customer_service_call", None, "opened", None),
        ("customer_service_call", "buyer_not_sealed", None, None),
        ("customer_service_call", "platform_not_connected", None, None),
    ]


def test_a_platform_that_is_down_late_or_gone_shows_nothing_and_is_in_the_log(scene: Scene):
    order_id = scene.order("O-7")
    silent = [PlatformSilent(platform=NAME)]
    scene.market.manners = MarketManners(is_down=True)
    assert values(scene.open("qian.service", CALL, order_id)) == silent
    scene.market.manners = MarketManners(delay_seconds=0.6)
    assert values(scene.open("qian.service", CALL, order_id, seconds_max=0.1)) == silent
    scene.market.manners = MarketManners(opened_per_hour_most=0)
    assert values(scene.open("qian.service", CALL, order_id)) == [
        PlatformDenied(platform=NAME, reason=DenialReason.TOO_MANY)
    ]
    with running_market(scene.clock) as gone:
        pass
    away = opener(scene.database, gone, clock=scene.clock)
    wanted = WantedOpenings(order_ids=(order_id,), purpose=CALL)
    assert values(away.open_buyers(wanted, scene.who("qian.service"))) == silent
    assert [line[2:] for line in scene.log("qian.service")] == [
        ("unanswered", "ConnectError"),
        ("denied", "too_many"),
        ("unanswered", "ReadTimeout"),
        ("unanswered", "answered 503"),
    ]
    scene.market.manners = MarketManners()
    assert values(scene.open("qian.service", CALL, order_id)) == [OPEN_ZHANG]


class Watching:
    """A platform that looks whether the log knows what it is asked, and breaks or answers."""

    name = NAME

    def __init__(self, database: Database, *, breaks: bool) -> None:
        self._database = database
        self._breaks = breaks
        self.seen: list[tuple[bool, OpeningOutcome | None]] = []

    def open_sealed(self, asked: Sequence[ToOpen]) -> list[Answer]:
        with self._database.reading() as conn:
            known = {one.id: one for one in buyers.find_openings(conn, OpeningsAsk(), scope=WHOLE_BRAND)}
        self.seen += [(one.opening_id in known, known[one.opening_id].outcome) for one in asked]
        if self._breaks:
            raise ValueError(ZHANG["phone"])
        return [OPEN_ZHANG for _ in asked]


@pytest.mark.parametrize("breaks", [False, True])
def test_the_log_has_it_before_the_platform_is_asked(
    scene: Scene, breaks: bool, capfd: pytest.CaptureFixture[str]
):
    order_id = scene.order(f"O-8-{breaks}")
    platform = Watching(scene.database, breaks=breaks)
    opening = BuyerOpener(scene.database, {NAME: platform}, clock=scene.clock)
    wanted = WantedOpenings(order_ids=(order_id,), purpose=CALL)
    (found,) = opening.open_buyers(wanted, scene.who("qian.service"))
    assert platform.seen == [(True, None)]
    assert isinstance(found, PlatformSilent) is breaks
    expected = ("unanswered", "ValueError") if breaks else ("opened", None)
    assert scene.log("qian.service")[0][2:] == expected
    assert ZHANG["phone"] not in "".join(capfd.readouterr())


def test_nothing_is_shown_that_could_not_be_written_down(scene: Scene):
    """The house's clock stops between the two transactions: what the platform said is nobody's."""
    order_id = scene.order("O-9")
    moments = iter([scene.clock()])
    opening = BuyerOpener(
        scene.database, {NAME: Watching(scene.database, breaks=False)}, clock=lambda: next(moments)
    )
    wanted = WantedOpenings(order_ids=(order_id,), purpose=CALL)
    who_asks = scene.who("qian.service")
    with pytest.raises(StopIteration):
        opening.open_buyers(wanted, who_asks)
    assert scene.log("qian.service") == [("customer_service_call", None, None, None)]


def test_a_person_opens_no_more_than_so_many_within_an_hour_in_however_many_windows(scene: Scene):
    order_id = scene.order("O-10")
    barrier, found = Barrier(2), list[Opened | Refusal]()
    who_asks = scene.who("qian.service")
    opening = opener(scene.database, scene.market, clock=scene.clock)

    def ask() -> None:
        barrier.wait()
        found.extend(opening.open_buyers(WantedOpenings(order_ids=(order_id,) * 15, purpose=CALL), who_asks))

    threads = [Thread(target=ask) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(type(one).__name__ for one in found) == ["Opened"] * 20 + ["TooManyOpenings"] * 10
    lines = scene.log("qian.service")
    assert sorted(str(line[1] or line[2]) for line in lines) == ["opened"] * 20 + ["too_many_openings"] * 10
    scene.clock.turn(timedelta(minutes=59))
    assert values(scene.open("qian.service", CALL, order_id)) == [TooManyOpenings(most=20, minutes=1)]
    scene.clock.turn(timedelta(minutes=1))
    assert values(scene.open("qian.service", CALL, order_id)) == [OPEN_ZHANG]


def test_what_was_forgotten_is_not_opened(scene: Scene):
    order_id = scene.order("O-11")
    with scene.database.transaction() as conn:
        _forget(conn, order_id)
    assert values(scene.open("qian.service", CALL, order_id)) == [SealingForgotten(order_id=order_id)]


def _forget(conn: Conn, order_id: OrderId) -> None:
    assert buyers.forget_sealings(conn, [order_id], now=NOON) == 1
