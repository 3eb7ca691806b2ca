"""Bills of outside parties over the API: sources, files taken in, runs, differences and what becomes of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, RawBody
from msgspec import Meta

from loopline import bills, org
from loopline.bills import (
    STANDING,
    Act,
    Action,
    Bill,
    ClassSum,
    Correction,
    Difference,
    DifferenceAsk,
    DifferenceClass,
    DifferenceId,
    DifferenceState,
    Layout,
    Mapping,
    NewSource,
    OurKind,
    Run,
    RunTotals,
    Source,
    SourceId,
    SourceKind,
)
from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.reconcile.working import (
    companies_in,
    keep_sources,
    names_of_companies,
    work_differences,
)
from loopline.web.api.answers import PROBLEMS, AnyRequest, answered, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.types import Code, Currency, Name
from loopline.web.reconciling import UPLOAD_BYTES_MAX, held_against_books, taken_in

_TAG = "bills"
_RUNS_SHOWN = 200
OfSource = Annotated[Code, QueryParameter(name="source", description="The code of the source.")]
FileName = Annotated[
    str, QueryParameter(name="file_name", min_length=1, max_length=200, description="Ends in .csv or .xlsx.")
]
OfSources = Annotated[
    list[Code] | None, QueryParameter(name="source", description="Only these sources; repeat it for more.")
]
OfClass = Annotated[DifferenceClass | None, QueryParameter(name="class", description="Only this class.")]


class SourceAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source of bills to be kept under its code. `account` is where the books keep its money.

    A gateway or bank names the ways to pay it answers for, a marketplace its channel; `payer` is how a bank names it. A
    `mapped` layout names its columns.
    """

    code: Code
    name: Name
    kind: SourceKind
    layout: Layout
    entity_code: Code
    currency: Currency
    zone: Annotated[str, Meta(max_length=64)] = "Asia/Shanghai"
    account: Annotated[str, Meta(pattern=r"^(gateway|cash|receivable)$(?!\n)")] = "gateway"
    methods: Annotated[tuple[Code, ...], Meta(max_length=20)] = ()
    channel: Code | None = None
    payer: Annotated[str, Meta(max_length=200)] = ""
    grace_days: Annotated[int, Meta(ge=0, le=31)] = 2
    fee_basis_points: Annotated[int, Meta(ge=0, le=5_000)] = 300
    mapping: Mapping | None = None


class SourceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A source of bills as it is kept."""

    code: str
    name: str
    kind: SourceKind
    layout: Layout
    entity_code: str
    currency: str
    zone: str
    account: str
    methods: tuple[str, ...]
    channel: str | None
    payer: str
    grace_days: int
    fee_basis_points: int
    mapping: Mapping | None


class BillTold(msgspec.Struct, frozen=True, kw_only=True):
    """A bill that was taken in. `is_repeat`: these very bytes were before, and nothing changed."""

    id: UUID
    source: str
    file_name: str
    lines: int
    first_day: date
    last_day: date
    amount_minor: int
    fee_minor: int
    taken_at: datetime
    is_repeat: bool


class RunAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days of a source, both included, to be held against the books: 62 at most."""

    source: Code
    first_day: date
    last_day: date


class RunTold(msgspec.Struct, frozen=True, kw_only=True):
    """A run: both sides in all, what was matched, differences by class, how many were opened and closed by it."""

    id: UUID
    source: str
    first_day: date
    last_day: date
    run_at: datetime
    totals: RunTotals
    classes: tuple[ClassSum, ...]
    opened: int
    closed: int


class DifferenceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A difference: theirs less ours is `amount_minor`. `bill_line_id` and `our_number` name the sides there are."""

    id: DifferenceId
    source: str
    kind: DifferenceClass
    state: DifferenceState
    day: date
    theirs_minor: int
    ours_minor: int
    amount_minor: int
    lines: int
    bill_line_id: UUID | None
    our_kind: OurKind | None
    our_number: str
    owner: str
    note: str
    opened_at: datetime
    changed_at: datetime
    entry_id: EntryId | None
    correction: Correction | None


class ActAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with a difference: take it on, explain it, tell the other party, correct it by an entry, reopen it."""

    difference_id: UUID
    action: Action
    note: Annotated[str, Meta(max_length=500)] = ""
    owner: Annotated[str, Meta(max_length=100)] = ""
    correction: Correction | None = None


@told("/bills/sources", tag=_TAG, name="list_bill_sources")
def list_sources(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[SourceTold]:
    """List the sources of bills of one's companies, by code."""
    scope = caller.scope(Permission.BILLS_READ)
    after = asked.after(str)

    def find(conn: Conn, _: datetime) -> Page[SourceTold]:
        found = bills.sources_of(conn, companies_in(conn, scope))
        names = names_of_companies(conn, found)
        return page_of(
            [one for one in found if after is None or one.code > after[0]],
            asked,
            told=lambda one: _source_told(one, names),
            cursor=lambda one: encode_cursor(one.code),
        )

    return read(request, find)


def _source_told(one: Source, names: dict[EntityId, str]) -> SourceTold:
    fields = {name: getattr(one, name) for name in SourceTold.__struct_fields__ if name != "entity_code"}
    return SourceTold(entity_code=names[one.entity_id], **fields)


@posted("/bills/sources", tag=_TAG, name="save_bill_sources", gives=Outcomes[SourceTold])
def save_sources(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SourceAsk]]
) -> Response[bytes]:
    """Keep sources of bills, each under its code; company, currency and kind of one that is there stay."""
    scope = caller.scope(Permission.BILLS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[SourceTold | Refusal]:
        entities = org.entities_by_code(conn, sorted({one.entity_code for one in data.items}))
        known = [one for one in data.items if one.entity_code in entities]
        new = [_new_source(one, entities[one.entity_code].id) for one in known]
        kept = iter(keep_sources(conn, new, scope=scope, by=caller.actor, now=now))
        names = {one.id: code for code, one in entities.items()}
        outcomes: list[SourceTold | Refusal] = []
        for one in data.items:
            if one.entity_code not in entities:
                outcomes.append(NoSuchThing(noun="entity", value=one.entity_code))
                continue
            saved = next(kept)
            outcomes.append(saved if isinstance(saved, Refusal) else _source_told(saved, names))
        return outcomes

    return decided(request, caller, data, decide)


def _new_source(one: SourceAsk, entity_id: EntityId) -> NewSource:
    fields = {name: getattr(one, name) for name in SourceAsk.__struct_fields__ if name != "entity_code"}
    return NewSource(entity_id=entity_id, **fields)


@post(
    "/bills",
    tags=[_TAG],
    operation_id="take_in_bill",
    status_code=200,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    request_max_body_size=UPLOAD_BYTES_MAX,
)
def take_in(
    request: AnyRequest, caller: NamedDependency[Caller], body: RawBody, source: OfSource, file_name: FileName
) -> BillTold:
    """Take a bill in: the body is the file, as it was downloaded. Whole, or refused with line, column and reason."""
    scope = caller.scope(Permission.BILLS_WRITE)
    taken = taken_in(request, body, of=(source, file_name), scope=scope, by=caller.actor)
    return _bill_told(taken.bill, source, is_repeat=taken.is_repeat)


def _bill_told(one: Bill, source: str, *, is_repeat: bool) -> BillTold:
    fields = {
        name: getattr(one, name) for name in BillTold.__struct_fields__ if name not in {"source", "is_repeat"}
    }
    return BillTold(source=source, is_repeat=is_repeat, **fields)


@posted("/bills/runs", tag=_TAG, name="run_reconciliation", gives=RunTold)
def run_reconciliation(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[RunAsk]
) -> Response[Any]:
    """Hold a source's bills of some days against the books; the same again finds the same."""
    scope = caller.scope(Permission.BILLS_WRITE)
    made = held_against_books(
        request, data.source, (data.first_day, data.last_day), scope=scope, by=caller.actor
    )
    return answered(_run_told(made, data.source))


def _run_told(one: Run, source: str) -> RunTold:
    fields = {name: getattr(one, name) for name in RunTold.__struct_fields__ if name != "source"}
    return RunTold(source=source, **fields)


@told("/bills/runs", tag=_TAG, name="list_reconciliations")
def list_runs(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    sources: OfSources = None,
) -> Page[RunTold]:
    """List the last runs of one's sources, the last first: 200 at most."""
    scope = caller.scope(Permission.BILLS_READ)
    after = asked.after(datetime, UUID)

    def find(conn: Conn, _: datetime) -> Page[RunTold]:
        codes = _codes_in(conn, scope, sources)
        found = bills.last_runs(conn, list(codes), at_most=_RUNS_SHOWN)
        return page_of(
            [one for one in found if after is None or (one.run_at, one.id) < after],
            asked,
            told=lambda one: _run_told(one, codes[one.source_id]),
            cursor=lambda one: encode_cursor(one.run_at, one.id),
        )

    return read(request, find)


def _codes_in(conn: Conn, scope: Scope, codes: Sequence[str] | None) -> dict[SourceId, str]:
    return {one.id: one.code for one in bills.sources_of(conn, companies_in(conn, scope), codes=codes)}


@told("/bills/differences", tag=_TAG, name="list_differences")
def list_differences(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    sources: OfSources = None,
    kind: OfClass = None,
) -> Page[DifferenceTold]:
    """List differences of one's sources that stand, the oldest first."""
    scope = caller.scope(Permission.BILLS_READ)
    after = asked.after(date, UUID)

    def find(conn: Conn, _: datetime) -> Page[DifferenceTold]:
        codes = _codes_in(conn, scope, sources)
        ask = DifferenceAsk(
            source_ids=list(codes),
            kind=kind,
            states=sorted(STANDING),
            after=(after[0], DifferenceId(after[1])) if after is not None else None,
            at_most=asked.limit + 1,
        )
        return page_of(
            bills.find_differences(conn, ask),
            asked,
            told=lambda one: _difference_told(one, codes[one.source_id]),
            cursor=lambda one: encode_cursor(one.day, one.id),
        )

    return read(request, find)


def _difference_told(one: Difference, source: str) -> DifferenceTold:
    own = {"source", "bill_line_id"}
    fields = {name: getattr(one, name) for name in DifferenceTold.__struct_fields__ if name not in own}
    return DifferenceTold(source=source, bill_line_id=one.line_id, **fields)


@posted("/bills/differences/acts", tag=_TAG, name="work_differences", gives=Outcomes[DifferenceTold])
def work(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ActAsk]]
) -> Response[bytes]:
    """Work differences off, one outcome each: with a note, and a correction with what the entry says it was."""
    scope = caller.scope(Permission.BILLS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[DifferenceTold | Refusal]:
        acts = [
            Act(
                difference_id=DifferenceId(one.difference_id),
                action=one.action,
                note=one.note,
                owner=one.owner,
                correction=one.correction,
            )
            for one in data.items
        ]
        outcomes = work_differences(conn, acts, scope=scope, by=caller.actor, now=now)
        codes = _codes_in(conn, scope, None)
        return [
            one if isinstance(one, Refusal) else _difference_told(one, codes[one.source_id])
            for one in outcomes
        ]

    return decided(request, caller, data, decide)


BILL_HANDLERS = [
    list_sources,
    save_sources,
    take_in,
    run_reconciliation,
    list_runs,
    list_differences,
    work,
]
