"""Orders in bulk: newline-delimited JSON in, one line of answer for each line, batch by batch.

Lines are placed five hundred at a time, each batch one transaction. A line that cannot be read, or that is refused,
refuses itself alone and says which line, which field and why. Nothing is kept of a request but what was placed: whoever
was cut off sends all of it again, and what was placed is told as the order it is.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice

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

    Send application/x-ndjson, up to 20 MB. Answers come batch by batch: read them, or the next batch is not begun.
    """
    caller.scope(Permission.ORDERS_WRITE)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _NDJSON:
        raise WrongMediaType
    answers = _answers(edge_of(request), caller, await request.body(), language_of(request))
    return Stream(answers, media_type=_NDJSON, headers={"Cache-Control": "no-store"})


async def _answers(
    edge: Edge, caller: Caller, body: bytes, language: Language
) -> AsyncGenerator[bytes, None]:
    """Place batch after batch; the next one begins when the answers of the one before were taken."""
    for lines in _batches(body):
        yield await asyncio.to_thread(_placed, edge, caller, lines, language)


def _batches(body: bytes) -> Iterator[list[_Line]]:
    """Cut a body into lines, some hundred at a time; empty ones count and are passed over."""
    lines = (_Line(number, content) for number, content in enumerate(body.split(b"\n"), 1) if content.strip())
    while batch := list(islice(lines, LINES_AT_ONCE)):
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
