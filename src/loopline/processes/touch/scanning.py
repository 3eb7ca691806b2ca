"""Scanning: where a code leads, what is remembered of it, and whose customer the member becomes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import catalogue, customers, org, touchpoints
from loopline.catalogue.queries import sku_codes_by_gtin
from loopline.customers.bindings import BindingRole, NewBinding, Standing, lock_bindings
from loopline.db import Conn, log
from loopline.kernel.events import Event, event
from loopline.kernel.ids import MemberId, PartyId, ScanId, TouchpointId
from loopline.kernel.refusals import Refusal
from loopline.org import PartyKind
from loopline.processes.outcomes import all_granted
from loopline.processes.touch.making import parties_by_unit
from loopline.touchpoints import (
    DigitalLink,
    MemberBound,
    NewTouchpoint,
    Parties,
    ScanMade,
    ScanRecorded,
    Target,
    Tie,
    Touchpoint,
    TouchpointKind,
    TouchpointScanned,
)


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scan leads, and the scan it counts as."""

    kind: TouchpointKind
    leads_to: str
    touchpoint_id: TouchpointId
    scan_id: ScanId
    is_repeat: bool


class GtinUnknown(Refusal, frozen=True, kw_only=True):
    """Nothing of ours has the GTIN {gtin}."""

    gtin: str


def scan(
    conn: Conn, scans: Sequence[ScanMade], *, now: datetime, actor: str = "visitor"
) -> list[Scanned | Refusal]:
    """Record scans, in the order given, and let those of members bind by rule.

    Locks the members, then what `touchpoints` locks.
    """
    standing = lock_bindings(conn, _members(scans))
    outcomes = touchpoints.record_scans(conn, [_of_known(one, standing) for one in scans], now=now)
    recorded = [one for one in outcomes if isinstance(one, ScanRecorded)]
    fresh = [one for one in recorded if not one.is_repeat]
    ties = _bind(conn, fresh, standing=standing, now=now)
    told = [event(_scanned(one), subject=one.touchpoint.id, at=now, actor=actor) for one in fresh]
    log.append(conn, [*told, *_bound(ties, now=now)])
    return [_led(one) if isinstance(one, ScanRecorded) else one for one in outcomes]


def _members(scans: Sequence[ScanMade]) -> set[MemberId]:
    return {one.member_id for one in scans if one.member_id is not None}


def _of_known(one: ScanMade, standing: dict[MemberId, list[Standing]]) -> ScanMade:
    """Who was erased is nobody any more."""
    if one.member_id is None or one.member_id in standing:
        return one
    return msgspec.structs.replace(one, member_id=None)


def _scanned(one: ScanRecorded) -> TouchpointScanned:
    return TouchpointScanned(
        scan_id=one.scan_id,
        touchpoint_id=one.touchpoint.id,
        kind=one.touchpoint.kind,
        channel=one.channel,
        site_id=one.touchpoint.site_id,
        product_id=one.touchpoint.product_id,
        live_room_id=one.touchpoint.live_room_id,
        member_id=one.member_id,
        scanned_at=one.at,
    )


def _led(one: ScanRecorded) -> Scanned:
    return Scanned(
        kind=one.touchpoint.kind,
        leads_to=touchpoints.path_of(one.touchpoint),
        touchpoint_id=one.touchpoint.id,
        scan_id=one.scan_id,
        is_repeat=one.is_repeat,
    )


def scan_digital_link(
    conn: Conn, link: DigitalLink, made: ScanMade, *, now: datetime, actor: str = "visitor"
) -> Scanned | Refusal:
    """Record a scan of goods by their GTIN, as of the one code that every piece of that SKU carries."""
    sku_code = sku_codes_by_gtin(conn, [link.gtin]).get(link.gtin)
    if sku_code is None:
        return GtinUnknown(gtin=link.gtin)
    sku = catalogue.skus_by_code(conn, [sku_code])[sku_code]
    target = Target(
        product_id=sku.product_id,
        product_code=sku.product_code,
        sku_id=sku.id,
        sku_code=sku.code,
        gtin=link.gtin,
    )
    new = NewTouchpoint(kind=TouchpointKind.PRODUCT, target=target)
    (added,) = all_granted(touchpoints.add_touchpoints(conn, [new], now=now))
    (outcome,) = scan(conn, [msgspec.structs.replace(made, code=added.code)], now=now, actor=actor)
    return outcome


def identify_visitor(conn: Conn, arrivals: Sequence[tuple[UUID, MemberId]], *, now: datetime) -> list[ScanId]:
    """Make what unknown visitors scanned that of the members they turned out to be, and bind these by it.

    Call it when somebody signs in; again it does nothing. Returns the scans that found their member. Locks the
    members, then the visitors.
    """
    standing = lock_bindings(conn, {member_id for _, member_id in arrivals})
    known = {visitor: member_id for visitor, member_id in arrivals if member_id in standing}
    claimed = touchpoints.claim_scans(conn, known, now=now)
    ties = _bind(conn, claimed, standing=standing, now=now)
    log.append(conn, _bound(ties, now=now))
    return [one.scan_id for one in claimed]


def _bind(
    conn: Conn,
    scans: Sequence[ScanRecorded],
    *,
    standing: dict[MemberId, list[Standing]],
    now: datetime,
) -> list[Tie]:
    """Decide what scans bind, and bind; of several in one role the last that binds counts."""
    of_members = [one for one in scans if one.member_id is not None]
    if not of_members:
        return []
    ties = touchpoints.tie_members(
        conn,
        _with_parties(conn, of_members),
        standing={
            member_id: [(one.role.value, one.party_id, one.bound_at, one.reason) for one in ones]
            for member_id, ones in standing.items()
        },
    )
    last = {(tie.member_id, tie.role): tie for tie in ties if tie.protected_until is not None}
    bindings = [
        NewBinding(
            member_id=tie.member_id,
            role=BindingRole(tie.role.value),
            party_id=tie.party_id,
            reason=tie.reason,
        )
        for tie in last.values()
    ]
    if bindings:
        customers.bind_members(conn, bindings, now=now)
    return ties


def _with_parties(conn: Conn, scans: Sequence[ScanRecorded]) -> list[ScanRecorded]:
    """Receipts name their site; whose that is, is asked when one is scanned."""
    site_ids = {
        one.touchpoint.site_id
        for one in scans
        if one.touchpoint.kind is TouchpointKind.RECEIPT and one.touchpoint.site_id is not None
    }
    if not site_ids:
        return list(scans)
    sites = org.sites_by_id(conn, site_ids)
    by_unit = parties_by_unit(conn)

    def nearest(touchpoint: Touchpoint, kind: PartyKind) -> PartyId | None:
        site = sites.get(touchpoint.site_id) if touchpoint.site_id is not None else None
        found = (by_unit.get((unit_id, kind)) for unit_id in reversed(site.unit_path if site else ()))
        return next((party_id for party_id in found if party_id is not None), None)

    named: list[ScanRecorded] = []
    for one in scans:
        if one.touchpoint.kind is TouchpointKind.RECEIPT:
            parties = Parties(
                store_id=nearest(one.touchpoint, PartyKind.STORE),
                dealer_id=nearest(one.touchpoint, PartyKind.DEALER),
            )
            touchpoint = msgspec.structs.replace(
                one.touchpoint, store_id=parties.store_id, dealer_id=parties.dealer_id
            )
            named.append(msgspec.structs.replace(one, touchpoint=touchpoint))
        else:
            named.append(one)
    return named


def _bound(ties: Sequence[Tie], *, now: datetime) -> list[Event]:
    return [
        event(
            MemberBound(
                member_id=tie.member_id,
                role=tie.role,
                party_id=tie.party_id,
                outcome=tie.outcome,
                was_bound_to=tie.was_bound_to,
                scan_id=tie.scan_id,
            ),
            subject=tie.member_id,
            at=now,
        )
        for tie in ties
        if tie.protected_until is not None
    ]
