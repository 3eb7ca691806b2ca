"""One function per statement of `store.sql`."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import OrgUnitId, PriceListId, SiteId, SkuId
from loopline.kernel.scope import Scope
from loopline.pricing.model import Cart, PriceList, PriceListEnd, PricePlace, PriceRow, TaxRate

SQL = statements(__file__)

_Value = TypeVar("_Value")


class QuoteNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the carts of one call name: enough to load every list and price that could matter, and few others."""

    earliest: datetime
    latest: datetime
    currencies: frozenset[str]
    countries: frozenset[str]
    member_tiers: frozenset[str]
    site_ids: frozenset[SiteId]
    org_unit_ids: frozenset[OrgUnitId]
    channels: frozenset[str]
    sku_ids: frozenset[SkuId]


def needs_of(
    carts: Iterable[Cart], *, sku_ids: Iterable[SkuId], earliest: datetime, latest: datetime
) -> QuoteNeeds:
    """Gather what carts name, for prices from `earliest` to `latest`, both included."""
    asked = list(carts)
    return QuoteNeeds(
        earliest=earliest,
        latest=latest,
        currencies=_named(cart.currency for cart in asked),
        countries=_named(cart.country for cart in asked),
        member_tiers=_named(cart.member_tier for cart in asked),
        site_ids=frozenset(cart.site_id for cart in asked if cart.site_id is not None),
        org_unit_ids=frozenset(unit_id for cart in asked for unit_id in cart.org_units),
        channels=_named(cart.channel for cart in asked),
        sku_ids=frozenset(sku_ids),
    )


def _named(texts: Iterable[str | None]) -> frozenset[str]:
    """What can stand in the database at all: a text with U+0000 names nothing, and one cart must not stop others."""
    return frozenset(text for text in texts if text is not None and "\x00" not in text)


def _distinct(values: Iterable[_Value]) -> list[_Value]:
    return list(dict.fromkeys(values))


def lock_prices(conn: Conn) -> None:
    execute(conn, SQL["lock_prices"])


def lists_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, PriceList]:
    found = fetch(
        conn, SQL["lists_by_code"], PriceList, codes=[code for code in _distinct(codes) if "\x00" not in code]
    )
    return {one.code: one for one in found}


def lists_with_rivals(conn: Conn, price_list_ids: Iterable[PriceListId]) -> list[PriceList]:
    return fetch(conn, SQL["lists_with_rivals"], PriceList, price_list_ids=_distinct(price_list_ids))


def lists_for_quotes(conn: Conn, needs: QuoteNeeds) -> list[PriceList]:
    return fetch(
        conn,
        SQL["lists_for_quotes"],
        PriceList,
        currencies=list(needs.currencies),
        earliest=needs.earliest,
        latest=needs.latest,
        member_tiers=list(needs.member_tiers),
        site_ids=list(needs.site_ids),
        org_unit_ids=list(needs.org_unit_ids),
        channels=list(needs.channels),
    )


def lists_of_currency(conn: Conn, currency: str) -> list[PriceList]:
    return fetch(conn, SQL["lists_of_currency"], PriceList, currency=currency)


def lists_of_prices(
    conn: Conn, price_ids: Iterable[UUID], *, sku_ids: Iterable[SkuId]
) -> dict[UUID, PriceListId]:
    rows = fetch_rows(
        conn, SQL["lists_of_prices"], price_ids=uuids(set(price_ids)), sku_ids=uuids(set(sku_ids))
    )
    return dict(rows)


def lists_by_id(conn: Conn, price_list_ids: Iterable[PriceListId]) -> list[PriceList]:
    return fetch(conn, SQL["lists_by_id"], PriceList, price_list_ids=uuids(set(price_list_ids)))


def lists_page(
    conn: Conn, *, scope: Scope, after: str, codes: Collection[str] | None, at_most: int
) -> list[PriceList]:
    return fetch(
        conn,
        SQL["lists_page"],
        PriceList,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        org_unit_ids=uuids(scope.org_units),
        codes=None if codes is None else list(codes),
        after=after,
        at_most=at_most,
    )


def prices_page(
    conn: Conn,
    price_list_id: PriceListId,
    *,
    sku_ids: Collection[SkuId] | None,
    after: PricePlace | None,
    at_most: int,
) -> list[PriceRow]:
    return fetch(
        conn,
        SQL["prices_page"],
        PriceRow,
        price_list_id=price_list_id,
        sku_ids=None if sku_ids is None else uuids(sku_ids),
        after_sku_id=after.sku_id if after else None,
        after_valid_from=after.valid_from if after else None,
        after_id=after.id if after else None,
        at_most=at_most,
    )


def copy_lists(conn: Conn, lists: Sequence[PriceList], *, added_at: datetime) -> None:
    rows = (
        (
            one.id,
            one.code,
            one.name,
            one.currency,
            one.valid_from,
            one.valid_until,
            one.priority,
            one.member_tier,
            one.site_id,
            one.org_unit_id,
            one.channel,
            added_at,
        )
        for one in lists
    )
    copy_rows(conn, SQL["copy_lists"], rows)


def end_lists(conn: Conn, ends: Sequence[PriceListEnd]) -> None:
    execute(
        conn,
        SQL["end_lists"],
        price_list_ids=[end.price_list_id for end in ends],
        ends=[end.valid_until for end in ends],
    )


def prices_within(
    conn: Conn, price_list_ids: Collection[PriceListId], *, needs: QuoteNeeds
) -> list[PriceRow]:
    rows = fetch_rows(
        conn,
        SQL["prices_within"],
        price_list_ids=uuids(price_list_ids),
        sku_ids=uuids(needs.sku_ids),
        earliest=needs.earliest,
        latest=needs.latest,
    )
    return [
        PriceRow(id=row[0], price_list_id=row[1], sku_id=row[2], unit_minor=row[3], valid_from=row[4])
        for row in rows
    ]


def prices_of_skus(
    conn: Conn, price_list_ids: Collection[PriceListId], *, sku_ids: Iterable[SkuId]
) -> list[PriceRow]:
    return fetch(
        conn,
        SQL["prices_of_skus"],
        PriceRow,
        price_list_ids=uuids(price_list_ids),
        sku_ids=uuids(_distinct(sku_ids)),
    )


def copy_prices(conn: Conn, prices: Sequence[PriceRow], *, added_at: datetime) -> None:
    rows = (
        (row.id, row.price_list_id, row.sku_id, row.unit_minor, row.valid_from, added_at) for row in prices
    )
    copy_rows(conn, SQL["copy_prices"], rows)


def tax_rates_of(conn: Conn, countries: Iterable[str]) -> list[TaxRate]:
    return fetch(conn, SQL["tax_rates_of"], TaxRate, countries=_distinct(countries))


def copy_tax_rates(conn: Conn, rates: Sequence[TaxRate], *, added_at: datetime) -> None:
    rows = (
        (
            *(rate.id, rate.tax_class, rate.country, rate.valid_from, rate.rate_basis_points, added_at),
            *(rate.seller_id, rate.region),
        )
        for rate in rates
    )
    copy_rows(conn, SQL["copy_tax_rates"], rows)
