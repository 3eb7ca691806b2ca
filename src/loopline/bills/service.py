"""Commands of bills: sources are kept, files taken in, runs written down, differences worked off."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from loopline.bills import store
from loopline.bills.model import (
    BillId,
    BillTaken,
    ClassSum,
    Difference,
    DifferenceClass,
    DifferenceId,
    Found,
    NewSource,
    Pair,
    ReadBill,
    Run,
    RunId,
    RunTotals,
    Source,
    SourceId,
)
from loopline.bills.refusals import DifferenceUnknown, SourceIsAnothers
from loopline.bills.rules import Act, acted, misfit_of
from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, uuid7
from loopline.kernel.refusals import Refusal


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found, to be written down: `pairs` are new, `found` are all differences of what it looked at."""

    first_day: date
    last_day: date
    pairs: Sequence[Pair]
    found: Sequence[Found]
    totals: RunTotals


def save_sources(conn: Conn, new: Sequence[NewSource], *, by: str, now: datetime) -> list[Source | Refusal]:
    """Keep sources, each under its code; company, currency and kind of one that is there stay as they are.

    One at a time, as finance names them: a handful.
    """
    outcomes: list[Source | Refusal] = []
    for one in new:
        misfit = misfit_of(one)
        saved = None if misfit else store.save_source(conn, one, SourceId(uuid7(now)), by=by, now=now)
        outcomes.append(misfit or saved or SourceIsAnothers(source_code=one.code))
    return outcomes


def take_in(conn: Conn, source: Source, read: ReadBill, *, by: str, now: datetime) -> BillTaken:
    """Take in a file that was read whole; the same bytes again are the bill they were. Locks the source."""
    revision = store.lock_source(conn, source.id)
    bill_id = BillId(uuid7(now))
    is_new = store.insert_bill(conn, read, bill_id, source.id, told=(by, now, revision))
    if is_new:
        store.copy_lines(conn, read, bill_id, source.id, now=now)
    return BillTaken(bill=store.bill_by_hash(conn, source.id, read.content_hash), is_repeat=not is_new)


def write_run(conn: Conn, source: Source, new: NewRun, *, by: str, now: datetime) -> Run | None:
    """Write a run down: pairs, differences opened, changed and closed, and what became of each. Locks the source.

    None, and nothing written, where bills or runs of the source came in since it was read, or it was kept anew: it is
    to be matched again.
    """
    revision = store.lock_source(conn, source.id)
    if revision != source.revision + 1:
        return None
    run_id = RunId(uuid7(now))
    subjects = [one.subject for one in new.found]
    # Pairs and differences name their run, which is written once with all it found: its key is checked at the end.
    changed = store.keep_differences(conn, new.found, source.id, run_id, now=now) if new.found else []
    closed = store.close_met(conn, new.pairs, subjects, of=(source.id, run_id), now=now) if new.pairs else []
    opened = sum(one.is_new for one in changed)
    run = Run(
        id=run_id,
        source_id=source.id,
        first_day=new.first_day,
        last_day=new.last_day,
        run_at=now,
        run_by=by,
        totals=new.totals,
        classes=class_sums(new.found),
        opened=opened,
        closed=len(closed),
    )
    store.write_run(conn, run, revision=revision)
    store.copy_pairs(conn, new.pairs, source.id, run_id)
    if any(one.with_ours for one in new.pairs):
        store.add_paid_with(conn, new.pairs, source.id)
    steps = [(one.id, one.state.value, one.kind.value, "") for one in (*changed, *closed)]
    if steps:
        store.insert_steps(conn, steps, by=by, now=now)
    return run


def class_sums(found: Sequence[Found]) -> tuple[ClassSum, ...]:
    """Add differences up by class, in the order of the classes; those without any are left out."""
    of_kind: dict[DifferenceClass, list[Found]] = {}
    for one in found:
        of_kind.setdefault(one.kind, []).append(one)
    return tuple(
        ClassSum(
            kind=kind,
            differences=len(of_kind[kind]),
            theirs_minor=sum(one.theirs_minor for one in of_kind[kind]),
            ours_minor=sum(one.ours_minor for one in of_kind[kind]),
        )
        for kind in DifferenceClass
        if kind in of_kind
    )


def lock_differences(
    conn: Conn, difference_ids: Sequence[DifferenceId], *, entity_ids: Sequence[EntityId] | None
) -> dict[DifferenceId, Difference]:
    """Lock differences of some companies, by id; unknown ones and those of others are left out."""
    return {one.id: one for one in store.lock_differences(conn, difference_ids, entity_ids=entity_ids)}


def decide(locked: Mapping[DifferenceId, Difference], acts: Sequence[Act]) -> list[Difference | Refusal]:
    """Decide acts on differences that the caller locked, one outcome each in their order."""
    standing = dict(locked)
    outcomes: list[Difference | Refusal] = []
    for act in acts:
        known = standing.get(act.difference_id)
        outcome = DifferenceUnknown(difference_id=act.difference_id) if known is None else acted(known, act)
        if isinstance(outcome, Difference):
            standing[outcome.id] = outcome
        outcomes.append(outcome)
    return outcomes


def write_settled(
    conn: Conn,
    settled: Sequence[Difference],
    entries: Mapping[DifferenceId, EntryId],
    *,
    by: str,
    now: datetime,
) -> list[Difference]:
    """Write decided differences with the entries that correct them. The caller has locked them."""
    last = {
        one.id: msgspec.structs.replace(one, entry_id=entries.get(one.id, one.entry_id), changed_at=now)
        for one in settled
    }
    if last:
        store.settle_differences(conn, list(last.values()), now=now)
        store.insert_steps(
            conn,
            [(one.id, one.state.value, one.kind.value, one.note) for one in last.values()],
            by=by,
            now=now,
        )
    return list(last.values())
