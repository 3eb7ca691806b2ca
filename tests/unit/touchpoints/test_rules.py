"""Which touch earns the credit, and which scan takes a member over: the edges."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import MemberId, PartyId, ScanId, TouchpointId
from loopline.touchpoints.model import (
    AttributionRule,
    BindingRule,
    BindRole,
    BoundTo,
    CreditBasis,
    CreditRole,
    Parties,
    ScanChannel,
    ScanRecorded,
    TieOutcome,
    Touch,
    Touchpoint,
    TouchpointKind,
    WhichTouch,
)
from loopline.touchpoints.rules import credit, plan_ties

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
A, B = PartyId(UUID(int=1)), PartyId(UUID(int=2))
MEMBER = MemberId(UUID(int=9))


def touch(number: int, at: datetime, *, guide: PartyId | None = A, scanned: bool = True) -> Touch:
    return Touch(
        touchpoint_id=TouchpointId(UUID(int=100 + number)),
        kind=TouchpointKind.GUIDE,
        at=at,
        scan_id=ScanId(UUID(int=number)) if scanned else None,
        parties=Parties(guide_id=guide),
    )


def rule(
    *,
    minutes: int = 60,
    touch: WhichTouch = WhichTouch.LAST,
    binding_wins: bool = True,
    since: datetime = NOON - DAY,
) -> AttributionRule:
    return AttributionRule(
        role=CreditRole.GUIDE,
        effective_from=since,
        window_minutes=minutes,
        touch=touch,
        binding_wins=binding_wins,
    )


@pytest.mark.parametrize(
    ("touches", "which", "earns"),
    [
        ([], WhichTouch.LAST, None),
        ([touch(1, NOON - 60 * MINUTE)], WhichTouch.LAST, 1),
        ([touch(1, NOON - 61 * MINUTE)], WhichTouch.LAST, None),
        ([touch(1, NOON)], WhichTouch.LAST, 1),
        ([touch(1, NOON + MINUTE)], WhichTouch.LAST, None),
        ([touch(1, NOON - 5 * MINUTE), touch(2, NOON - MINUTE, guide=B)], WhichTouch.LAST, 2),
        ([touch(1, NOON - 5 * MINUTE), touch(2, NOON - MINUTE, guide=B)], WhichTouch.FIRST, 1),
        ([touch(2, NOON - MINUTE), touch(1, NOON - MINUTE, guide=B)], WhichTouch.LAST, 2),
        ([touch(1, NOON - 5 * MINUTE), touch(2, NOON - MINUTE, guide=None)], WhichTouch.LAST, 1),
    ],
)
def test_the_touch_that_earns(touches: list[Touch], which: WhichTouch, earns: int | None):
    credited = credit(touches, at=NOON, bound={}, rules=[rule(touch=which)])
    assert [one.scan_id for one in credited] == ([UUID(int=earns)] if earns is not None else [])


def test_a_code_that_the_order_names_is_later_than_a_scan_of_that_moment():
    touches = [touch(1, NOON), touch(2, NOON, guide=B, scanned=False)]
    (credited,) = credit(touches, at=NOON, bound={}, rules=[rule()])
    assert (credited.party_id, credited.scan_id, credited.touchpoint_id) == (B, None, UUID(int=102))


@pytest.mark.parametrize(("binding_wins", "party", "basis"), [(True, B, "binding"), (False, A, "touch")])
def test_a_binding_goes_first_where_the_rule_says_so(binding_wins: bool, party: PartyId, basis: str):
    bound = {CreditRole.GUIDE: B}
    (credited,) = credit([touch(1, NOON)], at=NOON, bound=bound, rules=[rule(binding_wins=binding_wins)])
    assert (credited.party_id, credited.basis) == (party, CreditBasis(basis))
    (alone,) = credit([], at=NOON, bound=bound, rules=[rule(binding_wins=binding_wins)])
    assert (alone.party_id, alone.basis) == (B, CreditBasis.BINDING)


def test_the_rule_of_the_order_s_moment_counts():
    rules = [rule(minutes=60), rule(minutes=10, since=NOON), rule(minutes=600, since=NOON + MINUTE)]
    assert credit([touch(1, NOON - 11 * MINUTE)], at=NOON, bound={}, rules=rules) == ()
    assert credit([touch(1, NOON - 10 * MINUTE)], at=NOON, bound={}, rules=rules) != ()
    assert credit([touch(1, NOON)], at=NOON - 2 * DAY, bound={CreditRole.GUIDE: A}, rules=rules) == ()


# ---- bindings


def point(guide: PartyId) -> Touchpoint:
    named = {
        "id": UUID(int=50),
        "code": "X",
        "kind": "guide",
        "label": "",
        "added_at": NOON,
        "guide_id": guide,
    }
    return msgspec.convert(dict.fromkeys(Touchpoint.__struct_fields__) | named, Touchpoint)


def scanned(number: int, guide: PartyId, at: datetime) -> ScanRecorded:
    return ScanRecorded(
        scan_id=ScanId(UUID(int=number)),
        touchpoint=point(guide),
        visitor=UUID(int=7),
        member_id=MEMBER,
        channel=ScanChannel.BROWSER,
        at=at,
        is_repeat=False,
    )


def by_scan(*, until: datetime, may_take_over: bool) -> BoundTo:
    return BoundTo(
        role=BindRole.GUIDE,
        party_id=B,
        bound_at=NOON - 50 * DAY,
        protected_until=until,
        may_take_over=may_take_over,
    )


GUIDES = BindingRule(
    kind=TouchpointKind.GUIDE,
    role=BindRole.GUIDE,
    effective_from=NOON - 100 * DAY,
    is_active=True,
    protection_days=10,
    may_take_over=True,
)


@pytest.mark.parametrize(
    ("stands", "at", "outcome"),
    [
        (None, NOON, TieOutcome.BOUND),
        (BoundTo(role=BindRole.GUIDE, party_id=A, bound_at=NOON), NOON, None),
        # Bound by something else than a scan: as long as the rule at hand says.
        (
            BoundTo(role=BindRole.GUIDE, party_id=B, bound_at=NOON - 10 * DAY),
            NOON - MINUTE,
            TieOutcome.PROTECTED,
        ),
        (BoundTo(role=BindRole.GUIDE, party_id=B, bound_at=NOON - 10 * DAY), NOON, TieOutcome.TAKEN_OVER),
        # Bound by a scan: as long as its rule said then.
        (by_scan(until=NOON + DAY, may_take_over=True), NOON, TieOutcome.PROTECTED),
        (by_scan(until=NOON, may_take_over=True), NOON, TieOutcome.TAKEN_OVER),
        (by_scan(until=NOON, may_take_over=False), NOON, TieOutcome.KEPT),
        # Scanned before the binding was made: told late, it takes nothing.
        (BoundTo(role=BindRole.GUIDE, party_id=B, bound_at=NOON + DAY), NOON, TieOutcome.PROTECTED),
    ],
)
def test_what_a_scan_does_to_a_binding(stands: BoundTo | None, at: datetime, outcome: TieOutcome | None):
    ties = plan_ties([scanned(1, A, at)], standing={MEMBER: [stands] if stands else []}, rules=[GUIDES])
    assert [tie.outcome for tie in ties] == ([outcome] if outcome else [])
    for tie in ties:
        binds = tie.outcome in {TieOutcome.BOUND, TieOutcome.TAKEN_OVER}
        assert tie.protected_until == (at + 10 * DAY if binds else None)
        assert tie.was_bound_to == (stands.party_id if stands else None)


def test_scans_of_one_batch_are_decided_in_the_order_they_were_made():
    late_first = [scanned(2, B, NOON + DAY), scanned(1, A, NOON), scanned(3, B, NOON + 10 * DAY)]
    ties = plan_ties(late_first, standing={MEMBER: []}, rules=[GUIDES])
    assert [(tie.party_id, tie.outcome) for tie in ties] == [
        (A, TieOutcome.BOUND),
        (B, TieOutcome.PROTECTED),
        (B, TieOutcome.TAKEN_OVER),
    ]


def test_who_is_not_known_any_more_is_bound_to_nobody():
    assert plan_ties([scanned(1, A, NOON)], standing={}, rules=[GUIDES]) == []
