"""Signing in and out, and choosing a language."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import org
from loopline.kernel.refusals import Refusal
from loopline.org import Role, SessionPerson, SignedIn, SignIn
from loopline.web.edge import SESSION_COOKIE, Edge, WebRequest, edge_of, language_of, visitor_or_none
from loopline.web.languages import LANGUAGE_COOKIE, languages, marked
from loopline.web.navigation import home_of
from loopline.web.pages import page
from loopline.web.paths import SIGN_IN, safe_path
from loopline.web.problems import status_of
from loopline.web.settings import DemoPerson

_YEAR_SECONDS = 365 * 24 * 3600

ROLE_WORDS: dict[Role, str] = {
    Role.HQ_OPERATIONS: marked("HQ operations"),
    Role.FINANCE: marked("HQ finance"),
    Role.MARKETING: marked("HQ marketing"),
    Role.DEALER: marked("Dealer"),
    Role.STORE_MANAGER: marked("Store manager"),
    Role.GUIDE: marked("Guide"),
    Role.PACKER: marked("Packer"),
    Role.STREAMER: marked("Streamer"),
    Role.CUSTOMER_SERVICE: marked("Customer service"),
    Role.AUDITOR: marked("Auditor"),
}


class SignInForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the sign-in page sends."""

    sign_in_name: str
    password: str
    next: FromQuery[str] = ""


class LanguageForm(msgspec.Struct, frozen=True, kw_only=True):
    """Which language, and where to go back to."""

    language: str
    back: str = ""


class DemoRole(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's people of one role, under its word."""

    word: str
    people: tuple[DemoPerson, ...]


def demo_roles(people: Sequence[DemoPerson]) -> list[DemoRole]:
    """Group the demo's people by role, in the order of the roles."""
    grouped = [
        DemoRole(word=word, people=tuple(one for one in people if one.role is role))
        for role, word in ROLE_WORDS.items()
    ]
    return [group for group in grouped if group.people]


# Two handlers share this path, and Litestar 2.25 wraps `sync_to_thread` handlers of such a path twice: they go to their
# threads by themselves.


@get(SIGN_IN)
async def show_sign_in(request: WebRequest, next: FromQuery[str] = "") -> Response[Any]:  # noqa: A002 - the name in the address
    """Show the sign-in page; whoever is signed in goes on."""
    known = await asyncio.to_thread(visitor_or_none, request)
    if known is not None:
        return Redirect(_after_sign_in(next, known.person), status_code=HTTP_303_SEE_OTHER)
    return _sign_in_page(request, status=200, target=next)


@post(SIGN_IN)
async def sign_in(
    request: WebRequest, data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Response[Any]:
    """Begin a session, or say why not."""
    edge = edge_of(request)
    attempt = SignIn(sign_in_name=data.sign_in_name, password=data.password)
    outcome = await asyncio.to_thread(_begin_session, edge, attempt)
    if isinstance(outcome, Refusal):
        return _sign_in_page(
            request, status=status_of(outcome), target=data.next, name=data.sign_in_name, refusal=outcome
        )
    cookie = _session_cookie(outcome.token, is_secure=edge.settings.is_secure)
    person = await asyncio.to_thread(_person_of, edge, outcome.token)
    return Redirect(_after_sign_in(data.next, person), status_code=HTTP_303_SEE_OTHER, cookies=[cookie])


def _person_of(edge: Edge, token: str) -> SessionPerson | None:
    with edge.database.reading() as conn:
        return org.session_person(conn, token, now=edge.clock())


def _after_sign_in(wanted: str, person: SessionPerson | None) -> str:
    """Lead where somebody wanted to go, else to where their work begins."""
    return safe_path(wanted) if wanted or person is None else home_of(person)


def _begin_session(edge: Edge, attempt: SignIn) -> SignedIn | Refusal:
    # Committed whatever comes back: a refusal counts as a failed attempt.
    with edge.database.transaction() as conn:
        return org.sign_in(conn, attempt, now=edge.clock())


@post("/sign-out", sync_to_thread=True)
def sign_out(request: WebRequest) -> Redirect:
    """End the session, here and in the database."""
    edge = edge_of(request)
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        with edge.database.transaction() as conn:
            org.sign_out(conn, token)
    gone = _session_cookie("", is_secure=edge.settings.is_secure, max_age=0)
    return Redirect(SIGN_IN, status_code=HTTP_303_SEE_OTHER, cookies=[gone])


@post("/language")
async def choose_language(
    request: WebRequest, data: Annotated[LanguageForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Redirect:
    """Keep the language somebody chose, and go back to where it was chosen."""
    code = data.language if data.language in languages() else language_of(request).code
    cookie = Cookie(
        key=LANGUAGE_COOKIE,
        value=code,
        max_age=_YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        secure=edge_of(request).settings.is_secure,
    )
    return Redirect(safe_path(data.back), status_code=HTTP_303_SEE_OTHER, cookies=[cookie])


def _sign_in_page(
    request: WebRequest, *, status: int, target: str, name: str = "", refusal: Refusal | None = None
) -> Template:
    demo = edge_of(request).settings.demo
    return page(
        request,
        "sign_in.html",
        status=status,
        target=target,
        name=name,
        refusal=language_of(request).refusal(refusal) if refusal else None,
        demo_password=demo.password if demo else None,
        demo_roles=demo_roles(demo.people) if demo else [],
    )


def _session_cookie(token: str, *, is_secure: bool, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=SESSION_COOKIE, value=token, max_age=max_age, httponly=True, samesite="lax", secure=is_secure
    )
