"""A month is closed once, after the months before it; what is posted about it later belongs to the first open month."""

from datetime import UTC, date, datetime, timedelta
from typing import LiteralString
from uuid import UUID

import msgspec
import psycopg
import pytest
from beancount import loader

from loopline import org
from loopline.closing import queries as closing
from loopline.closing.model import (
    Basis,
    BooksNotKept,
    Closed,
    CloseUncommented,
    CloseWaits,
    MonthBeforeIsOpen,
    MonthBeforeTheBooks,
    MonthNotOver,
    NoticeKind,
    Recovery,
    RecoveryNotUsable,
    RunOff,
    Sheet,
    WaitsFor,
)
from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger import queries as ledger_queries
from loopline.ledger.model import EntryKind
from loopline.processes.close.books import BooksState, books_in
from loopline.processes.close.command import CloseAsk, RecoveryIsTheBrands, close_months, set_recovery
from loopline.processes.close.obstacles import MONEY_CHECKS
from loopline.processes.close.recount import digests_that_differ
from loopline.processes.close.sheet import draft_sheet, month_of_close
from loopline.processes.close.telling import SheetAsk, sheet_of
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.journal import beancount_lines, journal_rows
from loopline.processes.place import Placed, place
from loopline.processes.supply import WantedTerm, agree
from loopline.supply.model import TermKind
from tests.make.closing import (
    APRIL,
    BY,
    END_OF_APRIL,
    END_OF_MARCH,
    END_OF_MAY,
    LATE_IN_MARCH,
    MARCH,
    MAY,
    close,
    closed,
    post,
    sold_on,
    two_months,
)
from tests.make.loop import balances, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.process.test_take_back import back, sell, taken


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=500)


def state_of(conn: Conn) -> BooksState:
    (found,) = [one for one in books_in(conn, WHOLE_BRAND) if one.entity_code == "BRAND-CO"]
    return found


def open_sheet(conn: Conn) -> Sheet:
    state = state_of(conn)
    return draft_sheet(conn, state, state.month_of_books())


def ended(sheet: Sheet) -> dict[str, int]:
    return {one.purpose: one.closing_minor for one in sheet.balances if one.closing_minor}


def moved(sheet: Sheet) -> dict[str, tuple[int, int]]:
    return {one.purpose: (one.debit_minor, one.credit_minor) for one in sheet.balances}


def money_holds(conn: Conn) -> None:
    report = examine(conn, checks=MONEY_CHECKS)
    assert [one for one in report.checks if not one.ok] == []
    assert digests_that_differ(conn) == []


def test_a_closed_month_keeps_its_trial_balance_and_its_contract_liabilities(conn: Conn, shop: Shop) -> None:
    sell(conn, shop, ask(shop, "W-1"))
    made = closed(conn, now=END_OF_MARCH)
    sheet = made.sheet
    # One coat and two scarves: 15,820 with 13 % tax within, all of it paid and all of it shared.
    assert sum(ended(sheet).values()) == 0
    assert ended(sheet)["cash"] == 15_820
    assert ended(sheet)["revenue"] == -14_000
    assert ended(sheet)["tax"] == -1_820
    assert "customer_deposit" not in ended(sheet)
    assert moved(sheet)["customer_deposit"] == (15_820, 15_820)
    assert sheet.entries == 2
    assert sheet.entries_of_before == 0
    assert (made.closed_by, made.comment, made.digest_before) == (BY, "looked at all of it", None)
    assert closing.close_of(conn, sheet.books, MARCH) == made
    money_holds(conn)


def test_only_the_next_month_that_is_over_is_closed_and_every_other_is_refused_with_its_reason(
    conn: Conn, shop: Shop
) -> None:
    sell(conn, shop, ask(shop, "W-1"))
    before = END_OF_MARCH - timedelta(microseconds=1)
    assert close(conn, now=before) == MonthNotOver(month="2026-03", end_at=END_OF_MARCH)
    assert close(conn, APRIL, now=END_OF_APRIL) == MonthBeforeIsOpen(month="2026-04", open_month="2026-03")
    assert close(conn, date(2026, 2, 1), now=END_OF_MARCH) == MonthBeforeTheBooks(
        month="2026-02", first_month="2026-03"
    )
    assert close(conn, now=END_OF_MARCH, comment="  ") == CloseUncommented(month="2026-03")
    assert close(conn, now=END_OF_MARCH, comment="x" * 501) == CloseUncommented(month="2026-03")
    assert close(conn, now=END_OF_MARCH, currency="EUR") == BooksNotKept(
        entity_code="BRAND-CO", currency="EUR"
    )
    assert closing.last_closes(conn) == {}
    closed(conn, now=END_OF_MARCH)


def test_who_does_not_see_the_company_closes_nothing(conn: Conn, shop: Shop) -> None:
    sell(conn, shop, ask(shop, "W-1"))
    elsewhere = Scope(org_units=frozenset({OrgUnitId(UUID(int=7))}))
    asked = CloseAsk(entity_code="BRAND-CO", currency="CNY", month=MARCH, comment="mine")
    (outcome,) = close_months(conn, [asked], by=BY, scope=elsewhere, now=END_OF_MARCH)
    assert outcome == BooksNotKept(entity_code="BRAND-CO", currency="CNY")
    assert books_in(conn, elsewhere) == []


def test_closing_again_does_nothing_and_tells_the_same(conn: Conn, shop: Shop) -> None:
    sell(conn, shop, ask(shop, "W-1"))
    first = closed(conn, now=END_OF_MARCH)
    stood = balances(conn)
    again = close(conn, now=END_OF_APRIL, comment="once more")
    assert again == Closed(close=first, is_repeat=True)
    assert balances(conn) == stood


def test_months_of_one_command_are_closed_one_after_the_other(conn: Conn, shop: Shop) -> None:
    sell(conn, shop, ask(shop, "W-1"))
    asks = [
        CloseAsk(entity_code="BRAND-CO", currency="CNY", month=month, comment="both")
        for month in (MARCH, APRIL, MAY)
    ]
    outcomes = close_months(conn, asks, by=BY, scope=WHOLE_BRAND, now=END_OF_APRIL)
    assert [isinstance(one, Closed) for one in outcomes] == [True, True, False]
    assert outcomes[2] == MonthNotOver(month="2026-05", end_at=END_OF_MAY)
    march, april = (one.close for one in outcomes if isinstance(one, Closed))
    assert april.digest_before == march.digest
    assert april.sheet.start_at == march.sheet.end_at
    money_holds(conn)


def test_what_is_posted_about_a_closed_month_belongs_to_the_first_open_one(conn: Conn, shop: Shop) -> None:
    sell(conn, shop, ask(shop, "W-1"))
    march = closed(conn, now=END_OF_MARCH)
    late = post(conn, shop, at=LATE_IN_MARCH)
    in_april = post(conn, shop, at=END_OF_MARCH, amount=5)
    assert closing.close_of(conn, march.sheet.books, MARCH) == march
    draft = open_sheet(conn)
    assert (draft.entries, draft.entries_of_before) == (2, 1)
    assert moved(draft)["charges"] == (0, 75)

    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert moved(april.sheet)["charges"] == (0, 75)
    month = month_of_close(conn, april)
    (found,) = ledger_queries.entries_of_before(conn, month, limit=10)
    assert (found.entry_id, found.at, found.moved_minor) == (late, LATE_IN_MARCH, 70)
    of_months = ledger_queries.entries_by_month(conn, month, zone="Asia/Shanghai")
    assert [(one.month, one.moved_minor) for one in of_months if one.month == MARCH] == [(MARCH, 70)]
    assert in_april in {one.entry_id for one in ledger_queries.journal_of_month(conn, month)}

    # About March again, after April was closed too: it is of May now.
    post(conn, shop, at=LATE_IN_MARCH, amount=3)
    may = closed(conn, MAY, now=END_OF_MAY)
    assert moved(may.sheet)["charges"] == (0, 3)
    assert may.sheet.entries_of_before == 1
    assert ended(may.sheet) == balances(conn)
    money_holds(conn)


def test_every_posting_stands_in_one_month_of_the_journal(conn: Conn, shop: Shop) -> None:
    sell(conn, shop, ask(shop, "W-1"))
    taken(conn, back(shop, "R-1", ("SCARF", 1)))
    made = [closed(conn, now=END_OF_MARCH)]
    post(conn, shop, at=LATE_IN_MARCH)
    made.append(closed(conn, APRIL, now=END_OF_APRIL))
    post(conn, shop, at=LATE_IN_MARCH)
    state = state_of(conn)
    months = [*(month_of_close(conn, one) for one in made), state.month_of_books()]
    lines_of = [list(ledger_queries.journal_of_month(conn, month)) for month in months]
    told = [(one.entry_id, one.part_id, one.number, one.amount_minor) for of in lines_of for one in of]
    every = ledger_queries.journal(conn, start=NOON - timedelta(days=9), end=END_OF_MAY)
    assert sorted(told) == sorted((one.entry_id, one.part_id, one.number, one.amount_minor) for one in every)
    assert all(of for of in lines_of)


def march_day(day: int) -> datetime:
    return datetime(2026, 3, day, 4, tzinfo=UTC)


def test_nothing_is_expected_where_nothing_was_ever_seen_to_come_back(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(2), "T-1", "T-2")
    march = closed(conn, now=END_OF_MARCH)
    # Sold on 2 March, they may come back until 1 April.
    (expected,) = march.sheet.expectations
    assert (expected.basis, expected.units, expected.returnable_minor) == (Basis.WHOLE, 2, 4_000)
    assert (expected.expected_minor, march.estimate_entry_id) == (0, None)
    assert [one.kind for one in march.sheet.notices] == [NoticeKind.THIN_HISTORY]


def test_what_the_whole_brand_sold_is_told_to_who_sees_all_of_it(conn: Conn, shop: Shop) -> None:
    """An estimate leans on the sales of every company; one company's finance sees the estimate alone."""
    sold_on(conn, shop, march_day(2), "T-1", "T-2")
    asked = SheetAsk(entity_code="BRAND-CO", currency="CNY", month=date(2026, 3, 1))
    unit_id = org.entities_by_code(conn, ["BRAND-CO"])["BRAND-CO"].unit_id
    branch = Scope(org_units=frozenset({unit_id}))
    whole, part = (sheet_of(conn, asked, scope=one, now=END_OF_MARCH) for one in (WHOLE_BRAND, branch))
    assert not isinstance(whole, Refusal)
    assert not isinstance(part, Refusal)
    (seen,), (told,) = whole.expectations, part.expectations
    assert seen.seen_minor > 0
    assert (told.seen_units, told.seen_minor, told.seen_back_minor) == (0, 0, 0)
    assert (told.expected_minor, told.returnable_minor) == (seen.expected_minor, seen.returnable_minor)


def test_on_the_day_of_the_first_sale_nothing_is_known_and_the_sheet_says_so(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(31), "T-1")
    march = closed(conn, now=END_OF_MARCH)
    assert [(one.basis, one.expected_minor) for one in march.sheet.expectations] == [(Basis.NONE, 0)]
    assert [(one.kind, one.amount_minor) for one in march.sheet.notices] == [(NoticeKind.NO_HISTORY, 2_000)]


def test_expected_returns_leave_revenue_at_a_close_and_the_next_one_begins_anew(
    conn: Conn, shop: Shop
) -> None:
    # Four are sold on 10 March and one of them is back on the third day; two more are sold on 30 March.
    sold_on(conn, shop, march_day(10), "T-1", "T-2", "T-3", "T-4")
    taken(conn, back(shop, "R-1", ("SCARF", 1), at=march_day(13)))
    sold_on(conn, shop, march_day(30), "T-5", "T-6")
    march = closed(conn, now=END_OF_MARCH)
    (expected,) = march.sheet.expectations
    # Of the two a quarter is expected: 2 × 2,000 / 4. The other three are past the third day.
    assert (expected.units, expected.returnable_minor, expected.expected_minor) == (5, 10_000, 1_000)
    assert (expected.seen_units, expected.seen_minor, expected.seen_back_minor) == (0, 12_000, 2_000)
    assert ended(march.sheet)["refund_liability"] == -1_000
    assert ended(march.sheet)["revenue"] == -(10_000 - 1_000)
    assert (march.estimate_entry_id is None, march.inversion_entry_id) == (False, None)
    (posted,) = ledger_queries.entries_of_parts(conn, [march.id])
    assert (posted.kind, posted.at) == (EntryKind.EXPECTED_RETURNS, END_OF_MARCH - timedelta(microseconds=1))
    money_holds(conn)

    # One of the two comes back in April; by its end every window is over.
    taken(conn, back(shop, "R-2", ("SCARF", 1), at=END_OF_MARCH + timedelta(hours=9)))
    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert april.sheet.expectations == ()
    assert (april.estimate_entry_id, april.inversion_entry_id is None) == (None, False)
    assert april.sheet.run_off == RunOff(estimate_minor=1_000, came_back_minor=2_000, still_expected_minor=0)
    assert "refund_liability" not in ended(april.sheet)
    assert ended(april.sheet)["revenue"] == -8_000
    # A month's own revenue is right by itself: 2,000 went, and 1,000 of it was expected to.
    assert moved(april.sheet)["revenue"] == (2_000, 1_000)
    assert ended(april.sheet) == balances(conn)
    money_holds(conn)


def test_the_goods_behind_it_are_an_asset_at_their_cost_less_what_recovering_them_takes(
    conn: Conn, shop: Shop
) -> None:
    """The scarf costs 9.00 and is sold for 20.00 net; of three that may come back a quarter is expected, as above.

    The third was the dealer's, who gets it back: it is no asset of the brand's.
    """
    cost = WantedTerm(
        owner_code="BRAND-CO",
        buyer_code="BRAND-CO",
        currency="CNY",
        kind=TermKind.COST,
        sku_code="SCARF",
        unit_minor=900,
        comment="counted",
    )
    bought = msgspec.structs.replace(
        cost, owner_code="DEALER-CO", kind=TermKind.PURCHASE, sku_code=None, unit_minor=1_500
    )
    for agreed in agree(conn, [cost, bought], by=BY, now=march_day(9)):
        assert not isinstance(agreed, Refusal), agreed
    said = Recovery(currency="CNY", basis_points=2_000, comment="freight and repair")
    assert set_recovery(conn, said, scope=Scope(), by=BY, now=march_day(9)) == RecoveryIsTheBrands()
    dear = Recovery(currency="CNY", basis_points=10_001, comment="x")
    assert set_recovery(conn, dear, scope=WHOLE_BRAND, by=BY, now=march_day(9)) == RecoveryNotUsable()
    assert set_recovery(conn, said, scope=WHOLE_BRAND, by=BY, now=march_day(9)) == said
    sold_on(conn, shop, march_day(10), "T-1", "T-2", "T-3", "T-4")
    taken(conn, back(shop, "R-1", ("SCARF", 1), at=march_day(13)))
    sold_on(conn, shop, march_day(30), "T-5", "T-6")
    sold_on(conn, shop, march_day(30), "T-7", site="D")
    march = closed(conn, now=END_OF_MARCH)
    (expected,) = march.sheet.expectations
    # 2 × 9.00 × a quarter = 4.50, a fifth of which recovering takes.
    assert (expected.expected_minor, expected.right_minor) == (1_500, 360)
    assert march.sheet.recovery_basis_points == 2_000
    ends = ended(march.sheet)
    assert (ends["right_to_goods"], ends["cost_of_sales"], ends["refund_liability"]) == (360, -360, -1_500)
    money_holds(conn)
    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert not {"right_to_goods", "cost_of_sales", "refund_liability"} & ended(april.sheet).keys()
    assert moved(april.sheet)["right_to_goods"] == (0, 360)
    assert digests_that_differ(conn) == []
    money_holds(conn)


def test_a_return_that_is_told_of_after_the_close_is_of_the_next_month(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(10), "T-1", "T-2")
    march = closed(conn, now=END_OF_MARCH)
    taken(conn, back(shop, "R-1", ("SCARF", 1), at=march_day(20)))
    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert ended(march.sheet)["revenue"] == -4_000
    assert ended(april.sheet)["revenue"] == -2_000
    assert april.sheet.entries_of_before > 0
    money_holds(conn)


def test_what_is_not_settled_yet_refuses_the_close(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(10), "T-1")
    conn.execute("insert into log.follower (name, position) values ('settle', 0), ('insight', 0)")
    assert close(conn, now=END_OF_MARCH) == CloseWaits(month="2026-03", reason=WaitsFor.NOT_SETTLED, count=1)
    assert closing.last_closes(conn) == {}
    hard, soft = open_sheet(conn).notices[:2]
    assert (hard.kind, hard.is_hard, hard.count) == (NoticeKind.NOT_SETTLED, True, 1)
    assert (soft.kind, soft.is_hard, soft.subject) == (NoticeKind.FOLLOWER_BEHIND, False, "insight")
    conn.execute(
        "update log.follower set position = (select max(position) from log.event) where name = 'settle'"
    )
    made = closed(conn, now=END_OF_MARCH)
    assert NoticeKind.FOLLOWER_BEHIND in {one.kind for one in made.sheet.notices}


def test_what_could_not_be_settled_refuses_the_close(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(10), "T-1")
    conn.execute("insert into log.follower (name, position) select 'settle', max(position) from log.event")
    conn.execute(
        "insert into log.parked_event (follower, position, subject, reason, parked_at)"
        " select 'settle', min(position), gen_random_uuid(), 'broke', now() from log.event"
    )
    assert close(conn, now=END_OF_MARCH) == CloseWaits(month="2026-03", reason=WaitsFor.PARKED, count=1)


def sold_unsettled(conn: Conn, shop: Shop, day: datetime, number: str) -> Placed:
    """Sell a scarf at the till that the follower passes by: it has come to the end of the log, and settles nothing."""
    draft = till_sale(shop, number, placed_at=day, lines=lines(shop, ("SCARF", 1), stated=True))
    (placed,) = succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=day))
    assert isinstance(placed, Placed)
    conn.execute(
        "insert into log.follower (name, position) select 'settle', max(position) from log.event"
        " on conflict (name) do update set position = excluded.position"
    )
    return placed


def test_what_could_not_be_settled_of_a_later_month_is_in_the_way_of_that_month_alone(
    conn: Conn, shop: Shop
) -> None:
    sold_on(conn, shop, march_day(10), "T-1")
    unsettled = sold_unsettled(conn, shop, END_OF_MARCH + timedelta(days=3), "T-2")
    conn.execute(
        "insert into log.parked_event (follower, position, subject, reason, parked_at)"
        " select 'settle', position, subject, 'broke', now() from log.event"
        " where subject = %s and type = 'order_placed'",
        (unsettled.order_id,),
    )
    closed(conn, now=END_OF_MARCH)
    assert close(conn, APRIL, now=END_OF_APRIL) == CloseWaits(
        month="2026-04", reason=WaitsFor.PARKED, count=1
    )


def test_what_was_passed_by_unsettled_refuses_the_close_of_its_month(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(10), "T-1")
    sold_unsettled(conn, shop, END_OF_MARCH + timedelta(days=3), "T-2")
    closed(conn, now=END_OF_MARCH)
    outcome = close(conn, APRIL, now=END_OF_APRIL)
    assert outcome == CloseWaits(month="2026-04", reason=WaitsFor.MONEY_FAULT, count=1)


def test_books_that_doctor_finds_broken_are_not_closed(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(10), "T-1")
    conn.execute("update ledger.folded_balance set balance_minor = balance_minor + 1")
    conn.execute("update ledger.balance_change set amount_minor = amount_minor + 1")
    outcome = close(conn, now=END_OF_MARCH)
    assert isinstance(outcome, CloseWaits)
    assert outcome.reason is WaitsFor.MONEY_FAULT
    assert closing.last_closes(conn) == {}


def test_doctor_finds_an_entry_that_was_put_into_a_closed_month(database: Database) -> None:
    (check,) = [one for one in ALL_CHECKS if one.name == "closed_months_equal_postings"]
    with database.owner_transaction() as owner:
        shop = open_shop(owner)
        sold_on(owner, shop, march_day(10), "T-1")
        closed(owner, now=END_OF_MARCH)
        late = post(owner, shop, at=LATE_IN_MARCH)
        assert run_check(owner, check) == []
        owner.execute("update ledger.entry set cut = 0 where id = %s", (late,))
        found = run_check(owner, check)
    assert [(one.found, one.expected) for one in found] == [
        ("0 debit, 0 credit CNY", "70 debit, 0 credit in the ledger"),
        ("0 debit, 0 credit CNY", "0 debit, 70 credit in the ledger"),
    ]


def test_doctor_finds_a_close_that_was_changed(database: Database) -> None:
    with database.owner_transaction() as owner:
        shop = open_shop(owner)
        sold_on(owner, shop, march_day(10), "T-1")
        closed(owner, now=END_OF_MARCH)
        assert digests_that_differ(owner) == []
        owner.execute("update closing.close set comment = 'nothing was looked at'")
        (found,) = digests_that_differ(owner)
    assert found.subject.startswith("closed month 2026-03 of company ")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from closing.close",
        "update closing.close set comment = 'other'",
        "delete from closing.balance",
        "update closing.balance set debit_minor = 0",
        "delete from closing.expectation",
        "update closing.expectation set units = 0",
    ],
)
def test_who_serves_can_change_nothing_of_a_close(conn: Conn, shop: Shop, statement: LiteralString) -> None:
    sold_on(conn, shop, march_day(10), "T-1")
    closed(conn, now=END_OF_MARCH)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
        conn.execute(statement)


def test_two_months_of_sales_and_returns_end_where_the_ledger_does(conn: Conn, shop: Shop) -> None:
    two_months(conn, shop)
    april = closed(conn, APRIL, now=END_OF_APRIL)
    assert april.sheet.entries_of_before == 1
    assert april.sheet.run_off.estimate_minor > 0
    assert ended(april.sheet) == balances(conn)
    money_holds(conn)


def test_the_journal_of_a_closed_month_is_booked_within_it_and_comes_to_its_sheet(
    conn: Conn, shop: Shop
) -> None:
    two_months(conn, shop)
    april = closed(conn, APRIL, now=END_OF_APRIL)
    lines = list(ledger_queries.journal_of_month(conn, month_of_close(conn, april)))
    rows = list(journal_rows(lines, zone_name=april.sheet.zone, not_before=APRIL))
    _, errors, _ = loader.load_string("\n".join(beancount_lines(rows)))  # pyright: ignore[reportUnknownMemberType]
    assert errors == []
    assert (rows[0][0], rows[0][1], rows[-1][0]) == (APRIL, LATE_IN_MARCH, date(2026, 4, 30))
    summed: dict[str, int] = {}
    for line in lines:
        summed[line.purpose.value] = summed.get(line.purpose.value, 0) + line.amount_minor
    assert summed == {
        one.purpose: one.debit_minor - one.credit_minor
        for one in april.sheet.balances
        if one.debit_minor or one.credit_minor
    }


def test_the_log_tells_of_a_close(conn: Conn, shop: Shop) -> None:
    sold_on(conn, shop, march_day(10), "T-1")
    march = closed(conn, now=END_OF_MARCH)
    assert subject_types(conn, march.id) == ["month_closed"]
