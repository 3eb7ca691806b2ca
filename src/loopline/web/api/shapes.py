"""The shapes that requests and answers share: batches with an outcome for each item, pages of a list; and how a handler
is told to serve and to describe them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, UnsetType

from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.web.api.answers import PROBLEMS, AnyRequest, Work, commanded, outcomes
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import Cursor, Limit, decode_cursor
from loopline.web.api.types import Code
from loopline.web.problems import Problem

BATCH_MAX = 1_000
CODES_MAX = 200

Item = TypeVar("Item", bound=msgspec.Struct)
Value = TypeVar("Value", bound=msgspec.Struct)
Asked = TypeVar("Asked")
Decided = TypeVar("Decided")

Codes = Annotated[
    list[Code] | None,
    QueryParameter(
        name="code", description="Only these, where given; repeat it for more.", max_items=CODES_MAX
    ),
]
SkuCodes = Annotated[
    list[Code] | None,
    QueryParameter(name="sku_code", description="Only these SKUs; repeat it for more.", max_items=CODES_MAX),
]
SiteCodes = Annotated[
    list[Code] | None,
    QueryParameter(
        name="site_code", description="Only these sites; repeat it for more.", max_items=CODES_MAX
    ),
]


class Batch(msgspec.Struct, Generic[Item], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to a thousand items. Each has its own outcome; one that is refused stops no other."""

    items: Annotated[list[Item], Meta(min_length=1, max_length=BATCH_MAX)]


class Outcome(msgspec.Struct, Generic[Value], frozen=True, kw_only=True, omit_defaults=True):
    """What became of one item: its `value`, or the `problem` that refused it."""

    value: Value | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class Outcomes(msgspec.Struct, Generic[Value], frozen=True, kw_only=True):
    """The outcomes of a batch, in the order of its items."""

    outcomes: list[Outcome[Value]]


class Page(msgspec.Struct, Generic[Value], frozen=True, kw_only=True):
    """One page of a list. `next_cursor` asks for the page that follows; null on the last one."""

    items: list[Value]
    next_cursor: str | None


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list is asked for."""

    cursor: str | None
    limit: int

    def after(self, *types: type) -> tuple[Any, ...] | None:
        """Return the values the last page ended at, of these types. Raises Refused for a cursor that is not ours."""
        return decode_cursor(self.cursor, types)

    @property
    def at_most(self) -> int:
        """How many to read: one more than is shown, which says that a page follows."""
        return self.limit + 1


def paging(cursor: Cursor = None, limit: Limit = 50) -> Paging:
    """Return which page is asked for: a dependency of lists."""
    return Paging(cursor=cursor, limit=limit)


def page_of(
    found: Sequence[Decided],
    asked: Paging,
    *,
    told: Callable[[Decided], Value],
    cursor: Callable[[Decided], str],
) -> Page[Value]:
    """Cut a page from what was read, at most `asked.at_most`: what is over says that a page follows."""
    shown = found[: asked.limit]
    return Page(
        items=[told(one) for one in shown],
        next_cursor=cursor(shown[-1]) if len(found) > asked.limit else None,
    )


def posted(path: str, *, tag: str, name: str, gives: Any, status: int = 200) -> post:
    """Serve a command in a thread, and describe it: `gives` is the record it answers with, None for no body."""
    return post(
        path,
        tags=[tag],
        operation_id=name,
        status_code=status,
        sync_to_thread=True,
        responses={**PROBLEMS, **_giving(gives, status=status)},
    )


def told(path: str, *, tag: str, name: str, open_to_all: bool = False) -> get:
    """Serve a read in a thread, and describe it; a list may ask for its `asked: NamedDependency[Paging]`."""
    return get(
        path,
        tags=[tag],
        operation_id=name,
        sync_to_thread=True,
        responses=dict(PROBLEMS),
        dependencies={"asked": Provide(paging, sync_to_thread=False)},
        security=[{}, {"bearer": []}] if open_to_all else None,
    )


def _giving(gives: Any, *, status: int) -> Mapping[int, ResponseSpec]:
    spec = ResponseSpec(data_container=gives, description="Done.", generate_examples=False)
    return {status: spec}


def decided(
    request: AnyRequest,
    caller: Caller,
    body: msgspec.Struct,
    decide: Work[Sequence[Any]],
) -> Response[bytes]:
    """Decide on a batch and answer with the outcome of each item, once per Idempotency-Key."""

    def work(conn: Conn, now: Any) -> msgspec.Struct:
        results = decide(conn, now)
        return Outcomes[Any](outcomes=outcomes(Outcome, results, request))

    return commanded(request, caller, body, work)


def merged(
    judged: Sequence[Asked | Refusal], decide: Callable[[list[Asked]], Sequence[Decided | Refusal]]
) -> list[Decided | Refusal]:
    """Decide on what was not refused before, and put the outcomes where the items stood."""
    passed = [one for one in judged if not isinstance(one, Refusal)]
    outcome = iter(decide(passed) if passed else ())
    return [one if isinstance(one, Refusal) else next(outcome) for one in judged]


def covers_unit(scope: Scope, unit_id: OrgUnitId) -> bool:
    """Tell whether a unit lies in scope."""
    return scope.everything or unit_id in scope.org_units
