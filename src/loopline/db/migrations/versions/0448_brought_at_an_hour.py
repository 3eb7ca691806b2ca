"""Goods that a courier brings at an hour, how long that takes, and the places of appointments that stand."""

from loopline.db.migrations import run_sql

revision = "0448"
down_revision = "0447"


def upgrade() -> None:
    """Know orders by courier, what is learnt of couriers, and whose the places of appointments are."""
    run_sql(__file__)
