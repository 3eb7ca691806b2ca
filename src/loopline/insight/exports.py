"""Exports: what rooms publish, as tables for people's own tools. Pseudonymous: members are ids, never names.

One statement per table in `exports.sql`, in one consistent view, streamed, so that a million rows need no memory.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from babel.numbers import get_currency_precision

from loopline import orders
from loopline.db import Conn, statements, stream_rows
from loopline.kernel.ids import SiteId

SQL = statements(__file__)
TABLES: tuple[str, ...] = (
    "products",
    "stock",
    "orders",
    "lines",
    "payments",
    "tasks",
    "returns",
    "shares",
    "balances",
    "members",
    "reviews",
)
_MINOR = "_minor"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table on its way out: its columns, and its rows as they come."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def export_table(conn: Conn, name: str, *, sites: Sequence[SiteId] | None = None) -> Table:
    """Stream one of `TABLES`; `sites` keeps it to what belongs to those sites (None: everything).

    Amounts leave as decimals of their currency (`amount`, not `amount_minor`). Raises KeyError for an unknown table.
    Read the rows inside the transaction of `conn`.
    """
    columns, rows = stream_rows(conn, SQL[f"export_{name}"], sites=None if sites is None else list(sites))
    numbers = [place for place, column in enumerate(columns) if column in {"number", "order_number"}]
    rows = _as_read_aloud(rows, numbers) if numbers else rows
    amounts = [place for place, column in enumerate(columns) if column.endswith(_MINOR)]
    currency = columns.index("currency") if "currency" in columns else None
    named = tuple(column.removesuffix(_MINOR) for column in columns)
    if currency is None or not amounts:
        return Table(name=name, columns=named, rows=rows)
    return Table(name=name, columns=named, rows=_in_currency(rows, amounts, currency))


def _as_read_aloud(rows: Iterator[tuple[Any, ...]], numbers: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Spell the numbers of orders as people know them."""
    for row in rows:
        cells = list(row)
        for place in numbers:
            if cells[place] is not None:
                cells[place] = orders.spell_number(cells[place])
        yield tuple(cells)


def _in_currency(
    rows: Iterator[tuple[Any, ...]], amounts: Sequence[int], currency: int
) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        cells = list(row)
        scale = -get_currency_precision(row[currency])
        for place in amounts:
            if cells[place] is not None:
                cells[place] = Decimal(cells[place]).scaleb(scale)
        yield tuple(cells)
