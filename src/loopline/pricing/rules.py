"""The one resolution order of prices, and what may be changed without changing what was quoted. Pure.

A stated price that may be stated decides. Otherwise, of the lists whose conditions all hold, the one decides that
compares highest by: names the member's tier, names the site, names the unit deepest in the tree, names the channel,
priority. Two lists can compare equal only where their conditions and priorities are the same; such lists may not price
the same SKU at the same time (refused when a price is set, found by doctor). Were it to happen all the same, the list
that starts later decides, then the one made later.

What promotions take off that price is decided by `promotions.rules`; nothing is taken off a stated price. Who may not
state a price may say which one was told: the list price, which is then let alone, or what promotions leave of it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import takewhile
from uuid import UUID

import msgspec

from loopline.kernel.ids import PriceListId, SkuId
from loopline.kernel.money import tax_within
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day
from loopline.pricing.model import (
    Candidate,
    Cart,
    CartLine,
    Derivation,
    Explanation,
    Level,
    LineDerivation,
    PriceList,
    PriceRow,
    Quote,
    QuoteLine,
    Standing,
    TaxDerivation,
    TaxRate,
)
from loopline.pricing.promoting import (
    GiftNotEarned,
    StatedPriceDiffers,
    given_with,
    may_state,
    promoted,
    refusal_of_said,
    said_of,
)
from loopline.pricing.promotions.model import Promotion
from loopline.pricing.promotions.rules import Timed, timed

_FOR_GOOD = datetime.max.replace(tzinfo=UTC)


class NoPrice(Refusal, frozen=True, kw_only=True):
    """{line_code} has no price here and now."""

    position: int
    line_code: str


class NoTaxRate(Refusal, frozen=True, kw_only=True):
    """There is no tax rate for the class {tax_class} in {country} on {day}, which {line_code} needs."""

    position: int
    line_code: str
    tax_class: str
    country: str
    day: date


class ListedPrices(msgspec.Struct, frozen=True, kw_only=True):
    """A price list with its prices: per SKU the rows in the order in which they take effect."""

    price_list: PriceList
    prices: Mapping[SkuId, Sequence[PriceRow]]

    def row_at(self, sku_id: SkuId, *, at: datetime) -> PriceRow | None:
        """Return the row in force at a moment, which may end the price; None where there is no row yet."""
        rows = self.prices.get(sku_id)
        if rows is None:
            return None
        if len(rows) == 1:
            return rows[0] if rows[0].valid_from <= at else None
        position = bisect_right(rows, at, key=_start_of)
        return rows[position - 1] if position else None


def _start_of(row: PriceRow) -> datetime:
    return row.valid_from


def is_in_force(price_list: PriceList, *, at: datetime) -> bool:
    """Tell whether a list holds at a moment; half-open."""
    return price_list.valid_from <= at and (price_list.valid_until is None or at < price_list.valid_until)


def applies(price_list: PriceList, cart: Cart) -> bool:
    """Tell whether all conditions of a list hold for a cart, whatever the time."""
    return (
        price_list.currency == cart.currency
        and price_list.member_tier in {None, cart.member_tier}
        and price_list.site_id in {None, cart.site_id}
        and (price_list.org_unit_id is None or price_list.org_unit_id in cart.org_units)
        and price_list.channel in {None, cart.channel}
    )


def rank(price_list: PriceList, cart: Cart) -> tuple[bool, bool, int, bool, int, datetime, UUID]:
    """Return what lists that apply are compared by; the highest decides. Total: no two lists compare equal."""
    unit_id = price_list.org_unit_id
    return (
        price_list.member_tier is not None,
        price_list.site_id is not None,
        0 if unit_id is None else cart.org_units.index(unit_id) + 1,
        price_list.channel is not None,
        price_list.priority,
        price_list.valid_from,
        price_list.id,
    )


def kind_of(cart: Cart) -> tuple[object, ...]:
    """Return what decides which lists apply to a cart: carts of one place differ only in time and lines."""
    return (cart.currency, cart.member_tier, cart.site_id, cart.org_units, cart.channel)


def strongest_first(lists: Iterable[ListedPrices], cart: Cart) -> tuple[ListedPrices, ...]:
    """Return the lists that apply to a cart, the strongest first; they may not be in force at its moment."""
    return tuple(
        sorted(
            (one for one in lists if applies(one.price_list, cart)),
            key=lambda one: rank(one.price_list, cart),
            reverse=True,
        )
    )


def is_told_whole(cart: Cart) -> bool:
    """Tell whether some of a cart was told as a whole."""
    return any(line.stated_amount_minor is not None for line in cart.lines)


def may_hold(promotion: Promotion, cart: Cart) -> bool:
    """Tell whether a promotion is for carts of this kind, whatever the time, the buyer and the goods."""
    asked = promotion.conditions
    return (
        promotion.currency == cart.currency
        and asked.member_tier in {None, cart.member_tier}
        and asked.site_id in {None, cart.site_id}
        and (asked.org_unit_id is None or asked.org_unit_id in cart.org_units)
        and (not asked.channels or cart.channel in asked.channels)
    )


class PriceBook:
    """Lists, prices, tax rates and promotions, loaded once, from which any number of carts are quoted.

    Remembers in `applying` which lists apply to which kind of cart, and which promotions may.
    """

    def __init__(
        self,
        lists: Iterable[PriceList],
        prices: Iterable[PriceRow],
        rates: Iterable[TaxRate],
        promotions: Iterable[Promotion] = (),
    ) -> None:
        by_list: dict[PriceListId, dict[SkuId, list[PriceRow]]] = {}
        for row in sorted(prices, key=lambda row: (row.valid_from, row.id)):
            by_list.setdefault(row.price_list_id, {}).setdefault(row.sku_id, []).append(row)
        self._lists = [ListedPrices(price_list=one, prices=by_list.get(one.id, {})) for one in lists]
        self._rates: dict[tuple[str, str], list[TaxRate]] = {}
        self._special_rates: dict[tuple[str, str], list[TaxRate]] = {}
        self.applying: dict[object, tuple[ListedPrices, ...]] = {}
        self._promoting: dict[object, tuple[Timed, ...]] = {}
        self._promotions = timed(promotions)
        self.add_rates(rates)

    @property
    def lists(self) -> Sequence[ListedPrices]:
        """Every list of the book, whatever applies."""
        return self._lists

    def add_rates(self, rates: Iterable[TaxRate]) -> None:
        """Take in tax rates: of a country all at once."""
        for rate in sorted(rates, key=lambda rate: (rate.valid_from, rate.id)):
            of_kind = self._special_rates if rate.is_special else self._rates
            of_kind.setdefault((rate.country, rate.tax_class), []).append(rate)

    def lists_for(self, cart: Cart) -> tuple[ListedPrices, ...]:
        """Return the lists that apply to a cart, the strongest first; they may not be in force at its moment."""
        kind = kind_of(cart)
        found = self.applying.get(kind)
        if found is None:
            found = self.applying[kind] = strongest_first(self._lists, cart)
        return found

    def promotions_for(self, cart: Cart) -> list[Promotion]:
        """Return the promotions that hold for a cart now, whatever the goods in it."""
        if not self._promotions:
            return []
        kind, is_by_piece = kind_of(cart), cart.by_piece and not is_told_whole(cart)
        found = self._promoting.get(kind)
        if found is None:
            may = (one for one in self._promotions if may_hold(one.promotion, cart))
            found = self._promoting[kind] = tuple(
                sorted(may, key=lambda one: one.until or _FOR_GOOD, reverse=True)
            )
        not_over = takewhile(lambda one: one.until is None or cart.at < one.until, found)
        return [
            one.promotion
            for one in not_over  # not the many that ended long ago
            if one.holds(cart.at)
            and (cart.is_member or not one.promotion.conditions.members_only)
            and one.promotion.conditions.live_room in {None, cart.live_room}
            and (one.promotion.is_by_piece or not is_by_piece)
        ]

    def rate_for(self, cart: Cart, day: date, *, tax_class: str) -> TaxRate | None:
        """Return the rate of a class that holds for a cart on a day: its seller's, its region's, the country's.

        A seller's own goes before a region's, a longer region before a shorter one.
        """
        key = (cart.country, tax_class)
        special = [
            rate
            for rate in self._special_rates.get(key, ())
            if rate.valid_from <= day
            and rate.seller_id in {None, cart.seller_id}
            and cart.region.startswith(rate.region)
        ]
        if special:
            return max(special, key=_how_special)
        rates = self._rates.get(key, ())
        position = bisect_right(rates, day, key=lambda rate: rate.valid_from)
        return rates[position - 1] if position else None


def _how_special(rate: TaxRate) -> tuple[bool, int, date, UUID]:
    return rate.seller_id is not None, len(rate.region), rate.valid_from, rate.id


def resolve(
    sku_id: SkuId, *, lists: Sequence[ListedPrices], at: datetime
) -> tuple[PriceList, PriceRow] | None:
    """Return the row that decides the price of a SKU, of lists that apply, the strongest first."""
    for one in lists:
        if is_in_force(one.price_list, at=at):
            row = one.row_at(sku_id, at=at)
            if row is not None and row.unit_minor is not None:
                return one.price_list, row
    return None


def quote_cart(cart: Cart, *, book: PriceBook) -> Quote | Refusal:
    """Price every line of a cart, or refuse the cart for its first line that cannot be priced."""
    lists = book.lists_for(cart)
    day = business_day(cart.at, cart.time_zone)
    taxes: dict[str, TaxDerivation] = {}
    lines: list[QuoteLine] = []
    for position, line in enumerate(cart.lines):
        tax = taxes.get(line.tax_class) if line.tax_class is not None else _UNTAXED
        if tax is None:
            found = _tax_of(
                line, position, cart=cart, rate=_rate(line, book=book, cart=cart, day=day), day=day
            )
            if isinstance(found, Refusal):
                return found
            tax = taxes[found.tax_class] = found
        priced = _quote_line(line, position, cart=cart, lists=lists, tax=tax)
        if isinstance(priced, Refusal):
            return priced
        lines.append(priced)
    said = said_of(cart, lines)
    promotions = book.promotions_for(cart)
    if promotions:
        lines = promoted(cart, lines, promotions, said=said)
    given = given_with(cart, lines, promotions, said=said)
    if isinstance(given, Refusal):
        return given
    lines, gifts = given
    refusal = refusal_of_said(cart, lines)
    if refusal is not None:
        return refusal
    return Quote(
        currency=cart.currency,
        lines=tuple(lines),
        amount_minor=sum(line.amount_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        derivation=Derivation(
            day=day,
            country=cart.country,
            taxes=tuple(taxes.values()),
            lines=tuple(line.derivation for line in lines),
            member_tier=cart.member_tier,
        ),
        gifts=gifts,
    )


_UNTAXED = TaxDerivation(tax_class="", rate_basis_points=0)


def _rate(line: CartLine, *, book: PriceBook, cart: Cart, day: date) -> TaxRate | None:
    return book.rate_for(cart, day, tax_class=line.tax_class or "")


def _tax_of(
    line: CartLine, position: int, *, cart: Cart, rate: TaxRate | None, day: date
) -> TaxDerivation | Refusal:
    tax_class = line.tax_class or ""
    if rate is not None:
        return TaxDerivation(
            tax_class=tax_class, rate_basis_points=rate.rate_basis_points, tax_rate_id=rate.id
        )
    if cart.is_fact:
        return TaxDerivation(tax_class=tax_class, rate_basis_points=0, is_missing=True)
    return NoTaxRate(
        position=position, line_code=line.code, tax_class=tax_class, country=cart.country, day=day
    )


def _quote_line(
    line: CartLine, position: int, *, cart: Cart, lists: Sequence[ListedPrices], tax: TaxDerivation
) -> QuoteLine | Refusal:
    found = resolve(line.sku_id, lists=lists, at=cart.at) if line.sku_id is not None else None
    ours = found[1].unit_minor if found is not None else None
    is_stated = line.stated_unit_minor is not None and may_state(line, cart)
    unit_minor = line.stated_unit_minor if is_stated else ours
    if unit_minor is None:
        return NoPrice(position=position, line_code=line.code)
    kept = line.kept
    amount_minor = unit_minor * line.units
    if is_stated and line.stated_amount_minor is not None:
        amount_minor = line.stated_amount_minor
    return QuoteLine(
        unit_minor=unit_minor,
        amount_minor=amount_minor,
        tax_minor=tax_within(amount_minor, tax.rate_basis_points) if tax.rate_basis_points else 0,
        tax_rate_basis_points=tax.rate_basis_points,
        list_unit_minor=ours if kept is None or kept.list_unit_minor is None else kept.list_unit_minor,
        derivation=LineDerivation(
            decided_by=Level.STATED if is_stated or found is None else found[0].level(),
            price_id=found[1].id if found is not None else None,
            tax_class=line.tax_class,
            discounts=() if kept is None else kept.discounts,
        ),
    )


def together(quote: Quote, added: Quote) -> Quote:
    """Return one quote of the lines of two carts, of one buyer at one moment: the lines of the second come last."""
    taxes = quote.derivation.taxes
    return msgspec.structs.replace(
        quote,
        lines=(*quote.lines, *added.lines),
        amount_minor=quote.amount_minor + added.amount_minor,
        tax_minor=quote.tax_minor + added.tax_minor,
        derivation=msgspec.structs.replace(
            quote.derivation,
            taxes=(*taxes, *(one for one in added.derivation.taxes if one not in taxes)),
            lines=(*quote.derivation.lines, *added.derivation.lines),
        ),
    )


def explain_line(cart: Cart, *, position: int, book: PriceBook) -> Explanation:
    """Say why a line of a cart costs what it costs, or has no price: every list, and what became of it."""
    asked = cart.lines[position]
    whole = quote_cart(cart, book=book)
    if isinstance(whole, Quote):
        line: QuoteLine | Refusal = whole.lines[position]
    else:  # what is wrong with another line is not what was asked
        alone = quote_cart(msgspec.structs.replace(cart, lines=(asked,)), book=book)
        if isinstance(alone, NoPrice | NoTaxRate | StatedPriceDiffers | GiftNotEarned):
            alone = msgspec.structs.replace(alone, position=position)
        line = alone if isinstance(alone, Refusal) else alone.lines[0]
    applying = book.lists_for(cart)
    others = sorted(
        (one for one in book.lists if not applies(one.price_list, cart)),
        key=lambda one: one.price_list.code,
    )
    met = [_candidate(one, sku_id=asked.sku_id, at=cart.at, line=line) for one in applying]
    unmet = [_candidate(one, sku_id=asked.sku_id, at=cart.at, line=line) for one in others]
    return Explanation(
        line=line,
        candidates=(
            *met,
            *(msgspec.structs.replace(one, standing=Standing.CONDITIONS_NOT_MET) for one in unmet),
        ),
    )


def _candidate(
    one: ListedPrices, *, sku_id: SkuId | None, at: datetime, line: QuoteLine | Refusal
) -> Candidate:
    row = one.row_at(sku_id, at=at) if sku_id is not None else None
    if not is_in_force(one.price_list, at=at):
        standing = Standing.NOT_IN_FORCE
    elif row is None or row.unit_minor is None:
        standing = Standing.NO_PRICE
    elif isinstance(line, QuoteLine) and _decides(row, line):
        standing = Standing.DECIDES
    else:
        standing = Standing.OUTRANKED
    return Candidate(
        price_list_id=one.price_list.id,
        code=one.price_list.code,
        level=one.price_list.level(),
        priority=one.price_list.priority,
        standing=standing,
        unit_minor=row.unit_minor if row is not None else None,
        price_id=row.id if row is not None else None,
    )


def _decides(row: PriceRow, line: QuoteLine) -> bool:
    return row.id == line.derivation.price_id and line.derivation.decided_by is not Level.STATED
