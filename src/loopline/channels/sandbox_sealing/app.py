"""The sandbox as an application of its own: it seals buyers, and opens what it sealed for whoever has its key."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State

from loopline.buyers import DenialReason
from loopline.channels.sandbox_sealing.messages import (
    BuyerToSeal,
    ItemOpened,
    OpenAsk,
    OpenedTold,
    opened,
    sealed,
)
from loopline.channels.sandbox_sealing.settings import MarketManners, MarketSettings

MarketRequest = Request[None, None, State]
Wire = TypeVar("Wire", bound=msgspec.Struct)
_BODY_BYTES_MAX = 1_000_000
_HOUR = timedelta(hours=1)


class Market:
    """One sandbox marketplace. Its `manners` may be changed while it runs."""

    def __init__(
        self,
        settings: MarketSettings,
        *,
        clock: Callable[[], datetime],
        manners: MarketManners | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.manners = manners or MarketManners()
        self._opened_at: deque[datetime] = deque()
        self._lock = threading.Lock()
        self.app = Litestar(
            route_handlers=[seal_buyer, open_buyers],
            state=State({"market": self}),
            request_max_body_size=_BODY_BYTES_MAX,
            openapi_config=None,
            logging_config=None,
        )

    def opened(self, ask: OpenAsk) -> OpenedTold:
        """Open what it sealed, as far as it likes to within an hour."""
        now = self.clock()
        found: list[ItemOpened] = []
        with self._lock:
            while self._opened_at and self._opened_at[0] <= now - _HOUR:
                self._opened_at.popleft()
            for item in ask.items:
                if len(self._opened_at) >= self.manners.opened_per_hour_most:
                    found.append(ItemOpened(denied=DenialReason.TOO_MANY))
                    continue
                self._opened_at.append(now)
                found.append(opened(item, key=self.settings.sealing_key, now=now))
        return OpenedTold(items=found)


def _market(request: MarketRequest) -> Market:
    found = request.app.state["market"]
    assert isinstance(found, Market)
    return found


async def _body(request: MarketRequest, wanted: type[Wire]) -> Wire | Response[bytes]:
    """Read what somebody with the key asks, as slowly as the manners have it."""
    market = _market(request)
    if market.manners.delay_seconds:
        await asyncio.sleep(market.manners.delay_seconds)
    if market.manners.is_down:
        return _said("down", 503)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not market.settings.is_key(key.strip()):
        return _said("no_key", 401)
    try:
        return msgspec.json.decode(await request.body(), type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _said("bad_request", 400)


def _said(code: str, status: int) -> Response[bytes]:
    return _answered(msgspec.json.encode({"code": code}), status)


def _answered(content: bytes, status: int = 200) -> Response[bytes]:
    return Response(
        content, status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


@post("/v1/seal")
async def seal_buyer(request: MarketRequest) -> Response[bytes]:
    """Seal a buyer as an order's message carries one."""
    new = await _body(request, BuyerToSeal)
    if isinstance(new, Response):
        return new
    market = _market(request)
    told = sealed(new, key=market.settings.sealing_key, now=market.clock())
    return _answered(msgspec.json.encode(told))


@post("/v1/open")
async def open_buyers(request: MarketRequest) -> Response[bytes]:
    """Open what was sealed here: one outcome per item."""
    ask = await _body(request, OpenAsk)
    return ask if isinstance(ask, Response) else _answered(msgspec.json.encode(_market(request).opened(ask)))
