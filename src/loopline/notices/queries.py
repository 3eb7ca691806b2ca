"""Reads: what was told of an order, to a member, lately; how telling stands. All lock nothing."""

from collections.abc import Collection
from datetime import datetime

from loopline.db import Conn, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.notices.model import Notice, Standing, State

SQL = statements(__file__)


def find_notices(
    conn: Conn, states: Collection[State], *, scope: Scope, since: datetime | None = None, limit: int
) -> list[Notice]:
    """Return notices in some states of orders in scope, the latest first; with `since` those that ended since then."""
    return _found(conn, states=states, scope=scope, since=since, limit=limit)


def notices_of_orders(conn: Conn, order_ids: Collection[OrderId], *, scope: Scope) -> list[Notice]:
    """Return every notice of orders in scope, the latest first."""
    return _found(conn, order_ids=order_ids, scope=scope)


def notices_of_member(conn: Conn, member_id: MemberId, *, limit: int) -> list[Notice]:
    """Return what a member was told, the latest first; what was left out or failed is not in it."""
    return _found(conn, states=[State.SENT], member_id=member_id, scope=WHOLE_BRAND, limit=limit)


def _found(  # noqa: PLR0913 - what may be asked of the one statement; None: whatever it is
    conn: Conn,
    *,
    scope: Scope,
    states: Collection[State] | None = None,
    order_ids: Collection[OrderId] | None = None,
    member_id: MemberId | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Notice]:
    return fetch(
        conn,
        SQL["find_notices"],
        Notice,
        states=None if states is None else [one.value for one in states],
        order_ids=None if order_ids is None else uuids(order_ids),
        member_id=member_id,
        site_ids=None if scope.everything else uuids(scope.sites),
        since=since,
        at_most=limit,
    )


def told_lately(
    conn: Conn, member_ids: Collection[MemberId], *, since: datetime
) -> dict[MemberId, list[datetime]]:
    """Return when members were told something since a moment; whether or not it is known to have arrived."""
    found: dict[MemberId, list[datetime]] = {}
    for member_id, at in fetch_rows(conn, SQL["told_lately"], member_ids=uuids(member_ids), since=since):
        found.setdefault(MemberId(member_id), []).append(at)
    return found


def standing(conn: Conn, *, scope: Scope, since: datetime, failed_since: datetime) -> Standing:
    """Return how telling stands, in scope: what waits, what was told or left out of late, and what failed of late."""
    (found,) = fetch(
        conn,
        SQL["standing"],
        Standing,
        site_ids=None if scope.everything else uuids(scope.sites),
        since=since,
        failed_since=failed_since,
    )
    return found
