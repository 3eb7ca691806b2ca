"""Reads of closes, for screens and processes. Nothing here locks."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from loopline.closing.model import (
    Balance,
    Books,
    Close,
    ClosedMonth,
    CloseId,
    Expectation,
    Notice,
    OnWay,
    Recovery,
    RunOff,
    Sheet,
)
from loopline.db import Conn, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import EntityId, EntryId

SQL = statements(__file__)


class LastClose(msgspec.Struct, frozen=True, kw_only=True):
    """The last month of some books that is closed, and where its cut lies."""

    close_id: CloseId
    entity_id: EntityId
    currency: str
    month: date
    end_at: datetime
    cut: int
    digest: bytes
    estimate_entry_id: EntryId | None

    @property
    def books(self) -> Books:
        return Books(entity_id=self.entity_id, currency=self.currency)


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A close as it stands in its table."""

    id: CloseId
    entity_id: EntityId
    currency: str
    month: date
    zone: str
    start_at: datetime
    end_at: datetime
    cut: int
    entries: int
    entries_of_before: int
    estimate_entry_id: EntryId | None
    inversion_entry_id: EntryId | None
    estimate_before_minor: int
    came_back_minor: int
    still_expected_minor: int
    notices: tuple[Notice, ...]
    digest_before: bytes | None
    recovery_basis_points: int
    arrives_within_days: int
    on_way: tuple[OnWay, ...]
    digest: bytes
    closed_at: datetime
    closed_by: str
    comment: str


class MonthCut(msgspec.Struct, frozen=True, kw_only=True):
    """A closed month of some books, and the cut it was closed at."""

    entity_id: EntityId
    currency: str
    month: date
    start_at: datetime
    end_at: datetime
    cut: int

    @property
    def books(self) -> Books:
        return Books(entity_id=self.entity_id, currency=self.currency)


def cuts(conn: Conn, entity_ids: Collection[EntityId]) -> dict[Books, list[MonthCut]]:
    """Return the closed months of some companies by their books, the first month first."""
    found: dict[Books, list[MonthCut]] = {}
    for one in fetch(conn, SQL["cuts"], MonthCut, entity_ids=uuids(entity_ids)):
        found.setdefault(one.books, []).append(one)
    return found


def last_closes(conn: Conn) -> dict[Books, LastClose]:
    """Return the last close of each books of which a month is closed."""
    return {one.books: one for one in fetch(conn, SQL["last_closes"], LastClose)}


def close_of(conn: Conn, books: Books, month: date) -> Close | None:
    """Return the close of a month; None where it is open."""
    found = _closes(conn, books=books, month=month)
    return found[0] if found else None


def all_closes(conn: Conn) -> list[Close]:
    """Return every close with its sheet, the first month first, then by company and currency."""
    return _closes(conn)


def closed_months(conn: Conn, entity_ids: Collection[EntityId]) -> list[ClosedMonth]:
    """Return which months of some companies' books are closed, the last first, then by company and currency."""
    return fetch(conn, SQL["closed_months"], ClosedMonth, entity_ids=uuids(entity_ids))


def _closes(conn: Conn, *, books: Books | None = None, month: date | None = None) -> list[Close]:
    rows = fetch(
        conn,
        SQL["closes"],
        _Row,
        entity_id=books.entity_id if books is not None else None,
        currency=books.currency if books is not None else None,
        month=month,
    )
    ids = [one.id for one in rows]
    balances = _by_close(conn, "balances_of_closes", ids, Balance)
    expectations = _by_close(conn, "expectations_of_closes", ids, Expectation)
    return [_close(one, balances.get(one.id, ()), expectations.get(one.id, ())) for one in rows]


def _by_close(conn: Conn, name: str, ids: Sequence[CloseId], record: type[Any]) -> dict[CloseId, list[Any]]:
    found: dict[CloseId, list[Any]] = {}
    fields = record.__struct_fields__
    for close_id, *values in fetch_rows(conn, SQL[name], close_ids=uuids(ids)) if ids else ():
        made = msgspec.convert(dict(zip(fields, values, strict=True)), record)
        found.setdefault(CloseId(close_id), []).append(made)
    return found


def _close(row: _Row, balances: Sequence[Balance], expectations: Sequence[Expectation]) -> Close:
    sheet = Sheet(
        books=Books(entity_id=row.entity_id, currency=row.currency),
        month=row.month,
        zone=row.zone,
        start_at=row.start_at,
        end_at=row.end_at,
        entries=row.entries,
        entries_of_before=row.entries_of_before,
        balances=tuple(balances),
        expectations=tuple(expectations),
        run_off=RunOff(
            estimate_minor=row.estimate_before_minor,
            came_back_minor=row.came_back_minor,
            still_expected_minor=row.still_expected_minor,
        ),
        notices=row.notices,
        recovery_basis_points=row.recovery_basis_points,
        arrives_within_days=row.arrives_within_days,
        on_way=row.on_way,
    )
    return Close(
        id=row.id,
        sheet=sheet,
        cut=row.cut,
        estimate_entry_id=row.estimate_entry_id,
        inversion_entry_id=row.inversion_entry_id,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        comment=row.comment,
        digest_before=row.digest_before,
        digest=row.digest,
    )


def put_off(conn: Conn) -> dict[Books, int]:
    """Return what closes keep off revenue and charges of books, until a later close takes it in."""
    rows = fetch_rows(conn, SQL["put_off"])
    return {Books(entity_id=entity_id, currency=currency): minor for entity_id, currency, minor in rows}


def recovery_in_force(conn: Conn, currencies: Collection[str]) -> dict[str, Recovery]:
    """Return what recovering goods costs in currencies; nothing, where nobody said."""
    found = fetch(conn, SQL["recovery_in_force"], Recovery, currencies=sorted(currencies))
    said = {one.currency: one for one in found}
    return {one: said.get(one) or Recovery(currency=one) for one in currencies}
