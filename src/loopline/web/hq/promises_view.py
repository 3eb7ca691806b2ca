"""How promises are written down in a language: figures, lists, sites, what was learnt, and the chart of days."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from loopline.kernel.ids import OrderId, SiteId
from loopline.kernel.times import day_range
from loopline.org import Site
from loopline.promises import (
    BROUGHT,
    DayRecord,
    HeldBack,
    KindRecord,
    Learnt,
    Milestone,
    Pace,
    Promise,
    PromiseKind,
    PromiseState,
    Record,
    SiteRecord,
    WatchList,
)
from loopline.promises.rules.learning import COURIER, LANE, READY
from loopline.web.languages import Language, marked

_MOMENT = timedelta(microseconds=1)
_WELL_PERCENT, _FAIRLY_PERCENT = 95, 90
_NEARLY_PERCENT = 5
_LONG_MINUTES = 600
_SITES_SHOWN = 40
KIND_WORDS: Mapping[PromiseKind, str] = {
    PromiseKind.DELIVER: marked("Delivery to the door"),
    PromiseKind.COLLECT: marked("Ready to be collected"),
    PromiseKind.COURIER: marked("By local courier"),
    PromiseKind.APPOINTMENT: marked("Appointment at the store"),
    PromiseKind.FITTING: marked("Fitting at home"),
}
LIST_WORDS: Mapping[WatchList, str] = {
    WatchList.AT_RISK: marked("At risk"),
    WatchList.BROKEN: marked("Not kept"),
    WatchList.RENEWED: marked("Promised anew"),
    WatchList.OPEN: marked("All that stand"),
}
MILESTONE_WORDS: Mapping[Milestone, str] = {
    Milestone.SOURCE: marked("has a site"),
    Milestone.ACCEPT: marked("accepted"),
    Milestone.HAND_OVER: marked("ready"),
    Milestone.ARRIVE: marked("arrived"),
}


STAGE_WORDS: Mapping[str, str] = {
    READY: marked("Until ready"),
    LANE: marked("On the way"),
    COURIER: marked("With the courier"),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment; of a branch only its sites."""

    now: datetime
    zone: str
    which: WatchList
    record: Record
    listed: Sequence[Promise]
    numbers: Mapping[OrderId, str]
    by_kind: Sequence[KindRecord]
    by_site: Sequence[SiteRecord]
    learnt: Learnt | None
    paces: Sequence[Pace]
    held_back: Sequence[HeldBack]
    sites: Mapping[SiteId, Site]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means below it."""

    key: str
    word: str
    amount: str
    about: str
    tone: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone: by when it has to be reached, or when it was. `tone`: good, bad, or nothing yet."""

    word: str
    at: str
    tone: str


class PromiseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A promise of the list, with what happened beside what was said."""

    number: str
    kind: str
    site: str
    due: str
    fact: str
    fact_tone: str
    before: str
    steps: list[Step]


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """How a site kept its promises, and how long it takes by what was learnt."""

    name: str
    promises: str
    kept: str
    tone: str
    late: str
    open: str
    at_risk: str
    told: str
    learnt: str


class KindRow(msgspec.Struct, frozen=True, kw_only=True):
    """How promises of one way were kept."""

    word: str
    promises: str
    kept: str
    tone: str
    late: str
    open: str
    at_risk: str


class StageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stage, held against days that what was learnt had not seen: how many were in time, and within how long."""

    word: str
    observed: str
    learnt: str
    learnt_tone: str
    learnt_minutes: str
    told: str
    told_tone: str
    told_minutes: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down."""

    figures: list[Figure]
    lists: list[tuple[str, str, bool]]
    rows: list[PromiseRow]
    kinds: list[KindRow]
    sites: list[SiteRow]
    more_sites: str
    learnt: str
    held_back: str
    stages: list[StageRow]
    nothing: str


def written(found: Found, language: Language) -> View:
    """Write the page down."""
    ready = {one.site_id: one for one in found.paces if one.stage == READY}
    shown = found.by_site[:_SITES_SHOWN]
    return View(
        figures=_figures(found.record, language),
        lists=[(one.value, language.say(word), one is found.which) for one, word in LIST_WORDS.items()],
        rows=[_row(one, found, language) for one in found.listed],
        kinds=[_kind_row(one, language) for one in found.by_kind],
        sites=[_site_row(one, found, ready, language) for one in shown],
        more_sites=language.count(len(found.by_site) - len(shown)) if len(found.by_site) > len(shown) else "",
        learnt=_learnt(found, language),
        held_back=_held_back(found, language),
        stages=[_stage_row(one, language) for one in found.held_back],
        nothing=_nothing(found.which, language),
    )


def days_message(days: Sequence[DayRecord], zone: str, language: Language) -> dict[str, Any]:
    """Spell the chart: of each day how many promises were kept to what was said first, and how many were not."""
    return {
        "labels": [language.short_day(day_range(one.day, zone).start, zone) for one in days],
        "kept": [one.kept for one in days],
        "broken": [one.promises - one.kept for one in days],
        "shares": [_share(one.kept, one.promises, language) for one in days],
    }


def _share(kept: int, of: int, language: Language) -> str:
    return language.say("{percent} % kept", percent=100 * kept // of) if of else ""


def _tone(kept: int, of: int) -> str:
    if not of or 100 * kept >= _WELL_PERCENT * of:
        return "good"
    return "warn" if 100 * kept >= _FAIRLY_PERCENT * of else "bad"


def _figures(record: Record, language: Language) -> list[Figure]:
    return [
        Figure(
            key="at_risk",
            word=language.say("At risk now"),
            amount=language.count(record.at_risk),
            about=language.say("of {count} that stand", count=language.count(record.open)),
            tone="bad" if record.at_risk else "",
        ),
        Figure(
            key="kept",
            word=language.say("Kept to what was said first"),
            amount=f"{100 * record.kept // record.promises} %" if record.promises else "–",
            about=language.say(
                "{kept} of {count} in 30 days",
                kept=language.count(record.kept),
                count=language.count(record.promises),
            ),
            tone=_tone(record.kept, record.promises),
        ),
        Figure(
            key="replaced",
            word=language.say("Promised anew on the way"),
            amount=language.count(record.replaced),
            about=language.say("orders whose customers were told another time"),
        ),
        Figure(
            key="late",
            word=language.say("Late, on average"),
            amount=_minutes(record.late_minutes_mean, language) if record.late_minutes_mean else "–",
            about=language.say("of those that came later than was said first"),
        ),
    ]


def _minutes(minutes: int, language: Language) -> str:
    return language.age(timedelta(minutes=minutes))


def _exactly(minutes: int, language: Language) -> str:
    """A time to be held against another: in minutes, from ten hours on in hours, rounded up."""
    if minutes < _LONG_MINUTES:
        return language.say("{minutes} min", minutes=minutes)
    return language.say("{hours} h", hours=-(-minutes // 60))


def _moment(one: Promise, at: datetime, found: Found, language: Language) -> str:
    """A moment as it was told: of a delivery the day, of all else the minute."""
    if one.kind is PromiseKind.DELIVER:
        return language.short_day(at - _MOMENT, found.zone)
    return language.clock_of_day(at, found.zone)


def _row(one: Promise, found: Found, language: Language) -> PromiseRow:
    site_id = one.by_site_id or one.site_id
    site = found.sites.get(site_id) if site_id is not None else None
    fact = one.fact_at
    is_late = fact is not None and fact > one.first_due_at
    return PromiseRow(
        number=found.numbers.get(one.order_id, ""),
        kind=language.say(KIND_WORDS[one.kind]),
        site=language.called(site.name) if site is not None else "",
        due=_moment(one, one.due_at, found, language),
        fact=language.clock_of_day(fact, found.zone) if fact is not None else _standing(one, language),
        fact_tone="bad" if is_late or one.state is PromiseState.BROKEN else "",
        before=_moment(one, one.first_due_at, found, language) if one.replaces_id is not None else "",
        steps=_steps(one, found, language),
    )


def _standing(one: Promise, language: Language) -> str:
    return language.say("not yet") if one.state is not PromiseState.OPEN else ""


def _steps(one: Promise, found: Found, language: Language) -> list[Step]:
    """The milestones counted back from the promise, in order."""
    steps = [
        (Milestone.SOURCE, one.source_by, one.sourced_at),
        (Milestone.ACCEPT, one.accept_by, one.accepted_at),
        (Milestone.HAND_OVER, one.hand_over_by, one.handed_over_at),
    ]
    if one.kind in BROUGHT:
        steps.append((Milestone.ARRIVE, one.due_at, one.arrived_at))
    ended = one.ended_at or found.now
    return [
        Step(
            word=language.say(MILESTONE_WORDS[milestone]),
            at=language.clock_of_day(reached or by, found.zone)
            if reached
            else language.say("by {time}", time=language.clock_of_day(by, found.zone)),
            tone=_step_tone(by, reached, is_missed=by <= ended or milestone is one.risk),
        )
        for milestone, by, reached in steps
    ]


def _step_tone(by: datetime, reached: datetime | None, *, is_missed: bool) -> str:
    if reached is not None:
        return "good" if reached <= by else "warn"
    return "bad" if is_missed else "none"


def _kind_row(one: KindRecord, language: Language) -> KindRow:
    return KindRow(
        word=language.say(KIND_WORDS[one.kind]),
        promises=language.count(one.promises),
        kept=f"{100 * one.kept // one.promises} %" if one.promises else "–",
        tone=_tone(one.kept, one.promises),
        late=_minutes(one.late_minutes_mean, language) if one.late_minutes_mean else "–",
        open=language.count(one.open),
        at_risk=language.count(one.at_risk) if one.at_risk else "",
    )


def _site_row(
    one: SiteRecord, found: Found, ready: Mapping[SiteId | None, Pace], language: Language
) -> SiteRow:
    site, pace = found.sites.get(one.site_id), ready.get(one.site_id)
    return SiteRow(
        name=language.called(site.name) if site is not None else "",
        promises=language.count(one.promises),
        kept=f"{100 * one.kept // one.promises} %" if one.promises else "–",
        tone=_tone(one.kept, one.promises),
        late=_minutes(one.late_minutes_mean, language) if one.late_minutes_mean else "–",
        open=language.count(one.open),
        at_risk=language.count(one.at_risk) if one.at_risk else "",
        told=language.say("{minutes} min", minutes=pace.told) if pace is not None else "–",
        learnt=language.say(
            "{minutes} min, from {count}", minutes=pace.minutes, count=language.count(pace.observed)
        )
        if pace is not None
        else "–",
    )


def _learnt(found: Found, language: Language) -> str:
    if found.learnt is None:
        return language.say("Nothing was learnt yet: promises are made by the terms.")
    return language.say(
        "Learnt {time} from what left since {since}; promises are made by it from then on.",
        time=language.clock_of_day(found.learnt.learnt_at, found.zone),
        since=language.short_day(found.learnt.since, found.zone),
    )


def _held_back(found: Found, language: Language) -> str:
    if not found.held_back:
        return ""
    first = found.held_back[0]
    return language.say(
        "What was known on {day}, held against what left from then on. {percent} of a hundred were to be in time.",
        day=language.short_day(first.since, found.zone),
        percent=first.aim_percent,
    )


def _stage_row(one: HeldBack, language: Language) -> StageRow:
    return StageRow(
        word=language.say(STAGE_WORDS[one.stage]),
        observed=language.count(one.observed),
        learnt=_percent(one.covered, one.observed),
        learnt_tone=_tone_of(one.covered, one),
        learnt_minutes=_exactly(one.minutes_mean, language),
        told=_percent(one.told_covered, one.observed),
        told_tone=_tone_of(one.told_covered, one),
        told_minutes=_exactly(one.told_minutes_mean, language),
    )


def _percent(part: int, of: int) -> str:
    return f"{100 * part // of} %"


def _tone_of(covered: int, one: HeldBack) -> str:
    """How near a share comes to what was aimed at: as good, within five of a hundred, or further below."""
    below = one.aim_percent * one.observed - 100 * covered
    if below <= 0:
        return "good"
    return "warn" if below <= _NEARLY_PERCENT * one.observed else "bad"


def _nothing(which: WatchList, language: Language) -> str:
    if which is WatchList.AT_RISK:
        return language.say("Nothing is at risk: every milestone was reached in time so far.")
    return language.say("Nothing of this kind in the last 30 days.")
