"""What a role sees of an order: the matrix, row by row, and nothing by a permission that does not reach the order."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import pytest

from loopline.kernel.ids import EntityId, LineId, OrderId, OrgUnitId, PartyId, PersonId, RuleSetId, SiteId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org import ROLE_PERMISSIONS, Party, PartyKind, Permission, Role
from loopline.sharing.model import Role as SharingRole
from loopline.sharing.queries import ShareOfLine, ShareState
from loopline.web.hq.order_text import may_find_by_member, text_asked
from loopline.web.hq.order_view import (
    MATRIX,
    Eyes,
    Part,
    Standing,
    eyes_on,
    parts_seen,
    shares_seen,
    standing_to,
)

SOLD_AT, SENT_BY, ELSEWHERE = (SiteId(UUID(int=number)) for number in (1, 2, 3))
EVERYTHING = frozenset(Permission)


def at(*sites: SiteId) -> Scope:
    return Scope(sites=frozenset(sites))


@pytest.mark.parametrize(
    ("scope", "selling", "standing"),
    [
        (WHOLE_BRAND, SOLD_AT, Standing.BRAND),
        (WHOLE_BRAND, None, Standing.BRAND),
        (at(SOLD_AT), SOLD_AT, Standing.SELLER),
        (at(SOLD_AT, SENT_BY), SOLD_AT, Standing.SELLER),
        (at(SENT_BY), SOLD_AT, Standing.SENDER),
        (at(SENT_BY), None, Standing.SENDER),
        (at(ELSEWHERE), SOLD_AT, None),
        (at(ELSEWHERE), None, None),
        (Scope(), SOLD_AT, None),
    ],
)
def test_where_somebody_stands_to_an_order(scope: Scope, selling: SiteId | None, standing: Standing | None):
    assert standing_to(scope, selling=selling, sending=[SENT_BY]) == standing


# What each standing sees with every permission there is.
SEEN: Mapping[Standing, set[Part]] = {
    Standing.BRAND: set(Part),
    Standing.SELLER: set(Part) - {Part.EVERY_SHARE, Part.SITE_CHOICE},
    Standing.SENDER: {Part.CITY},
}


@pytest.mark.parametrize("standing", Standing)
def test_what_a_standing_sees_at_most(standing: Standing):
    assert parts_seen(standing, EVERYTHING) == SEEN[standing]


WITHOUT = {
    Permission.MEMBERS_READ: {Part.MEMBER},
    Permission.PAYMENTS_READ: {Part.MONEY},
    Permission.PRICES_READ: {Part.PRICE_ORIGIN},
    Permission.EARNINGS_READ: {Part.EVERY_SHARE},
    Permission.RETURNS_READ: {Part.RETURNS},
    Permission.TOUCHPOINTS_READ: {Part.TOUCHES},
}


@pytest.mark.parametrize("permission", Permission)
def test_a_permission_that_is_missing_hides_its_part_and_no_other(permission: Permission):
    hidden = set(Part) - parts_seen(Standing.BRAND, EVERYTHING - {permission})
    assert hidden == WITHOUT.get(permission, set())


def test_every_part_has_its_row():
    assert set(MATRIX) == set(Part)


@pytest.mark.parametrize(
    ("role", "scope", "parts"),
    [
        (Role.HQ_OPERATIONS, WHOLE_BRAND, set(Part)),
        (Role.AUDITOR, WHOLE_BRAND, set(Part)),
        (Role.FINANCE, WHOLE_BRAND, set(Part) - {Part.MEMBER, Part.TOUCHES}),
        (Role.CUSTOMER_SERVICE, WHOLE_BRAND, set(Part) - {Part.EVERY_SHARE, Part.TOUCHES}),
        (Role.STORE_MANAGER, at(SOLD_AT), SEEN[Standing.SELLER]),
        (Role.GUIDE, at(SOLD_AT), SEEN[Standing.SELLER]),
        (Role.DEALER, at(SENT_BY), {Part.CITY}),
        (Role.DEALER, at(ELSEWHERE), None),
        (Role.MARKETING, WHOLE_BRAND, None),
        (Role.PACKER, at(SENT_BY), None),
        (Role.STREAMER, WHOLE_BRAND, None),
    ],
)
def test_what_roles_see(role: Role, scope: Scope, parts: set[Part] | None):
    branches = dict.fromkeys(ROLE_PERMISSIONS[role], scope)
    eyes = eyes_on(branches, selling=SOLD_AT, sending=[SENT_BY])
    assert (eyes.parts if eyes else None) == parts


def test_a_permission_counts_only_where_it_reaches_the_order():
    """Finance of another branch reads no money here; a seller's rights at the sending site open nothing."""
    branches = {
        Permission.ORDERS_READ: at(SOLD_AT, SENT_BY),
        Permission.PAYMENTS_READ: at(ELSEWHERE),
        Permission.MEMBERS_READ: at(SENT_BY),
        Permission.PRICES_READ: at(SOLD_AT),
        Permission.RETURNS_READ: WHOLE_BRAND,
    }
    eyes = eyes_on(branches, selling=SOLD_AT, sending=[SENT_BY])
    assert eyes is not None
    conditional = {Part.MONEY, Part.MEMBER, Part.PRICE_ORIGIN, Part.RETURNS}
    assert eyes.parts & conditional == {Part.PRICE_ORIGIN, Part.RETURNS}


def test_a_sender_sees_the_own_site_and_a_seller_every_site():
    sender = eyes_on({Permission.ORDERS_READ: at(SENT_BY)}, selling=SOLD_AT, sending=[SENT_BY, ELSEWHERE])
    seller = eyes_on({Permission.ORDERS_READ: at(SOLD_AT)}, selling=SOLD_AT, sending=[SENT_BY])
    assert sender is not None
    assert seller is not None
    assert [sender.sees_site(site) for site in (SENT_BY, ELSEWHERE)] == [True, False]
    assert [seller.sees_site(site) for site in (SENT_BY, ELSEWHERE)] == [True, True]


HERE, THERE = OrgUnitId(UUID(int=11)), OrgUnitId(UUID(int=12))
ANNA = PersonId(UUID(int=21))


def party(number: int, unit_id: OrgUnitId, person_id: PersonId | None = None) -> Party:
    return Party(
        id=PartyId(UUID(int=number)),
        code=str(number),
        kind=PartyKind.GUIDE,
        name=str(number),
        unit_id=unit_id,
        unit_path=(unit_id,),
        entity_id=None,
        person_id=person_id,
    )


def share(party_id: PartyId) -> ShareOfLine:
    return ShareOfLine(
        order_id=OrderId(UUID(int=1)),
        line_id=LineId(UUID(int=1)),
        part_id=UUID(int=1),
        rule_set_id=RuleSetId(UUID(int=1)),
        rule_row=1,
        role=SharingRole.GUIDE,
        party_id=party_id,
        entity_id=EntityId(UUID(int=1)),
        currency="CNY",
        amount_minor=1,
        cancelled_minor=0,
        clawed_back_minor=0,
        due_at=datetime(2026, 3, 2, tzinfo=UTC),
        state=ShareState.PENDING,
    )


@pytest.mark.parametrize(
    ("parts", "earning", "person_id", "seen"),
    [
        ({Part.EVERY_SHARE, Part.OWN_SHARES}, Scope(), None, {31, 32, 33}),
        ({Part.OWN_SHARES}, Scope(org_units=frozenset({HERE})), None, {31}),
        ({Part.OWN_SHARES}, Scope(), ANNA, {33}),
        ({Part.OWN_SHARES}, Scope(org_units=frozenset({HERE})), ANNA, {31, 33}),
        ({Part.OWN_SHARES}, Scope(), None, set[int]()),
        (set[Part](), Scope(org_units=frozenset({HERE})), ANNA, set[int]()),
    ],
)
def test_whose_shares_are_seen(parts: set[Part], earning: Scope, person_id: PersonId | None, seen: set[int]):
    parties = {one.id: one for one in (party(31, HERE), party(32, THERE), party(33, THERE, ANNA))}
    eyes = Eyes(
        standing=Standing.SELLER,
        parts=frozenset(parts),
        scope=at(SOLD_AT),
        earning=earning,
        person_id=person_id,
    )
    assert {one.party_id.int for one in shares_seen([share(one) for one in parties], parties, eyes)} == seen


@pytest.mark.parametrize(
    ("orders", "members", "may"),
    [
        (WHOLE_BRAND, WHOLE_BRAND, True),
        (WHOLE_BRAND, at(SOLD_AT), False),
        (at(SOLD_AT), WHOLE_BRAND, True),
        (at(SOLD_AT), at(SOLD_AT, SENT_BY), True),
        (at(SOLD_AT, SENT_BY), at(SOLD_AT), False),
        (at(SOLD_AT), None, False),
        (None, WHOLE_BRAND, False),
    ],
)
def test_orders_are_found_by_member_where_members_are_read_as_far(
    orders: Scope | None, members: Scope | None, may: bool
):
    given = {Permission.ORDERS_READ: orders, Permission.MEMBERS_READ: members}
    assert may_find_by_member({key: scope for key, scope in given.items() if scope is not None}) is may


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", None),
        ("  ", None),
        (" red coat ", "red coat"),
        ("\x00", None),
        ("k4xf dxy", "K4XF-DXY"),
        ("K4XF-DXZ", "K4XF-DXZ"),
    ],
)
def test_what_is_typed_is_looked_for_as_it_is_spelt(typed: str, asked: str | None):
    assert text_asked(typed) == asked
