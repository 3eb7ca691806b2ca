"""The sites that an order must ship from: named with it, or by customer service later; few orders name any.

Locks: orders by id, for whoever changes what they name.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch_rows, statements, uuids
from loopline.kernel.ids import OrderId, SiteId
from loopline.orders import store

SQL = statements(__file__)


class NamedSites(msgspec.Struct, frozen=True, kw_only=True):
    """The sites that an order must ship from; none: it ships from any."""

    order_id: OrderId
    site_ids: tuple[SiteId, ...]


def write_named_sites(conn: Conn, named: Iterable[NamedSites]) -> None:
    """Write what new orders name. Locks only the rows it makes."""
    rows = [(one.order_id, site_id) for one in named for site_id in one.site_ids]
    if rows:
        copy_rows(conn, SQL["copy_named_sites"], rows)


def named_sites(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, frozenset[SiteId]]:
    """Return the sites that orders must ship from; those that name none are left out."""
    found: dict[OrderId, set[SiteId]] = {}
    if order_ids:
        for order_id, site_id in fetch_rows(conn, SQL["named_sites"], order_ids=uuids(order_ids)):
            found.setdefault(OrderId(order_id), set()).add(SiteId(site_id))
    return {order_id: frozenset(site_ids) for order_id, site_ids in found.items()}


def name_sites(conn: Conn, wishes: Sequence[NamedSites], *, now: datetime) -> list[bool]:
    """Name other sites for orders, or none any more; says of each whether that changed anything.

    An order named twice is as the last of them says. What waits for a site is looked at again. Locks orders by id.
    """
    if not wishes:
        return []
    store.lock_orders(conn, list({one.order_id for one in wishes}))
    before: Mapping[OrderId, frozenset[SiteId]] = named_sites(conn, {one.order_id for one in wishes})
    last = {one.order_id: frozenset(one.site_ids) for one in wishes}
    changed = {
        order_id: sites for order_id, sites in last.items() if sites != before.get(order_id, frozenset())
    }
    if changed:
        execute(conn, SQL["delete_named_sites"], order_ids=uuids(changed))
        write_named_sites(
            conn,
            [
                NamedSites(order_id=order_id, site_ids=tuple(sorted(sites)))
                for order_id, sites in changed.items()
            ],
        )
        store.wake_orders(conn, list(changed), now=now)
    return [one.order_id in changed for one in wishes]
