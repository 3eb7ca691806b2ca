"""Calls to Nuonuo's services: signed, with a token that is asked for once a day, and answers read strictly."""

import secrets
import threading
import time
import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from loopline.channels.nuonuo.settings import NuonuoApplication
from loopline.channels.nuonuo.signing import Call, signature

DONE = "E0000"
CREDENTIALS = frozenset({"070101", "070304", "070305", "070306", "070307"})
"""Codes that say something of the application, and nothing of what it asked."""
_TOKEN_SPARE = timedelta(minutes=5)
_CONNECT_SECONDS = 3.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform says: `result` is there where `code` is `E0000`."""

    code: str
    describe: str = ""
    result: Any = None

    @property
    def said(self) -> str:
        """What it says, for people."""
        return f"{self.code} {self.describe}".strip()[:200]


class _Token(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str
    expires_in: int | str


class NuonuoClient:
    """One application's calls, from any number of threads."""

    def __init__(self, application: NuonuoApplication) -> None:
        self._application = application
        is_here = (urlsplit(application.services_url).hostname or "") in {"127.0.0.1", "localhost"}
        # Straight to a sandbox: no proxy of the environment stands between two parts of one machine.
        self._trusts_environment = not is_here
        self._lock = threading.Lock()
        self._token = ""
        self._good_until: datetime | None = None

    def call(self, method: str, asked: object, *, tax_number: str, now: datetime) -> Answer | str:
        """Call a method for a company. Returns what was answered, or in words why nothing that can be believed was."""
        try:
            answer = self._called(method, msgspec.json.encode(asked), tax_number, now)
        except httpx.HTTPError as fault:
            return f"no answer: {type(fault).__name__}"
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return "no answer that can be read"
        if answer.code in CREDENTIALS:
            with self._lock:
                self._good_until = None  # whatever it is, the next call asks for a token anew
            return answer.said
        return answer

    def _called(self, method: str, content: bytes, tax_number: str, now: datetime) -> Answer:
        application = self._application
        call = Call(
            app_key=application.app_key,
            senid=uuid.uuid4().hex,
            nonce=str(10_000_000 + secrets.randbelow(90_000_000)),
            timestamp=str(int(time.time())),
            content=content,
        )
        response = self._posted(
            application.services_url,
            params={
                "senid": call.senid,
                "nonce": call.nonce,
                "timestamp": call.timestamp,
                "appkey": call.app_key,
            },
            content=content,
            headers={
                "Content-Type": "application/json;charset=utf-8",
                "X-Nuonuo-Sign": signature(call, secret=application.app_secret, url=application.services_url),
                "accessToken": self._fresh_token(now),
                "userTax": tax_number,
                "method": method,
            },
        )
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=Answer, strict=False)

    def _posted(self, url: str, **sent: Any) -> httpx.Response:
        timeout = httpx.Timeout(self._application.timeout_seconds, connect=_CONNECT_SECONDS)
        return httpx.post(url, timeout=timeout, trust_env=self._trusts_environment, **sent)

    def _fresh_token(self, now: datetime) -> str:
        with self._lock:
            if self._good_until is None or now >= self._good_until:
                response = self._posted(
                    self._application.token_url,
                    data={
                        "client_id": self._application.app_key,
                        "client_secret": self._application.app_secret,
                        "grant_type": "client_credentials",
                    },
                )
                response.raise_for_status()
                made = msgspec.json.decode(response.content, type=_Token)
                self._token = made.access_token
                self._good_until = now + timedelta(seconds=int(made.expires_in)) - _TOKEN_SPARE
            return self._token
