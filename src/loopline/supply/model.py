"""What companies agree on, and what was handed over before they had."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, LineId, OrderId, SkuId, SupplyTermId
from loopline.kernel.refusals import Refusal


class TermKind(StrEnum):
    """What passes between two companies when one hands over the other's goods.

    PURCHASE: the seller buys the goods of their owner as they are handed over, and sells them in its own name
    (principal). CONSIGNMENT: the goods were left with the seller, who keeps the difference (agent). COST: no second
    company: what the goods cost their owner.
    """

    PURCHASE = "purchase"
    CONSIGNMENT = "consignment"
    COST = "cost"


class TermBase(StrEnum):
    """Of what a percentage is: the list price, or what is paid less the tax in it."""

    LIST = "list"
    NET = "net"


class NewTerm(msgspec.Struct, frozen=True, kw_only=True):
    """Terms to agree on, of one SKU or (None) of all goods of `owner_id` that `buyer_id` sells, from a moment on.

    Either `basis_points` of `base`, 0 to 10,000, or `unit_minor` for each unit, net of tax. COST names one company
    twice, an SKU and an amount.
    """

    id: SupplyTermId
    owner_id: EntityId
    buyer_id: EntityId
    currency: str
    kind: TermKind
    from_at: datetime
    sku_id: SkuId | None = None
    base: TermBase | None = None
    basis_points: int | None = None
    unit_minor: int | None = None
    comment: str


class Term(NewTerm, frozen=True, kw_only=True):
    """Terms that stand, with who agreed on them and when."""

    agreed_at: datetime
    agreed_by: str


class SuppliedPart(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line that one company handed over, or had handed over, for an order of another.

    Amounts are of all `units_of` units, in minor units; `units` of them have not come back.
    """

    part_id: UUID
    order_id: OrderId
    line_id: LineId
    owner_id: EntityId
    buyer_id: EntityId
    sku_id: SkuId
    currency: str
    units: int
    units_of: int
    list_minor: int
    net_minor: int
    placed_at: datetime
    at: datetime


class PairNoted(msgspec.Struct, frozen=True, kw_only=True):
    """What is noted of two companies: parts, units and their net amount at what the customers paid."""

    owner_id: EntityId
    buyer_id: EntityId
    currency: str
    parts: int
    units: int
    net_minor: int
    first_at: datetime


class TermMisshapen(Refusal, frozen=True, kw_only=True):
    """{field} does not go with these terms: agree on a percentage of list or net, or on an amount for each unit."""

    field: str


class TermReachesBack(Refusal, frozen=True, kw_only=True):
    """These terms begin at {from_at}, but the two companies have had terms since {since}: begin now or later."""

    from_at: datetime
    since: datetime


class TermStandsAlready(Refusal, frozen=True, kw_only=True):
    """Other terms of the same goods begin at {from_at}."""

    from_at: datetime
