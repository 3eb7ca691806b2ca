"""Reads of touchpoints, for screens and processes. None locks anything."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, fetch, fetch_one, fetch_rows, statements, uuids
from loopline.kernel.ids import MemberId, OrderId, PartyId, SiteId, TouchpointId
from loopline.kernel.scope import Scope
from loopline.touchpoints import store
from loopline.touchpoints.codes import read_code
from loopline.touchpoints.model import (
    Attribution,
    AttributionRule,
    BindingRule,
    Credit,
    ScanDay,
    ScanTotal,
    Tie,
    Touch,
    Touchpoint,
    TouchpointAdded,
    TouchpointKind,
)

SQL = statements(__file__, name="queries")


class TouchpointsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which codes somebody lists: of their branch, of a kind, of one site, those made before one."""

    scope: Scope
    kind: TouchpointKind | None = None
    site_id: SiteId | None = None
    before: TouchpointId | None = None
    limit: int = 50


def touchpoints_page(conn: Conn, ask: TouchpointsAsk) -> list[Touchpoint]:
    """Return a page of codes, the newest first; receipts and parcels are not listed.

    A code is in scope by its site or by the unit it belongs to; what belongs to neither is the whole brand's.
    """
    return fetch(
        conn,
        SQL["touchpoints_page"],
        Touchpoint,
        everything=ask.scope.everything,
        site_ids=uuids(ask.scope.sites),
        unit_ids=uuids(ask.scope.org_units),
        kind=ask.kind.value if ask.kind else None,
        site_id=ask.site_id,
        before=ask.before,
        limit=ask.limit,
    )


def touchpoints_by_codes(conn: Conn, codes: Iterable[str]) -> dict[str, Touchpoint]:
    """Return what codes name, in use or retired, under the spelling they were asked in; unknown ones are left out."""
    spellings = {code: read_code(code) for code in codes}
    found = store.touchpoints_by_code(conn, spellings.values())
    return {code: found[spelt] for code, spelt in spellings.items() if spelt in found}


def covers(scope: Scope, touchpoint: Touchpoint) -> bool:
    """Tell whether a code belongs to somebody's branch."""
    return scope.covers_site(touchpoint.site_id) or (
        touchpoint.unit_id is not None and touchpoint.unit_id in scope.org_units
    )


def product_card(conn: Conn, party_id: PartyId, product_code: str) -> TouchpointAdded | None:
    """Return the code in use of a product that a party hands out; None where there is none yet."""
    return fetch_one(conn, SQL["product_card"], TouchpointAdded, party_id=party_id, product_code=product_code)


def scan_totals(conn: Conn, touchpoint_ids: Iterable[TouchpointId]) -> dict[TouchpointId, ScanTotal]:
    """Return how often codes were scanned in all; those never scanned are left out."""
    found = fetch(conn, SQL["scan_totals"], ScanTotal, touchpoint_ids=uuids(touchpoint_ids))
    return {one.touchpoint_id: one for one in found}


def scan_days(conn: Conn, touchpoint_id: TouchpointId, *, limit: int) -> list[ScanDay]:
    """Return how often a code was scanned on its last days with scans, the latest first."""
    return fetch(conn, SQL["scan_days"], ScanDay, touchpoint_id=touchpoint_id, limit=limit)


def attributions_of_orders(conn: Conn, order_ids: Iterable[OrderId]) -> dict[OrderId, Attribution]:
    """Return what touched orders, and who got the credit; orders that nothing touched are left out."""
    found = fetch(conn, SQL["attributions_of_orders"], Attribution, order_ids=uuids(order_ids))
    return {one.order_id: one for one in found}


class CodeName(msgspec.Struct, frozen=True, kw_only=True):
    """What a touched code is called; `live_room_code` where it leads into a live room."""

    code: str
    label: str
    live_room_code: str | None


class OrderTrace(msgspec.Struct, frozen=True, kw_only=True):
    """What touched an order before it was placed, the credit that came of it, and what the codes are called."""

    order_id: OrderId
    placed_at: datetime
    touches: tuple[Touch, ...]
    credits: tuple[Credit, ...]
    codes: dict[TouchpointId, CodeName]


def traces_of_orders(conn: Conn, order_ids: Iterable[OrderId]) -> dict[OrderId, OrderTrace]:
    """Return what touched orders, code by code, in one read; orders that nothing touched are left out."""
    found = fetch(conn, SQL["traces_of_orders"], OrderTrace, order_ids=uuids(order_ids))
    return {one.order_id: one for one in found}


def campaigns_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, str]:
    """Return the code of the live room that orders came out of; orders that came out of none are left out."""
    return dict(fetch_rows(conn, SQL["campaigns_of_orders"], order_ids=uuids(order_ids)))


def orders_attributed(conn: Conn, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """Return which of these orders have their attribution."""
    return store.orders_attributed(conn, order_ids)


def ties_of_member(conn: Conn, member_id: MemberId, *, limit: int) -> list[Tie]:
    """Return what scans did to whose customer a member is, the latest first."""
    return fetch(conn, SQL["ties_of_member"], Tie, member_id=member_id, limit=limit)


def last_binding_ties(conn: Conn, member_ids: Iterable[MemberId]) -> list[Tie]:
    """Return the last scan that bound each of these members in each role, and how long that is protected."""
    return store.last_binding_ties(conn, member_ids)


def receipt_codes(conn: Conn, order_ids: Iterable[OrderId]) -> dict[OrderId, str]:
    """Return the codes of orders' receipts; orders without one are left out."""
    return dict(fetch_rows(conn, SQL["receipt_codes"], order_ids=uuids(order_ids)))


def binding_rules(conn: Conn) -> list[BindingRule]:
    """Return every rule of binding there ever was, by kind, role and moment."""
    return store.binding_rules(conn)


def attribution_rules(conn: Conn) -> list[AttributionRule]:
    """Return every rule of attribution there ever was, by role and moment."""
    return store.attribution_rules(conn)
