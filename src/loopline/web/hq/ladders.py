"""Ladders at headquarters: which hold, what months came to, drafts with their trials, and a form to write one."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from babel.numbers import get_currency_precision
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import LadderId, PartyId, PersonId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.org import Party, Permission
from loopline.processes.bonus import MONTHS_LOOKED_BACK, month_began, months_to_evaluate, try_ladder
from loopline.sharing import ladders
from loopline.sharing.ladder_drafts import (
    MONTHS_TRIED_MOST,
    LadderDraft,
    LadderPublication,
    PartyClimbed,
    drafts_waiting,
    publish_ladders,
    save_drafts,
)
from loopline.sharing.ladders import Evaluation, Ladder, LadderWay, NewLadder, Step
from loopline.sharing.model import Role
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.rule_refusals import RulesAreTheBrands
from loopline.web.hq.typed import read_basis_points, read_minor, saved_at_of
from loopline.web.ladder_words import ROLE_NAMES, WAY_WORDS, steps_said
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page

LADDERS = "/hq/rules/ladders"
_EVALUATIONS_SHOWN = 100
_CLIMBED_SHOWN = 20
MONTHS_TRIED = 3
_TEXT_MOST = 2_000
_FormRequest = Request[Any, Any, State]


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    ladders: list[Ladder]
    evaluations: list[Evaluation]
    drafts: list[LadderDraft]
    parties: Mapping[PartyId, Party]
    today: date


class LadderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder, written down."""

    code: str
    role: str
    way: str
    steps: list[str]
    of: str
    since: str
    state: str
    tone: str
    comment: str


class ClimbedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a party turned over in a trial's months, what that brought, and would have."""

    name: str
    volume: str
    before: str
    after: str
    tone: str


class DraftRow(msgspec.Struct, frozen=True, kw_only=True):
    """A draft, written down, with what it was tried on."""

    row: LadderRow
    saved_at: str
    tried: str
    climbed: list[ClimbedRow]
    more: int
    is_tried: bool
    has_history: bool
    fields: Mapping[str, str]


@get(LADDERS, sync_to_thread=True)
def show_ladders(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show every ladder, and what months came to for the parties of somebody's branch."""
    scope = visitor.scope_of(Permission.EARNINGS_READ)
    found = read(request, lambda conn, now: _find(conn, scope, now, with_drafts=_is_writer(visitor)))
    language, notice = language_of(request), told(request)
    hold = {one.id for one in ladders.ladders_in(found.ladders, found.today.replace(day=1))}
    codes = {one.id: one.code for one in found.ladders}
    following = (found.today.replace(day=1) + timedelta(days=31)).replace(day=1)
    return page(
        request,
        "hq/ladders.html",
        visitor=visitor,
        path=LADDERS,
        rows=[_row(one, language, found.today, is_held=one.id in hold) for one in found.ladders[::-1]],
        evaluations=[
            (
                language.called(found.parties[one.party_id].name),
                codes[one.ladder_id],
                _month(one.month),
                language.money(one.volume_minor, one.currency),
                language.money(one.bonus_minor, one.currency),
                language.money(one.change_minor, one.currency),
            )
            for one in found.evaluations
            if one.party_id in found.parties
        ],
        roles=[(role.value, language.say(word)) for role, word in ROLE_NAMES.items()],
        ladder_ways=[(way.value, language.say(word)) for way, word in WAY_WORDS.items()],
        may_write=_is_writer(visitor),
        following=_month(following),
        drafts=[_draft_row(one, found.parties, language) for one in found.drafts],
        months_tried=MONTHS_TRIED,
        months_most=MONTHS_TRIED_MOST,
        done=notice.done,
        problem=notice.problem,
        said=notice.also,
    )


def _find(conn: Conn, scope: Scope, now: datetime, *, with_drafts: bool) -> _Found:
    zone_name = board_setting(conn).zone
    seen = org.branch_parties(conn) if scope.everything else org.branch_parties(conn, scope.org_units)
    parties = {one.id: one for one in seen}
    return _Found(
        ladders=ladders.all_ladders(conn),
        drafts=drafts_waiting(conn, sold_before=month_began(now, zone_name)) if with_drafts else [],
        evaluations=ladders.evaluations_of(
            conn,
            None if scope.everything else list(parties),
            since=months_to_evaluate(now, zone_name)[MONTHS_LOOKED_BACK - 1],
            limit=_EVALUATIONS_SHOWN,
        ),
        parties=parties,
        today=business_day(now, zone_name),
    )


def _row(one: Ladder, language: Language, today: date, *, is_held: bool) -> LadderRow:
    if one.from_month > today:
        state, tone = language.say("to come"), "warn"
    elif is_held:
        state, tone = language.say("in force"), "good"
    else:
        state, tone = language.say("over"), "none"
    return _written(one, language, state=state, tone=tone)


def _written(one: NewLadder, language: Language, *, state: str, tone: str) -> LadderRow:
    return LadderRow(
        code=one.code,
        role=language.say(ROLE_NAMES[one.role]),
        way=language.say(WAY_WORDS[one.way]),
        steps=steps_said(one, language),
        of=" · ".join((*one.channels, *one.categories)),
        since=_month(one.from_month),
        state=state,
        tone=tone,
        comment=one.comment,
    )


def _draft_row(one: LadderDraft, parties: Mapping[PartyId, Party], language: Language) -> DraftRow:
    ladder, trial = one.ladder, one.trial
    is_tried = trial is not None
    return DraftRow(
        row=_written(
            ladder,
            language,
            state=language.say("Tried") if is_tried else language.say("Draft"),
            tone="good" if is_tried else "warn",
        ),
        saved_at=one.saved_at.isoformat(),
        tried=f"{_month(trial.from_month)} – {_month(trial.until_month)}" if trial is not None else "",
        climbed=[
            _climbed_row(party, parties, ladder.currency, language)
            for party in (trial.parties[:_CLIMBED_SHOWN] if trial is not None else ())
        ],
        more=max(len(trial.parties) - _CLIMBED_SHOWN, 0) if trial is not None else 0,
        is_tried=is_tried,
        has_history=one.has_history,
        fields=_typed(ladder) | {"saved_at": one.saved_at.isoformat()},
    )


def _climbed_row(
    one: PartyClimbed, parties: Mapping[PartyId, Party], currency: str, language: Language
) -> ClimbedRow:
    change = one.after_minor - one.before_minor
    return ClimbedRow(
        name=language.called(parties[one.party_id].name) if one.party_id in parties else str(one.party_id),
        volume=language.money(one.volume_minor, currency),
        before=language.money(one.before_minor, currency),
        after=language.money(one.after_minor, currency),
        tone="good" if change > 0 else "bad" if change else "",
    )


def _typed(one: NewLadder) -> dict[str, str]:
    """What the form says that a draft is."""
    precision = get_currency_precision(one.currency)
    return {
        "code": one.code,
        "role": one.role.value,
        "way": one.way.value,
        "currency": one.currency,
        "from_month": _month(one.from_month),
        "channels": ", ".join(one.channels),
        "categories": ", ".join(one.categories),
        "steps": "\n".join(
            f"{Decimal(step.from_minor).scaleb(-precision)}: {Decimal(step.basis_points) / 100}"
            for step in one.steps
        ),
        "comment": one.comment,
    }


def _month(month: date) -> str:
    return f"{month:%Y-%m}"


@post(f"{LADDERS}/save")
async def save_ladder(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Save the draft that the form says; what cannot be read is said, and the form kept as it was."""
    said, language = await _said(request, visitor), language_of(request)

    def work(conn: Conn, now: datetime) -> LadderDraft | Refusal:
        asked = _wanted(said, language, by=visitor.person.person_id, now=now)
        if isinstance(asked, Refusal):
            return asked
        seen = saved_at_of(said["saved_at"]) if said.get("saved_at") else None
        return save_drafts(conn, [asked], seen={asked.code: seen}, now=now)[0]

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return telling(request, LADDERS, **(said | {"problem": language.refusal(outcome)}))
    return telling(request, LADDERS, done=language.say("Saved. Try it on past months, then publish it."))


@post(f"{LADDERS}/try")
async def try_ladder_draft(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Try a draft on the last months that are over."""
    said, language = await _said(request, visitor), language_of(request)
    typed = said.get("months", "")
    months = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 3 else 0

    def work(conn: Conn, now: datetime) -> LadderDraft | Refusal:
        zone_name = board_setting(conn).zone
        return try_ladder(conn, said.get("code", ""), months=months, zone_name=zone_name, now=now)

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return telling(request, LADDERS, problem=language.refusal(outcome))
    return telling(request, LADDERS, done=language.say("Tried. Nothing was changed by it."))


@post(f"{LADDERS}/publish")
async def publish_ladder(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Publish the draft that was looked at, for good."""
    said, language = await _said(request, visitor), language_of(request)
    asked = LadderPublication(
        code=said.get("code", ""),
        saved_at=saved_at_of(said.get("saved_at", "")),
        published_by=visitor.person.person_id,
        untried_because=said.get("untried_because"),
    )

    def work(conn: Conn, now: datetime) -> Ladder | Refusal:
        zone_name = board_setting(conn).zone
        today, began = business_day(now, zone_name), month_began(now, zone_name)
        return publish_ladders(conn, [asked], today=today, now=now, sold_before=began)[0]

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return telling(request, LADDERS, problem=language.refusal(outcome))
    return telling(request, LADDERS, done=language.say("Published."))


async def _said(request: _FormRequest, visitor: Visitor) -> dict[str, str]:
    if not _is_writer(visitor):
        raise Refused(RulesAreTheBrands())
    form = await request.form()
    return {name: str(form.get(name, "")).strip()[:_TEXT_MOST] for name in form if name != "_csrf_token"}


def _wanted(
    said: Mapping[str, str], language: Language, *, by: PersonId, now: datetime
) -> NewLadder | TypedWrong:
    """Read the form, or say which field cannot be read and why."""

    def wrong(field: str, word: str, reason: str) -> TypedWrong:
        return TypedWrong(setting=language.say(word), reason=language.say(reason), field=field)

    currency = said.get("currency", "").upper()
    if not (currency.isascii() and currency.isalpha() and len(currency) == 3):
        return wrong("currency", marked("Currency"), marked("write three letters, like CNY"))
    if said.get("role") not in {role.value for role in ROLE_NAMES} or said.get("way") not in set(LadderWay):
        return wrong("role", marked("Who climbs it"), marked("choose one"))
    month = _read_month(said.get("from_month", ""))
    if month is None:
        return wrong("from_month", marked("From"), marked("write a month like 2026-11"))
    steps = _read_steps(said.get("steps", ""), currency)
    if steps is None:
        return wrong(
            "steps", marked("Steps of turnover"), marked("write one step in each line, like 100000: 2.5")
        )
    if not said.get("comment"):
        return wrong("comment", marked("Comment"), marked("say in a few words what was agreed"))
    return NewLadder(
        id=LadderId(uuid7(now)),
        code=said.get("code", ""),
        role=Role(said["role"]),
        currency=currency,
        way=LadderWay(said["way"]),
        steps=steps,
        from_month=month,
        author_id=by,
        comment=said["comment"],
        channels=_parts(said.get("channels", "")),
        categories=_parts(said.get("categories", "")),
    )


def _read_month(typed: str) -> date | None:
    try:
        return date.fromisoformat(f"{typed}-01")
    except ValueError:
        return None


def _read_steps(typed: str, currency: str) -> tuple[Step, ...] | None:
    """Read lines of "turnover: rate"; none at all end a ladder."""
    steps: list[Step] = []
    for line in typed.replace("：", ":").splitlines():
        if not line.strip():
            continue
        turnover, _, rate = line.partition(":")
        start, points = read_minor(turnover, currency), read_basis_points(rate.strip().rstrip("%"))
        if start is None or points is None:
            return None
        steps.append(Step(from_minor=start, basis_points=points))
    return tuple(steps)


def _parts(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.replace("，", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _is_writer(visitor: Visitor) -> bool:
    return visitor.may(Permission.SHARING_WRITE) and visitor.scope_of(Permission.SHARING_WRITE).everything


LADDER_PAGES = [show_ladders, save_ladder, try_ladder_draft, publish_ladder]
