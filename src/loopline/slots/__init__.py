"""Slots: which sites send couriers, receive by appointment and fit at home, at which hours, and whose each place is.

What others may use: the records of `model`, the pure decisions of `rules`, the commands of `service`, the reads of
`queries`; visits of fitters are in `visits`.

What a unit sets for a way holds for the sites below it, until one nearer to a site sets it again. A slot is a stretch
of a site's day; of its places so many are taken as there are bookings of orders that were not given back, by a
counter that is only ever changed by deltas under the row's lock. An order has one booking, for good. A
visit is somebody's way to a customer: an order has one under way at most.

Locks: slots by (site, way, beginning), before numbers of orders; bookings by order, after slots; a visit changes
only under the lock of its order's booking.
"""

from loopline.slots.checks import CHECKS
from loopline.slots.model import (
    BRINGING,
    COMMENT_MOST,
    Booking,
    BookingState,
    Fee,
    KeptTerms,
    NewBooking,
    NewTerms,
    Slot,
    SlotTerms,
    TermsInForce,
    Way,
)
from loopline.slots.queries import bookings_at, bookings_of_orders, places_taken, terms_of_units
from loopline.slots.rules import (
    RegionsNotUsable,
    TermsNeedAComment,
    TermsUnitUnknown,
    WayNotUsable,
    fee_for,
    goes_to,
    places_in,
    slots_of,
    terms_at,
)
from loopline.slots.service import (
    book,
    give_back,
    move_places,
    name_carriers,
    put_back,
    set_terms,
    take_places,
    take_up_again,
)

__all__ = [
    "BRINGING",
    "CHECKS",
    "COMMENT_MOST",
    "Booking",
    "BookingState",
    "Fee",
    "KeptTerms",
    "NewBooking",
    "NewTerms",
    "RegionsNotUsable",
    "Slot",
    "SlotTerms",
    "TermsInForce",
    "TermsNeedAComment",
    "TermsUnitUnknown",
    "Way",
    "WayNotUsable",
    "book",
    "bookings_at",
    "bookings_of_orders",
    "fee_for",
    "give_back",
    "goes_to",
    "move_places",
    "name_carriers",
    "places_in",
    "places_taken",
    "put_back",
    "set_terms",
    "slots_of",
    "take_places",
    "take_up_again",
    "terms_at",
    "terms_of_units",
]
