"""Sandbox marketplaces as an application of its own: the merchant's steps, the buyers' orders, what is on the shelf.

The merchant signs every call. Buyers are whoever has the same secret: a test, or somebody who tries things out.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from loopline.channels.beside import Beside
from loopline.channels.sandbox_market.book import MarketBook
from loopline.channels.sandbox_market.connector import SandboxConnector
from loopline.channels.sandbox_market.messages import WireAnswers, WireSale, WireSold, WireSteps
from loopline.channels.sandbox_market.settings import MOUNT_PATH, MarketSettings
from loopline.channels.standard_webhooks import verify
from loopline.kernel.refusals import Refusal

MarketRequest = Request[None, None, State]
Wire = TypeVar("Wire", bound=msgspec.Struct)
_BODY_BYTES_MAX = 65_536


class SandboxMarket(Beside):
    """Sandbox marketplaces: their book, their application, and the connector that speaks to them."""

    def __init__(self, settings: MarketSettings, *, clock: Callable[[], datetime]) -> None:
        super().__init__(MOUNT_PATH)
        self.settings = settings
        self.clock = clock
        self.book = MarketBook(settings)
        self.app = _application(self)
        self.connector = SandboxConnector(settings)

    def stop(self) -> None:
        """End; the book keeps what was told and sold."""
        self.connector.close_connections()
        self.book.close_book()


def _application(market: SandboxMarket) -> Litestar:
    return Litestar(
        route_handlers=[hear_steps, sell, show_shelf],
        state=State({"market": market}),
        request_max_body_size=_BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )


def _market(request: MarketRequest) -> SandboxMarket:
    found = request.app.state["market"]
    assert isinstance(found, SandboxMarket)
    return found


def _refusal(request: MarketRequest, body: bytes) -> Response[bytes] | None:
    market = _market(request)
    found = verify([market.settings.secret], body, headers=dict(request.headers), now=market.clock())
    return (
        _said(msgspec.json.encode({"detail": str(found)}), status=401) if isinstance(found, Refusal) else None
    )


def _said(body: bytes, *, status: int = 200) -> Response[bytes]:
    return Response(
        body, status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


async def _body(request: MarketRequest, wanted: type[Wire]) -> Wire | Response[bytes]:
    body = await request.body()
    if refused := _refusal(request, body):
        return refused
    try:
        return msgspec.json.decode(body, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return _said(msgspec.json.encode({"detail": str(error)}), status=400)


@post("/v1/{channel:str}/steps", status_code=200)
async def hear_steps(request: MarketRequest, channel: FromPath[str]) -> Response[bytes]:
    """Hear steps; the same again are the same. Some answers are lost on their way, though the steps were heard."""
    wanted = await _body(request, WireSteps)
    if isinstance(wanted, Response):
        return wanted
    market = _market(request)
    now = market.clock()
    answers = await asyncio.to_thread(market.book.hear, channel, wanted.steps, now=now)
    if market.settings.manners.loses(f"{channel}:{now.timestamp()}"):
        return _said(b'{"detail": "broken"}', status=502)
    return _said(msgspec.json.encode(WireAnswers(answers=tuple(answers))))


@post("/v1/{channel:str}/sales", status_code=200)
async def sell(request: MarketRequest, channel: FromPath[str]) -> Response[bytes]:
    """Sell what is on the shelf; the same number again is the same sale."""
    wanted = await _body(request, WireSale)
    if isinstance(wanted, Response):
        return wanted
    market = _market(request)
    is_sold = await asyncio.to_thread(market.book.sell, channel, wanted, now=market.clock())
    return _said(msgspec.json.encode(WireSold(number=wanted.number, is_sold=is_sold)))


@get("/v1/{channel:str}/shelf")
async def show_shelf(request: MarketRequest, channel: FromPath[str]) -> Response[bytes]:
    """Say what a marketplace has on its shelf, by SKU."""
    if refused := _refusal(request, b""):
        return refused
    market = _market(request)
    shelf = await asyncio.to_thread(market.book.shelf, channel, now=market.clock())
    return _said(msgspec.json.encode(shelf))
