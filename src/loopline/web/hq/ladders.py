"""Ladders at headquarters: which hold, what months came to, and a form to publish one."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
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
from loopline.processes.bonus import MONTHS_LOOKED_BACK, months_to_evaluate
from loopline.sharing import ladders
from loopline.sharing.ladders import Evaluation, Ladder, LadderWay, NewLadder, Step
from loopline.sharing.model import Role
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.rule_refusals import RulesAreTheBrands
from loopline.web.hq.typed import read_basis_points, read_minor
from loopline.web.ladder_words import ROLE_NAMES, WAY_WORDS, steps_said
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page

LADDERS = "/hq/rules/ladders"
_EVALUATIONS_SHOWN = 100
_TEXT_MOST = 2_000
_FormRequest = Request[Any, Any, State]


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    ladders: list[Ladder]
    evaluations: list[Evaluation]
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


@get(LADDERS, sync_to_thread=True)
def show_ladders(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show every ladder, and what months came to for the parties of somebody's branch."""
    scope = visitor.scope_of(Permission.EARNINGS_READ)
    found = read(request, lambda conn, now: _find(conn, scope, now))
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
        done=notice.done,
        problem=notice.problem,
        said=notice.also,
    )


def _find(conn: Conn, scope: Scope, now: datetime) -> _Found:
    zone_name = board_setting(conn).zone
    seen = org.branch_parties(conn) if scope.everything else org.branch_parties(conn, scope.org_units)
    parties = {one.id: one for one in seen}
    return _Found(
        ladders=ladders.all_ladders(conn),
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


def _month(month: date) -> str:
    return f"{month:%Y-%m}"


@post(f"{LADDERS}/publish")
async def publish_ladder(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Publish the ladder that the form says; what cannot be read is said, and the form kept as it was."""
    if not _is_writer(visitor):
        raise Refused(RulesAreTheBrands())
    form = await request.form()
    said = {name: str(form.get(name, "")).strip()[:_TEXT_MOST] for name in form if name != "_csrf_token"}
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> Ladder | Refusal:
        asked = _wanted(said, language, by=visitor.person.person_id, now=now)
        if isinstance(asked, Refusal):
            return asked
        today = business_day(now, board_setting(conn).zone)
        return ladders.publish_ladders(conn, [asked], today=today, now=now)[0]

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return telling(request, LADDERS, **(said | {"problem": language.refusal(outcome)}))
    return telling(request, LADDERS, done=language.say("Published."))


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


LADDER_PAGES = [show_ladders, publish_ladder]
