"""Tell subscribers: claim what is due, send it outside any transaction, write what became of it."""

from datetime import datetime

from loopline.channels.webhooks_out import Sender
from loopline.db import Database
from loopline.webhooks import claim_due, record_results

BATCH = 100


def tell_subscribers(database: Database, sender: Sender, *, now: datetime, limit: int = BATCH) -> int:
    """Try what is due, at most `limit` deliveries; returns how many were tried."""
    with database.transaction(quiet=True) as conn:
        claimed = claim_due(conn, limit=limit, now=now)
    if not claimed:
        return 0
    results = sender.send(claimed)
    with database.transaction(quiet=True) as conn:
        record_results(conn, results)
    return len(claimed)
