"""Close months: prove the books, draw a cut, expect returns, post them, and keep the sheet for good.

Nothing reopens a month. What is posted about it afterwards, corrections included, belongs to the first open month.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from loopline.closing import queries as closing
from loopline.closing import service
from loopline.closing.events import MonthClosed
from loopline.closing.model import (
    ARRIVES_WITHIN_DAYS_MOST,
    BooksNotKept,
    Close,
    Closed,
    CloseId,
    CloseUncommented,
    CloseWaits,
    MonthBeforeIsOpen,
    Notice,
    Recovery,
    RecoveryNotUsable,
    Sheet,
    WaitsFor,
)
from loopline.closing.rules.months import is_month, moments_of, refuse_month, spelt
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import EntryId, uuid7, uuid7s
from loopline.kernel.money import BASIS_POINTS
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.ledger import service as ledger
from loopline.ledger.model import CutNumber, EntryKind, LedgerBusy, NewEntry, Posting, Purpose
from loopline.ledger.queries import MonthOfBooks
from loopline.processes.accounts import Accounts
from loopline.processes.close.books import BooksState, books_in
from loopline.processes.close.obstacles import faults_of_money, hand_overs_behind
from loopline.processes.close.on_way import post_on_way
from loopline.processes.close.sheet import balances_at, draft_sheet
from loopline.processes.outcomes import all_granted

COMMENT_LENGTH_MAX = 500
_MOMENT = timedelta(microseconds=1)
_ESTIMATED = (
    (Purpose.REVENUE, Purpose.REFUND_LIABILITY),
    (Purpose.RIGHT_TO_GOODS, Purpose.COST_OF_SALES),
)
"""What an estimate debits and credits: what is expected to be given back, then the right to the goods behind it."""


class CloseAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A month, by its first day, of the books of a company in a currency; and what was looked at before."""

    entity_code: str
    currency: str
    month: date
    comment: str


class RecoveryIsTheBrands(Refusal, frozen=True, kw_only=True):
    """What recovering goods costs holds for the whole brand: only who sees all of it may say it."""


class _Turn(msgspec.Struct, kw_only=True):
    """Who closes, when; what was found broken and where the cut lies, once either was asked for."""

    by: str
    now: datetime
    behind: Mapping[date, list[Notice]]
    faults: list[Notice] | None = None
    cut: CutNumber | LedgerBusy | None = None


def close_months(
    conn: Conn, asks: Sequence[CloseAsk], *, by: str, scope: Scope, now: datetime
) -> list[Closed | Refusal]:
    """Close months, in the order given; a month that is closed already is a repeat, whatever the comment.

    Takes the turn of the books asked for, then one cut for all of them: what was committed before it and is dated in a
    month, or in one before it, is in; all else is of later months. `by` names who closes.
    """
    known = {(one.entity_code, one.books.currency): one for one in books_in(conn, scope)}
    wanted = [known.get((ask.entity_code, ask.currency)) for ask in asks]
    service.lock_books(conn, [state.books for state in wanted if state is not None])
    turn = _Turn(by=by, now=now, behind=_behind(conn, asks, wanted))
    outcomes: list[Closed | Refusal] = []
    for ask, state in zip(asks, wanted, strict=True):
        # One by one: a month opens where the one before it was closed, maybe just now.
        if state is None:
            outcomes.append(BooksNotKept(entity_code=ask.entity_code, currency=ask.currency))
            continue
        last = closing.last_closes(conn).get(state.books)
        outcomes.append(_close_month(conn, ask, msgspec.structs.replace(state, last=last), turn))
    return outcomes


def _behind(
    conn: Conn, asks: Sequence[CloseAsk], wanted: Sequence[BooksState | None]
) -> dict[date, list[Notice]]:
    """What hand-overs of the months asked for are not in the books, before any cut is taken.

    Whatever of them is posted later lies behind the cut, however soon; a close without it could not be mended.
    """
    found: dict[date, list[Notice]] = {}
    for ask, state in zip(asks, wanted, strict=True):
        if state is not None and ask.month not in found and is_month(ask.month):
            end = moments_of(ask.month, state.zone).end
            assert end is not None
            found[ask.month] = hand_overs_behind(conn, end=end)
    return found


def _close_month(conn: Conn, ask: CloseAsk, state: BooksState, turn: _Turn) -> Closed | Refusal:
    if (standing := closing.close_of(conn, state.books, ask.month)) is not None:
        return Closed(close=standing, is_repeat=True)
    if (refusal := _refusal_of(ask, state, turn)) is not None:
        return refusal
    if turn.faults is None:
        turn.faults = faults_of_money(conn)
    if turn.cut is None:
        turn.cut = ledger.take_cut(conn)
    if isinstance(turn.cut, LedgerBusy):
        return turn.cut
    month = msgspec.structs.replace(state.month_of_books(), before_cut=turn.cut)
    sheet = draft_sheet(conn, state, month, found=turn.faults)
    if (hard := next((one for one in sheet.notices if one.is_hard), None)) is not None:
        reason = WaitsFor[hard.kind.name]
        return CloseWaits(month=spelt(ask.month), reason=reason, count=hard.count)
    return Closed(close=_keep(conn, ask, state, (month, sheet), turn), is_repeat=False)


def _refusal_of(ask: CloseAsk, state: BooksState, turn: _Turn) -> Refusal | None:
    """What is wrong with an ask before anything of its month is read."""
    if not 0 < len(ask.comment.strip()) <= COMMENT_LENGTH_MAX:
        return CloseUncommented(month=spelt(ask.month))
    if not is_month(ask.month):
        return MonthBeforeIsOpen(month=spelt(ask.month), open_month=spelt(state.open_month))
    end = moments_of(ask.month, state.zone).end
    assert end is not None
    refusal = refuse_month(ask.month, first=state.first, open_month=state.open_month, end=end, now=turn.now)
    if refusal is not None or not (behind := turn.behind.get(ask.month)):
        return refusal
    late = behind[0]
    return CloseWaits(month=spelt(ask.month), reason=WaitsFor[late.kind.name], count=late.count)


def _keep(
    conn: Conn, ask: CloseAsk, state: BooksState, read: tuple[MonthOfBooks, Sheet], turn: _Turn
) -> Close:
    """Post the estimate, read the month once more with it, and keep what it came to."""
    month, sheet = read
    last = state.last
    before = closing.close_of(conn, state.books, last.month) if last is not None else None
    close_id = CloseId(uuid7(turn.now))
    was = before.sheet if before is not None else None
    inversion, estimate = _post(conn, close_id, sheet, was=was, now=turn.now)
    posted = sum(one is not None for one in (inversion, estimate))
    posted += post_on_way(conn, close_id, sheet, was=was, now=turn.now)
    close = service.keep_close(
        conn,
        Close(
            id=close_id,
            sheet=msgspec.structs.replace(
                sheet,
                balances=balances_at(conn, month, before=before),
                entries=sheet.entries + posted,
            ),
            cut=month.before_cut or 0,
            estimate_entry_id=estimate,
            inversion_entry_id=inversion,
            closed_at=turn.now,
            closed_by=turn.by,
            comment=ask.comment.strip(),
            digest_before=last.digest if last is not None else None,
            digest=b"",
        ),
    )
    told = MonthClosed(
        close_id=close.id,
        entity_id=state.books.entity_id,
        currency=state.books.currency,
        month=close.sheet.month,
        entries=close.sheet.entries,
        expected_returns_minor=close.sheet.expected_minor,
        digest=close.digest.hex(),
    )
    log.append(conn, [event(told, subject=close.id, at=turn.now, actor=turn.by)])
    return close


def _post(
    conn: Conn, close_id: CloseId, sheet: Sheet, *, was: Sheet | None, now: datetime
) -> tuple[EntryId | None, EntryId | None]:
    """Invert the estimate before and post the new one, both dated the month's last instant.

    What is expected to be given back leaves revenue; what the goods behind it are worth leaves the cost of sales.
    Returns the entry of each step; none is made for nothing.
    """
    steps = {
        "invert": (0, 0) if was is None else (-was.expected_minor, -was.right_minor),
        "estimate": (sheet.expected_minor, sheet.right_minor),
    }
    books = sheet.books
    accounts = Accounts(conn, now=now)
    moves = [
        tuple(accounts.ask(books.entity_id, purpose, books.currency) for purpose in pair)
        for pair in _ESTIMATED
    ]
    if any(amount for amounts in steps.values() for amount in amounts):
        accounts.open()
    made: dict[str, EntryId] = {}
    entries: list[NewEntry] = []
    for (step, amounts), entry_id in zip(steps.items(), uuid7s(now, len(steps)), strict=True):
        postings = [
            Posting(part_id=close_id, account_id=accounts.id_of(slot), amount_minor=signed)
            for (debit, credit), amount in zip(moves, amounts, strict=True)
            if amount
            for slot, signed in ((debit, amount), (credit, -amount))
        ]
        if postings:
            made[step] = EntryId(entry_id)
            entries.append(
                NewEntry(
                    id=made[step],
                    kind=EntryKind.EXPECTED_RETURNS,
                    subject=close_id,
                    at=sheet.end_at - _MOMENT,
                    key=f"close:{books.entity_id}:{books.currency}:{spelt(sheet.month)}:{step}",
                    postings=tuple(postings),
                )
            )
    all_granted(ledger.post_entries(conn, entries))
    return made.get("invert"), made.get("estimate")


def set_recovery(
    conn: Conn, recovery: Recovery, *, scope: Scope, by: str, now: datetime
) -> Recovery | Refusal:
    """Say what of the cost of goods it takes to recover them, and when goods count as arrived, for closes from now on.

    It holds for the whole brand, as the history behind what is expected does.
    """
    is_usable = (
        0 <= recovery.basis_points <= BASIS_POINTS
        and 1 <= recovery.arrives_within_days <= ARRIVES_WITHIN_DAYS_MOST
        and 0 < len(recovery.comment) <= COMMENT_LENGTH_MAX
    )
    if not is_usable:
        return RecoveryNotUsable()
    if not scope.everything:
        return RecoveryIsTheBrands()
    service.set_recovery(conn, recovery, by=by, now=now)
    return recovery
