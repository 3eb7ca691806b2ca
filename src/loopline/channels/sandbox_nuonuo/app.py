"""The sandbox as an application of its own: tokens, the one address of all services, files, and its notifier.

It works in threads of its own: a handler of the server it lives beside may wait for it, and must not be what it waits
for.
"""

import asyncio
import hmac
import secrets
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec
import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from loopline.channels.beside import Notifying
from loopline.channels.nuonuo.platform import CREDIT, ISSUE, TELL, TELL_CREDIT
from loopline.channels.nuonuo.signing import Call, signature
from loopline.channels.sandbox_book import Thing
from loopline.channels.sandbox_nuonuo.book import NuonuoBook, NuonuoDenied
from loopline.channels.sandbox_nuonuo.settings import MOUNT_PATH, SandboxNuonuoSettings

_Found = NuonuoDenied | Thing | list[Thing] | str
NuonuoRequest = Request[None, None, State]
_BODY_BYTES_MAX = 2_000_000
_FRESH_SECONDS = 600
_BATCH = 50
_LOST = b"<html><body>504 Gateway Time-out</body></html>"
_BAD_APPLICATION = NuonuoDenied(code="070101", describe="获取app密钥失败或appkey无效")
_BAD_TOKEN = NuonuoDenied(code="070304", describe="bad credentials")
_BAD_SIGNATURE = NuonuoDenied(code="070201", describe="签名校验失败")
_SAYS_NOTHING = NuonuoDenied(code="E9101", describe="请求参数有误")
_FILE = b"%PDF-1.4\n%a made-up invoice\n%%EOF\n"
_logger = structlog.get_logger(__name__)


class SandboxNuonuo(Notifying):
    """One sandbox: its book, its notifier and its application."""

    def __init__(self, settings: SandboxNuonuoSettings, *, clock: Callable[[], datetime]) -> None:
        super().__init__(MOUNT_PATH, settings.notify_url)
        self.settings = settings
        self.clock = clock
        self.book = NuonuoBook(settings)
        self.app = _application(self)
        self._calls: Counter[str] = Counter()

    def stop(self) -> None:
        """End; the book keeps what is to be told."""
        super().stop()
        self.book.close_book()

    def step(self) -> int:
        """Finish and tell what is due; returns how many copies were heard."""
        now = self.clock()
        self.book.settle(now=now)
        heard = 0
        for one in self.book.due(now=now, limit=_BATCH):
            is_heard = self.send(one.body, {"content-type": "application/x-www-form-urlencoded"})
            self.book.told(one, is_heard=is_heard)
            heard += is_heard
        return heard

    def loses_answer(self, about: str) -> bool:
        """Whether this answer is lost: the next one about the same thing is drawn anew."""
        self._calls[about] += 1
        return self.settings.manners.loses(f"{about}:{self._calls[about]}")


def _application(sandbox: SandboxNuonuo) -> Litestar:
    return Litestar(
        route_handlers=[give_token, serve, show_file],
        state=State({"sandbox": sandbox}),
        request_max_body_size=_BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )


def _sandbox(request: NuonuoRequest) -> SandboxNuonuo:
    found = request.app.state["sandbox"]
    assert isinstance(found, SandboxNuonuo)
    return found


@post("/accessToken", status_code=200)
async def give_token(request: NuonuoRequest) -> Response[bytes]:
    """Give an application a token, for its secret."""
    sandbox = _sandbox(request)
    said = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    known = sandbox.settings.secrets
    if (said.get("client_id"), said.get("client_secret")) != (known.app_key, known.app_secret):
        return _answer({"error": "070101", "error_description": "appkey无效"}, status=401)
    token = secrets.token_hex(16)
    now = sandbox.clock()
    loop = asyncio.get_running_loop()
    made = await loop.run_in_executor(
        sandbox.threads, lambda: sandbox.book.give_token(known.app_key, token=token, now=now)
    )
    return _answer(made)


@post("/open/v1/services", status_code=200)
async def serve(request: NuonuoRequest) -> Response[bytes]:
    """Check a call, do what its method says, and answer; by the seed the answer is lost after it."""
    sandbox, body = _sandbox(request), await request.body()
    loop = asyncio.get_running_loop()
    found, about = await loop.run_in_executor(sandbox.threads, lambda: _served(sandbox, request, body))
    if sandbox.loses_answer(about):
        return Response(_LOST, status_code=504, media_type="text/html")
    if isinstance(found, NuonuoDenied):
        return _answer({"code": found.code, "describe": found.describe, "result": None})
    return _answer({"code": "E0000", "describe": "请求成功", "result": found})


def _served(sandbox: SandboxNuonuo, request: NuonuoRequest, body: bytes) -> tuple[_Found, str]:
    fault = _fault_of(sandbox, request, body)
    if fault is not None:
        return fault, "fault"
    method, tax_number = request.headers.get("method", ""), request.headers.get("usertax", "")
    work = _WORK.get(method)
    if work is None:
        return _SAYS_NOTHING, "unknown"
    try:
        asked = msgspec.json.decode(body, type=Thing)
        about, found = work(sandbox.book, asked, tax_number, sandbox.clock())
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, ArithmeticError):
        return _SAYS_NOTHING, "unreadable"
    return found, f"{method}:{about}"


def _issue(book: NuonuoBook, asked: Thing, tax_number: str, now: datetime) -> tuple[str, _Found]:
    order = asked["order"]
    return order["orderNo"], book.issue(order, tax_number, now=now)


def _credit(book: NuonuoBook, asked: Thing, tax_number: str, now: datetime) -> tuple[str, _Found]:
    made = book.credit(asked, tax_number, now=now)
    return asked["billId"], made if isinstance(made, NuonuoDenied) else made["billId"]


def _tell(book: NuonuoBook, asked: Thing, tax_number: str, now: datetime) -> tuple[str, _Found]:
    del tax_number
    return str(asked["orderNos"]), book.told_of(asked["orderNos"], now=now)


def _tell_form(book: NuonuoBook, asked: Thing, tax_number: str, now: datetime) -> tuple[str, _Found]:
    del tax_number
    return asked["billId"], book.told_of_form(asked["billId"], now=now)


_WORK: dict[str, Callable[[NuonuoBook, Thing, str, datetime], tuple[str, _Found]]] = {
    ISSUE: _issue,
    CREDIT: _credit,
    TELL: _tell,
    TELL_CREDIT: _tell_form,
}


def _fault_of(sandbox: SandboxNuonuo, request: NuonuoRequest, body: bytes) -> NuonuoDenied | None:
    """What is wrong with a call: whose it is, how it is signed, when, and by which token."""
    said: dict[str, Any] = dict(request.query_params)
    known = sandbox.settings.secrets
    if said.get("appkey") != known.app_key:
        return _BAD_APPLICATION
    call = Call(
        app_key=known.app_key,
        senid=str(said.get("senid", "")),
        nonce=str(said.get("nonce", "")),
        timestamp=str(said.get("timestamp", "")),
        content=body,
    )
    expected = signature(call, secret=known.app_secret, url="/open/v1/services")
    is_fresh = call.timestamp.isdigit() and abs(time.time() - int(call.timestamp)) <= _FRESH_SECONDS
    if not is_fresh or not hmac.compare_digest(expected, request.headers.get("x-nuonuo-sign", "")):
        return _BAD_SIGNATURE
    token = request.headers.get("accesstoken", "")
    return None if sandbox.book.is_token(known.app_key, token, now=sandbox.clock()) else _BAD_TOKEN


@get("/files/{name:str}")
async def show_file(name: FromPath[str]) -> Response[bytes]:
    """Show the file of an invoice: a made-up one says nothing."""
    del name
    return Response(_FILE, media_type="application/pdf")


def _answer(said: object, *, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(said), status_code=status, media_type="application/json")
