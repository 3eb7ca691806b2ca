"""A party's sealed days as a document that proves itself to whoever knows a root; written piece by piece."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import PartyId
from loopline.kernel.refusals import Refused
from loopline.statements import queries
from loopline.statements.model import (
    FORMAT,
    DayNotSealed,
    Leaf,
    Link,
    PartyNotSealed,
    Seal,
    SealedParty,
    Sums,
)
from loopline.statements.rules.merkle import path_of
from loopline.statements.rules.sealing import closing_of, quiet_leaf, salt_of

_DAY = timedelta(days=1)
_PAGES_AT_ONCE = 20


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """What of a party can be proven: its sealed days, what stood before and after them, its leaves."""

    party: SealedParty
    seals: list[Seal]
    leaves: dict[date, Leaf]
    opening: tuple[Sums, ...]
    closing: tuple[Sums, ...]
    links: list[Link]


def provable(conn: Conn, party_id: PartyId, *, code: str, first_day: date, last_day: date) -> Period:
    """Return what can be proven of a party between two days, both included; from its first sealed day on.

    Raises Refused where the last day is not sealed, or the party had nothing up to it.
    """
    last = queries.last_seal(conn)
    if last is None or last.day < last_day:
        raise Refused(DayNotSealed(day=last_day))
    known = queries.sealed_parties(conn, party_ids=[party_id])
    if not known or known[0].since_day > last_day or last_day < first_day:
        raise Refused(PartyNotSealed(party_code=code, first_day=first_day, last_day=last_day))
    party = known[0]
    begins = max(first_day, party.since_day)
    seals = queries.seals_between(conn, begins, last_day)
    leaves = {leaf.day: leaf for leaf in queries.leaves_of_party(conn, party_id, begins, last_day)}
    before = queries.last_leaves(conn, before=begins, party_ids=[party_id])
    opening = closing = closing_of(before[0]) if before else ()
    for day in sorted(leaves):
        closing = closing_of(leaves[day])
    links = [
        Link(day=seal.day, tree_root=seal.tree_root.hex(), tree_size=seal.tree_size)
        for seal in queries.seals_between(conn, last_day + _DAY, last.day)
    ]
    return Period(party=party, seals=seals, leaves=leaves, opening=opening, closing=closing, links=links)


def proven_pieces(conn: Conn, period: Period) -> Iterator[bytes]:
    """Write the document as `ProvenStatement` is spelt, a page of lines at a time."""
    encode = msgspec.json.encode
    head = {
        "format": FORMAT,
        "party_id": period.party.party_id,
        "party_code": period.party.code,
        "first_day": period.seals[0].day,
        "last_day": period.seals[-1].day,
        "opening": period.opening,
        "closing": period.closing,
    }
    yield encode(head)[:-1] + b',"days":[\n'
    standing = period.opening
    for place, seal in enumerate(period.seals):
        leaf = period.leaves.get(seal.day) or quiet_leaf(period.party.party_id, seal.day, opening=standing)
        standing = closing_of(leaf)
        yield (b",\n" if place else b"") + _day_head(conn, period.party, seal, leaf)
        yield from _lines(conn, leaf)
        yield b"]}"
    yield b'\n],"links":' + encode(period.links) + b"}\n"


def _day_head(conn: Conn, party: SealedParty, seal: Seal, leaf: Leaf) -> bytes:
    path = path_of(queries.leaf_hashes(conn, seal.day), party.position)
    said = {
        "day": seal.day,
        "salt": salt_of(seal.secret, party.party_id).hex(),
        "line_count": leaf.line_count,
        "opening": leaf.opening,
        "moved": leaf.moved,
        "position": party.position,
        "tree_size": seal.tree_size,
        "path": [node.hex() for node in path],
        "previous_root": seal.previous_root.hex(),
    }
    return msgspec.json.encode(said)[:-1] + b',"lines":['


def _lines(conn: Conn, leaf: Leaf) -> Iterator[bytes]:
    """The lines of a day, as they were kept."""
    if not leaf.line_count:
        return
    after = (leaf.day, -1)
    is_first = True
    while True:
        pages = queries.pages_of_party(
            conn, leaf.party_id, days=(leaf.day, leaf.day), after=after, at_most=_PAGES_AT_ONCE
        )
        for page in pages:
            yield (b"" if is_first else b",") + page.lines.encode()[1:-1]
            is_first = False
        if len(pages) < _PAGES_AT_ONCE:
            return
        after = (pages[-1].day, pages[-1].number)
