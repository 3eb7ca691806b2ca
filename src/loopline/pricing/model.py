"""The records of pricing: price lists, prices, tax rates, carts, quotes and where each price came from."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, OrgUnitId, PriceListId, ProductId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.pricing.discounts import Discount, KeptPrice


class Level(StrEnum):
    """What decided a price, from the strongest to the weakest."""

    STATED = "stated"
    MEMBER_TIER = "member_tier"
    SITE = "site"
    ORG_UNIT = "org_unit"
    CHANNEL = "channel"
    BASE = "base"


class NewPriceList(msgspec.Struct, frozen=True, kw_only=True):
    """A list of prices in one currency, from `valid_from`, included, to `valid_until`, excluded.

    It applies where all the conditions it names hold: the member's tier, the selling site, a unit on the way from the
    top of the tree to that site, the channel. `priority` decides between lists with the same conditions; more wins.
    """

    code: str
    name: str
    currency: str
    valid_from: datetime
    valid_until: datetime | None = None
    priority: int = 0
    member_tier: str | None = None
    site_id: SiteId | None = None
    org_unit_id: OrgUnitId | None = None
    channel: str | None = None


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """A price list as it stands."""

    id: PriceListId
    code: str
    name: str
    currency: str
    valid_from: datetime
    valid_until: datetime | None
    priority: int
    member_tier: str | None
    site_id: SiteId | None
    org_unit_id: OrgUnitId | None
    channel: str | None

    def level(self) -> Level:
        """The strongest condition the list names."""
        if self.member_tier is not None:
            return Level.MEMBER_TIER
        if self.site_id is not None:
            return Level.SITE
        if self.org_unit_id is not None:
            return Level.ORG_UNIT
        return Level.BASE if self.channel is None else Level.CHANNEL


class PriceListAdded(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` is false where the same list stood there already."""

    price_list_id: PriceListId
    is_new: bool


class PriceListEnd(msgspec.Struct, frozen=True, kw_only=True):
    """End a list at a moment that has not come yet."""

    price_list_id: PriceListId
    valid_until: datetime


class PriceListEnded(msgspec.Struct, frozen=True, kw_only=True):
    price_list_id: PriceListId


class NewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price of one unit, tax included, from `valid_from` until the next one; None ends the price there was."""

    price_list_id: PriceListId
    sku_id: SkuId
    unit_minor: int | None
    valid_from: datetime


class PriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A price as it stands in a list."""

    id: UUID
    price_list_id: PriceListId
    sku_id: SkuId
    unit_minor: int | None
    valid_from: datetime


class PricePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a price stands among those of its list: by SKU, then in the order in which they take effect."""

    sku_id: SkuId
    valid_from: datetime
    id: UUID


class PriceSet(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` is false where that very price was set already."""

    price_id: UUID
    is_new: bool


class NewTaxRate(msgspec.Struct, frozen=True, kw_only=True):
    """The tax contained in prices of a class in a country, from a calendar day there until the next rate.

    Of one seller alone where `seller_id` names it, and of one region (its code, or the beginning of it: 31 is all of
    Shanghai) where there is one; such a rate goes before those of the whole country.
    """

    tax_class: str
    country: str
    valid_from: date
    rate_basis_points: int
    seller_id: EntityId | None = None
    region: str = ""


class TaxRate(msgspec.Struct, frozen=True, kw_only=True):
    """A tax rate as it stands."""

    id: UUID
    tax_class: str
    country: str
    valid_from: date
    rate_basis_points: int
    seller_id: EntityId | None = None
    region: str = ""

    @property
    def is_special(self) -> bool:
        """Whether it holds for one seller or one region, and not for all there are."""
        return self.seller_id is not None or self.region != ""


class TaxRateSet(msgspec.Struct, frozen=True, kw_only=True):
    """`is_new` is false where that very rate was set already."""

    tax_rate_id: UUID
    is_new: bool


class CartLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of one thing. `code` names it in refusals.

    A line without a SKU (a fee, a voucher) has no price of ours: its price must be stated by whoever may. A line
    without a tax class (a voucher) carries no tax. `units` may be negative, `stated_unit_minor` too (a discount).
    Product and category say which promotions it is among the goods of.
    `stated_amount_minor`: what was paid for all units together, of a fact whose buyer was told the price of the whole
    cart by us; it counts instead of units times the stated price.
    `is_price_agreed`: its stated price is ours, whatever the channel may state. `kept`: it was agreed before, and this
    is what it was made of; no promotion of now has to do with it. `is_gift`: it is taken along for nothing, if the cart
    has earned it.
    """

    sku_id: SkuId | None
    code: str
    units: int
    tax_class: str | None
    stated_unit_minor: int | None = None
    product_id: ProductId | None = None
    category: str | None = None
    is_price_agreed: bool = False
    kept: KeptPrice | None = None
    is_gift: bool = False
    stated_amount_minor: int | None = None


class Cart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What somebody buys together, where and when.

    `country`, the seller of record, the `region` where goods are supplied and the day of `at` in `time_zone` decide the
    tax. `org_units` leads from the top of the tree to the unit of the selling site. `may_state_price` says that the
    channel is allowed to state an agreed price. A fact happened already: its stated prices stand, and a missing tax
    rate does not refuse it.
    `by_piece`: prices are told piece by piece to whoever adds up by themselves (a till, a shelf), so only promotions
    that look at one piece hold; a fact's stated price is then known again where it is what they come to. Its lines with
    a stated amount were told as a whole, to a member where it has one; the others to anybody.
    """

    currency: str
    country: str
    time_zone: str
    at: datetime
    lines: tuple[CartLine, ...]
    channel: str | None = None
    site_id: SiteId | None = None
    org_units: tuple[OrgUnitId, ...] = ()
    member_tier: str | None = None
    may_state_price: bool = False
    is_fact: bool = False
    is_member: bool = False
    live_room: str | None = None
    by_piece: bool = False
    seller_id: EntityId | None = None
    region: str = ""


class LineDerivation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Why a line costs what it costs: the level that decided and the deciding row.

    Where the price was stated, `price_id` is the row that would have decided otherwise, if there is one.
    `discounts`: what promotions took off that price, one after the other. `is_gift`: it was taken along for nothing,
    and has its part of what is paid for what earned it.
    """

    decided_by: Level
    price_id: UUID | None = None
    tax_class: str | None = None
    discounts: tuple[Discount, ...] = ()
    is_gift: bool = False


class TaxDerivation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The rate that a tax class had; `is_missing` where a fact had to be taken without one."""

    tax_class: str
    rate_basis_points: int
    tax_rate_id: UUID | None = None
    is_missing: bool = False


class Derivation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How a quote came about; kept with the order, so that it can always be told again."""

    day: date
    country: str
    taxes: tuple[TaxDerivation, ...]
    lines: tuple[LineDerivation, ...]
    member_tier: str | None = None


class QuoteLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The price of a line. `amount_minor` is units times list or stated price less its discounts, tax included.

    `tax_minor` is the tax within what is paid. `unit_minor` is what one unit comes to; where discounts do not divide by
    the units, rounded down. `list_unit_minor` is our own price of a unit, also where another one was stated, before
    discounts; None where we have none.
    """

    unit_minor: int
    amount_minor: int
    tax_minor: int
    tax_rate_basis_points: int
    list_unit_minor: int | None
    derivation: LineDerivation

    @property
    def discount_minor(self) -> int:
        """What promotions took off in all."""
        return sum(one.amount_minor for one in self.derivation.discounts)


class GiftWaiting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a SKU that a cart has earned by a version of a promotion, and does not hold."""

    promotion_id: UUID
    sku_id: SkuId
    units: int


class Quote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The price of a cart, lines in the order asked. Totals are the sums of the rounded lines.

    `gifts` could be taken along for the same money, as lines that say so.
    """

    currency: str
    lines: tuple[QuoteLine, ...]
    amount_minor: int
    tax_minor: int
    derivation: Derivation
    gifts: tuple[GiftWaiting, ...] = ()


class Standing(StrEnum):
    """Why a price row did or did not decide."""

    DECIDES = "decides"
    OUTRANKED = "outranked"
    NOT_IN_FORCE = "not_in_force"
    NO_PRICE = "no_price"
    CONDITIONS_NOT_MET = "conditions_not_met"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One price list as seen for one line, with the price it had at that moment."""

    price_list_id: PriceListId
    code: str
    level: Level
    priority: int
    standing: Standing
    unit_minor: int | None = None
    price_id: UUID | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why this price: the line as quoted, or why it has no price, and every list that was looked at.

    Lists that apply come first, the strongest first; then those whose conditions the cart does not meet.
    """

    line: QuoteLine | Refusal
    candidates: tuple[Candidate, ...]
