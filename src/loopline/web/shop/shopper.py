"""Who is shopping: the member signed in, the visitor a browser is known as, and the store they stand in."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from loopline import customers
from loopline.customers.sessions import SESSION_LENGTH
from loopline.kernel.ids import MemberId
from loopline.web.edge import WebRequest, edge_of

MEMBER_COOKIE = "loopline_member"
VISITOR_COOKIE = "loopline_visitor"
PLACE_COOKIE = "loopline_place"
_YEAR = timedelta(days=365)
# Whoever scanned a code in a store is in that store for as long as a visit lasts.
PLACE_LENGTH = timedelta(hours=4)
_CODE_LENGTH_MAX = 64


class Shopper(msgspec.Struct, frozen=True, kw_only=True):
    """A member signed in, by the token in a cookie of the browser."""

    member_id: MemberId

    @property
    def actor(self) -> str:
        """How the log names them."""
        return f"member:{self.member_id}"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a visit began: the store whose code was scanned, the guide whose code it was."""

    site_code: str | None = None
    guide_code: str | None = None


class NotSignedInAsMember(Exception):  # noqa: N818 - says what is so; becomes the sign-in page
    """Nobody is signed in to the shop."""


def shopper_or_none(request: WebRequest) -> Shopper | None:
    """Return the member signed in. Reads the database: a dependency that runs in a thread.

    A session in use lasts on; that is written at most once a day.
    """
    token = request.cookies.get(MEMBER_COOKIE)
    if not token:
        return None
    edge = edge_of(request)
    now = edge.clock()
    with edge.database.reading() as conn:
        found = customers.session_member(conn, token, now=now)
    if found is None:
        return None
    if found.wants_lengthening(now):
        with edge.database.transaction() as conn:
            customers.lengthen_session(conn, token, now=now)
    return Shopper(member_id=found.member_id)


def member_or_sign_in(request: WebRequest) -> Shopper:
    """Return the member signed in; raises NotSignedInAsMember. A dependency that runs in a thread."""
    found = shopper_or_none(request)
    if found is None:
        raise NotSignedInAsMember
    return found


def visitor_of(request: Request[Any, Any, Any]) -> UUID | None:
    """Return whom this browser is known as, before anybody knows who that is; what is no id is nobody."""
    stated = request.cookies.get(VISITOR_COOKIE)
    if stated is None:
        return None
    try:
        return UUID(stated)
    except ValueError:
        return None


def place_of(request: Request[Any, Any, Any]) -> Place:
    """Return where the visit began, by what the address says or the browser kept; nothing of it is trusted."""
    kept_site, _, kept_guide = request.cookies.get(PLACE_COOKIE, "").partition("~")
    return Place(
        site_code=_code(request.query_params.get("site")) or _code(kept_site),
        guide_code=_code(request.query_params.get("guide")) or _code(kept_guide),
    )


def _code(stated: str | None) -> str | None:
    text = (stated or "").strip()
    usable = (
        0 < len(text) <= _CODE_LENGTH_MAX
        and text.isascii()
        and text.replace("-", "").replace("_", "").isalnum()
    )
    return text if usable else None


def place_cookie(place: Place, *, is_secure: bool) -> Cookie:
    """Keep where the visit began for as long as it lasts."""
    return _cookie(
        PLACE_COOKIE,
        f"{place.site_code or ''}~{place.guide_code or ''}",
        is_secure=is_secure,
        lasts=PLACE_LENGTH,
    )


def visitor_cookie(visitor: UUID | None, *, is_secure: bool) -> Cookie:
    """Know this browser again for a year; somebody new gets an id that says nothing."""
    return _cookie(VISITOR_COOKIE, str(visitor or uuid4()), is_secure=is_secure, lasts=_YEAR)


def member_cookie(token: str, *, is_secure: bool) -> Cookie:
    """Keep a session's token; an empty one takes it away."""
    lasts = SESSION_LENGTH if token else timedelta()
    return _cookie(MEMBER_COOKIE, token, is_secure=is_secure, lasts=lasts)


def _cookie(name: str, value: str, *, is_secure: bool, lasts: timedelta) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )
