"""What a cart costs, and why: the same cart at the same moment always has the same quote."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue, org, pricing
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import MemberId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders.channels import ChannelTerms, channels_by_code
from loopline.orders.tills import TILL
from loopline.org import Permission, Site
from loopline.pricing import Candidate, Cart, CartLine, Level, Quote, QuoteLine, Standing
from loopline.pricing.coupons import DiscountName, names_of_discounts
from loopline.pricing.coupons.rules import COUPONS_MOST
from loopline.processes.coupons.trying import try_coupons
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.refusals import CartTooLarge, NoSuchThing, PlaceNotSaid
from loopline.web.api.shapes import Batch, Outcomes, decided, merged, posted
from loopline.web.api.types import Code, Country, Currency, Minor, Moment, Units
from loopline.web.edge import language_of
from loopline.web.problems import Problem, problem_of

_TAG = "prices"
_LINES_MAX = 200
_AMOUNT_MAX = 2**63 - 1


class CartLineAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of one SKU; a price may be stated in channels that allow it. `is_gift`: taken along for nothing."""

    sku_code: Code
    units: Units
    stated_unit_minor: Minor | None = None
    is_gift: bool = False


class CartAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody buys together, where and when. A site says its country and zone; without one say the country.

    `coupons` are codes, used by `member_id`, or by whoever has them: what they take off comes last. Nothing is held.
    """

    currency: Currency
    lines: Annotated[list[CartLineAsk], Meta(min_length=1, max_length=_LINES_MAX)]
    channel: Code | None = None
    site_code: Code | None = None
    country: Country | None = None
    member_tier: Code | None = None
    is_member: bool = False
    live_room: Code | None = None
    at: Moment | None = None
    coupons: Annotated[list[Code], Meta(max_length=COUPONS_MOST)] = []
    member_id: UUID | None = None


class DiscountTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of a promotion, or a batch of coupons, took off a line, tax included."""

    promotion_id: UUID
    code: str
    name: str
    amount_minor: int


class GiftTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units that a cart has earned by a promotion and may take along, as a line with `is_gift`, if they are there."""

    sku_code: str
    units: int
    promotion_id: UUID
    code: str
    name: str


class QuotedLine(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a line, tax included, which level of lists decided it by which row, and what came off it.

    `unit_minor` is what one piece comes to, rounded down where discounts do not divide by the pieces.
    """

    sku_code: str
    units: int
    unit_minor: int
    amount_minor: int
    tax_minor: int
    tax_rate_basis_points: int
    list_unit_minor: int | None
    is_gift: bool
    decided_by: Level
    price_id: UUID | None
    discounts: list[DiscountTold]


class QuoteTold(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a cart; totals are the sums of the rounded lines."""

    currency: str
    amount_minor: int
    tax_minor: int
    country: str
    day: date
    at: datetime
    lines: list[QuotedLine]
    gifts: list[GiftTold]


class ExplanationAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cart, and the line that is asked about, counted from 0."""

    cart: CartAsk
    position: Annotated[int, Meta(ge=0, lt=_LINES_MAX)]


class CandidateTold(msgspec.Struct, frozen=True, kw_only=True):
    """One price list, with the price it had and why it did or did not decide."""

    price_list_code: str
    level: Level
    priority: int
    standing: Standing
    unit_minor: int | None
    price_id: UUID | None


class ExplanationTold(msgspec.Struct, frozen=True, kw_only=True):
    """Why this price: the line as quoted (or the problem that it has none), and every list, the strongest first."""

    line: QuotedLine | None
    problem: Problem | None
    candidates: list[CandidateTold]


class _Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What carts name, and what their buyer may ask."""

    skus: Mapping[str, Sku]
    sites: Mapping[str, Site]
    channels: Mapping[str, ChannelTerms]
    scope: Scope | None
    now: datetime

    def cart(self, one: CartAsk) -> Cart | Refusal:
        """Return a cart as pricing knows it, or why there is none."""
        site = self.sites.get(one.site_code) if one.site_code is not None else None
        terms = self.channels.get(one.channel) if one.channel is not None else None
        refusal = self._refusal(one, site=site, terms=terms)
        if refusal is not None:
            return refusal
        zone = site.time_zone if site else terms.time_zone if terms else "UTC"
        return Cart(
            currency=one.currency,
            country=one.country or (site.country if site else ""),
            time_zone=zone,
            at=one.at or self.now,
            lines=tuple(self._line(line) for line in one.lines),
            channel=one.channel,
            site_id=site.id if site else None,
            org_units=site.unit_path if site else (),
            seller_id=site.entity_id if site else None,
            region=(site.region_code or "") if site else "",
            member_tier=one.member_tier,
            is_member=one.is_member or self.scope is None,
            live_room=one.live_room,
            by_piece=one.channel == TILL,
            may_state_price=terms is not None and terms.may_state_price,
        )

    def _refusal(self, one: CartAsk, *, site: Site | None, terms: ChannelTerms | None) -> Refusal | None:
        unknown = next((line.sku_code for line in one.lines if line.sku_code not in self.skus), None)
        if unknown is not None:
            return NoSuchThing(noun="SKU", value=unknown)
        if one.channel is not None and terms is None:
            return NoSuchThing(noun="channel", value=one.channel)
        if one.site_code is not None and site is None:
            return NoSuchThing(noun="site", value=one.site_code)
        if site is not None and self.scope is not None and not self.scope.covers_site(site.id):
            return NotInYourBranch(subject=site.code)
        return PlaceNotSaid() if site is None and one.country is None else None

    def _line(self, line: CartLineAsk) -> CartLine:
        sku = self.skus[line.sku_code]
        return CartLine(
            sku_id=sku.id,
            code=sku.code,
            units=line.units,
            tax_class=sku.tax_class,
            stated_unit_minor=line.stated_unit_minor,
            is_gift=line.is_gift,
            product_id=sku.product_id,
            category=sku.category,
        )


def _desk(conn: Conn, carts: Sequence[CartAsk], *, scope: Scope | None, now: datetime) -> _Desk:
    return _Desk(
        skus=catalogue.skus_by_code(conn, {line.sku_code for cart in carts for line in cart.lines}),
        sites=org.sites_by_code(conn, {cart.site_code for cart in carts if cart.site_code is not None}),
        channels=channels_by_code(conn),
        scope=scope,
        now=now,
    )


def _scope_of_buyer(caller: Caller, carts: Sequence[CartAsk]) -> Scope | None:
    """Return whose sites may be asked about; None: any, for a member, who asks for the price of now and no other."""
    if caller.kind is not CallerKind.MEMBER:
        return caller.scope(Permission.ORDERS_READ)
    for cart in carts:
        stated = any(line.stated_unit_minor is not None for line in cart.lines)
        if stated or cart.at is not None or cart.member_tier is not None:
            raise Refused(org.NotAllowed(permission=Permission.PRICES_READ))
    return None


@posted("/quotes", tag=_TAG, name="quote_carts", gives=Outcomes[QuoteTold])
def quote_carts(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[CartAsk]]
) -> Response[bytes]:
    """Price carts, each at its own moment. Nothing is written and nothing is held."""
    scope = _scope_of_buyer(caller, data.items)

    def decide(conn: Conn, now: datetime) -> Sequence[QuoteTold | Refusal]:
        desk = _desk(conn, data.items, scope=scope, now=now)

        def price(carts: list[tuple[CartAsk, Cart]]) -> list[QuoteTold | Refusal]:
            quotes = [
                _with_coupons(conn, asked, cart, quote, caller=caller)
                for (asked, cart), quote in zip(
                    carts, pricing.quote(conn, [cart for _, cart in carts]), strict=True
                )
            ]
            told = [one for one in quotes if isinstance(one, Quote)]
            named = _promotions_of(conn, told)
            given = catalogue.skus_by_id(conn, {gift.sku_id for one in told for gift in one.gifts})
            return [
                one if isinstance(one, Refusal) else _quote_told(asked, cart, one, named, given)
                for (asked, cart), one in zip(carts, quotes, strict=True)
            ]

        judged: list[tuple[CartAsk, Cart] | Refusal] = []
        for one in data.items:
            cart = desk.cart(one)
            judged.append(cart if isinstance(cart, Refusal) else (one, cart))
        return merged(judged, price)

    return decided(request, caller, data, decide)


def _with_coupons(
    conn: Conn, asked: CartAsk, cart: Cart, quote: Quote | Refusal, *, caller: Caller
) -> Quote | Refusal:
    """Take off what coupons do; two reads for a cart that names any, and a member may name the own alone."""
    if not asked.coupons or isinstance(quote, Refusal):
        return quote
    member_id = caller.member_id if caller.kind is CallerKind.MEMBER else asked.member_id
    whose = MemberId(member_id) if member_id is not None else None
    return try_coupons(conn, cart, quote, asked.coupons, member_id=whose)


def _promotions_of(conn: Conn, quotes: Sequence[Quote]) -> Mapping[UUID, DiscountName]:
    taking = {
        discount.promotion_id
        for quote in quotes
        for line in quote.lines
        for discount in line.derivation.discounts
    } | {gift.promotion_id for quote in quotes for gift in quote.gifts}
    return names_of_discounts(conn, taking)


def _quote_told(
    asked: CartAsk,
    cart: Cart,
    quote: Quote,
    named: Mapping[UUID, DiscountName],
    given: Mapping[SkuId, Sku],
) -> QuoteTold | Refusal:
    if quote.amount_minor > _AMOUNT_MAX:
        return CartTooLarge()
    return QuoteTold(
        currency=quote.currency,
        amount_minor=quote.amount_minor,
        tax_minor=quote.tax_minor,
        country=quote.derivation.country,
        day=quote.derivation.day,
        at=cart.at,
        lines=[
            _line_told(line.sku_code, line.units, priced, named)
            for line, priced in zip(asked.lines, quote.lines, strict=True)
        ],
        gifts=[
            GiftTold(
                sku_code=given[one.sku_id].code,
                units=one.units,
                promotion_id=one.promotion_id,
                code=named[one.promotion_id].code,
                name=named[one.promotion_id].name,
            )
            for one in quote.gifts
        ],
    )


def _line_told(
    sku_code: str, units: int, priced: QuoteLine, named: Mapping[UUID, DiscountName]
) -> QuotedLine:
    return QuotedLine(
        sku_code=sku_code,
        units=units,
        unit_minor=priced.unit_minor,
        amount_minor=priced.amount_minor,
        tax_minor=priced.tax_minor,
        tax_rate_basis_points=priced.tax_rate_basis_points,
        list_unit_minor=priced.list_unit_minor,
        is_gift=priced.derivation.is_gift,
        decided_by=priced.derivation.decided_by,
        price_id=priced.derivation.price_id,
        discounts=[
            DiscountTold(
                promotion_id=one.promotion_id,
                code=named[one.promotion_id].code,
                name=named[one.promotion_id].name,
                amount_minor=one.amount_minor,
            )
            for one in priced.derivation.discounts
        ],
    )


@post(
    "/quotes/explanations",
    tags=[_TAG],
    operation_id="explain_price",
    status_code=200,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def explain_price(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[ExplanationAsk]
) -> ExplanationTold:
    """Say why a line of a cart costs what it costs, or has no price: every list of one's branch and the brand's."""
    scope, visible = _scope_of_buyer(caller, [data.cart]), caller.scope(Permission.PRICES_READ)
    if data.position >= len(data.cart.lines):
        raise Refused(NoSuchThing(noun="line", value=str(data.position)))
    asked = data.cart.lines[data.position]

    def explain(conn: Conn, now: datetime) -> ExplanationTold:
        cart = _desk(conn, [data.cart], scope=scope, now=now).cart(data.cart)
        if isinstance(cart, Refusal):
            raise Refused(cart)
        explained = pricing.explain_price(conn, cart, position=data.position)
        lists = pricing.price_lists_by_id(conn, {one.price_list_id for one in explained.candidates})
        line = _explained(conn, data, cart, explained.line, caller=caller)
        taking = [] if isinstance(line, Refusal) else [one.promotion_id for one in line.derivation.discounts]
        named = names_of_discounts(conn, taking)
        return ExplanationTold(
            line=None if isinstance(line, Refusal) else _line_told(asked.sku_code, asked.units, line, named),
            problem=problem_of(line, language_of(request)) if isinstance(line, Refusal) else None,
            candidates=[
                _candidate_told(one)
                for one in explained.candidates
                if _is_visible(lists[one.price_list_id], scope=visible)
            ],
        )

    return read(request, explain)


def _explained(
    conn: Conn, data: ExplanationAsk, cart: Cart, line: QuoteLine | Refusal, *, caller: Caller
) -> QuoteLine | Refusal:
    """Return a line less what the coupons of its cart take off it; where they do not fit, why not, as quoting says."""
    if not data.cart.coupons or isinstance(line, Refusal):
        return line
    (quote,) = pricing.quote(conn, [cart])
    couponed = _with_coupons(conn, data.cart, cart, quote, caller=caller)
    return couponed if isinstance(couponed, Refusal) else couponed.lines[data.position]


def _is_visible(one: pricing.PriceList, *, scope: Scope) -> bool:
    names_no_place = one.site_id is None and one.org_unit_id is None
    return (
        names_no_place
        or scope.everything
        or scope.covers_site(one.site_id)
        or one.org_unit_id in scope.org_units
    )


def _candidate_told(one: Candidate) -> CandidateTold:
    return CandidateTold(
        price_list_code=one.code,
        level=one.level,
        priority=one.priority,
        standing=one.standing,
        unit_minor=one.unit_minor,
        price_id=one.price_id,
    )


QUOTE_HANDLERS = [quote_carts, explain_price]
