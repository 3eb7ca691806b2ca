"""Reads of statements for processes and screens."""

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from loopline.db import Conn, fetch, fetch_one, fetch_values, statements, stream_rows, uuids
from loopline.kernel.ids import PartyId
from loopline.statements.model import Leaf, Line, Seal, SealedParty
from loopline.statements.rules.sealing import hashes_in

SQL = statements(__file__)
_LINES = msgspec.json.Decoder(tuple[Line, ...])


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a party's day, as they were sealed."""

    day: date
    number: int
    line_count: int
    lines: str

    def read(self) -> tuple[Line, ...]:
        """Return the lines."""
        return _LINES.decode(self.lines)


class PageOfParty(Page, frozen=True, kw_only=True):
    """A page with whose it is."""

    party_id: PartyId


def last_seal(conn: Conn) -> Seal | None:
    """Return the day that was sealed last."""
    return fetch_one(conn, SQL["last_seal"], Seal)


def seals_between(conn: Conn, first_day: date, last_day: date) -> list[Seal]:
    """Return the seals of a range of days, both included, in order."""
    return fetch(conn, SQL["seals_between"], Seal, first_day=first_day, last_day=last_day)


def roots_page(conn: Conn, *, before: date | None, at_most: int) -> list[Seal]:
    """Return seals, the latest first, from before a day on."""
    return fetch(conn, SQL["roots_page"], Seal, before=before, at_most=at_most)


def sealed_parties(
    conn: Conn, *, until: date | None = None, party_ids: Sequence[PartyId] | None = None
) -> list[SealedParty]:
    """Return the parties of the trees by their positions: of a day's tree (`until`), or these alone."""
    return fetch(
        conn,
        SQL["sealed_parties"],
        SealedParty,
        until=until,
        party_ids=uuids(party_ids) if party_ids is not None else None,
    )


def leaves_of_day(conn: Conn, day: date) -> list[Leaf]:
    """Return the leaves of a day that have lines, by party."""
    return fetch(conn, SQL["leaves_of_day"], Leaf, day=day)


def leaves_of_party(conn: Conn, party_id: PartyId, first_day: date, last_day: date) -> list[Leaf]:
    """Return a party's sealed days with lines, of a range of days, both included."""
    return fetch(
        conn, SQL["leaves_of_party"], Leaf, party_id=party_id, first_day=first_day, last_day=last_day
    )


def last_leaves(conn: Conn, *, before: date, party_ids: Sequence[PartyId] | None = None) -> list[Leaf]:
    """Return the last day with lines before a day, of each party in the trees, or of these."""
    return fetch(
        conn,
        SQL["last_leaves"],
        Leaf,
        before=before,
        party_ids=uuids(party_ids) if party_ids is not None else None,
    )


def pages_of_party(
    conn: Conn, party_id: PartyId, *, days: tuple[date, date], after: tuple[date, int], at_most: int
) -> list[Page]:
    """Return pages of a party's sealed lines of a range of days, both included, after a page, in order."""
    return fetch(
        conn,
        SQL["pages_of_party"],
        Page,
        party_id=party_id,
        first_day=days[0],
        last_day=days[1],
        after_day=after[0],
        after_number=after[1],
        at_most=at_most,
    )


def pages_of_day(conn: Conn, day: date) -> Iterator[PageOfParty]:
    """Stream every page of a day, a party's together. Read inside the transaction, to the end."""
    columns, rows = stream_rows(conn, SQL["pages_of_day"], day=day)
    for row in rows:
        yield msgspec.convert(dict(zip(columns, row, strict=True)) | {"day": day}, PageOfParty)


def leaf_hashes(conn: Conn, day: date) -> list[bytes]:
    """Return the hashes of the leaves of a sealed day, by the positions of their parties."""
    (found,) = fetch_values(conn, SQL["leaf_hashes"], day=day)
    return hashes_in(found)
