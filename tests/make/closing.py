"""Months of a small brand's books: sales on days, entries about earlier months, closes."""

from datetime import UTC, date, datetime

from loopline.closing.model import Close, Closed
from loopline.db import Conn
from loopline.kernel.ids import EntryId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger import service as ledger
from loopline.ledger.model import AccountAsk, EntryKind, NewEntry, Posting, Purpose
from loopline.processes.close.command import CloseAsk, close_months
from loopline.processes.place import Placed, place
from tests.make.loop import follow, pay_for
from tests.make.org import succeeded
from tests.make.shop import Shop, lines, till_sale
from tests.process.test_take_back import MEMBER, SETTLE, back, taken

BY = "person:00000000-0000-7000-8000-000000000009"
MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
# The brand's months end at midnight in Shanghai.
END_OF_MARCH = datetime(2026, 3, 31, 16, tzinfo=UTC)
END_OF_APRIL = datetime(2026, 4, 30, 16, tzinfo=UTC)
END_OF_MAY = datetime(2026, 5, 31, 16, tzinfo=UTC)
LATE_IN_MARCH = datetime(2026, 3, 20, 4, tzinfo=UTC)


def close(
    conn: Conn, month: date = MARCH, *, now: datetime, by: str = BY, **changes: object
) -> Closed | Refusal:
    """Close a month of the brand's own company, or be refused."""
    stated: dict[str, object] = {
        "entity_code": "BRAND-CO",
        "currency": "CNY",
        "month": month,
        "comment": "looked at all of it",
    }
    asked = CloseAsk(**(stated | changes))  # pyright: ignore[reportArgumentType]
    (outcome,) = close_months(conn, [asked], by=by, scope=WHOLE_BRAND, now=now)
    return outcome


def closed(conn: Conn, month: date = MARCH, *, now: datetime, **changes: str) -> Close:
    """Close a month that was open."""
    outcome = close(conn, month, now=now, **changes)
    assert isinstance(outcome, Closed), outcome
    assert not outcome.is_repeat
    return outcome.close


def post(conn: Conn, shop: Shop, *, at: datetime, amount: int = 70, now: datetime | None = None) -> EntryId:
    """Correct the books by hand: postage that was a loss, dated `at`, posted `now`."""
    asks = [
        AccountAsk(entity_id=shop.brand_entity, purpose=purpose, currency="CNY")
        for purpose in (Purpose.ADJUSTMENT, Purpose.CHARGES)
    ]
    loss, charges = ledger.open_accounts(conn, asks, now=at)
    made = EntryId(uuid7(now or at))
    entry = NewEntry(
        id=made,
        kind=EntryKind.ADJUSTMENT,
        subject=made,
        at=at,
        key=f"test:{made}",
        postings=(
            Posting(part_id=made, account_id=loss.id, amount_minor=amount),
            Posting(part_id=made, account_id=charges.id, amount_minor=-amount),
        ),
    )
    ledger.post_entries(conn, [entry])
    return made


def sold_on(
    conn: Conn, shop: Shop, day: datetime, *numbers: str, sku: str = "SCARF", site: str = "S"
) -> None:
    """Sell one of something at the till for each number, on a day, paid at once."""
    drafts = [
        till_sale(
            shop,
            number,
            site=site,
            placed_at=day,
            member_id=MEMBER,
            lines=lines(shop, (sku, 1), stated=True),
        )
        for number in numbers
    ]
    for placed in succeeded(place(conn, drafts, scope=WHOLE_BRAND, now=day)):
        assert isinstance(placed, Placed)
        pay_for(conn, shop, placed, at=day)
    follow(conn, SETTLE)


def came_back(conn: Conn, shop: Shop, day: datetime, *numbers: str, sku: str = "SCARF") -> None:
    """Take one of something back for each number, on a day."""
    for number in numbers:
        taken(conn, back(shop, number, (sku, 1), at=day))


def two_months(conn: Conn, shop: Shop, *, by: str = BY) -> None:
    """Sell in March and April with returns in both, close March, and correct something of it afterwards."""
    for day in (3, 9, 15, 21, 27, 30):
        at = datetime(2026, 3, day, 4, tzinfo=UTC)
        sold_on(conn, shop, at, *(f"M-{day}-{number}" for number in range(6)))
        sold_on(conn, shop, at, f"M-{day}-C", sku="COAT")
        sold_on(conn, shop, at, f"M-{day}-H", sku="HAT")
    came_back(conn, shop, datetime(2026, 3, 6, 4, tzinfo=UTC), "R-1", "R-2")
    came_back(conn, shop, datetime(2026, 3, 18, 4, tzinfo=UTC), "R-3")
    closed(
        conn,
        now=END_OF_MARCH,
        by=by,
        comment="Bank and WeChat Pay agree; two returns of 27 March are known of.",
    )
    post(conn, shop, at=LATE_IN_MARCH, amount=4_250, now=END_OF_MARCH)
    for day in (4, 12, 20, 28):
        at = datetime(2026, 4, day, 4, tzinfo=UTC)
        sold_on(conn, shop, at, *(f"A-{day}-{number}" for number in range(5)))
        sold_on(conn, shop, at, f"A-{day}-C", sku="COAT")
    came_back(conn, shop, datetime(2026, 4, 2, 4, tzinfo=UTC), "R-4", "R-5")
    came_back(conn, shop, datetime(2026, 4, 15, 4, tzinfo=UTC), "R-6")
