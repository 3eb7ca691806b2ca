"""Who is signed in: a token in a member's browser, its hash here, thirty days that begin anew while it is used."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.customers import store
from loopline.customers.refusals import MemberUnknown, MemberWasErased
from loopline.db import Conn, execute, fetch_one, fetch_values, statements
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)

TOKEN_PREFIX = "llm_"  # noqa: S105 - by which a token is told from those of others
SESSION_LENGTH = timedelta(days=30)
# A session in use is lengthened at most this often: looking at a page writes nothing most of the time.
LENGTHENED_EVERY = timedelta(days=1)
_TOKEN_BYTES = 32


class MemberSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was begun. The token is told once; only its hash is kept."""

    member_id: MemberId
    token: str
    expires_at: datetime


class SessionMember(msgspec.Struct, frozen=True, kw_only=True):
    """Whose session a token opens."""

    member_id: MemberId
    expires_at: datetime

    def wants_lengthening(self, now: datetime) -> bool:
        """Tell whether the session is in use and has not been lengthened for a day."""
        return self.expires_at - now < SESSION_LENGTH - LENGTHENED_EVERY


def begin_sessions(
    conn: Conn, member_ids: Sequence[MemberId], *, now: datetime
) -> list[MemberSession | Refusal]:
    """Sign members in, each with a token of its own. Whoever calls has proved who they are.

    Locks the members by id (shared), so that none is erased meanwhile.
    """
    members = store.lock_members(conn, sorted(set(member_ids)))
    outcomes = [_begun(member_id, members, now=now) for member_id in member_ids]
    begun = [one for one in outcomes if isinstance(one, MemberSession)]
    execute(
        conn,
        SQL["insert_sessions"],
        token_hashes=[_token_hash(one.token) for one in begun],
        member_ids=[one.member_id for one in begun],
        now=now,
        expires_at=now + SESSION_LENGTH,
    )
    return outcomes


def _begun(
    member_id: MemberId, members: Mapping[MemberId, datetime | None], *, now: datetime
) -> MemberSession | Refusal:
    if member_id not in members:
        return MemberUnknown(member_id=member_id)
    if members[member_id] is not None:
        return MemberWasErased(member_id=member_id)
    token = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    return MemberSession(member_id=member_id, token=token, expires_at=now + SESSION_LENGTH)


def session_member(conn: Conn, token: str, *, now: datetime) -> SessionMember | None:
    """Return whose session a token opens; None for an unknown, expired or ended one. Changes nothing."""
    if not token.startswith(TOKEN_PREFIX):
        return None
    return fetch_one(conn, SQL["session_member"], SessionMember, token_hash=_token_hash(token), now=now)


def lengthen_session(conn: Conn, token: str, *, now: datetime) -> None:
    """Let the thirty days begin anew. Locks the session; one that has ended stays so."""
    execute(
        conn,
        SQL["lengthen_session"],
        token_hash=_token_hash(token),
        now=now,
        expires_at=now + SESSION_LENGTH,
    )


def end_session(conn: Conn, token: str) -> bool:
    """Sign out; false where there was no session."""
    return execute(conn, SQL["delete_session"], token_hash=_token_hash(token)) > 0


def sweep_sessions(conn: Conn, *, now: datetime, at_most: int = 1000) -> int:
    """Forget sessions that have ended, at most so many; return how many."""
    return len(fetch_values(conn, SQL["delete_ended_sessions"], now=now, at_most=at_most))


def _token_hash(token: str) -> bytes:
    """Hash a token. A plain SHA-256 suffices: nobody guesses 256 random bits."""
    return hashlib.sha256(token.encode(errors="backslashreplace")).digest()
