"""Signing in to the shop, by phone and code, and signing out. The card is shown alone or inside the checkout."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template

from loopline import customers
from loopline.customers import CodeAsk
from loopline.kernel.refusals import Refusal
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.peers import peer_of
from loopline.web.problems import status_of
from loopline.web.shop.frame import SHOP, SIGN_IN, back_path, go, shop_page
from loopline.web.shop.shopper import MEMBER_COOKIE, Shopper, member_cookie, visitor_of
from loopline.web.shop.signing_in import Attempt, begin_session, send_code

_COUNTRY = "CN"


class PhoneForm(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send a code, and where to go afterwards."""

    phone: str
    next: str = ""


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    """The code that came."""

    phone: str
    code: str
    next: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is on the way in: `phone` once a code is on its way to it."""

    next: str
    phone: str = ""
    is_sent: bool = False
    shown_code: str | None = None
    refusal: str | None = None
    status: int = 200


@get(SIGN_IN)
async def show_sign_in(
    request: WebRequest,
    shopper: NamedDependency[Shopper | None],
    next: FromQuery[str] = "",  # noqa: A002 - the name in the address
) -> Response[Any]:
    """Ask for a phone; whoever is signed in goes on."""
    if shopper is not None:
        return go(back_path(next, otherwise="/me"))
    return _step(request, Step(next=next))


@post(SIGN_IN + "/code", sync_to_thread=True)
def ask_for_code(
    request: WebRequest, data: Annotated[PhoneForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Template:
    """Send a code to a phone, and ask for it."""
    language = language_of(request)
    ask = CodeAsk(phone=data.phone, address=peer_of(request), country=_COUNTRY)
    sent = send_code(edge_of(request), ask, language=language)
    if isinstance(sent, Refusal):
        return _step(
            request,
            Step(next=data.next, phone=data.phone, refusal=language.refusal(sent), status=status_of(sent)),
        )
    return _step(request, Step(next=data.next, phone=data.phone, is_sent=True, shown_code=sent.shown_code))


@post(SIGN_IN + "/begin", sync_to_thread=True)
def sign_in_with_code(
    request: WebRequest, data: Annotated[CodeForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Response[Any]:
    """Begin a session, or say why not."""
    edge = edge_of(request)
    attempt = Attempt(
        phone=data.phone,
        code=data.code,
        address=peer_of(request),
        country=_COUNTRY,
        visitor=visitor_of(request),
    )
    outcome = begin_session(edge, attempt)
    if isinstance(outcome, Refusal):
        said = language_of(request).refusal(outcome)
        step = Step(next=data.next, phone=data.phone, is_sent=True, refusal=said, status=status_of(outcome))
        return _step(request, step)
    answer = go(back_path(data.next, otherwise="/me"))
    answer.cookies = [member_cookie(outcome.token, is_secure=edge.settings.is_secure)]
    return answer


@post("/me/sign-out", sync_to_thread=True)
def sign_member_out(request: WebRequest) -> Redirect:
    """End the session, here and in the database."""
    edge = edge_of(request)
    token = request.cookies.get(MEMBER_COOKIE)
    if token:
        with edge.database.transaction() as conn:
            customers.end_session(conn, token)
    answer = go(SHOP)
    answer.cookies = [member_cookie("", is_secure=edge.settings.is_secure)]
    return answer


def _step(request: WebRequest, step: Step) -> Template:
    wanted = back_path(step.next, otherwise="/me")
    return shop_page(
        request,
        "sign_in.html",
        shopper=None,
        status=step.status,
        tab="me",
        step=step,
        back=wanted if wanted.startswith("/checkout") else None,
        here=f"{SIGN_IN}?next={wanted}",
    )
