"""Goods that a carrier has at the end of a month are earned in the month in which they arrive, share by share."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loopline.closing.model import Close, OnWay, Recovery, RecoveryNotUsable
from loopline.db import Conn
from loopline.db.statements import Statement
from loopline.kernel.ids import EntityId, EntryId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.ledger import service as ledger
from loopline.ledger.model import AccountAsk, EntryKind, NewEntry, Posting, Purpose
from loopline.ledger.queries import journal
from loopline.processes import doctor
from loopline.processes.close import on_way
from loopline.processes.close.command import set_recovery
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.journal import beancount_lines, journal_rows
from loopline.processes.place import Placed, place
from loopline.processes.promised import tell_arrivals
from tests.make.closing import APRIL, BY, END_OF_APRIL, END_OF_MARCH, closed
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import PRICES, Shop, ask, lines, open_shop, stock_up, till_sale
from tests.process.test_close import ended, money_holds
from tests.process.test_supply import agreed, term
from tests.process.test_take_back import MEMBER, SETTLE, back, taken

LATE = datetime(2026, 3, 29, 4, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
ON_WAY = ("revenue_on_way", "cost_on_way")


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def sent(conn: Conn, shop: Shop, number: str, *wanted: tuple[str, int], at: datetime = LATE) -> TaskId:
    """Order goods on the web, paid, and let a carrier take them."""
    draft = ask(shop, number, placed_at=at, member_id=MEMBER, lines=lines(shop, *wanted))
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=at)
    assert isinstance(placed, Placed), placed
    pay_for(conn, shop, placed, at=at)
    (task,) = hand_over_everything(conn, now=at)
    follow(conn, SETTLE)
    return task


def arrived(conn: Conn, task: TaskId, at: datetime, *, told: datetime | None = None) -> None:
    succeeded(tell_arrivals(conn, [(task, at)], scope=WHOLE_BRAND, actor="carrier", now=told or at))


def waits(close: Close) -> dict[str, int]:
    return {purpose: minor for purpose, minor in ended(close.sheet).items() if purpose in ON_WAY}


def earned(close: Close) -> int:
    """What a month earned: revenue has no balance of its own there."""
    (row,) = [one for one in close.sheet.balances if one.purpose == "revenue"]
    return row.credit_minor - row.debit_minor


def test_what_is_with_a_carrier_is_earned_in_the_month_in_which_it_arrives(conn: Conn, shop: Shop) -> None:
    sent(conn, shop, "W-1", ("COAT", 1))
    march = closed(conn, now=END_OF_MARCH)
    assert march.sheet.on_way == (
        OnWay(purpose="revenue", amount_minor=-10_000),
        OnWay(purpose="sharing_cost", amount_minor=10_000),
    )
    assert waits(march) == {"revenue_on_way": -10_000, "cost_on_way": 10_000}
    assert (earned(march), ended(march.sheet)["tax"]) == (0, -1_300)
    assert march.sheet.expectations == ()  # nothing was earned that could be given back
    assert march.sheet.entries == 3  # the payment, the sale, what was put off
    assert sum(ended(march.sheet).values()) == 0
    money_holds(conn)
    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert (april.sheet.on_way, waits(april), earned(april)) == ((), {}, 10_000)
    assert ended(april.sheet)["revenue"] == -10_000
    money_holds(conn)


def test_a_carrier_that_says_so_ends_the_way_and_one_that_says_it_late_does_not_change_the_month(
    conn: Conn, shop: Shop
) -> None:
    first = sent(conn, shop, "W-1", ("COAT", 1))
    second = sent(conn, shop, "W-2", ("SCARF", 1))
    third = sent(conn, shop, "W-3", ("HAT", 1))
    arrived(conn, first, END_OF_MARCH - MOMENT)
    arrived(conn, second, END_OF_MARCH, told=END_OF_MARCH)
    march = closed(conn, now=END_OF_MARCH + DAY)
    assert march.sheet.on_way[0] == OnWay(purpose="revenue", amount_minor=-2_000 - 884)
    assert earned(march) == 10_000
    # Nothing is known of the third before its month is closed: it is earned in April, whatever is told then.
    arrived(conn, third, END_OF_MARCH - DAY, told=END_OF_MARCH + 2 * DAY)
    money_holds(conn)
    assert earned(closed(conn, APRIL, now=END_OF_APRIL)) == 2_884


def test_where_no_carrier_says_goods_count_as_arrived_after_the_days_that_were_set(
    conn: Conn, shop: Shop
) -> None:
    week = 7 * DAY
    sent(conn, shop, "W-1", ("COAT", 1), at=END_OF_MARCH - week - MOMENT)
    sent(conn, shop, "W-2", ("SCARF", 1), at=END_OF_MARCH - week)
    for days in (0, 61):
        wrong = Recovery(currency="CNY", arrives_within_days=days, comment="x")
        assert set_recovery(conn, wrong, scope=WHOLE_BRAND, by=BY, now=LATE) == RecoveryNotUsable()
    march = closed(conn, now=END_OF_MARCH)
    assert (earned(march), waits(march)["revenue_on_way"]) == (10_000, -2_000)
    sent(conn, shop, "W-3", ("HAT", 1), at=END_OF_APRIL - 3 * DAY)
    sent(conn, shop, "W-4", ("COAT", 1), at=END_OF_APRIL - 2 * DAY)
    said = Recovery(currency="CNY", arrives_within_days=2, comment="the carrier takes two days")
    assert set_recovery(conn, said, scope=WHOLE_BRAND, by=BY, now=END_OF_APRIL) == said
    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert (earned(april), waits(april)["revenue_on_way"]) == (2_000 + 884, -10_000)
    assert april.sheet.arrives_within_days == 2
    money_holds(conn)


@pytest.mark.parametrize("comes_back", [LATE + DAY, END_OF_MARCH + 2 * DAY])
def test_what_comes_back_on_the_way_or_after_it_leaves_what_stays(
    conn: Conn, shop: Shop, comes_back: datetime
) -> None:
    """Three of four scarves come back, before the month ends or after: over both months one is earned."""
    sent(conn, shop, "W-1", ("SCARF", 4))
    is_before = comes_back < END_OF_MARCH
    if is_before:
        taken(conn, back(shop, "R-1", ("SCARF", 3), at=comes_back))
    march = closed(conn, now=END_OF_MARCH)
    assert waits(march) == {
        "revenue_on_way": -2_000 if is_before else -8_000,
        "cost_on_way": 2_000 if is_before else 8_000,
    }
    assert earned(march) == 0
    if not is_before:
        taken(conn, back(shop, "R-1", ("SCARF", 3), at=comes_back))
    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert (earned(april), waits(april)) == (2_000, {})
    assert ended(april.sheet)["revenue"] == -2_000
    money_holds(conn)


def test_what_customers_carry_out_or_fetch_is_theirs_at_once(conn: Conn, shop: Shop) -> None:
    sale = till_sale(shop, "T-1", placed_at=LATE, member_id=MEMBER)
    (placed,) = place(conn, [sale], scope=WHOLE_BRAND, now=LATE)
    assert isinstance(placed, Placed)
    pay_for(conn, shop, placed, at=LATE)
    follow(conn, SETTLE)
    march = closed(conn, now=END_OF_MARCH)
    assert (march.sheet.on_way, earned(march)) == ((), 14_000)


def test_the_owner_of_goods_that_another_sold_earns_when_they_arrive_too(conn: Conn) -> None:
    shop = open_shop(conn, units=0)
    stock_up(conn, shop, {("D", sku): 20 for sku in PRICES})
    agreed(conn, term())
    sent(conn, shop, "W-1", ("COAT", 1))
    dealer = closed(conn, now=END_OF_MARCH, entity_code="DEALER-CO")
    assert dealer.sheet.on_way == (OnWay(purpose="supply_revenue", amount_minor=-6_000),)
    brand = closed(conn, now=END_OF_MARCH)
    put_off = {one.purpose: one.amount_minor for one in brand.sheet.on_way}
    assert put_off == {"revenue": -10_000, "sharing_cost": 10_000, "supply_cost": 6_000}
    money_holds(conn)


def test_the_journal_of_the_month_carries_what_was_put_off_and_balances(conn: Conn, shop: Shop) -> None:
    sent(conn, shop, "W-1", ("COAT", 1))
    closed(conn, now=END_OF_MARCH)
    kept = list(journal(conn, start=LATE - DAY, end=END_OF_MARCH))
    rows = list(journal_rows(kept, zone_name="Asia/Shanghai"))
    assert sum(one.amount_minor for one in kept) == 0
    text = "\n".join(beancount_lines(rows))
    assert "Liabilities:RevenueOnWay:" in text
    assert "Assets:CostOnWay:" in text


def test_doctor_finds_what_was_posted_beside_the_closes(conn: Conn, shop: Shop) -> None:
    sent(conn, shop, "W-1", ("COAT", 1))
    closed(conn, now=END_OF_MARCH)
    assert _found(conn) == {}
    _post_by_hand(conn, shop.brand_entity)
    assert _found(conn) == {"on_way_stands_as_closed": 1}


@pytest.mark.parametrize(
    "statement", [on_way.SQL["parts_on_way"], doctor.SQL["on_way_was_on_its_way"]], ids=["close", "doctor"]
)
def test_a_parcel_is_found_by_the_sale_that_names_it_not_among_all_there_are(
    conn: Conn, statement: Statement
) -> None:
    for way in ("seqscan", "hashjoin", "mergejoin"):
        conn.execute(f"set local enable_{way} = off".encode())
    asked = {"since": LATE, "end": END_OF_MARCH, "before_cut": 1}
    plan = [line for (line,) in conn.execute(b"explain " + statement.text.encode(), asked)]
    assert [line for line in plan if "Index Cond: (id = CASE" in line], plan
    assert not [line for line in plan if "Seq Scan on task" in line], plan


def _found(conn: Conn) -> dict[str, int]:
    wanted = [one for one in ALL_CHECKS if one.name.startswith("on_way")]
    assert len(wanted) == 2
    return {one.name: len(one.findings) for one in examine(conn, checks=wanted).checks if one.findings}


def _post_by_hand(conn: Conn, entity_id: EntityId) -> None:
    asks = [
        AccountAsk(entity_id=entity_id, purpose=purpose, currency="CNY")
        for purpose in (Purpose.REVENUE_ON_WAY, Purpose.ADJUSTMENT)
    ]
    way, other = ledger.open_accounts(conn, asks, now=END_OF_MARCH)
    made = EntryId(uuid7(END_OF_MARCH))
    postings = tuple(
        Posting(part_id=made, account_id=account.id, amount_minor=minor)
        for account, minor in ((way, 5), (other, -5))
    )
    entry: dict[str, Any] = {
        "kind": EntryKind.ADJUSTMENT,
        "subject": made,
        "at": END_OF_MARCH,
        "key": f"test:{made}",
    }
    ledger.post_entries(conn, [NewEntry(id=made, postings=postings, **entry)])
