"""One function per statement of `store.sql`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.bills.model import (
    Bill,
    BillId,
    Difference,
    DifferenceClass,
    DifferenceId,
    DifferenceState,
    Found,
    NewSource,
    Pair,
    ReadBill,
    Run,
    RunId,
    Source,
    SourceId,
)
from loopline.db import Conn, copy_rows, execute, fetch, fetch_one, fetch_values, statements, uuids
from loopline.kernel.ids import EntityId, uuid7s

SQL = statements(__file__)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that a run opened, changed or closed."""

    id: DifferenceId
    state: DifferenceState
    kind: DifferenceClass
    is_new: bool


def save_source(conn: Conn, new: NewSource, source_id: SourceId, *, by: str, now: datetime) -> Source | None:
    mapping = msgspec.json.encode(new.mapping).decode() if new.mapping is not None else None
    fields = msgspec.structs.asdict(new) | {
        "mapping": mapping,
        "methods": list(new.methods),
        "kind": new.kind.value,
        "layout": new.layout.value,
    }
    return fetch_one(conn, SQL["save_source"], Source, id=source_id, now=now, by=by, **fields)


def lock_source(conn: Conn, source_id: SourceId) -> int:
    return fetch_values(conn, SQL["lock_source"], source_id=source_id)[0]


def insert_bill(
    conn: Conn, read: ReadBill, bill_id: BillId, source_id: SourceId, *, told: tuple[str, datetime, int]
) -> bool:
    """`told` is by whom, when, and at which revision of the source."""
    return bool(
        execute(
            conn,
            SQL["insert_bill"],
            id=bill_id,
            source_id=source_id,
            content_hash=read.content_hash,
            file_name=read.file_name,
            size_bytes=read.size_bytes,
            lines=len(read.lines),
            first_day=min(line.day for line in read.lines),
            last_day=max(line.day for line in read.lines),
            amount_minor=sum(line.amount_minor for line in read.lines),
            fee_minor=sum(line.fee_minor for line in read.lines),
            now=told[1],
            by=told[0],
            revision=told[2],
        )
    )


def copy_lines(conn: Conn, read: ReadBill, bill_id: BillId, source_id: SourceId, *, now: datetime) -> None:
    copy_rows(
        conn,
        SQL["copy_lines"],
        (
            (
                line_id,
                bill_id,
                source_id,
                line.row,
                line.day,
                line.kind.value,
                line.amount_minor,
                line.fee_minor,
                line.number,
                list(line.keys),
                line.wording,
            )
            for line, line_id in zip(read.lines, uuid7s(now, len(read.lines)), strict=True)
        ),
    )


def bill_by_hash(conn: Conn, source_id: SourceId, content_hash: bytes) -> Bill:
    found = fetch_one(conn, SQL["bill_by_hash"], Bill, source_id=source_id, content_hash=content_hash)
    assert found is not None, "written just now, or before: bills are never deleted"
    return found


def write_run(conn: Conn, run: Run, *, revision: int) -> None:
    execute(
        conn,
        SQL["write_run"],
        id=run.id,
        source_id=run.source_id,
        first_day=run.first_day,
        last_day=run.last_day,
        now=run.run_at,
        by=run.run_by,
        totals=msgspec.json.encode(run.totals).decode(),
        classes=msgspec.json.encode(run.classes).decode(),
        opened=run.opened,
        closed=run.closed,
        revision=revision,
    )


def copy_pairs(conn: Conn, pairs: Sequence[Pair], source_id: SourceId, run_id: RunId) -> None:
    copy_rows(
        conn,
        SQL["copy_pairs"],
        (
            (
                pair.line_id,
                source_id,
                pair.ours.kind.value,
                pair.ours.id,
                pair.ours.day,
                pair.ours.amount_minor,
                pair.ours.number,
                pair.ours.subject,
                pair.way,
                pair.probability,
                run_id,
            )
            for pair in pairs
        ),
    )


def add_paid_with(conn: Conn, pairs: Sequence[Pair], source_id: SourceId) -> None:
    """Other lines of our books that lines of pairs pay, too."""
    with_them = [(pair.line_id, one) for pair in pairs for one in pair.with_ours]
    execute(
        conn,
        SQL["add_paid_with"],
        source_id=source_id,
        line_ids=[line_id for line_id, _ in with_them],
        our_kinds=[one.kind.value for _, one in with_them],
        our_ids=[one.id for _, one in with_them],
        our_days=[one.day for _, one in with_them],
    )


def keep_differences(
    conn: Conn, found: Sequence[Found], source_id: SourceId, run_id: RunId, *, now: datetime
) -> list[Changed]:
    ours = [one.ours for one in found]
    return fetch(
        conn,
        SQL["keep_differences"],
        Changed,
        source_id=source_id,
        run_id=run_id,
        now=now,
        ids=uuid7s(now, len(found)),
        subjects=[one.subject for one in found],
        kinds=[one.kind.value for one in found],
        days=[one.day for one in found],
        theirs_minor=[one.theirs_minor for one in found],
        ours_minor=[one.ours_minor for one in found],
        lines=[one.lines for one in found],
        line_ids=[one.line_id for one in found],
        our_kinds=[one.kind.value if one is not None else None for one in ours],
        our_ids=[one.id if one is not None else None for one in ours],
        our_numbers=[one.number if one is not None else "" for one in ours],
        our_days=[one.day if one is not None else None for one in ours],
        our_subjects=[one.subject if one is not None else None for one in ours],
    )


def close_met(
    conn: Conn, pairs: Sequence[Pair], subjects: Sequence[str], *, of: tuple[SourceId, RunId], now: datetime
) -> list[Changed]:
    """`subjects` are the differences found again; `of` is the source and its run."""
    return fetch(
        conn,
        SQL["close_met"],
        Changed,
        source_id=of[0],
        run_id=of[1],
        now=now,
        subjects=list(subjects),
        line_ids=[one.line_id for one in pairs],
        our_kinds=[one.kind.value for pair in pairs for one in (pair.ours, *pair.with_ours)],
        our_ids=[one.id for pair in pairs for one in (pair.ours, *pair.with_ours)],
    )


def insert_steps(
    conn: Conn, steps: Sequence[tuple[DifferenceId, str, str, str]], *, by: str, now: datetime
) -> None:
    """Each step is a difference, its state, its class and a note."""
    execute(
        conn,
        SQL["insert_steps"],
        now=now,
        by=by,
        difference_ids=[one[0] for one in steps],
        states=[one[1] for one in steps],
        kinds=[one[2] for one in steps],
        notes=[one[3] for one in steps],
    )


def lock_differences(
    conn: Conn, difference_ids: Sequence[DifferenceId], *, entity_ids: Sequence[EntityId] | None
) -> list[Difference]:
    return fetch(
        conn,
        SQL["lock_differences"],
        Difference,
        difference_ids=uuids(difference_ids),
        entity_ids=None if entity_ids is None else list[UUID](entity_ids),
    )


def settle_differences(conn: Conn, settled: Sequence[Difference], *, now: datetime) -> None:
    execute(
        conn,
        SQL["settle_differences"],
        now=now,
        ids=[one.id for one in settled],
        states=[one.state.value for one in settled],
        owners=[one.owner for one in settled],
        notes=[one.note for one in settled],
        entry_ids=[one.entry_id for one in settled],
        corrections=[one.correction.value if one.correction is not None else None for one in settled],
    )
