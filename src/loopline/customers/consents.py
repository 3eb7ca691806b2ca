"""Consent: per purpose, channel and receiver. Whatever a member says is kept; the latest stands; no word means no."""

from collections.abc import Sequence
from datetime import datetime

from loopline.customers import store
from loopline.customers.model import ConsentChange, ConsentKey, ConsentRecorded, PastConsent
from loopline.customers.refusals import ConsentAheadOfTime, MemberUnknown, MemberWasErased
from loopline.customers.rules import latest_consents
from loopline.db import Conn, fetch, fetch_rows, statements
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)


def record_consents(
    conn: Conn, changes: Sequence[ConsentChange], *, now: datetime
) -> list[ConsentRecorded | Refusal]:
    """Keep what members said, in whatever order it comes in; the same statement twice is kept once.

    The latest statement stands; of two of one moment the no. Locks the members by id (shared), then their consents.
    """
    members = store.lock_members(conn, sorted({change.key.member_id for change in changes}))
    refusals = [_refusal_of(change, members, now=now) for change in changes]
    kept = [change for change, refusal in zip(changes, refusals, strict=True) if refusal is None]
    if kept:
        store.insert_consent_changes(conn, kept, now=now)
        store.put_consents(conn, list(latest_consents(kept).values()))
    standing = _standing(conn, [change.key for change in kept])
    return [
        ConsentRecorded(in_force=standing.get(change.key) == (change.granted, change.at))
        if refusal is None
        else refusal
        for change, refusal in zip(changes, refusals, strict=True)
    ]


def _refusal_of(
    change: ConsentChange, members: dict[MemberId, datetime | None], *, now: datetime
) -> Refusal | None:
    member_id = change.key.member_id
    if member_id not in members:
        return MemberUnknown(member_id=member_id)
    if members[member_id] is not None:
        return MemberWasErased(member_id=member_id)
    if change.at > now:
        return ConsentAheadOfTime(at=change.at)
    return None


def consented(conn: Conn, asked: Sequence[ConsentKey]) -> list[bool]:
    """Tell for each whether the member agrees now. What was never said is a no."""
    standing = _standing(conn, asked)
    return [standing.get(key, (False, None))[0] for key in asked]


def declined(conn: Conn, asked: Sequence[ConsentKey]) -> list[bool]:
    """Tell for each whether the member said no, for what needs no consent. What was never said is none."""
    standing = _standing(conn, asked)
    return [not standing.get(key, (True, None))[0] for key in asked]


def consent_history(conn: Conn, member_id: MemberId) -> list[PastConsent]:
    """Return everything a member said, the latest first."""
    return fetch(conn, SQL["consent_history"], PastConsent, member_id=member_id)


def _standing(conn: Conn, keys: Sequence[ConsentKey]) -> dict[ConsentKey, tuple[bool, datetime]]:
    asked = list(dict.fromkeys(keys))
    rows = fetch_rows(
        conn,
        SQL["standing_consents"],
        member_ids=[key.member_id for key in asked],
        purposes=[key.purpose.value for key in asked],
        channels=[key.channel.value for key in asked],
        receiver_ids=[key.receiver_id for key in asked],
    )
    return {asked[place - 1]: (granted, since) for place, granted, since in rows}
