"""Pure decisions of touchpoints: where a code leads, which scans count, what they bind, what they are credited with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec

from loopline.kernel.ids import LiveRoomId, MemberId, PartyId, ScanId, TouchpointId
from loopline.kernel.refusals import Refusal
from loopline.touchpoints.model import (
    Attribution,
    AttributionRule,
    BindingRule,
    BindRole,
    BoundTo,
    Credit,
    CreditBasis,
    CreditRole,
    NewTouchpoint,
    Parties,
    ScanMade,
    ScanRecorded,
    Target,
    Tie,
    TieOutcome,
    Touch,
    Touchpoint,
    TouchpointKind,
    WhichTouch,
)
from loopline.touchpoints.refusals import LabelNotUsable, ScanOutsideWindow, TouchpointNeeds

LABEL_CHARACTERS_MAX = 100
SAME_SCAN = timedelta(seconds=5)
"""A camera that sees a code for some seconds, a page loaded twice: one scan."""
TOLD_WITHIN_DAYS = 30
_CLOCKS_DIFFER = timedelta(minutes=5)

_NEEDS: dict[TouchpointKind, tuple[str, ...]] = {
    TouchpointKind.STORE: ("site_code",),
    TouchpointKind.SHELF: ("site_code",),
    TouchpointKind.TABLE: ("site_code",),
    TouchpointKind.SAMPLE: ("site_code", "product_code"),
    TouchpointKind.PRODUCT: ("product_code",),
    TouchpointKind.GUIDE: ("party_code",),
    TouchpointKind.PARCEL: ("order_number",),
    TouchpointKind.RECEIPT: ("order_number",),
    TouchpointKind.LIVE_ROOM: ("live_room_code",),
    TouchpointKind.POSTER: (),
}


def fault_of(new: NewTouchpoint) -> Refusal | None:
    """Return why a code cannot be made, or None."""
    for field in _NEEDS[new.kind]:
        if getattr(new.target, field) is None:
            return TouchpointNeeds(kind=new.kind, field=field)
    if new.kind is TouchpointKind.POSTER and not _leads_somewhere(new.target):
        return TouchpointNeeds(kind=new.kind, field="product_code")
    if len(new.label) > LABEL_CHARACTERS_MAX or not new.label.isprintable():
        return LabelNotUsable(characters_max=LABEL_CHARACTERS_MAX)
    return None


def _leads_somewhere(target: Target) -> bool:
    return any((target.product_code, target.site_code, target.party_code))


def path_of(touchpoint: Touchpoint) -> str:
    """Return the page that a scan opens: by kind, and of the rest the product, else the place, else the person."""
    match touchpoint.kind:
        case TouchpointKind.RECEIPT:
            return f"/r/{_part(touchpoint.code)}"
        case TouchpointKind.PARCEL:
            return f"/o/{_part(touchpoint.order_number)}"
        case TouchpointKind.LIVE_ROOM:
            return f"/live/{_part(touchpoint.live_room_code)}"
        case TouchpointKind.GUIDE:
            return f"/g/{_part(touchpoint.party_code)}"
        case TouchpointKind.STORE:
            return f"/s/{_part(touchpoint.site_code)}"
        case _:
            return _path_of_place(touchpoint)


def _path_of_place(touchpoint: Touchpoint) -> str:
    if touchpoint.product_code is not None:
        named = {"site": touchpoint.site_code, "sku": touchpoint.sku_code}
        query = urlencode({name: value for name, value in named.items() if value is not None})
        return f"/p/{_part(touchpoint.product_code)}" + (f"?{query}" if query else "")
    if touchpoint.site_code is not None:
        return f"/s/{_part(touchpoint.site_code)}"
    return f"/g/{_part(touchpoint.party_code)}"


def _part(text: str | None) -> str:
    assert text is not None, "the kind of a touchpoint says what it names"
    return quote(text, safe="")


# ---- scans


def fault_of_scan(scan: ScanMade, *, now: datetime) -> ScanOutsideWindow | None:
    """Refuse scans of the future and of long ago; clocks of phones may be some minutes fast."""
    if now - timedelta(days=TOLD_WITHIN_DAYS) <= scan.at <= now + _CLOCKS_DIFFER:
        return None
    return ScanOutsideWindow(days=TOLD_WITHIN_DAYS)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A scan of a code that is in use, with the id it has if it counts."""

    scan: ScanMade
    touchpoint: Touchpoint
    scan_id: ScanId


def plan_scans(
    asked: Sequence[Asked], *, nearby: Mapping[tuple[UUID, TouchpointId], Sequence[tuple[datetime, ScanId]]]
) -> list[ScanRecorded]:
    """Decide which scans count: one visitor at one touchpoint counts once within `SAME_SCAN` (excluded).

    `nearby` has the scans that stand, near enough to matter; a scan of the batch counts against those after it.
    """
    standing = {key: list(scans) for key, scans in nearby.items()}
    recorded: list[ScanRecorded] = []
    for one in asked:
        scans = standing.setdefault((one.scan.visitor, one.touchpoint.id), [])
        same = next((scan_id for at, scan_id in scans if abs(at - one.scan.at) < SAME_SCAN), None)
        if same is None:
            scans.append((one.scan.at, one.scan_id))
        recorded.append(
            ScanRecorded(
                scan_id=same or one.scan_id,
                touchpoint=one.touchpoint,
                visitor=one.scan.visitor,
                member_id=one.scan.member_id,
                channel=one.scan.channel,
                at=one.scan.at,
                is_repeat=same is not None,
            )
        )
    return recorded


# ---- bindings

_PARTY_OF: dict[BindRole | CreditRole, str] = {
    BindRole.GUIDE: "guide_id",
    BindRole.STORE: "store_id",
    BindRole.DEALER: "dealer_id",
    CreditRole.GUIDE: "guide_id",
    CreditRole.DEALER: "dealer_id",
    CreditRole.STREAMER: "streamer_id",
}


def party_of(parties: Parties, role: BindRole | CreditRole) -> PartyId | None:
    """Return whom a touchpoint names in a role."""
    return getattr(parties, _PARTY_OF[role])


def rule_of_scan(
    rules: Iterable[BindingRule], *, kind: TouchpointKind, role: BindRole, at: datetime
) -> BindingRule | None:
    """Return the rule that counts for a kind of code and a role at a moment; None where none is active."""
    latest = max(
        (rule for rule in rules if rule.kind is kind and rule.role is role and rule.effective_from <= at),
        key=lambda rule: rule.effective_from,
        default=None,
    )
    return latest if latest is not None and latest.is_active else None


def plan_ties(
    scans: Sequence[ScanRecorded],
    *,
    standing: Mapping[MemberId, Collection[BoundTo]],
    rules: Sequence[BindingRule],
) -> list[Tie]:
    """Decide what scans by members do to whose customers they are, in the order in which the scans were made.

    Members who are not in `standing` are bound to nobody and stay so. A scan of whom one is bound to already does
    nothing. A binding is taken over only after its protection has ended, and only where its rule lets it be.
    """
    bound = {member_id: {one.role: one for one in ones} for member_id, ones in standing.items()}
    ties: list[Tie] = []
    for scan in sorted(scans, key=lambda one: (one.at, one.scan_id)):
        if scan.member_id is None or scan.member_id not in bound:
            continue
        of_member = bound[scan.member_id]
        for role in BindRole:
            party_id = party_of(scan.touchpoint.parties, role)
            rule = rule_of_scan(rules, kind=scan.touchpoint.kind, role=role, at=scan.at)
            stands = of_member.get(role)
            if party_id is None or rule is None or (stands is not None and stands.party_id == party_id):
                continue
            tie = _tie(scan, scan.member_id, party_id=party_id, rule=rule, stands=stands)
            ties.append(tie)
            if tie.protected_until is not None:
                of_member[role] = _bound_by(tie)
    return ties


def _tie(
    scan: ScanRecorded, member_id: MemberId, *, party_id: PartyId, rule: BindingRule, stands: BoundTo | None
) -> Tie:
    outcome = TieOutcome.BOUND if stands is None else _meeting(stands, rule=rule, at=scan.at)
    binds = outcome in {TieOutcome.BOUND, TieOutcome.TAKEN_OVER}
    return Tie(
        scan_id=scan.scan_id,
        role=rule.role,
        member_id=member_id,
        party_id=party_id,
        outcome=outcome,
        was_bound_to=stands.party_id if stands else None,
        rule_kind=rule.kind,
        rule_from=rule.effective_from,
        protected_until=scan.at + timedelta(days=rule.protection_days) if binds else None,
        may_take_over=rule.may_take_over,
        at=scan.at,
    )


def _meeting(stands: BoundTo, *, rule: BindingRule, at: datetime) -> TieOutcome:
    """What becomes of a binding that a scan of another party meets; the end of the protection is not protected."""
    until = stands.protected_until or stands.bound_at + timedelta(days=rule.protection_days)
    if at < until:
        return TieOutcome.PROTECTED
    may_take_over = rule.may_take_over if stands.may_take_over is None else stands.may_take_over
    return TieOutcome.TAKEN_OVER if may_take_over else TieOutcome.KEPT


def _bound_by(tie: Tie) -> BoundTo:
    return BoundTo(
        role=tie.role,
        party_id=tie.party_id,
        bound_at=tie.at,
        protected_until=tie.protected_until,
        may_take_over=tie.may_take_over,
    )


# ---- credits


def attribution_rules_at(rules: Iterable[AttributionRule], at: datetime) -> dict[CreditRole, AttributionRule]:
    """Return the rule of each role that counts at a moment; a role without one earns nothing by a touch."""
    found: dict[CreditRole, AttributionRule] = {}
    for rule in sorted(rules, key=lambda one: one.effective_from):
        if rule.effective_from <= at:
            found[rule.role] = rule
    return found


def credit(
    touches: Sequence[Touch],
    *,
    at: datetime,
    bound: Mapping[CreditRole, PartyId],
    rules: Iterable[AttributionRule],
) -> tuple[Credit, ...]:
    """Decide who is owed part of an order that was placed at `at`.

    In each role: whom the buyer is bound to, where the rule says that bindings go first; else the first or last touch
    that names somebody, from the beginning of the window (included) to the order (included); else whom the buyer is
    bound to; else nobody. Of touches of one moment the later id counts as later.
    """
    return tuple(
        credited
        for role, rule in attribution_rules_at(rules, at).items()
        if (credited := _credit_in(role, rule=rule, touches=touches, at=at, bound_to=bound.get(role)))
    )


def _credit_in(
    role: CreditRole,
    *,
    rule: AttributionRule,
    touches: Sequence[Touch],
    at: datetime,
    bound_to: PartyId | None,
) -> Credit | None:
    binding = None
    if bound_to is not None:
        binding = Credit(
            role=role, party_id=bound_to, basis=CreditBasis.BINDING, rule_from=rule.effective_from
        )
        if rule.binding_wins:
            return binding
    begins = at - timedelta(minutes=rule.window_minutes)
    within = sorted(
        (one for one in touches if begins <= one.at <= at and party_of(one.parties, role) is not None),
        key=lambda one: (one.at, one.scan_id is None, one.scan_id or one.touchpoint_id),
    )
    if not within:
        return binding
    decides = within[0 if rule.touch is WhichTouch.FIRST else -1]
    party_id = party_of(decides.parties, role)
    assert party_id is not None
    return Credit(
        role=role,
        party_id=party_id,
        basis=CreditBasis.TOUCH,
        rule_from=rule.effective_from,
        scan_id=decides.scan_id,
        touchpoint_id=decides.touchpoint_id,
    )


def live_room_of(touches: Sequence[Touch], credits_: Sequence[Credit]) -> LiveRoomId | None:
    """Return the live room an order belongs to: the one whose touch earned the streamer the credit."""
    for one in credits_:
        if one.role is CreditRole.STREAMER and one.basis is CreditBasis.TOUCH:
            for touch in touches:
                if (touch.touchpoint_id, touch.scan_id) == (one.touchpoint_id, one.scan_id):
                    return touch.live_room_id
    return None


def party_credited(attribution: Attribution, role: CreditRole) -> PartyId | None:
    """Return who got the credit in a role."""
    return next((one.party_id for one in attribution.credits if one.role is role), None)
