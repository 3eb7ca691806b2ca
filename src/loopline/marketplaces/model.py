"""The records of marketplaces: their terms, what they are lent and told, and by when they want it shipped."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import NodeId, OrderId, SkuId

MarketplaceId = NewType("MarketplaceId", UUID)
StepId = NewType("StepId", UUID)
TestOrderId = NewType("TestOrderId", UUID)


class SubjectKind(StrEnum):
    """Which goods terms are about: those of a category, or one SKU, which goes before."""

    CATEGORY = "category"
    SKU = "sku"


class Cause(StrEnum):
    """Why a loan changed."""

    LENT = "lent"
    NOT_TAKEN = "not_taken"
    GIVEN_UP = "given_up"
    SOLD = "sold"
    PUT_BACK = "put_back"
    REINSTATED = "reinstated"
    TEST_SOLD = "test_sold"
    TEST_PUT_BACK = "test_put_back"
    FORGIVEN = "forgiven"
    WRITTEN_OFF = "written_off"


class MarketplaceTerms(msgspec.Struct, frozen=True, kw_only=True):
    """On which terms the marketplace behind a channel sells our goods.

    It is told through `connector`. `weight` is its part among all; `most_units` of a SKU at once (None: no limit);
    `buffer_units` of each SKU it is never told of. `puts_back`: what is called off goes back on its own shelf by
    itself. Orders are to be shipped `ship_hours` after their payment where they do not say (None: no time), with an
    alarm `alarm_hours` before; late, they cost `late_basis_points` of their amount, within least and most. An order
    whose number begins with one of `test_prefixes` is a test.
    """

    channel: str
    connector: str = "sandbox"
    is_on: bool = True
    weight: int = 1
    most_units: int | None = None
    buffer_units: int = 0
    puts_back: bool = True
    ship_hours: int | None = None
    alarm_hours: int = 6
    late_basis_points: int = 0
    late_least_minor: int = 0
    late_most_minor: int | None = None
    test_prefixes: tuple[str, ...] = ()


class Marketplace(msgspec.Struct, frozen=True, kw_only=True):
    """A marketplace with the terms in force, and who set them."""

    id: MarketplaceId
    channel: str
    version: int
    connector: str
    is_on: bool
    weight: int
    most_units: int | None
    buffer_units: int
    puts_back: bool
    ship_hours: int | None
    alarm_hours: int
    late_basis_points: int
    late_least_minor: int
    late_most_minor: int | None
    test_prefixes: tuple[str, ...]
    set_at: datetime
    set_by: str
    note: str

    @property
    def terms(self) -> MarketplaceTerms:
        """The terms alone."""
        return MarketplaceTerms(**{name: getattr(self, name) for name in MarketplaceTerms.__struct_fields__})

    def alarm_at(self, ship_by: datetime) -> datetime:
        """When somebody is to be told that an order has not been shipped yet."""
        return ship_by - timedelta(hours=self.alarm_hours)


class GoodsTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of some goods at a marketplace; what is None is as for all its goods."""

    channel: str
    subject: SubjectKind
    subject_code: str
    is_on: bool = True
    weight: int | None = None
    most_units: int | None = None
    buffer_units: int | None = None


class GoodsTermsSet(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of some goods as they stand, and who set them."""

    channel: str
    subject: SubjectKind
    subject_code: str
    version: int
    is_on: bool
    weight: int | None
    most_units: int | None
    buffer_units: int | None
    set_at: datetime
    set_by: str
    note: str


class LoanRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a marketplace may sell of a SKU as far as we know.

    `beyond`: it sold so many more than it was lent. `asked_back` are in steps without an answer. `is_empty`: it said
    that it has none left. Until `refused_until` it does not take any.
    """

    channel: str
    sku_id: SkuId
    units: int
    beyond: int
    asked_back: int
    is_empty: bool
    refused_until: datetime | None
    refused_why: str | None


class LoanChange(msgspec.Struct, frozen=True, kw_only=True):
    """Units that a loan grew or shrank by, and what did it."""

    channel: str
    sku_id: SkuId
    units: int
    cause: Cause
    cause_id: UUID
    note: str | None = None


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU to be looked at. `turn` says whose turn it is where there are too few; one not `is_sold` is lent nobody."""

    sku_id: SkuId
    code: str
    category: str | None
    turn: int
    is_sold: bool = True


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    """A marketplace with the nodes its goods lie under, the root first."""

    marketplace: Marketplace
    path: tuple[NodeId, ...]

    @property
    def node_id(self) -> NodeId:
        """The node it sells from."""
        return self.path[-1]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one SKU stands: what is lent of it to each channel, and what may be promised at each node by itself.

    `room` is free less held. `coming_back` are units by channel that were called off and may be on a marketplace's
    shelf again, though its loan does not say so yet: they count as lent.
    """

    goods: Goods
    loans: Mapping[str, LoanRow]
    room: Mapping[NodeId, int]
    coming_back: Mapping[str, int] = {}

    def lent(self, channel: str) -> int:
        """How many units a marketplace may have on its shelf, by all that is known."""
        loan = self.loans.get(channel)
        return self.coming_back.get(channel, 0) + (loan.units if loan else 0)


class TermsBy(msgspec.Struct, frozen=True, kw_only=True):
    """Who sets terms, with which note; of which versions they had looked at, where they say so."""

    actor: str
    note: str = ""
    expected: Mapping[str, int] = {}


class NewStep(msgspec.Struct, frozen=True, kw_only=True):
    """Units to tell a marketplace of in addition, or, negative, to ask back from it."""

    channel: str
    sku_id: SkuId
    units: int


class DueStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step to put to its marketplace, for the so-many-eth time."""

    id: StepId
    channel: str
    sku_id: SkuId
    units: int
    tries: int


class AnsweredStep(msgspec.Struct, frozen=True, kw_only=True):
    """What a marketplace made of a step: `moved` units were really taken or given up.

    `is_refused`: it will not take any of these goods, and says why.
    """

    step_id: StepId
    moved: int
    is_refused: bool = False
    why: str | None = None


class OpenStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is not answered yet."""

    id: StepId
    channel: str
    sku_id: SkuId
    units: int
    made_at: datetime
    tries: int


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """By when a marketplace's order is to be shipped, and how it stands."""

    order_id: OrderId
    channel: str
    placed_at: datetime
    stated_by: datetime | None
    ship_by: datetime | None
    handed_over_at: datetime | None
    ended_at: datetime | None
    missed_at: datetime | None


class ShipmentState(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order: paid, a parcel handed over, nothing left to send."""

    order_id: OrderId
    paid_at: datetime | None = None
    handed_over_at: datetime | None = None
    ended_at: datetime | None = None


class WhyTest(StrEnum):
    """How an order is known to be a test: the message says so, or its number does."""

    SAID = "said"
    NUMBER = "number"


class TestGoods(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a test order; a code that names no SKU is kept all the same."""

    __test__ = False

    sku_code: str
    units: int
    sku_id: SkuId | None = None


class NewTestOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is none: nothing is held, sent, shared or counted for it."""

    id: TestOrderId
    channel: str
    external_number: str
    because: WhyTest
    placed_at: datetime
    lines: tuple[TestGoods, ...]


class TestOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A test order as it stands."""

    __test__ = False

    id: TestOrderId
    channel: str
    external_number: str
    because: WhyTest
    placed_at: datetime
    received_at: datetime
    paid_at: datetime | None
    paid_minor: int
    currency: str | None
    cancelled_at: datetime | None
    units: int
