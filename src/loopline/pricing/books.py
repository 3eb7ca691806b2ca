"""Books of prices read for the carts of one call."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.pricing import store
from loopline.pricing.model import Cart
from loopline.pricing.promotions.model import Promotion
from loopline.pricing.rules import PriceBook


def load_book(conn: Conn, carts: Sequence[Cart], *, promotions: Sequence[Promotion]) -> PriceBook:
    """Read every list, price and rate that could matter to carts; promotions are given."""
    needs = needs_of(carts)
    lists = store.lists_for_quotes(conn, needs)
    prices = store.prices_within(conn, [one.id for one in lists], needs=needs)
    return PriceBook(lists, prices, store.tax_rates_of(conn, needs.countries), promotions)


def needs_of(carts: Sequence[Cart]) -> store.QuoteNeeds:
    """Gather what carts name, at the moments from the first to the last of them."""
    return store.needs_of(
        carts,
        sku_ids={line.sku_id for cart in carts for line in cart.lines if line.sku_id is not None},
        earliest=min(cart.at for cart in carts),
        latest=max(cart.at for cart in carts),
    )
