"""Doing the work of a request and answering: in one transaction, again where rivals met, once per Idempotency-Key."""

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import psycopg
from litestar import Request, Response
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec

from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.web.api.caller import Caller
from loopline.web.api.idempotency import Claim, IdempotencyKeyTaken, claim, keep, keep_conflict
from loopline.web.api.reading import BadInput
from loopline.web.api.refusals import SecretOncePerKey
from loopline.web.edge import edge_of, language_of
from loopline.web.languages import marked
from loopline.web.problems import Problem, problem_of

T = TypeVar("T")
Work = Callable[[Conn, datetime], T]
AnyRequest = Request[Any, Any, State]

IDEMPOTENCY_HEADER = "idempotency-key"
_KEY_LENGTH_MAX = 255
_TRIES_MAX = 4
_PAUSE_SECONDS = 0.02
# Rivals met: nothing was done, and doing it again is right. A unique violation is a rival's row we could not see yet.
_MEETING = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
    psycopg.errors.LockNotAvailable,
)
# A StopIteration cannot cross from a thread into a coroutine: the request would wait for its answer for ever.
_ENDED_TOO_SOON = "an iterator of ours ended too soon"
_BAD_KEY = marked("1 to 255 visible ASCII characters are wanted")


class RivalsTooMany(Refusal, frozen=True, kw_only=True):
    """Too many want the same thing at this moment, and nothing was done: try again."""


PROBLEMS = {
    status: ResponseSpec(
        data_container=Problem,
        description=said,
        media_type="application/problem+json",
        generate_examples=False,
    )
    for status, said in (
        (400, "The request cannot be read: `errors` names each field and why."),
        (401, "Nobody, or a token that is not valid."),
        (403, "Not in your branch, or not by your roles."),
        (404, "There is no such thing, or not for you."),
        (409, "Refused: `code` says why, for good; `fields` are its data."),
        (413, "The body is too large."),
        (415, "The body is not JSON."),
        (422, "It can be read, and makes no sense: `code` says why."),
        (429, "Too many requests: see Retry-After."),
        (503, "Not now; nothing was done: see Retry-After."),
    )
}


def run(request: AnyRequest, work: Work[T]) -> T:
    """Do work in a transaction of its own, again where rivals met; raises Refused (503) after the fourth time."""
    edge = edge_of(request)
    for tried in range(1, _TRIES_MAX + 1):
        try:
            with edge.database.transaction() as conn:
                return work(conn, edge.clock())
        except _MEETING as met:
            edge.metrics.meetings.inc()
            if tried == _TRIES_MAX:
                raise Refused(RivalsTooMany()) from met
            # Rivals that met once would meet again if they came back in step.
            time.sleep(random.uniform(0, _PAUSE_SECONDS * tried))  # noqa: S311 - protects nothing
        except StopIteration as stopped:
            raise RuntimeError(_ENDED_TOO_SOON) from stopped
    raise AssertionError("unreachable")


def read(request: AnyRequest, work: Work[T]) -> T:
    """Do reading work on a connection of its own."""
    edge = edge_of(request)
    try:
        with edge.database.reading() as conn:
            return work(conn, edge.clock())
    except StopIteration as stopped:
        raise RuntimeError(_ENDED_TOO_SOON) from stopped


def commanded(
    request: AnyRequest,
    caller: Caller,
    body: msgspec.Struct | None,
    work: Work[msgspec.Struct],
    *,
    status: int = 200,
) -> Response[Any]:
    """Do a command and answer with what it returns; with an Idempotency-Key the first answer is given for a day.

    The answer is kept in the transaction of the command. A refusal that ends the whole request is not kept: nothing
    was done, and it may be asked again under the same key.
    """
    key = idempotency_key(request)
    if key is None:
        return json_response(msgspec.json.encode(run(request, work)), status=status)
    wanted = Claim(caller=caller.claimant, key=key, content_hash=content_hash(request, body))
    replayed = False

    def once(conn: Conn, now: datetime) -> tuple[int, bytes]:
        nonlocal replayed
        known = claim(conn, wanted, now=now)
        if known is not None:
            if known.content_hash != wanted.content_hash:
                raise Refused(IdempotencyKeyTaken(key=wanted.key))
            replayed = True
            return known.status, known.body
        answer = msgspec.json.encode(work(conn, now))
        keep(conn, wanted, status=status, body=answer)
        return status, answer

    try:
        said, content = run(request, once)
    except Refused as refused:
        if isinstance(refused.refusal, IdempotencyKeyTaken):
            run(request, lambda conn, now: keep_conflict(conn, wanted, now=now))
        raise
    response = json_response(content, status=said)
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def idempotency_key(request: AnyRequest) -> str | None:
    """Return the caller's Idempotency-Key. Raises BadInput for one that cannot be kept."""
    stated = request.headers.get(IDEMPOTENCY_HEADER)
    if stated is None:
        return None
    if not 1 <= len(stated) <= _KEY_LENGTH_MAX or not stated.isascii() or not stated.isprintable():
        raise BadInput(field="Idempotency-Key", template=_BAD_KEY)
    return stated


def refuse_to_keep_secrets(request: AnyRequest) -> None:
    """Refuse an Idempotency-Key where the answer holds a secret: it would have to be kept. Raises Refused."""
    if idempotency_key(request) is not None:
        raise Refused(SecretOncePerKey())


def content_hash(request: AnyRequest, body: msgspec.Struct | None) -> bytes:
    """Return the hash of what is asked: method, path, query and body, whatever the order of its fields was."""
    spelt = msgspec.json.encode(
        (request.method, request.url.path, request.url.query, body), order="deterministic"
    )
    return hashlib.sha256(spelt).digest()


def json_response(content: bytes, *, status: int = 200) -> Response[Any]:
    """Answer with JSON that is encoded already."""
    return Response(
        content, status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def answered(value: msgspec.Struct, *, status: int = 200) -> Response[Any]:
    """Answer with a record."""
    return json_response(msgspec.json.encode(value), status=status)


O = TypeVar("O", bound=msgspec.Struct)  # noqa: E741 - the outcome's type


def outcome(kind: Callable[..., O], result: Any, request: AnyRequest) -> O:
    """Return one item's outcome: its `value`, or the `problem` that refused it, in the caller's language."""
    if isinstance(result, Refusal):
        return kind(problem=problem_of(result, language_of(request)))
    return kind(value=result)


def outcomes(kind: Callable[..., O], results: Sequence[Any], request: AnyRequest) -> list[O]:
    """Return the outcomes of a batch, in its order."""
    return [outcome(kind, result, request) for result in results]


def granted(result: T | Refusal) -> T:
    """Return what was granted. Raises Refused, which rolls back, where it was not."""
    if isinstance(result, Refusal):
        raise Refused(result)
    return result
