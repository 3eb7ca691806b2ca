"""Statements of parties: balances and lines of a period, the document that proves sealed days, and the roots to check
it by.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, PartyId
from loopline.kernel.refusals import Refused
from loopline.org import Party
from loopline.org import lists as org_lists
from loopline.processes.statement.proof import provable, proven_pieces
from loopline.processes.statement.reading import (
    LineState,
    Place,
    PlacedLine,
    page_of_lines,
    paid_through_of,
    statement_of,
    states_of,
)
from loopline.statements import queries
from loopline.statements.model import DAYS_MAX, LineFunding, LineShare, PeriodMakesNoSense, Seal
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Page, Paging, page_of, paging, told
from loopline.web.api.sharing import party_whose_earnings
from loopline.web.api.types import Code
from loopline.web.written import Written

_TAG = "statements"
PartyCode = Annotated[Code, QueryParameter(name="party", description="The party's code.")]
FirstDay = Annotated[date, QueryParameter(name="from", description="The first day, of UTC.")]
LastDay = Annotated[date, QueryParameter(name="to", description="The last day, included.")]


class KindTold(msgspec.Struct, frozen=True, kw_only=True):
    """What entries of one kind moved, in so many lines; `borne_minor` is what the party owes more by them."""

    kind: str
    lines: int
    pending_minor: int
    due_minor: int
    borne_minor: int


class BalanceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A currency of a statement: what stood before the first day, what moved, what stands after the last.

    Pending and due are owed to the party; borne is what it owes for what customers were let off.
    """

    currency: str
    opening_pending_minor: int
    opening_due_minor: int
    opening_borne_minor: int
    moved: list[KindTold]
    closing_pending_minor: int
    closing_due_minor: int
    closing_borne_minor: int


class LineTold(msgspec.Struct, frozen=True, kw_only=True):
    """A line: what one entry says of one part to the party. Amounts are signed: a positive one is owed to the party.

    `borne_minor` is what the party owes more by it, tax included, of what customers were let off; `funded` says why.
    `state` is how its share stands now; `is_sealed` says that the line itself never changes.
    """

    day: date
    entry_id: EntryId
    part_id: UUID
    kind: str
    at: datetime
    subject: UUID
    entity_code: str
    order_number: str | None
    code: str | None
    units: int | None
    currency: str
    pending_minor: int
    due_minor: int
    borne_minor: int
    state: LineState
    shares: tuple[LineShare, ...]
    funded: tuple[LineFunding, ...]
    is_sealed: bool


class StatementTold(msgspec.Struct, frozen=True, kw_only=True):
    """A party's statement of a period, with a page of its lines. Days are of UTC, by when entries were posted."""

    party_code: str
    first_day: date
    last_day: date
    sealed_through: date | None
    line_count: int
    balances: list[BalanceTold]
    lines: list[LineTold]
    next_cursor: str | None


class RootTold(msgspec.Struct, frozen=True, kw_only=True):
    """The root of a day's statements; it names the root of the day before."""

    day: date
    root: str
    previous_root: str
    tree_root: str
    tree_size: int
    sealed_at: datetime


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Whose statement is asked for, and of which days, both included."""

    party_code: str
    days: tuple[date, date]


def period_asked(party_code: PartyCode, first_day: FirstDay, last_day: LastDay) -> Asked:
    """Return what is asked for: a dependency. Raises Refused for days that make no period."""
    return Asked(party_code=party_code, days=checked_period(first_day, last_day))


PERIOD = {"period": Provide(period_asked, sync_to_thread=False)}


def checked_period(first_day: date, last_day: date) -> tuple[date, date]:
    """Return the days of a statement. Raises Refused for days that make no period."""
    if not date(2000, 1, 1) <= first_day <= last_day <= date(2100, 1, 1) or (
        (last_day - first_day).days >= DAYS_MAX
    ):
        raise Refused(PeriodMakesNoSense(first_day=first_day, last_day=last_day))
    return first_day, last_day


@get(
    "/statements",
    tags=[_TAG],
    operation_id="show_statement",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    dependencies={"asked": Provide(paging, sync_to_thread=False), **PERIOD},
)
def show_statement(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    period: NamedDependency[Asked],
) -> StatementTold:
    """Show the statement of oneself, or of a party in one's branch: balances, and a page of lines."""
    after = place_after(asked)

    def find(conn: Conn, _: datetime) -> StatementTold:
        party = party_whose_earnings(conn, caller, period.party_code)
        found = page_of_lines(conn, party.id, days=period.days, after=after, at_most=asked.at_most)
        return _statement_told(conn, party, period.days, found, asked)

    return read(request, find)


def place_after(asked: Paging) -> Place | None:
    """Return the place of a cursor. Raises Refused for one that is not ours."""
    values = asked.after(date, int, UUID, UUID, str, UUID)
    if values is None:
        return None
    day, number, entry_id, part_id, currency, entity_id = values
    return Place(
        day=day,
        number=number,
        entry_id=EntryId(entry_id),
        part_id=part_id,
        currency=currency,
        entity_id=EntityId(entity_id),
    )


def cursor_of(one: PlacedLine) -> str:
    """Return the cursor of a line."""
    place = one.place
    return encode_cursor(
        place.day, place.number, place.entry_id, place.part_id, place.currency, place.entity_id
    )


def _statement_told(
    conn: Conn, party: Party, days: tuple[date, date], found: list[PlacedLine], asked: Paging
) -> StatementTold:
    head = statement_of(conn, party.id, first_day=days[0], last_day=days[1])
    shown = found[: asked.limit]
    return StatementTold(
        party_code=party.code,
        first_day=head.first_day,
        last_day=head.last_day,
        sealed_through=head.sealed_through,
        line_count=head.lines,
        balances=[
            BalanceTold(
                currency=one.currency,
                opening_pending_minor=one.opening.pending_minor,
                opening_due_minor=one.opening.due_minor,
                opening_borne_minor=one.opening.borne_minor,
                moved=[msgspec.convert(kind, KindTold, from_attributes=True) for kind in one.kinds],
                closing_pending_minor=one.closing.pending_minor,
                closing_due_minor=one.closing.due_minor,
                closing_borne_minor=one.closing.borne_minor,
            )
            for one in head.balances
        ],
        lines=_lines_told(conn, party.id, shown),
        next_cursor=cursor_of(shown[-1]) if len(found) > asked.limit else None,
    )


def _lines_told(conn: Conn, party_id: PartyId, shown: list[PlacedLine]) -> list[LineTold]:
    entities = org_lists.entity_codes(conn, {one.line.entity_id for one in shown})
    states = states_of(conn, party_id, [one.line for one in shown], paid_through_of(conn, party_id))
    return [
        LineTold(
            day=one.place.day,
            entry_id=one.line.entry_id,
            part_id=one.line.part_id,
            kind=one.line.kind,
            at=one.line.at,
            subject=one.line.subject,
            entity_code=entities.get(one.line.entity_id, ""),
            order_number=one.line.order_number,
            code=one.line.code,
            units=one.line.units,
            currency=one.line.currency,
            pending_minor=one.line.pending_minor,
            due_minor=one.line.due_minor,
            borne_minor=one.line.bears_minor,
            state=state,
            shares=one.line.shares,
            funded=one.line.fundings,
            is_sealed=one.is_sealed,
        )
        for one, state in zip(shown, states, strict=True)
    ]


@get(
    "/statements/proof",
    tags=[_TAG],
    operation_id="prove_statement",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    dependencies=PERIOD,
)
def prove_statement(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    period: NamedDependency[Asked],
) -> Stream:
    """Give the sealed days of a party as the document that `loopline verify` checks, knowing only a root.

    Of days before the party's first line there is nothing to prove: the document begins there.
    """

    def write(conn: Conn, written: Written) -> None:
        party = party_whose_earnings(conn, caller, period.party_code)
        write_proof(conn, party, days=period.days, written=written)

    return Written.of(request, write).streamed(
        media_type="application/json", name=proof_name(period.party_code, period.days)
    )


def write_proof(conn: Conn, party: Party, *, days: tuple[date, date], written: Written) -> None:
    """Write the document that proves a party's days. Raises Refused where there is nothing to prove."""
    found = provable(conn, party.id, code=party.code, first_day=days[0], last_day=days[1])
    for piece in proven_pieces(conn, found):
        written.write(piece)


def proof_name(party_code: str, days: tuple[date, date]) -> str:
    """Name the document as it is saved."""
    return f"statement-{party_code}-{days[0]}-{days[1]}.json"


@told("/settlement-roots", tag=_TAG, name="list_settlement_roots", open_to_all=True)
def list_settlement_roots(request: AnyRequest, asked: NamedDependency[Paging]) -> Page[RootTold]:
    """List the roots of sealed days, the latest first. Open to all: a root tells only how many parties there are."""
    (before,) = asked.after(date) or (None,)
    return read(
        request,
        lambda conn, _: page_of(
            queries.roots_page(conn, before=before, at_most=asked.at_most),
            asked,
            told=root_told,
            cursor=lambda one: encode_cursor(one.day),
        ),
    )


def root_told(one: Seal) -> RootTold:
    """Tell a seal, without its secret."""
    return RootTold(
        day=one.day,
        root=one.root.hex(),
        previous_root=one.previous_root.hex(),
        tree_root=one.tree_root.hex(),
        tree_size=one.tree_size,
        sealed_at=one.sealed_at,
    )


STATEMENT_HANDLERS = [show_statement, prove_statement, list_settlement_roots]
