"""Orders at an hour: each takes its place in a slot before it is placed, and its way's fee is a line of it.

Nothing is done for orders that come without a slot.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec.structs import replace

from loopline import orders, slots
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.refusals import Refusal
from loopline.orders import (
    COURIER_FEE,
    FITTING_FEE,
    FROM_ITS_STORE,
    Delivery,
    Draft,
    DraftKind,
    DraftLine,
    LineKind,
)
from loopline.processes.place import Placed, Placement
from loopline.processes.slots import places_of, slot_of
from loopline.processes.take_in.message import Incoming
from loopline.processes.take_in.refusals import NeedsSlot, SlotTaken
from loopline.slots import NewBooking, Slot
from loopline.slots.events import SlotBooked

Taken: TypeAlias = Mapping[tuple[int, ...], Slot]
"""Places that were taken, each for the messages of one order: the same may come twice in a batch."""


def take_slots(
    conn: Conn, incoming: Sequence[Incoming], drafts: Sequence[Draft | Refusal]
) -> tuple[list[Draft | Refusal], Taken]:
    """Take a place for each order whose promise is of a slot; returns the drafts to be placed, and their slots.

    Where no place is left an order is refused, unless it was placed before: then it is that one again. Nobody is
    brought anything by a courier or a fitter without a slot. Locks the slots, before any number of an order.
    """
    wanted: dict[tuple[str, str, Slot], list[int]] = {}
    refused: dict[int, Refusal] = {}
    for position, (one, draft) in enumerate(zip(incoming, drafts, strict=True)):
        if isinstance(draft, Refusal):
            continue
        message = one.message
        slot = slot_of(message.promise) if message.promise is not None else None
        if slot is not None:
            wanted.setdefault((message.channel, message.external_number, slot), []).append(position)
        elif draft.delivery in FROM_ITS_STORE and draft.kind is DraftKind.ASK:
            refused[position] = NeedsSlot()
    if not wanted and not refused:
        return list(drafts), {}
    asked = [slot for _, _, slot in wanted]
    has_place = slots.take_places(conn, asked, places=places_of(conn, set(asked)))
    taken: dict[tuple[int, ...], Slot] = {}
    for slot, positions, has in zip(asked, wanted.values(), has_place, strict=True):
        if has:
            taken[tuple(positions)] = slot
        else:
            refused |= dict.fromkeys(positions, SlotTaken())
    known = _known(conn, incoming, refused)
    going = [
        refused[position] if position in refused and position not in known else _with_fee(one, draft)
        for position, (one, draft) in enumerate(zip(incoming, drafts, strict=True))
    ]
    return going, taken


def _known(conn: Conn, incoming: Sequence[Incoming], refused: Mapping[int, Refusal]) -> set[int]:
    """Those that are orders already: asked once the slots are locked, so that a rival's own place counts as theirs."""
    names = {one: (incoming[one].message.channel, incoming[one].message.external_number) for one in refused}
    found = orders.order_ids_by_external_numbers(conn, sorted(set(names.values()))) if names else {}
    return {position for position, name in names.items() if name in found}


def _with_fee(one: Incoming, draft: Draft | Refusal) -> Draft | Refusal:
    promise = one.message.promise
    if isinstance(draft, Refusal) or promise is None or draft.delivery not in FROM_ITS_STORE:
        return draft
    if not promise.fee_minor:
        return draft
    fee = DraftLine(
        code=FITTING_FEE if draft.delivery is Delivery.FITTING else COURIER_FEE,
        units=1,
        kind=LineKind.CHARGE,
        stated_unit_minor=promise.fee_minor,
        is_price_agreed=True,
    )
    return replace(draft, lines=(*draft.lines, fee))


def book_slots(conn: Conn, taken: Taken, placed: Mapping[int, Placement], *, now: datetime) -> None:
    """Write whose places were taken; those of orders that came to nothing, or were there before, are put back."""
    bookings: list[NewBooking] = []
    free: list[Slot] = []
    for positions, slot in taken.items():
        outcomes = [placed.get(position) for position in positions]
        made = next((one for one in outcomes if isinstance(one, Placed)), None)
        if made is not None:
            bookings.append(NewBooking(order_id=made.order_id, slot=slot))
        else:
            free.append(slot)
    slots.put_back(conn, free)
    slots.book(conn, bookings, now=now)
    told = [
        SlotBooked(
            order_id=one.order_id,
            way=one.slot.way,
            site_id=one.slot.site_id,
            starts_at=one.slot.starts_at,
            ends_at=one.slot.ends_at,
        )
        for one in bookings
    ]
    log.append(conn, [event(one, subject=one.order_id, at=now) for one in told])
