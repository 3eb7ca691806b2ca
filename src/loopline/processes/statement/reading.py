"""A party's statement of a period: balances before and after, what each kind of entry moved, and every line.

Days are cut in UTC. What is sealed is read as it was sealed; what is not yet, from the ledger.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, timedelta
from enum import StrEnum
from itertools import islice
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, PartyId, time_of
from loopline.kernel.times import TimeRange
from loopline.ledger import queries as ledger
from loopline.ledger.model import EntryKind, Purpose
from loopline.payouts import LineState as PayoutLineState
from loopline.payouts import queries as payouts
from loopline.processes.statement.lines import explanations, lines_of
from loopline.processes.statement.seal import utc_day
from loopline.sharing import queries as sharing
from loopline.sharing.queries import ShareOfLine, ShareState
from loopline.statements import queries
from loopline.statements.model import LINES_PER_PAGE, KindSums, Line, Seal, Sums
from loopline.statements.rules.sealing import added, closing_of, kinds_added

_DAY = timedelta(days=1)
_BEGINNING = date(2000, 1, 1)
_PAGES_AT_ONCE = 8
_TAIL = -1
"""The page number of lines that are not sealed yet."""
Owing = tuple[EntityId, str]
"""Who owes a party, and in which currency."""


class LineState(StrEnum):
    """How the share of a line stands now; a line that made no share is booked, and stays as it is.

    What is borne of a promotion is owed until all of it goes back.
    """

    PENDING = "pending"
    DUE = "due"
    PAID = "paid"
    TAKEN_BACK = "taken_back"
    OWED = "owed"
    BOOKED = "booked"


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """A currency of a statement: what stood before, what each kind of entry moved, what stands after."""

    currency: str
    opening: Sums
    kinds: tuple[KindSums, ...]
    closing: Sums


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a statement. `sealed_through`: the last day that is sealed, of all days."""

    party_id: PartyId
    first_day: date
    last_day: date
    sealed_through: date | None
    lines: int
    balances: tuple[Balance, ...]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line stands in its party's statements."""

    day: date
    number: int
    entry_id: EntryId
    part_id: UUID
    currency: str
    entity_id: EntityId

    @property
    def in_day(self) -> tuple[EntryId, UUID, str, EntityId]:
        """The order of lines within a day."""
        return self.entry_id, self.part_id, self.currency, self.entity_id


class PlacedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its place. `is_sealed`: nothing of it changes any more."""

    place: Place
    line: Line

    @property
    def is_sealed(self) -> bool:
        """Whether its day is sealed."""
        return self.place.number != _TAIL


def statement_of(conn: Conn, party_id: PartyId, *, first_day: date, last_day: date) -> Statement:
    """Return the head of a party's statement, both days included."""
    last = queries.last_seal(conn)
    leaves = queries.leaves_of_party(conn, party_id, first_day, last_day)
    before = queries.last_leaves(conn, before=first_day, party_ids=[party_id]) if last else []
    opening = closing_of(before[0]) if before else ()
    kinds = kinds_added(*(leaf.kinds for leaf in leaves))
    tail = _tail_start(last)
    if tail < first_day:
        earlier = _moved(conn, party_id, first_day=tail, last_day=first_day - _DAY)
        opening = added(opening, _sums(earlier))
    if tail <= last_day:
        kinds = kinds_added(kinds, _moved(conn, party_id, first_day=max(tail, first_day), last_day=last_day))
    return Statement(
        party_id=party_id,
        first_day=first_day,
        last_day=last_day,
        sealed_through=last.day if last is not None else None,
        lines=sum(one.lines for one in kinds),
        balances=_balances(opening, kinds),
    )


def lines_between(
    conn: Conn, party_id: PartyId, *, first_day: date, last_day: date, after: Place | None = None
) -> Generator[PlacedLine]:
    """Stream a party's lines, both days included, day by day in the order in which they were posted, after a place.

    Read inside the transaction. Holds some thousand lines at most.
    """
    last = queries.last_seal(conn)
    begins = after.day if after is not None else first_day
    if last is not None and begins <= last.day:
        yield from _sealed(conn, party_id, days=(begins, min(last.day, last_day)), after=after)
    starts = max(begins, _tail_start(last))
    if starts <= last_day:
        yield from _unsealed(conn, party_id, days=(starts, last_day), after=after)


def page_of_lines(
    conn: Conn, party_id: PartyId, *, days: tuple[date, date], after: Place | None, at_most: int
) -> list[PlacedLine]:
    """Return a page of a party's lines."""
    with closing(lines_between(conn, party_id, first_day=days[0], last_day=days[1], after=after)) as found:
        return list(islice(found, at_most))


def states_of(
    conn: Conn, party_id: PartyId, lines: Sequence[Line], paid_through: Mapping[Owing, date]
) -> list[LineState]:
    """Return how the share of each line stands, in their order; what was due first counts as paid first.

    `paid_through` is that of the party, which is read once for all its lines.
    """
    sold = {line.part_id for line in lines if line.kind == EntryKind.SALE}
    shares: Mapping[tuple[UUID, PartyId], list[ShareOfLine]] = (
        explanations(conn, list(sold)).shares if sold else {}
    )
    borne = [line.part_id for line in lines if line.kind == EntryKind.PROMOTION]
    gone = {
        (one.entry_id, one.part_id)
        for one in (ledger.reversed_units(conn, borne) if borne else ())
        if one.units_reversed == one.units_of
    }

    def state(line: Line) -> LineState:
        if line.kind == EntryKind.SALE:
            return _state(shares.get((line.part_id, party_id), ()), paid_through)
        if line.kind == EntryKind.PROMOTION:
            return LineState.TAKEN_BACK if (line.entry_id, line.part_id) in gone else LineState.OWED
        return LineState.BOOKED

    return [state(line) for line in lines]


def _state(shares: Sequence[ShareOfLine], paid_through: Mapping[Owing, date]) -> LineState:
    if not shares:
        return LineState.BOOKED
    if not sum(one.amount_minor - one.cancelled_minor - one.clawed_back_minor for one in shares):
        return LineState.TAKEN_BACK
    if any(one.state is ShareState.PENDING for one in shares):
        return LineState.PENDING
    due_on = shares[0].due_at.astimezone(UTC).date()
    paid = paid_through.get((shares[0].entity_id, shares[0].currency))
    return LineState.PAID if paid is not None and due_on <= paid else LineState.DUE


def paid_through_of(conn: Conn, party_id: PartyId) -> dict[Owing, date]:
    """Return up to which day what became due has been paid, by seller and currency; nothing where nothing ever arrived.

    What was due first is paid first, and what a debt was set off against counts as paid; what is on its way does not.
    """
    sent = payouts.sum_lines(conn, party_id=party_id)
    paid = {(one.entity_id, one.currency) for one in sent if one.state is PayoutLineState.PAID}
    if not paid:
        return {}
    released = sharing.released_by_day(conn, party_id)
    gone: dict[Owing, int] = {}
    for due in released:
        gone[due.entity_id, due.currency] = gone.get((due.entity_id, due.currency), 0) + due.amount_minor
    for held in ledger.balances_of_parties(conn, [party_id]):
        if held.purpose is Purpose.SHARE_DUE:  # what is owed stands on the credit side
            gone[held.entity_id, held.currency] = (
                gone.get((held.entity_id, held.currency), 0) + held.balance_minor
            )
    for one in sent:
        if one.state is PayoutLineState.IN_TRANSIT:
            gone[one.entity_id, one.currency] -= one.gross_minor
    through: dict[Owing, date] = {}
    for due in released:
        owing = (due.entity_id, due.currency)
        if owing in paid and gone[owing] >= due.amount_minor > 0:
            gone[owing] -= due.amount_minor
            through[owing] = due.due_on
        else:
            paid.discard(owing)
    return through


def _tail_start(last: Seal | None) -> date:
    """The first day that is not sealed."""
    return last.day + _DAY if last is not None else _BEGINNING


def _moved(conn: Conn, party_id: PartyId, *, first_day: date, last_day: date) -> tuple[KindSums, ...]:
    found = ledger.party_movements(conn, [party_id], posted=_posted(first_day, last_day))
    totals: tuple[KindSums, ...] = ()
    while page := [
        KindSums(
            kind=one.kind.value,
            currency=one.currency,
            lines=1,
            pending_minor=one.pending_minor,
            due_minor=one.due_minor,
            borne_minor=one.borne_minor,
        )
        for one in islice(found, LINES_PER_PAGE)
    ]:
        totals = kinds_added(totals, page)
    return totals


def _posted(first_day: date, last_day: date) -> TimeRange:
    return TimeRange(start=utc_day(first_day).start, end=utc_day(last_day).end)


def _sums(kinds: Sequence[KindSums]) -> tuple[Sums, ...]:
    return added(
        Sums(
            currency=one.currency,
            pending_minor=one.pending_minor,
            due_minor=one.due_minor,
            borne_minor=one.borne_minor,
        )
        for one in kinds
    )


def _balances(opening: Sequence[Sums], kinds: Sequence[KindSums]) -> tuple[Balance, ...]:
    closing_sums = {one.currency: one for one in added(opening, _sums(kinds))}
    opened = {one.currency: one for one in opening}
    currencies = sorted({*opened, *(one.currency for one in kinds)})
    return tuple(
        Balance(
            currency=currency,
            opening=opened.get(currency, _nothing(currency)),
            kinds=tuple(one for one in kinds if one.currency == currency),
            closing=closing_sums.get(currency, _nothing(currency)),
        )
        for currency in currencies
    )


def _nothing(currency: str) -> Sums:
    return Sums(currency=currency, pending_minor=0, due_minor=0)


def _sealed(
    conn: Conn, party_id: PartyId, *, days: tuple[date, date], after: Place | None
) -> Generator[PlacedLine]:
    # A place that was not sealed yet when it was told is looked for in every page of its day.
    seen = (after.day, after.number - 1) if after is not None and after.number >= 0 else (days[0], -1)
    while True:
        pages = queries.pages_of_party(conn, party_id, days=days, after=seen, at_most=_PAGES_AT_ONCE)
        for page in pages:
            for line in page.read():
                place = _place(line, day=page.day, number=page.number)
                if after is None or page.day > after.day or place.in_day > after.in_day:
                    yield PlacedLine(place=place, line=line)
        if len(pages) < _PAGES_AT_ONCE:
            return
        seen = (pages[-1].day, pages[-1].number)


def _unsealed(
    conn: Conn, party_id: PartyId, *, days: tuple[date, date], after: Place | None
) -> Generator[PlacedLine]:
    posted = _posted(*days)
    if after is not None and after.number == _TAIL:
        start = max(posted.start, time_of(after.entry_id))
        if posted.end is not None and start >= posted.end:
            return
        posted = TimeRange(start=start, end=posted.end)
    found = ledger.party_movements(conn, [party_id], posted=posted)
    for _, line in lines_of(conn, found):
        place = _place(line, day=time_of(line.entry_id).date(), number=_TAIL)
        if after is None or (place.day, *place.in_day) > (after.day, *after.in_day):
            yield PlacedLine(place=place, line=line)


def _place(line: Line, *, day: date, number: int) -> Place:
    return Place(
        day=day,
        number=number,
        entry_id=line.entry_id,
        part_id=line.part_id,
        currency=line.currency,
        entity_id=line.entity_id,
    )
