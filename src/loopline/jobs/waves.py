"""Waves of a live house: gathered at one moment, solved without a transaction, applied in parts of bounded size.

A process that dies in between leaves nothing half done: parts that were applied stand, the orders of the others are due
again.
"""

from datetime import datetime, timedelta
from functools import partial

import psycopg
import structlog

from loopline import orders, org
from loopline.db import Conn, Database
from loopline.insight.acceptance.queries import site_acceptance
from loopline.jobs.rounds import Errand
from loopline.jobs.trials import run_next_trial
from loopline.orders import QueueOfOrders
from loopline.processes import source
from loopline.processes.wave import WaveDesk
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.profiles import profile_in_force
from loopline.sourcing.settings import Waiting
from loopline.sourcing.solver import Solver

_TRIES_MAX = 4
_logger = structlog.get_logger(__name__)


def source_waves(database: Database, now: datetime, *, solver: Solver) -> int:
    """Decide one wave if one is to begin; returns how many orders were in it."""
    with database.reading() as conn:
        desk = _gather(conn, now)
    if desk is None:
        return 0
    parts = source.solve(desk, solver=solver)
    return source.together([_apply(database, desk, part, now) for part in parts]).orders


def _gather(conn: Conn, now: datetime) -> WaveDesk | None:
    profile = profile_in_force(conn)
    due = next((one for one in orders.sourcing_queue(conn, now=now) if one.waits_for is None), None)
    if due is None or not begins(due, profile.settings.waiting, now=now):
        return None
    sites = [site.id for site in org.branch_sites(conn)]
    return source.gather(
        conn,
        now=now,
        limit=profile.settings.waiting.wave_orders,
        profile=profile,
        accepts=site_acceptance(conn, sites, now=now),
    )


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
        name="try_profiles", cron="* * * * * */5", run=partial(run_next_trial, solver=Optimiser(gap=0.002))
    ),
)
"""What every house does, with the optimiser as its solver."""
