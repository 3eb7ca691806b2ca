"""The sandbox as an application of its own: one address for all calls, named by a header, signed."""

import hmac
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State

from loopline.channels.aliyun_sms.gateway import ASK, SEND, VERSION
from loopline.channels.aliyun_sms.signing import ALGORITHM, EMPTY_HASH, Call, signature
from loopline.channels.beside import Beside
from loopline.channels.sandbox_aliyun.book import AliyunBook, AliyunDenied
from loopline.channels.sandbox_aliyun.settings import MOUNT_PATH, SandboxAliyunSettings
from loopline.channels.sandbox_book import Thing

AliyunRequest = Request[None, None, State]
_FRESH_SECONDS = 900
_LOST = b"<html><body>504 Gateway Time-out</body></html>"
_CREDENTIAL = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^,]+),SignedHeaders=(?P<names>[^,]+),Signature=(?P<signature>[0-9a-f]{{64}})"
)
_MUST_BE_SIGNED = frozenset(
    {
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    }
)
_NO_KEY = AliyunDenied(
    code="InvalidAccessKeyId.NotFound", message="Specified access key is not found.", status=404
)
_NOT_SIGNED = AliyunDenied(
    code="SignatureDoesNotMatch", message="Specified signature does not match.", status=400
)
_TOO_OLD = AliyunDenied(
    code="InvalidTimeStamp.Expired", message="Specified time stamp or date value is expired.", status=400
)
_USED = AliyunDenied(
    code="SignatureNonceUsed", message="Specified signature nonce was used already.", status=400
)
_NO_ACTION = AliyunDenied(
    code="InvalidAction.NotFound", message="Specified api is not found, please check your url.", status=404
)
_UNREADABLE = AliyunDenied(code="isv.INVALID_PARAMETERS", message="参数异常")


class SandboxAliyun(Beside):
    """One sandbox: its book and its application."""

    def __init__(self, settings: SandboxAliyunSettings, *, clock: Callable[[], datetime]) -> None:
        super().__init__(MOUNT_PATH)
        self.settings = settings
        self.clock = clock
        self.book = AliyunBook(settings)
        self._calls: Counter[str] = Counter()
        self.app = Litestar(
            route_handlers=[serve],
            state=State({"sandbox": self}),
            openapi_config=None,
            logging_config=None,
        )

    def stop(self) -> None:
        """End; the book keeps what was sent."""
        self.book.close_book()

    def loses_answer(self, about: str) -> bool:
        """Whether this answer is lost: the next one about the same thing is drawn anew."""
        self._calls[about] += 1
        return self.settings.manners.loses(f"{about}:{self._calls[about]}")

    def fault_of(self, request: AliyunRequest) -> AliyunDenied | None:
        """What is wrong with a call: whose it is, how it is signed, when, and whether it came before."""
        said = _CREDENTIAL.fullmatch(request.headers.get("authorization", ""))
        known = self.settings.secrets
        if said is None or said["key"] != known.access_key_id:
            return _NO_KEY
        names = said["names"].split(";")
        call = Call(
            method=request.method,
            path=urlsplit(self.settings.base_url).path,
            query=dict(request.query_params),
            headers={name: request.headers.get(name, "") for name in names},
        )
        expected = signature(call, secret=known.access_key_secret)
        is_whole = set(names) >= _MUST_BE_SIGNED and request.headers["x-acs-content-sha256"] == EMPTY_HASH
        if not is_whole or not hmac.compare_digest(expected, said["signature"]):
            return _NOT_SIGNED
        if not _is_fresh(request.headers["x-acs-date"]):
            return _TOO_OLD
        if not self.book.is_new(request.headers["x-acs-signature-nonce"]):
            return _USED
        return None if request.headers["x-acs-version"] == VERSION else _NO_ACTION

    def served(self, action: str, asked: dict[str, str]) -> AliyunDenied | Thing:
        """Do what a call asks."""
        try:
            if action == SEND:
                return self.book.send(asked, now=self.clock())
            return self.book.told_of(asked) if action == ASK else _NO_ACTION
        except (KeyError, ValueError, msgspec.MsgspecError):
            return _UNREADABLE


def _is_fresh(date: str) -> bool:
    try:
        said = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs((datetime.now(UTC) - said).total_seconds()) <= _FRESH_SECONDS


@post("/", status_code=200, sync_to_thread=True)
def serve(request: AliyunRequest) -> Response[bytes]:
    """Check a call, do what its action says, and answer; by the seed the answer is lost after it."""
    sandbox = request.app.state["sandbox"]
    assert isinstance(sandbox, SandboxAliyun)
    action, asked = request.headers.get("x-acs-action", ""), dict(request.query_params)
    found = sandbox.fault_of(request) or sandbox.served(action, asked)
    if sandbox.loses_answer(f"{action}:{asked.get('OutId') or asked.get('PhoneNumber')}"):
        return Response(_LOST, status_code=504, media_type="text/html")
    if isinstance(found, AliyunDenied):
        body: Thing = {"Code": found.code, "Message": found.message}
        return Response(msgspec.json.encode(body), status_code=found.status, media_type="application/json")
    return Response(msgspec.json.encode(found), media_type="application/json")
