"""Landing: a scanned code is remembered and leads to its page, in WeChat and out of it; that of a unit tells of it.

A browser is known again by a random id in a cookie that no script reads; nothing else of it is kept.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_302_FOUND

from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.processes.touch import Scanned, UnitFound, UnitUnknown, scan, scan_unit
from loopline.touchpoints import (
    DigitalLinkNotValid,
    ScanChannel,
    ScanMade,
    TooManyGuesses,
    TouchpointGone,
    read_digital_link,
)
from loopline.web.api.answers import run
from loopline.web.edge import WebRequest, edge_of
from loopline.web.languages import marked
from loopline.web.peers import peer_of
from loopline.web.problems import status_of
from loopline.web.shop.frame import nothing_here
from loopline.web.shop.genuine import genuine_page
from loopline.web.shop.shopper import Shopper, shopper_or_none, visitor_cookie, visitor_of

_GONE = (
    marked("This code is no longer in use"),
    marked("Ask in the store for a new one, or look around in the shop."),
)
_UNKNOWN = (
    marked("Nothing is known of this code"),
    marked("Scan it again in good light, or look around in the shop."),
)
_UNREADABLE = (
    marked("This code cannot be read"),
    marked("Part of it is damaged or mistyped. Ask in the store, or look around in the shop."),
)
_NO_SUCH_UNIT = (
    marked("This code is none of ours"),
    marked(
        "We made no piece with this number. Scan it again in good light; if it stays so, what carries it may be a copy:"
        " show it in one of our stores."
    ),
)
_GUESSED = (
    marked("Too many codes were tried from here"),
    marked("Wait an hour and scan it again, or show the goods in one of our stores."),
)
Scan = Callable[[Conn, ScanMade, datetime], Scanned | UnitFound | Refusal]


def channel_of(user_agent: str) -> ScanChannel:
    """Tell by its own words whether a browser is WeChat's, a mini-program's page, or any other."""
    lowered = user_agent.lower()
    if "miniprogram" in lowered:
        return ScanChannel.MINI_PROGRAM
    return ScanChannel.WECHAT if "micromessenger" in lowered else ScanChannel.BROWSER


@get("/t/{code:str}", sync_to_thread=True)
def open_code(
    request: WebRequest, shopper: NamedDependency[Shopper | None], code: FromPath[str]
) -> Response[Any]:
    """Remember the scan of a code, and lead to what it names."""

    def record(conn: Conn, made: ScanMade, now: datetime) -> Scanned | Refusal:
        return scan(conn, [made], now=now, actor=_actor(shopper))[0]

    return _landed(request, shopper, code, record)


@get("/01/{gtin:str}", sync_to_thread=True)
def open_gtin(
    request: WebRequest, shopper: NamedDependency[Shopper | None], gtin: FromPath[str]
) -> Response[Any]:
    """Remember the scan of goods by their GTIN (GS1 Digital Link), and lead to their product."""
    del gtin  # read from the address as it was sent: an escaped slash is part of a value
    return _linked(request, shopper)


@get("/01/{gtin:str}/{rest:path}", sync_to_thread=True)
def open_digital_link(
    request: WebRequest, shopper: NamedDependency[Shopper | None], gtin: FromPath[str], rest: FromPath[Path]
) -> Response[Any]:
    """Remember the scan of goods by their GTIN with a batch or serial behind it: lead to their product, or tell whether
    the very unit is genuine.
    """
    del gtin, rest  # as above
    return _linked(request, shopper)


def _linked(request: WebRequest, shopper: Shopper | None) -> Response[Any]:
    link = read_digital_link(_raw_path(request), request.scope["query_string"].decode("latin-1"))
    if isinstance(link, DigitalLinkNotValid):
        return _nothing(request, shopper, link)

    asker = _asker(request)

    def record(conn: Conn, made: ScanMade, now: datetime) -> Scanned | UnitFound | Refusal:
        return scan_unit(conn, link, made, asker=asker, now=now, actor=_actor(shopper))

    return _landed(request, shopper, "", record)


def _asker(request: WebRequest) -> bytes:
    """From where somebody asks, as a keyed hash that tells nobody."""
    secret = edge_of(request).settings.secret.encode()
    return hmac.digest(secret, b"asks for units from " + peer_of(request).encode(), "sha256")


def _raw_path(request: WebRequest) -> str:
    return request.scope["raw_path"].decode("latin-1").partition("?")[0]


def _actor(shopper: Shopper | None) -> str:
    return shopper.actor if shopper else "visitor"


def _landed(request: WebRequest, shopper: Shopper | None, code: str, record: Scan) -> Response[Any]:
    visitor = visitor_of(request) or uuid4()
    outcome = run(request, lambda conn, now: record(conn, _made(request, shopper, code, visitor, now), now))
    if isinstance(outcome, Refusal):
        return _nothing(request, shopper, outcome)
    if isinstance(outcome, UnitFound):
        answer: Response[Any] = genuine_page(request, shopper, outcome)
    else:
        answer = Redirect(outcome.leads_to, status_code=HTTP_302_FOUND)
    answer.headers = {**answer.headers, "Cache-Control": "no-store"}
    answer.cookies = [visitor_cookie(visitor, is_secure=edge_of(request).settings.is_secure)]
    return answer


def _made(request: WebRequest, shopper: Shopper | None, code: str, visitor: UUID, now: datetime) -> ScanMade:
    return ScanMade(
        code=code,
        visitor=visitor,
        channel=channel_of(request.headers.get("user-agent", "")),
        at=now,
        member_id=shopper.member_id if shopper else None,
    )


def _nothing(request: WebRequest, shopper: Shopper | None, refusal: Refusal) -> Response[Any]:
    """Say to a customer what to do next; programs see the status."""
    words = _UNKNOWN
    if isinstance(refusal, DigitalLinkNotValid):
        words = _UNREADABLE
    elif isinstance(refusal, TouchpointGone):
        words = _GONE
    elif isinstance(refusal, UnitUnknown):
        words = _NO_SUCH_UNIT
    elif isinstance(refusal, TooManyGuesses):
        words = _GUESSED
    return nothing_here(request, shopper=shopper, title=words[0], advice=words[1], status=status_of(refusal))


LANDING_PAGES = Router(
    path="/",
    route_handlers=[open_code, open_gtin, open_digital_link],
    dependencies={"shopper": Provide(shopper_or_none, sync_to_thread=True)},
)
