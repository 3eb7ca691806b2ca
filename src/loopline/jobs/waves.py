"""Waves of a live house: gathered at one moment, solved without a transaction, applied in parts of bounded size.

A process that dies in between leaves nothing half done: parts that were applied stand, the orders of the others are due
again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import psycopg
import structlog
from msgspec.structs import replace

from loopline import orders, org
from loopline.db import Conn, Database
from loopline.insight.acceptance.model import Acceptance
from loopline.insight.acceptance.queries import site_acceptance
from loopline.jobs.day_prices import price_last_day
from loopline.jobs.rounds import Errand
from loopline.jobs.trials import run_next_trial
from loopline.kernel.ids import SiteId
from loopline.orders import QueueOfOrders
from loopline.processes import source
from loopline.processes.came_back import answering_of
from loopline.processes.wave import WaveDesk
from loopline.sourcing.offers import Offering, OfferTerms
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.optimiser.loading import load_beside
from loopline.sourcing.profiles import ProfileInForce, profile_in_force
from loopline.sourcing.settings import Settings, Waiting
from loopline.sourcing.solver import Solver

PRICED_WITHIN_SECONDS = 60.0
"""Prices of a day are looked for at most so long."""
_TRIES_MAX = 4
_logger = structlog.get_logger(__name__)


def source_waves(database: Database, now: datetime, *, solver: Solver) -> int:
    """Decide one wave if one is to begin; returns how many orders were in it."""
    with database.reading() as conn:
        profile = profile_in_force(conn)
        if not _is_time(conn, profile, now):
            return 0
        expected = site_acceptance(conn, [site.id for site in org.branch_sites(conn)], now=now)
        limit = profile.settings.waiting.wave_orders
        desk = source.gather(conn, now=now, limit=limit, profile=profile, accepts=expected)
    if desk is None:
        return 0
    parts = source.solve(desk, solver=solver, offering=offering_of(profile.settings, expected))
    return source.together([_apply(database, desk, part, now) for part in parts]).orders


def _is_time(conn: Conn, profile: ProfileInForce, now: datetime) -> bool:
    due = next((one for one in orders.sourcing_queue(conn, now=now) if one.waits_for is None), None)
    return due is not None and begins(due, profile.settings.waiting, now=now)


def offering_of(settings: Settings, expected: Mapping[SiteId, Acceptance]) -> Offering:
    """Return how work is put to sites by a profile, and how they are expected to answer."""
    terms = OfferTerms(
        open_offers=settings.offers.may_be_open,
        sites_per_call_max=settings.offers.sites_most,
        extra_minor_max=settings.offers.extra_minor_most,
        redispatch_minor=settings.weights.refusal_minor,
        waiting_hour_minor=settings.weights.late_hour_minor,
    )
    answering = {site_id: answering_of(one) for site_id, one in expected.items()}
    return Offering(terms=terms, answering=answering)


def begins(due: QueueOfOrders, waiting: Waiting, *, now: datetime) -> bool:
    """Whether a wave begins: the oldest order has waited as long as the profile says, or as many wait as it says."""
    if due.orders >= waiting.wave_orders:
        return True
    return due.oldest is not None and due.oldest <= now - timedelta(minutes=waiting.window_minutes)


def _apply(database: Database, desk: WaveDesk, part: source.Part, now: datetime) -> source.WaveSourced:
    """Apply a part, again where it met a rival: an order that the rival changed is left to the next wave."""
    for _ in range(_TRIES_MAX - 1):
        try:
            with database.transaction() as conn:
                return source.apply_part(conn, desk, part, now=now)
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as met:
            _logger.info("wave_met_a_rival", rival=str(met))
    with database.transaction() as conn:
        return source.apply_part(conn, desk, part, now=now)


WAVE_ERRANDS = (
    Errand(
        name="source_waves",
        cron="* * * * * */2",
        run=partial(source_waves, solver=Optimiser()),
        rests=True,
    ),
    Errand(
        name="try_profiles",
        cron="* * * * * */5",
        run=partial(run_next_trial, solver=Optimiser(gap=0.002)),
        is_long=True,
    ),
    # It looks each hour whether the brand's last whole day is priced, wherever its midnight is.
    Errand(
        name="price_last_day",
        cron="13 * * * *",
        run=partial(price_last_day, solver=Optimiser(gap=0.001, seconds=PRICED_WITHIN_SECONDS)),
        rests=True,
        is_long=True,
        is_patient=True,
    ),
)
"""What every house does, with the optimiser as its solver."""


def when_loaded(errand: Errand) -> Errand:
    """Return an errand that does nothing while this process still loads its solver: it would search for less.

    A wave begins a second later then; on a machine that has to compile the solver first, half a minute.
    """

    def run(database: Database, now: datetime) -> int:
        return 0 if load_beside().is_alive() else errand.run(database, now)

    return replace(errand, run=run)


LIVE_WAVE_ERRANDS = tuple(when_loaded(one) for one in WAVE_ERRANDS)
"""The same in a live house, where the clock goes on while a process starts."""
