"""Disputes: lines of statements that their parties question, answered and decided by who keeps the books."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import DisputeId, EntityId, EntryId, PartyId, PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Party, Permission
from loopline.org import lists as org_lists
from loopline.processes.statement.dispute import Question, Said, question, speak
from loopline.statements import disputes
from loopline.statements.model import (
    SAID_MAX,
    Dispute,
    DisputeState,
    DisputeUnknown,
    DisputeWord,
    NotOnesOwnLine,
    WordKind,
)
from loopline.statements.rules.disputing import OF_PARTY
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller, CallerKind, SignInFirst
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    covers_unit,
    decided,
    page_of,
    paging,
    posted,
)
from loopline.web.api.sharing import author_of, party_whose_earnings
from loopline.web.api.types import Code, Currency, Minor

_TAG = "statements"
Words = Annotated[str, Meta(min_length=1, max_length=SAID_MAX)]
States = Annotated[
    list[DisputeState] | None,
    QueryParameter(name="state", description="Only in these states; repeat it for more."),
]
PartyCode = Annotated[Code, QueryParameter(name="party", description="The party's code.")]


class QuestionAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line to question, as a statement tells it; `entity_code` where several sellers stand in one entry."""

    party_code: Code
    entry_id: UUID
    part_id: UUID
    currency: Currency
    said: Words
    entity_code: Code | None = None


class WordAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to say: the party replies or withdraws, who keeps the books answers, rejects or corrects.

    A correction says in `corrected_minor` what the whole line should have come to.
    """

    dispute_id: UUID
    kind: WordKind
    said: Words
    corrected_minor: Minor | None = None


class OpenedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute that is open."""

    id: DisputeId


class WordTold(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said."""

    number: int
    kind: WordKind
    said_at: datetime
    said_by: str | None
    said: str


class DisputeTold(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute of a line, with its amounts as they stood, and everything that was said (in lists: nothing)."""

    id: DisputeId
    party_code: str
    entry_id: EntryId
    part_id: UUID
    currency: str
    pending_minor: int
    due_minor: int
    borne_minor: int
    order_number: str | None
    state: DisputeState
    opened_at: datetime
    decided_at: datetime | None
    reversal_entry_id: EntryId | None
    correction_entry_id: EntryId | None
    words: list[WordTold]


@posted("/disputes", tag=_TAG, name="question_lines", gives=Outcomes[OpenedTold])
def question_lines(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[QuestionAsk]]
) -> Response[bytes]:
    """Question lines of one's own statements, or of those of parties in one's branch."""

    def decide(conn: Conn, now: datetime) -> list[OpenedTold | Refusal]:
        by = author_of(conn, caller)
        return [_questioned(conn, caller, one, by=by, now=now) for one in data.items]

    return decided(request, caller, data, decide)


def _questioned(
    conn: Conn, caller: Caller, one: QuestionAsk, *, by: PersonId, now: datetime
) -> OpenedTold | Refusal:
    try:
        party = party_whose_earnings(conn, caller, one.party_code)
    except Refused as refused:
        return refused.refusal
    if not speaks_as_party(party, person_id=by, branches=caller.branches):
        return NotOnesOwnLine(party_code=party.code)
    entity_id: EntityId | None = None
    if one.entity_code is not None:
        entity = org.entities_by_code(conn, [one.entity_code]).get(one.entity_code)
        entity_id = entity.id if entity is not None else EntityId(UUID(int=0))
    asked = Question(
        party_id=party.id,
        entry_id=EntryId(one.entry_id),
        part_id=one.part_id,
        currency=one.currency,
        entity_id=entity_id,
        said=one.said,
    )
    (outcome,) = question(conn, [asked], by=by, now=now)
    return outcome if isinstance(outcome, Refusal) else OpenedTold(id=outcome.dispute_id)


@posted("/disputes/words", tag=_TAG, name="say_in_disputes", gives=Outcomes[DisputeTold])
def say_in_disputes(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[WordAsk]]
) -> Response[bytes]:
    """Say something in disputes, in the order given: each side what is its own to say."""

    def decide(conn: Conn, now: datetime) -> list[DisputeTold | Refusal]:
        by = author_of(conn, caller)
        return [_said(conn, caller, one, by=by, now=now) for one in data.items]

    return decided(request, caller, data, decide)


def _said(conn: Conn, caller: Caller, one: WordAsk, *, by: PersonId, now: datetime) -> DisputeTold | Refusal:
    dispute_id = DisputeId(one.dispute_id)
    found = disputes.disputes_by_id(conn, [dispute_id])
    party = _party_of(conn, caller, found[0].party_id, kind=one.kind) if found else None
    if party is None:
        return DisputeUnknown(dispute_id=dispute_id)
    said = Said(dispute_id=dispute_id, kind=one.kind, said=one.said, corrected_minor=one.corrected_minor)
    outcome = speak(conn, said, by=by, now=now)
    return outcome if isinstance(outcome, Refusal) else _told(conn, outcome, party_code=party.code)


def _party_of(conn: Conn, caller: Caller, party_id: PartyId, *, kind: WordKind | None) -> Party | None:
    """Return the party of a dispute, if the caller may say this there (None: may read it)."""
    party = org.parties_by_id(conn, [party_id])[party_id]
    if kind is WordKind.QUESTION:
        return None
    if kind in OF_PARTY:
        may = speaks_as_party(party, person_id=caller.person_id, branches=caller.branches)
    else:
        may = _reaches(caller.branches, Permission.SHARING_WRITE, party)
        if kind is None:
            is_own = party.person_id is not None and party.person_id == caller.person_id
            may = may or is_own or _reaches(caller.branches, Permission.EARNINGS_READ, party)
    return party if may else None


def speaks_as_party(
    party: Party, *, person_id: PersonId | None, branches: Mapping[Permission, Scope]
) -> bool:
    """Tell whether somebody speaks as a party: it is that person, or one who runs its branch.

    Who reads the books of a party is none of its people, however far the eyes on its earnings reach.
    """
    if party.person_id is not None and party.person_id == person_id:
        return True
    return _reaches(branches, Permission.EARNINGS_READ, party) and not _reaches(
        branches, Permission.LEDGER_READ, party
    )


def _reaches(branches: Mapping[Permission, Scope], permission: Permission, party: Party) -> bool:
    scope = branches.get(permission)
    return scope is not None and covers_unit(scope, party.unit_id)


@get(
    "/disputes",
    tags=[_TAG],
    operation_id="list_disputes",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    dependencies={"asked": Provide(paging, sync_to_thread=False)},
)
def list_disputes(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    party_code: PartyCode,
    states: States = None,
) -> Page[DisputeTold]:
    """List the disputes of oneself, or of a party in one's branch, the latest first."""
    (before,) = asked.after(UUID) or (None,)

    def find(conn: Conn, _: datetime) -> Page[DisputeTold]:
        party = party_whose_earnings(conn, caller, party_code)
        found = disputes.disputes_page(
            conn,
            party_ids=[party.id],
            states=states,
            before=DisputeId(before) if before is not None else None,
            at_most=asked.at_most,
        )
        return page_of(
            found,
            asked,
            told=lambda one: _dispute_told(one, party_code=party.code, words=[]),
            cursor=lambda one: encode_cursor(one.id),
        )

    return read(request, find)


@get(
    "/disputes/{dispute_id:uuid}",
    tags=[_TAG],
    operation_id="show_dispute",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def show_dispute(
    request: AnyRequest, caller: NamedDependency[Caller], dispute_id: FromPath[UUID]
) -> DisputeTold:
    """Show a dispute with everything that was said."""
    if caller.kind is CallerKind.NOBODY:
        raise Refused(SignInFirst())

    def find(conn: Conn, _: datetime) -> DisputeTold:
        found = disputes.disputes_by_id(conn, [DisputeId(dispute_id)])
        party = _party_of(conn, caller, found[0].party_id, kind=None) if found else None
        if party is None:
            raise Refused(DisputeUnknown(dispute_id=DisputeId(dispute_id)))
        return _told(conn, found[0], party_code=party.code)

    return read(request, find)


def _told(conn: Conn, one: Dispute, *, party_code: str) -> DisputeTold:
    words = disputes.words_of(conn, one.id)
    names = org_lists.sign_in_names(conn, [word.said_by for word in words])
    return _dispute_told(one, party_code=party_code, words=_words_told(words, names))


def _words_told(words: Sequence[DisputeWord], names: dict[PersonId, str]) -> list[WordTold]:
    return [
        WordTold(
            number=word.number,
            kind=word.kind,
            said_at=word.said_at,
            said_by=names.get(word.said_by),
            said=word.said,
        )
        for word in words
    ]


def _dispute_told(one: Dispute, *, party_code: str, words: list[WordTold]) -> DisputeTold:
    return DisputeTold(
        id=one.id,
        party_code=party_code,
        entry_id=one.entry_id,
        part_id=one.part_id,
        currency=one.currency,
        pending_minor=one.pending_minor,
        due_minor=one.due_minor,
        borne_minor=one.borne_minor,
        order_number=one.order_number,
        state=one.state,
        opened_at=one.opened_at,
        decided_at=one.decided_at,
        reversal_entry_id=one.reversal_entry_id,
        correction_entry_id=one.correction_entry_id,
        words=words,
    )


DISPUTE_HANDLERS = [question_lines, say_in_disputes, list_disputes, show_dispute]
