"""Why somebody says that a movement was: kept beside it, never instead of its reason. Locks nothing."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids

SQL = statements(__file__)
NOTE_LENGTH_MAX = 200


class NoteCause(StrEnum):
    """What people who stood before the shelf think it was."""

    SOLD_UNBOOKED = "sold_unbooked"
    MISPLACED = "misplaced"
    DAMAGED = "damaged"
    STOLEN = "stolen"
    BOOKED_WRONGLY = "booked_wrongly"
    DISPLAY = "display"


class MovementNote(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a movement: a cause, a note of 200 characters at most, or both."""

    movement_id: UUID
    cause: NoteCause | None = None
    note: str | None = None


def note_movements(conn: Conn, notes: Sequence[MovementNote], *, now: datetime, by: str) -> None:
    """Keep what is said of movements, of each what was said first. What says nothing is left out."""
    said = [one for one in notes if one.cause is not None or one.note]
    if not said:
        return
    execute(
        conn,
        SQL["write_notes"],
        movement_ids=uuids([one.movement_id for one in said]),
        causes=[one.cause for one in said],
        notes=[one.note or None for one in said],
        now=now,
        by=by,
    )


def notes_of_movements(conn: Conn, movement_ids: Collection[UUID]) -> dict[UUID, MovementNote]:
    """Return what was said of movements, by movement; most have nothing said of them."""
    rows = fetch(conn, SQL["notes_of_movements"], MovementNote, movement_ids=uuids(movement_ids))
    return {one.movement_id: one for one in rows}
