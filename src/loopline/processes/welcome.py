"""Welcome: whoever proves a phone is its member, known before or new, and is signed in.

What they scanned before they were known becomes theirs.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import customers
from loopline.customers import (
    CodeTry,
    Identity,
    IdentityKind,
    KeyRing,
    MemberRegistered,
    NewMember,
    PhoneProved,
)
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.processes.touch import identify_visitor


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody says which code came to their phone; `visitor` is whom their browser was known as until now."""

    tried: CodeTry
    channel: str = "web"
    visitor: UUID | None = None


class Welcomed(msgspec.Struct, frozen=True, kw_only=True):
    """Signed in. The token is told once. `is_new`: nobody had this phone before."""

    member_id: MemberId
    token: str
    expires_at: datetime
    is_new: bool


def welcome(
    conn: Conn, arrivals: Sequence[Arrival], *, ring: KeyRing, now: datetime
) -> list[Welcomed | Refusal]:
    """Prove phones, find or add their members, and sign them in. Commit whatever comes back: wrong codes count."""
    proved = customers.use_codes(conn, [one.tried for one in arrivals], ring=ring, now=now)
    coming = [
        NewMember(
            identities=(Identity(kind=IdentityKind.PHONE, value=one.phone),),
            channel=arrival.channel,
            country=arrival.tried.country,
        )
        for arrival, one in zip(arrivals, proved, strict=True)
        if isinstance(one, PhoneProved)
    ]
    registered = iter(customers.register_members(conn, coming, ring=ring, now=now))
    known = [next(registered) if isinstance(one, PhoneProved) else one for one in proved]
    member_ids = [one.member_id for one in known if isinstance(one, customers.Registered)]
    sessions = iter(customers.begin_sessions(conn, member_ids, now=now))
    outcomes = [
        _welcomed(next(sessions), is_new=not one.was_known) if isinstance(one, customers.Registered) else one
        for one in known
    ]
    identify_visitor(
        conn,
        [
            (arrival.visitor, one.member_id)
            for arrival, one in zip(arrivals, outcomes, strict=True)
            if isinstance(one, Welcomed) and arrival.visitor is not None
        ],
        now=now,
    )
    _tell(conn, arrivals, outcomes, now=now)
    return outcomes


def _welcomed(session: customers.MemberSession | Refusal, *, is_new: bool) -> Welcomed | Refusal:
    if isinstance(session, Refusal):
        return session
    return Welcomed(
        member_id=session.member_id, token=session.token, expires_at=session.expires_at, is_new=is_new
    )


def _tell(
    conn: Conn, arrivals: Sequence[Arrival], outcomes: Sequence[Welcomed | Refusal], *, now: datetime
) -> None:
    log.append(
        conn,
        [
            event(
                MemberRegistered(member_id=one.member_id, channel=arrival.channel),
                subject=one.member_id,
                at=now,
                actor=f"member:{one.member_id}",
            )
            for arrival, one in zip(arrivals, outcomes, strict=True)
            if isinstance(one, Welcomed) and one.is_new
        ],
    )
