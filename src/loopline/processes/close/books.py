"""Which books there are, how far they are closed, and which month is next."""

from datetime import date

import msgspec

from loopline.closing import queries as closing
from loopline.closing.model import Books
from loopline.closing.queries import LastClose
from loopline.closing.rules.months import moments_of, month_after, month_of
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.scope import Scope
from loopline.ledger import queries as ledger
from loopline.ledger.model import CutNumber
from loopline.ledger.queries import MonthOfBooks
from loopline.org import lists as org_lists


class BooksState(msgspec.Struct, frozen=True, kw_only=True):
    """The books of a company in a currency: since which month, and the last close. Months are the brand's."""

    books: Books
    entity_code: str
    zone: str
    first: date
    last: LastClose | None

    @property
    def open_month(self) -> date:
        """The first month that is open."""
        return self.first if self.last is None else month_after(self.last.month)

    def month_of_books(self) -> MonthOfBooks:
        """Return the first open month as a stretch of the books: it begins where the last close ended."""
        during = moments_of(self.open_month, self.zone)
        assert during.end is not None
        return MonthOfBooks(
            entity_id=self.books.entity_id,
            currency=self.books.currency,
            start=during.start if self.last is None else self.last.end_at,
            end=during.end,
            after_cut=CutNumber(0 if self.last is None else self.last.cut),
        )


def books_in(conn: Conn, scope: Scope) -> list[BooksState]:
    """Return the books of the companies in a scope, by code and currency."""
    kept = ledger.books_kept(conn)
    codes = org_lists.entity_codes_in_scope(conn, {one.entity_id for one in kept}, scope=scope)
    zone = board_setting(conn).zone
    last = closing.last_closes(conn)
    found = [
        BooksState(
            books=books,
            entity_code=codes[one.entity_id],
            zone=zone,
            first=month_of(one.since, zone),
            last=last.get(books),
        )
        for one in kept
        if one.entity_id in codes
        for books in (Books(entity_id=one.entity_id, currency=one.currency),)
    ]
    return sorted(found, key=lambda one: (one.entity_code, one.books.currency))
