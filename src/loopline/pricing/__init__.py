"""Pricing: price lists, promotions, tax rates, quotes that can be told again, and why a price is what it is.

Invariants: of the lists that apply, one resolution order (`rules`) names exactly one deciding row; lists of equal rank
never price one SKU at the same time; nothing takes effect in the past and nothing is overwritten, so the same cart at
the same moment always has the same quote; amounts are units times unit price less discounts (`pricing.promotions`), the
tax within a line is rounded half away from zero by line, and totals are the sums of rounded lines.

Locks: changes take the lock of prices (one transaction at a time); quotes lock nothing.
"""

from loopline.pricing.discounts import BearsOfLine, Discount, KeptPrice
from loopline.pricing.model import (
    Candidate,
    Cart,
    CartLine,
    Derivation,
    Explanation,
    GiftWaiting,
    Level,
    LineDerivation,
    NewPrice,
    NewPriceList,
    NewTaxRate,
    PriceList,
    PriceListAdded,
    PriceListEnd,
    PriceListEnded,
    PricePlace,
    PriceRow,
    PriceSet,
    Quote,
    QuoteLine,
    Standing,
    TaxDerivation,
    TaxRate,
    TaxRateSet,
)
from loopline.pricing.promoting import GiftNotEarned, StatedPriceDiffers
from loopline.pricing.queries import (
    lists_of_prices,
    price_lists_by_code,
    price_lists_by_id,
    price_lists_of_currency,
    price_lists_page,
    prices_page,
    tax_rates_of,
)
from loopline.pricing.rules import NoPrice, NoTaxRate, together
from loopline.pricing.service import (
    add_price_lists,
    end_price_lists,
    explain_price,
    quote,
    set_prices,
    set_tax_rates,
    try_promotion,
)

__all__ = [
    "BearsOfLine",
    "Candidate",
    "Cart",
    "CartLine",
    "Derivation",
    "Discount",
    "Explanation",
    "GiftNotEarned",
    "GiftWaiting",
    "KeptPrice",
    "Level",
    "LineDerivation",
    "NewPrice",
    "NewPriceList",
    "NewTaxRate",
    "NoPrice",
    "NoTaxRate",
    "PriceList",
    "PriceListAdded",
    "PriceListEnd",
    "PriceListEnded",
    "PricePlace",
    "PriceRow",
    "PriceSet",
    "Quote",
    "QuoteLine",
    "Standing",
    "StatedPriceDiffers",
    "TaxDerivation",
    "TaxRate",
    "TaxRateSet",
    "add_price_lists",
    "end_price_lists",
    "explain_price",
    "lists_of_prices",
    "price_lists_by_code",
    "price_lists_by_id",
    "price_lists_of_currency",
    "price_lists_page",
    "prices_page",
    "quote",
    "set_prices",
    "set_tax_rates",
    "tax_rates_of",
    "together",
    "try_promotion",
]
