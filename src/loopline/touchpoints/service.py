"""Commands of touchpoints: codes made and retired, scans kept, bindings decided, orders attributed. None commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.db.remembered import Marks, Remembered
from loopline.kernel.ids import LiveRoomId, MemberId, OrderId, PartyId, ScanId, TouchpointId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.touchpoints import store
from loopline.touchpoints.codes import CODE_LENGTH, RECEIPT_CODE_LENGTH, new_code, read_code
from loopline.touchpoints.model import (
    Attribution,
    AttributionRule,
    BindRole,
    BoundTo,
    Buyer,
    Credit,
    CreditRole,
    NewAttributionRule,
    NewBindingRule,
    NewTouchpoint,
    ScanMade,
    ScanRecorded,
    Tie,
    Touch,
    Touchpoint,
    TouchpointAdded,
    TouchpointKind,
    TouchpointRetired,
)
from loopline.touchpoints.refusals import RuleNotUsable, TouchpointGone, TouchpointUnknown
from loopline.touchpoints.rules import (
    SAME_SCAN,
    Asked,
    attribution_rules_at,
    credit,
    fault_of,
    fault_of_scan,
    plan_scans,
    plan_ties,
)

CLAIMED_BACK = timedelta(days=90)
"""How far back the scans of a browser become those of the member who signs in there."""
PROTECTION_DAYS_MAX = 3650
WINDOW_MINUTES_MAX = 525_600

OwnKey = tuple[str, OrderId | LiveRoomId | str]


class Touched(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What touched a buyer within the widest window, oldest first, and who is credited for it."""

    touches: tuple[Touch, ...]
    credits: tuple[Credit, ...]


def add_touchpoints(
    conn: Conn, new: Sequence[NewTouchpoint], *, now: datetime
) -> list[TouchpointAdded | Refusal]:
    """Make codes. Of a receipt of an order, a GTIN and a live room there is one: asked for again, it is the one.

    Locks only the rows it makes; waits for rivals that make the same receipt.
    """
    faults = [fault_of(one) for one in new]
    ids = [TouchpointId(made) for made in uuid7s(now, len(new))]
    codes = [new_code(length=_length(one.kind)) for one in new]
    rows = [
        _row(one, touchpoint_id=touchpoint_id, code=code)
        for one, fault, touchpoint_id, code in zip(new, faults, ids, codes, strict=True)
        if fault is None
    ]
    made = store.insert_touchpoints(conn, rows, now=now) if rows else set[TouchpointId]()
    left = [
        one
        for one, fault, touchpoint_id in zip(new, faults, ids, strict=True)
        if fault is None and touchpoint_id not in made
    ]
    standing = _standing(conn, left) if left else {}
    outcomes: list[TouchpointAdded | Refusal] = []
    for one, fault, touchpoint_id, code in zip(new, faults, ids, codes, strict=True):
        if fault is not None:
            outcomes.append(fault)
        elif touchpoint_id in made:
            outcomes.append(TouchpointAdded(touchpoint_id=touchpoint_id, code=code))
        else:
            outcomes.append(standing[_own_key(one)])
    return outcomes


def _length(kind: TouchpointKind) -> int:
    """What grants something to whoever holds it is longer."""
    return RECEIPT_CODE_LENGTH if kind in {TouchpointKind.RECEIPT, TouchpointKind.PARCEL} else CODE_LENGTH


def _row(one: NewTouchpoint, *, touchpoint_id: TouchpointId, code: str) -> dict[str, Any]:
    return {
        "id": touchpoint_id,
        "code": code,
        "kind": one.kind,
        "label": one.label,
        **{name: getattr(one.target, name) for name in one.target.__struct_fields__},
        **{name: getattr(one.parties, name) for name in one.parties.__struct_fields__},
    }


def _own_key(one: NewTouchpoint) -> OwnKey:
    target = one.target
    if target.gtin is not None:
        return ("gtin", target.gtin)
    if target.live_room_id is not None:
        return ("live room", target.live_room_id)
    # A code that is neither would have met its own: a chance that nobody will see, and a bug if anybody does.
    assert one.kind is TouchpointKind.RECEIPT
    assert target.order_id is not None
    return ("receipt", target.order_id)


def _standing(conn: Conn, left: Sequence[NewTouchpoint]) -> dict[OwnKey, TouchpointAdded]:
    keys = [_own_key(one) for one in left]
    found = store.touchpoints_of_their_own(
        conn,
        order_ids=[one.target.order_id for one in left if one.target.order_id is not None],
        gtins=[one.target.gtin for one in left if one.target.gtin is not None],
        live_room_ids=[one.target.live_room_id for one in left if one.target.live_room_id is not None],
    )
    standing: dict[OwnKey, TouchpointAdded] = {}
    for one in found:
        added = TouchpointAdded(touchpoint_id=one.id, code=one.code, is_new=False)
        own = (("gtin", one.gtin), ("live room", one.live_room_id), ("receipt", one.order_id))
        standing.update({(name, value): added for name, value in own if value is not None})
    return {key: standing[key] for key in keys}


def retire_touchpoints(
    conn: Conn, codes: Sequence[str], *, now: datetime
) -> list[TouchpointRetired | Refusal]:
    """Take codes out of use; one that is already stays so. Locks them."""
    spelt = [read_code(code) for code in codes]
    found = store.touchpoints_by_code(conn, spelt)
    store.retire_touchpoints(conn, sorted({one.id for one in found.values()}), now=now)
    return [
        TouchpointRetired(touchpoint_id=found[code].id, code=code)
        if code in found
        else TouchpointUnknown(touchpoint_code=code)
        for code in spelt
    ]


def codes_in_use(conn: Conn, codes: Iterable[str]) -> dict[str, Touchpoint | Refusal]:
    """Return what codes name, under the spelling they were asked in, or why they name nothing (any more)."""
    spellings = {code: read_code(code) for code in codes}
    found = store.touchpoints_by_code(conn, spellings.values())
    answers: dict[str, Touchpoint | Refusal] = {}
    for asked, spelt in spellings.items():
        one = found.get(spelt)
        if one is None:
            answers[asked] = TouchpointUnknown(touchpoint_code=spelt)
        else:
            answers[asked] = one if one.retired_at is None else TouchpointGone(touchpoint_code=spelt)
    return answers


# ---- scans


def record_scans(conn: Conn, scans: Sequence[ScanMade], *, now: datetime) -> list[ScanRecorded | Refusal]:
    """Keep scans of codes that are in use; the same visitor at the same code within seconds counts once.

    Told again, a scan is the one it was. Locks the visitors, then the days' counts by (touchpoint, day).
    """
    named = codes_in_use(conn, [scan.code for scan in scans])
    outcomes: list[ScanRecorded | Refusal] = []
    asked: list[Asked] = []
    positions: list[int] = []
    for scan, scan_id in zip(scans, uuid7s(now, len(scans)), strict=True):
        touchpoint = named[scan.code]
        refusal = fault_of_scan(scan, now=now) or (touchpoint if isinstance(touchpoint, Refusal) else None)
        outcomes.append(refusal or TouchpointUnknown(touchpoint_code=scan.code))
        if refusal is None and isinstance(touchpoint, Touchpoint):
            positions.append(len(outcomes) - 1)
            asked.append(Asked(scan=scan, touchpoint=touchpoint, scan_id=ScanId(scan_id)))
    if not asked:
        return outcomes
    recorded = plan_scans(asked, nearby=_nearby(conn, asked))
    fresh = [one for one in recorded if not one.is_repeat]
    if fresh:
        store.insert_scans(conn, fresh, now=now)
    for position, one in zip(positions, recorded, strict=True):
        outcomes[position] = one
    return outcomes


def _nearby(
    conn: Conn, asked: Sequence[Asked]
) -> dict[tuple[UUID, TouchpointId], list[tuple[datetime, ScanId]]]:
    store.lock_visitors(conn, {one.scan.visitor for one in asked})
    wanted = [(one.scan.visitor, one.touchpoint.id, one.scan.at) for one in asked]
    nearby: dict[tuple[UUID, TouchpointId], list[tuple[datetime, ScanId]]] = {}
    for one in store.scans_nearby(conn, wanted, within=SAME_SCAN):
        nearby.setdefault((one.visitor, one.touchpoint_id), []).append((one.at, one.scan_id))
    return nearby


def claim_scans(conn: Conn, members: Mapping[UUID, MemberId], *, now: datetime) -> list[ScanRecorded]:
    """Make the scans of unknown visitors those of the members they turned out to be; returns them, oldest first.

    What was scanned more than `CLAIMED_BACK` ago, by a member who was signed in, or was claimed before, stays as it
    is. Locks the visitors.
    """
    store.lock_visitors(conn, members)
    unclaimed = store.scans_to_claim(conn, members, since=now - CLAIMED_BACK)
    if not unclaimed:
        return []
    touchpoints = store.touchpoints_by_id(conn, [one.touchpoint_id for one in unclaimed])
    claimed = [
        ScanRecorded(
            scan_id=one.scan_id,
            touchpoint=touchpoints[one.touchpoint_id],
            visitor=one.visitor,
            member_id=members[one.visitor],
            channel=one.channel,
            at=one.at,
            is_repeat=False,
        )
        for one in unclaimed
    ]
    store.insert_claims(conn, claimed, now=now)
    return claimed


def tie_members(
    conn: Conn,
    scans: Sequence[ScanRecorded],
    *,
    standing: Mapping[MemberId, Sequence[tuple[str, PartyId, datetime, str]]],
) -> list[Tie]:
    """Decide and keep what scans do to whose customers members are; `standing` has (role, party, bound at, reason).

    The caller holds the members and binds them by what comes back.
    """
    last = {(tie.member_id, tie.role): tie for tie in store.last_binding_ties(conn, standing)}

    def bound(member_id: MemberId, role: str, party_id: PartyId, bound_at: datetime, reason: str) -> BoundTo:
        tie = last.get((member_id, BindRole(role)))
        if tie is None or not tie.made(party_id, reason):
            return BoundTo(role=BindRole(role), party_id=party_id, bound_at=bound_at)
        return BoundTo(
            role=tie.role,
            party_id=party_id,
            bound_at=bound_at,
            protected_until=tie.protected_until,
            may_take_over=tie.may_take_over,
        )

    by_member = {member_id: [bound(member_id, *one) for one in ones] for member_id, ones in standing.items()}
    ties = plan_ties(scans, standing=by_member, rules=store.binding_rules(conn))
    if ties:
        store.insert_ties(conn, ties)
    return ties


# ---- what brought an order


def touched_buyers(
    conn: Conn,
    buyers: Sequence[Buyer],
    *,
    bound: Mapping[MemberId, Mapping[CreditRole, PartyId]],
    marks: Marks | None = None,
) -> list[Touched]:
    """Return what touched each buyer before buying, and who is credited by the rules of that moment. Locks nothing.

    A code that an order names counts as a touch at the moment of the order; one that is unknown or retired does not.
    With the `marks` of the transaction the rules are those that the process remembers.
    """
    rules = store.attribution_rules(conn) if marks is None else _RULES.find(conn, (None,), marks=marks)[None]
    widest = max(
        (
            rule.window_minutes
            for at in {one.at for one in buyers}
            for rule in attribution_rules_at(rules, at).values()
        ),
        default=0,
    )
    before = store.touches_before(conn, buyers, window=timedelta(minutes=widest)) if buyers else []
    codes = {one.touchpoint_code for one in buyers if one.touchpoint_code is not None}
    named = codes_in_use(conn, codes) if codes else {}
    touchpoints = store.touchpoints_by_id(conn, [one.touchpoint_id for one in before]) if before else {}
    found: list[list[Touch]] = [[] for _ in buyers]
    for one in before:
        found[one.place - 1].append(_touch(touchpoints[one.touchpoint_id], at=one.at, scan_id=one.scan_id))
    for buyer, touches in zip(buyers, found, strict=True):
        stated = named.get(buyer.touchpoint_code) if buyer.touchpoint_code is not None else None
        if isinstance(stated, Touchpoint):
            touches.append(_touch(stated, at=buyer.at, scan_id=None))
    return [
        Touched(
            touches=tuple(touches),
            credits=credit(
                touches,
                at=buyer.at,
                bound=bound.get(buyer.member_id, {}) if buyer.member_id is not None else {},
                rules=rules,
            ),
        )
        if touches or buyer.member_id in bound
        else _UNTOUCHED
        for buyer, touches in zip(buyers, found, strict=True)
    ]


def _all_rules(conn: Conn, keys: Collection[None]) -> dict[None, Sequence[AttributionRule]]:
    return dict.fromkeys(keys, tuple(store.attribution_rules(conn)))


_RULES: Remembered[None, Sequence[AttributionRule]] = Remembered("touchpoints", _all_rules)
"""Every rule of attribution there ever was, under the only key there is."""

_UNTOUCHED = Touched(touches=(), credits=())
"""Most buyers of a rush: nothing is decided for them."""


def _touch(touchpoint: Touchpoint, *, at: datetime, scan_id: ScanId | None) -> Touch:
    return Touch(
        touchpoint_id=touchpoint.id,
        kind=touchpoint.kind,
        at=at,
        scan_id=scan_id,
        live_room_id=touchpoint.live_room_id,
        parties=touchpoint.parties,
    )


def record_attributions(
    conn: Conn, attributions: Sequence[Attribution], *, now: datetime
) -> list[Attribution]:
    """Keep what touched orders; returns those that are new, in the order given. What stands for an order stays."""
    if not attributions:
        return []
    made = store.insert_attributions(conn, attributions, now=now)
    return [one for one in attributions if one.order_id in made]


# ---- rules


def set_binding_rules(
    conn: Conn, rules: Sequence[NewBindingRule], *, author: str, now: datetime
) -> list[NewBindingRule | Refusal]:
    """Let rules of binding count from now on; what was bound before stays as it was bound."""
    outcomes: list[NewBindingRule | Refusal] = [
        one if 0 <= one.protection_days <= PROTECTION_DAYS_MAX else _out_of_days() for one in rules
    ]
    good = [one for one in outcomes if isinstance(one, NewBindingRule)]
    if good:
        store.insert_binding_rules(conn, good, author=author, now=now)
    return outcomes


def _out_of_days() -> RuleNotUsable:
    return RuleNotUsable(field="protection_days", lowest=0, highest=PROTECTION_DAYS_MAX)


def set_attribution_rules(
    conn: Conn, rules: Sequence[NewAttributionRule], *, author: str, now: datetime
) -> list[NewAttributionRule | Refusal]:
    """Let rules of attribution count for orders placed from now on."""
    outcomes: list[NewAttributionRule | Refusal] = [
        one
        if 0 <= one.window_minutes <= WINDOW_MINUTES_MAX
        else RuleNotUsable(field="window_minutes", lowest=0, highest=WINDOW_MINUTES_MAX)
        for one in rules
    ]
    good = [one for one in outcomes if isinstance(one, NewAttributionRule)]
    if good:
        store.insert_attribution_rules(conn, good, author=author, now=now)
    return outcomes
