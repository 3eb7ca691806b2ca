"""The public API as a client uses it: JSON over HTTP, asked again where the server says later, once per key.

Every command carries an Idempotency-Key, so that asking again after a broken connection does nothing twice.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec

_TOO_MANY = 429
_NOT_NOW = 503
_FAULT = 500
_BAD_REQUEST = 400
_TRIES_MAX = 60
_PAUSE_SECONDS = 0.2
_PAUSE_SECONDS_MAX = 5.0
_BATCH = 500
_CONNECTIONS_MAX = 64


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `body` is the decoded JSON, None for an empty one."""

    status: int
    body: Any

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return self.status < _BAD_REQUEST

    @property
    def code(self) -> str:
        """The stable code of the problem; empty for a good answer."""
        if self.is_good:
            return ""
        problem: dict[str, Any] = self.body or {}
        return str(problem.get("code", self.status))


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something to ask of the API; `key` names the deed, `token` is a member's where it is not the world's own."""

    path: str
    body: Any
    key: str
    token: str | None = None
    method: str = "POST"


class Fault(Exception):  # noqa: N818 - says what happened
    """The API answered in a way that it never should, or never answered."""


class Stopped(Exception):  # noqa: N818 - says what happened
    """The world was told to stop while it waited for an answer."""


class Counts(msgspec.Struct, kw_only=True):
    """What it took: requests answered, and answers that said later or never came."""

    requests: int = 0
    asked_again: int = 0


class Api:
    """One client of one server. Calls may come from several threads."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        stopping: threading.Event | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            timeout=30.0,
            transport=transport,
            limits=httpx.Limits(max_connections=_CONNECTIONS_MAX, max_keepalive_connections=_CONNECTIONS_MAX),
        )
        self._token = token
        self._stopping = stopping or threading.Event()
        self._lock = threading.Lock()
        self.counts = Counts()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def get(self, path: str, *, token: str | None = None, **query: Any) -> Any:
        """Return what is at a path. Raises Fault where it is refused."""
        answer = self.ask("GET", path, token=token, query={k: v for k, v in query.items() if v is not None})
        if not answer.is_good:
            raise Fault(f"GET {path}: {answer.status} {answer.body}")
        return answer.body

    def pages(self, path: str, **query: Any) -> list[Any]:
        """Return every item of a list, page after page."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, limit=200, **query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def do(self, command: Command) -> Answer:
        """Do one thing; a refusal comes back as an answer."""
        return self.ask(command.method, command.path, body=command.body, token=command.token, key=command.key)

    def do_all(self, commands: Sequence[Command], *, at_once: int = 1) -> list[Answer]:
        """Do several things, so many at a time; answers in their order."""
        if at_once == 1 or len(commands) < 2:
            return [self.do(command) for command in commands]
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            return list(pool.map(self.do, commands))

    def batch(self, path: str, items: Sequence[Any], *, key: str, size: int = _BATCH) -> list[Answer]:
        """Do a long list of things by the batch; one answer each, in their order."""
        answers: list[Answer] = []
        for first in range(0, len(items), size):
            body = {"items": list(items[first : first + size])}
            answer = self.ask("POST", path, body=body, key=f"{key}:{first}")
            if not answer.is_good:
                raise Fault(f"POST {path}: {answer.status} {answer.body}")
            answers += [_outcome(one) for one in answer.body["outcomes"]]
        return answers

    def ask(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        token: str | None = None,
        key: str | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send a request until it is answered for good. Raises Fault for what no server should say."""
        headers = {"Authorization": f"Bearer {token or self._token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        pause, said = _PAUSE_SECONDS, ""
        for _ in range(_TRIES_MAX):
            if self._stopping.is_set():
                raise Stopped
            wait = pause = min(pause * 1.5, _PAUSE_SECONDS_MAX)
            try:
                response = self._client.request(method, path, content=content, headers=headers, params=query)
            except httpx.TransportError as error:
                said = f"{type(error).__name__}: {error}"
            else:
                if response.status_code not in {_TOO_MANY, _NOT_NOW}:
                    return self._answer(method, path, response)
                wait, said = _retry_after(response, wait), str(response.status_code)
            with self._lock:
                self.counts.asked_again += 1
            if self._stopping.wait(wait):
                raise Stopped
        raise Fault(f"{method} {path}: no answer after {_TRIES_MAX} tries, last {said}")

    def _answer(self, method: str, path: str, response: httpx.Response) -> Answer:
        with self._lock:
            self.counts.requests += 1
        if response.status_code >= _FAULT:
            raise Fault(f"{method} {path}: {response.status_code} {response.text[:300]}")
        return Answer(
            status=response.status_code,
            body=msgspec.json.decode(response.content) if response.content else None,
        )


def _outcome(outcome: Mapping[str, Any]) -> Answer:
    """One item of a batch as the answer it would have been alone."""
    if "problem" in outcome:
        return Answer(status=int(outcome["problem"]["status"]), body=outcome["problem"])
    return Answer(status=200, body=outcome["value"])


def _retry_after(response: httpx.Response, otherwise: float) -> float:
    """How long the server wants to be left alone, in seconds."""
    stated = response.headers.get("Retry-After", "")
    return max(float(stated), 0.05) if stated.isdigit() else otherwise
