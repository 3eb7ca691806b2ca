"""Slots: who offers couriers, appointments and fitting at home when; places that are given back, and moved."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from loopline import orders, org, promises, slots
from loopline.db import Conn, log
from loopline.db.followers import Follower
from loopline.kernel.changes import parts_of
from loopline.kernel.events import Event, EventBody, event, read
from loopline.kernel.ids import MemberId, OrderId, OrgUnitId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders import LinesCancelled, LinesReinstated, Order, OrderStage
from loopline.org import Site, Unit, UnitKind
from loopline.processes.promised import keep_given
from loopline.promises import GivenPromise, Promise, PromiseKind, PromiseState
from loopline.slots import (
    BRINGING,
    Booking,
    BookingState,
    KeptTerms,
    NewTerms,
    Slot,
    SlotTerms,
    TermsInForce,
    Way,
    visits,
)
from loopline.slots.events import SlotBooked, SlotMoved, SlotReleased, SlotTermsSet
from loopline.slots.visits import Outcome, Visit

WAYS: Mapping[PromiseKind, Way] = {
    PromiseKind.COURIER: Way.COURIER,
    PromiseKind.APPOINTMENT: Way.IN_STORE,
    PromiseKind.FITTING: Way.AT_HOME,
}
"""The way that a promise is kept at an hour."""
SETTERS = frozenset({UnitKind.BRAND, UnitKind.REGION, UnitKind.DEALER, UnitKind.MALL, UnitKind.STORE})
"""The units that have something to say of hours: those that are, or may have, a store below them."""
_OVER = frozenset({OrderStage.HANDED_OVER, OrderStage.CANCELLED, OrderStage.RETURNED})


class NoSuchBooking(Refusal, frozen=True, kw_only=True):
    """Order {order_id} has no hour, or is not for you."""

    order_id: OrderId


class TooLateToMove(Refusal, frozen=True, kw_only=True):
    """The hour of order {number} cannot be changed any more."""

    number: str


class HourNotFree(Refusal, frozen=True, kw_only=True):
    """That hour is not free any more: choose another one."""

    field: str = "starts_at"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds, seen from a branch, for those of its units that may set hours, in the tree's order.

    `names`: units by id, those above the branch that decided for it, too. `kept`: the last words.
    """

    units: Sequence[Unit]
    names: Mapping[OrgUnitId, Unit]
    kept: Mapping[tuple[OrgUnitId, Way], KeptTerms]

    def at(self, unit: Unit, way: Way) -> TermsInForce | None:
        """What holds for the sites of a unit, and right below it."""
        return slots.terms_at(unit.path, way, kept=self.kept)


class SlotMove(msgspec.Struct, frozen=True, kw_only=True):
    """Another hour is wanted for an order: by its customer (`by_member`), or by somebody whose scope has its site."""

    order_id: OrderId
    starts_at: datetime
    by_member: MemberId | None = None
    actor: str = "system"


# ----------------------------------------------------------------------------------------------- settings


def set_slot_terms(
    conn: Conn, wanted: Sequence[NewTerms], *, scope: Scope, by: str, now: datetime
) -> list[NewTerms | Refusal]:
    """Set what units of one's branch offer at which hours, one outcome each; what is set is told to the log."""
    found = org.units_by_code(conn, [one.unit_code for one in wanted])
    units = {
        code: unit.id
        for code, unit in found.items()
        if unit.kind in SETTERS and (scope.everything or unit.id in scope.org_units)
    }
    before = {key: one.terms for key, one in slots.terms_of_units(conn, list(units.values())).items()}
    outcomes = slots.set_terms(conn, wanted, units=units, by=by, now=now)
    told: list[Event] = []
    for one in outcomes:
        if isinstance(one, NewTerms):
            unit_id = units[one.unit_code]
            parts = parts_of(before.get((unit_id, one.way)), one.terms)
            before[unit_id, one.way] = one.terms
            if not parts:
                continue  # set as it was
            is_offered = None if one.terms is None else one.terms.is_offered
            body = SlotTermsSet(unit_id=unit_id, way=one.way, is_offered=is_offered, parts=parts)
            told.append(event(body, subject=unit_id, at=now, actor=by))
    log.append(conn, told)
    return outcomes


def standing_terms(conn: Conn, *, scope: Scope) -> Standing:
    """Read what holds in scope, and which unit decided it."""
    every = {unit.id: unit for unit in org.branch_units(conn)}
    seen = [
        unit
        for unit in every.values()
        if unit.kind in SETTERS and (scope.everything or unit.id in scope.org_units)
    ]
    above = {unit_id for unit in seen for unit_id in unit.path}
    return Standing(
        units=seen,
        names={unit_id: every[unit_id] for unit_id in above},
        kept=slots.terms_of_units(conn, above),
    )


def terms_of_sites(conn: Conn, sites: Collection[Site]) -> dict[tuple[SiteId, Way], SlotTerms]:
    """Return what each site offers by its own terms or those above it; what nobody set is left out."""
    kept = slots.terms_of_units(conn, {unit_id for site in sites for unit_id in site.unit_path})
    found = {(site.id, way): slots.terms_at(site.unit_path, way, kept=kept) for site in sites for way in Way}
    return {key: one.terms for key, one in found.items() if one is not None}


def slot_of(promise: GivenPromise) -> Slot | None:
    """Return the slot that a promise is of; None for one that is of none."""
    way = WAYS.get(promise.kind)
    if way is None or promise.site_id is None or promise.starts_at is None or promise.ends_at is None:
        return None
    return Slot(site_id=promise.site_id, way=way, starts_at=promise.starts_at, ends_at=promise.ends_at)


def places_of(conn: Conn, wanted: Collection[Slot]) -> dict[Slot, int]:
    """Return how many places slots have by what is set now; none where a site offers them no more.

    Where nobody set hours of appointments, the house's terms of promises say how many begin at once.
    """
    if not wanted:
        return {}
    sites = org.sites_by_id(conn, {one.site_id for one in wanted})
    terms = terms_of_sites(conn, sites.values())
    at_once: int | None = None
    found: dict[Slot, int] = {}
    for slot in wanted:
        site, set_terms = sites.get(slot.site_id), terms.get((slot.site_id, slot.way))
        if site is not None and set_terms is not None:
            found[slot] = slots.places_in(set_terms, slot, time_zone=site.time_zone)
        elif site is not None and slot.way is Way.IN_STORE:
            if at_once is None:
                at_once = promises.terms_in_force(conn).terms.appointments_at_once
            found[slot] = at_once
    return found


# ----------------------------------------------------------------------------------------------- given back, moved


def follow_slots(conn: Conn, events: Sequence[Event]) -> None:
    """Give back the places of orders that were called off or ran out whole; take them again where these came back."""
    last: dict[OrderId, Event] = {}
    for told in events:
        if told.type == LinesReinstated.type_name() or read(told, LinesCancelled).whole:
            last[OrderId(told.subject)] = told
    if not last:
        return
    now = max(told.at for told in last.values())
    over = [one for one, told in last.items() if told.type == LinesCancelled.type_name()]
    released = slots.give_back(conn, over)
    visits.end_called_off(conn, over, now=now)
    back = slots.take_up_again(conn, [one for one in last if one not in set(over)])
    said: list[SlotReleased | SlotBooked] = [_released(one) for one in released]
    said += [_booked(one) for one in back]
    log.append(conn, [event(one, subject=one.order_id, at=now) for one in said])


def _released(one: Booking) -> SlotReleased:
    return SlotReleased(order_id=one.order_id, way=one.way, site_id=one.site_id, starts_at=one.starts_at)


def _booked(one: Booking) -> SlotBooked:
    return SlotBooked(
        order_id=one.order_id,
        way=one.way,
        site_id=one.site_id,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
    )


def free_slots(conn: Conn, bookings: Collection[Booking], *, now: datetime) -> dict[OrderId, list[Slot]]:
    """Return the slots of their own sites that bookings can be moved to, in their order."""
    sites = org.sites_by_id(conn, {one.site_id for one in bookings})
    terms = terms_of_sites(conn, sites.values())
    taken = slots.places_taken(conn, now, sites) if terms else {}
    found: dict[OrderId, list[Slot]] = {}
    for one in bookings:
        offered = terms.get((one.site_id, one.way))
        if offered is None:
            continue
        zone = sites[one.site_id].time_zone
        found[one.order_id] = [
            slot
            for slot in slots.slots_of(offered, one.site_id, one.way, time_zone=zone, now=now)
            if slot != one.slot and taken.get((slot.site_id, slot.way, slot.starts_at), 0) < offered.places
        ]
    return found


def may_move(
    head: Order, booking: Booking, last: Visit | None = None, *, by_member: bool, now: datetime
) -> bool:
    """Whether an order's hour can still be changed: its goods are there and, for its customer, it has not begun.

    `last`: the last visit of a fitter. While one is on the way nothing is changed; who was there and could not fit all
    of it may come again, whenever that was.
    """
    has_left = head.handed_over > 0 and booking.way is not Way.AT_HOME
    is_open = booking.state is BookingState.HELD and head.stage not in _OVER and not has_left
    if not is_open or (last is not None and last.is_on_the_way):
        return False
    was_there = last is not None and last.outcome in {Outcome.NOT_DONE, Outcome.DONE}
    return not by_member or was_there or now < booking.starts_at


def move_slots(
    conn: Conn, wanted: Sequence[SlotMove], *, scope: Scope, now: datetime
) -> list[Booking | Refusal]:
    """Give orders another hour at the same site, one outcome each; the promise is made anew for it.

    A customer may until the hour begins, the site as long as it has the goods. Locks slots, bookings, then promises.
    """
    order_ids = [one.order_id for one in wanted]
    heads = {head.id: head for head in orders.orders_by_ids(conn, list(set(order_ids)))}
    known = slots.bookings_of_orders(conn, order_ids)
    free = free_slots(conn, known.values(), now=now)
    last = last_visits(conn, known)
    outcomes: dict[int, Booking | Refusal] = {}
    going: dict[int, Slot] = {}
    for position, one in enumerate(wanted):
        head, booking = heads.get(one.order_id), known.get(one.order_id)
        found: Slot | Refusal | None = _refusal_of(one, head, booking, scope=scope)
        if found is None and head is not None and booking is not None:
            found = _too_late(one, head, booking, last.get(head.id), now=now)
        if found is None and booking is not None:
            found = _wanted_slot(one, booking, free.get(one.order_id, ()))
        if found is None or isinstance(found, Refusal):
            outcomes[position] = found or NoSuchBooking(order_id=one.order_id)
        elif one.order_id in {wanted[other].order_id for other in going}:
            outcomes[position] = HourNotFree()
        else:
            going[position] = found
    targets = {wanted[position].order_id: slot for position, slot in going.items()}
    moved = slots.move_places(conn, targets, places=places_of(conn, set(targets.values()))) if targets else {}
    told: list[Event] = []
    for position in going:
        one = wanted[position]
        after = moved[one.order_id]
        outcomes[position] = after or HourNotFree()
        if after is not None and after.slot != known[one.order_id].slot:
            told.append(
                event(_moved(known[one.order_id], after), subject=one.order_id, at=now, actor=one.actor)
            )
    changed = [one for one in moved.values() if one is not None and one.slot != known[one.order_id].slot]
    _promise_anew(conn, changed, now=now)
    log.append(conn, told)
    return [outcomes[position] for position in range(len(wanted))]


def _refusal_of(
    one: SlotMove, head: Order | None, booking: Booking | None, *, scope: Scope
) -> Refusal | None:
    is_member = one.by_member is not None
    if head is None or booking is None or (is_member and head.member_id != one.by_member):
        return NoSuchBooking(order_id=one.order_id)
    if not is_member and not scope.covers_site(booking.site_id):
        return NotInYourBranch(subject=str(one.order_id))
    return None


def _too_late(
    one: SlotMove, head: Order, booking: Booking, last: Visit | None, *, now: datetime
) -> Refusal | None:
    is_open = may_move(head, booking, last, by_member=one.by_member is not None, now=now)
    return None if is_open else TooLateToMove(number=head.number)


def last_visits(conn: Conn, booked: Mapping[OrderId, Booking]) -> dict[OrderId, Visit]:
    """Return the last visit to each customer who is fitted goods at home. Locks nothing."""
    at_home = [order_id for order_id, one in booked.items() if one.way is Way.AT_HOME]
    found = visits.visits_of_orders(conn, at_home) if at_home else {}
    return {order_id: of_order[-1] for order_id, of_order in found.items()}


def _wanted_slot(one: SlotMove, booking: Booking, free: Sequence[Slot]) -> Slot | Refusal:
    if one.starts_at == booking.starts_at:
        return booking.slot
    return next((slot for slot in free if slot.starts_at == one.starts_at), None) or HourNotFree()


def _moved(before: Booking, after: Booking) -> EventBody:
    return SlotMoved(
        order_id=after.order_id,
        way=after.way,
        site_id=after.site_id,
        starts_at_before=before.starts_at,
        starts_at=after.starts_at,
        ends_at=after.ends_at,
    )


def _promise_anew(conn: Conn, moved: Sequence[Booking], *, now: datetime) -> None:
    """End what was promised for the old hours, which nobody wants any more, and promise the new ones."""
    old = promises.lock_open(conn, [one.order_id for one in moved]) if moved else []
    if not old:
        return
    promises.write_looked_at(
        conn, [replace(one, state=PromiseState.VOID, ended_at=now, look_at=None) for one in old]
    )
    bookings = {one.order_id: one for one in moved}
    keep_given(conn, [(one.order_id, _anew(one, bookings[one.order_id], now)) for one in old], now=now)


def _anew(old: Promise, booking: Booking, now: datetime) -> GivenPromise:
    return GivenPromise(
        kind=old.kind,
        site_id=old.site_id,
        due_at=booking.ends_at if booking.way in BRINGING else booking.starts_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        ready_minutes=old.ready_minutes,
        lane_minutes=old.lane_minutes,
        band=old.band,
        terms_version=old.terms_version,
        pace_version=old.pace_version,
        said_at=now,
    )


FOLLOWERS: tuple[Follower, ...] = (
    Follower(
        name="slots",
        types=frozenset({LinesCancelled.type_name(), LinesReinstated.type_name()}),
        apply=follow_slots,
    ),
)
