"""Orders as other programs and people say them, and what comes of them."""

from datetime import datetime
from uuid import UUID

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import MemberId, OrderId, SiteId
from loopline.kernel.scope import Scope
from loopline.orders import Delivery, DraftKind, LineKind, OnShortage, OrderStage
from loopline.promises import GivenPromise


class MessageLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Units of one SKU, or a charge or voucher by its code; the price of one unit, tax included, where it is stated.

    `is_gift`: they are taken along for nothing, which the other lines must have earned.
    `stated_amount_minor`: what all units together came to, where a till asked for the price of the whole cart.
    """

    sku_code: str
    units: int
    kind: LineKind = LineKind.GOODS
    stated_unit_minor: int | None = None
    is_gift: bool = False
    stated_amount_minor: int | None = None


class Touch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What led the buyer here: a code that was scanned, the visitor who scanned."""

    touchpoint_code: str | None = None
    visitor: UUID | None = None


class SealedBuyer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The buyer's data as the marketplace sealed it: a ciphertext, the id of one it keeps, or both; masked for people.

    `sealed_at` is when the platform sealed it; None: when it was told.
    """

    platform: str
    ciphertext_id: str | None = None
    ciphertext: str | None = None
    masked_name: str = ""
    masked_phone: str = ""
    masked_address: str = ""
    sealed_at: datetime | None = None

    def __repr__(self) -> str:
        return f"SealedBuyer(platform={self.platform!r})"


class OrderMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An order as other programs and people say it; (channel, external_number) is its name for good.

    What is None is filled in: `placed_at` with now, `seller_code` with the company of the site or else the brand's,
    `currency` with the seller's, the destination with the centre of the city of `region_code`. `order_id` is made by
    a client that was offline. Whoever `guide_code`, `dealer_code` and `streamer_code` name is owed the sale, but what a
    protected customer of another dealer buys is that dealer's; what is not stated follows from the touch, then from the
    member's bindings. `sealed_buyer` and `promise`, as it was shown,
    say nothing of what is ordered: the same order with another sealing or promise is the same order. `ship_from`: codes
    of the sites, or names of groups of sites of the profile, that a delivery must ship from; none: from any.
    `coupons`: the codes of coupons to be used; `points`: how many of the member's points, of an ask.
    `is_in_stock_only`: it is refused for what is not there, also where goods are sold ahead. `goods_shown_minor`: what
    the buyer was shown that the goods cost: it is refused where they cost other, and says nothing of what is ordered.
    `freight_shown_minor`: the same of its delivery, which may cost less, and not more.
    """

    channel: str
    external_number: str
    kind: DraftKind
    lines: tuple[MessageLine, ...]
    placed_at: datetime | None = None
    order_id: OrderId | None = None
    site_code: str | None = None
    seller_code: str | None = None
    currency: str | None = None
    delivery: Delivery = Delivery.DELIVER
    destination: Coordinates | None = None
    region_code: str | None = None
    member_id: MemberId | None = None
    hold_minutes: int | None = None
    on_shortage: OnShortage = OnShortage.REFUSE
    guide_code: str | None = None
    dealer_code: str | None = None
    streamer_code: str | None = None
    touch: Touch | None = None
    sealed_buyer: SealedBuyer | None = None
    promise: GivenPromise | None = None
    ship_from: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()
    points: int = 0
    is_in_stock_only: bool = False
    goods_shown_minor: int | None = None
    freight_shown_minor: int | None = None


class Incoming(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message with what its sender may do: place for the sites in `scope`; or, a member, ask in the own name.

    `address` is the blind index of where it goes, where the sender says that in another way than by the message.
    `said` is the hash of what was really said, where the message was made of more than it holds: it decides alone
    whether the same comes again. None: the message is what was said.
    """

    message: OrderMessage
    scope: Scope = Scope()
    by_member: MemberId | None = None
    address: UUID | None = None
    said: bytes | None = None


class OrderTaken(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The order that a message is. `is_repeat`: it was before. `receipt_code`: of goods carried out of a store.

    `member_id`: whose it is, for good: who comes with the same message again changes nothing.
    """

    order_id: OrderId
    number: str
    channel: str
    external_number: str
    stage: OrderStage
    amount_minor: int
    currency: str
    parked_units: int
    delivery: Delivery
    site_id: SiteId | None
    pay_until: datetime | None
    receipt_code: str | None = None
    member_id: MemberId | None = None
    is_repeat: bool = False
