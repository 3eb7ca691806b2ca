"""What is read for a statement's workbook: however long it is, what was paid is read once."""

from datetime import timedelta

from loopline import org
from loopline.db import Conn, Database
from loopline.kernel.ids import EntryId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import AccountAsk, EntryKind, NewEntry, Posting, Purpose
from loopline.statements.model import LINES_PER_PAGE
from loopline.web.languages import languages
from loopline.web.statements.files import Order, write_xlsx
from loopline.web.written import Written
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop
from tests.make.statements import DAY, some_days

LAST = NOON + 60 * DAY


def moves(conn: Conn, shop: Shop, count: int) -> None:
    """Let so many entries move what the guide is due, between two sales."""
    cost = AccountAsk(entity_id=shop.brand_entity, purpose=Purpose.SHARING_COST, currency="CNY")
    of_guide = AccountAsk(
        entity_id=shop.brand_entity,
        purpose=Purpose.SHARE_DUE,
        currency="CNY",
        party_id=shop.parties["GUIDE"],
    )
    due, other = ledger.open_accounts(conn, [of_guide, cost], now=NOON)
    entries = [
        NewEntry(
            id=EntryId(made),
            kind=EntryKind.OPENING,
            subject=made,
            at=NOON,
            key=f"made:{made}",
            postings=(
                Posting(part_id=made, account_id=due.id, amount_minor=-1),
                Posting(part_id=made, account_id=other.id, amount_minor=1),
            ),
        )
        for made in uuid7s(NOON + 2 * DAY + timedelta(hours=1), count)
    ]
    succeeded(ledger.post_entries(conn, entries))


def scans(conn: Conn) -> int:
    """How often this transaction has looked through what was sent to parties."""
    (found,) = conn.execute(
        "select sum(seq_scan + coalesce(idx_scan, 0)) from pg_stat_xact_user_tables"
        " where schemaname = 'payouts' and relname = 'payout'"
    ).fetchone() or (None,)
    assert found is not None
    return int(found)


def test_what_was_paid_is_read_once_for_all_lines(database: Database):
    shop = some_days(database)
    with database.transaction() as conn:
        moves(conn, shop, LINES_PER_PAGE)
    with database.reading() as conn:
        party = org.parties_by_id(conn, [shop.parties["GUIDE"]])[shop.parties["GUIDE"]]
        order = Order(
            party=party, days=(NOON.date(), LAST.date()), zone="Asia/Shanghai", language=languages()["en"]
        )
        before = scans(conn)
        written = Written()
        with written.file:
            write_xlsx(conn, order, written)
        assert scans(conn) - before == 1
