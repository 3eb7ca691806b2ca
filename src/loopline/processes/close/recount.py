"""Reckon the digests of closed months again, from everything they say."""

from loopline.closing.model import Books
from loopline.closing.queries import all_closes
from loopline.closing.rules.digests import digest_of
from loopline.closing.rules.months import spelt
from loopline.db import Conn, Finding

_REPAIR = "Restore the schema closing from the last backup; no command of Loopline changes a closed month."


def digests_that_differ(conn: Conn) -> list[Finding]:
    """Return closed months that do not say any more what they said when they were closed."""
    findings: list[Finding] = []
    before: dict[Books, bytes] = {}
    for close in all_closes(conn):
        sheet = close.sheet
        said = digest_of(close)
        if said != close.digest or close.digest_before != before.get(sheet.books):
            findings.append(
                Finding(
                    subject=f"closed month {spelt(sheet.month)} of company {sheet.books.entity_id}",
                    found=close.digest.hex(),
                    expected=said.hex(),
                    repair=_REPAIR,
                )
            )
        before[sheet.books] = close.digest
    return findings
