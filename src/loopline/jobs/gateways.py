"""Gateways: what was written to be done is put to them, and what they say is taken in."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from loopline.db import Database
from loopline.payments import Gateway, Intent, Report, claim_intents, send
from loopline.processes.pay import apply_gateway_reports

AT_ONCE = 8
CLAIMED_MAX = 40
"""At the longest a call takes five seconds: all of them end within the minute for which a claim holds."""
_logger = structlog.get_logger(__name__)


def put_to_gateways(database: Database, gateways: Mapping[str, Gateway], now: datetime) -> int:
    """Claim intents that are due, put each to its gateway, and take in what became of it; returns how many.

    Claiming and taking in are transactions; the gateways are called between them. What nobody reports on (this process
    dies, a gateway breaks) is claimed again a minute later.
    """
    with database.transaction(quiet=True) as conn:
        due = claim_intents(conn, sorted(gateways), limit=CLAIMED_MAX, now=now)
    if not due:
        return 0
    reports = _put(due, gateways, now)
    if reports:
        with database.transaction() as conn:
            apply_gateway_reports(conn, reports, now=now)
    return len(due)


def _put(due: Sequence[Intent], gateways: Mapping[str, Gateway], now: datetime) -> list[Report]:
    def put(intent: Intent) -> Report | None:
        return _report(gateways[intent.gateway], intent, now)

    with ThreadPoolExecutor(min(AT_ONCE, len(due)), thread_name_prefix="gateway") as callers:
        return [report for report in callers.map(put, due) if report is not None]


def _report(gateway: Gateway, intent: Intent, now: datetime) -> Report | None:
    """One gateway that breaks keeps no other intent from being put."""
    try:
        return send(gateway, intent, now=now)
    except Exception:
        _logger.exception("gateway_broke", gateway=gateway.name, intent=str(intent.id))
        return None
