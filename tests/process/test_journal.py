"""The journal leaves as text that Beancount itself accepts, cut by day, to the cent."""

from datetime import UTC, datetime

import msgspec
from beancount import loader
from beancount.core.data import Transaction

from loopline.db import Conn
from loopline.kernel.ids import EntryId, uuid7
from loopline.ledger import queries, service
from loopline.ledger.model import NewEntry, Purpose
from loopline.processes.journal import ROOTS, account_name, beancount_lines, journal_rows
from tests.make.ledger import entry, open_by_purpose

ZONE = "Asia/Shanghai"
START, END = datetime(2026, 3, 1, 16, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC)


def moved_to(made: NewEntry, at: datetime) -> NewEntry:
    return msgspec.structs.replace(made, id=EntryId(uuid7(at)), at=at)


def test_beancount_accepts_the_journal_of_a_day(conn: Conn) -> None:
    yuan = open_by_purpose(conn, [Purpose.CASH, Purpose.REVENUE, Purpose.TAX])
    yen = open_by_purpose(conn, [Purpose.CASH, Purpose.REVENUE], currency="JPY")
    sale = entry(
        {yuan[Purpose.CASH]: 11300, yuan[Purpose.REVENUE]: -10000, yuan[Purpose.TAX]: -1300},
        key='sale:"it\\s"',
    )
    abroad = entry({yen[Purpose.CASH]: 500, yen[Purpose.REVENUE]: -500})
    first = moved_to(entry({yuan[Purpose.CASH]: 1, yuan[Purpose.REVENUE]: -1}), START)
    after = moved_to(entry({yuan[Purpose.CASH]: 7, yuan[Purpose.REVENUE]: -7}), END)
    service.post_entries(conn, [sale, abroad, first, after])

    lines = list(queries.journal(conn, start=START, end=END))
    text = "\n".join(beancount_lines(journal_rows(lines, zone_name=ZONE)))
    directives, errors, _ = loader.load_string(text)  # pyright: ignore[reportUnknownMemberType]
    assert errors == []

    found = [directive for directive in directives if isinstance(directive, Transaction)]
    assert [made.meta["entry"] for made in found] == [str(made.id) for made in (first, sale, abroad)]
    assert {str(made.date) for made in found} == {"2026-03-02"}
    assert found[1].meta["key"] == 'sale:"it\\s"'
    assert [(posting.account.rsplit(":", 1)[0], str(posting.units)) for posting in found[1].postings] == [
        ("Assets:Cash", "113.00 CNY"),
        ("Income:Revenue", "-100.00 CNY"),
        ("Liabilities:Tax", "-13.00 CNY"),
    ]
    assert [str(posting.units) for posting in found[2].postings] == ["500 JPY", "-500 JPY"]


def test_every_purpose_has_a_place_in_the_books() -> None:
    assert set(ROOTS) == set(Purpose)
    assert account_name(Purpose.SHARE_DUE, 7) == "Liabilities:ShareDue:A7"
