"""To which shift belongs what a till moved, and which count saw it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.payments.shifts.model import Counted, Shift


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The shift that money belongs to, and the count that saw it; neither while it waits for the next shift."""

    shift_id: UUID | None = None
    counted: Counted | None = None


def place_of(at: datetime, shifts: Sequence[Shift]) -> Place:
    """Find the shift of money that a till moved at a moment, and that arrives now, among the till's in their order.

    The one that was open then. Else the next one: its opening count has seen the money in the drawer, and what was
    expected by that count did not know of it. Where nobody could say what to expect, the count was right anyway.
    """
    for one in shifts:
        if one.opened_at <= at and (one.closed_at is None or at < one.closed_at):
            return Place(shift_id=one.id, counted=Counted.SHIFT if one.closed_at is None else Counted.LATER)
    following = next((one for one in shifts if one.opened_at > at), None)
    if following is None:
        return Place()
    is_right_anyway = following.left_minor is None
    return Place(shift_id=following.id, counted=Counted.OPENING if is_right_anyway else Counted.LATER)
