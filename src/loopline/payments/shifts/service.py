"""Commands of shifts: open, close, put in and take out, and keep what sales and refunds moved."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace
from psycopg.types.json import Jsonb

from loopline.db import Conn, execute, fetch, fetch_one, fetch_rows, statements, uuids
from loopline.kernel.ids import uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.payments.cash import CASH
from loopline.payments.shifts.model import (
    AMOUNT_MOST,
    BY_HAND,
    NOTE_MOST,
    CashMove,
    CloseShift,
    CountDiffers,
    Counted,
    FloatDiffers,
    KeptMove,
    MoveKind,
    NewShift,
    NotCountable,
    OldCount,
    OpenShift,
    OtherMove,
    PettyCashNeedsAReason,
    Pieces,
    Shift,
    ShiftClosed,
    ShiftIsOpen,
    ShiftNotOpen,
    TillMoney,
    fault_of_pieces,
    sum_of,
    tidy,
)
from loopline.payments.shifts.rules import place_of

SQL = statements(__file__, name="shifts")


def hold_tills(conn: Conn, till_ids: Iterable[UUID]) -> None:
    """Hold tills until the transaction ends, in the order of their ids: what they move and their counts take turns."""
    wanted = sorted(set(till_ids))
    if wanted:
        fetch_rows(conn, SQL["hold_tills"], till_ids=uuids(wanted))


def open_shift(conn: Conn, wanted: NewShift, *, now: datetime) -> OpenShift | Refusal:
    """Open a shift with a counted float; what was taken while none was open belongs to it. Holds the till.

    The same again is the shift that is open. Refused while another is, and where the float is not what the shift
    before left and nobody says why.
    """
    hold_tills(conn, [wanted.till_id])
    fault = fault_of_pieces(wanted.pieces, wanted.currency, field="float")
    if fault is not None:
        return fault
    known = fetch_one(conn, SQL["shift_by_id"], Shift, shift_id=wanted.id)
    if known is not None:
        is_same = (known.till_id, known.opened_by) == (wanted.till_id, wanted.opened_by)
        return OpenShift(shift=known, is_repeat=True) if is_same else ShiftIsOpen()
    if _open_of_till(conn, wanted.till_id) is not None:
        return ShiftIsOpen()
    left = _left_in(conn, wanted.till_id, wanted.currency)
    counted, note = sum_of(wanted.pieces), wanted.note.strip()[:NOTE_MOST]
    if left is not None and left != counted and not note:
        return FloatDiffers()
    execute(
        conn,
        SQL["add_shift"],
        id=wanted.id,
        till_id=wanted.till_id,
        site_id=wanted.site_id,
        entity_id=wanted.entity_id,
        currency=wanted.currency,
        opened_by=wanted.opened_by,
        float_minor=counted,
        float_pieces=_jsonb(wanted.pieces),
        float_note=note,
        left_minor=left,
        taken_over_from=wanted.taken_over_from,
        now=now,
    )
    execute(conn, SQL["gather_waiting"], shift_id=wanted.id, till_id=wanted.till_id, currency=wanted.currency)
    opened = _open_of_till(conn, wanted.till_id)
    assert opened is not None, "written by this very transaction"
    return OpenShift(shift=opened)


def close_shift(conn: Conn, wanted: CloseShift, *, scope: Scope, now: datetime) -> ShiftClosed | Refusal:
    """Close a shift of a scope with a count: what it should be is summed up now, and a number is given. Holds the till.

    Refused where it is not what it should be and nobody says why; not told by how much. Closed by the same person with
    the same count it is closed once.
    """
    standing = hold_shift(conn, wanted.shift_id, scope=scope)
    if standing is None:
        return ShiftNotOpen()
    fault = fault_of_pieces(wanted.pieces, standing.currency, field="count")
    if fault is not None:
        return fault
    pieces = tidy(wanted.pieces)
    if standing.closed_at is not None:
        is_same = standing.closed_by == wanted.closed_by and standing.counted_pieces == pieces
        return ShiftClosed(shift=standing, is_repeat=True) if is_same else OldCount()
    expected = fetch_rows(conn, SQL["expected_in_drawer"], shift_id=wanted.shift_id, cash=CASH)[0][0]
    counted, note = sum_of(pieces), wanted.note.strip()[:NOTE_MOST]
    if counted != expected and not note:
        return CountDiffers()
    closed = fetch_one(
        conn,
        SQL["close_shift"],
        Shift,
        shift_id=wanted.shift_id,
        expected_minor=expected,
        counted_minor=counted,
        counted_pieces=_jsonb(pieces),
        closed_by=wanted.closed_by,
        note=note,
        now=now,
    )
    assert closed is not None, "held, and open"
    return ShiftClosed(shift=closed)


def move_cash(conn: Conn, wanted: CashMove, *, scope: Scope, now: datetime) -> KeptMove | Refusal:
    """Put cash into a drawer of a scope, or take it out, with a reason. Holds the till.

    The same again is what was kept, even when its shift is closed by now; anything else under its id is refused.
    """
    standing = hold_shift(conn, wanted.shift_id, scope=scope)
    if standing is None:
        return ShiftNotOpen()
    note = wanted.note.strip()[:NOTE_MOST]
    known = fetch_one(conn, SQL["move_by_id"], KeptMove, move_id=wanted.id)
    if known is not None:
        said = (wanted.shift_id, wanted.kind, wanted.amount_minor, note)
        is_same = said == (known.shift_id, known.kind, known.amount_minor, known.note)
        return replace(known, is_repeat=True) if is_same else OtherMove()
    if standing.closed_at is not None:
        return ShiftNotOpen()
    is_possible = wanted.kind in BY_HAND and 0 < abs(wanted.amount_minor) <= AMOUNT_MOST
    if not is_possible or (wanted.kind is MoveKind.BANK_DROP and wanted.amount_minor > 0):
        return NotCountable(field="amount")
    if not note and wanted.kind is MoveKind.PETTY_CASH:
        return PettyCashNeedsAReason()
    move = KeptMove(
        id=wanted.id,
        till_id=standing.till_id,
        shift_id=standing.id,
        kind=wanted.kind,
        method=CASH,
        currency=standing.currency,
        amount_minor=wanted.amount_minor,
        counted=Counted.SHIFT,
        source_id=None,
        note=note,
        moved_by=wanted.moved_by,
        moved_at=now,
    )
    _add_moves(conn, [move], now=now)
    return move


def keep_money(conn: Conn, moved: Sequence[TillMoney], *, now: datetime) -> list[KeptMove]:
    """Keep what sales and refunds moved through tills, each in its shift; returns what is new.

    The caller holds the tills. What is kept already stays as it is.
    """
    if not moved:
        return []
    shifts: dict[UUID, list[Shift]] = {}
    for one in fetch(
        conn,
        SQL["shifts_since"],
        Shift,
        till_ids=uuids({one.till_id for one in moved}),
        since=min(one.moved_at for one in moved),
    ):
        shifts.setdefault(one.till_id, []).append(one)
    kept: list[KeptMove] = []
    for one, move_id in zip(moved, uuid7s(now, len(moved)), strict=True):
        fitting = [each for each in shifts.get(one.till_id, ()) if each.currency == one.currency]
        place = place_of(one.moved_at, fitting)
        kept.append(
            KeptMove(
                id=move_id,
                till_id=one.till_id,
                shift_id=place.shift_id,
                kind=one.kind,
                method=one.method,
                currency=one.currency,
                amount_minor=one.amount_minor,
                counted=place.counted,
                source_id=one.source_id,
                note="",
                moved_by=one.moved_by,
                moved_at=one.moved_at,
            )
        )
    written = _add_moves(conn, kept, now=now)
    return [one for one in kept if one.id in written]


def hold_shift(conn: Conn, shift_id: UUID, *, scope: Scope) -> Shift | None:
    """Hold the till of a shift of a scope and return the shift as it stands then."""
    till_ids = fetch_rows(
        conn,
        SQL["till_of_shift"],
        shift_id=shift_id,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
    )
    if not till_ids:
        return None
    hold_tills(conn, [till_ids[0][0]])
    return fetch_one(conn, SQL["shift_by_id"], Shift, shift_id=shift_id)


def _add_moves(conn: Conn, moves: Sequence[KeptMove], *, now: datetime) -> set[UUID]:
    rows = fetch_rows(
        conn,
        SQL["add_moves"],
        ids=[one.id for one in moves],
        till_ids=[one.till_id for one in moves],
        shift_ids=[one.shift_id for one in moves],
        kinds=[one.kind.value for one in moves],
        methods=[one.method for one in moves],
        currencies=[one.currency for one in moves],
        amounts_minor=[one.amount_minor for one in moves],
        counted=[one.counted.value if one.counted is not None else None for one in moves],
        source_ids=[one.source_id for one in moves],
        notes=[one.note for one in moves],
        moved_by=[one.moved_by for one in moves],
        moved_at=[one.moved_at for one in moves],
        now=now,
    )
    return {row[0] for row in rows}


def _open_of_till(conn: Conn, till_id: UUID) -> Shift | None:
    return fetch_one(conn, SQL["open_shift_of_till"], Shift, till_id=till_id)


def _left_in(conn: Conn, till_id: UUID, currency: str) -> int | None:
    """What is to be in a drawer: what its last shift counted, and the cash of what was rung up since."""
    rows = fetch_rows(conn, SQL["left_in_drawer"], till_id=till_id, currency=currency, cash=CASH)
    return rows[0][0] if rows else None


def _jsonb(pieces: Pieces) -> Jsonb:
    return Jsonb(tidy(pieces))
