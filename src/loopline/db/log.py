"""The log: what happened, appended as the last write of the transaction that made it happen."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db.rows import Conn, copy_rows, fetch_rows, fetch_values, uuids
from loopline.db.statements import statements
from loopline.kernel.events import Event

SQL = statements(__file__)


def append(conn: Conn, events: Sequence[Event], *, has_written: bool = False) -> None:
    """Append events in the order given. Call it as the last write of the transaction.

    The transaction takes its id before the first position is drawn: a follower concludes from a transaction id that
    no older transaction can still bring a lower position, which would be false for one that drew its position
    first and its id later. `has_written`: it wrote rows before, for certain, and has its id by that.
    """
    if not events:
        return
    if not has_written:
        fetch_rows(conn, SQL["own_transaction"])
    copy_rows(
        conn,
        SQL["copy_events"],
        ((one.id, one.type, one.version, one.subject, one.at, one.actor, one.data) for one in events),
    )


def read_subject(conn: Conn, subject: UUID) -> list[Event]:
    """Return what happened to one subject, in order."""
    return events_from(fetch_rows(conn, SQL["events_of_subject"], subject=subject))


def read_subjects(conn: Conn, subjects: Sequence[UUID], *, types: Collection[str]) -> list[Event]:
    """Return what happened of some types to some subjects, in the order of the log."""
    return events_from(
        fetch_rows(conn, SQL["events_of_subjects"], subjects=uuids(subjects), types=sorted(types))
    )


def read_latest(conn: Conn, *, limit: int) -> list[Event]:
    """Return the newest events, newest first."""
    return events_from(fetch_rows(conn, SQL["latest_events"], limit=limit))


def read_settings(  # noqa: PLR0913 - what a list is narrowed by
    conn: Conn,
    *,
    whole: Collection[str],
    of_branch: Sequence[tuple[str, UUID]],
    actor: str | None,
    since: datetime | None,
    before: int | None,
    limit: int,
) -> list[Event]:
    """Return changes of settings, newest first: of the kinds in `whole` all, in `of_branch` those of a subject."""
    return events_from(
        fetch_rows(
            conn,
            SQL["events_of_settings"],
            whole=sorted(str(kind) for kind in whole),
            kinds=[str(kind) for kind, _ in of_branch],
            subjects=uuids([subject for _, subject in of_branch]),
            actor=actor,
            since=since,
            before=before,
            limit=limit,
        )
    )


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the log: since a moment, after a position, as far as a follower has come, which is final."""

    since: datetime
    after: int
    follower: str


def read_stretch(conn: Conn, stretch: Stretch, *, types: Collection[str], limit: int) -> list[Event]:
    """Return what happened of some types in a stretch of the log, in its order, at most so much."""
    return events_from(
        fetch_rows(
            conn,
            SQL["events_of_stretch"],
            at=stretch.since,
            types=sorted(types),
            after=stretch.after,
            follower=stretch.follower,
            limit=limit,
        )
    )


def read_beyond(
    conn: Conn, after: int, *, types: Collection[str], positions: int, limit: int
) -> list[Event] | None:
    """Return every event of some types after a position that can be seen now, final or not, in the order of the log.

    For a follower that must not do what something contradicts which it has not come to yet. None where there is more to
    look at than so many positions, or as many events as `limit`.
    """
    last: int = fetch_values(conn, SQL["last_position"])[0]
    if last - after > positions:
        return None
    found = fetch_rows(
        conn, SQL["events_beyond"], after=after, upto=after + positions, types=sorted(types), limit=limit
    )
    return None if len(found) == limit else events_from(found)


def events_from(rows: Sequence[tuple[object, ...]]) -> list[Event]:
    """Build events from rows of (position, id, type, version, subject, at, actor, data as text)."""
    return [
        Event(position=p, id=i, type=t, version=v, subject=s, at=at, actor=a, data=str(d).encode())  # pyright: ignore[reportArgumentType] - the statement's columns
        for p, i, t, v, s, at, a, d in rows
    ]
