"""Who calls: a program with a key, a person or a member with a session, or nobody; and what each may do where.

Only `Authorization: Bearer` counts: a cookie is sent by the browser whoever wrote the page, so the API takes none.
"""

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec
from litestar import Request
from litestar.datastructures import State

from loopline import org
from loopline.customers.sessions import TOKEN_PREFIX, session_member
from loopline.db import Conn, Database
from loopline.kernel.ids import ApiKeyId, MemberId, OrgUnitId, PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission, Role, SessionPerson
from loopline.web.api.limits import Limiter, Rate, Standing, TooManyRequests
from loopline.web.peers import peer_of

CALLER_STATE = "loopline_caller"
STANDING_STATE = "loopline_standing"
_KNOWN_SECONDS = 2.0
_LOOK_AGAIN_SECONDS = 1.0
_KNOWN_MAX = 10_000
_TOKEN_LENGTH_MAX = 200


class CallerKind(StrEnum):
    """How somebody showed who calls."""

    PERSON = "person"
    KEY = "key"
    MEMBER = "member"
    NOBODY = "nobody"


class SignInFirst(Refusal, frozen=True, kw_only=True):
    """This needs a token: send one as Authorization: Bearer."""


class TokenNotValid(Refusal, frozen=True, kw_only=True):
    """The token is unknown, over or revoked: sign in again, or ask for a new key."""


class MembersOnly(Refusal, frozen=True, kw_only=True):
    """Only a member signed in by phone may do this."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls. `actor` names the caller in the log; `branches` says where each permission holds.

    A key's `branch_id` is the unit it holds at. `claimant` is whose Idempotency-Keys these are: the actor's, or
    those of whoever calls from one internet address, of which only a hash is kept.
    """

    kind: CallerKind
    actor: str
    person: SessionPerson | None = None
    key_id: ApiKeyId | None = None
    branch_id: OrgUnitId | None = None
    member_id: MemberId | None = None
    branches: dict[Permission, Scope] = {}
    claimant: str = ""

    def __post_init__(self) -> None:
        if not self.claimant:
            msgspec.structs.force_setattr(self, "claimant", self.actor)

    @property
    def person_id(self) -> PersonId | None:
        """The person, where one called."""
        return self.person.person_id if self.person else None

    def may(self, permission: Permission) -> bool:
        """Tell whether the caller has a permission anywhere."""
        return permission in self.branches

    def scope(self, permission: Permission) -> Scope:
        """Return where the caller has a permission. Raises Refused where that is nowhere."""
        found = self.branches.get(permission)
        if found is not None:
            return found
        if self.kind is CallerKind.NOBODY:
            raise Refused(SignInFirst())
        raise Refused(org.NotAllowed(permission=permission))

    def member(self) -> MemberId:
        """Return the member who calls. Raises Refused for anybody else."""
        if self.member_id is None:
            raise Refused(SignInFirst() if self.kind is CallerKind.NOBODY else MembersOnly())
        return self.member_id


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """How much each kind of caller may ask for: nobody by address, the others by who they are."""

    nobody: Rate = Rate(burst=120, per_second=10)
    member: Rate = Rate(burst=120, per_second=10)
    person: Rate = Rate(burst=300, per_second=30)
    key: Rate = Rate(burst=20_000, per_second=10_000)

    def of(self, kind: CallerKind) -> Rate:
        """Return the rate of a kind of caller."""
        return {
            CallerKind.NOBODY: self.nobody,
            CallerKind.MEMBER: self.member,
            CallerKind.PERSON: self.person,
            CallerKind.KEY: self.key,
        }[kind]


Look: TypeAlias = Callable[[str], "Caller | None"]
"""Reads who has a token. Takes its time: it runs in a thread."""


class KnownCallers:
    """Keys seen in the last two seconds, so that a stream of orders does not read its key for each.

    What is revoked here is forgotten at once; in other processes it still opens for those two seconds. Of many who call
    with one key at once, one looks it up and the others wait for what is found. People and members are not kept: they
    sign out, and mean it at once.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()
        self._looking: dict[bytes, asyncio.Task[Caller | None]] = {}
        self._lock = threading.Lock()
        self._forgotten = 0

    def find(self, token: str) -> Caller | None:
        """Return a caller seen a moment ago."""
        with self._lock:
            found = self._known.get(_mark(token))
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def find_fresh(self, token: str, look: Look) -> Caller | None:
        """Return a caller seen a moment ago, and have one who is soon forgotten looked up again meanwhile."""
        mark = _mark(token)
        now = time.monotonic()
        with self._lock:
            found = self._known.get(mark)
        if found is None or found[0] <= now:
            return None
        if found[0] < now + _KNOWN_SECONDS - _LOOK_AGAIN_SECONDS and mark not in self._looking:
            self._begin(mark, token, look)
        return found[1]

    async def look_up(self, token: str, look: Look) -> Caller | None:
        """Find out who has a token; for a key once for all who ask in the meantime."""
        if not token.startswith(org.KEY_MARK):
            return await asyncio.to_thread(look, token)
        mark = _mark(token)
        return await asyncio.shield(self._looking.get(mark) or self._begin(mark, token, look))

    def _begin(self, mark: bytes, token: str, look: Look) -> asyncio.Task[Caller | None]:
        forgotten = self._forgotten

        async def run() -> Caller | None:
            found = await asyncio.to_thread(look, token)
            if found is not None:
                self._remember(mark, found, forgotten)
            return found

        def end(task: asyncio.Task[Caller | None]) -> None:
            if self._looking.get(mark) is task:
                del self._looking[mark]
            if not task.cancelled():
                task.exception()  # whoever waits has it; a look ahead that failed is done again in time

        task = self._looking[mark] = asyncio.create_task(run())
        task.add_done_callback(end)
        return task

    def _remember(self, mark: bytes, caller: Caller, forgotten: int) -> None:
        with self._lock:
            if self._forgotten != forgotten:
                return  # it was looked up before somebody's rights changed
            self._known[mark] = (time.monotonic() + _KNOWN_SECONDS, caller)
            while len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)

    def forget(self) -> None:
        """Forget everybody, those too who are being looked up: somebody's rights have changed."""
        with self._lock:
            self._forgotten += 1
            self._known.clear()
            self._looking = {}


def _mark(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="backslashreplace")).digest()


def branches_of_person(
    conn: Conn, person: SessionPerson, *, all_of_it: Scope | None = None
) -> dict[Permission, Scope]:
    """Return where each permission of a person's roles holds; `all_of_it` is what they reach together, if known."""
    held = sorted({grant.role for grant in person.roles})
    scopes: dict[frozenset[Role], Scope] = {} if all_of_it is None else {frozenset(held): all_of_it}
    branches: dict[Permission, Scope] = {}
    for permission in Permission:
        roles = org.roles_with(permission, held)
        if not roles:
            continue
        if roles not in scopes:  # as many reads as there are different sets of roles: a handful
            scopes[roles] = org.scope_of(conn, person.person_id, roles=roles)
        branches[permission] = scopes[roles]
    return branches


async def caller(request: Request[object, object, State]) -> Caller:
    """Find out who calls, and count the call. Raises Refused for a bad token and for too many calls."""
    edge = request.app.state["edge"]
    token = _bearer(request)
    host = peer_of(request) or "nowhere"
    found = _visitor(host) if token is None else edge.callers.find(token)
    if found is None:
        assert token is not None
        found = await edge.callers.look_up(token, edge.look_up_caller)
        if found is None:
            _count(edge.limiter, edge.settings.rates.nobody, f"bad token:{host}", request)
            raise Refused(TokenNotValid())
    _count(edge.limiter, edge.settings.rates.of(found.kind), found.claimant, request)
    request.state[CALLER_STATE] = found
    return found


def _visitor(host: str) -> Caller:
    """Somebody without a token. An internet address is a person's data: the log knows a visitor, no more."""
    mark = hashlib.sha256(f"visitor from {host}".encode()).hexdigest()[:32]
    return Caller(kind=CallerKind.NOBODY, actor="visitor", claimant=f"visitor:{mark}")


def look_up_caller(database: Database, token: str, now: datetime) -> Caller | None:
    """Read who has a token; None for one that is unknown, over or revoked."""
    with database.reading() as conn:
        if token.startswith(org.KEY_MARK):
            key = org.api_key_by_token(conn, token, now=now)
            if key is None:
                return None
            scope = org.branch_scope(conn, key.branch_id)
            return Caller(
                kind=CallerKind.KEY,
                actor=f"key:{key.id}",
                key_id=key.id,
                branch_id=key.branch_id,
                branches=dict.fromkeys(key.permissions, scope),
            )
        if token.startswith(TOKEN_PREFIX):
            member = session_member(conn, token, now=now)
            if member is None:
                return None
            return Caller(
                kind=CallerKind.MEMBER, actor=f"member:{member.member_id}", member_id=member.member_id
            )
        person = org.session_person(conn, token, now=now)
        if person is None:
            return None
        return Caller(
            kind=CallerKind.PERSON,
            actor=f"person:{person.person_id}",
            person=person,
            branches=branches_of_person(conn, person),
        )


def _count(limiter: Limiter, rate: Rate, actor: str, request: Request[object, object, State]) -> None:
    standing: Standing = limiter.take(actor, rate)
    request.state[STANDING_STATE] = standing
    if standing.wait_seconds > 0:
        raise Refused(TooManyRequests(retry_after_seconds=int(standing.wait_seconds) + 1))


def _bearer(request: Request[object, object, State]) -> str | None:
    stated = request.headers.get("authorization")
    if stated is None:
        return None
    scheme, _, token = stated.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _TOKEN_LENGTH_MAX:
        raise Refused(TokenNotValid())
    return token
