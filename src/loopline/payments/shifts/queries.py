"""Reads of shifts, for pages and processes. None locks anything."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from loopline.db import Conn, fetch, fetch_one, fetch_rows, statements, uuids
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import Scope
from loopline.payments.cash import CASH
from loopline.payments.model import RefundId
from loopline.payments.shifts.model import KeptMove, Shift, ShiftAsk, ShiftRow, Total

SQL = statements(__file__, name="shifts")


def shift_by_id(conn: Conn, shift_id: UUID, *, scope: Scope) -> Shift | None:
    """Return a shift of a scope."""
    found = fetch_one(conn, SQL["shift_by_id"], Shift, shift_id=shift_id)
    return found if found is not None and scope.covers_site(found.site_id) else None


def shifts_by_ids(conn: Conn, shift_ids: Iterable[UUID]) -> list[Shift]:
    """Return shifts, whosever they are."""
    return fetch(conn, SQL["shifts_by_ids"], Shift, shift_ids=uuids(shift_ids))


def last_shift(conn: Conn, till_id: UUID, *, scope: Scope) -> Shift | None:
    """Return the latest shift of a till of a scope: the open one, where there is one."""
    found = fetch_one(conn, SQL["last_shift"], Shift, till_id=till_id)
    return found if found is not None and scope.covers_site(found.site_id) else None


def open_shifts_of_sites(conn: Conn, site_ids: Sequence[SiteId]) -> list[Shift]:
    """Return the shifts that are open at sites, the first opened first."""
    return fetch(conn, SQL["open_shifts_of_sites"], Shift, site_ids=uuids(site_ids))


def shifts_of_sites(conn: Conn, ask: ShiftAsk, *, scope: Scope) -> list[ShiftRow]:
    """Return the shifts of a scope with their cash, the latest opened first."""
    return fetch(
        conn,
        SQL["shifts_of_sites"],
        ShiftRow,
        start=ask.start,
        end=ask.end,
        at_most=ask.at_most,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        cash=CASH,
    )


def totals_of_shifts(conn: Conn, shift_ids: Sequence[UUID]) -> list[Total]:
    """Return what shifts moved, by kind, method and the count that saw it."""
    return fetch(conn, SQL["totals_of_shifts"], Total, shift_ids=uuids(shift_ids))


def moves_by_hand(conn: Conn, shift_id: UUID) -> list[KeptMove]:
    """Return what people put into a drawer and took out of it in a shift, and what came later, in their order."""
    return fetch(conn, SQL["moves_by_hand"], KeptMove, shift_id=shift_id)


def given_by_method(
    conn: Conn, refund_ids: Sequence[RefundId], *, methods: Sequence[str]
) -> list[tuple[RefundId, str, int]]:
    """Return how much of each refund was given by each of these methods."""
    rows = fetch_rows(conn, SQL["given_by_method"], refund_ids=uuids(refund_ids), methods=list(methods))
    return [(RefundId(refund_id), method, amount_minor) for refund_id, method, amount_minor in rows]
