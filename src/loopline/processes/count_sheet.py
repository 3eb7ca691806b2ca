"""A sheet of counts is held against the books: one count a site, looked through and posted as any other.

What was sold or came since a row's moment stays as it is; so late sheets say nothing wrong.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from loopline import catalogue, org, stock
from loopline.catalogue.queries import sku_codes_by_gtin
from loopline.db import Conn
from loopline.kernel.ids import CountId, NodeId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.times import zone
from loopline.org import Site
from loopline.processes import count
from loopline.stock import Look, NewCount
from loopline.stock.count_sheets import Column, CountedRow, CountFault, CountWhy, refusal_of_faults

_Seen: TypeAlias = dict[SkuId, tuple[int, datetime]]
"""Of a site: how many units of a SKU were seen, and when."""
_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62


class CountSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet that was read. `counted_at` is when the rows were seen that do not say so.

    `is_whole`: it is of everything at its sites, so what the books have beside it was looked for and is not there.
    `asked_at`: when the form was shown that it was sent with, where nobody said when it was counted: what is sent with
    it again is the same sheet.
    """

    content_hash: bytes
    rows: tuple[CountedRow, ...]
    counted_at: datetime
    is_whole: bool = False
    asked_at: datetime | None = None


class SiteCounted(msgspec.Struct, frozen=True, kw_only=True):
    """What a sheet says of a site: its count, rows of the sheet, and SKUs that are not on it and count as none."""

    count_id: CountId
    site_code: str
    rows: int
    absent: int


def take_count_sheet(
    conn: Conn, sheet: CountSheet, *, scope: Scope, now: datetime, actor: str
) -> list[SiteCounted] | Refusal:
    """Open a count of each site that a sheet names and enter what it says; nothing moves before somebody posts it.

    The same sheet of the same moment again is the same counts. Refused as a whole, naming line, column and reason.
    """
    sites = org.sites_by_code(conn, {row.site_code for row in sheet.rows})
    places = _places(conn, [site for site in sites.values() if scope.covers_site(site.id)])
    skus = _skus(conn, {row.sku_code for row in sheet.rows})
    seen: dict[str, _Seen] = {}
    faults: list[CountFault] = []
    for row in sheet.rows:
        place, sku_id = places.get(row.site_code), skus.get(row.sku_code)
        at = sheet.counted_at if place is None else _seen_at(row, sheet, place.site)
        of_site = seen.setdefault(row.site_code, {})
        if place is None or place.leaf_id is None or sku_id is None or at > now or sku_id in of_site:
            faults.append(_fault(row, place, sku_id, is_ahead=at > now))
            continue
        of_site[sku_id] = (row.units, at)
    if faults:
        return refusal_of_faults(faults)
    shelves = {code: place.leaf_id for code, place in places.items() if place.leaf_id is not None}
    absent = _absent(conn, shelves, seen) if sheet.is_whole else {}
    counts = {code: _count_id(sheet, code, of_site) for code, of_site in sorted(seen.items())}
    new = [NewCount(id=count_id, leaf_id=shelves[code]) for code, count_id in counts.items()]
    opened = count.open_counts(conn, new, scope=scope, now=now, actor=actor)
    looks = [
        Look(count_id=counts[code], sku_id=sku_id, units=units, seen_at=at)
        for code, of_site in seen.items()
        for sku_id, (units, at) in [
            *of_site.items(),
            *((sku_id, (0, sheet.counted_at)) for sku_id in absent.get(code, ())),
        ]
    ]
    entered = count.enter(conn, looks, scope=scope, now=now, actor=actor)
    if refused := [one for one in [*opened, *entered] if isinstance(one, Refusal)]:
        return refused[0]
    return [
        SiteCounted(count_id=count_id, site_code=code, rows=len(seen[code]), absent=len(absent.get(code, ())))
        for code, count_id in counts.items()
    ]


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """A site of somebody's branch, and the leaf whose goods it sells, where it has one."""

    site: Site
    leaf_id: NodeId | None


def _places(conn: Conn, sites: Sequence[Site]) -> dict[str, _Place]:
    shelves = stock.selling_leaves(conn, [site.id for site in sites])
    return {site.code: _Place(site=site, leaf_id=shelves.get(site.id)) for site in sites}


def _skus(conn: Conn, codes: set[str]) -> dict[str, SkuId]:
    """Find SKUs by their codes, or by their GTIN."""
    found = {code: sku.id for code, sku in catalogue.skus_by_code(conn, codes).items()}
    by_gtin = sku_codes_by_gtin(conn, codes - set(found))
    named = catalogue.skus_by_code(conn, by_gtin.values())
    return found | {gtin: named[code].id for gtin, code in by_gtin.items() if code in named}


def _seen_at(row: CountedRow, sheet: CountSheet, site: Site) -> datetime:
    return sheet.counted_at if row.seen_at is None else row.seen_at.replace(tzinfo=zone(site.time_zone))


def _fault(row: CountedRow, place: _Place | None, sku_id: SkuId | None, *, is_ahead: bool) -> CountFault:
    if place is None:
        column, value, why = Column.SITE, row.site_code, CountWhy.SITE_UNKNOWN
    elif place.leaf_id is None:
        column, value, why = Column.SITE, row.site_code, CountWhy.NO_SHELF
    elif sku_id is None:
        column, value, why = Column.SKU, row.sku_code, CountWhy.SKU_UNKNOWN
    elif is_ahead:
        column, value, why = Column.AT, str(row.seen_at or ""), CountWhy.AHEAD
    else:
        column, value, why = Column.SKU, row.sku_code, CountWhy.TWICE
    return CountFault(line=row.line, column=column.value, value=value, why=why)


def _absent(conn: Conn, shelves: Mapping[str, NodeId], seen: Mapping[str, _Seen]) -> dict[str, list[SkuId]]:
    """Return by site what the books have on its shelf beside what was seen."""
    codes = {shelves[code]: code for code in seen}
    found: dict[str, list[SkuId]] = {}
    for one in stock.stock_at_leaves(conn, list(codes)):
        code = codes[one.leaf_id]
        if one.on_hand and one.sku_id not in seen[code]:
            found.setdefault(code, []).append(one.sku_id)
    return found


def _count_id(sheet: CountSheet, site_code: str, of_site: _Seen) -> CountId:
    """Name a site's count by the sheet, so that a sheet sent twice is one count."""
    named_at = sheet.asked_at or sheet.counted_at
    first_seen = sheet.asked_at or min(at for _, at in of_site.values())
    said = b"|".join(
        [
            sheet.content_hash,
            site_code.encode(),
            named_at.isoformat().encode(),
            b"whole" if sheet.is_whole else b"",
        ]
    )
    drawn = int.from_bytes(hashlib.sha256(said).digest()[:10], "big")
    high, low = drawn >> 62 & 0xFFF, drawn & ((1 << 62) - 1)
    stamp = int(first_seen.timestamp() * 1000) << 80
    return CountId(UUID(int=stamp | _VERSION_7 | high << 64 | _VARIANT_RFC | low))
