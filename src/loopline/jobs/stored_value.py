"""Stored value: refunds that go back to it are carried out, as a gateway's are, by nobody outside."""

from datetime import datetime

from loopline.db import Database
from loopline.payments import claim_intents
from loopline.payments.cash import STORED_VALUE
from loopline.processes.stored_value.paying_with import give_back

CLAIMED_MOST = 100


def give_back_due(database: Database, now: datetime) -> int:
    """Carry out refunds that go back to stored value; returns how many there were.

    Claiming and carrying out are transactions of their own, as with every gateway: accounts and orders come before
    refunds. What is claimed and not carried out is claimed again a minute later.
    """
    with database.transaction(quiet=True) as conn:
        due = claim_intents(conn, [STORED_VALUE], limit=CLAIMED_MOST, now=now)
    if due:
        with database.transaction() as conn:
            give_back(conn, due, now=now)
    return len(due)
