"""Own members: which members are a party itself, or somebody who earns through it. What they buy, the party neither
served nor brought.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import MemberId, PartyId, PersonId

SQL = statements(__file__)


class OwnMember(msgspec.Struct, frozen=True, kw_only=True):
    """A party and a member who is that party."""

    party_id: PartyId
    member_id: MemberId


class OwnMemberNoted(OwnMember, frozen=True, kw_only=True):
    """Who noted that, and when."""

    noted_by: PersonId
    noted_at: datetime


def note_own_members(conn: Conn, found: Sequence[OwnMember], *, by: PersonId, now: datetime) -> None:
    """Keep that members are parties; what is known already stays as it was. Of what is sold from now on they count."""
    execute(
        conn,
        SQL["add_own_members"],
        party_ids=uuids(one.party_id for one in found),
        member_ids=uuids(one.member_id for one in found),
        noted_by=by,
        noted_at=now,
    )


def parties_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, frozenset[PartyId]]:
    """Return which parties members are; members who are none are left out. Locks nothing."""
    found: dict[MemberId, set[PartyId]] = {}
    for one in fetch(conn, SQL["own_of_members"], OwnMemberNoted, member_ids=uuids(member_ids)):
        found.setdefault(one.member_id, set()).add(one.party_id)
    return {member_id: frozenset(party_ids) for member_id, party_ids in found.items()}


def members_of_parties(conn: Conn, party_ids: Iterable[PartyId]) -> list[OwnMemberNoted]:
    """Return which members parties are, by party and member. Locks nothing."""
    return fetch(conn, SQL["own_of_parties"], OwnMemberNoted, party_ids=uuids(party_ids))
