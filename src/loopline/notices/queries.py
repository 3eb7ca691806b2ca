"""Reads: what was told of an order, to a member, lately; how telling stands. All lock nothing."""

from collections.abc import Collection
from datetime import datetime

from loopline.db import Conn, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.scope import Scope
from loopline.notices.model import Notice, Standing, State

SQL = statements(__file__)


def find_notices(
    conn: Conn, states: Collection[State], *, scope: Scope, before: datetime | None = None, limit: int
) -> list[Notice]:
    """Return notices in some states of orders in scope that happened before a moment, the latest first."""
    return fetch(
        conn,
        SQL["find_notices"],
        Notice,
        states=[one.value for one in states],
        site_ids=None if scope.everything else uuids(scope.sites),
        before=before,
        at_most=limit,
    )


def notices_of_orders(conn: Conn, order_ids: Collection[OrderId], *, scope: Scope) -> list[Notice]:
    """Return every notice of orders in scope, the latest first."""
    return fetch(
        conn,
        SQL["notices_of_orders"],
        Notice,
        order_ids=uuids(order_ids),
        site_ids=None if scope.everything else uuids(scope.sites),
    )


def notices_of_member(conn: Conn, member_id: MemberId, *, limit: int) -> list[Notice]:
    """Return what a member was told, the latest first; what was left out or failed is not in it."""
    return fetch(conn, SQL["notices_of_member"], Notice, member_id=member_id, at_most=limit)


def told_lately(
    conn: Conn, member_ids: Collection[MemberId], *, since: datetime
) -> dict[MemberId, list[datetime]]:
    """Return when members were told something since a moment; whether or not it is known to have arrived."""
    found: dict[MemberId, list[datetime]] = {}
    for member_id, at in fetch_rows(conn, SQL["told_lately"], member_ids=uuids(member_ids), since=since):
        found.setdefault(MemberId(member_id), []).append(at)
    return found


def standing(conn: Conn, *, scope: Scope, since: datetime) -> Standing:
    """Return how telling stands: what waits or failed, and what was told or left out since a moment, in scope."""
    (found,) = fetch(
        conn,
        SQL["standing"],
        Standing,
        site_ids=None if scope.everything else uuids(scope.sites),
        since=since,
    )
    return found
