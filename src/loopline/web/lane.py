"""The short way for what comes by the thousand per second: single orders, asks after what can be had and promised.

A request takes it only where nothing about it is unusual: a key seen a moment ago, a body that can be read, a caller
within the rate. Everything else goes the way of all others, through the application, with its body as it came; there
the handler of the same path answers, in the same words. The short way decides nothing by itself: it saves what a
general framework does for each request.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl

import msgspec
import psycopg
from litestar.types import HTTPReceiveMessage, Receive, Scope, Send
from msgspec import Meta
from psycopg_pool import PoolTimeout

from loopline.kernel.refusals import Refusal, Refused
from loopline.web.api.availability import availability_ask
from loopline.web.api.caller import Caller
from loopline.web.api.limits import Standing
from loopline.web.api.orders import OrderAsk, order_kept, order_request
from loopline.web.api.promises import PromiseAsk, encoded_outcomes, promised
from loopline.web.api.reading import BadInput, decode
from loopline.web.api.shapes import Batch
from loopline.web.api.types import Code
from loopline.web.edge import Edge
from loopline.web.languages import wanted_language
from loopline.web.measured import RouteMeasures
from loopline.web.placing import status_of_order
from loopline.web.problems import problem_of, retry_after
from loopline.web.security import security_headers

Forward = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

ORDERS_PATH, AVAILABILITY_PATH = "/api/v1/orders", "/api/v1/availability"
PROMISES_PATH = "/api/v1/promises"
_ASKED_BY = {"sku_code", "site_code", "channel"}
_BODY_BYTES_MAX = 1_000_000
_UNUSUAL = frozenset({b"idempotency-key", b"cookie", b"content-encoding", b"expect"})
_JSON = b"application/json"
_BEARER = b"bearer "
_encode = msgspec.json.Encoder().encode


class _Asking(msgspec.Struct, gc=False):
    """What the headers of a usual request say."""

    token: str
    languages: str


class _Lane(ABC):
    """What the short ways have in common; each says what it reads, does and answers."""

    def __init__(
        self, edge: Edge, forward: Forward, *, method: str, path: str, headers: Sequence[Header] = ()
    ) -> None:
        self._edge = edge
        self._forward = forward
        kept = _spelt(security_headers(edge.settings))
        self._granted: list[Header] = [(b"content-type", _JSON), *headers, *kept]
        self._refused: list[Header] = [(b"content-type", b"application/problem+json"), *kept]
        self._measures = RouteMeasures(edge.metrics, method, path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        started = time.perf_counter()
        asking = _asking_of(scope["headers"])
        known = (
            self._edge.callers.find_fresh(asking.token, self._edge.look_up_caller)
            if asking is not None
            else None
        )
        if asking is None or known is None:
            await self._forward(scope, receive, send)
            return
        ask, receive = await self._read(scope, receive)
        if ask is None:
            await self._forward(scope, receive, send)
            return
        standing = self._edge.limiter.take(known.claimant, self._edge.settings.rates.of(known.kind))
        outcome = await self._outcome(ask, known) if standing.wait_seconds <= 0 else None
        if outcome is None:
            await self._forward(scope, receive, send)
            return
        status, content, headers = self._answer(outcome, ask, asking)
        headers += ((b"content-length", b"%d" % len(content)), *_told(standing))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": False})
        self._measures.count(status, time.perf_counter() - started)

    @abstractmethod
    async def _read(self, scope: Scope, receive: Receive) -> tuple[Any, Receive]:
        """Read what is asked, None where it cannot be read; and give back a way to read the body again."""

    @abstractmethod
    async def _submit(self, ask: Any, caller: Caller) -> Any:
        """Do it, and return what was granted or refused."""

    @abstractmethod
    def _said(self, outcome: Any, ask: Any, asking: _Asking) -> tuple[int, bytes]:
        """Return the status and the body of what was granted."""

    async def _outcome(self, ask: Any, caller: Caller) -> Any:
        """Return what was granted, or a refusal; None where the application is to find out what is wrong.

        It may do the same again: of an order the same message is the same order.
        """
        try:
            return await self._submit(ask, caller)
        except Refused as refused:
            return refused.refusal
        except (psycopg.Error, PoolTimeout):
            return None

    def _answer(self, outcome: Any, ask: Any, asking: _Asking) -> tuple[int, bytes, list[Header]]:
        if not isinstance(outcome, Refusal):
            return *self._said(outcome, ask, asking), [*self._granted]
        language = wanted_language(cookie=None, accept_language=asking.languages)
        problem = problem_of(outcome, language)
        return problem.status, _encode(problem), [*self._refused, *_spelt(retry_after(outcome))]


class OrderLane(_Lane):
    """`POST /api/v1/orders` by a caller who is known."""

    def __init__(self, edge: Edge, forward: Forward) -> None:
        never_kept = (b"cache-control", b"no-store")
        super().__init__(edge, forward, method="POST", path=ORDERS_PATH, headers=[never_kept])

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Any, Receive]:
        del scope
        body, receive = await _body_of(receive)
        return _read(body), receive

    async def _submit(self, ask: OrderAsk, caller: Caller) -> Any:
        return await self._edge.orders.submit(order_request(self._edge, ask, caller, None))

    def _said(self, outcome: Any, ask: OrderAsk, asking: _Asking) -> tuple[int, bytes]:
        del asking
        return status_of_order(outcome), _encode(order_kept(outcome, ask))


class _AvailabilityQuery(msgspec.Struct, frozen=True):
    """The query of a usual request, as its handler declares it."""

    sku_code: Annotated[list[Code], Meta(min_length=1, max_length=50)]
    site_code: Annotated[list[Code], Meta(max_length=50)] | None = None
    channel: Annotated[list[Code], Meta(min_length=1, max_length=1)] | None = None


class AvailabilityLane(_Lane):
    """`GET /api/v1/availability` by a caller who is known."""

    def __init__(self, edge: Edge, forward: Forward) -> None:
        super().__init__(edge, forward, method="GET", path=AVAILABILITY_PATH)

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Any, Receive]:
        said: dict[str, list[str]] = {}
        try:
            for name, value in parse_qsl(
                scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict"
            ):
                said.setdefault(name, []).append(value)
            if said.keys() - _ASKED_BY:
                return None, receive
            return msgspec.convert(said, _AvailabilityQuery), receive
        except (ValueError, msgspec.ValidationError):
            return None, receive

    async def _submit(self, ask: _AvailabilityQuery, caller: Caller) -> Any:
        channel = ask.channel[0] if ask.channel else None
        return await self._edge.availability.submit(
            availability_ask(caller, ask.sku_code, ask.site_code, channel)
        )

    def _said(self, outcome: Any, ask: _AvailabilityQuery, asking: _Asking) -> tuple[int, bytes]:
        del ask, asking
        return 200, _encode(outcome)


class PromiseLane(_Lane):
    """`POST /api/v1/promises` by a caller who is known, where what can be promised is known too."""

    def __init__(self, edge: Edge, forward: Forward) -> None:
        never_kept = (b"cache-control", b"no-store")
        super().__init__(edge, forward, method="POST", path=PROMISES_PATH, headers=[never_kept])

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Any, Receive]:
        del scope
        body, receive = await _body_of(receive)
        try:
            return (decode(body, Batch[PromiseAsk]) if body is not None else None), receive
        except BadInput:
            return None, receive

    async def _submit(self, ask: Batch[PromiseAsk], caller: Caller) -> Any:
        view = self._edge.promises.fresh()
        return promised(self._edge, view, ask, caller) if view is not None else None

    def _said(self, outcome: Any, ask: Any, asking: _Asking) -> tuple[int, bytes]:
        del ask
        return 200, encoded_outcomes(outcome, asking.languages)


def _asking_of(headers: Iterable[Header]) -> _Asking | None:
    """Return what usual headers say, or None where something is to be looked at more closely."""
    token: str | None = None
    languages = b""
    for name, value in headers:
        if name == b"authorization":
            if value[: len(_BEARER)].lower() != _BEARER:
                return None
            token = value[len(_BEARER) :].strip().decode("latin-1")
        elif name == b"content-type":
            if value != _JSON:
                return None
        elif name == b"accept-language":
            languages = value
        elif name in _UNUSUAL:
            return None
    return _Asking(token, languages.decode("latin-1")) if token else None


async def _body_of(receive: Receive) -> tuple[bytes | None, Receive]:
    """Read a body, and return a way to read it again; None for one that is too large, or whose sender went away."""
    seen: list[HTTPReceiveMessage] = []
    parts: list[bytes] = []
    size = 0
    while True:
        message = cast("HTTPReceiveMessage", await receive())
        seen.append(message)
        if message["type"] != "http.request":
            return None, _again(seen, receive)
        parts.append(message["body"])
        size += len(message["body"])
        if size > _BODY_BYTES_MAX:
            return None, _again(seen, receive)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts), _again(seen, receive)


def _again(seen: list[HTTPReceiveMessage], receive: Receive) -> Receive:
    """Give what was read once more, then go on reading."""
    left = iter(seen)

    async def read() -> HTTPReceiveMessage:
        message = next(left, None)
        return cast("HTTPReceiveMessage", await receive()) if message is None else message

    return read


def _read(body: bytes | None) -> OrderAsk | None:
    if body is None:
        return None
    try:
        return decode(body, OrderAsk)
    except BadInput:
        return None


def _told(standing: Standing) -> tuple[Header, Header]:
    return (
        (b"ratelimit-limit", b"%d" % standing.rate.burst),
        (b"ratelimit-remaining", b"%d" % standing.left),
    )


def _spelt(headers: dict[str, str]) -> list[Header]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
