"""One entry with all the ledger knows around it: its postings, what it takes back and what took it back."""

import enum
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch_one, fetch_rows, statements, uuids
from loopline.kernel.ids import EntityId, EntryId, PartyId
from loopline.ledger.model import EntryKind, Purpose

SQL = statements(__file__)
OTHERS_MOST = 100


class Relation(enum.StrEnum):
    """How another entry stands to the one that is looked at."""

    TAKES_BACK = "takes_back"
    """The one that is looked at inverts it, in part or whole."""
    TAKEN_BACK_BY = "taken_back_by"
    SAME_PART = "same_part"
    """It is about the same goods or the same money."""


class TracedPosting(msgspec.Struct, frozen=True, kw_only=True):
    """A posting with what its account is for; debit positive."""

    part_id: UUID
    number: int
    entity_id: EntityId
    party_id: PartyId | None
    purpose: Purpose
    currency: str
    amount_minor: int


class OtherEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Another entry about a part of the one that is looked at; `entity_ids`: in whose books it stands."""

    entry_id: EntryId
    kind: EntryKind
    subject: UUID
    at: datetime
    key: str
    entity_ids: tuple[EntityId, ...]
    relation: Relation


class TracedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it was posted, after cut `cut`, and the others about its parts, the oldest first."""

    id: EntryId
    kind: EntryKind
    subject: UUID
    at: datetime
    cut: int
    key: str
    postings: tuple[TracedPosting, ...]
    others: tuple[OtherEntry, ...]


def traced_entry(conn: Conn, entry_id: EntryId) -> TracedEntry | None:
    """Return an entry with its postings, and at most `OTHERS_MOST` others about its parts; None where there is none."""
    return fetch_one(conn, SQL["traced_entry"], TracedEntry, entry_id=entry_id, others_most=OTHERS_MOST)


def sales_of_parts(conn: Conn, part_ids: Iterable[UUID]) -> dict[UUID, EntryId]:
    """Return by which entry parts were sold; a part that was not is left out."""
    return dict(fetch_rows(conn, SQL["sales_of_parts"], part_ids=uuids(part_ids)))
