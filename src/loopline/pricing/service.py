"""Commands that change prices, and quotes.

Changes take the lock of prices; a quote locks nothing and writes nothing.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.ids import PriceListId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.pricing import store
from loopline.pricing.books import load_book, needs_of
from loopline.pricing.changes import PriceDesk, decide_rate, plan_lists, refusal_of_end
from loopline.pricing.model import (
    Cart,
    CartLine,
    Explanation,
    NewPrice,
    NewPriceList,
    NewTaxRate,
    PriceListAdded,
    PriceListEnd,
    PriceListEnded,
    PriceRow,
    PriceSet,
    Quote,
    TaxRate,
    TaxRateSet,
)
from loopline.pricing.promotions.model import Promotion
from loopline.pricing.promotions.queries import published_promotions
from loopline.pricing.remembered import REMEMBERED
from loopline.pricing.rules import PriceBook, explain_line, quote_cart


def add_price_lists(
    conn: Conn, lists: Sequence[NewPriceList], *, now: datetime
) -> list[PriceListAdded | Refusal]:
    """Add price lists that start now or later. The same list again is that list."""
    store.lock_prices(conn)
    standing = store.lists_by_code(conn, (new.code for new in lists))
    ids = [PriceListId(list_id) for list_id in uuid7s(now, len(lists))]
    decided = plan_lists(lists, ids=ids, standing=standing, now=now)
    new = [outcome[0] for outcome in decided if not isinstance(outcome, Refusal) and outcome[1]]
    store.copy_lists(conn, new, added_at=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else PriceListAdded(price_list_id=outcome[0].id, is_new=outcome[1])
        for outcome in decided
    ]


def end_price_lists(
    conn: Conn, ends: Sequence[PriceListEnd], *, now: datetime
) -> list[PriceListEnded | Refusal]:
    """End lists now or later; an end may be brought forward, never put off."""
    store.lock_prices(conn)
    standing = {one.id: one for one in store.lists_with_rivals(conn, (end.price_list_id for end in ends))}
    refusals = [refusal_of_end(end, standing=standing, now=now) for end in ends]
    allowed = [end for end, refusal in zip(ends, refusals, strict=True) if refusal is None]
    store.end_lists(conn, allowed)
    return [
        refusal or PriceListEnded(price_list_id=end.price_list_id)
        for end, refusal in zip(ends, refusals, strict=True)
    ]


def set_prices(conn: Conn, prices: Sequence[NewPrice], *, now: datetime) -> list[PriceSet | Refusal]:
    """Set prices that hold now or later. The same price from the same moment again is that price."""
    store.lock_prices(conn)
    lists = store.lists_with_rivals(conn, (new.price_list_id for new in prices))
    standing = store.prices_of_skus(conn, [one.id for one in lists], sku_ids=(new.sku_id for new in prices))
    desk = PriceDesk(lists, standing, now=now)
    decided = [
        desk.decide(new, price_id=price_id)
        for new, price_id in zip(prices, uuid7s(now, len(prices)), strict=True)
    ]
    written: list[PriceRow] = [
        outcome[0] for outcome in decided if not isinstance(outcome, Refusal) and outcome[1]
    ]
    store.copy_prices(conn, written, added_at=now)
    return [
        outcome if isinstance(outcome, Refusal) else PriceSet(price_id=outcome[0].id, is_new=outcome[1])
        for outcome in decided
    ]


def set_tax_rates(conn: Conn, rates: Sequence[NewTaxRate], *, now: datetime) -> list[TaxRateSet | Refusal]:
    """Set tax rates by class, country, seller and region. The same rate from the same day again is that rate."""
    store.lock_prices(conn)
    standing: dict[tuple[object, ...], list[TaxRate]] = {}
    for rate in store.tax_rates_of(conn, (new.country for new in rates)):
        standing.setdefault(_place_of(rate), []).append(rate)
    outcomes: list[TaxRateSet | Refusal] = []
    written: list[TaxRate] = []
    for new, rate_id in zip(rates, uuid7s(now, len(rates)), strict=True):
        siblings = standing.setdefault(_place_of(new), [])
        decided = decide_rate(new, rate_id=rate_id, standing=siblings, now=now)
        if isinstance(decided, Refusal):
            outcomes.append(decided)
            continue
        rate, is_new = decided
        if is_new:
            written.append(rate)
            siblings.append(rate)
            siblings.sort(key=lambda one: (one.valid_from, one.id))
        outcomes.append(TaxRateSet(tax_rate_id=rate.id, is_new=is_new))
    store.copy_tax_rates(conn, written, added_at=now)
    return outcomes


def _place_of(rate: NewTaxRate | TaxRate) -> tuple[object, ...]:
    return rate.country, rate.tax_class, rate.seller_id, rate.region


def quote(conn: Conn, carts: Sequence[Cart], *, marks: Marks | None = None) -> list[Quote | Refusal]:
    """Price carts, each at its own moment. Lists, prices, rates and promotions are loaded once for all of them.

    The same cart at the same moment always has the same quote. A cart with a line that cannot be priced is refused.
    With `marks`, what this process remembers under them is not read again.
    """
    if not carts:
        return []
    if marks is None:
        promotions = published_promotions(conn, latest=max(cart.at for cart in carts))
        book = load_book(conn, carts, promotions=promotions)
    else:
        book = REMEMBERED.book_for(conn, carts, marks=marks)
    return [quote_cart(cart, book=book) for cart in carts]


def try_promotion(
    conn: Conn, draft: Promotion, carts: Sequence[Cart], *, gift: CartLine | None = None
) -> list[tuple[Quote | Refusal, Quote | Refusal]]:
    """Price carts as they were, and as they would have been had a draft been in force all the time.

    In the place of the version of its code that was. The same code prices both. `gift` is the line of what it gives:
    whoever earns some takes it along, last of the lines.
    """
    if not carts:
        return []
    published = published_promotions(conn, latest=max(cart.at for cart in carts))
    always = msgspec.structs.replace(
        draft, valid_from=min(cart.at for cart in carts), valid_until=None, published_at=draft.saved_at
    )
    others = [one for one in published if one.code != draft.code]
    # The price of what is given is read with theirs.
    read = carts if gift is None else [*carts, msgspec.structs.replace(carts[0], lines=(gift,))]
    before, after = (
        load_book(conn, read, promotions=promotions) for promotions in (published, [*others, always])
    )
    return [
        (quote_cart(cart, book=before), _with_gift(cart, gift, draft=draft, book=after)) for cart in carts
    ]


def _with_gift(cart: Cart, gift: CartLine | None, *, draft: Promotion, book: PriceBook) -> Quote | Refusal:
    found = quote_cart(cart, book=book)
    if isinstance(found, Refusal) or gift is None:
        return found
    units = sum(one.units for one in found.gifts if one.promotion_id == draft.id)
    if not units:
        return found
    taken = msgspec.structs.replace(gift, units=units)
    return quote_cart(msgspec.structs.replace(cart, lines=(*cart.lines, taken)), book=book)


def explain_price(conn: Conn, cart: Cart, *, position: int) -> Explanation:
    """Say why a line of a cart costs what it costs, or has no price, with every list of its currency."""
    needs = needs_of([cart])
    lists = store.lists_of_currency(conn, cart.currency)
    prices = store.prices_within(conn, [one.id for one in lists], needs=needs)
    promotions = published_promotions(conn, latest=cart.at)
    book = PriceBook(lists, prices, store.tax_rates_of(conn, needs.countries), promotions)
    return explain_line(cart, position=position, book=book)
