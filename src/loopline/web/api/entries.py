"""Entries of the books, each with where it comes from: what it was posted for, by which rules, after which scans."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from loopline.closing.rules.months import spelt
from loopline.db import Conn
from loopline.kernel.ids import EntryId, LineId
from loopline.kernel.refusals import Refused
from loopline.ledger.model import EntryKind, Purpose
from loopline.ledger.tracing import Relation
from loopline.org import Permission
from loopline.processes.trace_entry import Behind, EntryStory, trace_entry
from loopline.sharing.explaining import ExplainedShare
from loopline.sharing.model import Role
from loopline.sharing.queries import ShareState
from loopline.touchpoints import CreditBasis, CreditRole, TouchpointKind
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import told

_TAG = "ledger"


class PostingTold(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in one account of a company, of a party where it is one's own; debit positive, credit negative."""

    part_id: UUID
    entity_code: str
    party_code: str | None
    purpose: Purpose
    currency: str
    amount_minor: int


class OtherEntryTold(msgspec.Struct, frozen=True, kw_only=True):
    """Another entry about the same goods or money, and how it stands to this one."""

    entry_id: EntryId
    kind: EntryKind
    at: datetime
    key: str
    relation: Relation


class MonthOfEntryTold(msgspec.Struct, frozen=True, kw_only=True):
    """The month of a company's books that the entry belongs to, such as 2026-10."""

    entity_code: str
    currency: str
    month: str
    is_closed: bool


class ShareOfEntryTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a party earns of goods: `amount_minor` of `base_minor` net, by a row of a version of the rules.

    Row 0 is for work that waited. `taken_back_minor` is what came back of it since. `sale_entry_id`: the entry by which
    the goods were sold, where that is another.
    """

    line_id: LineId
    code: str | None
    part_id: UUID
    party_code: str
    role: Role
    rule_version: int
    rule_row: int
    currency: str
    base_minor: int
    amount_minor: int
    taken_back_minor: int
    state: ShareState
    due_at: datetime
    sale_entry_id: EntryId | None


class TouchOfOrderTold(msgspec.Struct, frozen=True, kw_only=True):
    """A touch before the order; without a scan the order itself named the code. The first of them began it."""

    at: datetime
    kind: TouchpointKind
    code: str | None
    label: str
    scan_id: UUID | None


class CreditOfOrderTold(msgspec.Struct, frozen=True, kw_only=True):
    """Who has the credit for the order, and by what; `scan_id` is that of the touch it was earned by."""

    role: CreditRole
    party_code: str
    basis: CreditBasis
    scan_id: UUID | None


class TracedEntryTold(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and where it comes from. `postings_of_others` stand in books that are not yours.

    `released`: of an entry that makes shares due, the first 50 of these.
    """

    entry_id: EntryId
    kind: EntryKind
    at: datetime
    key: str
    subject: UUID
    behind: Behind
    order_number: str | None
    channel: str | None
    payout_number: int | None
    months: list[MonthOfEntryTold]
    postings: list[PostingTold]
    postings_of_others: int
    others: list[OtherEntryTold]
    shares: list[ShareOfEntryTold]
    touches: list[TouchOfOrderTold]
    credits: list[CreditOfOrderTold]
    released: list[ShareOfEntryTold]


@told("/ledger/entries/{entry_id:uuid}", tag=_TAG, name="show_entry")
def show_entry(
    request: AnyRequest, caller: NamedDependency[Caller], entry_id: FromPath[UUID]
) -> TracedEntryTold:
    """Show an entry in the books of one's companies, and where it comes from, down to the scan that began it."""
    scope = caller.scope(Permission.LEDGER_READ)

    def find(conn: Conn, _: datetime) -> TracedEntryTold:
        story = trace_entry(conn, EntryId(entry_id), scope=scope)
        if story is None:
            raise Refused(NoSuchThing(noun="entry", value=str(entry_id)))
        return _told(story)

    return read(request, find)


def _told(story: EntryStory) -> TracedEntryTold:
    entry, code = story.entry, story.code_of
    codes = {line.line_id: line.code for line in story.lines}
    return TracedEntryTold(
        entry_id=entry.id,
        kind=entry.kind,
        at=entry.at,
        key=entry.key,
        subject=entry.subject,
        behind=story.behind,
        order_number=story.order_number or None,
        channel=story.lines[0].channel if story.lines else None,
        payout_number=story.payout_number,
        months=[
            MonthOfEntryTold(
                entity_code=code(one.books.entity_id),
                currency=one.books.currency,
                month=spelt(one.month),
                is_closed=one.is_closed,
            )
            for one in story.months
        ],
        postings=[
            PostingTold(
                part_id=one.part_id,
                entity_code=code(one.entity_id),
                party_code=code(one.party_id) or None,
                purpose=one.purpose,
                currency=one.currency,
                amount_minor=one.amount_minor,
            )
            for one in entry.postings
        ],
        postings_of_others=story.hidden_postings,
        others=[
            OtherEntryTold(
                entry_id=one.entry_id, kind=one.kind, at=one.at, key=one.key, relation=one.relation
            )
            for one in entry.others
        ],
        shares=[_share(one, story, code=codes.get(one.line_id)) for one in story.shares],
        touches=_touches(story),
        credits=_credits(story),
        released=[
            _share(one.share, story, code=None, sale_entry_id=one.sale_entry_id) for one in story.released
        ],
    )


def _share(
    one: ExplainedShare, story: EntryStory, *, code: str | None, sale_entry_id: EntryId | None = None
) -> ShareOfEntryTold:
    return ShareOfEntryTold(
        line_id=one.line_id,
        code=code,
        part_id=one.part_id,
        party_code=story.code_of(one.party_id),
        role=one.role,
        rule_version=one.rule_version,
        rule_row=one.rule_row,
        currency=one.currency,
        base_minor=one.base_minor,
        amount_minor=one.amount_minor,
        taken_back_minor=one.back_minor,
        state=one.state,
        due_at=one.due_at,
        sale_entry_id=sale_entry_id,
    )


def _touches(story: EntryStory) -> list[TouchOfOrderTold]:
    if story.trace is None:
        return []
    named = story.trace.codes
    return [
        TouchOfOrderTold(
            at=one.at,
            kind=one.kind,
            code=named[one.touchpoint_id].code if one.touchpoint_id in named else None,
            label=named[one.touchpoint_id].label if one.touchpoint_id in named else "",
            scan_id=one.scan_id,
        )
        for one in sorted(story.trace.touches, key=lambda one: one.at)
    ]


def _credits(story: EntryStory) -> list[CreditOfOrderTold]:
    return [
        CreditOfOrderTold(
            role=one.role, party_code=story.code_of(one.party_id), basis=one.basis, scan_id=one.scan_id
        )
        for one in (story.trace.credits if story.trace is not None else ())
    ]


ENTRY_HANDLERS = [show_entry]
