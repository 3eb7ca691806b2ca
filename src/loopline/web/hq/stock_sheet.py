"""Stock as a sheet: what a text names, or all that one's branch keeps, by SKU in the order of their codes."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream

from loopline import catalogue, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import SiteId
from loopline.org import Permission
from loopline.stock import SkuTotals
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.stock import STOCK, sites_of, text_of
from loopline.web.languages import Language
from loopline.web.sheets import ROWS_A_PAGE, ROWS_MOST, Cell, Column, Sheet, sheet_streamed
from loopline.web.store.stock import find_skus
from loopline.web.store.words import gtin_as_printed, variety

SHEET = f"{STOCK}.xlsx"
_PRODUCTS_MOST = 1_000


@get(SHEET, sync_to_thread=True)
def tell_stock_sheet(request: WebRequest, visitor: NamedDependency[Visitor]) -> Stream:
    """Tell the SKUs that the address names, or those that one's branch keeps, the first ROWS_MOST of them."""
    sites, language = sites_of(visitor.scope_of(Permission.STOCK_READ)), language_of(request)
    text = text_of(request)

    def make(conn: Conn, _: datetime) -> Sheet:
        pages = _named(conn, text) if text else _all(conn)
        return Sheet(
            title=language.say("Stock"),
            columns=_columns(language),
            rows=_rows(conn, pages, sites, language, kept_alone=not text),
        )

    return sheet_streamed(request, "stock.xlsx", make)


def _named(conn: Conn, text: str) -> Iterator[Sequence[Sku]]:
    yield find_skus(conn, text, products_most=_PRODUCTS_MOST, at_most=ROWS_MOST + 1)


def _all(conn: Conn) -> Iterator[Sequence[Sku]]:
    """Read the catalogue page after page, to its end."""
    after, is_more = "", True
    while is_more:
        found = catalogue.skus_after(conn, after, at_most=ROWS_A_PAGE)
        yield found
        is_more = len(found) == ROWS_A_PAGE
        after = found[-1].code if found else ""


def _rows(
    conn: Conn,
    pages: Iterator[Sequence[Sku]],
    sites: frozenset[SiteId] | None,
    language: Language,
    *,
    kept_alone: bool,
) -> Iterator[list[Cell]]:
    """Write SKUs down with what there is of each; `kept_alone`: those without stock at the sites are left out."""
    for skus in pages:
        totals = stock.totals_of_skus(conn, [sku.id for sku in skus], site_ids=sites) if skus else {}
        for sku in skus:
            if sku.id in totals or not kept_alone:
                yield _cells(sku, totals.get(sku.id), language)


def _columns(language: Language) -> list[Column]:
    say = language.say
    return [
        Column(head=say("Code"), width=20),
        Column(head=say("Number under the bars")),
        Column(head=say("Goods"), width=40),
        Column(head=say("Variety"), width=24),
        Column(head=say("On hand"), width=12),
        Column(head=say("Sellable"), width=12),
        Column(head=say("Tied to orders"), width=12),
        Column(head=say("Missing"), width=12),
        Column(head=say("Sites"), width=12),
    ]


def _cells(sku: Sku, totals: SkuTotals | None, language: Language) -> list[Cell]:
    units = (
        (totals.on_hand, totals.sellable, totals.allocated, totals.missing, totals.sites)
        if totals
        else (0, 0, 0, 0, 0)
    )
    return [sku.code, gtin_as_printed(sku.gtin), language.called(sku.name), variety(sku), *units]


STOCK_SHEET_PAGES = [tell_stock_sheet]
