"""The records of orders: drafts as they come in, orders and lines as kept, and changes of where units stand."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, LineId, MemberId, OrderId, PartyId, SiteId, SkuId
from loopline.orders.numbers import spell_number


class DraftKind(StrEnum):
    """An ask may be refused and is priced by us; a fact has happened already."""

    ASK = "ask"
    FACT = "fact"


class LineKind(StrEnum):
    """Goods are held, sourced and handed over; a charge is money alone; a voucher is money owed to its bearer."""

    GOODS = "goods"
    CHARGE = "charge"
    VOUCHER = "voucher"


class OnShortage(StrEnum):
    """What to do with an ask for more than there is: refuse the order, or park what is missing."""

    REFUSE = "refuse"
    PARK = "park"


COURIER_FEE = "COURIER-FEE"
"""The code of the charge for a courier: it is earned as the goods leave, and called off with the whole order."""
FITTING_FEE = "FITTING-FEE"
"""The code of the charge for a fitter who comes to the customer; it goes as a courier's does."""
FREIGHT_FEE = "FREIGHT-FEE"
"""The code of the charge for delivery by parcel; it goes as a courier's does."""
BRINGING_FEES = frozenset({COURIER_FEE, FITTING_FEE, FREIGHT_FEE})
CHARGES_TAX_CLASS = "standard"
"""A charge is taxed like most goods."""


class Delivery(StrEnum):
    """How the goods reach the customer; a courier or a fitter brings them from the store that is named alone."""

    DELIVER = "deliver"
    COURIER = "courier"
    FITTING = "fitting"
    COLLECT = "collect"
    CARRIED_OUT = "carried_out"


BROUGHT = frozenset({Delivery.DELIVER, Delivery.COURIER, Delivery.FITTING})
"""Ways that end at the customer's door."""
FROM_ITS_STORE = frozenset({Delivery.COURIER, Delivery.FITTING})
"""Of these, those by which the store that is named brings the goods."""


class LineState(StrEnum):
    """Where a line stands: the least advanced of its units says it."""

    PARKED = "parked"
    HELD = "held"
    ALLOCATED = "allocated"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class OrderStage(StrEnum):
    """Where an order stands: the least advanced of its goods says it."""

    PARKED = "parked"
    PLACED = "placed"
    SOURCED = "sourced"
    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class DraftLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One wanted or sold line. `stated_unit_minor` is the price the message states, tax included.

    `stated_amount_minor`: what all units together came to, where their buyer was told the price of the whole cart.
    `is_price_agreed`: we made the stated price ourselves, whatever the channel may state. `is_gift`: it is taken along
    for nothing, which what is bought must have earned.
    """

    code: str
    units: int
    kind: LineKind = LineKind.GOODS
    sku_id: SkuId | None = None
    stated_unit_minor: int | None = None
    is_price_agreed: bool = False
    is_gift: bool = False
    stated_amount_minor: int | None = None


class Credits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whom the sale is owed to, besides those its site and seller name: who served, who brought, who streamed."""

    guide_id: PartyId | None = None
    dealer_id: PartyId | None = None
    streamer_id: PartyId | None = None


NO_CREDITS = Credits()


class Asker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who asks besides the member: the blind index of where it goes, the device; `is_own`: a member by themself."""

    address: UUID | None = None
    device: UUID | None = None
    is_own: bool = False


NO_ASKER = Asker()


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An order as it comes in. `channel` and `external_number` are its name; `site_id` sells, or is collected from.

    `order_id` is the client's own id, where it made one (a till without a network): it names, and grants nothing.
    `said` is the hash of the message the draft was made of, where the message says less: what was filled in (moment,
    seller, credits) may come out otherwise the next time, and the same message is the same order all the same.
    `asker` says nothing of what is asked, and is kept with no conflict.
    `live_room_code` is the show it comes out of: what is set aside for that is set aside for this order.
    `is_price_agreed`: we agreed to the stated prices ourselves, whatever the channel may state. `ship_from`: the only
    sites it may be sent from, in order of their ids; none: any. `coupons`: the codes of
    coupons to be used; `points`: how many of the member's points. `is_in_stock_only`: nothing of it is sold ahead.
    `goods_shown_minor`: what the buyer was shown that the goods cost; it says nothing of what is asked.
    `charges_freight`: we say what its delivery costs; `freight_shown_minor`: what the buyer was shown that it does.
    New fields need a default: defaults are left out of the content hash, so that old hashes stay valid.
    """

    channel: str
    external_number: str
    kind: DraftKind
    placed_at: datetime
    seller_entity_id: EntityId
    currency: str
    country: str
    lines: tuple[DraftLine, ...]
    order_id: OrderId | None = None
    member_id: MemberId | None = None
    site_id: SiteId | None = None
    delivery: Delivery = Delivery.DELIVER
    destination: Coordinates | None = None
    on_shortage: OnShortage = OnShortage.REFUSE
    hold_minutes: int | None = None
    credits: Credits = NO_CREDITS
    said: bytes | None = None
    asker: Asker = NO_ASKER
    live_room_code: str | None = None
    is_price_agreed: bool = False
    ship_from: tuple[SiteId, ...] = ()
    coupons: tuple[str, ...] = ()
    points: int = 0
    is_in_stock_only: bool = False
    goods_shown_minor: int | None = None
    charges_freight: bool = False
    freight_shown_minor: int | None = None


class New(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A draft never seen before: the order it will be."""

    order_id: OrderId
    channel: str
    external_number: str


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """A draft seen before, with the same content: the order it is (perhaps one of this very batch)."""

    order_id: OrderId


class NewLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line to write. Amounts are for all its units, tax included; the counters say where its units stand at once.

    Goods: `units == parked + held + allocated + handed_over + cancelled`. Charges and vouchers: only the last two.
    `list_unit_minor` is our own price beside the one stated.
    """

    line_id: LineId
    code: str
    units: int
    unit_minor: int
    amount_minor: int
    seller_entity_id: EntityId
    kind: LineKind = LineKind.GOODS
    sku_id: SkuId | None = None
    tax_minor: int = 0
    tax_rate_basis_points: int = 0
    list_unit_minor: int | None = None
    parked: int = 0
    held: int = 0
    allocated: int = 0
    handed_over: int = 0
    cancelled: int = 0


class NewOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order to write: the recognised draft for its head, the priced lines, and how the price came about.

    `credits` are those attributed, which may be more than the draft states. An order with `pay_until` is not sourced
    before it is paid; `waits_because` says what made that time shorter.
    `derivation` is anything msgspec can encode; `msgspec.Raw` goes in as it is; None writes no quote.
    """

    order_id: OrderId
    draft: Draft
    lines: tuple[NewLine, ...]
    credits: Credits = NO_CREDITS
    pay_until: datetime | None = None
    waits_because: tuple[str, ...] = ()
    derivation: Any = None


class Written(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order that was written, with the short number people see, and where it stands now."""

    order_id: OrderId
    number: str
    stage: OrderStage


class LineUnits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many units of one line stand where. Lost and returned count inside handed over."""

    kind: LineKind
    units: int
    parked: int = 0
    held: int = 0
    allocated: int = 0
    handed_over: int = 0
    cancelled: int = 0
    returned: int = 0
    lost: int = 0


class LineChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Signed deltas of one line's counters. For goods the first five sum to zero: units only move."""

    order_id: OrderId
    line_id: LineId
    parked: int = 0
    held: int = 0
    allocated: int = 0
    handed_over: int = 0
    cancelled: int = 0
    returned: int = 0
    lost: int = 0


class Changed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A change that was written, and where the line and its units stand after it."""

    order_id: OrderId
    line_id: LineId
    state: LineState
    after: LineUnits


class WaitsFor(StrEnum):
    """What an order waits for that has its goods.

    Any site's time, a site that would send them at all, a claim, other limits of the profile in force, a site that is
    equipped to send them as cold as they are kept, or one that has all that leaves together.
    """

    CAPACITY = "capacity"
    SITE = "site"
    CLAIM = "claim"
    LIMITS = "limits"
    EQUIPMENT = "equipment"
    TOGETHER = "together"


WAIT_FOR_OTHER_GOODS = (WaitsFor.EQUIPMENT, WaitsFor.TOGETHER)
"""What ends as soon as goods of the order come to another site."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order's head as it is kept; counters are sums over its goods lines."""

    id: OrderId
    running_number: int
    channel: str
    external_number: str
    kind: DraftKind
    placed_at: datetime
    written_at: datetime
    changed_at: datetime
    in_work_since: datetime | None
    member_id: MemberId | None
    site_id: SiteId | None
    seller_entity_id: EntityId
    currency: str
    country: str
    delivery: Delivery
    longitude: float | None
    latitude: float | None
    on_shortage: OnShortage
    hold_minutes: int | None
    pay_until: datetime | None
    source_after: datetime | None
    source_waits_for: WaitsFor | None
    guide_id: PartyId | None
    dealer_id: PartyId | None
    streamer_id: PartyId | None
    amount_minor: int
    tax_minor: int
    units: int
    parked: int
    held: int
    allocated: int
    handed_over: int
    cancelled: int
    returned: int
    lost: int
    stage: OrderStage

    @property
    def number(self) -> str:
        """The short number people see."""
        return spell_number(self.running_number)

    @property
    def destination(self) -> Coordinates | None:
        """Where the goods go, unless they are collected or it was forgotten."""
        return _place(self.longitude, self.latitude)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is kept."""

    order_id: OrderId
    line_id: LineId
    kind: LineKind
    code: str
    seller_entity_id: EntityId
    sku_id: SkuId | None
    unit_minor: int
    amount_minor: int
    tax_minor: int
    list_unit_minor: int | None
    tax_rate_basis_points: int
    units: int
    parked: int
    held: int
    allocated: int
    handed_over: int
    cancelled: int
    returned: int
    lost: int


class LineToSource(msgspec.Struct, frozen=True, kw_only=True):
    """A line with held units that no site was chosen for yet."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    held: int
    placed_at: datetime
    channel: str
    delivery: Delivery
    site_id: SiteId | None
    longitude: float | None
    latitude: float | None

    @property
    def destination(self) -> Coordinates | None:
        """Where the goods go, unless they are collected."""
        return _place(self.longitude, self.latitude)


class PutOff(msgspec.Struct, frozen=True, kw_only=True):
    """Source what an order holds not before a moment."""

    order_id: OrderId
    waits_for: WaitsFor
    until: datetime


class ParkedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that waits for goods. `queued_at`: since when; what was sold ahead, since it was paid.

    `ships_on`: the day of the pre-order by which it was sold ahead; None: it was not.
    """

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    parked: int
    placed_at: datetime
    queued_at: datetime
    ships_on: date | None


class BoughtLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a member was handed or charged and has not had back: what a return may be matched to."""

    member_id: MemberId
    order_id: OrderId
    line_id: LineId
    code: str
    sku_id: SkuId | None
    unit_minor: int
    units_left: int
    placed_at: datetime


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Another content that came under a known number, kept as it was."""

    channel: str
    external_number: str
    order_id: OrderId
    content: Draft
    first_seen_at: datetime
    last_seen_at: datetime
    times: int


class StageCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders stand at a stage."""

    stage: OrderStage
    orders: int


def _place(longitude: float | None, latitude: float | None) -> Coordinates | None:
    if longitude is None or latitude is None:
        return None
    return Coordinates(longitude=longitude, latitude=latitude)
