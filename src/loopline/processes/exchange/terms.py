"""What exchanges speak of: what is asked for and what came of it, what goes out at which price, why it is refused."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from loopline.catalogue import Sku
from loopline.kernel.ids import LineId, MemberId, OrderId, PartyId, ProductId, ReturnId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.payments.cash import CASH
from loopline.processes.announce import LineBack
from loopline.processes.take_back import TakenBack

HELD_MINUTES = 14 * 24 * 60
"""How long goods that a customer announced an exchange for are held for them."""
COUNTER = "counter"


class GoodsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that go out for those that come back."""

    sku_code: str
    units: int


class CounterExchange(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange at a counter. `id` (UUIDv7) is its number, and that of its return.

    `method`: how a difference is paid. `is_sent`: the new goods go to where the old ones were sent, from wherever they
    are. `guide_id`: whom the new sale is owed to.
    """

    id: UUID
    order_id: OrderId
    site_id: SiteId
    back: tuple[LineBack, ...]
    out: tuple[GoodsOut, ...]
    actor: str
    method: str = CASH
    is_sent: bool = False
    guide_id: PartyId | None = None


class ExchangeAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's wish for other varieties of what they bought: `out` has one SKU for each of `back`, as many of it.

    `by_member`: the customer asks, of an order of the own; else staff, within their scope.
    """

    id: UUID
    order_id: OrderId
    back: tuple[LineBack, ...]
    out: tuple[str, ...]
    actor: str
    by_member: MemberId | None = None


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that was made or announced; `is_repeat`: it was before, and nothing was done.

    `paid_minor` is the difference that was paid now, `given_back_minor` that which goes back; `taken` is what came of
    the return, where it was made now.
    """

    exchange_id: ReturnId
    new_order_id: OrderId
    is_repeat: bool = False
    paid_minor: int = 0
    given_back_minor: int = 0
    taken: TakenBack | None = None


class ExchangeOrderUnknown(Refusal, frozen=True, kw_only=True):
    """There is no order {order_id}, or it is not for you."""

    order_id: OrderId


class ExchangeIsEmpty(Refusal, frozen=True, kw_only=True):
    """Say what comes back, and what goes out for it."""


class GoodsOutUnknown(Refusal, frozen=True, kw_only=True):
    """There is no SKU {sku_code} for sale here."""

    sku_code: str


class NotTheSameProduct(Refusal, frozen=True, kw_only=True):
    """{sku_code} is another product than {goods_code}: bring that back, and buy the other."""

    sku_code: str
    goods_code: str


class SameGoodsAgain(Refusal, frozen=True, kw_only=True):
    """{sku_code} is what you have already: choose another size or colour."""

    sku_code: str


class ExchangesMoreThanSold(Refusal, frozen=True, kw_only=True):
    """Of {goods_code} only {units_left} may still come back."""

    goods_code: str
    units_left: int


class OtherCurrencyHere(Refusal, frozen=True, kw_only=True):
    """The order was paid in {currency}, which is not taken at {site_code}."""

    currency: str
    site_code: str


class NowhereToSend(Refusal, frozen=True, kw_only=True):
    """Order {number} was not sent anywhere: take the goods from the shelf here."""

    number: str


class PaidFor(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product that come back, of which line, and what was paid for one of them."""

    product_id: ProductId
    unit_minor: int
    units: int
    line_id: LineId | None = None


class PricedOut(msgspec.Struct, frozen=True, kw_only=True):
    """Units that go out, at the price of one of them; `kept_of`: the line whose price it is, where it is an old one."""

    sku: Sku
    units: int
    unit_minor: int
    kept_of: LineId | None = None


def price_out(
    out: Sequence[tuple[Sku, int]], *, paid_for: Sequence[PaidFor], today: Mapping[SkuId, int]
) -> list[PricedOut]:
    """Price what goes out, in its order: the same product at what was paid for it, else at today's price. Pure.

    As many units as come back of a product go out at what was paid for one, the dearest first; those beyond them, and
    those of other products, at today's price. Raises KeyError where that is wanted and not there.
    """
    pool = sorted(paid_for, key=lambda one: one.unit_minor, reverse=True)
    left = [one.units for one in pool]
    priced: list[PricedOut] = []
    for sku, units in out:
        wanted = units
        for place_, one in enumerate(pool):
            taken = min(wanted, left[place_]) if one.product_id == sku.product_id else 0
            if taken:
                left[place_] -= taken
                wanted -= taken
                priced.append(PricedOut(sku=sku, units=taken, unit_minor=one.unit_minor, kept_of=one.line_id))
        if wanted:
            priced.append(PricedOut(sku=sku, units=wanted, unit_minor=today[sku.id]))
    return priced
