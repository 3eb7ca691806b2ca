"""What is told of months and their sheets, to pages, programs and consoles alike."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.closing import queries as closing
from loopline.closing.model import (
    Balance,
    Books,
    BooksNotKept,
    Close,
    ClosedMonth,
    Expectation,
    MonthBeforeIsOpen,
    MonthBeforeTheBooks,
    NoticeKind,
    OnWay,
    RunOff,
    Sheet,
)
from loopline.closing.rules.months import moments_of, month_of, months_from, spelt
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.ledger import queries as ledger
from loopline.ledger.model import EntryKind, Purpose
from loopline.ledger.queries import MonthOfBooks
from loopline.processes.close.books import BooksState, books_in
from loopline.processes.close.obstacles import faults_of_money
from loopline.processes.close.sheet import draft_sheet, month_of_close

OWED: tuple[Purpose, ...] = (
    Purpose.CUSTOMER_DEPOSIT,
    Purpose.VOUCHER_LIABILITY,
    Purpose.POINTS_LIABILITY,
    Purpose.STORED_VALUE,
    Purpose.REFUND_PAYABLE,
    Purpose.REFUND_LIABILITY,
    Purpose.REVENUE_ON_WAY,
    Purpose.SHARE_PENDING,
    Purpose.SHARE_DUE,
    Purpose.PAYOUT_IN_TRANSIT,
    Purpose.WITHHELD_TAX,
    Purpose.INTERCOMPANY,
)
"""What a company owes by its books: to customers first, then to parties and in their name, then to other companies."""
ENTRIES_SHOWN = 200


class MonthState(StrEnum):
    """Where a month stands: closed, next to be closed, over but behind an open one, or running."""

    CLOSED = "closed"
    NEXT = "next"
    WAITING = "waiting"
    RUNNING = "running"


class MonthTold(msgspec.Struct, frozen=True, kw_only=True):
    """A month of a company's books in a currency. Of an open one nothing is known yet but where it stands."""

    entity_code: str
    currency: str
    month: str
    state: MonthState
    start_at: datetime
    end_at: datetime
    entries: int | None = None
    expected_returns_minor: int | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    comment: str | None = None
    digest: str | None = None


class NoticeTold(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at; `is_hard` refuses the close."""

    kind: NoticeKind
    is_hard: bool
    count: int
    amount_minor: int | None
    subject: str


class OwedTold(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed at the end of a month, of one purpose; a claim is negative."""

    purpose: Purpose
    amount_minor: int


class MonthMoved(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of a sheet are dated in an earlier month, and what they moved."""

    month: str
    entries: int
    moved_minor: int


class EntryTold(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that is dated in an earlier month than it belongs to."""

    entry_id: UUID
    kind: EntryKind
    subject: UUID
    at: datetime
    month: str
    key: str
    moved_minor: int


class SheetTold(msgspec.Struct, frozen=True, kw_only=True):
    """The sheet of a month. Of a closed one it stands; of an open one it is what would be kept now.

    Of an open month the balances are those before the estimate is posted. `earlier` sums the entries that are dated
    in months that were closed already, `earlier_entries` lists the oldest 200 of them. `right_minor` is what the
    goods that are expected back cost, less `recovery_basis_points` of it. `on_way`: what goods earned (negative) and
    cost that a carrier has at the end, at most for `arrives_within_days`: it is put off until they arrive.
    """

    month: MonthTold
    zone: str
    entries: int
    entries_of_before: int
    balances: tuple[Balance, ...]
    owed: tuple[OwedTold, ...]
    expectations: tuple[Expectation, ...]
    run_off: RunOff
    notices: tuple[NoticeTold, ...]
    earlier: tuple[MonthMoved, ...]
    earlier_entries: tuple[EntryTold, ...]
    right_minor: int
    recovery_basis_points: int
    arrives_within_days: int
    on_way: tuple[OnWay, ...]
    estimate_entry_id: UUID | None = None
    inversion_entry_id: UUID | None = None


class SheetAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which sheet is asked for; with `is_proven` an open month's notices say what doctor finds of money, too."""

    entity_code: str
    currency: str
    month: date
    is_proven: bool = False


def months_in(conn: Conn, *, scope: Scope, now: datetime) -> list[MonthTold]:
    """Return every month of the books in a scope, from the running one back to the first; then by company, currency."""
    states = books_in(conn, scope)
    by_books: dict[Books, list[ClosedMonth]] = {}
    for one in closing.closed_months(conn, {state.books.entity_id for state in states}):
        by_books.setdefault(one.books, []).append(one)
    told: list[MonthTold] = []
    for state in states:
        told += [month_told(one, state.entity_code) for one in by_books.get(state.books, ())]
        told += [
            _open(month, state, now=now) for month in months_from(state.open_month, month_of(now, state.zone))
        ]
    told.sort(key=lambda one: (one.entity_code, one.currency))
    return sorted(told, key=lambda one: one.month, reverse=True)


def month_told(closed: ClosedMonth, entity_code: str) -> MonthTold:
    """Tell of a closed month."""
    return MonthTold(
        entity_code=entity_code,
        currency=closed.currency,
        month=spelt(closed.month),
        state=MonthState.CLOSED,
        start_at=closed.start_at,
        end_at=closed.end_at,
        entries=closed.entries,
        expected_returns_minor=closed.expected_minor,
        closed_at=closed.closed_at,
        closed_by=closed.closed_by,
        comment=closed.comment,
        digest=closed.digest.hex(),
    )


def _open(month: date, state: BooksState, *, now: datetime) -> MonthTold:
    during = moments_of(month, state.zone)
    assert during.end is not None
    is_first = month == state.open_month
    over = MonthState.NEXT if is_first else MonthState.WAITING
    return MonthTold(
        entity_code=state.entity_code,
        currency=state.books.currency,
        month=spelt(month),
        state=over if during.end <= now else MonthState.RUNNING,
        start_at=state.last.end_at if is_first and state.last is not None else during.start,
        end_at=during.end,
    )


def sheet_of(conn: Conn, ask: SheetAsk, *, scope: Scope, now: datetime) -> SheetTold | Refusal:
    """Tell the sheet of a closed month, or of the first open one; later ones have none before it is closed."""
    state = _state_of(conn, ask, scope)
    if state is None:
        return BooksNotKept(entity_code=ask.entity_code, currency=ask.currency)
    close = closing.close_of(conn, state.books, ask.month)
    if close is not None:
        told = _sheet_told(
            conn,
            close.sheet,
            month_told(close.in_short, state.entity_code),
            month=month_of_close(conn, close),
            close=close,
        )
        return _seen_by(told, scope)
    if ask.month < state.open_month:
        return MonthBeforeTheBooks(month=spelt(ask.month), first_month=spelt(state.first))
    if ask.month > state.open_month:
        return MonthBeforeIsOpen(month=spelt(ask.month), open_month=spelt(state.open_month))
    month = state.month_of_books()
    sheet = draft_sheet(conn, state, month, found=faults_of_money(conn) if ask.is_proven else ())
    return _seen_by(_sheet_told(conn, sheet, _open(ask.month, state, now=now), month=month), scope)


def _seen_by(sheet: SheetTold, scope: Scope) -> SheetTold:
    """Leave out what the whole brand sold: the history behind an estimate is told to who sees all of it."""
    if scope.everything:
        return sheet
    told = tuple(
        msgspec.structs.replace(one, seen_units=0, seen_minor=0, seen_back_minor=0)
        for one in sheet.expectations
    )
    return msgspec.structs.replace(sheet, expectations=told)


class MonthInBooks(msgspec.Struct, frozen=True, kw_only=True):
    """The stretch of the books that a closed month is, and the zone its days are cut in."""

    month: MonthOfBooks
    zone: str


def month_in_books(conn: Conn, ask: SheetAsk, *, scope: Scope) -> MonthInBooks | Refusal:
    """Return the stretch of the books that a closed month is; an open one is refused."""
    state = _state_of(conn, ask, scope)
    if state is None:
        return BooksNotKept(entity_code=ask.entity_code, currency=ask.currency)
    close = closing.close_of(conn, state.books, ask.month)
    if close is None:
        return MonthStillOpen(month=spelt(ask.month))
    return MonthInBooks(month=month_of_close(conn, close), zone=close.sheet.zone)


class MonthStillOpen(Refusal, frozen=True, kw_only=True):
    """{month} is open: its entries may still change until it is closed."""

    month: str


def _state_of(conn: Conn, ask: SheetAsk, scope: Scope) -> BooksState | None:
    wanted = (ask.entity_code, ask.currency)
    found = (one for one in books_in(conn, scope) if (one.entity_code, one.books.currency) == wanted)
    return next(found, None)


def _sheet_told(
    conn: Conn, sheet: Sheet, told: MonthTold, *, month: MonthOfBooks, close: Close | None = None
) -> SheetTold:
    ended = {one.purpose: one.closing_minor for one in sheet.balances}
    by_month = ledger.entries_by_month(conn, month, zone=sheet.zone) if sheet.entries_of_before else []
    late = ledger.entries_of_before(conn, month, limit=ENTRIES_SHOWN) if sheet.entries_of_before else []
    return SheetTold(
        month=told,
        zone=sheet.zone,
        entries=sheet.entries,
        entries_of_before=sheet.entries_of_before,
        balances=sheet.balances,
        owed=tuple(OwedTold(purpose=one, amount_minor=-ended.get(one.value, 0)) for one in OWED),
        expectations=sheet.expectations,
        run_off=sheet.run_off,
        notices=tuple(
            NoticeTold(
                kind=one.kind,
                is_hard=one.is_hard,
                count=one.count,
                amount_minor=one.amount_minor,
                subject=one.subject,
            )
            for one in sheet.notices
        ),
        earlier=tuple(
            MonthMoved(month=spelt(one.month), entries=one.entries, moved_minor=one.moved_minor)
            for one in by_month
            if one.month < sheet.month
        ),
        earlier_entries=tuple(
            EntryTold(
                entry_id=one.entry_id,
                kind=one.kind,
                subject=one.subject,
                at=one.at,
                month=spelt(month_of(one.at, sheet.zone)),
                key=one.key,
                moved_minor=one.moved_minor,
            )
            for one in late
        ),
        right_minor=sheet.right_minor,
        recovery_basis_points=sheet.recovery_basis_points,
        arrives_within_days=sheet.arrives_within_days,
        on_way=sheet.on_way,
        estimate_entry_id=close.estimate_entry_id if close is not None else None,
        inversion_entry_id=close.inversion_entry_id if close is not None else None,
    )
