"""Reconciliation written down in a language: figures, runs, the queue of differences, one with both its sides."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import msgspec

from loopline.bills import (
    Bill,
    BillLine,
    BillLineId,
    ClassTally,
    Correction,
    DayShare,
    Difference,
    DifferenceClass,
    DifferenceId,
    DifferenceState,
    LineKind,
    OurKind,
    Run,
    Source,
    SourceId,
    Step,
)
from loopline.kernel.times import business_day, day_range
from loopline.web.languages import Language, marked

RECONCILIATION = "/hq/reconciliation"
CLASS_WORDS: Mapping[DifferenceClass, str] = {
    DifferenceClass.MISSING_OURS: marked("Not in our books"),
    DifferenceClass.MISSING_THEIRS: marked("Not on their bill"),
    DifferenceClass.AMOUNT: marked("Another amount"),
    DifferenceClass.DUPLICATE: marked("Twice"),
    DifferenceClass.REFUND: marked("Refund of one side"),
    DifferenceClass.FEE: marked("Fee kept"),
    DifferenceClass.TIMING: marked("May still come"),
}
STATE_WORDS: Mapping[DifferenceState, str] = {
    DifferenceState.OPEN: marked("Open"),
    DifferenceState.TOLD: marked("Other party told"),
    DifferenceState.EXPLAINED: marked("Explained"),
    DifferenceState.CORRECTED: marked("Corrected"),
    DifferenceState.MATCHED: marked("Met its other half"),
}
CORRECTION_WORDS: Mapping[Correction, str] = {
    Correction.FEE: marked("as a fee"),
    Correction.ADJUSTMENT: marked("as a difference that stays"),
    Correction.LOSS: marked("as a loss"),
}
KIND_WORDS: Mapping[LineKind | OurKind, str] = {
    LineKind.PAYMENT: marked("Payment"),
    LineKind.REFUND: marked("Refund"),
    LineKind.FEE: marked("Fee"),
    LineKind.PAYOUT: marked("Payout"),
    LineKind.OTHER: marked("Other movement"),
    OurKind.PARCEL: marked("Parcel"),
    OurKind.SETTLEMENT: marked("Expected payout of a day"),
}
_TONES: Mapping[DifferenceClass, str] = {
    DifferenceClass.TIMING: "none",
    DifferenceClass.FEE: "move",
    DifferenceClass.REFUND: "warn",
}
_OLD_DAYS, _AGING_DAYS = 14, 3
_WELL_PERCENT, _FAIRLY_PERCENT = 99, 95


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of the queue says; empty means every class, of every source, that stands."""

    source: str = ""
    kind: str = ""
    state: str = ""

    @classmethod
    def from_query(cls, query: str) -> "Asked":
        """Read the query of an address of the page."""
        said = parse_qs(query)
        return cls(**{name: said.get(name, [""])[0][:64] for name in cls.__struct_fields__})

    @property
    def query(self) -> str:
        """The query of the address."""
        return urlencode({name: value for name, value in msgspec.structs.asdict(self).items() if value})

    def link(self, path: str = RECONCILIATION, **changes: str) -> str:
        """Return the address with something else asked for."""
        query = msgspec.structs.replace(self, **changes).query
        return f"{path}?{query}" if query else path

    @property
    def wanted_class(self) -> DifferenceClass | None:
        """The class asked for; None for every one, and for one that there is not."""
        return DifferenceClass(self.kind) if self.kind in set(DifferenceClass) else None

    @property
    def states(self) -> tuple[DifferenceState, ...]:
        """The states asked for: those that stand, unless one is named."""
        if self.state in set(DifferenceState):
            return (DifferenceState(self.state),)
        return (DifferenceState.OPEN, DifferenceState.TOLD)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment, of somebody's companies."""

    now: datetime
    asked: Asked
    sources: Sequence[Source]
    tallies: Sequence[ClassTally]
    days: Sequence[DayShare]
    runs: Sequence[Run]
    differences: Sequence[Difference]
    lines: Mapping[BillLineId, BillLine]
    names: Mapping[str, str]

    @property
    def by_id(self) -> dict[SourceId, Source]:
        """Sources by id."""
        return {one.id: one for one in self.sources}


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """A way to narrow the queue, and how many it leads to."""

    word: str
    count: str
    about: str
    link: str
    is_chosen: bool


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means below it."""

    word: str
    amount: str
    about: str
    tone: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A difference of the queue, written down."""

    id: str
    path: str
    kind: str
    tone: str
    state: str
    number: str
    source: str
    day: str
    age: str
    age_tone: str
    theirs: str
    ours: str
    amount: str
    owner: str
    note: str


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run, written down."""

    source: str
    days: str
    when: str
    share: str
    tone: str
    sides: str
    changed: str


def figures(found: Found, language: Language) -> list[Figure]:
    """Write the numbers at the top."""
    standing = sum(one.differences for one in found.tallies)
    waiting = sum(one.differences for one in found.tallies if one.kind is DifferenceClass.TIMING)
    net: dict[str, int] = {}
    for one in found.tallies:
        net[one.currency] = net.get(one.currency, 0) + one.amount_minor
    lines = sum(one.lines for one in found.days)
    matched = sum(one.matched for one in found.days)
    oldest = min(
        (one.oldest for one in found.tallies if one.kind is not DifferenceClass.TIMING), default=None
    )
    return [
        Figure(
            word=language.say("To be looked at"),
            amount=language.count(standing - waiting),
            about=language.say("{count} more may still come", count=language.count(waiting)),
            tone="bad" if standing > waiting else "good",
        ),
        Figure(
            word=language.say("Theirs less ours"),
            amount=" · ".join(language.money(minor, currency) for currency, minor in sorted(net.items()))
            or "–",
            about=language.say("what all that stands comes to"),
        ),
        Figure(
            word=language.say("Lines matched"),
            amount=f"{100 * matched / lines:.2f} %" if lines else "–",
            about=language.say("of {count} in 30 days", count=language.count(lines)),
            tone=_share_tone(matched, lines),
        ),
        Figure(
            word=language.say("The oldest"),
            amount=language.say("{days} days", days=_age_days(oldest, found)) if oldest else "–",
            about=language.say("that nobody has settled"),
            tone="warn" if oldest and _age_days(oldest, found) > _AGING_DAYS else "",
        ),
    ]


def _age_days(day: date, found: Found) -> int:
    zone = found.sources[0].zone if found.sources else "UTC"
    return max(0, (business_day(found.now, zone) - day).days)


def _share_tone(matched: int, lines: int) -> str:
    if not lines or 100 * matched >= _WELL_PERCENT * lines:
        return "good"
    return "warn" if 100 * matched >= _FAIRLY_PERCENT * lines else "bad"


def chips(found: Found, language: Language) -> list[Chip]:
    """Write the classes that stand as ways to narrow the queue."""
    counts: dict[DifferenceClass, int] = {}
    for one in found.tallies:
        counts[one.kind] = counts.get(one.kind, 0) + one.differences
    every = Chip(
        word=language.say("All"),
        count=language.count(sum(counts.values())),
        about="",
        link=found.asked.link(kind=""),
        is_chosen=found.asked.wanted_class is None,
    )
    return [
        every,
        *(
            Chip(
                word=language.say(word),
                count=language.count(counts.get(kind, 0)),
                about="",
                link=found.asked.link(kind=kind.value),
                is_chosen=found.asked.wanted_class is kind,
            )
            for kind, word in CLASS_WORDS.items()
            if kind in counts or found.asked.wanted_class is kind
        ),
    ]


def state_chips(asked: Asked, language: Language) -> list[Chip]:
    """Write the states: what stands, and what was settled and how."""
    offered = (("", marked("Standing")), *((one.value, word) for one, word in STATE_WORDS.items()))
    return [
        Chip(
            word=language.say(word),
            count="",
            about="",
            link=asked.link(state=state),
            is_chosen=asked.state == state,
        )
        for state, word in offered
    ]


def row(one: Difference, found: Found, language: Language) -> Row:
    """Write a difference of the queue."""
    source = found.by_id[one.source_id]
    line = found.lines.get(one.line_id) if one.line_id is not None else None
    age = _age_days(one.day, found)
    has_theirs = one.line_id is not None or one.subject.startswith("fees:")
    return Row(
        id=str(one.id),
        path=f"{RECONCILIATION}/{one.id}",
        kind=language.say(CLASS_WORDS[one.kind]),
        tone=_TONES.get(one.kind, "bad"),
        state=language.say(STATE_WORDS[one.state]) if one.state is not DifferenceState.OPEN else "",
        number=_number(one, line, language),
        source=language.called(source.name),
        day=language.short_day(day_range(one.day, source.zone).start, source.zone),
        age=language.say("{days} days", days=age),
        age_tone="bad" if age > _OLD_DAYS else "warn" if age > _AGING_DAYS else "quiet",
        theirs=language.money(one.theirs_minor, source.currency) if has_theirs else "–",
        ours=language.money(one.ours_minor, source.currency) if one.our_id is not None else "–",
        amount=language.money(one.amount_minor, source.currency),
        owner=found.names.get(one.owner, one.owner),
        note=one.note,
    )


def _number(one: Difference, line: BillLine | None, language: Language) -> str:
    if one.subject.startswith("fees:"):
        return language.say("Fees of {count} lines", count=language.count(one.lines))
    if line is not None:
        return line.number or line.wording or language.say("line {line}", line=line.row)
    return one.our_number


def run_row(one: Run, found: Found, language: Language) -> RunRow:
    """Write a run."""
    source, totals = found.by_id[one.source_id], one.totals
    first, last = (
        language.short_day(day_range(day, source.zone).start, source.zone)
        for day in (one.first_day, one.last_day)
    )
    lines = totals.of_days
    return RunRow(
        source=language.called(source.name),
        days=first if first == last else f"{first} – {last}",
        when=language.clock_of_day(one.run_at, source.zone),
        share=f"{100 * totals.of_days_matched / lines:.2f} %" if lines else "–",
        tone=_share_tone(totals.of_days_matched, lines),
        sides=language.say(
            "{theirs} of theirs, {ours} of ours",
            theirs=language.count(totals.theirs_lines),
            ours=language.count(totals.ours_lines),
        ),
        changed=language.say(
            "{opened} opened, {closed} closed",
            opened=language.count(one.opened),
            closed=language.count(one.closed),
        ),
    )


def days_message(days: Sequence[DayShare], zone: str, language: Language) -> dict[str, Any]:
    """Spell the chart: of each day how many lines were matched, and how many were not."""
    return {
        "labels": [language.short_day(day_range(one.day, zone).start, zone) for one in days],
        "matched": [one.matched for one in days],
        "open": [one.lines - one.matched for one in days],
        "shares": [f"{100 * one.matched / one.lines:.2f} %" if one.lines else "" for one in days],
    }


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a difference: what it says, field by field. Without facts there is no such side."""

    heading: str
    amount: str
    facts: list[tuple[str, str]]
    nothing: str = ""


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a difference, written down."""

    word: str
    kind: str
    at: str
    by: str
    note: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A difference with what it stands on, read at one moment."""

    difference: Difference
    source: Source
    line: BillLine | None
    bill: Bill | None
    steps: Sequence[Step]
    order_number: str
    names: Mapping[str, str]


def theirs_side(case: Case, language: Language) -> Side:
    """Write their side, back to the file and its line."""
    one, source = case.difference, case.source
    heading = language.called(source.name)
    bill = case.bill
    file_fact = [(language.say("Name of the file"), bill.file_name)] if bill is not None else []
    if case.line is None:
        if one.subject.startswith("fees:"):
            facts = [
                *file_fact,
                (language.say("Lines with a fee"), language.count(one.lines)),
                (language.say("Day"), _day(one.day, source, language)),
            ]
            return Side(
                heading=heading, amount=language.money(one.theirs_minor, source.currency), facts=facts
            )
        return Side(
            heading=heading, amount="–", facts=[], nothing=language.say("Their bills say nothing of it.")
        )
    line = case.line
    facts = [
        *file_fact,
        (language.say("Line of the file"), language.count(line.row)),
        (language.say("What it states"), language.say(KIND_WORDS[line.kind])),
        (language.say("Day"), _day(line.day, source, language)),
        (language.say("Numbers"), " · ".join(key for key in line.keys if not key.startswith("refund:"))),
        (language.say("Wording"), line.wording),
        (language.say("Fee kept"), language.money(line.fee_minor, source.currency) if line.fee_minor else ""),
    ]
    return Side(
        heading=heading,
        amount=language.money(line.amount_minor, source.currency),
        facts=[fact for fact in facts if fact[1]],
    )


def ours_side(case: Case, language: Language) -> Side:
    """Write our side."""
    one, source = case.difference, case.source
    heading = language.say("Our books")
    if one.our_kind is None or one.our_day is None:
        return Side(
            heading=heading, amount="–", facts=[], nothing=language.say("Our books say nothing of it.")
        )
    facts = [
        (language.say("What it states"), language.say(KIND_WORDS[one.our_kind])),
        (language.say("Day"), _day(one.our_day, source, language)),
        (language.say("Numbers"), one.our_number),
    ]
    return Side(
        heading=heading,
        amount=language.money(one.ours_minor, source.currency),
        facts=[fact for fact in facts if fact[1]],
    )


def _day(day: date, source: Source, language: Language) -> str:
    return (
        language.day(day) if day.year else language.short_day(day_range(day, source.zone).start, source.zone)
    )


def step_row(step: Step, case: Case, language: Language) -> StepRow:
    """Write a step."""
    return StepRow(
        word=language.say(STATE_WORDS[step.state]),
        kind=language.say(CLASS_WORDS[step.kind]),
        at=language.clock_of_day(step.at, case.source.zone),
        by=case.names.get(step.by, "" if step.by == "system" else step.by),
        note=step.note,
    )


def since(now: datetime) -> date:
    """Return the first day of the chart."""
    return (now - timedelta(days=30)).date()


def ids_in(texts: Sequence[str]) -> list[DifferenceId]:
    """Read ids of differences; what is none is left out."""
    found: list[DifferenceId] = []
    for text in texts:
        try:
            found.append(DifferenceId(UUID(text)))
        except ValueError:
            continue
    return found
