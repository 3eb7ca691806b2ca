"""Disputes: lines that are questioned, what is said of them, and how they end. Commands and reads."""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn, execute, fetch, fetch_values, integers, statements, texts, uuids
from loopline.kernel.ids import DisputeId, EntryId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.statements.model import (
    Dispute,
    DisputeOpened,
    DisputeState,
    DisputeUnknown,
    DisputeWord,
    LineQuestionedAlready,
    NewDispute,
    NewWord,
    WordKind,
)
from loopline.statements.rules.disputing import STANDING, refuse_said, state_after

SQL = statements(__file__)


def open_disputes(conn: Conn, asked: Sequence[NewDispute], *, now: datetime) -> list[DisputeOpened | Refusal]:
    """Question lines. Of a line that is questioned already nothing is opened."""
    refused = {one.id: refusal for one in asked if (refusal := refuse_said(one.said)) is not None}
    fit = [one for one in asked if one.id not in refused]
    opened = set(_add(conn, fit, now=now)) if fit else set[DisputeId]()
    _add_words(
        conn,
        [
            NewWord(dispute_id=one.id, kind=WordKind.QUESTION, said=one.said, said_by=one.said_by)
            for one in fit
            if one.id in opened
        ],
        now=now,
    )
    return [
        refused.get(one.id)
        or (
            DisputeOpened(dispute_id=one.id)
            if one.id in opened
            else LineQuestionedAlready(entry_id=one.line.entry_id)
        )
        for one in asked
    ]


def lock_disputes(conn: Conn, dispute_ids: Sequence[DisputeId]) -> dict[DisputeId, Dispute]:
    """Lock disputes by id, and return them."""
    return {one.id: one for one in fetch(conn, SQL["lock_disputes"], Dispute, dispute_ids=uuids(dispute_ids))}


def say(conn: Conn, word: NewWord, *, now: datetime) -> Dispute | Refusal:
    """Add a word to a dispute, which may decide it. Locks the dispute."""
    found = lock_disputes(conn, [word.dispute_id]).get(word.dispute_id)
    if found is None:
        return DisputeUnknown(dispute_id=word.dispute_id)
    state = state_after(found.state, word.kind, said=word.said)
    if isinstance(state, Refusal):
        return state
    _add_words(conn, [word], now=now)
    is_decided = state not in STANDING
    execute(
        conn,
        SQL["change_dispute"],
        dispute_id=word.dispute_id,
        state=state.value,
        decided_at=now if is_decided else None,
        decided_by=word.said_by if is_decided else None,
        reversal_entry_id=word.reversal_entry_id,
        correction_entry_id=word.correction_entry_id,
    )
    return disputes_by_id(conn, [word.dispute_id])[0]


def disputes_by_id(conn: Conn, dispute_ids: Sequence[DisputeId]) -> list[Dispute]:
    """Return disputes; those that do not exist are absent."""
    return fetch(conn, SQL["disputes_by_id"], Dispute, dispute_ids=uuids(dispute_ids))


def disputes_page(
    conn: Conn,
    *,
    party_ids: Sequence[PartyId] | None,
    states: Sequence[DisputeState] | None,
    before: DisputeId | None,
    at_most: int,
) -> list[Dispute]:
    """Return disputes of parties (None: of all) in some states, the latest first."""
    return fetch(
        conn,
        SQL["disputes_page"],
        Dispute,
        party_ids=uuids(party_ids) if party_ids is not None else None,
        states=[state.value for state in states] if states is not None else None,
        before=before,
        at_most=at_most,
    )


def disputes_of_entries(conn: Conn, party_id: PartyId, entry_ids: Sequence[EntryId]) -> list[Dispute]:
    """Return a party's disputes about entries, the latest last."""
    return fetch(conn, SQL["disputes_of_entries"], Dispute, party_id=party_id, entry_ids=uuids(entry_ids))


def words_of(conn: Conn, dispute_id: DisputeId) -> list[DisputeWord]:
    """Return everything that was said in a dispute, in order."""
    return fetch(conn, SQL["words_of_dispute"], DisputeWord, dispute_id=dispute_id)


def _add(conn: Conn, asked: Sequence[NewDispute], *, now: datetime) -> list[DisputeId]:
    return fetch_values(
        conn,
        SQL["add_disputes"],
        now=now,
        ids=uuids(one.id for one in asked),
        party_ids=uuids(one.party_id for one in asked),
        entry_ids=uuids(one.line.entry_id for one in asked),
        part_ids=uuids(one.line.part_id for one in asked),
        currencies=texts(one.line.currency for one in asked),
        entity_ids=uuids(one.line.entity_id for one in asked),
        pending_minors=integers(one.line.pending_minor for one in asked),
        due_minors=integers(one.line.due_minor for one in asked),
        borne_minors=integers(one.line.bears_minor for one in asked),
        order_numbers=[one.line.order_number for one in asked],
        opened_bys=uuids(one.said_by for one in asked),
    )


def _add_words(conn: Conn, words: Sequence[NewWord], *, now: datetime) -> None:
    if words:
        execute(
            conn,
            SQL["add_words"],
            now=now,
            dispute_ids=uuids(one.dispute_id for one in words),
            kinds=texts(one.kind.value for one in words),
            said_bys=uuids(one.said_by for one in words),
            saids=[one.said for one in words],
        )
