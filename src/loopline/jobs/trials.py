"""Trials of profiles: each day read at one moment, decided in waves without a transaction, its progress noted."""

from datetime import datetime, timedelta

from loopline.db import Database
from loopline.insight import board_setting
from loopline.processes.price_day import learnt
from loopline.processes.try_profile import (
    NOTHING_YET,
    added,
    day_to_learn,
    decide_in_waves,
    side_of,
    waves_to_try,
)
from loopline.sourcing import profiles
from loopline.sourcing.solver import Solver
from loopline.sourcing.trials import Trial, TrialReport

NO_ORDERS = "no_orders"
BROKE = "broke"
_SEED = 1


def run_next_trial(database: Database, now: datetime, *, solver: Solver) -> int:
    """Run the trial that was asked for first; returns 1, or 0 where none waits.

    A trial that breaks ends by it, so that the next is not held up, and the error goes on to whoever looks after jobs.
    """
    with database.reading() as conn:
        trial = profiles.trial_to_run(conn)
        zone = board_setting(conn).zone
    if trial is None:
        return 0
    outcome: TrialReport | str = BROKE
    try:
        outcome = _try(database, trial, solver=solver, zone=zone, now=now) or NO_ORDERS
    finally:
        with database.transaction() as conn:
            profiles.end_trial(conn, trial.id, outcome, now=now)
    return 1


def _try(database: Database, trial: Trial, *, solver: Solver, zone: str, now: datetime) -> TrialReport | None:
    """Decide each day by both versions, and add up; None: there were no orders."""
    before, after = NOTHING_YET, NOTHING_YET
    orders, currency = 0, ""
    for number in range(trial.days):
        day = trial.from_day + timedelta(days=number)
        versions = (trial.against, trial.version)
        with database.reading() as conn:
            last = day_to_learn(conn, day, versions=versions, zone=zone, now=now)
        said = learnt(last, solver.solve(last.wave, seed=_SEED)) if last is not None else None
        with database.reading() as conn:
            found = waves_to_try(conn, day, versions=versions, zone=zone, now=now, learnt=said)
        if found is not None:
            sides = [
                side_of(
                    found.day,
                    wave,
                    decide_in_waves(found, wave, solver=solver, seed=_SEED),
                    tried=found.waves[-1],
                )
                for wave in found.waves
            ]
            before, after = added(before, sides[0]), added(after, sides[1])
            orders += len(found.waves[0].orders)
            currency = found.day.currency
        with database.transaction() as conn:
            profiles.note_progress(conn, trial.id, done_days=number + 1)
    return TrialReport(currency=currency, orders=orders, before=before, after=after) if orders else None
