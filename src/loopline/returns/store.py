"""The statements of returns, one function each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, integers, statements, uuids
from loopline.kernel.ids import ReturnId, ReturnLineId, SkuId
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    Disposition,
    Grade,
    Graded,
    Grading,
    NewReturn,
    OpenedLine,
    Reason,
    Receipt,
    ReturnWindow,
)

SQL = statements(__file__)


class PlannedReturn(msgspec.Struct, frozen=True, kw_only=True):
    """A return that is to be taken in, with the id it will have."""

    id: ReturnId
    asked: NewReturn
    content_hash: bytes


class StandingReturn(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a return by its number."""

    id: ReturnId
    channel: str
    external_number: str
    content_hash: bytes


class LockedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A return line whose row is held."""

    id: ReturnLineId
    sku_id: SkuId | None
    units: int
    matched_units: int
    received_units: int
    graded_units: int
    reason: Reason
    blind_state: BlindState
    currency: str
    taken_in_by: str | None


class StoredReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that was written before."""

    id: UUID
    return_line_id: ReturnLineId
    units: int


class StoredGrading(msgspec.Struct, frozen=True, kw_only=True):
    """A grading that was written before."""

    id: UUID
    return_line_id: ReturnLineId
    units: int
    grade: Grade
    disposition: Disposition


def copy_returns(conn: Conn, planned: Iterable[PlannedReturn], *, now: datetime) -> None:
    """Write returns. Raises UniqueViolation when a rival took one of the numbers just now."""
    copy_rows(
        conn,
        SQL["copy_returns"],
        (
            (
                plan.id,
                asked.channel,
                asked.external_number,
                plan.content_hash,
                asked.kind.value,
                asked.order_id,
                asked.member_id,
                asked.site_id,
                asked.currency,
                asked.at,
                now,
                asked.taken_in_by,
            )
            for plan in planned
            for asked in (plan.asked,)
        ),
    )


def returns_by_number(conn: Conn, numbers: Sequence[tuple[str, str]]) -> list[StandingReturn]:
    """Find what stands under numbers, each a channel and its own number of the return."""
    return fetch(
        conn,
        SQL["returns_by_number"],
        StandingReturn,
        channels=[channel for channel, _ in numbers],
        external_numbers=[number for _, number in numbers],
    )


def copy_return_lines(
    conn: Conn, opened: Iterable[tuple[PlannedReturn, Sequence[OpenedLine]]], *, now: datetime
) -> None:
    copy_rows(
        conn,
        SQL["copy_return_lines"],
        (
            (
                line.return_line_id,
                plan.id,
                line.position,
                line.code,
                line.sku_id,
                line.units,
                line.stated_unit_minor,
                line.reason.value,
                line.matched_units,
                line.blind_state.value,
                *_decision_at_opening(plan.asked, line, now=now),
            )
            for plan, lines in opened
            for line in lines
        ),
    )


def copy_matches(conn: Conn, lines: Iterable[OpenedLine]) -> None:
    copy_rows(
        conn,
        SQL["copy_matches"],
        (
            (
                line.return_line_id,
                position,
                match.order_id,
                match.line_id,
                match.units,
                match.how.value,
                match.sold_unit_minor,
            )
            for line in lines
            for position, match in enumerate(line.matches, start=1)
        ),
    )


def lock_return_lines(conn: Conn, return_line_ids: Iterable[ReturnLineId]) -> dict[ReturnLineId, LockedLine]:
    found = fetch(conn, SQL["lock_return_lines"], LockedLine, return_line_ids=uuids(return_line_ids))
    return {line.id: line for line in found}


def take_turn_of_deciders(conn: Conn, deciders: Iterable[str]) -> None:
    fetch_rows(conn, SQL["take_turn_of_deciders"], deciders=sorted(set(deciders)))


def accepted_alone(conn: Conn, deciders: Iterable[str], *, since: datetime) -> dict[tuple[str, str], int]:
    """Sum by decider and currency what each has accepted of what they had taken in themselves."""
    rows = fetch_rows(conn, SQL["accepted_alone"], deciders=sorted(set(deciders)), since=since)
    return {(decider, currency): amount_minor for decider, currency, amount_minor in rows}


def decide_blind_lines(
    conn: Conn, decided: Sequence[tuple[BlindDecision, BlindDecided]], *, now: datetime
) -> None:
    execute(
        conn,
        SQL["decide_blind_lines"],
        return_line_ids=[decision.return_line_id for decision, _ in decided],
        states=[outcome.state.value for _, outcome in decided],
        refund_units_minor=[
            decision.refund_unit_minor if decision.is_accepted else None for decision, _ in decided
        ],
        decided_bys=[decision.decided_by for decision, _ in decided],
        reasons=[decision.reason for decision, _ in decided],
        decided_at=now,
    )


def change_return_lines(conn: Conn, deltas: Mapping[ReturnLineId, tuple[int, int]]) -> None:
    """Add to the units received and graded of lines that the caller holds."""
    execute(
        conn,
        SQL["change_return_lines"],
        return_line_ids=uuids(deltas),
        received_units=integers(received for received, _ in deltas.values()),
        graded_units=integers(graded for _, graded in deltas.values()),
    )


def receipts_by_id(conn: Conn, receipt_ids: Iterable[UUID]) -> dict[UUID, StoredReceipt]:
    found = fetch(conn, SQL["receipts_by_id"], StoredReceipt, receipt_ids=uuids(receipt_ids))
    return {receipt.id: receipt for receipt in found}


def copy_receipts(conn: Conn, receipts: Iterable[Receipt]) -> None:
    copy_rows(
        conn,
        SQL["copy_receipts"],
        (
            (receipt.id, receipt.return_line_id, receipt.units, receipt.site_id, receipt.at)
            for receipt in receipts
        ),
    )


def gradings_by_id(conn: Conn, grading_ids: Iterable[UUID]) -> dict[UUID, StoredGrading]:
    found = fetch(conn, SQL["gradings_by_id"], StoredGrading, grading_ids=uuids(grading_ids))
    return {grading.id: grading for grading in found}


def copy_gradings(conn: Conn, graded: Iterable[tuple[Grading, Graded]]) -> None:
    copy_rows(
        conn,
        SQL["copy_gradings"],
        (
            (
                grading.id,
                grading.return_line_id,
                grading.units,
                grading.grade.value,
                outcome.disposition.value,
                grading.graded_by,
                grading.note,
                grading.at,
            )
            for grading, outcome in graded
        ),
    )


def add_return_windows(conn: Conn, windows: Sequence[ReturnWindow]) -> int:
    """Write windows and return how many are new."""
    return execute(
        conn,
        SQL["add_return_windows"],
        ids=[window.id for window in windows],
        channels=[window.channel for window in windows],
        categories=[window.category for window in windows],
        days=[window.days for window in windows],
        effective_froms=[window.effective_from for window in windows],
    )


def _decision_at_opening(
    asked: NewReturn, line: OpenedLine, *, now: datetime
) -> tuple[int | None, str | None, datetime | None, str | None]:
    """Whoever stated the fact has decided: at the price stated, or for nothing."""
    if line.blind_state is not BlindState.ACCEPTED:
        return None, None, None, None
    return line.stated_unit_minor or 0, f"channel {asked.channel}", now, "happened already"
