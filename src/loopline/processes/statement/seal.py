"""Seal a day: every party's lines of it into leaves, the leaves into a tree, its root chained to the day before.

A line belongs to the day on which its entry was posted, whatever moment it is about; what is committed after its day
was sealed belongs to the next day. So sealed days never change. The edge opens the transactions: one that reads and
holds the turn, and one for each part that is written, none of them long.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from loopline import org
from loopline.db import Conn, fetch_values, log, statements
from loopline.kernel.events import event
from loopline.kernel.ids import EntryId, PartyId, first_id_of, time_of, uuid7
from loopline.kernel.times import TimeRange
from loopline.ledger import queries as ledger
from loopline.processes.follow import SETTLED_BY
from loopline.processes.statement.lines import lines_of
from loopline.statements import queries, service
from loopline.statements.events import DaySealed
from loopline.statements.model import (
    EMPTY_ROOT,
    LINES_PER_PAGE,
    KindSums,
    Leaf,
    Line,
    Seal,
    SealedParty,
    Sums,
)
from loopline.statements.rules.merkle import TreeRoot, root_of
from loopline.statements.rules.sealing import (
    added,
    closing_of,
    day_root,
    kinds_added,
    kinds_of,
    line_hash,
    moved_by,
    tree_leaves,
)
from loopline.statements.service import NewPage

SQL = statements(__file__)
GRACE = timedelta(hours=1)
"""So long after its end a day is left open for what was posted in it and is not committed yet."""
LOOKED_BACK_DAYS = 3
"""So many days before are looked through for what was committed after they were sealed."""
PAGES_PER_PART = 40
LEAVES_PER_PART = 2_000
_DAY = timedelta(days=1)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What of a day is written at once."""

    leaves: list[Leaf]
    pages: list[NewPage]


class DayToSeal:
    """A day on its way to be sealed: read once, written in parts."""

    def __init__(self, conn: Conn, day: date, *, looked_back_days: int = LOOKED_BACK_DAYS) -> None:
        self.day = day
        self._conn = conn
        self._looked_back = timedelta(days=looked_back_days)
        self._openings: dict[PartyId, tuple[Sums, ...]] = {
            leaf.party_id: closing_of(leaf) for leaf in queries.last_leaves(conn, before=day)
        }
        self._leaves: dict[PartyId, Leaf] = {}

    def parts(self) -> Iterator[Part]:
        """Yield what is to be written, in parts of bounded size, each complete by itself."""
        leaves: list[Leaf] = []
        pages: list[NewPage] = []
        for party_id, lines in _by_party(self._lines()):
            leaf: Leaf | None = None
            for page, so_far in self._pages(party_id, lines):
                leaf = so_far
                pages.append(page)
                if len(pages) >= PAGES_PER_PART:
                    yield Part(leaves=leaves, pages=pages)
                    leaves, pages = [], []
            if leaf is not None:
                self._leaves[party_id] = leaf
                leaves.append(leaf)
            if len(leaves) >= LEAVES_PER_PART:
                yield Part(leaves=leaves, pages=pages)
                leaves, pages = [], []
        if leaves or pages:
            yield Part(leaves=leaves, pages=pages)

    def seal(self, conn: Conn, *, secret: bytes, now: datetime) -> Seal:
        """Build the tree of what was written and seal the day. Every part has been written."""
        known = queries.sealed_parties(conn)
        new_parties = self._new_parties(conn, known)
        hashes = tree_leaves(
            self.day, [*known, *new_parties], secret=secret, leaves=self._leaves, openings=self._openings
        )
        last = queries.last_seal(conn)
        previous_root = last.root if last is not None else EMPTY_ROOT
        tree_root = root_of(hashes)
        seal = Seal(
            day=self.day,
            secret=secret,
            tree_size=len(hashes),
            lines=sum(leaf.line_count for leaf in self._leaves.values()),
            tree_root=tree_root,
            previous_root=previous_root,
            root=day_root(self.day, tree_root=tree_root, tree_size=len(hashes), previous_root=previous_root),
            sealed_at=now,
        )
        service.seal_day(conn, seal, leaf_hashes=hashes, new_parties=new_parties)
        told = DaySealed(day=self.day, root=seal.root.hex(), parties=len(hashes), lines=seal.lines)
        log.append(conn, [event(told, subject=uuid7(now), at=now)])
        return seal

    def _new_parties(self, conn: Conn, known: Sequence[SealedParty]) -> list[SealedParty]:
        fresh = sorted(self._leaves.keys() - {one.party_id for one in known})
        parties = org.parties_by_id(conn, fresh) if fresh else {}
        return [
            SealedParty(
                party_id=party_id,
                position=position,
                since_day=self.day,
                code=parties[party_id].code if party_id in parties else str(party_id),
            )
            for position, party_id in enumerate(fresh, start=len(known))
        ]

    def _lines(self) -> Iterator[tuple[PartyId, Line]]:
        posted = utc_day(self.day)
        late = late_entries(
            self._conn, posted=TimeRange(start=posted.start - self._looked_back, end=posted.start)
        )
        return lines_of(self._conn, ledger.movements_of_all(self._conn, posted=posted, late=late))

    def _pages(self, party_id: PartyId, lines: Iterator[Line]) -> Iterator[tuple[NewPage, Leaf]]:
        """Cut a party's lines into pages; beside each stands the leaf of all lines up to its end."""
        tree = TreeRoot()
        moved: tuple[Sums, ...] = ()
        kinds: tuple[KindSums, ...] = ()
        for number, page in enumerate(_cut(lines)):
            for line in page:
                tree.add(line_hash(line))
            moved = added(moved, moved_by(page))
            kinds = kinds_added(kinds, kinds_of(page))
            kept = NewPage(
                party_id=party_id,
                day=self.day,
                number=number,
                entry_ids=tuple(line.entry_id for line in page),
                lines=msgspec.json.encode(page).decode(),
            )
            leaf = Leaf(
                party_id=party_id,
                day=self.day,
                line_count=tree.size,
                lines_root=tree.root(),
                opening=self._openings.get(party_id, ()),
                moved=moved,
                kinds=kinds,
            )
            yield kept, leaf


def next_day_to_seal(conn: Conn, *, now: datetime) -> date | None:
    """Return the day to be sealed next: the one after the last, else that of the first entry; None while it is open.

    A day stays open for `GRACE` after its end, and for as long as the follower that settles is not beyond it.
    """
    last = queries.last_seal(conn)
    if last is not None:
        day = last.day + _DAY
    else:
        first = ledger.first_entry(conn)
        if first is None:
            return None
        day = time_of(first).date()
    end = utc_day(day).end
    assert end is not None
    if now < end + GRACE:
        return None
    unsettled = fetch_values(conn, SQL["something_is_unsettled"], types=sorted(SETTLED_BY), before=end)
    return None if unsettled[0] else day


def late_entries(conn: Conn, *, posted: TimeRange) -> list[EntryId]:
    """Return entries with shares that were posted in a range of time and stand in no page: committed after the seal.

    Where nothing is sealed of that range everything in it would be: such days are passed over.
    """
    assert posted.end is not None
    last = queries.last_seal(conn)
    if last is None:
        return []
    return [
        EntryId(found)
        for found in fetch_values(
            conn,
            SQL["late_entries"],
            first_id=first_id_of(posted.start),
            end_id=first_id_of(posted.end),
            first_day=posted.start.date(),
        )
    ]


def utc_day(day: date) -> TimeRange:
    """Return the moments of a day, cut in UTC."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    return TimeRange(start=start, end=start + _DAY)


def _by_party(lines: Iterator[tuple[PartyId, Line]]) -> Iterator[tuple[PartyId, Iterator[Line]]]:
    """Group lines that stand together by party; each group is read to its end before the next."""
    waiting = next(lines, None)

    def group(party_id: PartyId) -> Iterator[Line]:
        nonlocal waiting
        while waiting is not None and waiting[0] == party_id:
            line = waiting[1]
            waiting = next(lines, None)
            yield line

    while waiting is not None:
        party_id = waiting[0]
        yield party_id, group(party_id)


def _cut(lines: Iterator[Line]) -> Iterator[list[Line]]:
    page: list[Line] = []
    for line in lines:
        page.append(line)
        if len(page) == LINES_PER_PAGE:
            yield page
            page = []
    if page:
        yield page
