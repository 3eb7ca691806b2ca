"""Reads of supply, for screens and processes. Locks nothing."""

from collections.abc import Iterable

from loopline.db import Conn
from loopline.kernel.ids import EntityId, SkuId, SupplyTermId
from loopline.supply import store
from loopline.supply.model import PairNoted, Term
from loopline.supply.rules import Agreed


def agreed(conn: Conn, owner_ids: Iterable[EntityId], *, sku_ids: Iterable[SkuId]) -> Agreed:
    """Return all terms of the goods of some companies that speak of these SKUs, past and coming ones too."""
    return Agreed(store.terms_of(conn, owner_ids, sku_ids=sku_ids))


def terms_page(
    conn: Conn,
    *,
    company_ids: Iterable[EntityId] | None = None,
    after: SupplyTermId | None = None,
    limit: int,
) -> list[Term]:
    """Return terms of which one of these companies is a party (None: all), the newest first.

    `after` is the last of the page before.
    """
    return store.terms_page(conn, company_ids=company_ids, after=after, limit=limit)


def noted_by_pair(conn: Conn, *, company_ids: Iterable[EntityId] | None = None) -> list[PairNoted]:
    """Return what was handed over though nothing was agreed and is not settled yet, the longest waiting first.

    Of which one of these companies is a party (None: all).
    """
    return store.noted_by_pair(conn, company_ids=company_ids)
