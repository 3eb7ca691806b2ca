"""Rounds: what the clock begins, run by Procrastinate so that of many processes one begins it.

Each round takes what is ready in batches of bounded size, each batch one transaction, until nothing is ready or the
process is to end. A round that dies is begun again by the next; nothing depends on it having finished, and two of a
kind at once do no harm: they take turns or pass over what the other holds.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec
import procrastinate
import psycopg
import structlog

from loopline import orders
from loopline.customers.codes import sweep_codes
from loopline.customers.sessions import sweep_sessions
from loopline.db import Conn, Database, execute, fetch_values, statements
from loopline.db.partitions import ensure_months
from loopline.db.remembered import sweep_marks
from loopline.feeds import sweep_snapshots
from loopline.fulfilment.photos import forget_photos
from loopline.inbox import forget_texts
from loopline.insight.acceptance.service import learn_daily
from loopline.insight.surge import sweep_placed
from loopline.notices import drop_stale, sweep_notices
from loopline.org import sweep_access
from loopline.processes import lend
from loopline.processes.dispatch import lapse
from loopline.processes.expect import expect
from loopline.processes.hear import renew_doubts, weigh_feeds
from loopline.processes.learnt_capacity import learn_capacity
from loopline.processes.no_show import end_waiting
from loopline.processes.open_buyers import forget_buyers
from loopline.processes.points.rounds import expire as expire_points
from loopline.processes.points.rounds import mature as mature_points
from loopline.processes.promise import expire_holds, fill_parked, mend_allocations, mend_holds
from loopline.processes.promised import learn_paces, watch_promises
from loopline.processes.quotas import end_due_quotas
from loopline.processes.read_reviews import read_what_stands
from loopline.processes.recall import expire_goods
from loopline.processes.settle import release_due
from loopline.processes.supply import settle_noted
from loopline.returns import photos as returns_photos
from loopline.sourcing.day_prices import sweep_day_prices
from loopline.sourcing.service import sweep_prices
from loopline.touchpoints import sweep_guesses
from loopline.touchpoints.archives import forget_archives
from loopline.webhooks import sweep_deliveries

SQL = statements(__file__)
BATCH = 500
PARKED_LINES_MAX = 5_000
BATCHES_PER_ROUND_MAX = 200
MONTHS_AHEAD = 3
QUOTAS_PER_BATCH = 50
"""Fewer than of other things: with each end thousands of draws from it."""
ARCHIVES_PER_BATCH = 20
"""Fewer than of other things: each is megabytes."""
_TRIES_MAX = 4

_logger = structlog.get_logger(__name__)
Clock = Callable[[], datetime]
Step = Callable[[Conn, datetime], int]
Rests = Callable[[Conn], bool]
"""Whether rounds leave a database alone: a replayed history has a clock of its own; ours would make all of it late."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of round: when it begins (cron, with seconds as sixth field) and what a batch of it does.

    One without a time has a timer of its own in a live house.
    """

    name: str
    cron: str | None
    step: Step
    batches: int = BATCHES_PER_ROUND_MAX


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A round that goes out of the house: it opens its own transactions and makes its calls between them.

    `run` does one batch and returns how much it did. `rests`: it leaves a database alone that rounds leave alone.
    `is_long`: a batch may take minutes. Of those one goes at a time, in all processes of a database together, so that
    they never take the places of rounds that others wait for; the turn is given back after each batch. Whoever finds it
    taken leaves it for the next time, or waits for it where `is_patient`: what comes seldom is not to lose its day.
    """

    name: str
    cron: str
    run: Callable[[Database, datetime], int]
    rests: bool = False
    is_long: bool = False
    is_patient: bool = False


def _fill(conn: Conn, now: datetime) -> int:
    return fill_parked(conn, sku_ids=None, now=now, limit=PARKED_LINES_MAX)


ROUNDS: tuple[Round, ...] = (
    Round(
        name="expire_holds",
        cron=None,
        step=lambda conn, now: expire_holds(conn, now=now, limit=BATCH),
    ),
    Round(
        name="end_quotas",
        cron=None,
        step=lambda conn, now: end_due_quotas(conn, now=now, limit=QUOTAS_PER_BATCH),
    ),
    Round(
        name="mend_work",
        cron="* * * * * */5",
        step=lambda conn, now: mend_allocations(conn, now=now, limit=BATCH),
        batches=1,
    ),
    Round(
        name="mend_holds",
        cron="* * * * * */5",
        step=lambda conn, now: mend_holds(conn, now=now, limit=BATCH),
        batches=1,
    ),
    Round(
        name="lapse_offers",
        cron="* * * * * */15",
        step=lambda conn, now: len(lapse(conn, now=now, limit=BATCH)),
    ),
    Round(
        name="end_waiting",
        cron="* * * * * 30",
        step=lambda conn, now: end_waiting(conn, now=now, limit=BATCH),
    ),
    # Once: lots whose day is not over yet at their site would be found without end.
    Round(
        name="expire_goods",
        cron="* * * * * 45",
        step=lambda conn, now: expire_goods(conn, now=now, limit=BATCH),
        batches=1,
    ),
    # Once: what no site may send yet is free at the network, and would be held and parked without end.
    Round(name="fill_parked", cron="*/5 * * * *", step=_fill, batches=1),
    # Once: all that waits is looked at in one go.
    Round(name="expect_goods", cron="* * * * * 40", step=lambda conn, now: expect(conn, now=now), batches=1),
    Round(
        name="release_due", cron="* * * * *", step=lambda conn, now: release_due(conn, now=now, limit=BATCH)
    ),
    Round(
        name="mature_points",
        cron="* * * * * 10",
        step=lambda conn, now: mature_points(conn, now=now, limit=BATCH),
    ),
    Round(
        name="expire_points",
        cron="* * * * * 50",
        step=lambda conn, now: expire_points(conn, now=now, limit=BATCH),
    ),
    Round(
        name="settle_supplies",
        cron="* * * * * 20",
        step=lambda conn, now: settle_noted(conn, now=now, limit=BATCH),
    ),
    Round(name="forget_access", cron="*/10 * * * *", step=lambda conn, now: sweep_access(conn, now=now)),
    Round(
        name="forget_member_sessions",
        cron="*/10 * * * *",
        step=lambda conn, now: sweep_sessions(conn, now=now),
    ),
    Round(
        name="forget_sign_in_codes", cron="*/10 * * * *", step=lambda conn, now: sweep_codes(conn, now=now)
    ),
    Round(name="weigh_feeds", cron="* * * * * */20", step=lambda conn, now: weigh_feeds(conn, now=now)),
    Round(
        name="renew_doubts",
        cron="* * * * * */20",
        step=lambda conn, now: renew_doubts(conn, now=now, limit=BATCH),
        batches=1,
    ),
    # Once: one look finds all that moved.
    Round(
        name="look_over_loans",
        cron="* * * * * 50",
        step=lambda conn, now: lend.look_over(conn, now=now),
        batches=1,
    ),
    Round(
        name="watch_shipments",
        cron="* * * * * */20",
        step=lambda conn, now: lend.watch(conn, now=now, limit=BATCH),
    ),
    Round(
        name="watch_promises",
        cron="* * * * * */10",
        step=lambda conn, now: watch_promises(conn, now=now, limit=BATCH),
    ),
    # Once: all that is to be learnt of a day is learnt at one go.
    Round(
        name="learn_paces",
        cron="41 3 * * *",
        step=lambda conn, now: learn_paces(conn, now=now),
        batches=1,
    ),
    Round(
        name="forget_snapshots",
        cron="*/10 * * * *",
        step=lambda conn, now: sweep_snapshots(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_marks",
        cron="*/10 * * * *",
        step=lambda conn, now: sweep_marks(conn, before=now - timedelta(hours=1)),
        batches=1,
    ),
    Round(
        name="forget_lapses",
        cron="*/10 * * * *",
        step=lambda conn, now: orders.sweep_lapsed(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_deliveries",
        cron="*/10 * * * *",
        step=lambda conn, now: sweep_deliveries(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_messages",
        cron="*/10 * * * *",
        step=lambda conn, now: forget_texts(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_guesses",
        cron="7 * * * *",
        step=lambda conn, now: sweep_guesses(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_photos",
        cron="*/10 * * * *",
        step=lambda conn, now: forget_photos(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_return_photos",
        cron="*/10 * * * *",
        step=lambda conn, now: returns_photos.forget_photos(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_buyers",
        cron="*/10 * * * *",
        step=lambda conn, now: forget_buyers(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_code_archives",
        cron="*/10 * * * *",
        step=lambda conn, now: forget_archives(conn, now=now, limit=ARCHIVES_PER_BATCH),
    ),
    Round(
        name="drop_stale_notices",
        cron="* * * * * 25",
        step=lambda conn, now: drop_stale(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_notices",
        cron="13 * * * *",
        step=lambda conn, now: sweep_notices(conn, now=now, limit=BATCH),
    ),
    # It looks each hour whether what was learnt last is a day old.
    Round(
        name="learn_acceptance",
        cron="23 * * * *",
        step=lambda conn, now: learn_daily(conn, now=now),
        batches=1,
    ),
    # It looks often whether a profile, or somebody, says otherwise than what holds; and learns once a day.
    Round(
        name="learn_capacity",
        cron="*/10 * * * *",
        step=lambda conn, now: learn_capacity(conn, now=now),
        batches=1,
    ),
    # What another model or list of themes would read otherwise.
    Round(
        name="read_reviews_again",
        cron="* * * * * */20",
        step=lambda conn, now: read_what_stands(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_prices_of_waves",
        cron="*/10 * * * *",
        step=lambda conn, now: sweep_prices(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_prices_of_days",
        cron="*/10 * * * *",
        step=lambda conn, now: sweep_day_prices(conn, now=now, limit=BATCH),
    ),
    Round(
        name="forget_placing",
        cron="*/10 * * * *",
        step=lambda conn, now: sweep_placed(conn, now=now, limit=BATCH),
    ),
)
"""Every round whose work is transactions alone, in the order in which a world with its own clock does them."""


class Rounds:
    """Every round of one database. `stop` lets a round under way end after the batch at hand."""

    def __init__(
        self, database: Database, *, clock: Clock, rests: Rests, errands: Sequence[Errand] = ()
    ) -> None:
        self._database = database
        self._clock = clock
        self._rests = rests
        self._errands = errands
        self._stopping = threading.Event()
        self._going: set[str] = set()
        self._door = threading.Lock()

    def stop(self) -> None:
        """Begin no further batch."""
        self._stopping.set()

    def app(self, connector: procrastinate.BaseConnector) -> procrastinate.App:
        """Make the application that knows every round. Rounds run in threads; of each kind at most one waits."""
        app = procrastinate.App(connector=connector)

        def every(one: Round, cron: str) -> None:
            def run(timestamp: int) -> None:  # noqa: ARG001 - Procrastinate says for which moment it is
                self._run(one)

            task = app.task(name=one.name, queueing_lock=one.name)(run)
            app.periodic(cron=cron)(task)

        def every_errand(one: Errand) -> None:
            def run(timestamp: int) -> None:  # noqa: ARG001 - as above
                self._go(one)

            task = app.task(name=one.name, queueing_lock=one.name)(run)
            app.periodic(cron=one.cron)(task)

        for one in ROUNDS:
            if one.cron is not None:
                every(one, one.cron)
        for errand in self._errands:
            every_errand(errand)

        @app.periodic(cron="17 3 * * *")
        @app.task(name="ensure_months", queueing_lock="ensure_months")
        def months(timestamp: int) -> None:
            del timestamp
            ensure_coming_months(self._database, today=self._clock().date())

        return app

    def _run(self, one: Round) -> None:
        with self._database.reading() as conn:
            resting = self._rests(conn)
        if not resting:
            until_nothing_is_left(
                self._database, one.step, clock=self._clock, batches=one.batches, stopping=self._stopping
            )

    def _go(self, one: Errand) -> None:
        if one.rests:
            with self._database.reading() as conn:
                if self._rests(conn):
                    return
        if not one.is_long:
            self._work_off(one)
            return
        with self._door:
            if one.name in self._going:
                return  # it waits for its turn, or has it
            self._going.add(one.name)
        try:
            for _ in range(BATCHES_PER_ROUND_MAX):
                if not self._in_turn(one):
                    break
        finally:
            with self._door:
                self._going.discard(one.name)

    def _in_turn(self, one: Errand) -> int:
        """Do one batch of what takes long, if the turn is to be had; returns how much was done."""
        # A connection of its own: a process that dies gives the turn back with it.
        with self._database.connect() as conn:
            if not (self._wait_for_turn(conn) if one.is_patient else _turn_is_free(conn)):
                return 0
            return 0 if self._stopping.is_set() else one.run(self._database, self._clock())

    def _wait_for_turn(self, conn: Conn) -> bool:
        """Wait for the turn; False where this process is to end before it comes."""
        while not self._stopping.is_set():
            try:
                execute(conn, SQL["turn_of_long_errands"])
            except psycopg.errors.LockNotAvailable:
                continue
            return True
        return False

    def _work_off(self, one: Errand) -> None:
        for _ in range(BATCHES_PER_ROUND_MAX):
            if self._stopping.is_set() or not one.run(self._database, self._clock()):
                return


def _turn_is_free(conn: Conn) -> bool:
    taken: bool = fetch_values(conn, SQL["try_turn_of_long_errands"])[0]
    return taken


def until_nothing_is_left(
    database: Database,
    step: Step,
    *,
    clock: Clock,
    batches: int = BATCHES_PER_ROUND_MAX,
    stopping: threading.Event | None = None,
) -> int:
    """Run a step in transactions of its own until it finds nothing to do, boundedly; returns what was done in all."""
    done = 0
    for _ in range(batches):
        if stopping is not None and stopping.is_set():
            break
        found = _one_batch(database, step, clock=clock)
        if not found:
            break
        done += found
    return done


def _one_batch(database: Database, step: Step, *, clock: Clock) -> int:
    """Do one batch, again where it met a rival: who pays or calls off at this moment keeps no round from going on."""
    for _ in range(_TRIES_MAX - 1):
        try:
            with database.transaction() as conn:
                return step(conn, clock())
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as met:
            _logger.info("round_met_a_rival", rival=str(met))
    with database.transaction() as conn:
        return step(conn, clock())


def ensure_coming_months(database: Database, *, today: date) -> None:
    """Make the partitions of this month and the next ones, long before an order falls into them.

    Where a long reader is in the way it is left for the next time: the default partition takes what comes meanwhile.
    """
    try:
        with database.owner_transaction() as owner:
            ensure_months(owner, first=today, last=today + timedelta(days=31 * MONTHS_AHEAD))
    except psycopg.errors.LockNotAvailable:
        _logger.warning("months_left_for_later")
