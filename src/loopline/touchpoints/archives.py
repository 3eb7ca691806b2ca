"""Archives of codes for printing houses: asked for by somebody, drawn in slices by a job, fetched within a day.

Ten thousand pictures take longer than anybody waits for a page. An archive is added to slice by slice, each its own
transaction, so that what a process drew before it died is there, and how far it is can be told at any moment.
"""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch_one, fetch_values, statements

SQL = statements(__file__)
SLICE = 500
KEPT_FOR = timedelta(days=1)
LISTING = "codes.csv"


class CodeToDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A code, which names its picture, and what the picture opens."""

    code: str
    address: str


class ArchiveAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Draw codes of a place, as it is called there; `listing` goes in beside the pictures, as it is."""

    id: UUID
    asked_by: str
    place: str
    codes: tuple[CodeToDraw, ...]
    listing: bytes


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """An archive as it stands: so many of its codes are drawn; ended, it is whole, unless it broke."""

    id: UUID
    place: str
    drawn: int
    codes: int
    ended_at: datetime | None
    broke: bool


class ArchiveToDraw(msgspec.Struct, frozen=True, kw_only=True):
    """An archive that is not whole, and the next of its codes."""

    id: UUID
    drawn: int
    codes: int
    next_codes: tuple[CodeToDraw, ...]


def ask_archive(conn: Conn, ask: ArchiveAsk, *, now: datetime) -> None:
    """Ask for an archive; the same id again is a repeat."""
    execute(
        conn,
        SQL["add_archive"],
        id=ask.id,
        asked_by=ask.asked_by,
        now=now,
        place=ask.place,
        codes=len(ask.codes),
        to_draw=msgspec.json.encode(ask.codes).decode(),
        content=_added(None, [(LISTING, ask.listing)]),
    )


def archive_to_draw(conn: Conn) -> ArchiveToDraw | None:
    """Return the archive that was asked for first of those that are not whole."""
    return fetch_one(conn, SQL["archive_to_draw"], ArchiveToDraw, slice=SLICE)


def add_pictures(conn: Conn, archive: ArchiveToDraw, pictures: Sequence[bytes], *, now: datetime) -> int:
    """Add the pictures of the next codes to an archive, unless another process did; returns how many. Locks its row."""
    found = fetch_values(conn, SQL["lock_content"], id=archive.id, drawn=archive.drawn)
    if not found:
        return 0
    drawn = archive.drawn + len(pictures)
    files = [(f"{one.code}.svg", drawing) for one, drawing in zip(archive.next_codes, pictures, strict=True)]
    execute(
        conn,
        SQL["keep_slice"],
        id=archive.id,
        drawn=drawn,
        content=_added(bytes(found[0]), files),
        ended_at=now if drawn == archive.codes else None,
    )
    return len(pictures)


def end_broken(conn: Conn, archive_id: UUID, *, now: datetime) -> None:
    """End an archive that cannot be drawn, so that the next is not held up. Locks its row."""
    execute(conn, SQL["end_broken"], id=archive_id, now=now)


def archive_of(conn: Conn, archive_id: UUID, *, asked_by: str) -> Archive | None:
    """Return somebody's archive as it stands; None: it is another's, is gone, or never was."""
    return fetch_one(conn, SQL["archive_of"], Archive, id=archive_id, asked_by=asked_by)


def content_of(conn: Conn, archive_id: UUID, *, asked_by: str) -> bytes | None:
    """Return somebody's archive, once it is whole."""
    found = fetch_values(conn, SQL["content_of"], id=archive_id, asked_by=asked_by)
    return bytes(found[0]) if found else None


def forget_archives(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget archives a day after they were asked for; returns how many. Locks their rows."""
    return len(fetch_values(conn, SQL["forget_archives"], before=now - KEPT_FOR, limit=limit))


def _added(content: bytes | None, files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return an archive (ZIP) with more files in it; None: a new one."""
    kept = io.BytesIO(content or b"")
    with zipfile.ZipFile(kept, "a" if content else "w", zipfile.ZIP_DEFLATED) as archive:
        for name, written in files:
            archive.writestr(name, written)
    return kept.getvalue()
