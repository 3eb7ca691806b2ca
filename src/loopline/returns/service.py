"""Commands of returns: take returns in, decide blind ones, receive, grade."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import ReturnId, ReturnLineId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.returns import rules, store
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    Graded,
    GradesTooMuch,
    Grading,
    IdTakenByOtherContent,
    Match,
    NewReturn,
    Opened,
    OpenedLine,
    OwnReturns,
    Purchase,
    Receipt,
    Received,
    ReceivesTooMuch,
    ReturnLineUnknown,
    ReturnNumberTakenByOtherContent,
    ReturnRepeat,
    ReturnWindow,
)
from loopline.returns.store import LockedLine, PlannedReturn, StoredGrading, StoredReceipt

ALONE_WITHIN = timedelta(days=1)
"""How far back what somebody accepted of their own counts."""


def open_returns(
    conn: Conn, asked: Sequence[NewReturn], *, purchases: Sequence[Purchase], now: datetime
) -> list[Opened | ReturnRepeat | Refusal]:
    """Take returns in and match each to `purchases`, which give what is left of them in the order of the returns.

    A number that stands already is a repeat, or refused when it says something else; neither takes from a purchase.
    `purchases` must be read in this transaction, and the caller must count what was matched as returned in it, where
    the orders' own constraint keeps two returns from taking the same units.
    """
    book = rules.PurchaseBook(purchases)
    planned: dict[tuple[str, str], PlannedReturn] = {}
    outcomes: list[Opened | ReturnRepeat | Refusal | PlannedReturn] = []
    ids = uuid7s(now, len(asked))
    known = {
        (row.channel, row.external_number): row
        for row in store.returns_by_number(conn, [(one.channel, one.external_number) for one in asked])
    }
    matched: dict[ReturnId, list[tuple[Match, ...]]] = {}
    for one, made_id in zip(asked, ids, strict=True):
        plan = PlannedReturn(id=one.id or ReturnId(made_id), asked=one, content_hash=rules.content_hash(one))
        number = (one.channel, one.external_number)
        if (earlier := known.get(number)) is not None:
            outcomes.append(_repeat_or_taken(plan, standing=earlier))
            continue
        if (refusal := rules.refuse_return(one)) is not None:
            outcomes.append(refusal)
            continue
        found = rules.match_return(one, book=book)
        if isinstance(found, Refusal):
            outcomes.append(found)
            continue
        matched[plan.id] = found
        planned[number] = plan
        known[number] = store.StandingReturn(
            id=plan.id,
            channel=one.channel,
            external_number=one.external_number,
            content_hash=plan.content_hash,
        )
        outcomes.append(plan)
    opened = _write_returns(conn, list(planned.values()), matched=matched, now=now)
    return [
        Opened(return_id=outcome.id, lines=tuple(opened[outcome.id]))
        if isinstance(outcome, PlannedReturn)
        else outcome
        for outcome in outcomes
    ]


def decide_blind_returns(
    conn: Conn,
    decisions: Sequence[BlindDecision],
    *,
    now: datetime,
    alone_most: Mapping[ReturnLineId, int] | None = None,
) -> list[BlindDecided | Refusal]:
    """Accept or refuse units that have no original sale, each line once; decided in the order given.

    `alone_most`: by line, how much of what somebody took in they may themselves accept within a day, in minor units of
    its currency; none where a line is left out. Locks the lines by id, then the turns of those who decide.
    """
    locked = store.lock_return_lines(conn, {decision.return_line_id for decision in decisions})
    states = {line_id: line.blind_state for line_id, line in locked.items()}
    accepted = _accepted_alone(conn, decisions, locked, now=now)
    written: list[tuple[BlindDecision, BlindDecided]] = []
    outcomes: list[BlindDecided | Refusal] = []
    for decision in decisions:
        line = locked.get(decision.return_line_id)
        if line is None:
            outcomes.append(ReturnLineUnknown(return_line_id=decision.return_line_id))
            continue
        who = (decision.decided_by, line.currency)
        is_own = line.taken_in_by == decision.decided_by
        own = OwnReturns(
            accepted_minor=accepted.get(who, 0), alone_most_minor=(alone_most or {}).get(line.id)
        )
        outcome = rules.decide_blind(
            decision,
            state=states[line.id],
            units=line.units - line.matched_units,
            own=own if is_own else None,
            currency=line.currency,
        )
        if isinstance(outcome, BlindDecided):
            states[line.id] = outcome.state
            if is_own:
                accepted[who] = accepted.get(who, 0) + outcome.refund_minor
            written.append((decision, outcome))
        outcomes.append(outcome)
    if written:
        store.decide_blind_lines(conn, written, now=now)
    return outcomes


def _accepted_alone(
    conn: Conn,
    decisions: Sequence[BlindDecision],
    locked: Mapping[ReturnLineId, LockedLine],
    *,
    now: datetime,
) -> dict[tuple[str, str], int]:
    """What those who decide on their own returns accepted of them within the last day, by who and currency."""
    alone = {
        one.decided_by
        for one in decisions
        if (line := locked.get(one.return_line_id)) is not None and line.taken_in_by == one.decided_by
    }
    if not alone:
        return {}
    store.take_turn_of_deciders(conn, alone)
    return store.accepted_alone(conn, alone, since=now - ALONE_WITHIN)


def receive_units(conn: Conn, receipts: Sequence[Receipt]) -> list[Received | Refusal]:
    """Count units that arrived, in the order given. A receipt whose id stands already is a repeat."""
    locked = store.lock_return_lines(conn, {receipt.return_line_id for receipt in receipts})
    known = store.receipts_by_id(conn, {receipt.id for receipt in receipts})
    written: list[Receipt] = []
    outcomes: list[Received | Refusal] = []
    for receipt in receipts:
        outcome = _judge_receipt(receipt, line=locked.get(receipt.return_line_id), known=known)
        outcomes.append(outcome)
        if isinstance(outcome, Received) and not outcome.is_repeat:
            written.append(receipt)
            known[receipt.id] = StoredReceipt(
                id=receipt.id, return_line_id=receipt.return_line_id, units=receipt.units
            )
            locked[receipt.return_line_id] = msgspec.structs.replace(
                locked[receipt.return_line_id], received_units=outcome.received_units
            )
    if written:
        store.copy_receipts(conn, written)
        store.change_return_lines(
            conn, _summed((receipt.return_line_id, receipt.units, 0) for receipt in written)
        )
    return outcomes


def grade_units(conn: Conn, gradings: Sequence[Grading]) -> list[Graded | Refusal]:
    """Write what state units came back in and where they go, in the order given. The same id again is a repeat."""
    locked = store.lock_return_lines(conn, {grading.return_line_id for grading in gradings})
    known = store.gradings_by_id(conn, {grading.id for grading in gradings})
    written: list[tuple[Grading, Graded]] = []
    outcomes: list[Graded | Refusal] = []
    for grading in gradings:
        outcome = _judge_grading(grading, line=locked.get(grading.return_line_id), known=known)
        outcomes.append(outcome)
        if isinstance(outcome, Graded) and not outcome.is_repeat:
            written.append((grading, outcome))
            known[grading.id] = _stored(outcome)
            line = locked[grading.return_line_id]
            locked[line.id] = msgspec.structs.replace(line, graded_units=line.graded_units + grading.units)
    if written:
        store.copy_gradings(conn, written)
        store.change_return_lines(
            conn, _summed((grading.return_line_id, 0, grading.units) for grading, _ in written)
        )
    return outcomes


def add_return_windows(conn: Conn, windows: Sequence[ReturnWindow]) -> int:
    """Write return windows and return how many are new; for one channel, category and moment the first one stands."""
    return store.add_return_windows(conn, windows) if windows else 0


def _write_returns(
    conn: Conn,
    planned: Sequence[PlannedReturn],
    *,
    matched: Mapping[ReturnId, Sequence[tuple[Match, ...]]],
    now: datetime,
) -> dict[ReturnId, list[OpenedLine]]:
    """Write returns with their lines. Raises UniqueViolation when a rival took a number just now: try again."""
    if not planned:
        return {}
    store.copy_returns(conn, planned, now=now)
    line_ids = iter(uuid7s(now, sum(len(plan.asked.lines) for plan in planned)))
    opened = {
        plan.id: [
            _opened_line(plan.asked, position=position, matches=matches, line_id=ReturnLineId(next(line_ids)))
            for position, matches in enumerate(matched[plan.id], start=1)
        ]
        for plan in planned
    }
    store.copy_return_lines(conn, [(plan, opened[plan.id]) for plan in planned], now=now)
    store.copy_matches(conn, (line for lines in opened.values() for line in lines))
    return opened


def _opened_line(
    asked: NewReturn, *, position: int, matches: tuple[Match, ...], line_id: ReturnLineId
) -> OpenedLine:
    line = asked.lines[position - 1]
    blind_units = line.units - sum(match.units for match in matches)
    return OpenedLine(
        return_line_id=line_id,
        position=position,
        code=line.code,
        sku_id=line.sku_id,
        units=line.units,
        stated_unit_minor=line.stated_unit_minor,
        reason=line.reason,
        matches=matches,
        blind_state=rules.blind_state_at_opening(asked, blind_units=blind_units),
    )


def _repeat_or_taken(
    plan: PlannedReturn, *, standing: store.StandingReturn
) -> ReturnRepeat | ReturnNumberTakenByOtherContent:
    if plan.content_hash == standing.content_hash:
        return ReturnRepeat(return_id=standing.id)
    return ReturnNumberTakenByOtherContent(
        channel=standing.channel, external_number=standing.external_number, return_id=standing.id
    )


def _judge_receipt(
    receipt: Receipt, *, line: LockedLine | None, known: Mapping[UUID, StoredReceipt]
) -> Received | Refusal:
    if line is None:
        return ReturnLineUnknown(return_line_id=receipt.return_line_id)
    earlier = known.get(receipt.id)
    if earlier is not None:
        if (earlier.return_line_id, earlier.units) != (line.id, receipt.units):
            return IdTakenByOtherContent(id=receipt.id)
        return Received(
            receipt_id=receipt.id, return_line_id=line.id, received_units=line.received_units, is_repeat=True
        )
    units_left = line.units - line.received_units
    if not 0 < receipt.units <= units_left:
        return ReceivesTooMuch(return_line_id=line.id, units=receipt.units, units_left=units_left)
    return Received(
        receipt_id=receipt.id,
        return_line_id=line.id,
        received_units=line.received_units + receipt.units,
        is_repeat=False,
    )


def _judge_grading(
    grading: Grading, *, line: LockedLine | None, known: Mapping[UUID, StoredGrading]
) -> Graded | Refusal:
    if line is None:
        return ReturnLineUnknown(return_line_id=grading.return_line_id)
    earlier = known.get(grading.id)
    said = (line.id, grading.units, grading.grade)
    if earlier is not None and (earlier.return_line_id, earlier.units, earlier.grade) != said:
        return IdTakenByOtherContent(id=grading.id)
    units_left = line.received_units - line.graded_units
    if earlier is None and not 0 < grading.units <= units_left:
        return GradesTooMuch(return_line_id=line.id, units=grading.units, units_left=units_left)
    decided = rules.disposition_of(grading.grade, reason=line.reason, is_perishable=grading.is_perishable)
    return Graded(
        grading_id=grading.id,
        return_line_id=line.id,
        sku_id=line.sku_id,
        units=grading.units,
        grade=grading.grade,
        disposition=earlier.disposition if earlier else decided,
        is_repeat=earlier is not None,
    )


def _stored(outcome: Graded) -> StoredGrading:
    return StoredGrading(
        id=outcome.grading_id,
        return_line_id=outcome.return_line_id,
        units=outcome.units,
        grade=outcome.grade,
        disposition=outcome.disposition,
    )


def _summed(deltas: Iterable[tuple[ReturnLineId, int, int]]) -> dict[ReturnLineId, tuple[int, int]]:
    summed: dict[ReturnLineId, tuple[int, int]] = {}
    for line_id, received, graded in deltas:
        so_far = summed.get(line_id, (0, 0))
        summed[line_id] = (so_far[0] + received, so_far[1] + graded)
    return summed
