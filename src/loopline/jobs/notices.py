"""Notices: what customers are to be told is handed to the gateway, and what it says is taken in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from loopline.customers import KeyRing
from loopline.db import Database
from loopline.notices import Heard, NoticeGateway, NoticeReport, ToTell, stand_by
from loopline.processes.notify import claim_to_tell, take_in

AT_ONCE = 4
CLAIMED_MAX = 20
"""At the longest a call takes ten seconds and a message two: all end within the two minutes for which a claim holds."""
_logger = structlog.get_logger(__name__)


def tell_customers(
    database: Database, gateway: NoticeGateway, now: datetime, *, open_ring: Callable[[], KeyRing]
) -> int:
    """Claim what is due, hand each over, and take in what became of it; returns how many.

    Claiming and taking in are transactions; the gateway is called between them. What nobody reports on (this process
    dies, the gateway breaks) is claimed again later, and asked after before it is sent again.
    """
    with database.transaction(quiet=True) as conn:
        stand_by(conn, gateway.name, now=now)
        claimed = claim_to_tell(conn, ring=open_ring(), limit=CLAIMED_MAX, now=now)
    if not claimed:
        return 0

    def put_one(one: ToTell) -> NoticeReport:
        return put(gateway, one, now)

    with ThreadPoolExecutor(min(AT_ONCE, len(claimed)), thread_name_prefix="notices") as callers:
        reports = list(callers.map(put_one, claimed))
    with database.transaction() as conn:
        take_in(conn, reports, now=now)
    return len(claimed)


def put(gateway: NoticeGateway, asked: ToTell, now: datetime) -> NoticeReport:
    """Hand a message over; one that may have arrived is asked after first, and sent only where it did not."""
    try:
        if asked.asks_first:
            found = gateway.ask(asked, now=now)
            if found.heard is not Heard.ABSENT or not asked.may_send:
                return found
        return gateway.send(asked, now=now)
    except Exception as broke:
        _logger.exception("notice_gateway_broke", notice=asked.key)
        return NoticeReport(claim=asked.claim, heard=Heard.NOTHING, note=type(broke).__name__)
