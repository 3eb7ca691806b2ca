"""Commands of customers: who is known, what may be opened, what is erased. None commits.

Personal data enter and leave here and nowhere else; the keys come in as a `KeyRing` that the edge opened.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.customers import store
from loopline.customers.keys import DamagedSeal, KeyRing, LostKey, new_member_key, seal, unseal
from loopline.customers.model import Erased, Identity, IdentityKind, NewMember, Opening, Personal, Registered
from loopline.customers.refusals import (
    IdentityContended,
    KeyLost,
    MemberUnknown,
    MemberWasErased,
    PersonalDataDamaged,
)
from loopline.customers.rules import (
    IdentityKey,
    Registration,
    last_four,
    normalised,
    normalised_value,
    plan_registrations,
    searchable_name,
)
from loopline.db import Conn
from loopline.kernel.ids import MemberId, uuid7s
from loopline.kernel.refusals import Refusal

NAME_PLACE = "customers.member.name"
IDENTITY_PLACE = "customers.identity.value"
LAST_FOUR_KIND = "phone_last_four"
NAME_KIND = "name"
_ATTEMPTS = 3


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    """A registration to decide: who comes, and the keys of their identities under the current indexing key."""

    position: int
    member: NewMember
    keys: tuple[IdentityKey, ...]


class _Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn of registering writes: who is who, and the members' own keys in the open."""

    items: Sequence[_Item]
    plan: Registration
    ring: KeyRing
    member_keys: Mapping[MemberId, bytes]
    now: datetime


def register_members(
    conn: Conn, members: Sequence[NewMember], *, ring: KeyRing, now: datetime
) -> list[Registered | Refusal]:
    """Find members by their identities, or add them; decided one after the other in the order given.

    A known member gets the identities they did not have, and a name where they had none, as far as `may_add` of who
    comes allows. Identities of several members are refused. The same identity from two transactions at once is one
    member: the second waits for the first. Locks members it adds to by id (shared), then identities in the order of
    their keys.
    """
    outcomes: list[Registered | Refusal | None] = [None] * len(members)
    items: list[_Item] = []
    for position, member in enumerate(members):
        clean = normalised(member)
        if isinstance(clean, NewMember):
            keys = tuple(_key_of(identity, ring) for identity in clean.identities)
            items.append(_Item(position=position, member=clean, keys=keys))
        else:
            outcomes[position] = clean
    # Each turn but the last loses to a rival who committed meanwhile; three turns bound the statements.
    for _ in range(_ATTEMPTS):
        if not items:
            break
        decided, items = _register(conn, items, ring=ring, now=now)
        for position, outcome in decided.items():
            outcomes[position] = outcome
    return [IdentityContended() if outcome is None else outcome for outcome in outcomes]


def _key_of(identity: Identity, ring: KeyRing, *, key_id: int | None = None) -> IdentityKey:
    return identity.kind, ring.blind(identity.kind.value, identity.value, key_id=key_id)


def _register(
    conn: Conn, items: Sequence[_Item], *, ring: KeyRing, now: datetime
) -> tuple[dict[int, Registered | Refusal], list[_Item]]:
    """Register once; return what was decided, by position, and the items that lost to a rival meanwhile."""
    known = _known_members(conn, items, ring)
    new_ids = [MemberId(made) for made in uuid7s(now, len(items))]
    plan = plan_registrations(
        [item.keys for item in items],
        known=known,
        new_ids=new_ids,
        may_add=[item.member.may_add for item in items],
    )
    touched = _touched(items, plan)
    standing = store.lock_members(conn, touched) if touched else {}
    if any(standing.get(member_id, now) is not None for member_id in touched):
        return {}, list(items)  # somebody was erased since they were found: look again
    member_keys, faults = open_member_keys(conn, touched, ring)
    member_keys |= {member_id: new_member_key() for member_id in plan.new_members}
    turn = _Turn(items=items, plan=plan, ring=ring, member_keys=member_keys, now=now)
    _insert_members(conn, turn)
    if not _insert_identities(conn, turn):
        return {}, list(items)
    _name_members(conn, turn)
    decided: dict[int, Registered | Refusal] = {}
    for item, outcome in zip(items, plan.outcomes, strict=True):
        fault = faults.get(outcome.member_id) if isinstance(outcome, Registered) else None
        decided[item.position] = fault or outcome
    return decided, []


def _touched(items: Sequence[_Item], plan: Registration) -> list[MemberId]:
    """Return the known members to whom something may be added, by id."""
    adding = {position for position, _ in plan.additions}
    return sorted(
        {
            outcome.member_id
            for position, outcome in enumerate(plan.outcomes)
            if isinstance(outcome, Registered) and outcome.member_id not in plan.new_members
            if position in adding or _names(items[position].member)
        }
    )


def _names(member: NewMember) -> bool:
    """Tell whether a registration may give a name to a member who is known and has none."""
    return member.name is not None and bool(member.may_add)


def _known_members(conn: Conn, items: Sequence[_Item], ring: KeyRing) -> dict[IdentityKey, MemberId]:
    """Return who the items' identities name, by their keys under the current indexing key, whichever found them."""
    current_of: dict[IdentityKey, IdentityKey] = {}
    for item in items:
        for identity, key in zip(item.member.identities, item.keys, strict=True):
            for key_id in ring.indexing_ids:
                current_of[_key_of(identity, ring, key_id=key_id)] = key
    found = store.identities_by_blinds(conn, current_of)
    return {current_of[key]: member_id for key, member_id in found.items()}


def _insert_members(conn: Conn, turn: _Turn) -> None:
    rows: list[store.MemberRow] = []
    for member_id, position in turn.plan.new_members.items():
        member, member_key = turn.items[position].member, turn.member_keys[member_id]
        name, name_blind = _sealed_name(member.name, member_key, turn.ring)
        rows.append(
            store.MemberRow(
                member_id=member_id,
                channel=member.channel,
                wrapped=turn.ring.wrap(member_key, member_id=member_id),
                name=name,
                name_blind=name_blind,
            )
        )
    if rows:
        store.insert_members(conn, rows, indexed_with=turn.ring.indexing_id, now=turn.now)
        store.insert_member_keys(conn, rows, sealed_with=turn.ring.sealing_id)


def _sealed_name(name: str | None, member_key: bytes, ring: KeyRing) -> tuple[bytes | None, bytes | None]:
    if name is None:
        return None, None
    return seal(name, member_key=member_key, place=NAME_PLACE), ring.blind(NAME_KIND, searchable_name(name))


def _insert_identities(conn: Conn, turn: _Turn) -> bool:
    """Add the identities; where a rival has one of them, take everything of this turn back and return False."""
    rows: list[store.IdentityRow] = []
    for position, place in turn.plan.additions:
        outcome = turn.plan.outcomes[position]
        if isinstance(outcome, Registered) and outcome.member_id in turn.member_keys:
            identity = turn.items[position].member.identities[place]
            rows.append(
                _identity_row(identity, outcome.member_id, turn.member_keys[outcome.member_id], turn.ring)
            )
    if not rows:
        return True
    added = store.insert_identities(conn, rows, indexed_with=turn.ring.indexing_id, now=turn.now)
    if len(added) == len(rows):
        return True
    store.delete_identities(conn, added)
    store.delete_member_keys(conn, turn.plan.new_members)
    store.delete_members(conn, turn.plan.new_members)
    return False


def _identity_row(
    identity: Identity, member_id: MemberId, member_key: bytes, ring: KeyRing
) -> store.IdentityRow:
    digits = last_four(identity)
    return store.IdentityRow(
        key=_key_of(identity, ring),
        member_id=member_id,
        value=seal(identity.value, member_key=member_key, place=IDENTITY_PLACE),
        last_four=None if digits is None else ring.blind(LAST_FOUR_KIND, digits),
    )


def _name_members(conn: Conn, turn: _Turn) -> None:
    """Give a name to known members who had none; the first item that has one counts."""
    rows: dict[MemberId, store.NameRow] = {}
    for item, outcome in zip(turn.items, turn.plan.outcomes, strict=True):
        if not isinstance(outcome, Registered) or not outcome.was_known:
            continue
        if item.member.name is None or not _names(item.member):
            continue
        member_key = turn.member_keys.get(outcome.member_id)
        if member_key is None or outcome.member_id in rows:
            continue
        rows[outcome.member_id] = store.NameRow(
            member_id=outcome.member_id,
            name=seal(item.member.name, member_key=member_key, place=NAME_PLACE),
            name_blind=turn.ring.blind(NAME_KIND, searchable_name(item.member.name)),
        )
    if rows:
        named = [rows[member_id] for member_id in sorted(rows)]
        store.name_nameless_members(conn, named, indexed_with=turn.ring.indexing_id)


def members_by_identities(
    conn: Conn, identities: Sequence[Identity], *, ring: KeyRing, country: str = "CN"
) -> list[MemberId | None]:
    """Return who has each identity, or None; phones without their country are read as numbers of `country`."""
    asked: dict[IdentityKey, int] = {}
    positions: dict[Identity, list[int]] = {}
    for position, identity in enumerate(identities):
        value = normalised_value(identity, country=country)
        if value is not None:
            positions.setdefault(Identity(kind=identity.kind, value=value), []).append(position)
    clean = list(positions)
    for place, identity in enumerate(clean):
        for key_id in ring.indexing_ids:
            asked[_key_of(identity, ring, key_id=key_id)] = place
    found: list[MemberId | None] = [None] * len(identities)
    for key, member_id in store.identities_by_blinds(conn, asked).items():
        for position in positions[clean[asked[key]]]:
            found[position] = member_id
    return found


def open_personal(
    conn: Conn, member_ids: Sequence[MemberId], *, ring: KeyRing, opening: Opening, now: datetime
) -> list[Personal | Refusal]:
    """Return members' personal data in the open, after writing down who asked and what for."""
    if not member_ids:
        return []
    store.insert_access(conn, member_ids, opening=opening, now=now)
    members = store.sealed_members(conn, member_ids)
    keys, faults = open_member_keys(conn, member_ids, ring)
    identities: dict[MemberId, list[store.SealedIdentity]] = {}
    for identity in store.sealed_identities(conn, member_ids):
        identities.setdefault(identity.member_id, []).append(identity)
    return [
        _opened(member_id, members.get(member_id), identities.get(member_id, []), keys.get(member_id))
        if member_id not in faults
        else faults[member_id]
        for member_id in member_ids
    ]


def phones_of_member(conn: Conn, member_id: MemberId, *, ring: KeyRing) -> list[str]:
    """Return a member's own phones in the open, for that member; nothing is written into the log of access."""
    keys, _ = open_member_keys(conn, [member_id], ring)
    key = keys.get(member_id)
    found: list[str] = []
    for one in store.sealed_identities(conn, [member_id]) if key is not None else ():
        if one.kind is IdentityKind.PHONE and key is not None:
            try:
                found.append(unseal(one.value, member_key=key, place=IDENTITY_PLACE))
            except DamagedSeal:
                continue
    return found


def _opened(
    member_id: MemberId,
    member: store.SealedMember | None,
    identities: Sequence[store.SealedIdentity],
    key: bytes | None,
) -> Personal | Refusal:
    if member is None:
        return MemberUnknown(member_id=member_id)
    if member.erased_at is not None:
        return MemberWasErased(member_id=member_id)
    if key is None:
        return PersonalDataDamaged(member_id=member_id)
    try:
        return Personal(
            member_id=member_id,
            name=None if member.name is None else unseal(member.name, member_key=key, place=NAME_PLACE),
            identities=tuple(
                Identity(kind=one.kind, value=unseal(one.value, member_key=key, place=IDENTITY_PLACE))
                for one in identities
            ),
        )
    except DamagedSeal:
        return PersonalDataDamaged(member_id=member_id)


def open_member_keys(
    conn: Conn, member_ids: Sequence[MemberId], ring: KeyRing
) -> tuple[dict[MemberId, bytes], dict[MemberId, Refusal]]:
    """Return members' own keys in the open, and why those that do not open do not."""
    opened: dict[MemberId, bytes] = {}
    faults: dict[MemberId, Refusal] = {}
    if not member_ids:
        return opened, faults
    for member_id, key in store.member_keys(conn, member_ids).items():
        unwrapped = unwrapped_key(key, ring)
        if isinstance(unwrapped, Refusal):
            faults[member_id] = unwrapped
        else:
            opened[member_id] = unwrapped
    return opened, faults


def unwrapped_key(key: store.WrappedKey, ring: KeyRing) -> bytes | Refusal:
    """Return a member's own key, or why it does not open."""
    try:
        return ring.unwrap(key.wrapped, sealed_with=key.sealed_with, member_id=key.member_id)
    except LostKey as lost:
        return KeyLost(member_id=key.member_id, key_id=lost.key_id)
    except DamagedSeal:
        return PersonalDataDamaged(member_id=key.member_id)


def erase_members(conn: Conn, member_ids: Sequence[MemberId], *, now: datetime) -> list[Erased | Refusal]:
    """Forget members' personal data for good; their ids stay, so that orders and books keep adding up.

    Their own keys go first: whatever was sealed with them, here, in other rooms or in exports, can be read by nobody
    again. Names, identities, addresses and timeline go, sessions and bindings end, consents are withdrawn and their
    history stays as proof. Erasing again changes nothing. Locks the members by id.
    """
    if not member_ids:
        return []
    erased = sorted(store.erase_members(conn, member_ids, now=now))
    if erased:
        store.delete_member_keys(conn, erased)
        store.delete_identities_of(conn, erased)
        store.delete_moments_of(conn, erased)
        store.delete_rests_of(conn, erased)
        store.delete_shown_numbers_of(conn, erased)
        store.delete_sessions_of(conn, erased)
        store.delete_addresses_of(conn, erased)
        store.delete_deliveries_of(conn, erased)
        store.withdraw_consents_of(conn, erased, now=now)
        store.end_bindings_of(conn, erased, now=now)
    members = store.sealed_members(conn, member_ids)
    outcomes: list[Erased | Refusal] = []
    for member_id in member_ids:
        member = members.get(member_id)
        if member is None or member.erased_at is None:
            outcomes.append(MemberUnknown(member_id=member_id))
        else:
            outcomes.append(Erased(member_id=member_id, at=member.erased_at))
    return outcomes
