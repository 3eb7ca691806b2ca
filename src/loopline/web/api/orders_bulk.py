"""Orders in bulk: newline-delimited JSON in, one line of answer for each line, while the rest still comes in.

Lines are placed five hundred at a time, each batch one transaction. A line that cannot be read, or that is refused,
refuses itself alone and says which line, which field and why. Nothing is kept of a request but what was placed: whoever
was cut off sends all of it again, and what was placed is told as the order it is.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Stream
from msgspec import UNSET, UnsetType

from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.web.api.answers import PROBLEMS, AnyRequest
from loopline.web.api.caller import Caller
from loopline.web.api.orders import OrderAsk, OrderKept, order_kept, order_request
from loopline.web.api.reading import BadInput, WrongMediaType, decode
from loopline.web.edge import Edge, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.placing import OrderAnswer, refusal_of_failure
from loopline.web.problems import Problem, problem_of, problem_of_bad_input

LINES_AT_ONCE = 500
LINE_BYTES_MAX = 200_000
_NDJSON = "application/x-ndjson"
_TOO_LONG = marked("at most {most} bytes are wanted")
_encode = msgspec.json.Encoder().encode


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What became of one line, counted from 1: the order it is (`value`), or the `problem` that refused it."""

    line: int
    value: OrderKept | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class _Line(msgspec.Struct, frozen=True, gc=False):
    number: int
    content: bytes


@post(
    "/orders/bulk",
    tags=["orders"],
    operation_id="place_orders_in_bulk",
    status_code=200,
    responses={
        **PROBLEMS,
        200: ResponseSpec(
            data_container=LineAnswer,
            description="One line per line, in their order (application/x-ndjson).",
            media_type=_NDJSON,
            generate_examples=False,
        ),
    },
)
async def place_orders_in_bulk(request: AnyRequest, caller: NamedDependency[Caller]) -> Stream:
    """Place any number of orders, one in each line; each line is answered by itself, in the order given.

    Send application/x-ndjson. Answers come while lines are still read: read them, or nothing more is taken.
    """
    caller.scope(Permission.ORDERS_WRITE)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _NDJSON:
        raise WrongMediaType
    answers = _answers(edge_of(request), caller, request.stream(), language_of(request))
    return Stream(answers, media_type=_NDJSON, headers={"Cache-Control": "no-store"})


async def _answers(
    edge: Edge, caller: Caller, parts: AsyncIterator[bytes], language: Language
) -> AsyncGenerator[bytes, None]:
    """Place batch after batch; the next is read when the answers of the one before were taken."""
    async for lines in _batches(parts):
        yield await asyncio.to_thread(_placed, edge, caller, lines, language)


async def _batches(parts: AsyncIterator[bytes]) -> AsyncGenerator[list[_Line], None]:
    """Cut what comes into lines, some hundred at a time; empty ones count and are passed over."""
    rest = b""
    number = 0
    batch: list[_Line] = []
    async for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        if len(rest) > LINE_BYTES_MAX:
            rest = rest[: LINE_BYTES_MAX + 1]  # no more of it is kept than says that it is too long
        for content in whole:
            number += 1
            if content.strip():
                batch.append(_Line(number, content))
            if len(batch) == LINES_AT_ONCE:
                yield batch
                batch = []
    if rest.strip():
        batch.append(_Line(number + 1, rest))
    if batch:
        yield batch


def _placed(edge: Edge, caller: Caller, lines: Sequence[_Line], language: Language) -> bytes:
    """Place one batch; returns its answers, each ended by a line feed."""
    read = [_read(line) for line in lines]
    asks = [one for one in read if isinstance(one, OrderAsk)]
    placed = iter(edge.orders.do([order_request(edge, ask, caller, None) for ask in asks]))
    answers: list[LineAnswer] = []
    for line, ask in zip(lines, read, strict=True):
        if isinstance(ask, BadInput):
            said = problem_of_bad_input([ask.problem(language)], language)
            answers.append(LineAnswer(line=line.number, problem=said))
        else:
            answers.append(_answer(line, ask, next(placed), language))
    return b"".join([_encode(answer) + b"\n" for answer in answers])


def _read(line: _Line) -> OrderAsk | BadInput:
    if len(line.content) > LINE_BYTES_MAX:
        return BadInput(field="", template=_TOO_LONG, most=str(LINE_BYTES_MAX))
    try:
        return decode(line.content, OrderAsk)
    except BadInput as bad:
        return bad


def _answer(line: _Line, ask: OrderAsk, outcome: OrderAnswer | Exception, language: Language) -> LineAnswer:
    found = refusal_of_failure(outcome) if isinstance(outcome, Exception) else outcome
    if isinstance(found, Refusal):
        return LineAnswer(line=line.number, problem=problem_of(found, language))
    return LineAnswer(line=line.number, value=order_kept(found, ask))
