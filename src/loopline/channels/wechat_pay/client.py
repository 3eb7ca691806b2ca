"""The part of `wechatpayv3` that is used, with its traps stepped around.

Its gateway is fixed in its core: it is set on the instance. It verifies answers of 2xx alone: others say nothing that
can be believed. Where a notification is signed with a key it does not know it asks for certificates: so the key is
looked at first. It encrypts names in what it is given, in place: callers build that anew each time.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import msgspec
import requests
from wechatpayv3 import WeChatPay, WeChatPayType  # pyright: ignore[reportMissingTypeStubs]

from loopline.channels.wechat_pay.settings import GATEWAY_URL, WechatMerchant

_PEM = re.compile(r"-----(BEGIN|END) [A-Z ]+-----|\s")
Answer = tuple[int, str | bytes]
ABSENT_CODES = frozenset({"RESOURCE_NOT_EXISTS", "NOT_FOUND"})
"""How it says that it has nothing under a number, with 404."""


class Client(Protocol):
    """What is called of `wechatpayv3.WeChatPay`: each answers (status, body), or raises what a network does."""

    def profitsharing_add_receiver(
        self, account_type: str, account: str, relation_type: str, name: str | None
    ) -> Answer: ...
    def profitsharing_order(
        self,
        transaction_id: str,
        out_order_no: str,
        receivers: list[dict[str, Any]],
        unfreeze_unsplit: bool,  # noqa: FBT001 - the library's own
    ) -> Answer: ...
    def profitsharing_order_query(self, transaction_id: str, out_order_no: str) -> Answer: ...
    def profitsharing_amount_query(self, transaction_id: str) -> Answer: ...
    def profitsharing_config_query(self, sub_mchid: str) -> Answer: ...
    def profitsharing_unfreeze(self, transaction_id: str, out_order_no: str, description: str) -> Answer: ...
    def profitsharing_return(
        self, out_return_no: str, return_mchid: str, amount: int, description: str, *, out_order_no: str
    ) -> Answer: ...
    def profitsharing_return_query(self, out_order_no: str, out_return_no: str) -> Answer: ...
    def transfer_batch(  # noqa: PLR0913, PLR0917 - the library's own
        self,
        out_batch_no: str,
        batch_name: str,
        batch_remark: str,
        total_amount: int,
        total_num: int,
        transfer_detail_list: Sequence[dict[str, Any]],
    ) -> Answer: ...
    def transfer_query_out_batch_no(
        self, out_batch_no: str, *, need_query_detail: bool, offset: int, limit: int
    ) -> Answer: ...
    def transfer_query_out_detail_no(self, out_detail_no: str, out_batch_no: str) -> Answer: ...
    def callback(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any] | None: ...


def open_client(merchant: WechatMerchant) -> Client:
    """Return a client of a merchant. Raises where its keys are none."""
    host = urlsplit(merchant.gateway_url).hostname or ""
    is_here = host in {"127.0.0.1", "localhost"}
    opened: Any = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=merchant.mchid,
        private_key=_bare(merchant.private_key),
        cert_serial_no=merchant.serial,
        appid=merchant.appid,
        apiv3_key=merchant.apiv3_key,
        notify_url=merchant.notify_url,
        public_key=_bare(merchant.platform_public_key),
        public_key_id=merchant.platform_key_id,
        timeout=merchant.timeout_seconds,
        # Straight to a sandbox: no proxy of the environment stands between two parts of one machine.
        proxy={"http": "", "https": ""} if is_here else None,
    )
    if merchant.gateway_url != GATEWAY_URL:
        opened._core._gate_way = merchant.gateway_url.rstrip("/")  # noqa: SLF001 - it has no setting for it
    return cast(Client, opened)


def _bare(pem: str) -> str:
    """A key without its frame: the library puts the frame that it expects around it."""
    return _PEM.sub("", pem)


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is not 2xx: unsigned, so that nothing follows from it alone."""

    status: int
    code: str = ""
    message: str = ""

    @property
    def said(self) -> str:
        """What it says, for people."""
        return f"{self.status} {self.code} {self.message}".strip()[:200]


class _Wrong(msgspec.Struct, frozen=True, kw_only=True):
    code: str = ""
    message: str = ""


def read(answer: Answer) -> dict[str, Any] | Denied:
    """Return the content of an answer of 2xx, whose signature was checked, or what stands in another."""
    status, body = answer
    if 200 <= status < 300:
        return msgspec.json.decode(body, type=dict[str, Any]) if body else {}
    try:
        wrong = msgspec.json.decode(body, type=_Wrong)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        wrong = _Wrong()
    return Denied(status=status, code=wrong.code, message=wrong.message)


def called(call: Callable[[], Answer]) -> dict[str, Any] | Denied | str:
    """Call, and return what was said and signed, a denial, or why there is no answer that can be believed."""
    try:
        return read(call())
    except requests.RequestException as fault:
        return f"no answer: {type(fault).__name__}"
    except Exception as fault:  # noqa: BLE001 - the library raises bare exceptions where a signature is wrong
        return f"no answer that can be believed: {fault}"[:200]
