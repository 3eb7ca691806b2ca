"""Members, for staff and programs: who becomes one, finding them, what happened to them, what they agreed to.

Personal data are opened for a written purpose and answered masked. A branch sees the members that are bound to its
parties, or bought at its sites; the whole brand sees all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import customers, orders, org
from loopline.customers import (
    ConsentChange,
    ConsentChannel,
    ConsentKey,
    Identity,
    IdentityKind,
    KeyRing,
    NewMember,
    Opening,
    Personal,
    Purpose,
    Registered,
    masked_name,
    masked_phone,
)
from loopline.customers.queries import known_members, timeline_page
from loopline.customers.refusals import IdentitiesOfSeveralMembers, MemberUnknown
from loopline.db import Conn
from loopline.kernel.ids import MemberId, PartyId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.org.lists import party_codes
from loopline.processes import membership
from loopline.processes.namesakes import CANDIDATES_A_PAGE, first_of_pages
from loopline.web.api.answers import AnyRequest, answered, read, run
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing, NothingToFindBy
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.api.types import Code, Country, Moment, Name
from loopline.web.edge import edge_of

_TAG = "members"
_FOUND_MAX = 20
# Who says what a member is known by decides who signs in as them: a phone wants the code that was sent to it.
_UNPROVED = frozenset(IdentityKind) - {IdentityKind.PHONE}

Value = Annotated[
    str, Meta(min_length=1, max_length=200, description="As written; a phone may leave out +86.")
]
WhatFor = Annotated[
    str, Meta(min_length=3, max_length=200, description="Why you look; kept in the log of access.")
]


class IdentityAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a member is known by."""

    kind: IdentityKind
    value: Value


class MemberAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who shows up. All identities are one person's; one that is known finds that member."""

    identities: Annotated[list[IdentityAsk], Meta(min_length=1, max_length=10)]
    name: Name | None = None
    country: Country = "CN"
    channel: Code | None = None


class MemberKept(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is; `was_known` where one of the identities named them before.

    `left_out` are the kinds of identities that did not become theirs: a member who is known gets new ones only from the
    whole brand, and nobody gets a phone that was not proved by a code, beside the first one of a new member.
    """

    member_id: MemberId
    was_known: bool
    left_out: list[IdentityKind]


class FindAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By what a member is looked for: exactly one of these."""

    purpose: WhatFor
    phone: Value | None = None
    last_four: Annotated[str, Meta(pattern=r"^[0-9]{4}$(?!\n)")] | None = None
    name: Name | None = None


class MemberTold(msgspec.Struct, frozen=True, kw_only=True):
    """A member as most roles see one: masked. `guide_code` and `dealer_code`: whose customer they are."""

    member_id: MemberId
    name: str | None
    phones: list[str]
    guide_code: str | None
    dealer_code: str | None


class MembersFound(msgspec.Struct, frozen=True, kw_only=True):
    """Those who fit and are yours to see, at most twenty."""

    items: list[MemberTold]


class MomentTold(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a member: what, and to which order, scan or return."""

    at: datetime
    kind: str
    subject: UUID


class ConsentAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member said yes or no. `receiver_code` is the party that may reach them; without `at`, it was just now."""

    member_id: UUID
    purpose: Purpose
    channel: ConsentChannel
    receiver_code: Code
    granted: bool
    source: Annotated[str, Meta(min_length=1, max_length=200, description="The form, call or message.")]
    at: Moment | None = None


class ConsentKept(msgspec.Struct, frozen=True, kw_only=True):
    """The word is kept; `in_force` unless a later one stands."""

    in_force: bool


class ConsentTold(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a member's history."""

    purpose: Purpose
    channel: ConsentChannel
    receiver_code: str | None
    at: datetime
    granted: bool
    source: str


@posted("/members", tag=_TAG, name="register_members", gives=Outcomes[MemberKept])
def register_members(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[MemberAsk]]
) -> Response[bytes]:
    """Find members by what they are known by, or add them. Identities of several members are refused."""
    scope = caller.scope(Permission.MEMBERS_WRITE)
    ring = edge_of(request).ring
    may_add = _UNPROVED if scope.everything else frozenset[IdentityKind]()
    coming = [
        NewMember(
            identities=tuple(Identity(kind=each.kind, value=each.value) for each in one.identities),
            name=one.name,
            country=one.country,
            channel=one.channel,
            may_add=may_add,
        )
        for one in data.items
    ]

    def work(conn: Conn, now: datetime) -> Sequence[MemberKept | Refusal]:
        outcomes = membership.register(conn, coming, ring=ring, now=now, actor=caller.actor)
        return [
            MemberKept(member_id=one.member_id, was_known=one.was_known, left_out=list(one.left_out))
            if isinstance(one, Registered)
            else one
            for one in _unnamed(conn, outcomes, scope=caller.branches.get(Permission.MEMBERS_READ, Scope()))
        ]

    return decided(request, caller, data, work)


def _unnamed(
    conn: Conn, outcomes: Sequence[Registered | Refusal], *, scope: Scope
) -> list[Registered | Refusal]:
    """Take out of refusals whom the caller may not see."""
    named = {
        member_id
        for one in outcomes
        if isinstance(one, IdentitiesOfSeveralMembers)
        for member_id in one.member_ids
    }
    seen = set(visible_members(conn, sorted(named), scope=scope))
    return [
        msgspec.structs.replace(one, member_ids=tuple(who for who in one.member_ids if who in seen))
        if isinstance(one, IdentitiesOfSeveralMembers)
        else one
        for one in outcomes
    ]


@posted("/members/find", tag=_TAG, name="find_members", gives=MembersFound)
def find_members(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[FindAsk]
) -> Response[bytes]:
    """Find members by phone, by its last four digits or by name. Who asked and what for is written down first."""
    scope = caller.scope(Permission.MEMBERS_READ)
    if sum(one is not None for one in (data.phone, data.last_four, data.name)) != 1:
        raise Refused(NothingToFindBy())
    ring = edge_of(request).ring
    opening = Opening(actor=caller.actor, purpose=data.purpose)

    def work(conn: Conn, now: datetime) -> MembersFound:
        found = members_asked(conn, data, ring=ring, scope=scope)
        opened = customers.open_personal(conn, found, ring=ring, opening=opening, now=now)
        return MembersFound(items=told_masked(conn, [one for one in opened if isinstance(one, Personal)]))

    return answered(run(request, work))


def members_asked(
    conn: Conn, data: FindAsk, *, ring: KeyRing, scope: Scope, most: int = _FOUND_MAX
) -> list[MemberId]:
    """Return those who fit and are visible, at most so many: of a page of namesakes after the other.

    `data` names one thing to find them by.
    """
    if data.phone is not None:
        identity = Identity(kind=IdentityKind.PHONE, value=data.phone)
        found = customers.members_by_identities(conn, [identity], ring=ring)
        return visible_members(conn, [one for one in found if one is not None], scope=scope)
    return first_of_pages(
        lambda after: _candidates(conn, data, ring=ring, after=after),
        keep=lambda page: visible_members(conn, page, scope=scope),
        most=most,
    )


def _candidates(conn: Conn, data: FindAsk, *, ring: KeyRing, after: MemberId | None) -> list[MemberId]:
    if data.last_four is not None:
        return customers.members_by_last_four(
            conn, data.last_four, ring=ring, limit=CANDIDATES_A_PAGE, after=after
        )
    return customers.members_by_name(conn, data.name or "", ring=ring, limit=CANDIDATES_A_PAGE, after=after)


def visible_members(conn: Conn, member_ids: Sequence[MemberId], *, scope: Scope) -> list[MemberId]:
    """Return those of some members that a scope may see: bound to a party of its units, or a buyer at its sites."""
    if scope.everything or not member_ids:
        return list(member_ids)
    bound = customers.bindings_of_members(conn, member_ids)
    party_ids = {
        party_id
        for one in bound.values()
        for party_id in (one.guide_id, one.store_id, one.dealer_id)
        if party_id is not None
    }
    own = {
        party_id
        for party_id, party in org.parties_by_id(conn, party_ids).items()
        if party.unit_id in scope.org_units
    }
    bought = orders.buyers_among(conn, member_ids, sites=scope.sites)
    return [one for one in member_ids if one in bought or _is_bound(bound.get(one), own)]


def _is_bound(bound: customers.Bound | None, own: set[PartyId]) -> bool:
    return bound is not None and bool({bound.guide_id, bound.store_id, bound.dealer_id} & own)


def told_masked(conn: Conn, opened: Sequence[Personal]) -> list[MemberTold]:
    """Write members down as most roles see them."""
    bound = customers.bindings_of_members(conn, [one.member_id for one in opened])
    party_ids = {
        party_id
        for one in bound.values()
        for party_id in (one.guide_id, one.dealer_id)
        if party_id is not None
    }
    codes = party_codes(conn, party_ids) if party_ids else {}
    return [
        MemberTold(
            member_id=one.member_id,
            name=masked_name(one.name) if one.name is not None else None,
            phones=[masked_phone(each.value) for each in one.identities if each.kind is IdentityKind.PHONE],
            guide_code=_code(codes, bound, one.member_id, guide=True),
            dealer_code=_code(codes, bound, one.member_id, guide=False),
        )
        for one in opened
    ]


def _code(
    codes: dict[PartyId, str],
    bound: dict[MemberId, customers.Bound],
    member_id: MemberId,
    *,
    guide: bool,
) -> str | None:
    found = bound.get(member_id)
    party_id = (found.guide_id if guide else found.dealer_id) if found else None
    return codes.get(party_id) if party_id else None


def visible_member(conn: Conn, member_id: UUID, scope: Scope) -> MemberId:
    """Return a member who exists and is the caller's to see. Raises Refused (404) where not."""
    known = known_members(conn, [MemberId(member_id)])
    if not known or not visible_members(conn, [MemberId(member_id)], scope=scope):
        raise Refused(NoSuchThing(noun="member", value=str(member_id)))
    return MemberId(member_id)


@told("/members/{member_id:uuid}/timeline", tag=_TAG, name="list_moments")
def list_moments(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    member_id: FromPath[UUID],
    asked: NamedDependency[Paging],
) -> Page[MomentTold]:
    """List what happened to a member, the latest first: touches, orders, returns, reviews."""
    scope = caller.scope(Permission.MEMBERS_READ)
    after = asked.after(datetime, str, UUID)

    def work(conn: Conn, _: datetime) -> list[customers.Moment]:
        found = visible_member(conn, member_id, scope)
        place = (after[0], after[1], after[2]) if after else None
        return timeline_page(conn, found, after=place, limit=asked.at_most)

    return page_of(
        read(request, work),
        asked,
        told=lambda one: MomentTold(at=one.at, kind=one.kind, subject=one.subject),
        cursor=lambda one: encode_cursor(one.at, one.kind, one.subject),
    )


@told("/members/{member_id:uuid}/consents", tag=_TAG, name="list_consents")
def list_consents(
    request: AnyRequest, caller: NamedDependency[Caller], member_id: FromPath[UUID]
) -> list[ConsentTold]:
    """List everything a member said, the latest first."""
    scope = caller.scope(Permission.MEMBERS_READ)
    return read(request, lambda conn, _: consents_told(conn, visible_member(conn, member_id, scope)))


def consents_told(conn: Conn, member_id: MemberId) -> list[ConsentTold]:
    """Return a member's statements with the codes of who may reach them."""
    found = customers.consent_history(conn, member_id)
    codes = party_codes(conn, {one.receiver_id for one in found}) if found else {}
    return [
        ConsentTold(
            purpose=one.purpose,
            channel=one.channel,
            receiver_code=codes.get(one.receiver_id),
            at=one.at,
            granted=one.granted,
            source=one.source,
        )
        for one in found
    ]


@posted("/members/consents", tag=_TAG, name="state_consents", gives=Outcomes[ConsentKept])
def state_consents(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ConsentAsk]]
) -> Response[bytes]:
    """Keep what members said, in whatever order it comes in: the latest word of each stands."""
    scope = caller.scope(Permission.MEMBERS_WRITE)

    def work(conn: Conn, now: datetime) -> Sequence[ConsentKept | Refusal]:
        judged = _changes(conn, data.items, scope=scope, now=now)
        return merged(
            judged,
            lambda changes: [
                one if isinstance(one, Refusal) else ConsentKept(in_force=one.in_force)
                for one in membership.state_consents(conn, changes, now=now, actor=caller.actor)
            ],
        )

    return decided(request, caller, data, work)


def _changes(
    conn: Conn, items: Sequence[ConsentAsk], *, scope: Scope, now: datetime
) -> list[ConsentChange | Refusal]:
    receivers = org.parties_by_code(conn, {one.receiver_code for one in items})
    member_ids = list({MemberId(one.member_id) for one in items})
    seen = set(visible_members(conn, member_ids, scope=scope))
    changes: list[ConsentChange | Refusal] = []
    for one in items:
        receiver = receivers.get(one.receiver_code)
        member_id = MemberId(one.member_id)
        if receiver is None:
            changes.append(NoSuchThing(noun="party", value=one.receiver_code))
        elif member_id not in seen:
            changes.append(MemberUnknown(member_id=member_id))
        else:
            key = ConsentKey(
                member_id=member_id, purpose=one.purpose, channel=one.channel, receiver_id=receiver.id
            )
            changes.append(ConsentChange(key=key, granted=one.granted, at=one.at or now, source=one.source))
    return changes


class OwnConsentAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A yes or a no of one's own; without a receiver it is for the brand."""

    purpose: Purpose
    channel: ConsentChannel
    granted: bool
    receiver_code: Code | None = None


def own_changes(
    conn: Conn, items: Sequence[OwnConsentAsk], *, member_id: MemberId, now: datetime
) -> list[ConsentChange | Refusal]:
    """Make a member's own words into changes; who is not named is the brand."""
    named = org.parties_by_code(conn, {one.receiver_code for one in items if one.receiver_code})
    brand = org.brand_party(conn)
    changes: list[ConsentChange | Refusal] = []
    for one in items:
        receiver = named.get(one.receiver_code) if one.receiver_code else brand
        if receiver is None:
            changes.append(NoSuchThing(noun="party", value=one.receiver_code or ""))
            continue
        key = ConsentKey(
            member_id=member_id, purpose=one.purpose, channel=one.channel, receiver_id=receiver.id
        )
        changes.append(ConsentChange(key=key, granted=one.granted, at=now, source="member"))
    return changes


MEMBER_HANDLERS = [register_members, find_members, list_moments, list_consents, state_consents]
