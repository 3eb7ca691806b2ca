"""Trials of rules of sharing: read at one moment, their progress noted beside it."""

from datetime import datetime

from loopline.db import Database
from loopline.jobs.rounds import Errand
from loopline.kernel.times import TimeRange
from loopline.processes.what_if import what_if
from loopline.sharing import trials
from loopline.sharing.publishing import problems_of
from loopline.sharing.queries import rule_sets_by_id
from loopline.sharing.trials import AskedTrial
from loopline.sharing.trying import Trial

NOTHING_SOLD = "nothing_sold"
NOT_PUBLISHABLE = "not_publishable"
BROKE = "broke"


def run_next_rule_trial(database: Database, now: datetime) -> int:
    """Run the trial that was asked for first; returns 1, or 0 where none waits.

    A trial that breaks ends by it, so that the next is not held up, and the error goes on to whoever looks after jobs.
    """
    with database.reading() as conn:
        trial = trials.trial_to_run(conn)
    if trial is None:
        return 0
    outcome: Trial | str = BROKE
    try:
        outcome = _try(database, trial)
    finally:
        with database.transaction() as conn:
            trials.end_trial(conn, trial.id, outcome, now=now)
    return 1


def _try(database: Database, asked: AskedTrial) -> Trial | str:
    def tell(done: int, of: int) -> None:
        with database.transaction() as conn:
            trials.note_progress(conn, asked.id, done_parts=done, all_parts=of)

    with database.reading() as conn:
        (rule_set,) = rule_sets_by_id(conn, [asked.rule_set_id])
        if problems_of(rule_set.rows):
            return NOT_PUBLISHABLE  # such rows may split nothing, or more than there is
        sold = TimeRange(start=asked.sold_from, end=asked.sold_until)
        tried = what_if(conn, rule_set, sold=sold, tell=tell)
    return tried if tried.parts or tried.refused else NOTHING_SOLD


RULE_TRIAL_ERRAND = Errand(name="try_rules", cron="* * * * * */5", run=run_next_rule_trial, is_long=True)
