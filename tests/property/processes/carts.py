"""What is sold in made-up histories: goods at prices, promotions and coupons that others bear of, gifts, points.

All of it goes through the rules that quote a cart of the shop: the book of prices, coupons, points.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, MemberId, OrgUnitId, PartyId, SiteId, SkuId
from loopline.kernel.money import BASIS_POINTS, tax_within
from loopline.kernel.refusals import Refusal
from loopline.org.model import Party, PartyKind, Site, UnitKind
from loopline.pricing.coupons import OffAmount, Offer, OffPercentage
from loopline.pricing.coupons.rules import take_off
from loopline.pricing.model import Cart, CartLine, KeptPrice, Quote
from loopline.pricing.points import Programme, Terms
from loopline.pricing.points.rules import most_to_use, use_points
from loopline.pricing.promotions import (
    AmountOff,
    Bearer,
    Bundle,
    Effect,
    Funder,
    FundingAgreement,
    Gift,
    PercentageOff,
    Promotion,
    Step,
    Threshold,
)
from loopline.pricing.rules import PriceBook, quote_cart
from loopline.processes.attribute import Directory, Known
from loopline.supply.rules import Agreed
from tests.make.coupons import batch, offer
from tests.make.pricing import price, price_list, tax_rate
from tests.make.promotions import of, promotion
from tests.make.sharing import ENTITY, NOW, PARTIES
from tests.property.processes.charts import DAY, DEALER_CO, Wrong, hold

SKUS = [SkuId(UUID(int=500 + number)) for number in range(4)]
MEMBER = MemberId(UUID(int=600))
SITE = SiteId(UUID(int=601))
_UNIT = OrgUnitId(UUID(int=603))
_RATES = ("standard", "reduced", "none")
_BEFORE = NOW - timedelta(days=1)


def _party(kind: PartyKind, party_id: PartyId | None, entity_id: EntityId | None = None) -> Party:
    assert party_id is not None
    return Party(
        id=party_id,
        code=kind.value,
        kind=kind,
        name=kind.value,
        unit_id=_UNIT,
        unit_path=(_UNIT,),
        entity_id=entity_id,
        person_id=None,
    )


DIRECTORY = Directory(
    Known(
        sites=[
            Site(
                id=SITE,
                code="S",
                name="S",
                entity_id=ENTITY,
                unit_id=_UNIT,
                unit_path=(_UNIT,),
                unit_kind=UnitKind.STORE,
                coordinates=Coordinates(longitude=121.4, latitude=31.2),
                time_zone="Asia/Shanghai",
                country="CN",
                region_code=None,
                hours=(),
            )
        ],
        parties=[
            _party(PartyKind.BRAND, PARTIES.brand, ENTITY),
            _party(PartyKind.DEALER, PARTIES.dealer, DEALER_CO),
            _party(PartyKind.STORE, PARTIES.store),
            _party(PartyKind.PLATFORM, PARTIES.platform),
        ],
        owners={},
        selling_leaves={},
        companies={},
        first_bound={},
        own_parties={},
        campaigns={},
        agreed=Agreed([]),
    )
)
"""The brand sells; its dealer is a company of its own, store and platform are none."""
AGREED = [
    FundingAgreement(
        id=UUID(int=700 + place),
        party_id=party_id,
        currency="CNY",
        most_basis_points=BASIS_POINTS,
        valid_from=_BEFORE,
        valid_until=None,
        comment="made for a test",
        agreed_by="person:tester",
        agreed_at=_BEFORE,
    )
    for place, party_id in enumerate((PARTIES.dealer, PARTIES.platform, PARTIES.store))
    if party_id is not None
]


class Shop(msgspec.Struct, frozen=True):
    """What one brand sells, and how it lets customers off."""

    book: PriceBook
    offers: list[Offer]
    programmes: list[Programme]
    given_points: int


def shop(seed: int) -> Shop:
    """Return a shop of four goods in three tax classes; every third has no promotions, every fourth no points."""
    luck = Random(seed)
    base = price_list("BASE", valid_from=_BEFORE)
    rows = [price(base, sku, luck.choice((1, 3, 99, 1_999, luck.randint(1, 200_000)))) for sku in SKUS]
    rates = [tax_rate(points, tax_class=name) for name, points in zip(_RATES, (1_300, 900, 0), strict=True)]
    made = [] if seed % 3 == 0 else [_promotion(luck, number) for number in range(luck.randint(1, 4))]
    offers = [_offer(luck, number) for number in range(3)]
    return Shop(
        book=PriceBook([base], rows, rates, made),
        offers=offers,
        programmes=[] if seed % 4 == 0 else [_programme(luck, version) for version in (1, 2)],
        given_points=luck.choice((0, 7, 500, 40_000)),
    )


def _funders(luck: Random) -> tuple[Funder, ...]:
    """The seller, its dealer, the platform and the store bear parts of ten thousand, each or none."""
    bearers = luck.sample((Bearer.SELLER, Bearer.BRAND, Bearer.DEALER, Bearer.PLATFORM, Bearer.PARTY), 3)
    cuts = sorted(luck.randint(0, BASIS_POINTS) for _ in range(2))
    parts = (cuts[0], cuts[1] - cuts[0], BASIS_POINTS - cuts[1])
    return tuple(
        Funder(bearer=bearer, basis_points=part, party_id=PARTIES.store if bearer is Bearer.PARTY else None)
        for bearer, part in zip(bearers, parts, strict=True)
        if part
    )


def _promotion(luck: Random, number: int) -> Promotion:
    spent = luck.randint(1, 60_000)
    effects: list[Effect] = [
        PercentageOff(basis_points=luck.randint(1, 9_000)),
        AmountOff(amount_minor=luck.randint(1, 900)),
        Threshold(steps=(Step(from_minor=spent, off_minor=luck.randint(1, spent)),), is_repeated=True),
        Bundle(units=luck.randint(2, 4), price_minor=luck.randint(0, 5_000)),
        Gift(sku_id=luck.choice(SKUS), units=luck.randint(1, 2), from_units=luck.randint(1, 3), is_repeated=True),
        Gift(sku_id=luck.choice(SKUS), from_minor=spent),
    ]  # fmt: skip
    return promotion(
        f"P{number}",
        luck.choice(effects),
        group=luck.randint(1, 3),
        funders=_funders(luck),
        conditions=of(sku_ids=luck.sample(SKUS, luck.randint(1, 4))),
    )


def _offer(luck: Random, number: int) -> Offer:
    amount = OffAmount(amount_minor=luck.randint(1, 5_000))
    share = OffPercentage(basis_points=luck.randint(1, 5_000), most_minor=luck.choice((None, 777)))
    made = batch(
        f"C{number}",
        luck.choice((amount, share)),
        funders=_funders(luck),
        least_minor=luck.choice((0, 0, 3_000)),
    )
    return offer(made, member_id=MEMBER, valid_until=NOW + 10_000 * DAY)


def _programme(luck: Random, version: int) -> Programme:
    return Programme(
        id=UUID(int=800 + version),
        version=version,
        terms=Terms(
            name="Points",
            currency="CNY",
            earn_points=luck.randint(0, 300),
            earn_minor=luck.choice((1, 100, 300)),
            with_tax=luck.random() < 0.5,
            channels={"till": luck.choice((0, 5_000, 20_000))},
            months=luck.choice((1, 1, 2, 12)),
            redeem_points=luck.choice((1, 3, 100)),
            redeem_minor=luck.choice((1, 7, 100)),
            least_minor=luck.choice((1, 50)),
            most_basis_points=luck.choice((10_000, 4_999)),
            expected_basis_points=luck.choice((10_000, 8_765)),
        ),
        author="person:tester",
        comment="made for a test",
        saved_at=_BEFORE,
        published_at=NOW - DAY + (version - 1) * 2 * DAY,
        published_by="person:tester",
    )


def cart_of(at: datetime, lines: list[CartLine], **fields: Any) -> Cart:
    return Cart(
        currency="CNY",
        country="CN",
        time_zone="Asia/Shanghai",
        at=at,
        lines=tuple(lines),
        site_id=SITE,
        is_member=True,
        **fields,
    )


def goods(number: int, units: int, **fields: Any) -> CartLine:
    return CartLine(
        sku_id=SKUS[number], code=f"G{number}", units=units, tax_class=_RATES[number % 3], **fields
    )


def kept_goods(number: int, units: int, unit_minor: int, kept: KeptPrice) -> CartLine:
    """Goods at a price that was paid for others."""
    return goods(number, units, stated_unit_minor=unit_minor, is_price_agreed=True, kept=kept)


def filled(the: Shop, luck: Random, at: datetime) -> tuple[Cart, Quote]:
    """Return a cart of one to four lines and its price, with the gifts that it has earned, if they are wanted."""
    lines = [
        goods(number, luck.choice((1, 1, 2, 3, luck.randint(1, 9))))
        for number in luck.choices(range(4), k=luck.randint(1, 4))
    ]
    channel = luck.choice(("web", "till"))
    cart = cart_of(at, lines, channel=channel)
    quote = quote_cart(cart, book=the.book)
    if isinstance(quote, Refusal):
        raise Wrong(quote)
    if not quote.gifts or luck.random() < 0.3:
        return cart, quote
    given = [goods(SKUS.index(one.sku_id), one.units, is_gift=True) for one in quote.gifts]
    cart = cart_of(at, [*lines, *given], channel=channel)
    with_gifts = quote_cart(cart, book=the.book)
    if isinstance(with_gifts, Refusal):
        raise Wrong(with_gifts)
    hold(with_gifts.amount_minor == quote.amount_minor, ("gifts cost", with_gifts, quote))
    return cart, with_gifts


def let_off(
    the: Shop, luck: Random, cart: Cart, quote: Quote, *, available: int
) -> tuple[Quote, Programme | None]:
    """Return the price with coupons that fit taken off it, and points; with the version by which these are used."""
    offers = luck.sample(the.offers, luck.randint(0, 2))
    less = take_off(cart, quote, offers) if offers else quote
    quote = quote if isinstance(less, Refusal) else less
    programme = next(
        (one for one in reversed(the.programmes) if one.published_at and one.published_at <= cart.at), None
    )
    if programme is None or luck.random() < 0.4:
        return quote, None
    most = most_to_use(programme.terms, quote, available)
    if not most:
        return quote, None
    points = luck.choice((most, most, luck.randint(1, most)))
    used = use_points(programme, quote, points, available=available)
    if isinstance(used, Refusal):
        hold(points < most, used)
        return quote, None
    return used, programme


def check_quote(cart: Cart, quote: Quote) -> None:
    """What is paid and what was taken off come to the price of the list, and who bears it to what was taken off."""
    for line, told in zip(cart.lines, quote.lines, strict=True):
        discounts = told.derivation.discounts
        hold(told.list_unit_minor is not None, told)
        if line.kept is None:
            hold(told.amount_minor + told.discount_minor == (told.list_unit_minor or 0) * line.units, told)
        hold(told.amount_minor >= 0, told)
        hold(told.tax_minor == tax_within(told.amount_minor, told.tax_rate_basis_points), told)
        for one in discounts:
            hold(sum(part.amount_minor for part in one.borne) == one.amount_minor, one)
