"""What a sheet of codes shows, and which codes are missing on it: read from the rooms, decided without them."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from markupsafe import Markup

from loopline import catalogue, org, touchpoints
from loopline.catalogue import Product
from loopline.db import Conn
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.org import Party, PartyKind, Site
from loopline.processes.touch import WantedTouchpoint
from loopline.touchpoints import Touchpoint, TouchpointKind, TouchpointsAsk
from loopline.web.edge import WebRequest
from loopline.web.languages import Language, marked
from loopline.web.qr import address_of, qr_svg, scan_path
from loopline.web.touch.refusals import BulkNotUsable

CODES_MAX = 400
ALL_MOST = 10_000
"""Codes of a place that are looked at where none may be left out: made by the thousand, they are more than a sheet."""
BULK_MAX = 5_000
BULK_KINDS = (TouchpointKind.POSTER, TouchpointKind.SHELF, TouchpointKind.TABLE, TouchpointKind.SAMPLE)
"""What is made by the thousand: things that hang and stand in numbers."""
PRODUCTS_MAX = 400
TABLES_MAX = 100
_GROUP = 5
_WORDS_MAX = 60

KIND_WORDS: dict[TouchpointKind, str] = {
    TouchpointKind.STORE: marked("Store"),
    TouchpointKind.SHELF: marked("Shelf"),
    TouchpointKind.SAMPLE: marked("Sample"),
    TouchpointKind.PRODUCT: marked("Product"),
    TouchpointKind.GUIDE: marked("Guide"),
    TouchpointKind.TABLE: marked("Table"),
    TouchpointKind.PARCEL: marked("Parcel"),
    TouchpointKind.RECEIPT: marked("Receipt"),
    TouchpointKind.LIVE_ROOM: marked("Live room"),
    TouchpointKind.POSTER: marked("Poster"),
}
# In which order codes lie on a sheet.
_SHEET_ORDER = tuple(TouchpointKind)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose codes a sheet shows: one site's, or, without one, the whole brand's."""

    site: Site | None
    guides: tuple[Party, ...]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One code on a sheet."""

    code: str
    spelt: str
    kind: TouchpointKind
    word: str
    name: str
    hint: str
    drawing: Markup
    scans: int


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What codes are of, by its own code. What a page has read already nobody asks for again."""

    products: Mapping[str, Product] = {}
    parties: Mapping[str, Party] = {}
    sites: Mapping[str, Site] = {}


class WantedCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Which codes somebody wants on the sheet: made where they are missing."""

    store: bool = False
    guides: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    tables: int = 0


def places_of(conn: Conn, scope: Scope) -> list[Site]:
    """Return the sites somebody may hang codes up in, by code."""
    return [site for site in org.branch_sites(conn) if scope.covers_site(site.id)]


def place_at(conn: Conn, site: Site | None) -> Place:
    """Return a place with the guides who work there."""
    if site is None:
        return Place(site=None, guides=())
    parties = org.branch_parties(conn, [site.unit_id])
    return Place(site=site, guides=tuple(one for one in parties if one.kind is PartyKind.GUIDE))


def codes_at(conn: Conn, place: Place, scope: Scope, *, most: int = CODES_MAX) -> list[Touchpoint]:
    """Return the codes in use at a place, in the order of the sheet: of a site with its guides', or of no place."""
    ask = TouchpointsAsk(scope=scope, limit=5 * most)
    if place.site is not None:
        ask = msgspec.structs.replace(ask, scope=_scope_of(place.site.id, place.site, scope))
    found = [one for one in touchpoints.touchpoints_page(conn, ask) if one.retired_at is None]
    if place.site is None:
        found = [one for one in found if one.site_id is None and one.kind is not TouchpointKind.GUIDE]
    return sorted(found, key=_sheet_key)[:most]


def _scope_of(site_id: SiteId, site: Site, scope: Scope) -> Scope:
    """A site and its unit, of which the guides' codes are, where somebody may see them."""
    units = frozenset({site.unit_id})
    seen = units if scope.everything else units & scope.org_units
    return Scope(sites=frozenset({site_id}), org_units=seen)


def _sheet_key(one: Touchpoint) -> tuple[int, str, str, str]:
    return (_SHEET_ORDER.index(one.kind), one.product_code or "", one.party_code or "", one.label.zfill(8))


def missing(asked: WantedCodes, *, place: Place, standing: Collection[Touchpoint]) -> list[WantedTouchpoint]:
    """Return the codes that are wanted and not there yet, so that a sheet asked for twice is the same sheet."""
    site_code = place.site.code if place.site else None
    known = {
        (one.kind, one.product_code, one.party_code, one.label if _counts_label(one) else "")
        for one in standing
    }
    wanted: list[WantedTouchpoint] = []
    if asked.store and site_code is not None:
        wanted.append(WantedTouchpoint(kind=TouchpointKind.STORE, site_code=site_code))
    wanted += [WantedTouchpoint(kind=TouchpointKind.GUIDE, party_code=code) for code in asked.guides]
    kind = TouchpointKind.SHELF if site_code is not None else TouchpointKind.PRODUCT
    wanted += [WantedTouchpoint(kind=kind, site_code=site_code, product_code=code) for code in asked.products]
    if site_code is not None:
        wanted += [
            WantedTouchpoint(kind=TouchpointKind.TABLE, site_code=site_code, label=str(number))
            for number in range(1, asked.tables + 1)
        ]
    return [one for one in wanted if (one.kind, one.product_code, one.party_code, one.label) not in known]


def numbered(stated: Mapping[str, str], *, place: Place) -> list[WantedTouchpoint]:
    """Return codes by the thousand, each with its number behind the same words. Raises Refused for what cannot be."""
    kind, count = stated.get("kind", ""), stated.get("count", "")
    if kind not in {one.value for one in BULK_KINDS}:
        raise Refused(BulkNotUsable(field="kind"))
    if not (count.isascii() and count.isdigit() and 0 < int(count[:5]) <= BULK_MAX and len(count) < 5):
        raise Refused(BulkNotUsable(field="count"))
    words = " ".join(stated.get("label", "").replace("\x00", "").split())[:_WORDS_MAX]
    width = len(str(int(count)))
    return [
        WantedTouchpoint(
            kind=TouchpointKind(kind),
            label=f"{words} {number:0{width}}".strip(),
            site_code=place.site.code if place.site else None,
            product_code=stated.get("product", "").strip() or None,
        )
        for number in range(1, int(count) + 1)
    ]


def _counts_label(one: Touchpoint) -> bool:
    """Tables differ by their label alone; what else is written beside a code does not make it another."""
    return one.kind is TouchpointKind.TABLE


def cards_of(  # noqa: PLR0913 - how they are shown, and what is known of them
    conn: Conn,
    codes: Sequence[Touchpoint],
    *,
    request: WebRequest,
    language: Language,
    is_drawn: bool = True,
    known: Named | None = None,
) -> list[Card]:
    """Return how codes look on the sheet: named, with how often they were scanned; drawn, unless they are listed."""
    named_by = _named(conn, codes, known or Named())
    of_rooms = {one.live_room_code for one in codes if one.live_room_code}
    rooms = touchpoints.live_rooms_by_code(conn, of_rooms) if of_rooms else {}
    totals = touchpoints.scan_totals(conn, [one.id for one in codes])

    def name_of(one: Touchpoint) -> str:
        product = named_by.products.get(one.product_code or "")
        party = named_by.parties.get(one.party_code or "")
        site = named_by.sites.get(one.site_code or "")
        room = rooms.get(one.live_room_code or "")
        if one.kind is TouchpointKind.TABLE and one.label:
            return one.label
        named = product or party or room or site
        return language.called(named.name) if named else one.label

    def card(one: Touchpoint) -> Card:
        site = named_by.sites.get(one.site_code or "")
        total = totals.get(one.id)
        name = name_of(one)
        told = (language.called(hint) for hint in (one.label, site.name if site else "") if hint)
        hints = [hint for hint in dict.fromkeys(told) if hint != name]
        return Card(
            code=one.code,
            spelt=spelt(one.code),
            kind=one.kind,
            word=KIND_WORDS[one.kind],
            name=name,
            hint=" · ".join(hints),
            drawing=_drawn(address_of(request, scan_path(one.code))) if is_drawn else Markup(),
            scans=total.scans if total else 0,
        )

    return [card(one) for one in codes]


def _named(conn: Conn, codes: Sequence[Touchpoint], known: Named) -> Named:
    """What codes are of, read where it is not known."""
    products = {one.product_code for one in codes if one.product_code} - known.products.keys()
    parties = {one.party_code for one in codes if one.party_code} - known.parties.keys()
    sites = {one.site_code for one in codes if one.site_code} - known.sites.keys()
    return Named(
        products={**known.products, **(catalogue.products_by_code(conn, products) if products else {})},
        parties={**known.parties, **(org.parties_by_code(conn, parties) if parties else {})},
        sites={**known.sites, **(org.sites_by_code(conn, sites) if sites else {})},
    )


def _drawn(address: str) -> Markup:
    return Markup(qr_svg(address).decode())  # noqa: S704 - drawn by us, of modules alone


def spelt(code: str) -> str:
    """Spell a code in groups, as people read it: `7K3Q9-XA2BC`."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def products_of(conn: Conn) -> list[Product]:
    """Return the products that codes can be made for, by code."""
    return catalogue.products_after(conn, at_most=PRODUCTS_MAX)
