"""The sandbox as an application of its own: the merchant's calls, checked and signed as API v3 does; its notifier.

It works in threads of its own: a handler of the server it lives beside may wait for it, and must not be what it waits
for.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from loopline.channels.beside import Notifying
from loopline.channels.sandbox_book import Thing
from loopline.channels.sandbox_wechat.book import WechatBook, WechatDenied, Work
from loopline.channels.sandbox_wechat.settings import MOUNT_PATH, SandboxWechatSettings
from loopline.channels.sandbox_wechat.signing import Signing

WechatRequest = Request[None, None, State]
_BODY_BYTES_MAX = 2_000_000
_BATCH = 50
_LOST = b"<html><body>504 Gateway Time-out</body></html>"
_logger = structlog.get_logger(__name__)


class SandboxWechat(Notifying):
    """One sandbox: its book, its notifier and its application."""

    def __init__(self, settings: SandboxWechatSettings, *, clock: Callable[[], datetime]) -> None:
        super().__init__(MOUNT_PATH, settings.notify_url)
        self.settings = settings
        self.clock = clock
        self.book = WechatBook(settings)
        self.signing = Signing(settings.keys)
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
            body = self.signing.sealed(one.type, one.body, notice_id=one.notice_id, at=now)
            headers = {**self.signing.headers(body, at=now), "content-type": "application/json"}
            is_heard = self.send(body, headers)
            self.book.told(one, is_heard=is_heard)
            heard += is_heard
        return heard

    def loses_answer(self, about: str) -> bool:
        """Whether this answer is lost: the next one about the same thing is drawn anew."""
        self._calls[about] += 1
        return self.settings.manners.loses(f"{about}:{self._calls[about]}")


def _application(sandbox: SandboxWechat) -> Litestar:
    return Litestar(
        route_handlers=[
            add_receiver,
            share_payment,
            tell_sharing,
            tell_left,
            tell_contract,
            unfreeze_payment,
            return_share,
            tell_return,
            transfer_batch,
            tell_batch,
            tell_detail,
        ],
        state=State({"sandbox": sandbox}),
        request_max_body_size=_BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )


def _sandbox(request: WechatRequest) -> SandboxWechat:
    found = request.app.state["sandbox"]
    assert isinstance(found, SandboxWechat)
    return found


async def _answered(
    request: WechatRequest, about: str, work: Callable[[Thing], Work], *, names: str = ""
) -> Response[bytes]:
    """Check the call, do its work, and answer: 2xx signed, the rest not; by the seed the answer is lost after it.

    `names` is where a name stands that was encrypted: the list that holds it, or "." for the body itself.
    """
    sandbox, body = _sandbox(request), await request.body()
    query = request.scope["query_string"].decode()
    path = request.scope["path"] + (f"?{query}" if query else "")
    fault = sandbox.signing.fault_of(
        request.headers.get("authorization", ""),
        method=request.method,
        path=path,
        body=body,
        at_seconds=time.time(),
    )
    if fault is not None:
        return _denied(WechatDenied(status=401, code="SIGN_ERROR", message=fault))
    try:
        asked = msgspec.json.decode(body, type=Thing) if body else {}
        opened = _opened(sandbox, asked, names)
        if isinstance(opened, WechatDenied):
            return _denied(opened)
        now = sandbox.clock()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(sandbox.threads, lambda: work(opened)(sandbox.book, now))
        is_lost = sandbox.loses_answer(about.format(**opened))
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as wrong:
        return _denied(WechatDenied(status=400, code="PARAM_ERROR", message=repr(wrong)[:200]))
    if is_lost:
        return Response(_LOST, status_code=504, media_type="text/html")
    if isinstance(found, WechatDenied):
        return _denied(found)
    answer = msgspec.json.encode(found)
    return Response(
        answer,
        status_code=200,
        media_type="application/json",
        headers=sandbox.signing.headers(answer, at=now),
    )


def _opened(sandbox: SandboxWechat, asked: Thing, names: str) -> Thing | WechatDenied:
    """Open the names that were encrypted for the platform. One that was not is refused, as the real one does."""
    holders: list[Any] = [asked] if names == "." else list(asked.get(names) or ()) if names else []
    for holder in holders:
        for field in ("name", "user_name"):
            if holder.get(field) is not None:
                holder[field] = sandbox.signing.opened(holder[field])
                if holder[field] is None:
                    return WechatDenied(status=400, code="PARAM_ERROR", message="敏感信息解密失败")
    return asked


def _denied(denied: WechatDenied) -> Response[bytes]:
    said = msgspec.json.encode({"code": denied.code, "message": denied.message})
    return Response(said, status_code=denied.status, media_type="application/json")


@post("/v3/profitsharing/receivers/add")
async def add_receiver(request: WechatRequest) -> Response[bytes]:
    """Make a receiver known to the merchant's sharings."""
    return await _answered(
        request,
        "receiver:{account}",
        lambda asked: lambda book, _: book.add_receiver(asked["type"], asked["account"], asked.get("name")),
        names=".",
    )


@post("/v3/profitsharing/orders")
async def share_payment(request: WechatRequest) -> Response[bytes]:
    """Share a payment; the same number again is that sharing."""
    return await _answered(
        request,
        "share:{out_order_no}",
        lambda asked: lambda book, now: book.share(asked, now=now),
        names="receivers",
    )


@get("/v3/profitsharing/orders/{number:str}")
async def tell_sharing(request: WechatRequest, number: FromPath[str]) -> Response[bytes]:
    """Say how a sharing stands."""
    about = request.query_params.get("transaction_id", "")
    return await _answered(
        request, f"sharing:{number}", lambda _: lambda book, now: book.sharing(number, about, now=now)
    )


@get("/v3/profitsharing/transactions/{number:str}/amounts")
async def tell_left(request: WechatRequest, number: FromPath[str]) -> Response[bytes]:
    """Say what of a payment is not shared yet."""
    return await _answered(request, f"left:{number}", lambda _: lambda book, __: book.left_of(number))


@get("/v3/profitsharing/merchant-configs/{mchid:str}")
async def tell_contract(request: WechatRequest, mchid: FromPath[str]) -> Response[bytes]:
    """Say how much of a payment may be shared."""
    ratio = _sandbox(request).settings.max_ratio
    return await _answered(
        request, "contract", lambda _: lambda __, ___: {"sub_mchid": mchid, "max_ratio": ratio}
    )


@post("/v3/profitsharing/orders/unfreeze")
async def unfreeze_payment(request: WechatRequest) -> Response[bytes]:
    """Let the merchant have what of a payment is not shared."""
    return await _answered(
        request, "unfreeze:{out_order_no}", lambda asked: lambda book, _: book.unfreeze(asked)
    )


@post("/v3/profitsharing/return-orders")
async def return_share(request: WechatRequest) -> Response[bytes]:
    """Take a share back from a merchant."""
    return await _answered(
        request, "return:{out_return_no}", lambda asked: lambda book, now: book.give_back(asked, now=now)
    )


@get("/v3/profitsharing/return-orders/{number:str}")
async def tell_return(request: WechatRequest, number: FromPath[str]) -> Response[bytes]:
    """Say how a return of a share stands."""
    about = request.query_params.get("out_order_no", "")
    return await _answered(
        request, f"returned:{number}", lambda _: lambda book, now: book.returned(number, about, now=now)
    )


@post("/v3/transfer/batches")
async def transfer_batch(request: WechatRequest) -> Response[bytes]:
    """Accept a batch of transfers; the same number again is that batch."""
    return await _answered(
        request,
        "transfer:{out_batch_no}",
        lambda asked: lambda book, now: book.transfer(asked, now=now),
        names="transfer_detail_list",
    )


@get("/v3/transfer/batches/out-batch-no/{number:str}")
async def tell_batch(request: WechatRequest, number: FromPath[str]) -> Response[bytes]:
    """Say how a batch stands."""
    offset, limit = (int(request.query_params.get(name, "0")) for name in ("offset", "limit"))
    return await _answered(
        request,
        f"batch:{number}",
        lambda _: lambda book, now: book.batch(number, offset=offset, limit=limit, now=now),
    )


@get("/v3/transfer/batches/out-batch-no/{batch:str}/details/out-detail-no/{number:str}")
async def tell_detail(request: WechatRequest, batch: FromPath[str], number: FromPath[str]) -> Response[bytes]:
    """Say how one transfer of a batch stands."""
    return await _answered(request, f"detail:{number}", lambda _: lambda book, __: book.detail(batch, number))
