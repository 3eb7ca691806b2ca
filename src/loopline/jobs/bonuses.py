"""Bonuses of months: each night what months came to on their ladders is looked at anew, a month at a time."""

from datetime import datetime

from loopline.db import Database
from loopline.insight import board_setting
from loopline.jobs.rounds import Errand
from loopline.processes.bonus import evaluate_month, months_to_evaluate


def evaluate_bonuses(database: Database, now: datetime) -> int:
    """Evaluate every month that may still change, each in its own transaction; returns how many amounts changed."""
    with database.reading() as conn:
        zone_name = board_setting(conn).zone
    changed = 0
    for month in months_to_evaluate(now, zone_name):
        with database.transaction() as conn:
            changed += evaluate_month(conn, month, zone_name=zone_name, now=now)
    return changed


BONUS_ERRAND = Errand(
    name="evaluate_bonuses", cron="23 */6 * * *", run=evaluate_bonuses, is_long=True, is_patient=True
)
