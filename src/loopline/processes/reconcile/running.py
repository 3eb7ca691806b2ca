"""A run: the bills of a source held against our books of some days.

`look` reads, `compare` matches (pure, the long part), `write_down` keeps what was found. Nothing is written before all
of it is known, and it is written in one transaction: a run that is killed leaves nothing. The same run again finds the
same, and changes nothing but its own row.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from loopline import bills
from loopline.bills import (
    BillLineId,
    BillsReconciled,
    DayFees,
    DifferenceClass,
    Found,
    LineKind,
    NewRun,
    OpenLine,
    OurKind,
    OurLine,
    Pair,
    PeriodMisfit,
    Run,
    RunTotals,
    Source,
    SourceKind,
    SourceMoved,
    UnequalPair,
)
from loopline.bills.queries import PairSum
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.refusals import Refused
from loopline.kernel.times import business_day
from loopline.processes.reconcile.books import our_lines
from loopline.processes.reconcile.classes import Age, alone_ours, alone_theirs, subject_of, unequal
from loopline.processes.reconcile.lumps import lumps
from loopline.processes.reconcile.matching import match_lines
from loopline.processes.reconcile.model import Line, Way, Window
from loopline.processes.reconcile.numbers import Numbered, meet, repeats

T = TypeVar("T")
DAYS_MAX = 62
_TRIES_MAX = 3
_PAID_OUT_WITHIN_DAYS = 7


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has to go by, read at one moment.

    `theirs` are lines in no pair: of the days, of some days after, and older ones that stand; `ours` likewise, of some
    days around. `settled` are lines of ours that an entry corrects, `standing` those from before that still wait.
    """

    source: Source
    first_day: date
    last_day: date
    age: Age
    theirs: Sequence[OpenLine]
    ours: Sequence[OurLine]
    settled: frozenset[tuple[OurKind, UUID]]
    standing: frozenset[tuple[OurKind, UUID]]
    pairs: Sequence[PairSum]
    unequal: Sequence[UnequalPair]
    fees: Sequence[DayFees]

    def is_within(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


def look(conn: Conn, source: Source, first: date, last: date, *, now: datetime) -> Look:
    """Read what a run goes by. Raises Refused for a period that cannot be. Locks nothing."""
    if not first <= last < first + timedelta(days=DAYS_MAX):
        raise Refused(PeriodMisfit(days_max=DAYS_MAX))
    grace = timedelta(days=source.grace_days)
    near_first, near_last = first - grace, last + grace
    known = bills.ours_taken(conn, source.id, near_first, near_last)
    standing = bills.ours_standing(conn, source.id, first)
    read = {(one.kind, one.id): one for one in our_lines(conn, source, near_first, near_last)}
    missed = [one for one in standing if (one.our_kind, one.our_id) not in read]
    for stretch in _stretches([one.our_day for one in missed]):
        read |= {(one.kind, one.id): one for one in our_lines(conn, source, *stretch)}
    covered = bills.last_bills(conn, [source.id], at_most=1_000)
    wait = {(one.our_kind, one.our_id) for one in standing}
    return Look(
        source=source,
        first_day=first,
        last_day=last,
        age=Age(
            today=business_day(now, source.zone),
            covered_until=max((one.last_day for one in covered), default=last),
            grace_days=source.grace_days,
        ),
        theirs=bills.lines_to_match(conn, source.id, first, near_last),
        ours=[
            line
            for name, line in read.items()
            if known.get(name) is not False and (near_first <= line.day <= near_last or name in wait)
        ],
        settled=frozenset(name for name, is_settled in known.items() if is_settled),
        standing=frozenset(wait),
        pairs=bills.pairs_standing(conn, source.id, first, last),
        unequal=bills.unequal_pairs(conn, source.id, first, last),
        fees=bills.fees_by_day(conn, source.id, first, last),
    )


def _stretches(days: Sequence[date]) -> list[tuple[date, date]]:
    """Gather days in stretches of a week at most, so that what waits for long costs little to read."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and day <= found[-1][0] + timedelta(days=6):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def compare(seen: Look) -> NewRun:
    """Match what is open and say of each line without an equal half why. Pure.

    Lines from around the days are there to be matched only: alone they are left to the run of their own days.
    """
    again = repeats([(str(one.id), _said(one)) for one in seen.ours])
    ours = {
        (one.kind, one.id): one
        for one in seen.ours
        if (one.kind, one.id) not in seen.settled and str(one.id) not in again
    }
    theirs = {
        one.id: one
        for one in seen.theirs
        if not one.is_settled and not one.is_repeat and one.kind is not LineKind.FEE
    }
    pairs = [
        pair
        for pair in _pairs(seen, list(ours.values()), list(theirs.values()))
        if _counts_theirs(seen, theirs[pair.line_id]) or _counts_ours(seen, pair.ours)
    ]
    met_theirs = {one.line_id for one in pairs}
    met_ours = {(one.kind, one.id) for pair in pairs for one in (pair.ours, *pair.with_ours)}
    found = [
        *(
            alone_theirs(one, seen.age, is_repeat=one.is_repeat)
            for one in seen.theirs
            if one.id not in met_theirs and _counts_theirs(seen, one)
        ),
        *(
            alone_ours(one, seen.age, is_repeat=str(one.id) in again)
            for one in seen.ours
            if (one.kind, one.id) not in met_ours and _counts_ours(seen, one)
        ),
        *_unequal(seen, pairs, theirs),
        *(_fees(one) for one in seen.fees),
    ]
    return NewRun(
        first_day=seen.first_day,
        last_day=seen.last_day,
        pairs=pairs,
        found=found,
        totals=_totals(seen, pairs, theirs, found),
    )


def _said(line: OurLine) -> tuple[OurKind, str, int] | None:
    """What a line of ours says, so that another says the same; several parcels may well go under one number."""
    if not line.keys or line.kind is OurKind.PARCEL:
        return None
    return line.kind, line.keys[0], line.amount_minor


def _counts_theirs(seen: Look, line: OpenLine) -> bool:
    """Whether a line of theirs is of the run: of its days, or from before (only those that stand are read)."""
    return line.day <= seen.last_day


def _counts_ours(seen: Look, line: OurLine) -> bool:
    return seen.is_within(line.day) or (line.kind, line.id) in seen.standing


def _pairs(seen: Look, ours: Sequence[OurLine], theirs: Sequence[OpenLine]) -> list[Pair]:
    """Match by numbers, however many a line goes by, then by rule; what banks cut off, by likelihood."""
    source = seen.source
    no_amounts = source.kind is SourceKind.CARRIER
    met = meet(
        [Numbered(name=_name(one), amount_minor=one.amount_minor, keys=one.keys) for one in ours],
        [Numbered(name=str(one.id), amount_minor=one.amount_minor, keys=one.keys) for one in theirs],
        any_amount=no_amounts,
    )
    of_name = {_name(one): one for one in ours}
    of_id = {str(one.id): one for one in theirs}
    met_ours = set(met.values())
    last = max(source.grace_days, _PAID_OUT_WITHIN_DAYS)
    window = Window(days_first=-source.grace_days, days_last=last)
    matching = match_lines(
        [_our(one, key=_name(one) if _name(one) in met_ours else None) for one in ours],
        [_their(one, key=met.get(str(one.id))) for one in theirs],
        window=window,
        is_weighed=source.kind is SourceKind.BANK,
    )
    pairs: list[Pair] = []
    for match in matching.matches:
        line, our = of_id[match.theirs], of_name[match.ours]
        if no_amounts:
            our = msgspec.structs.replace(our, amount_minor=line.amount_minor)
        pairs.append(Pair(line_id=line.id, ours=our, way=match.way.value, probability=match.probability))
    if source.kind is SourceKind.BANK:
        pairs += _of_several_days(pairs, ours, theirs, window)
    return pairs


def _of_several_days(
    pairs: Sequence[Pair], ours: Sequence[OurLine], theirs: Sequence[OpenLine], window: Window
) -> list[Pair]:
    """What gateways paid out for several days in one sum, among lines in no pair: the last day stands for all."""
    met_theirs, met_ours = {one.line_id for one in pairs}, {one.ours.id for one in pairs}
    found = lumps(
        [one for one in ours if one.id not in met_ours],
        [one for one in theirs if one.id not in met_theirs],
        window=window,
    )
    return [
        Pair(
            line_id=line.id,
            ours=msgspec.structs.replace(days[-1], amount_minor=line.amount_minor),
            way=Way.RULE.value,
            probability=1.0,
            with_ours=days[:-1],
        )
        for line, days in found
    ]


def _name(line: OurLine) -> str:
    return f"{line.kind.value}:{line.id}"


def _our(line: OurLine, *, key: str | None) -> Line:
    return Line(
        number=_name(line), on=line.day, amount_minor=line.amount_minor, key=key, wording=line.wording
    )


def _their(line: OpenLine, *, key: str | None) -> Line:
    return Line(
        number=str(line.id), on=line.day, amount_minor=line.amount_minor, key=key, wording=line.wording
    )


def _unequal(seen: Look, pairs: Sequence[Pair], theirs: Mapping[BillLineId, OpenLine]) -> list[Found]:
    """Pairs whose halves differ, those from before too: a run over the same days finds the same."""
    before = [
        Found(
            subject=f"line:{one.line_id}",
            kind=DifferenceClass.AMOUNT,
            day=one.day,
            theirs_minor=one.amount_minor,
            ours_minor=one.our_amount_minor,
            line_id=one.line_id,
            ours=OurLine(
                kind=one.our_kind,
                id=one.our_id,
                day=one.our_day,
                amount_minor=one.our_amount_minor,
                number=one.our_number,
                subject=one.our_subject,
            ),
        )
        for one in seen.unequal
    ]
    new = [
        Found(
            subject=subject_of(theirs[pair.line_id]),
            kind=DifferenceClass.AMOUNT,
            day=theirs[pair.line_id].day,
            theirs_minor=theirs[pair.line_id].amount_minor,
            ours_minor=pair.ours.amount_minor,
            line_id=pair.line_id,
            ours=pair.ours,
        )
        for pair in pairs
        if theirs[pair.line_id].amount_minor != pair.ours.amount_minor
    ]
    return [unequal(one, seen.source) for one in (*before, *new)]


def _fees(one: DayFees) -> Found:
    """What was kept on a bill's lines of one day: one difference, not one for each line."""
    return Found(
        subject=f"fees:{one.bill_id}:{one.day.isoformat()}",
        kind=DifferenceClass.FEE,
        day=one.day,
        theirs_minor=-one.fee_minor,
        ours_minor=0,
        lines=one.lines,
    )


def _totals(
    seen: Look, pairs: Sequence[Pair], theirs: Mapping[BillLineId, OpenLine], found: Sequence[Found]
) -> RunTotals:
    """Add up each side by itself: what is paired, and what is alone."""
    alone = [one for one in found if not (one.line_id is not None and one.ours is not None)]
    alone_theirs_lines = sum(one.line_id is not None for one in alone)
    alone_ours_lines = sum(one.ours is not None for one in alone)
    before = sum(one.pairs for one in seen.pairs)
    unequal_count = len(found) - len(alone)
    by_way = {one.way: one.pairs for one in seen.pairs}
    for pair in pairs:
        by_way[pair.way] = by_way.get(pair.way, 0) + 1
    paired_theirs = sum(one.theirs_minor for one in seen.pairs) + sum(
        theirs[pair.line_id].amount_minor for pair in pairs
    )
    paired_ours = sum(one.ours_minor for one in seen.pairs) + sum(pair.ours.amount_minor for pair in pairs)
    days_pairs = before + sum(seen.is_within(theirs[pair.line_id].day) for pair in pairs)
    return RunTotals(
        theirs_lines=before + len(pairs) + alone_theirs_lines,
        theirs_minor=paired_theirs + sum(one.theirs_minor for one in alone),
        ours_lines=before + len(pairs) + alone_ours_lines,
        ours_minor=paired_ours + sum(one.ours_minor for one in alone),
        matched=before + len(pairs) - unequal_count,
        matched_minor=paired_ours,
        by_key=by_way.get("key", 0),
        by_rule=by_way.get("rule", 0),
        by_likelihood=by_way.get("likelihood", 0),
        of_days=days_pairs + sum(one.line_id is not None and seen.is_within(one.day) for one in alone),
        of_days_matched=max(0, days_pairs - unequal_count),
    )


class Reading(Protocol):
    """Does reading work on a connection that the edge opens and closes."""

    def __call__(self, work: Callable[[Conn, datetime], T], /) -> T: ...


class Writing(Protocol):
    """Does work in a transaction that the edge begins and ends."""

    def __call__(self, work: Callable[[Conn, datetime], T], /) -> T: ...


def reconcile(
    find: Callable[[Conn], Source], period: tuple[date, date], *, reading: Reading, writing: Writing, by: str
) -> Run:
    """Hold a source's bills of some days, both included, against the books: read, compare, write.

    The comparing is done outside any transaction, since it may take half a minute. Where others took in bills of the
    source meanwhile, or kept it anew, it begins again. Raises Refused (SourceMoved) after the third time.
    """
    source = None
    for _ in range(_TRIES_MAX):
        source, seen = reading(lambda conn, now: _looked(conn, find, period, now=now))
        new = compare(seen)
        run = writing(partial(_write, source=source, new=new, by=by))
        if run is not None:
            return run
    assert source is not None, "tried at least once"
    raise Refused(SourceMoved(source=source.code))


def _looked(
    conn: Conn, find: Callable[[Conn], Source], period: tuple[date, date], *, now: datetime
) -> tuple[Source, Look]:
    source = find(conn)
    return source, look(conn, source, *period, now=now)


def _write(conn: Conn, now: datetime, *, source: Source, new: NewRun, by: str) -> Run | None:
    return write_down(conn, source, new, by=by, now=now)


def write_down(conn: Conn, source: Source, new: NewRun, *, by: str, now: datetime) -> Run | None:
    """Keep what a run found, and tell the log. None where others were faster: look and compare again."""
    run = bills.write_run(conn, source, new, by=by, now=now)
    if run is None:
        return None
    body = BillsReconciled(
        source_id=source.id,
        run_id=run.id,
        first_day=run.first_day,
        last_day=run.last_day,
        matched=run.totals.matched,
        differences=len(new.found),
    )
    log.append(conn, [event(body, subject=source.id, at=now, actor=by)])
    return run
