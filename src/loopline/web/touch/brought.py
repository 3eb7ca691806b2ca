"""What codes brought: scans, people, orders and money of each code of a place; each leads to its orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Template

from loopline import orders
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import TouchpointId
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day, day_range
from loopline.orders import Order
from loopline.org import Permission
from loopline.touchpoints import Touchpoint
from loopline.touchpoints.brought import ScansBrought, orders_brought, scan_days_of_all, scans_brought
from loopline.web.api.answers import read
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.touch.codes import CODES, place_asked
from loopline.web.touch.sheet import ALL_MOST, CODES_MAX, KIND_WORDS, Place, codes_at, places_of, spelt

BROUGHT = f"{CODES}/brought"
DAYS = f"{BROUGHT}/days"
ORDERS_MOST = 5_000
"""Orders of a place that are counted."""
_LISTED = 60
PERIODS: Mapping[str, tuple[str, int]] = {
    "week": (marked("7 days"), 7),
    "": (marked("30 days"), 30),
    "quarter": (marked("90 days"), 90),
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address says; empty means the first place, thirty days, all codes."""

    site: str = ""
    period: str = ""
    code: str = ""

    def link(self, path: str = BROUGHT, **changes: str) -> str:
        """Return an address with something else asked for."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{path}?{query}" if query else path


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Days of the brand, both ends included."""

    first: date
    last: date
    zone: str

    @property
    def start(self) -> datetime:
        """When the first of them begins."""
        return day_range(self.first, self.zone).start

    @property
    def end(self) -> datetime:
        """When the last of them is over."""
        return day_range(self.last + timedelta(days=1), self.zone).start


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment; `by_code`: the orders that each code was the last to touch."""

    place: Place
    sites: Sequence[Any]
    codes: Sequence[Touchpoint]
    scans: Mapping[TouchpointId, ScansBrought]
    by_code: Mapping[TouchpointId, Sequence[Order]]
    zone: str
    is_cut: bool


@get(BROUGHT, sync_to_thread=True)
def show_brought(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what the codes of a place brought in the days that the address names."""
    scope, asked, language = (
        visitor.scope_of(Permission.TOUCHPOINTS_READ),
        asked_of(request),
        language_of(request),
    )
    found = read(request, lambda conn, now: _find(conn, asked, scope, now=now))
    sees = visitor.scope_of(Permission.ORDERS_READ) if visitor.may(Permission.ORDERS_READ) else Scope()
    return page(
        request,
        "touch/brought.html",
        visitor=visitor,
        asked=asked,
        chosen=found.place.site.code if found.place.site else "*",
        place=found.place,
        sites=found.sites,
        is_hq=scope.everything,
        rows=_rows(found, asked, language),
        periods=[
            (asked.link(period=key), language.say(word), key == asked.period)
            for key, (word, _) in PERIODS.items()
        ],
        days_path=asked.link(DAYS),
        orders=_orders(found, sees, language) if asked.code else [],
        cut=language.count(ORDERS_MOST) if found.is_cut else "",
        all_codes=asked.link(code="") if asked.code else "",
    )


@get(DAYS, sync_to_thread=True)
def tell_scan_days(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell how often the codes were scanned on each day, by members and by others, for the chart."""
    scope, asked, language = (
        visitor.scope_of(Permission.TOUCHPOINTS_READ),
        asked_of(request),
        language_of(request),
    )

    def find(conn: Conn, now: datetime) -> dict[str, Any]:
        span = _span(conn, asked, now=now)
        _, codes = _codes(conn, asked, scope)
        days = scan_days_of_all(conn, [one.id for one in codes], first=span.first, last=span.last)
        return {
            "labels": [language.short_day(day_range(one.day, "UTC").start, "UTC") for one in days],
            "members": [one.of_members for one in days],
            "others": [one.scans - one.of_members for one in days],
            "shares": [language.say("{count} scans", count=language.count(one.scans)) for one in days],
        }

    told = msgspec.json.encode(read(request, find))
    return Response(told, media_type=MediaType.JSON, headers={"Cache-Control": "no-store"})


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for."""
    said = {name: request.query_params.get(name, "").strip()[:100] for name in Asked.__struct_fields__}
    asked = Asked(**{name: value for name, value in said.items() if "\x00" not in value})
    return asked if asked.period in PERIODS else msgspec.structs.replace(asked, period="")


def _span(conn: Conn, asked: Asked, *, now: datetime) -> Span:
    zone = board_setting(conn).zone
    today = business_day(now, zone)
    return Span(first=today - timedelta(days=PERIODS[asked.period][1] - 1), last=today, zone=zone)


def _codes(conn: Conn, asked: Asked, scope: Scope) -> tuple[Place, list[Touchpoint]]:
    """Return the place asked for and its codes, or the one that is named."""
    place = place_asked(conn, places_of(conn, scope), asked.site, scope=scope)
    codes = codes_at(conn, place, scope, most=ALL_MOST)
    return place, [one for one in codes if not asked.code or one.code == asked.code]


def _find(conn: Conn, asked: Asked, scope: Scope, *, now: datetime) -> Found:
    span = _span(conn, asked, now=now)
    place, codes = _codes(conn, asked, scope)
    ids = [one.id for one in codes]
    brought = orders_brought(conn, ids, start=span.start, end=span.end, at_most=ORDERS_MOST + 1)
    kept = brought[:ORDERS_MOST]
    heads = {head.id: head for head in orders.orders_by_ids(conn, [one.order_id for one in kept])}
    by_code: dict[TouchpointId, list[Order]] = defaultdict(list)
    for one in kept:
        if one.order_id in heads:
            by_code[one.touchpoint_id].append(heads[one.order_id])
    return Found(
        place=place,
        sites=places_of(conn, scope),
        codes=codes,
        scans=scans_brought(conn, ids, start=span.start, end=span.end),
        by_code=by_code,
        zone=span.zone,
        is_cut=len(brought) > ORDERS_MOST,
    )


def _rows(found: Found, asked: Asked, language: Language) -> list[dict[str, str]]:
    """Write codes down, those that brought most orders first, then those that were scanned most; CODES_MAX of them."""

    def size(one: Touchpoint) -> tuple[int, int, str]:
        scans = found.scans.get(one.id)
        return (-len(found.by_code.get(one.id, ())), -(scans.scans if scans else 0), one.code)

    return [_row(one, found, asked, language) for one in sorted(found.codes, key=size)[:CODES_MAX]]


def _row(one: Touchpoint, found: Found, asked: Asked, language: Language) -> dict[str, str]:
    scans, brought = found.scans.get(one.id), found.by_code.get(one.id, ())
    return {
        "code": spelt(one.code),
        "kind": language.say(KIND_WORDS[one.kind]),
        "name": " · ".join(filter(None, (one.label, one.product_code, one.party_code))),
        "scans": language.count(scans.scans if scans else 0),
        "people": language.count(scans.people if scans else 0),
        "orders": language.count(len(brought)),
        "money": " + ".join(language.money(minor, currency) for currency, minor in _sums(brought)),
        "link": asked.link(code=one.code) if brought and not asked.code else "",
    }


def _sums(brought: Sequence[Order]) -> list[tuple[str, int]]:
    sums: dict[str, int] = defaultdict(int)
    for head in brought:
        sums[head.currency] += head.amount_minor
    return sorted(sums.items())


def _orders(found: Found, sees: Scope, language: Language) -> list[dict[str, str]]:
    """Write the orders that a code brought down; those that somebody may open by their numbers, which lead there."""

    def row(head: Order) -> dict[str, str]:
        is_seen = sees.covers_site(head.site_id)
        return {
            "number": head.number if is_seen else "–",
            "path": f"/hq/orders/{head.number}" if is_seen else "",
            "placed": language.clock_of_day(head.placed_at, found.zone),
            "amount": language.money(head.amount_minor, head.currency),
        }

    return [row(head) for brought in found.by_code.values() for head in brought[:_LISTED]]


BROUGHT_PAGES = [show_brought, tell_scan_days]
