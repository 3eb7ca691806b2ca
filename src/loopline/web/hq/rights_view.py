"""How the six rights are written down in a language: figures, rows, causes, lines, and the chart of days."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from loopline.catalogue import Sku
from loopline.insight import NOWHERE
from loopline.insight.rights import (
    KEPT,
    RIGHT_OF,
    Cause,
    CauseCount,
    DayMarks,
    JudgedLine,
    Marks,
    Right,
    Side,
    SiteMarks,
    settled_until,
    total_of,
)
from loopline.kernel.ids import OrderId, SiteId, SkuId
from loopline.kernel.times import day_range
from loopline.web.hq.rights_asked import BROKEN, BY_DEALER, LINES, RIGHTS, Asked
from loopline.web.languages import Language, marked
from loopline.web.measuring import NO_SITE, Reach, Span
from loopline.web.rights_words import CAUSE_WORDS, RIGHT_MEANS, RIGHT_WORDS

_ROWS_SHOWN = 200
_WHOLE = 10_000
_WELL, _FAIRLY = 9_500, 9_000
SIDE_WORDS: Mapping[Side, str] = {
    Side.SENT: marked("By the site that sent"),
    Side.SOLD: marked("By the site that sold"),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    asked: Asked
    span: Span
    reach: Reach
    by_site: Sequence[SiteMarks]
    causes: Sequence[CauseCount]


class FoundLines(msgspec.Struct, frozen=True, kw_only=True):
    """A page of lines, with what they speak of; `more` where there are others after it."""

    asked: Asked
    span: Span
    reach: Reach
    lines: Sequence[JudgedLine]
    more: bool
    numbers: Mapping[OrderId, str]
    skus: Mapping[SkuId, Sku]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means below it."""

    key: str
    word: str
    amount: str
    about: str
    tone: str
    link: str


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """The score of one right in a row; `link` leads to the lines that broke it, where there are any."""

    key: str
    word: str
    score: str
    tone: str
    link: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A store or a dealer, with its six scores."""

    name: str
    lines: str
    total: str
    tone: str
    cells: list[Cell]


class CauseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A cause with how many lines broke a right by it; `width` in per cent of the most frequent."""

    key: str
    right: str
    word: str
    lines: str
    width: float
    link: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A way to narrow the page."""

    value: str
    word: str
    link: str
    is_chosen: bool


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down."""

    first: str
    last: str
    today: str
    figures: list[Figure]
    sides: list[Choice]
    groups: list[Choice]
    branches: list[Choice]
    causes: list[CauseRow]
    rows: list[Row]
    more_rows: str
    unsettled: str
    settled_link: str
    days_path: str


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a right for a line: `tone` is kept, broken or unknown."""

    key: str
    word: str
    tone: str
    why: str


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line behind a number, with its six marks."""

    number: str
    path: str
    day: str
    goods: str
    code: str
    sent: str
    sold: str
    score: str
    marks: list[Mark]


class LinesView(msgspec.Struct, frozen=True, kw_only=True):
    """The list behind a number, written down."""

    title: str
    where: str
    days: str
    rows: list[LineRow]


def written(found: Found, language: Language) -> View:
    """Write the page down."""
    total = total_of(found.by_site)
    rows = _rows(found, language)
    asked, span = found.asked, found.span
    settled = settled_until(span.today)
    return View(
        first=span.first.isoformat(),
        last=span.last.isoformat(),
        today=span.today.isoformat(),
        figures=_figures(total, asked, language),
        sides=[
            Choice(
                value=side.value,
                word=language.say(word),
                link=asked.link(RIGHTS, side=side.value),
                is_chosen=side is asked.chosen_side,
            )
            for side, word in SIDE_WORDS.items()
        ],
        groups=[
            Choice(
                value=by,
                word=word,
                link=asked.link(RIGHTS, by=by),
                is_chosen=(asked.by == BY_DEALER) == bool(by),
            )
            for by, word in (("", language.say("By store")), (BY_DEALER, language.say("By dealer")))
        ],
        branches=_branches(found, language),
        causes=_causes(found, language),
        rows=rows[:_ROWS_SHOWN],
        more_rows=language.count(len(rows) - _ROWS_SHOWN) if len(rows) > _ROWS_SHOWN else "",
        unsettled=language.plain_day(settled + timedelta(days=1)) if span.last > settled else "",
        settled_link=asked.link(RIGHTS, last=settled.isoformat(), first=min(span.first, settled).isoformat()),
        days_path=asked.link(f"{RIGHTS}/days"),
    )


def percent(score: int | None, language: Language) -> str:
    """Write a score of basis points."""
    return language.percent(score / _WHOLE) if score is not None else "–"


def tone_of(score: int | None) -> str:
    """Return how good a score is."""
    if score is None:
        return "none"
    if score >= _WELL:
        return "good"
    return "warn" if score >= _FAIRLY else "bad"


def _figures(total: Marks, asked: Asked, language: Language) -> list[Figure]:
    figures = [
        Figure(
            key="score",
            word=language.say("All six"),
            amount=percent(total.score(), language),
            about=language.say("{count} lines that ended", count=language.count(total.lines)),
            tone=tone_of(total.score()),
            link="",
        )
    ]
    for right in Right:
        known, kept = total.known(right), total.kept(right)
        figures.append(
            Figure(
                key=right.value,
                word=language.say(RIGHT_WORDS[right]),
                amount=percent(total.score(right), language),
                about=language.say(
                    "{kept} of {count} known", kept=language.count(kept), count=language.count(known)
                )
                if known
                else language.say("not known of any line"),
                tone=tone_of(total.score(right)),
                link=asked.link(LINES, right=right.value, mark=BROKEN) if kept < known else "",
            )
        )
    return figures


def _branches(found: Found, language: Language) -> list[Choice]:
    choosable = [
        Choice(
            value=unit.code,
            word=language.called(unit.name),
            link=found.asked.link(RIGHTS, branch=unit.code),
            is_chosen=unit.code == found.asked.branch,
        )
        for unit in found.reach.choosable
        if len(unit.path) > 1
    ]
    if len(choosable) < 2 and not found.asked.branch:
        return []
    whole = Choice(
        value="",
        word=language.say("All of it"),
        link=found.asked.link(RIGHTS, branch=""),
        is_chosen=not found.asked.branch,
    )
    return [whole, *choosable]


def _causes(found: Found, language: Language) -> list[CauseRow]:
    most = max((one.lines for one in found.causes), default=1)
    return [
        CauseRow(
            key=one.cause.value,
            right=language.say(RIGHT_WORDS[RIGHT_OF[one.cause]]),
            word=language.say(CAUSE_WORDS[one.cause]),
            lines=language.count(one.lines),
            width=round(100 * one.lines / most, 2),
            link=found.asked.link(LINES, mark=one.cause.value),
        )
        for one in found.causes
    ]


def _rows(found: Found, language: Language) -> list[Row]:
    """The stores or dealers, the worst first: by score, then the more lines, then by name."""
    asked = found.asked
    groups: dict[tuple[str, str, str], list[Marks]] = {}
    for one in found.by_site:
        name, changes = _group_of(one.site_id, found, language)
        groups.setdefault((name, *changes), []).append(one)
    ranked = sorted(
        ((name, branch, site, total_of(marks)) for (name, branch, site), marks in groups.items()),
        key=lambda one: (
            one[3].score() if one[3].score() is not None else _WHOLE + 1,
            -one[3].lines,
            one[0],
            one[2],
        ),
    )
    return [
        Row(
            name=name,
            lines=language.count(marks.lines),
            total=percent(marks.score(), language),
            tone=tone_of(marks.score()),
            cells=[
                Cell(
                    key=right.value,
                    word=language.say(RIGHT_WORDS[right]),
                    score=percent(marks.score(right), language),
                    tone=tone_of(marks.score(right)),
                    link=asked.link(LINES, branch=branch, site=site, right=right.value, mark=BROKEN)
                    if marks.kept(right) < marks.known(right)
                    else "",
                )
                for right in Right
            ],
        )
        for name, branch, site, marks in ranked
        if marks != Marks()
    ]


def _group_of(site_id: SiteId, found: Found, language: Language) -> tuple[str, tuple[str, str]]:
    """The row that a site belongs to, and how an address names it: by branch and site."""
    site = found.reach.sites.get(site_id)
    branch = found.asked.branch
    if site is None:
        is_none = site_id == NOWHERE
        return language.say("No site") if is_none else str(site_id), (branch, NO_SITE if is_none else "")
    if found.asked.by == BY_DEALER:
        dealer = found.reach.dealer_of(site)
        if dealer is not None:
            return language.called(dealer.name), (dealer.code, "")
        return language.say("The brand itself"), (branch, "")
    return language.called(site.name), (branch, site.code)


def days_message(days: Sequence[DayMarks], span: Span, language: Language) -> dict[str, Any]:
    """Spell the chart: of each day how many marks were broken, and its score."""
    by_day = {one.day: one for one in days}
    shown = [span.first + timedelta(days=place) for place in range((span.last - span.first).days + 1)]
    if not days:
        shown = []
    marks = [by_day.get(day) for day in shown]
    return {
        "labels": [language.short_day(day_range(day, span.zone).start, span.zone) for day in shown],
        "broken": [
            sum(one.known(right) - one.kept(right) for right in Right) if one is not None else 0
            for one in marks
        ],
        "shares": [_share(day, one, span, language) for day, one in zip(shown, marks, strict=True)],
    }


def _share(day: date, marks: DayMarks | None, span: Span, language: Language) -> str:
    if marks is None:
        return language.say("nothing ended")
    score = percent(marks.score(), language)
    if day > settled_until(span.today):
        return language.say("{score}, may still change", score=score)
    return score


def marks_of(line: JudgedLine, language: Language, rights: Sequence[Right] = tuple(Right)) -> list[Mark]:
    """Write the marks of a line, of these rights."""
    return [_mark(line, right, language) for right in rights]


def _mark(line: JudgedLine, right: Right, language: Language) -> Mark:
    mark = line.mark(right)
    if mark is None:
        tone, why = "unknown", language.say("not known")
    elif mark == KEPT:
        tone, why = "kept", language.say("kept: {what}", what=language.say(RIGHT_MEANS[right]))
    else:
        tone, why = "broken", language.say(CAUSE_WORDS[Cause(mark)])
    return Mark(key=right.value, word=language.say(RIGHT_WORDS[right]), tone=tone, why=why)


def written_lines(found: FoundLines, language: Language, *, leads: bool) -> LinesView:
    """Write a page of lines down; `leads`: whoever looks may open orders."""
    asked = found.asked
    return LinesView(
        title=_title(asked, language),
        where=_where(found, language),
        days=language.say(
            "{first} to {last}",
            first=language.plain_day(found.span.first),
            last=language.plain_day(found.span.last),
        ),
        rows=[_line_row(one, found, language, leads=leads) for one in found.lines],
    )


def _title(asked: Asked, language: Language) -> str:
    if asked.mark in set(Cause):
        return language.say(CAUSE_WORDS[Cause(asked.mark)])
    if not asked.right:
        return (
            language.say("Lines that ended")
            if asked.mark != BROKEN
            else language.say("Lines that broke a right")
        )
    right = language.say(RIGHT_WORDS[Right(asked.right)])
    if asked.mark == KEPT:
        return language.say("{right}: kept", right=right)
    if asked.mark == BROKEN:
        return language.say("{right}: not kept", right=right)
    return language.say("{right}: lines that ended", right=right)


def _where(found: FoundLines, language: Language) -> str:
    asked = found.asked
    side = language.say(SIDE_WORDS[asked.chosen_side])
    if asked.site == NO_SITE:
        return f"{side} · {language.say('No site')}"
    named = next(
        (one.name for one in found.reach.sites.values() if asked.site and one.code == asked.site), ""
    )
    if not named:
        named = next(
            (one.name for one in found.reach.choosable if asked.branch and one.code == asked.branch), ""
        )
    return f"{side} · {language.called(named)}" if named else side


def _line_row(line: JudgedLine, found: FoundLines, language: Language, *, leads: bool) -> LineRow:
    sku = found.skus.get(line.sku_id)
    number = found.numbers.get(line.order_id, "")
    return LineRow(
        number=number,
        path=f"/hq/orders/{number}" if leads and number else "",
        day=language.plain_day(line.day),
        goods=language.called(sku.name) if sku is not None else "",
        code=sku.code if sku is not None else "",
        sent=_site(line.sent_site_id, found, language),
        sold=_site(line.sold_site_id, found, language) if line.sold_site_id != NOWHERE else "",
        score=language.say("{kept} of {count} kept", kept=line.kept, count=line.known),
        marks=marks_of(line, language),
    )


def _site(site_id: SiteId, found: FoundLines, language: Language) -> str:
    """Return the name of a site in scope; what lies outside is not named."""
    site = found.reach.sites.get(site_id)
    if site is not None:
        return language.called(site.name)
    return language.say("No site") if site_id == NOWHERE else language.say("another branch")
