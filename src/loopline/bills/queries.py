"""Reads of bills, for screens and processes. None locks anything.

`entity_ids` are the companies somebody may see; None is every company.
"""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import msgspec

from loopline.bills.model import (
    Bill,
    BillId,
    BillLine,
    BillLineId,
    DayShare,
    Difference,
    DifferenceClass,
    DifferenceId,
    DifferenceState,
    LineKind,
    OurKind,
    Run,
    Source,
    SourceId,
    Step,
)
from loopline.db import Conn, fetch, fetch_rows, statements, uuids
from loopline.kernel.ids import EntityId

SQL = statements(__file__, name="queries")


class OpenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is in no pair. `is_repeat`: an earlier line says the same; `is_settled`: an entry corrects it."""

    id: BillLineId
    bill_id: BillId
    row: int
    day: date
    kind: LineKind
    amount_minor: int
    fee_minor: int
    number: str
    keys: tuple[str, ...]
    wording: str
    is_repeat: bool
    is_settled: bool


class StandingOurs(msgspec.Struct, frozen=True, kw_only=True):
    """A line of our books whose difference stands from before."""

    our_kind: OurKind
    our_id: UUID
    our_day: date
    ours_minor: int
    our_number: str
    our_subject: UUID | None


class PairSum(msgspec.Struct, frozen=True, kw_only=True):
    """What the pairs of one way come to."""

    way: str
    pairs: int
    theirs_minor: int
    ours_minor: int


class UnequalPair(msgspec.Struct, frozen=True, kw_only=True):
    """A pair whose halves differ in amount."""

    line_id: BillLineId
    day: date
    kind: LineKind
    amount_minor: int
    our_kind: OurKind
    our_id: UUID
    our_day: date
    our_amount_minor: int
    our_number: str
    our_subject: UUID | None


class DayFees(msgspec.Struct, frozen=True, kw_only=True):
    """What a bill's lines of one day say was kept."""

    bill_id: BillId
    day: date
    fee_minor: int
    lines: int


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway or marketplace should have paid out for a day."""

    source_id: SourceId
    code: str
    payer: str
    day: date
    amount_minor: int


class ClassTally(msgspec.Struct, frozen=True, kw_only=True):
    """How many differences of a class stand, what they come to, and the day of the oldest."""

    kind: DifferenceClass
    currency: str
    differences: int
    amount_minor: int
    oldest: date


class DifferenceAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which differences are listed: those after a place in the order (the oldest first)."""

    source_ids: Sequence[SourceId]
    kind: DifferenceClass | None = None
    states: Sequence[DifferenceState] = (DifferenceState.OPEN, DifferenceState.TOLD)
    first_day: date | None = None
    last_day: date | None = None
    owner: str | None = None
    after: tuple[date, DifferenceId] | None = None
    at_most: int = 50


def sources_of(
    conn: Conn, entity_ids: Sequence[EntityId] | None, *, codes: Sequence[str] | None = None
) -> list[Source]:
    """Return the sources of some companies, by code; of some codes alone where they are given."""
    return fetch(
        conn,
        SQL["sources_of"],
        Source,
        entity_ids=None if entity_ids is None else uuids(entity_ids),
        codes=None if codes is None else list(codes),
    )


def last_bills(conn: Conn, source_ids: Sequence[SourceId], *, at_most: int) -> list[Bill]:
    """Return the bills of sources, the last taken in first."""
    return fetch(conn, SQL["last_bills"], Bill, source_ids=uuids(source_ids), at_most=at_most)


def bills_by_ids(conn: Conn, bill_ids: Collection[BillId]) -> dict[BillId, Bill]:
    """Return bills by id."""
    found = fetch(conn, SQL["bills_by_ids"], Bill, bill_ids=uuids(bill_ids))
    return {one.id: one for one in found}


def lines_to_match(conn: Conn, source_id: SourceId, first: date, last: date) -> list[OpenLine]:
    """Return lines of some days, both included, that are in no pair, and older ones whose difference stands."""
    return fetch(conn, SQL["lines_to_match"], OpenLine, source_id=source_id, first_day=first, last_day=last)


def ours_standing(conn: Conn, source_id: SourceId, first: date) -> list[StandingOurs]:
    """Return lines of our books from before a day whose difference stands."""
    return fetch(conn, SQL["ours_standing"], StandingOurs, source_id=source_id, first_day=first)


def ours_taken(conn: Conn, source_id: SourceId, first: date, last: date) -> dict[tuple[OurKind, UUID], bool]:
    """Return lines of our books of some days that need no match: True where an entry corrects one, else paired."""
    rows = fetch_rows(conn, SQL["ours_taken"], source_id=source_id, first_day=first, last_day=last)
    kinds = {kind.value: kind for kind in OurKind}
    return {(kinds[kind], our_id): is_settled for kind, our_id, is_settled in rows}


def pairs_standing(conn: Conn, source_id: SourceId, first: date, last: date) -> list[PairSum]:
    """Return what pairs that touch some days come to, by the way they were found."""
    return fetch(conn, SQL["pairs_standing"], PairSum, source_id=source_id, first_day=first, last_day=last)


def unequal_pairs(conn: Conn, source_id: SourceId, first: date, last: date) -> list[UnequalPair]:
    """Return pairs that touch some days and whose halves differ in amount."""
    return fetch(conn, SQL["unequal_pairs"], UnequalPair, source_id=source_id, first_day=first, last_day=last)


def fees_by_day(conn: Conn, source_id: SourceId, first: date, last: date) -> list[DayFees]:
    """Return what was kept on lines of some days, by bill and day."""
    return fetch(conn, SQL["fees_by_day"], DayFees, source_id=source_id, first_day=first, last_day=last)


def settlements_by_day(
    conn: Conn, entity_id: EntityId, currency: str, first: date, last: date
) -> list[Settlement]:
    """Return what gateways and marketplaces of a company should have paid out for each of some days."""
    return fetch(
        conn,
        SQL["settlements_by_day"],
        Settlement,
        entity_id=entity_id,
        currency=currency,
        first_day=first,
        last_day=last,
    )


def last_runs(conn: Conn, source_ids: Sequence[SourceId], *, at_most: int) -> list[Run]:
    """Return the runs of sources, the last first."""
    return fetch(conn, SQL["last_runs"], Run, source_ids=uuids(source_ids), at_most=at_most)


def day_shares(conn: Conn, source_ids: Sequence[SourceId], *, since: date) -> list[DayShare]:
    """Return how many lines of bills were matched on each day since one."""
    return fetch(conn, SQL["day_shares"], DayShare, source_ids=uuids(source_ids), since=since)


def class_tallies(conn: Conn, source_ids: Sequence[SourceId]) -> list[ClassTally]:
    """Return how many differences stand, by class and currency."""
    return fetch(conn, SQL["class_tallies"], ClassTally, source_ids=uuids(source_ids))


def find_differences(conn: Conn, ask: DifferenceAsk) -> list[Difference]:
    """Return differences as they are asked for, the oldest first."""
    after_day, after_id = ask.after or (None, None)
    return fetch(
        conn,
        SQL["find_differences"],
        Difference,
        source_ids=uuids(ask.source_ids),
        kind=ask.kind.value if ask.kind is not None else None,
        states=[one.value for one in ask.states],
        first_day=ask.first_day,
        last_day=ask.last_day,
        owner=ask.owner,
        after_day=after_day,
        after_id=after_id,
        at_most=ask.at_most,
    )


def differences_by_ids(
    conn: Conn, difference_ids: Sequence[DifferenceId], *, entity_ids: Sequence[EntityId] | None
) -> dict[DifferenceId, Difference]:
    """Return differences of some companies by id; unknown ones and those of others are left out."""
    found = fetch(
        conn,
        SQL["differences_by_ids"],
        Difference,
        difference_ids=uuids(difference_ids),
        entity_ids=None if entity_ids is None else uuids(entity_ids),
    )
    return {one.id: one for one in found}


def steps_of(conn: Conn, difference_id: DifferenceId) -> list[Step]:
    """Return what became of a difference, the first step first."""
    return fetch(conn, SQL["steps_of"], Step, difference_id=difference_id)


def lines_by_ids(conn: Conn, line_ids: Collection[BillLineId]) -> dict[BillLineId, BillLine]:
    """Return lines of bills by id."""
    return {one.id: one for one in fetch(conn, SQL["lines_by_ids"], BillLine, line_ids=uuids(line_ids))}
