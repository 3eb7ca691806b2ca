"""Own members: who serves or brings buyers is noted as the members they are, so that rules know whom they served."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import customers, org
from loopline.customers import Identity, IdentityKind, Opening
from loopline.customers.keys import KeyRing
from loopline.customers.queries import known_members
from loopline.db import Conn
from loopline.kernel.ids import MemberId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.org import PartyKind
from loopline.sharing import own
from loopline.sharing.own import OwnMember

SERVES_OR_BRINGS = (PartyKind.GUIDE, PartyKind.DEALER, PartyKind.STREAMER)


class WantedOwn(msgspec.Struct, frozen=True, kw_only=True):
    """A party by its code, and a member who it is: by phone, or by id."""

    party_code: str
    member: str


class OwnPartyUnknown(Refusal, frozen=True, kw_only=True):
    """There is no guide, dealer or streamer {party_code}."""

    party_code: str


class OwnMemberUnknown(Refusal, frozen=True, kw_only=True):
    """Nobody is a member by {member}: write a phone as the member gave it, or the member's id."""

    member: str


def note_own(  # noqa: PLR0913 - whom, by which keys, who asks and what for, and when
    conn: Conn, wanted: Sequence[WantedOwn], *, ring: KeyRing, by: PersonId, purpose: str, now: datetime
) -> list[OwnMember | Refusal]:
    """Note that parties are members, one outcome each; what is known already stays. Of later settlements it counts.

    That members were looked for by their phone is written down, with what for.
    """
    parties = org.parties_by_code(conn, sorted({one.party_code for one in wanted}))
    members = _members(conn, [one.member for one in wanted], ring=ring)
    outcomes: list[OwnMember | Refusal] = []
    for one, member_id in zip(wanted, members, strict=True):
        party = parties.get(one.party_code)
        if party is None or party.kind not in SERVES_OR_BRINGS:
            outcomes.append(OwnPartyUnknown(party_code=one.party_code))
        elif member_id is None:
            outcomes.append(OwnMemberUnknown(member=one.member))
        else:
            outcomes.append(OwnMember(party_id=party.id, member_id=member_id))
    found = [one for one in outcomes if isinstance(one, OwnMember)]
    if found:
        opening = Opening(actor=f"person:{by}", purpose=purpose)
        customers.open_personal(
            conn, sorted({one.member_id for one in found}), ring=ring, opening=opening, now=now
        )
        own.note_own_members(conn, found, by=by, now=now)
    return outcomes


def _members(conn: Conn, said: Sequence[str], *, ring: KeyRing) -> list[MemberId | None]:
    ids = [_id_in(one) for one in said]
    known = known_members(conn, {one for one in ids if one is not None})
    phones = [Identity(kind=IdentityKind.PHONE, value=one) for one in said]
    by_phone = customers.members_by_identities(conn, phones, ring=ring)
    return [
        phone if member_id is None else member_id if member_id in known else None
        for member_id, phone in zip(ids, by_phone, strict=True)
    ]


def _id_in(said: str) -> MemberId | None:
    try:
        return MemberId(UUID(said))
    except ValueError:
        return None
