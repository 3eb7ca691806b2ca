"""The sheet of a month: what an open one would be closed with now, and what a closed one was."""

from collections.abc import Sequence

from loopline.closing import queries as closing
from loopline.closing.model import Balance, Close, Notice, RunOff, Sheet
from loopline.closing.rules.expecting import expect_returns, run_off
from loopline.closing.rules.months import month_after
from loopline.db import Conn
from loopline.ledger import queries as ledger
from loopline.ledger.model import CutNumber
from loopline.ledger.queries import MonthOfBooks
from loopline.processes.close.books import BooksState
from loopline.processes.close.obstacles import what_sheet_shows, what_waits
from loopline.processes.close.on_way import parts_on_way, results_of
from loopline.processes.close.returns import history_at, last_day_before


def draft_sheet(conn: Conn, state: BooksState, month: MonthOfBooks, *, found: Sequence[Notice] = ()) -> Sheet:
    """Make the sheet of the first open month, its estimate not posted yet; `found` are notices known already."""
    recovery = closing.recovery_in_force(conn, [state.books.currency])[state.books.currency]
    on_way = parts_on_way(conn, month, days=recovery.arrives_within_days)
    history = history_at(conn, month, zone=state.zone, on_way=on_way)
    last = state.last
    before = closing.close_of(conn, state.books, last.month) if last is not None else None
    expectations = tuple(expect_returns(history, recovery_basis_points=recovery.basis_points))
    entries = ledger.entries_by_month(conn, month, zone=state.zone)
    balances = balances_at(conn, month, before=before)
    notices = (*found, *what_waits(conn, month, zone=state.zone), *what_sheet_shows(balances, expectations))
    return Sheet(
        books=state.books,
        month=state.open_month,
        zone=state.zone,
        start_at=month.start,
        end_at=month.end,
        entries=sum(one.entries for one in entries),
        entries_of_before=sum(one.entries for one in entries if one.month < state.open_month),
        balances=balances,
        expectations=expectations,
        run_off=RunOff()
        if before is None
        else run_off(
            history,
            estimate_minor=before.sheet.expected_minor,
            estimated_on=last_day_before(month.start, state.zone),
        ),
        notices=tuple(sorted(notices, key=lambda one: not one.is_hard)),
        recovery_basis_points=recovery.basis_points,
        arrives_within_days=recovery.arrives_within_days,
        on_way=results_of(conn, month, on_way),
    )


def balances_at(conn: Conn, month: MonthOfBooks, *, before: Close | None) -> tuple[Balance, ...]:
    """Return the trial balance of a month: what stood at the close before, and what moved."""
    opening = {one.purpose: one.closing_minor for one in before.sheet.balances} if before is not None else {}
    moved = {one.purpose.value: one for one in ledger.turnover(conn, month)}
    found: list[Balance] = []
    for purpose in sorted({*opening, *moved}):
        debit = moved[purpose].debit_minor if purpose in moved else 0
        credit = moved[purpose].credit_minor if purpose in moved else 0
        stood = opening.get(purpose, 0)
        if stood or debit or credit:
            found.append(
                Balance(
                    purpose=purpose,
                    opening_minor=stood,
                    debit_minor=debit,
                    credit_minor=credit,
                    closing_minor=stood + debit - credit,
                )
            )
    return tuple(found)


def month_of_close(conn: Conn, close: Close) -> MonthOfBooks:
    """Return a closed month as a stretch of the books, between the cut before it and its own."""
    sheet = close.sheet
    before = closing.close_of(conn, sheet.books, month_after(sheet.month, -1))
    return MonthOfBooks(
        entity_id=sheet.books.entity_id,
        currency=sheet.books.currency,
        start=sheet.start_at,
        end=sheet.end_at,
        after_cut=CutNumber(0 if before is None else before.cut),
        before_cut=CutNumber(close.cut),
    )
