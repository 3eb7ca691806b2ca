"""The writing statements of closes, one function each."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.closing.model import Books, Close, Recovery
from loopline.db import Conn, copy_rows, execute, fetch_values, statements, texts

SQL = statements(__file__)


def lock_books(conn: Conn, books: Sequence[Books]) -> None:
    fetch_values(conn, SQL["lock_books"], names=texts(f"{one.entity_id} {one.currency}" for one in books))


def add_close(conn: Conn, close: Close) -> None:
    sheet = close.sheet
    execute(
        conn,
        SQL["add_close"],
        id=close.id,
        entity_id=sheet.books.entity_id,
        currency=sheet.books.currency,
        month=sheet.month,
        zone=sheet.zone,
        start_at=sheet.start_at,
        end_at=sheet.end_at,
        cut=close.cut,
        entries=sheet.entries,
        entries_of_before=sheet.entries_of_before,
        estimate_entry_id=close.estimate_entry_id,
        inversion_entry_id=close.inversion_entry_id,
        estimate_before_minor=sheet.run_off.estimate_minor,
        came_back_minor=sheet.run_off.came_back_minor,
        still_expected_minor=sheet.run_off.still_expected_minor,
        notices=msgspec.json.encode(sheet.notices).decode(),
        digest_before=close.digest_before,
        digest=close.digest,
        closed_at=close.closed_at,
        closed_by=close.closed_by,
        comment=close.comment,
        recovery_basis_points=sheet.recovery_basis_points,
        arrives_within_days=sheet.arrives_within_days,
        on_way=msgspec.json.encode(sheet.on_way).decode(),
    )
    _add_rows(conn, close)


def _add_rows(conn: Conn, close: Close) -> None:
    sheet = close.sheet
    copy_rows(
        conn,
        SQL["copy_balances"],
        [
            (
                close.id,
                one.purpose,
                one.opening_minor,
                one.debit_minor,
                one.credit_minor,
                one.closing_minor,
            )
            for one in sheet.balances
        ],
    )
    copy_rows(
        conn,
        SQL["copy_expectations"],
        [
            (
                close.id,
                one.category,
                one.units,
                one.returnable_minor,
                one.expected_minor,
                one.basis.value,
                one.seen_units,
                one.seen_minor,
                one.seen_back_minor,
                one.right_minor,
            )
            for one in sheet.expectations
        ],
    )


def insert_recovery(conn: Conn, recovery: Recovery, *, by: str, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_recovery"],
        currency=recovery.currency,
        basis_points=recovery.basis_points,
        arrives_within_days=recovery.arrives_within_days,
        comment=recovery.comment,
        by=by,
        now=now,
    )
