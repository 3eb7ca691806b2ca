"""Bindings: whose customer a member is. One guide, one store and one dealer at a time, made by rule, kept with their
history.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements, uuids
from loopline.kernel.ids import MemberId, PartyId

SQL = statements(__file__)


class BindingRole(StrEnum):
    """What a party is to the member: the guide who serves them, the store or the dealer whose customer they are."""

    GUIDE = "guide"
    STORE = "store"
    DEALER = "dealer"


class NewBinding(msgspec.Struct, frozen=True, kw_only=True):
    """A tie to be made, with the rule or event that made it in `reason`."""

    member_id: MemberId
    role: BindingRole
    party_id: PartyId
    reason: str


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """Whose customer a member is now."""

    guide_id: PartyId | None = None
    store_id: PartyId | None = None
    dealer_id: PartyId | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A binding that is open now, since when, and the rule or event that made it."""

    member_id: MemberId
    role: BindingRole
    party_id: PartyId
    bound_at: datetime
    reason: str


class FirstBound(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a member was bound to first, whatever became of it: who brought them."""

    member_id: MemberId
    party_id: PartyId
    bound_at: datetime


def bind_members(conn: Conn, bindings: Sequence[NewBinding], *, now: datetime) -> int:
    """Bind members; an open binding to another party ends, one to the same party stays. Returns how many were made.

    At most one binding per member and role in a call. Locks the bindings it ends in (member, role) order.
    """
    members = uuids(one.member_id for one in bindings)
    roles = [one.role.value for one in bindings]
    parties = uuids(one.party_id for one in bindings)
    execute(conn, SQL["end_other_bindings"], member_ids=members, roles=roles, party_ids=parties, now=now)
    reasons = [one.reason for one in bindings]
    return execute(
        conn,
        SQL["add_bindings"],
        member_ids=members,
        roles=roles,
        party_ids=parties,
        reasons=reasons,
        now=now,
    )


def bindings_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, Bound]:
    """Return whose customers members are; members bound to nobody are not in it."""
    found: dict[MemberId, dict[str, PartyId]] = {}
    for member_id, role, party_id in fetch_rows(conn, SQL["open_bindings"], member_ids=uuids(member_ids)):
        found.setdefault(member_id, {})[role] = party_id
    return {
        member_id: Bound(
            guide_id=by_role.get("guide"), store_id=by_role.get("store"), dealer_id=by_role.get("dealer")
        )
        for member_id, by_role in found.items()
    }


def first_bound(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, FirstBound]:
    """Return whom members were bound to first; members who never were are not in it."""
    found = fetch(conn, SQL["first_bindings"], FirstBound, member_ids=uuids(member_ids))
    return {one.member_id: one for one in found}


def lock_bindings(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, list[Standing]]:
    """Return the open bindings of members, so that rivals who would bind them wait for the end of the transaction.

    Members who are unknown or were erased are not in it: nobody binds them. Locks the members by id.
    """
    found: dict[MemberId, list[Standing]] = {
        member_id: [] for member_id in fetch_values(conn, SQL["lock_members"], member_ids=uuids(member_ids))
    }
    for one in standing_bindings(conn, found):
        found[one.member_id].append(one)
    return found


def standing_bindings(conn: Conn, member_ids: Iterable[MemberId]) -> list[Standing]:
    """Return the open bindings of members, by member and role. Locks nothing."""
    return fetch(conn, SQL["standing_bindings"], Standing, member_ids=uuids(member_ids))
