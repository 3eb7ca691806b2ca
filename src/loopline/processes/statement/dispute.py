"""Dispute: a party questions a line of its statement; who keeps the books answers, rejects, or corrects it.

A correction takes the line's amount back by one entry and gives what it should have been by another, both on what is
due to the party and at the cost of the seller of record; a line of which units came back since is corrected for what
is left. Both carry the line's part, so that a later return takes its proportion of the correction back too
(`take_back`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline import orders
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import DisputeId, EntityId, EntryId, PartyId, PersonId, time_of, uuid7, uuid7s
from loopline.kernel.money import portion
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import TimeRange
from loopline.ledger import queries as ledger_queries
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted
from loopline.processes.statement.corrections import correction_key, units_corrected
from loopline.processes.statement.lines import explanations, line_of
from loopline.sharing.queries import SplitPart
from loopline.statements import disputes
from loopline.statements.events import DisputeMoved, LineQuestioned
from loopline.statements.model import (
    CorrectionMakesNoSense,
    Dispute,
    DisputeOpened,
    DisputeUnknown,
    Line,
    LineNotThere,
    NewDispute,
    NewWord,
    NothingLeftToCorrect,
    OnlySharesAreCorrected,
    WordKind,
)
from loopline.statements.rules.disputing import state_after

_MILLISECOND = timedelta(milliseconds=1)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which line of which party is questioned, and what is asked."""

    party_id: PartyId
    entry_id: EntryId
    part_id: UUID
    currency: str
    entity_id: EntityId | None
    said: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A word in a dispute; a correction says what the line should have come to in all, in minor units."""

    dispute_id: DisputeId
    kind: WordKind
    said: str
    corrected_minor: int | None = None


def question(
    conn: Conn, asked: Sequence[Question], *, by: PersonId, now: datetime
) -> list[DisputeOpened | Refusal]:
    """Question lines, each of which must stand in the party's statements. The caller knows that it may see them."""
    outcomes: list[DisputeOpened | Refusal] = []
    for one in asked:
        # One by one, as people write them; a line is found by the millisecond of its entry.
        line = find_line(conn, one)
        if line is None:
            outcomes.append(LineNotThere(entry_id=one.entry_id))
            continue
        new = NewDispute(
            id=DisputeId(uuid7(now)), party_id=one.party_id, line=line, said=one.said, said_by=by
        )
        (outcome,) = disputes.open_disputes(conn, [new], now=now)
        outcomes.append(outcome)
        if isinstance(outcome, DisputeOpened):
            told = LineQuestioned(dispute_id=new.id, party_id=one.party_id, entry_id=one.entry_id)
            log.append(conn, [event(told, subject=new.id, at=now, actor=str(by))])
    return outcomes


def find_line(conn: Conn, asked: Question) -> Line | None:
    """Return a line of a party by its entry, part and currency (and seller, where one is named)."""
    if asked.entry_id.version != 7:
        return None
    posted = TimeRange(start=time_of(asked.entry_id), end=time_of(asked.entry_id) + _MILLISECOND)
    found = [
        moved
        for moved in ledger_queries.party_movements(conn, [asked.party_id], posted=posted)
        if (moved.entry_id, moved.part_id, moved.currency) == (asked.entry_id, asked.part_id, asked.currency)
        and asked.entity_id in {None, moved.entity_id}
    ]
    if not found:
        return None
    bearing = [asked.part_id] if found[0].borne_minor else []
    return line_of(found[0], explanations(conn, [asked.part_id], bearing=bearing))


def speak(conn: Conn, said: Said, *, by: PersonId, now: datetime) -> Dispute | Refusal:
    """Say something in a dispute; a correction posts its entries first. The caller knows that it may.

    Locks the dispute; for a correction then the order of the line, so that no return comes in between, and posts. What
    was decided stays: nothing is posted for it a second time.
    """
    word = NewWord(dispute_id=said.dispute_id, kind=said.kind, said=said.said, said_by=by)
    if said.kind is WordKind.CORRECTION:
        found = disputes.lock_disputes(conn, [said.dispute_id]).get(said.dispute_id)
        if found is None:
            return DisputeUnknown(dispute_id=said.dispute_id)
        refusal = state_after(found.state, said.kind, said=said.said)
        if isinstance(refusal, Refusal):
            return refusal
        entries = _correct(conn, found, corrected_minor=said.corrected_minor or 0, now=now)
        if isinstance(entries, Refusal):
            return entries
        word = msgspec.structs.replace(word, reversal_entry_id=entries[0], correction_entry_id=entries[1])
    outcome = disputes.say(conn, word, now=now)
    if isinstance(outcome, Dispute):
        told = DisputeMoved(
            dispute_id=outcome.id,
            party_id=outcome.party_id,
            kind=said.kind.value,
            state=outcome.state.value,
            correction_entry_id=outcome.correction_entry_id,
        )
        log.append(conn, [event(told, subject=outcome.id, at=now, actor=str(by))])
    return outcome


def _correct(
    conn: Conn, dispute: Dispute, *, corrected_minor: int, now: datetime
) -> tuple[EntryId, EntryId | None] | Refusal:
    """Post what takes the line back and, unless it should have been nothing, what it should have been."""
    stood_minor = dispute.pending_minor + dispute.due_minor
    part = _locked_part(conn, dispute)
    units = _units_of(conn, dispute, part)
    if part is None or units is None:
        return OnlySharesAreCorrected()
    if not 0 <= corrected_minor <= part.base_minor or corrected_minor == stood_minor:
        return CorrectionMakesNoSense(corrected_minor=corrected_minor, most_minor=part.base_minor)
    left = part.units - part.units_returned
    if not left:
        return NothingLeftToCorrect(entry_id=dispute.entry_id)
    accounts = Accounts(conn, now=now)
    due = accounts.ask(dispute.entity_id, Purpose.SHARE_DUE, dispute.currency, dispute.party_id)
    cost = accounts.ask(dispute.entity_id, Purpose.SHARING_COST, dispute.currency)
    accounts.open()
    amounts = (-portion(stood_minor, left, units), portion(corrected_minor, left, units))
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.ADJUSTMENT,
            subject=dispute.id,
            at=now,
            key=correction_key(dispute.id, step=step, units_left=left),
            postings=(
                Posting(part_id=dispute.part_id, account_id=accounts.id_of(cost), amount_minor=amount),
                Posting(part_id=dispute.part_id, account_id=accounts.id_of(due), amount_minor=-amount),
            ),
        )
        for step, amount, entry_id in zip(("back", "anew"), amounts, uuid7s(now, 2), strict=True)
    ]
    all_granted(ledger.post_entries(conn, [one for one in entries if one.postings[0].amount_minor]))
    return entries[0].id, entries[1].id if amounts[1] else None


def _locked_part(conn: Conn, dispute: Dispute) -> SplitPart | None:
    """Look, lock the order that was seen, and look again: a rival may have brought some of it back in between."""
    seen = explanations(conn, [dispute.part_id]).parts.get(dispute.part_id)
    if seen is None:
        return None
    orders.lock_orders(conn, [seen.order_id])
    return explanations(conn, [dispute.part_id]).parts.get(dispute.part_id)


def _units_of(conn: Conn, dispute: Dispute, part: SplitPart | None) -> int | None:
    """Return for how many units the disputed line stands; None for a line that is no share and corrects none."""
    for entry in ledger_queries.entries_of_parts(conn, [dispute.part_id]) if part is not None else ():
        if entry.entry_id == dispute.entry_id and part is not None:
            return part.units if entry.kind is EntryKind.SALE else units_corrected(entry)
    return None
