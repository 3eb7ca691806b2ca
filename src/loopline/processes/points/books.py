"""What is deferred for points, in the books of the brand's company: less revenue now, more when they are used or end.

Points are a right to buy for less that comes with a sale (IFRS 15, B39-B43; CAS 14, articles 35 and 36), given by the
brand in whatever shop. So the brand's company puts revenue off for them, as much as they are worth times how much of
them is expected to be used, until they are used, end or are taken back. What a discount for them costs is borne apart,
with the sale that they are used on.
"""

from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import EntryId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.org.queries import brand_companies
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted


def post_deferred(conn: Conn, minor: int, *, currency: str, now: datetime) -> None:
    """Post what is deferred more for points (or, negative, less), tax left out of account."""
    if not minor:
        return
    company = brand_companies(conn)[0]
    accounts = Accounts(conn, now=now)
    deferred = accounts.ask(company.id, Purpose.POINTS_DEFERRED, currency)
    owed = accounts.ask(company.id, Purpose.POINTS_LIABILITY, currency)
    accounts.open()
    entry_id, part_id = uuid7s(now, 2)
    entry = NewEntry(
        id=EntryId(entry_id),
        kind=EntryKind.POINTS,
        subject=company.id,
        at=now,
        key=f"points:{entry_id}",
        postings=(
            Posting(part_id=part_id, account_id=accounts.id_of(deferred), amount_minor=minor),
            Posting(part_id=part_id, account_id=accounts.id_of(owed), amount_minor=-minor),
        ),
    )
    all_granted(ledger.post_entries(conn, [entry]))
