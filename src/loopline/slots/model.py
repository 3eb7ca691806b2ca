"""What slots speak of: ways with their terms, slots, and whose place is whose."""

from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.kernel.ids import OrderId, OrgUnitId, SiteId

COMMENT_MOST = 500


class Way(StrEnum):
    """What is done at an hour: a rider brings the goods from the store, the customer is received there, or a fitter of
    the store comes to the customer with the goods.
    """

    COURIER = "courier"
    IN_STORE = "in_store"
    AT_HOME = "at_home"


BRINGING = frozenset({Way.COURIER, Way.AT_HOME})
"""Ways that go to the customer: so far, and for a fee."""


class BookingState(StrEnum):
    """Whether an order has its place, or gave it back."""

    HELD = "held"
    RELEASED = "released"


class Fee(msgspec.Struct, frozen=True, kw_only=True):
    """What a courier or a fitter costs the customer up to a distance as the crow flies, included; tax included."""

    kilometres_most: int
    minor: int


class SlotTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a unit sets for a way. Minutes of a day count from midnight by the wall clock of the site.

    Slots follow each other from `opens_minute` on, on ISO `weekdays`, as long as they end by `closes_minute`; each has
    so many `places`. It is offered until `lead_minutes` before it begins and, on its own day, until
    `same_day_until_minute`; days are looked at so far ahead. `kilometres_most` and `fees` are a
    courier's and a fitter's: what is further than the last fee costs as much. `region_codes`, where there are any: only
    addresses in these, a fitter's alone (GB/T 2260; of a province its first two digits).
    """

    is_offered: bool = True
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    opens_minute: int = 10 * 60
    closes_minute: int = 20 * 60
    slot_minutes: int = 120
    places: int = 4
    lead_minutes: int = 60
    same_day_until_minute: int | None = None
    horizon_days: int = 3
    kilometres_most: int = 5
    fees: tuple[Fee, ...] = ()
    region_codes: tuple[str, ...] = ()


class NewTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A unit wants terms for a way; None: what holds above it is to hold again."""

    unit_code: str
    way: Way
    terms: SlotTerms | None
    comment: str


class KeptTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The last word of a unit on a way."""

    unit_id: OrgUnitId
    way: Way
    terms: SlotTerms | None
    comment: str
    set_at: datetime
    set_by: str


class TermsInForce(msgspec.Struct, frozen=True, kw_only=True):
    """What holds at a place in the tree, and which unit decided it."""

    terms: SlotTerms
    decided_by: OrgUnitId


class Slot(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A stretch of a site's day for one way."""

    site_id: SiteId
    way: Way
    starts_at: datetime
    ends_at: datetime


class NewBooking(msgspec.Struct, frozen=True, kw_only=True):
    """An order takes its place in a slot, of which a place was taken before."""

    order_id: OrderId
    slot: Slot


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a place is. `carrier`: who carries the parcel, where the store says so; `moves`: how often it was moved."""

    order_id: OrderId
    way: Way
    site_id: SiteId
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    moves: int
    carrier: str | None
    made_at: datetime

    @property
    def slot(self) -> Slot:
        """The slot it is in."""
        return Slot(site_id=self.site_id, way=self.way, starts_at=self.starts_at, ends_at=self.ends_at)
