"""Making codes: what people name by codes becomes ids, with the parties whom a scan binds to or credits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from loopline import catalogue, orders, org, touchpoints
from loopline.catalogue import Product, Sku
from loopline.db import Conn
from loopline.kernel.ids import OrderId, OrgUnitId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Party, PartyKind, Site
from loopline.processes.outcomes import all_granted
from loopline.touchpoints import (
    NewTouchpoint,
    Parties,
    Target,
    TouchpointAdded,
    TouchpointKind,
    TouchpointKindIsMade,
    TouchpointRetired,
)

T = TypeVar("T")
# Codes of orders and live rooms are made with them; whoever could make them freely could forge a receipt.
_MADE_ELSEWHERE = frozenset({TouchpointKind.RECEIPT, TouchpointKind.PARCEL, TouchpointKind.LIVE_ROOM})


class WantedTouchpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A code as somebody asks for it: what carries it, and who, where and what it names, by their codes."""

    kind: TouchpointKind
    label: str = ""
    site_code: str | None = None
    product_code: str | None = None
    sku_code: str | None = None
    party_code: str | None = None


class SiteUnknown(Refusal, frozen=True, kw_only=True):
    """There is no site {value}."""

    value: str
    field: str = "site_code"


class ProductUnknown(Refusal, frozen=True, kw_only=True):
    """There is no {what} {value}."""

    what: str
    value: str
    field: str


class PartyUnknown(Refusal, frozen=True, kw_only=True):
    """There is no guide, store or dealer {value} that a code of this kind can name."""

    value: str
    field: str = "party_code"


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """What the codes of a batch name, read once; and every party of the brand, by its unit."""

    sites: Mapping[str, Site]
    products: Mapping[str, Product]
    skus: Mapping[str, Sku]
    parties: Mapping[str, Party]
    by_unit: Mapping[tuple[OrgUnitId, PartyKind], PartyId]

    def nearest(self, path: Sequence[OrgUnitId], kind: PartyKind) -> PartyId | None:
        """Return the party of a kind at the end of a path of units, or at the nearest unit above it."""
        found = (self.by_unit.get((unit_id, kind)) for unit_id in reversed(path))
        return next((party_id for party_id in found if party_id is not None), None)


def add_touchpoints(
    conn: Conn, wanted: Sequence[WantedTouchpoint], *, scope: Scope, now: datetime
) -> list[TouchpointAdded | Refusal]:
    """Make codes, in the order given; what names a site or a person of another branch is refused.

    A code of neither belongs to the whole brand.
    """
    register = _read_register(conn, wanted)
    named = [_named(one, register, scope=scope) for one in wanted]
    made = iter(
        touchpoints.add_touchpoints(conn, [one for one in named if isinstance(one, NewTouchpoint)], now=now)
    )
    return [next(made) if isinstance(one, NewTouchpoint) else one for one in named]


def _read_register(conn: Conn, wanted: Sequence[WantedTouchpoint]) -> Register:
    return Register(
        sites=org.sites_by_code(conn, _stated(one.site_code for one in wanted)),
        products=catalogue.products_by_code(conn, _stated(one.product_code for one in wanted)),
        skus=catalogue.skus_by_code(conn, _stated(one.sku_code for one in wanted)),
        parties=org.parties_by_code(conn, _stated(one.party_code for one in wanted)),
        by_unit=parties_by_unit(conn),
    )


def parties_by_unit(conn: Conn) -> dict[tuple[OrgUnitId, PartyKind], PartyId]:
    """Return the stores and dealers of the brand by their unit."""
    found: dict[tuple[OrgUnitId, PartyKind], PartyId] = {}
    for party in org.branch_parties(conn):
        if party.kind in {PartyKind.STORE, PartyKind.DEALER}:
            found.setdefault((party.unit_id, party.kind), party.id)
    return found


def _named(one: WantedTouchpoint, register: Register, *, scope: Scope) -> NewTouchpoint | Refusal:
    """Find what codes name. What is in another branch is refused before it is known whether the rest exists."""
    if one.kind in _MADE_ELSEWHERE:
        return TouchpointKindIsMade(kind=one.kind)
    site = register.sites.get(one.site_code) if one.site_code is not None else None
    party = register.parties.get(one.party_code) if one.party_code is not None else None
    unit_id = site.unit_id if site else party.unit_id if party else None
    if not _is_covered(scope, site, party):
        return NotInYourBranch(subject=one.site_code or one.party_code or one.kind.value)
    if one.site_code is not None and site is None:
        return SiteUnknown(value=one.site_code)
    if one.party_code is not None and (party is None or not _fits(one.kind, party)):
        return PartyUnknown(value=one.party_code)
    goods = _goods_of(one, register)
    if isinstance(goods, Refusal):
        return goods
    target = msgspec.structs.replace(
        goods,
        site_id=site.id if site else None,
        site_code=site.code if site else None,
        unit_id=unit_id,
        party_id=party.id if party else None,
        party_code=party.code if party else None,
    )
    return NewTouchpoint(
        kind=one.kind, label=one.label.strip(), target=target, parties=_parties_of(site, party, register)
    )


def _is_covered(scope: Scope, site: Site | None, party: Party | None) -> bool:
    """Both the place and the person must be somebody's own; what names neither is the whole brand's."""
    covers_site = site is None or scope.covers_site(site.id)
    covers_party = party is None or scope.everything or party.unit_id in scope.org_units
    return covers_site and covers_party and (scope.everything or site is not None or party is not None)


def _fits(kind: TouchpointKind, party: Party) -> bool:
    if kind is TouchpointKind.GUIDE:
        return party.kind is PartyKind.GUIDE
    return party.kind in {PartyKind.GUIDE, PartyKind.STORE, PartyKind.DEALER}


def _goods_of(one: WantedTouchpoint, register: Register) -> Target | Refusal:
    """A SKU names its product too; a product that is not the SKU's is one mistake or the other."""
    sku = register.skus.get(one.sku_code) if one.sku_code is not None else None
    if one.sku_code is not None and sku is None:
        return ProductUnknown(what="SKU", value=one.sku_code, field="sku_code")
    product = register.products.get(one.product_code) if one.product_code is not None else None
    if one.product_code is not None and (
        product is None or (sku is not None and sku.product_id != product.id)
    ):
        return ProductUnknown(what="product", value=one.product_code, field="product_code")
    if sku is not None:
        return Target(
            product_id=sku.product_id, product_code=sku.product_code, sku_id=sku.id, sku_code=sku.code
        )
    return Target(product_id=product.id, product_code=product.code) if product else Target()


def _parties_of(site: Site | None, party: Party | None, register: Register) -> Parties:
    """Whom a scan is owed to: the guide named, the store and the dealer named or of the place, else of the guide."""
    path = site.unit_path if site else party.unit_path if party else ()
    return Parties(
        guide_id=party.id if party and party.kind is PartyKind.GUIDE else None,
        store_id=party.id
        if party and party.kind is PartyKind.STORE
        else register.nearest(path, PartyKind.STORE),
        dealer_id=party.id
        if party and party.kind is PartyKind.DEALER
        else register.nearest(path, PartyKind.DEALER),
    )


def retire_touchpoints(
    conn: Conn, codes: Sequence[str], *, scope: Scope, now: datetime
) -> list[TouchpointRetired | Refusal]:
    """Take codes of one's own branch out of use."""
    found = touchpoints.touchpoints_by_codes(conn, codes)
    outside = {code for code, one in found.items() if not touchpoints.covers(scope, one)}
    inside = [code for code in codes if code not in outside]
    retired = iter(touchpoints.retire_touchpoints(conn, inside, now=now))
    return [NotInYourBranch(subject=code) if code in outside else next(retired) for code in codes]


def issue_receipts(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> dict[OrderId, str]:
    """Give orders their receipt codes: whoever holds one sees what was bought and may review it.

    An order has one receipt for good, however often it is asked for; unknown orders have none. The parties of a
    receipt are found when it is scanned, not at the till.
    """
    heads = orders.orders_by_ids(conn, list(dict.fromkeys(order_ids)))
    sites = org.sites_by_id(conn, {head.site_id for head in heads if head.site_id is not None})
    new: list[NewTouchpoint] = []
    for head in heads:
        site = sites.get(head.site_id) if head.site_id is not None else None
        target = Target(
            order_id=head.id,
            order_number=head.number,
            site_id=site.id if site else None,
            site_code=site.code if site else None,
            unit_id=site.unit_id if site else None,
        )
        new.append(NewTouchpoint(kind=TouchpointKind.RECEIPT, target=target))
    made = all_granted(touchpoints.add_touchpoints(conn, new, now=now))
    return {head.id: one.code for head, one in zip(heads, made, strict=True)}


def _stated(values: Iterable[T | None]) -> set[T]:
    return {value for value in values if value is not None}
