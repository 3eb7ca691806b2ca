"""One function per statement of `store.sql`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, statements
from loopline.kernel.ids import OrderId, OrgUnitId, SiteId
from loopline.slots.model import Booking, KeptTerms, NewBooking, Slot, SlotTerms, Way

SQL = statements(__file__)
Key = tuple[SiteId, Way, datetime]


def key_of(slot: Slot) -> Key:
    return slot.site_id, slot.way, slot.starts_at


def add_terms(
    conn: Conn,
    wanted: Sequence[tuple[OrgUnitId, Way, SlotTerms | None, str]],
    *,
    by: str,
    now: datetime,
) -> None:
    execute(
        conn,
        SQL["add_terms"],
        unit_ids=[unit_id for unit_id, _, _, _ in wanted],
        ways=[way.value for _, way, _, _ in wanted],
        terms=[None if one is None else msgspec.json.encode(one).decode() for _, _, one, _ in wanted],
        comments=[comment for _, _, _, comment in wanted],
        by=by,
        now=now,
    )


def terms_of_units(conn: Conn, unit_ids: Collection[OrgUnitId] | None) -> list[KeptTerms]:
    rows = fetch_rows(
        conn, SQL["terms_of_units"], unit_ids=None if unit_ids is None else sorted(set(unit_ids))
    )
    return [
        KeptTerms(
            unit_id=unit_id,
            way=Way(way),
            terms=None if terms is None else msgspec.convert(terms, SlotTerms),
            comment=comment,
            set_at=set_at,
            set_by=set_by,
        )
        for unit_id, way, terms, comment, set_at, set_by in rows
    ]


def open_slots(conn: Conn, slots: Collection[Slot]) -> None:
    ordered = sorted(slots)
    execute(
        conn,
        SQL["open_slots"],
        site_ids=[one.site_id for one in ordered],
        ways=[one.way.value for one in ordered],
        starts_at=[one.starts_at for one in ordered],
        ends_at=[one.ends_at for one in ordered],
    )


def lock_slots(conn: Conn, keys: Collection[Key]) -> dict[Key, int]:
    ordered = sorted(set(keys))
    rows = fetch_rows(
        conn,
        SQL["lock_slots"],
        site_ids=[site_id for site_id, _, _ in ordered],
        ways=[way.value for _, way, _ in ordered],
        starts_at=[starts_at for _, _, starts_at in ordered],
    )
    return {(site_id, Way(way), starts_at): taken for site_id, way, starts_at, taken in rows}


def change_slots(conn: Conn, deltas: Mapping[Key, int]) -> None:
    changed = [(key, delta) for key, delta in sorted(deltas.items()) if delta]
    if changed:
        execute(
            conn,
            SQL["change_slots"],
            site_ids=[key[0] for key, _ in changed],
            ways=[key[1].value for key, _ in changed],
            starts_at=[key[2] for key, _ in changed],
            deltas=[delta for _, delta in changed],
        )


def add_bookings(conn: Conn, bookings: Sequence[NewBooking], *, now: datetime) -> None:
    execute(
        conn,
        SQL["add_bookings"],
        order_ids=[one.order_id for one in bookings],
        ways=[one.slot.way.value for one in bookings],
        site_ids=[one.slot.site_id for one in bookings],
        starts_at=[one.slot.starts_at for one in bookings],
        ends_at=[one.slot.ends_at for one in bookings],
        now=now,
    )


def lock_bookings(conn: Conn, order_ids: Collection[OrderId]) -> list[Booking]:
    return fetch(conn, SQL["lock_bookings"], Booking, order_ids=sorted(set(order_ids)))


def bookings_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> list[Booking]:
    return fetch(conn, SQL["bookings_of_orders"], Booking, order_ids=sorted(set(order_ids)))


def write_bookings(conn: Conn, bookings: Sequence[Booking]) -> None:
    execute(
        conn,
        SQL["write_bookings"],
        order_ids=[one.order_id for one in bookings],
        starts_at=[one.starts_at for one in bookings],
        ends_at=[one.ends_at for one in bookings],
        states=[one.state.value for one in bookings],
        moves=[one.moves for one in bookings],
        carriers=[one.carrier for one in bookings],
    )


def places_taken(conn: Conn, since: datetime, site_ids: Collection[SiteId] | None) -> dict[Key, int]:
    rows = (
        fetch_rows(conn, SQL["places_taken"], since=since)
        if site_ids is None
        else fetch_rows(conn, SQL["places_taken_at"], since=since, site_ids=sorted(set(site_ids)))
    )
    return {(site_id, Way(way), starts_at): taken for site_id, way, starts_at, taken in rows}


def bookings_at(
    conn: Conn, way: Way, site_ids: Collection[SiteId] | None, *, since: datetime, until: datetime
) -> list[Booking]:
    return fetch(
        conn,
        SQL["bookings_at"],
        Booking,
        site_ids=None if site_ids is None else sorted(set(site_ids)),
        way=way.value,
        since=since,
        until=until,
    )
