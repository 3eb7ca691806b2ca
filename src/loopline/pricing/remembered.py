"""Prices that a process remembers, so that the orders of a rush are quoted without reading them again.

What is remembered is whole: of a kind of cart all lists that ever apply to it, of those all prices a SKU ever had, and
all promotions there ever were. So the quote is the one that a fresh reading would give, whatever the cart's moment.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.ids import SkuId
from loopline.pricing import store
from loopline.pricing.model import Cart, PriceList, PriceRow, TaxRate
from loopline.pricing.promotions.model import Promotion
from loopline.pricing.promotions.queries import published_promotions
from loopline.pricing.promotions.rules import timed
from loopline.pricing.rules import ListedPrices, PriceBook, kind_of, strongest_first

_TOPIC = "pricing"
_ROWS_MOST = 500_000
_EVER = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))

_Kind = tuple[object, ...]


class GrowingBook(PriceBook):
    """A book that learns of kinds of carts, countries and SKUs as they come, and never forgets one it knows."""

    def __init__(self) -> None:
        super().__init__((), (), ())
        self._known: dict[_Kind, set[SkuId]] = {}
        self._listed: dict[object, tuple[ListedPrices, dict[SkuId, list[PriceRow]]]] = {}
        self._countries: set[str] = set()
        self.rows = 0
        self.has_promotions = False

    def learn_promotions(self, published: Iterable[Promotion]) -> None:
        """Take in all promotions that were ever published, and say that they are known."""
        self._promotions = timed(published)
        self.has_promotions = True

    def missing(self, carts: Iterable[Cart]) -> dict[_Kind, tuple[Cart, set[SkuId]]]:
        """Return what carts need that is not known yet: by kind, a cart of it and the SKUs."""
        lacking: dict[_Kind, tuple[Cart, set[SkuId]]] = {}
        for cart in carts:
            kind = kind_of(cart)
            known = self._known.get(kind)
            unknown = {
                line.sku_id
                for line in cart.lines
                if line.sku_id is not None and (known is None or line.sku_id not in known)
            }
            if unknown or known is None:
                lacking.setdefault(kind, (cart, set()))[1].update(unknown)
        return lacking

    def new_countries(self, carts: Iterable[Cart]) -> set[str]:
        """Return the countries of carts whose tax rates are not known yet."""
        return {cart.country for cart in carts} - self._countries

    def is_known(self, kind: _Kind) -> bool:
        """Tell whether the lists of a kind of cart are known."""
        return kind in self._known

    def learn_rates(self, countries: Iterable[str], rates: Sequence[TaxRate]) -> None:
        """Take in all tax rates of countries."""
        self.add_rates(rates)
        self._countries.update(countries)

    def learn_lists(self, cart: Cart, lists: Sequence[PriceList]) -> None:
        """Take in all lists that ever apply to carts of one kind."""
        found: list[ListedPrices] = []
        for one in lists:
            if one.id not in self._listed:
                prices: dict[SkuId, list[PriceRow]] = {}
                self._listed[one.id] = (ListedPrices(price_list=one, prices=prices), prices)
            found.append(self._listed[one.id][0])
        self.applying[kind_of(cart)] = strongest_first(found, cart)
        self._known[kind_of(cart)] = set()

    def learn_prices(self, kind: _Kind, sku_ids: Iterable[SkuId], rows: Sequence[PriceRow]) -> None:
        """Take in every price that SKUs ever had in the lists of a kind."""
        fresh: dict[tuple[object, SkuId], list[PriceRow]] = {}
        for row in sorted(rows, key=lambda row: (row.valid_from, row.id)):
            fresh.setdefault((row.price_list_id, row.sku_id), []).append(row)
        for (list_id, sku_id), periods in fresh.items():
            self._listed[list_id][1][sku_id] = periods
        self.rows += len(rows)
        self._known[kind].update(sku_ids)


class RememberedPrices:
    """The book of this process, under the marks it was read under."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks = (0, 0)
        self._book = GrowingBook()

    def book_for(self, conn: Conn, carts: Sequence[Cart], *, marks: Marks) -> PriceBook:
        """Return a book that knows all that these carts need."""
        with self._lock:
            standing = marks.get(_TOPIC, (0, 0))
            if self._marks != standing or self._book.rows > _ROWS_MOST:
                self._marks, self._book = standing, GrowingBook()
            book = self._book
            _teach(conn, book, carts)
        return book


def _teach(conn: Conn, book: GrowingBook, carts: Sequence[Cart]) -> None:
    """Read what is missing: nothing in the middle of a rush; a statement or two per kind of cart at its beginning."""
    if not book.has_promotions:
        book.learn_promotions(published_promotions(conn))
    countries = {one for one in book.new_countries(carts) if "\x00" not in one}
    if countries:
        book.learn_rates(countries, store.tax_rates_of(conn, countries))
    for kind, (cart, sku_ids) in book.missing(carts).items():  # a process meets few kinds of carts
        needs = store.needs_of([cart], sku_ids=sku_ids, earliest=_EVER[0], latest=_EVER[1])
        if not book.is_known(kind):
            book.learn_lists(cart, store.lists_for_quotes(conn, needs))
        lists = [one.price_list.id for one in book.applying[kind]]
        book.learn_prices(kind, sku_ids, store.prices_within(conn, lists, needs=needs) if sku_ids else [])


REMEMBERED = RememberedPrices()
