"""Invoices: wishes become documents, documents are put to the platform, and what it says is taken in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from loopline.db import Database
from loopline.invoices import Heard, InvoicePlatform, InvoiceReport
from loopline.processes.invoice import ClaimedDocument, apply_invoice_reports, claim_to_issue, make_out

AT_ONCE = 4
"""So many are claimed, and each is put at once: none waits while its claim runs out."""
_logger = structlog.get_logger(__name__)


def make_out_invoices(database: Database, platform: InvoicePlatform, now: datetime) -> int:
    """Make out what comes next, put what is due, take in what is said; returns how many wishes and documents.

    Each step is a transaction of its own, and the platform is asked between them. What nobody reports on (this process
    dies, the platform breaks) is claimed again later, and asked after before it is sent again.
    """
    with database.transaction() as conn:
        looked_at = make_out(conn, now=now)
    with database.transaction(quiet=True) as conn:
        claimed = claim_to_issue(conn, limit=AT_ONCE, now=now)
    if not claimed:
        return looked_at

    def put_one(one: ClaimedDocument) -> InvoiceReport:
        return put(platform, one, now)

    with ThreadPoolExecutor(len(claimed), thread_name_prefix="invoices") as callers:
        reports = list(callers.map(put_one, claimed))
    for report in reports:  # each by itself: what one says keeps no other back
        try:
            with database.transaction() as conn:
                apply_invoice_reports(conn, [report], now=now)
        except Exception:
            _logger.exception("invoice_report_not_taken", document=str(report.document_id))
    return looked_at + len(claimed)


def put(platform: InvoicePlatform, claimed: ClaimedDocument, now: datetime) -> InvoiceReport:
    """Put a document: the first time send it, later ask after it, and send it again only where there is none of it."""
    asked = claimed.to_issue
    try:
        if claimed.tries > 1:
            found = platform.ask(asked, now=now)
            if found.heard is not Heard.ABSENT:
                return found
        return platform.send(asked, now=now)
    except Exception as broke:
        _logger.exception("invoice_platform_broke", document=str(asked.document.id))
        return InvoiceReport(document_id=asked.document.id, heard=Heard.NOTHING, note=type(broke).__name__)
