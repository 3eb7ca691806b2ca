"""Marketplaces: what was written to be told is put to them, and what they answer is taken in."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from loopline.db import Database
from loopline.marketplaces import Answer, Connector
from loopline.processes import lend
from loopline.processes.lend import Due

AT_ONCE = 8
CLAIMED_MAX = 200
_logger = structlog.get_logger(__name__)


def tell_marketplaces(database: Database, connectors: Mapping[str, Connector], now: datetime) -> int:
    """Claim steps that are due, put them to their marketplaces, and take in the answers; returns how many were told.

    Claiming and taking in are transactions; the marketplaces are called between them, each with all its steps at once.
    What nobody answers (this process dies, a marketplace is down) is told again, later and later, without end: a
    marketplace may have heard of it, so that it stays lent.
    """
    with database.transaction(quiet=True) as conn:
        due = lend.claim(conn, sorted(connectors), limit=CLAIMED_MAX, now=now)
    if not due:
        return 0

    def tell(one: Due) -> list[Answer]:
        return _answers(connectors[one.connector], one, now)

    with ThreadPoolExecutor(min(AT_ONCE, len(due)), thread_name_prefix="marketplace") as callers:
        answers = [answer for told in callers.map(tell, due) for answer in told]
    if answers:
        with database.transaction() as conn:
            lend.take_answers(conn, answers, now=now)
    return sum(len(one.tellings) for one in due)


def _answers(connector: Connector, due: Due, now: datetime) -> list[Answer]:
    """One marketplace that breaks keeps no other from being told. What it was not told of is passed by."""
    try:
        answers = connector.tell(due.channel, due.tellings, now=now)
    except Exception:
        _logger.exception("marketplace_broke", connector=connector.name, channel=due.channel)
        return []
    told = {one.step_id: abs(one.units) for one in due.tellings}
    return [one for one in answers if 0 <= one.moved <= told.get(one.step_id, -1)]
