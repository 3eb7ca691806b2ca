"""The programme of points as headquarters runs it: versions, what members have, what is owed for it, corrections."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Template

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.pricing.points import POINTS_CODE, PointsFigures, Programme, figures, programmes
from loopline.processes.points.programme import Adjustment, adjust, publish, save
from loopline.web.api.answers import Work, read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.payouts import names_of, uuid_in
from loopline.web.hq.points_form import FIRST, fields_of, read_terms
from loopline.web.hq.promotion_form import TEXT_MOST
from loopline.web.hq.refusals import TypedWrong
from loopline.web.hq.typed import saved_at_of
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of

POINTS = "/hq/points"
_DIGITS_MOST = 9
_FormRequest = Request[Any, Any, State]


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version, written down."""

    version: int
    name: str
    state: str
    state_key: str
    says: Sequence[str]
    comment: str
    who: str
    saved_at: str


@get(POINTS, sync_to_thread=True)
def show_programme(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the versions of the programme, what all members have and what is owed for it, and the forms."""
    return _page(request, visitor)


def _page(
    request: Request[Any, Any, Any],
    visitor: Visitor,
    *,
    said: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Template:
    _whole_brand(visitor, Permission.PRICES_READ)
    versions, sums, zone, names = read(request, _find)
    language = language_of(request)
    standing = [one for one in versions if one.published_at is not None]
    last = versions[-1] if versions else None
    filled = dict(FIRST) if last is None else fields_of(last.terms, last.comment)
    if last is not None and last.published_at is not None:
        filled["comment"] = ""
    said = said or {}
    return page(
        request,
        "hq/points.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=visitor,
        path=POINTS,
        rows=[
            _row(one, standing[-1].id if standing else None, language, zone=zone, names=names)
            for one in reversed(versions)
        ],
        has_draft=last is not None and last.published_at is None,
        figures=_figures(sums, standing[-1] if standing else None, language),
        said=said if said.get("form") == "programme" else filled,
        correction=said if said.get("form") == "correction" else {},
        correction_id=uuid4(),
        may_write=visitor.may(Permission.COUPONS_WRITE)
        and visitor.scope_of(Permission.COUPONS_WRITE).everything,
        problem="" if refusal is None else language.refusal(refusal),
        done=told(request).done,
    )


def _find(conn: Conn, _: datetime) -> tuple[list[Programme], PointsFigures, str, Mapping[str, str]]:
    versions = programmes(conn)
    names = names_of(conn, {one.published_by or one.author for one in versions})
    return versions, figures(conn), board_setting(conn).zone, names


def _whole_brand(visitor: Visitor, permission: Permission) -> Scope:
    """Points are the whole brand's: who answers for a branch of it neither sees nor changes the programme."""
    scope = visitor.scope_of(permission)
    if not scope.everything:
        raise Refused(NotInYourBranch(subject=POINTS_CODE))
    return scope


def _row(
    one: Programme, in_force: UUID | None, language: Language, *, zone: str, names: Mapping[str, str]
) -> VersionRow:
    say, terms = language.say, one.terms
    state, key = (
        (say("Draft"), "draft")
        if one.published_at is None
        else (say("In force"), "published")
        if one.id == in_force
        else (say("Replaced"), "stopped")
    )
    rates = ", ".join(f"{name} {rate / 100:g}%" for name, rate in terms.channels.items())
    at, by = one.published_at or one.saved_at, one.published_by or one.author
    return VersionRow(
        version=one.version,
        name=language.called(terms.name),
        state=state,
        state_key=key,
        says=[
            say(
                "Points for every {amount} paid: {points}",
                points=language.count(terms.earn_points),
                amount=language.money(terms.earn_minor, terms.currency),
            )
            + " · "
            + (say("tax included") if terms.with_tax else say("without tax"))
            + (f" · {rates}" if rates else ""),
            say(
                "Points that take {amount} off: {points}, up to {part}% of an order",
                points=language.count(terms.redeem_points),
                amount=language.money(terms.redeem_minor, terms.currency),
                part=f"{terms.most_basis_points / 100:g}",
            )
            + (
                " · " + say("at least {least}", least=language.money(terms.least_minor, terms.currency))
                if terms.least_minor > 1
                else ""
            ),
            say(
                "They can be used for {months} months; {part}% are expected to be used",
                months=terms.months,
                part=f"{terms.expected_basis_points / 100:g}",
            ),
        ],
        comment=one.comment,
        who=f"{names.get(by, by)} · {language.clock_of_day(at, zone)}",
        saved_at=one.saved_at.isoformat(),
    )


def _figures(sums: PointsFigures, programme: Programme | None, language: Language) -> list[tuple[str, str]]:
    say, count = language.say, language.count
    currency = programme.currency if programme else FIRST["currency"]
    return [
        (say("Members with points"), count(sums.members)),
        (say("Pending points"), count(sums.pending)),
        (say("To use"), count(sums.available)),
        (say("Held"), count(sums.held)),
        (say("Owed to us"), count(sums.owed)),
        (say("Revenue put off for them"), language.money(sums.liability_minor, currency)),
    ]


@post(f"{POINTS}/save")
async def save_version(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Save what the form says as the draft of the next version; what cannot be read is said, and the form kept."""
    scope = _whole_brand(visitor, Permission.COUPONS_WRITE)
    said, language = await _said(request), language_of(request)

    def work(conn: Conn, now: datetime) -> object:
        terms = read_terms(said, language)
        if isinstance(terms, TypedWrong):
            return terms
        return save(conn, terms, comment=said["comment"], scope=scope, by=_by(visitor), now=now)

    return await _acted(request, visitor, work, marked("Saved. Look it over, then publish it."), said)


@post(f"{POINTS}/publish")
async def publish_version(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Put the draft in force as the page showed it, for orders placed from now on."""
    scope = _whole_brand(visitor, Permission.COUPONS_WRITE)
    seen = saved_at_of((await _said(request)).get("saved_at", ""))

    def work(conn: Conn, now: datetime) -> object:
        return publish(conn, scope=scope, by=_by(visitor), now=now, seen=seen)

    return await _acted(request, visitor, work, marked("Published."), {})


@post(f"{POINTS}/adjust")
async def adjust_member(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Give a member points, or take them, and say why. The same form sent twice does it once."""
    scope = _whole_brand(visitor, Permission.COUPONS_WRITE)
    said, language = await _said(request), language_of(request)

    def work(conn: Conn, now: datetime) -> object:
        asked = _adjustment(said, language)
        if isinstance(asked, TypedWrong):
            return asked
        return adjust(conn, [asked], scope=scope, by=_by(visitor), now=now)[0]

    return await _acted(request, visitor, work, marked("Corrected."), said)


def _adjustment(said: Mapping[str, str], language: Language) -> Adjustment | TypedWrong:
    member, made = uuid_in(said.get("member", "").rstrip("/").rpartition("/")[2]), uuid_in(said.get("id", ""))
    if member is None or made is None:
        reason = language.say("paste the address of the member's page, or the id at its end")
        return TypedWrong(setting=language.say("Member"), reason=reason, field="member")
    typed = said.get("points", "").replace("−", "-").removeprefix("+")
    digits = typed.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MOST and int(digits)):
        reason = language.say("write a whole number, with a minus to take points")
        return TypedWrong(setting=language.say("Points"), reason=reason, field="points")
    return Adjustment(id=made, member_id=MemberId(member), points=int(typed), reason=said.get("reason", ""))


def _by(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


async def _acted(
    request: _FormRequest, visitor: Visitor, work: Work[Any], word: str, said: Mapping[str, str]
) -> Response[Any]:
    try:
        outcome = await asyncio.to_thread(run, request, work)
    except Refused as refused:
        outcome = refused.refusal
    if isinstance(outcome, Refusal):
        return await asyncio.to_thread(_page, request, visitor, said=said, refusal=outcome)
    return telling(request, POINTS, done=language_of(request).say(word))


async def _said(request: _FormRequest) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")).strip()[:TEXT_MOST] for name in form if name != "_csrf_token"}


POINTS_PAGES = [show_programme, save_version, publish_version, adjust_member]
