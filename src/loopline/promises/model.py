"""What promises speak of: the kinds there are, the terms they are made by, what was learnt, and promises kept."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from loopline.kernel.ids import OrderId, PromiseId, SiteId, TaskId


class PromiseKind(StrEnum):
    """How the goods reach the customer, as the customer chooses it."""

    DELIVER = "deliver"
    COLLECT = "collect"
    COURIER = "courier"
    APPOINTMENT = "appointment"
    FITTING = "fitting"


BROUGHT = frozenset({PromiseKind.DELIVER, PromiseKind.COURIER, PromiseKind.FITTING})
"""Kinds that end at the customer's door; the others end when the goods are ready at their site."""

FROM_A_STORE = frozenset({PromiseKind.COURIER, PromiseKind.FITTING})
"""Of these, those of an hour that one store brings."""


class Milestone(StrEnum):
    """What has to have happened by its moment, in this order."""

    SOURCE = "source"
    ACCEPT = "accept"
    HAND_OVER = "hand_over"
    ARRIVE = "arrive"


class PromiseState(StrEnum):
    """Where a promise stands. `untold`: the goods left in time, and nobody ever said whether they arrived."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"
    VOID = "void"
    UNTOLD = "untold"


class WhyNot(StrEnum):
    """Why something cannot be promised."""

    NO_STOCK = "no_stock"
    PRE_ORDER = "pre_order"  # there is none, and it can be ordered all the same: it ships from a day on
    NO_CAPACITY = "no_capacity"
    NOT_EQUIPPED = "not_equipped"
    NOT_TOGETHER = "not_together"
    MUST_SHIP_FROM = "must_ship_from"
    TOO_FAR = "too_far"
    NO_DESTINATION = "no_destination"
    NO_SITE = "no_site"
    NOT_OPEN = "not_open"
    TOO_SOON = "too_soon"
    SLOT_TAKEN = "slot_taken"
    NEEDS_FITTING = "needs_fitting"
    NOT_FITTED = "not_fitted"
    NOT_DELIVERED_THERE = "not_delivered_there"  # by what delivery costs: that region is left out


class OpenTime(Protocol):
    """A stretch of opening on a weekday (ISO), in minutes since its midnight: a shape, so that sites' hours fit."""

    @property
    def weekday(self) -> int: ...
    @property
    def opens_minute(self) -> int: ...
    @property
    def closes_minute(self) -> int: ...


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """The plainest `OpenTime`."""

    weekday: int
    opens_minute: int
    closes_minute: int


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """When a place is open, by the wall clock of its zone; without hours it keeps the usual ones."""

    hours: Sequence[OpenTime]
    time_zone: str


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Lanes up to a distance as the crow flies, included, and how long a parcel takes on them."""

    kilometres_most: int
    minutes: int


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What promises are made by, where nothing was learnt yet. All times are in minutes.

    `…_ready_minutes` count while the site is open, from the order to goods that are ready or with the carrier;
    `source_minutes` and `answer_minutes` are the parts of it until a site is chosen and has said yes. `bands` rise and
    the last has no end: what is further takes as long. `prior_promises` is how many promises of a site weigh as much as
    these terms, `quantile_percent` how many of a hundred were as fast as what is promised.
    """

    store_ready_minutes: int = 120
    warehouse_ready_minutes: int = 240
    source_minutes: int = 15
    answer_minutes: int = 30
    bands: tuple[Band, ...] = (
        Band(kilometres_most=50, minutes=24 * 60),
        Band(kilometres_most=300, minutes=48 * 60),
        Band(kilometres_most=1_000, minutes=72 * 60),
        Band(kilometres_most=20_100, minutes=120 * 60),
    )
    courier_kilometres: int = 10
    courier_minutes: int = 60
    appointment_minutes: int = 60
    appointments_at_once: int = 2
    horizon_days: int = 14
    stores_shown: int = 3
    prior_promises: int = 20
    quantile_percent: int = 90


class TermsVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Terms as somebody set them; version 0 are those of the house, which nobody set."""

    version: int
    terms: Terms
    set_at: datetime | None = None
    set_by: str = ""
    comment: str = ""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage takes by what was observed: at a site, on a band of lanes, on a site's, or by its couriers."""

    stage: str
    site_id: SiteId | None
    band: int | None
    minutes: int
    observed: int
    told: int


class Paces(msgspec.Struct, frozen=True, kw_only=True):
    """Everything learnt, of one version; version 0 is nothing."""

    version: int = 0
    ready: Mapping[SiteId, int] = {}
    bands: Mapping[int, int] = {}
    lanes: Mapping[tuple[SiteId, int], int] = {}
    couriers: Mapping[SiteId, int] = {}


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """What a promise leaves to be done, and how long that takes: open minutes until ready, then minutes on the lane.

    Of the open minutes the first are for choosing a site, the next for its answer.
    """

    ready_minutes: int
    lane_minutes: int
    source_minutes: int
    answer_minutes: int


class Milestones(msgspec.Struct, frozen=True, kw_only=True):
    """The moments counted back from a promise. For what is collected the last two are one."""

    source_by: datetime
    accept_by: datetime
    hand_over_by: datetime
    due_at: datetime


class GivenPromise(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A promise as it was shown to whoever orders by it.

    `starts_at` and `ends_at`: the slot of a courier or an appointment; `fee_minor`: what the way costs, tax included.
    """

    kind: PromiseKind
    site_id: SiteId | None
    due_at: datetime
    starts_at: datetime | None
    ready_minutes: int
    lane_minutes: int
    band: int | None
    terms_version: int
    pace_version: int
    said_at: datetime
    ends_at: datetime | None = None
    fee_minor: int = 0


class NewPromise(msgspec.Struct, frozen=True, kw_only=True):
    """A promise to be kept for an order. `site_id` is where it is collected, or was to be sent from."""

    order_id: OrderId
    kind: PromiseKind
    site_id: SiteId | None
    promised_at: datetime
    starts_at: datetime | None
    milestones: Milestones
    ahead: Ahead
    band: int | None
    terms_version: int
    pace_version: int


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened of an order so far. `is_void`: nothing of it is wanted any more.

    A moment is there once it holds for all that is still wanted. `by_site_id` is the site where it was last reached.
    """

    order_id: OrderId
    sourced_at: datetime | None = None
    accepted_at: datetime | None = None
    handed_over_at: datetime | None = None
    arrived_at: datetime | None = None
    by_site_id: SiteId | None = None
    is_void: bool = False


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A promise as it is kept, with its milestones, what has happened, and what was at risk first."""

    id: PromiseId
    order_id: OrderId
    kind: PromiseKind
    site_id: SiteId | None
    promised_at: datetime
    due_at: datetime
    first_due_at: datetime
    starts_at: datetime | None
    source_by: datetime
    accept_by: datetime
    hand_over_by: datetime
    ready_minutes: int
    lane_minutes: int
    band: int | None
    terms_version: int
    pace_version: int
    sourced_at: datetime | None
    accepted_at: datetime | None
    handed_over_at: datetime | None
    arrived_at: datetime | None
    by_site_id: SiteId | None
    risk: Milestone | None
    risk_at: datetime | None
    look_at: datetime | None
    state: PromiseState
    ended_at: datetime | None
    replaces_id: PromiseId | None

    @property
    def fact_at(self) -> datetime | None:
        """When what was promised happened: the arrival, or that the goods were ready."""
        return self.arrived_at if self.kind in BROUGHT else self.handed_over_at


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel reached its customer."""

    task_id: TaskId
    order_id: OrderId
    arrived_at: datetime


class FirstDue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Until when an order was promised first."""

    order_id: OrderId
    due_at: datetime


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """How well promises were kept: of those whose fact is known, how many by the moment that was said first.

    `replaced` counts the orders that were promised anew on the way, `late` how late the broken ones were, on average.
    """

    promises: int
    kept: int
    replaced: int
    untold: int
    open: int
    at_risk: int
    late_minutes_mean: int


class LateNow(msgspec.Struct, frozen=True, kw_only=True):
    """Open promises of which something did not happen in time, and of these the `overdue`: their own time is over."""

    late: int
    overdue: int


class DayRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Of orders whose promise was due on a day and whose fact is known: how many kept what was said first."""

    day: date
    promises: int
    kept: int


class SiteRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The same of the orders that a site serves, with those still open; `late_minutes_mean` of those that were late."""

    site_id: SiteId
    promises: int
    kept: int
    open: int
    at_risk: int
    late_minutes_mean: int


class KindRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The same of the orders that were promised in one way."""

    kind: PromiseKind
    promises: int
    kept: int
    open: int
    at_risk: int
    late_minutes_mean: int


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """A version of what was learnt, from what left since `since`; `promises` and `kept` are the record until then."""

    version: int
    learnt_at: datetime
    since: datetime
    promises: int
    kept: int


class HeldBack(msgspec.Struct, frozen=True, kw_only=True):
    """How what was learnt until `since` held for what left from then on, beside the terms it takes the place of.

    Of `observed` so many were as fast as what would have been promised: `covered` by what was learnt, `told_covered` by
    the terms; the means say how long that is, in minutes. `aim_percent` of a hundred were to be covered.
    """

    stage: str
    since: datetime
    aim_percent: int
    observed: int
    covered: int
    minutes_mean: int
    told_covered: int
    told_minutes_mean: int


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage took once."""

    stage: str
    site_id: SiteId
    band: int | None
    minutes: int
