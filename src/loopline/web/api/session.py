"""Signing in by name and password, and who one is: with a session's token a person calls the API."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import ApiKeyId, MemberId, PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission, SignedIn, SignIn
from loopline.org import lists as org_lists
from loopline.web.api.answers import PROBLEMS, AnyRequest, read, run
from loopline.web.api.caller import Caller, CallerKind, SignInFirst
from loopline.web.api.people import Password, RoleTold
from loopline.web.api.refusals import NotByKey
from loopline.web.edge import edge_of

_TAG = "session"


class SignInAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and its password. Never kept, never logged."""

    sign_in_name: Annotated[str, Meta(max_length=200)]
    password: Password

    def __repr__(self) -> str:
        return f"SignInAsk(sign_in_name={self.sign_in_name!r}, password=…)"


class SessionBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A session. Send `token` as Authorization: Bearer; it is shown this once."""

    token: str
    person_id: PersonId
    expires_at: datetime


class PermissionTold(msgspec.Struct, frozen=True, kw_only=True):
    """A permission: for the whole brand, or at so many units and sites."""

    permission: Permission
    is_whole_brand: bool
    units: int
    sites: int


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, and what that caller may do."""

    kind: CallerKind
    name: str | None
    person_id: PersonId | None
    key_id: ApiKeyId | None
    member_id: MemberId | None
    expires_at: datetime | None
    roles: list[RoleTold]
    permissions: list[PermissionTold]


@post(
    "/sessions",
    tags=[_TAG],
    operation_id="begin_session",
    status_code=201,
    sync_to_thread=True,
    security=[{}],
    responses=dict(PROBLEMS),
)
def begin_session(
    request: AnyRequest,
    caller: NamedDependency[Caller],  # noqa: ARG001 - who tries to sign in is counted as any other caller
    data: JSONBody[SignInAsk],
) -> Response[SessionBegun]:
    """Sign in: begin a session of twelve hours. Five failures in a row lock a name for a quarter of an hour."""
    attempt = SignIn(sign_in_name=data.sign_in_name, password=data.password)

    def work(conn: Conn, now: datetime) -> SignedIn | Refusal:
        # A refusal counts as a failure, so it is committed and told afterwards.
        return org.sign_in(conn, attempt, now=now)

    signed_in = run(request, work)
    if isinstance(signed_in, Refusal):
        raise Refused(signed_in)
    begun = SessionBegun(
        token=signed_in.token, person_id=signed_in.person_id, expires_at=signed_in.expires_at
    )
    return Response(begun, status_code=201, headers={"Cache-Control": "no-store"})


@delete(
    "/sessions",
    tags=[_TAG],
    operation_id="end_session",
    status_code=204,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def end_session(request: AnyRequest, caller: NamedDependency[Caller]) -> None:
    """Sign out: end the session whose token this request carries."""
    if caller.kind is CallerKind.NOBODY:
        raise Refused(SignInFirst())
    if caller.person is None:
        raise Refused(NotByKey())
    token = request.headers["authorization"].partition(" ")[2].strip()
    run(request, lambda conn, _: org.sign_out(conn, token))
    edge_of(request).callers.forget()


@get("/me", tags=[_TAG], operation_id="show_me", sync_to_thread=True, responses=dict(PROBLEMS))
def show_me(request: AnyRequest, caller: NamedDependency[Caller]) -> Me:
    """Show who calls, with the roles held and what they permit."""
    if caller.kind is CallerKind.NOBODY:
        raise Refused(SignInFirst())
    person = caller.person
    grants = person.roles if person else ()
    units = read(request, lambda conn, _: org_lists.unit_codes(conn, {one.branch_id for one in grants}))
    return Me(
        kind=caller.kind,
        name=person.name if person else None,
        person_id=caller.person_id,
        key_id=caller.key_id,
        member_id=caller.member_id,
        expires_at=person.expires_at if person else None,
        roles=[RoleTold(role=one.role, unit_code=units[one.branch_id]) for one in grants],
        permissions=[
            PermissionTold(
                permission=permission,
                is_whole_brand=scope.everything,
                units=len(scope.org_units),
                sites=len(scope.sites),
            )
            for permission, scope in sorted(caller.branches.items())
        ],
    )


SESSION_HANDLERS = [begin_session, end_session, show_me]
