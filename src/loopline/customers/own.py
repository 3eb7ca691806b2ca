"""Own customers: members bound to a guide or a store now, whether they may be called, and until when they rest."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.customers.events import MemberRests
from loopline.db import Conn, execute, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import MemberId, PartyId

SQL = statements(__file__)


class RestHow(StrEnum):
    """Why a member is not to be called for a while: somebody did, or will later."""

    CALLED = "called"
    LATER = "later"


class OwnCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A member who is somebody's customer. `may_be_called`: they let one of the receivers' guides write or call.

    `last_kind`, `last_at`: what happened last, being bound left out. `rests_until`: while they rest.
    """

    member_id: MemberId
    guide_id: PartyId | None
    bound_at: datetime
    last_kind: str | None
    last_at: datetime | None
    may_be_called: bool
    rest_how: RestHow | None
    rests_until: datetime | None


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """Leave a member in peace until a moment."""

    member_id: MemberId
    how: RestHow
    until: datetime


def own_customers(  # noqa: PLR0913 - whose, and as they stand at a moment
    conn: Conn,
    party_ids: Collection[PartyId],
    *,
    receiver_ids: Collection[PartyId],
    away_before: datetime,
    now: datetime,
    limit: int,
) -> list[OwnCustomer]:
    """Return whose guide or store parties are now, those to whom something happened last first; none of the erased.

    So many at most, and as many more of those who may be called and to whom nothing happened since `away_before`.
    `receiver_ids`: in whose name they would be called. Locks nothing.
    """
    return fetch(
        conn,
        SQL["own_customers"],
        OwnCustomer,
        party_ids=uuids(party_ids),
        receiver_ids=uuids(receiver_ids),
        away_before=away_before,
        now=now,
        limit=limit,
    )


def bound_to(conn: Conn, member_ids: Collection[MemberId], party_ids: Collection[PartyId]) -> set[MemberId]:
    """Return those of some members who are bound to any of some parties now. Locks nothing."""
    return set(fetch_values(conn, SQL["bound_to"], member_ids=uuids(member_ids), party_ids=uuids(party_ids)))


def willing_to_be_called(
    conn: Conn, member_ids: Collection[MemberId], receiver_ids: Collection[PartyId]
) -> set[MemberId]:
    """Return those of some members who let any of some receivers' guides write or call. Locks nothing."""
    found = fetch_values(
        conn,
        SQL["willing_to_be_called"],
        member_ids=uuids(member_ids),
        receiver_ids=uuids(receiver_ids),
    )
    return set(found)


def let_rest(conn: Conn, rests: Sequence[Rest], *, by: str, now: datetime) -> list[MemberRests]:
    """Leave members in peace until a moment after now; of two words for one the later holds. Returns what to tell."""
    latest = {one.member_id: one for one in rests}
    if not latest:
        return []
    execute(
        conn,
        SQL["put_rests"],
        member_ids=list(latest),
        hows=[one.how.value for one in latest.values()],
        untils=[one.until for one in latest.values()],
        by=by,
        now=now,
    )
    return [
        MemberRests(member_id=one.member_id, how=one.how.value, until=one.until) for one in latest.values()
    ]
