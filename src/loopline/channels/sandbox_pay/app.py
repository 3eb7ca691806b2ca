"""The sandbox as an application of its own: the merchant's calls, the customer's payment, the cashier's page.

The merchant shows its key; the customer shows nothing but the charge's id, which nobody can guess and which lets its
holder do one thing: pay that charge, or turn away. So the page needs no cookie and no token against forged forms.

It works in threads of its own: a handler of the server it lives beside may wait for it, and must not be what it waits
for.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from loopline.channels.beside import Beside
from loopline.channels.sandbox_pay.book import Book
from loopline.channels.sandbox_pay.cashier import CASHIER_CSS, cashier_page, local_path
from loopline.channels.sandbox_pay.gateway import SandboxGateway
from loopline.channels.sandbox_pay.messages import (
    STATUSES,
    UNKNOWN,
    Charge,
    Denied,
    GatewayRefund,
    NewCharge,
    NewCodeCharge,
    NewGatewayRefund,
)
from loopline.channels.sandbox_pay.notifier import Clock, Notifier
from loopline.channels.sandbox_pay.settings import MOUNT_PATH, SandboxSettings, is_key

SandboxRequest = Request[None, None, State]
Wire = TypeVar("Wire", bound=msgspec.Struct)
_THREADS = 4
_BODY_BYTES_MAX = 16_384
_NO_KEY = Denied(code="no_key", detail="The merchant's key is missing or wrong.")
_BAD_REQUEST = "bad_request"
# Nothing but our own style and our own form. A server it lives beside puts its own in this one's place.
_CONTENT = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Sandbox(Beside):
    """One sandbox: its book, its notifier, its application, and the gateway that speaks to it."""

    def __init__(self, settings: SandboxSettings, *, clock: Clock) -> None:
        super().__init__(MOUNT_PATH)
        self.settings = settings
        self.clock = clock
        self.book = Book(settings)
        self.notifier = Notifier(self.book, settings, clock=clock)
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sandbox")
        self.app = _application(self)
        self.gateway = SandboxGateway(settings)

    def start(self) -> None:
        """Begin to tell what happens; what an earlier start left untold first."""
        self.notifier.start()

    def stop(self) -> None:
        """End; the book keeps what is to be told."""
        self.notifier.stop()
        self.threads.shutdown()
        self.gateway.close_connections()
        self.book.close_book()


def sandbox_app(settings: SandboxSettings, *, clock: Clock) -> Litestar:
    """Make the application alone, for a server of its own; its notifier starts and stops with it."""
    sandbox = Sandbox(settings, clock=clock)
    sandbox.app.on_startup.append(sandbox.start)
    sandbox.app.on_shutdown.append(sandbox.stop)
    return sandbox.app


def _application(sandbox: Sandbox) -> Litestar:
    return Litestar(
        route_handlers=[
            create_charge,
            pay_by_code,
            get_charge,
            close_charge,
            create_refund,
            get_refund,
            pay_charge,
            show_cashier,
            answer_cashier,
            show_style,
        ],
        state=State({"sandbox": sandbox}),
        request_max_body_size=_BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )


def _sandbox(request: SandboxRequest) -> Sandbox:
    found = request.app.state["sandbox"]
    assert isinstance(found, Sandbox)
    return found


T = TypeVar("T")


async def _done(request: SandboxRequest, work: Callable[[Book, datetime], T]) -> T:
    """Do work on the book in a thread of the sandbox's, and let the notifier look at once."""
    sandbox = _sandbox(request)
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(sandbox.threads, lambda: work(sandbox.book, sandbox.clock()))
    sandbox.notifier.wake()
    return found


def _answered(found: Charge | GatewayRefund | Denied, *, status: int = 200) -> Response[bytes]:
    if isinstance(found, Denied):
        status = STATUSES.get(found.code, 409)
    return Response(
        msgspec.json.encode(found),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _refused_without_key(request: SandboxRequest) -> Response[bytes] | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and is_key(key.strip(), _sandbox(request).settings):
        return None
    return Response(msgspec.json.encode(_NO_KEY), status_code=401, media_type="application/json")


async def _body(request: SandboxRequest, wanted: type[Wire]) -> Wire | Response[bytes]:
    try:
        return msgspec.json.decode(await request.body(), type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        denied = Denied(code=_BAD_REQUEST, detail=str(error))
        return Response(msgspec.json.encode(denied), status_code=400, media_type="application/json")


@post("/v1/charges")
async def create_charge(request: SandboxRequest) -> Response[bytes]:
    """Make a charge under the merchant's number; the same again is that charge."""
    if refused := _refused_without_key(request):
        return refused
    new = await _body(request, NewCharge)
    if isinstance(new, Response):
        return new
    return _answered(await _done(request, lambda book, now: book.create(new, now=now)), status=201)


@post("/v1/code-charges")
async def pay_by_code(request: SandboxRequest) -> Response[bytes]:
    """Let the code of a customer's phone pay a charge under the merchant's number; the same again is that charge."""
    if refused := _refused_without_key(request):
        return refused
    new = await _body(request, NewCodeCharge)
    if isinstance(new, Response):
        return new
    return _answered(await _done(request, lambda book, now: book.pay_by_code(new, now=now)), status=201)


@get("/v1/numbers/{number:str}")
async def get_charge(request: SandboxRequest, number: FromPath[str]) -> Response[bytes]:
    """Say how a charge stands."""
    if refused := _refused_without_key(request):
        return refused
    return _answered(await _done(request, lambda book, now: book.charge_by_number(number, now=now)))


@post("/v1/numbers/{number:str}/close", status_code=200)
async def close_charge(request: SandboxRequest, number: FromPath[str]) -> Response[bytes]:
    """Call a charge off, unless it is paid; answers how it stands then."""
    if refused := _refused_without_key(request):
        return refused
    return _answered(await _done(request, lambda book, now: book.close(number, now=now)))


@post("/v1/charges/{charge_id:str}/refunds")
async def create_refund(request: SandboxRequest, charge_id: FromPath[str]) -> Response[bytes]:
    """Accept a refund of a charge; it is done later, and told."""
    if refused := _refused_without_key(request):
        return refused
    new = await _body(request, NewGatewayRefund)
    if isinstance(new, Response):
        return new
    return _answered(await _done(request, lambda book, now: book.refund(charge_id, new, now=now)), status=202)


@get("/v1/refunds/{number:str}")
async def get_refund(request: SandboxRequest, number: FromPath[str]) -> Response[bytes]:
    """Say how a refund stands."""
    if refused := _refused_without_key(request):
        return refused
    return _answered(await _done(request, lambda book, _: book.refund_by_number(number)))


@post("/v1/charges/{charge_id:str}/pay", status_code=200)
async def pay_charge(request: SandboxRequest, charge_id: FromPath[str]) -> Response[bytes]:
    """Pay as a customer's machine does: whoever knows the charge's id may."""
    return _answered(await _done(request, lambda book, now: book.pay(charge_id, now=now)))


@get("/cashier/{charge_id:str}")
async def show_cashier(
    request: SandboxRequest, charge_id: FromPath[str], return_to: FromQuery[str | None] = None
) -> Response[bytes]:
    """Show people what they pay, and let them."""
    found = await _done(request, lambda book, now: book.charge_by_id(charge_id, now=now))
    return _page(request, found, return_to)


@post("/cashier/{charge_id:str}", status_code=200)
async def answer_cashier(request: SandboxRequest, charge_id: FromPath[str]) -> Response[bytes] | Redirect:
    """Pay or turn away, then lead back to the shop, or show what became of it."""
    form = await request.form()
    is_paying = form.get("do") == "pay"
    return_to = str(form.get("return_to") or "") or None
    found = await _done(
        request,
        lambda book, now: book.pay(charge_id, now=now) if is_paying else book.cancel(charge_id, now=now),
    )
    if isinstance(found, Denied) and found.code != UNKNOWN.code:
        found = await _done(request, lambda book, now: book.charge_by_id(charge_id, now=now))
    if isinstance(found, Denied):
        return _page(request, found, return_to)
    back = local_path(return_to)
    here = f"{_sandbox(request).settings.base_path}/cashier/{quote(charge_id)}"
    return Redirect(back or here, status_code=303)


@get("/cashier.css", sync_to_thread=False)
def show_style() -> Response[bytes]:
    """Serve the cashier's own style."""
    return Response(CASHIER_CSS, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _page(request: SandboxRequest, found: Charge | Denied, return_to: str | None) -> Response[bytes]:
    sandbox = _sandbox(request)
    content = cashier_page(
        found if isinstance(found, Charge) else None,
        language=_language(request),
        return_to=local_path(return_to),
        base_path=sandbox.settings.base_path,
        now=sandbox.clock(),
    )
    return Response(
        content.encode(),
        status_code=200 if isinstance(found, Charge) else 404,
        media_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": _CONTENT,
            "Vary": "Accept-Language, Cookie",
        },
    )


def _language(request: SandboxRequest) -> str:
    chosen = request.cookies.get("language") or request.headers.get("accept-language", "en")
    return "zh" if chosen.lower().startswith("zh") else "en"
