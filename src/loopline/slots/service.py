"""Commands of slots: terms are set; places taken, booked, moved and given back."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import psycopg
from msgspec.structs import replace

from loopline.db import Conn
from loopline.kernel.ids import OrderId, OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.slots import store
from loopline.slots.model import Booking, BookingState, NewBooking, NewTerms, Slot
from loopline.slots.rules import TermsUnitUnknown, refusal_of
from loopline.slots.store import key_of


def set_terms(
    conn: Conn, wanted: Sequence[NewTerms], *, units: Mapping[str, OrgUnitId], by: str, now: datetime
) -> list[NewTerms | Refusal]:
    """Set terms, one outcome each; of two for one unit and way the last holds.

    `units`: those that somebody may set terms of, by code. Locks nothing but the new rows.
    """
    outcomes: list[NewTerms | Refusal] = [
        refusal_of(one) or one if one.unit_code in units else TermsUnitUnknown(unit_code=one.unit_code)
        for one in wanted
    ]
    going = [one for one in outcomes if isinstance(one, NewTerms)]
    if going:
        rows = [(units[one.unit_code], one.way, one.terms, one.comment.strip()) for one in going]
        store.add_terms(conn, rows, by=by, now=now)
    return outcomes


def take_places(conn: Conn, asked: Sequence[Slot], *, places: Mapping[Slot, int]) -> list[bool]:
    """Take a place in each slot asked for, in the order given; tells of each whether there was one.

    `places` says how many a slot has. Locks the slots, by (site, way, beginning), until the transaction ends.
    """
    if not asked:
        return []
    store.open_slots(conn, set(asked))
    taken = store.lock_slots(conn, {key_of(one) for one in asked})
    deltas: Counter[store.Key] = Counter()
    outcomes: list[bool] = []
    for slot in asked:
        key = key_of(slot)
        has_room = taken[key] + deltas[key] < places.get(slot, 0)
        deltas[key] += has_room
        outcomes.append(has_room)
    store.change_slots(conn, deltas)
    return outcomes


def put_back(conn: Conn, slots: Sequence[Slot]) -> None:
    """Put places back that were taken in this transaction, and that nobody has after all."""
    store.change_slots(conn, {key: -count for key, count in Counter(map(key_of, slots)).items()})


def book(conn: Conn, bookings: Sequence[NewBooking], *, now: datetime) -> None:
    """Write whose the places are that were taken. Locks nothing but the new rows."""
    if bookings:
        store.add_bookings(conn, bookings, now=now)


def give_back(conn: Conn, order_ids: Collection[OrderId]) -> list[Booking]:
    """Give back the places of orders that have one; returns those bookings as they were. Twice is once."""
    held = [one for one in _locked(conn, order_ids, ()) if one.state is BookingState.HELD]
    put_back(conn, [one.slot for one in held])
    _write(conn, [replace(one, state=BookingState.RELEASED) for one in held])
    return held


def take_up_again(conn: Conn, order_ids: Collection[OrderId]) -> list[Booking]:
    """Take again the places that orders gave back, full or not: who has paid is received. Returns the bookings."""
    released = [one for one in _locked(conn, order_ids, ()) if one.state is BookingState.RELEASED]
    back = [replace(one, state=BookingState.HELD) for one in released]
    store.change_slots(conn, Counter(key_of(one.slot) for one in back))
    _write(conn, back)
    return back


def move_places(
    conn: Conn, wanted: Mapping[OrderId, Slot], *, places: Mapping[Slot, int]
) -> dict[OrderId, Booking | None]:
    """Move the places of orders into other slots, in the order given; None: there was none left, or none was held.

    Locks the slots, old and new, by (site, way, beginning), then the bookings by order. Raises SerializationFailure
    where a rival moved one of them meanwhile.
    """
    locked = {one.order_id: one for one in _locked(conn, wanted, wanted.values())}
    taken = store.lock_slots(conn, {key_of(slot) for slot in wanted.values()})
    deltas: Counter[store.Key] = Counter()
    moved: dict[OrderId, Booking | None] = {}
    for order_id, slot in wanted.items():
        one, key = locked.get(order_id), key_of(slot)
        moved[order_id] = None
        if one is None or one.state is not BookingState.HELD:
            continue
        if one.slot == slot:
            moved[order_id] = one
        elif taken[key] + deltas[key] < places.get(slot, 0):
            deltas[key] += 1
            deltas[key_of(one.slot)] -= 1
            moved[order_id] = replace(
                one, starts_at=slot.starts_at, ends_at=slot.ends_at, moves=one.moves + 1
            )
    store.change_slots(conn, deltas)
    _write(conn, [one for one in moved.values() if one is not None])
    return moved


def _locked(conn: Conn, order_ids: Collection[OrderId], others: Collection[Slot]) -> list[Booking]:
    """Lock the slots that orders have places in, and others, then their bookings; returns these."""
    known = store.bookings_of_orders(conn, order_ids)
    if not known:
        return []
    if others:
        store.open_slots(conn, set(others))
    store.lock_slots(conn, {key_of(one) for one in [*(booking.slot for booking in known), *others]})
    locked = store.lock_bookings(conn, [one.order_id for one in known])
    if [one.slot for one in locked] != [one.slot for one in known]:
        raise psycopg.errors.SerializationFailure("a rival moved one of these places just now")
    return locked


def _write(conn: Conn, bookings: Sequence[Booking]) -> None:
    if bookings:
        store.write_bookings(conn, bookings)


def name_carriers(conn: Conn, carriers: Mapping[OrderId, str]) -> None:
    """Note who carries the parcels of orders. Locks their bookings by order."""
    locked = store.lock_bookings(conn, carriers)
    named = [replace(one, carrier=carriers[one.order_id]) for one in locked]
    _write(conn, named)
