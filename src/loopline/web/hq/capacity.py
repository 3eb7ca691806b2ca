"""What sites do in a day: what each says, what its days tell, what holds and why, and who answers for it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.equip import SiteNotYours
from loopline.processes.full_days import full_today, take_again
from loopline.processes.learnt_capacity import (
    BECAUSE_MOST,
    FixWish,
    StandingSite,
    fix_limits,
    standing_of_branch,
)
from loopline.sourcing.profiles import profile_in_force
from loopline.web.api.answers import read, run
from loopline.web.capacity_words import why_word
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.payouts import names_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.problems import status_of

CAPACITY = "/hq/sourcing/capacity"
SHOWN_MOST = 100
_FIND_MOST = 64
_NOBODYS = Scope()
_FormRequest: TypeAlias = Request[Any, Any, State]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment. `names`: of people by how they are named on what they fixed.

    `full`: since when sites are full today by their own word.
    """

    sites: list[StandingSite]
    full: Mapping[SiteId, datetime]
    names: dict[str, str]
    zone: str
    is_used: bool
    least_percent: int


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed about a site, and why it was not taken."""

    site_code: str
    because: str
    refusal: Refusal


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A site: what it says, what its days tell (empty: nothing), what holds, why, and who answers for what it says.

    `wrong`: why what was typed as `because` was not taken.
    """

    name: str
    code: str
    says: str
    does: str
    holds: str
    is_lowered: bool
    why: str
    full: str
    fixed: str
    because: str
    wrong: str
    may_set: bool


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down. `more`: how many sites are not shown; `lowered`: how many are given less."""

    rows: list[Row]
    more: str
    lowered: str
    rule: str
    problem: str


# Two handlers share this path: each goes to its thread by itself, as at `sign_in`.


@get(CAPACITY)
async def show_capacity(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what the sites of somebody's branch say and do, those that are given less first."""
    find = request.query_params.get("find", "").strip()[:_FIND_MOST]
    return await asyncio.to_thread(_shown, request, visitor, find=find)


@post(CAPACITY)
async def fix_capacity(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Answer for what a site says, or take that back; or say that a site that was full takes work again today."""
    scope = visitor.scope_of(Permission.SOURCING_WRITE)
    form = await request.form()
    site_code = str(form.get("site", ""))[:_FIND_MOST].replace("\x00", "")
    because = str(form.get("because", ""))[:BECAUSE_MOST].replace("\x00", "").strip()
    act = form.get("act")
    find = str(form.get("find", "")).strip()[:_FIND_MOST]

    def work(conn: Conn, now: datetime) -> Refusal | None:
        by = f"person:{visitor.person.person_id}"
        if act == "again":
            (again,) = take_again(conn, [site_code], scope=scope, by=by, now=now)
            return again if isinstance(again, Refusal) else None
        wish = FixWish(site_code=site_code, because=None if act == "lift" else because)
        (outcome,) = fix_limits(conn, [wish], scope=scope, by=by, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    refusal = await asyncio.to_thread(run, request, work)
    if refusal is None:
        query = f"?{urlencode({'find': find})}" if find else ""
        return Redirect(f"{CAPACITY}{query}#site-{site_code}", status_code=HTTP_303_SEE_OTHER)
    typed = Typed(site_code=site_code, because=because, refusal=refusal)
    return await asyncio.to_thread(_shown, request, visitor, find=find, typed=typed)


def _shown(request: WebRequest, visitor: Visitor, *, find: str, typed: Typed | None = None) -> Template:
    scope = visitor.scope_of(Permission.SOURCING_READ)
    sets = visitor.scope_of(Permission.SOURCING_WRITE) if visitor.may(Permission.SOURCING_WRITE) else _NOBODYS
    found = read(request, lambda conn, now: _find(conn, scope, now=now))
    return page(
        request,
        "hq/capacity.html",
        status=_status(typed),
        visitor=visitor,
        view=written(found, language_of(request), sets=sets, find=find, typed=typed),
        path=CAPACITY,
        find=find,
        because_most=BECAUSE_MOST,
    )


def _status(typed: Typed | None) -> int:
    if typed is None:
        return HTTP_200_OK
    return HTTP_404_NOT_FOUND if isinstance(typed.refusal, SiteNotYours) else status_of(typed.refusal)


def _find(conn: Conn, scope: Scope, *, now: datetime) -> Found:
    sites = standing_of_branch(conn, scope=scope)
    rule = profile_in_force(conn).settings.learnt_capacity
    actors = {one.capacity.fixed_by for one in sites if one.capacity.fixed_by is not None}
    return Found(
        sites=sites,
        full=full_today(conn, [one.site for one in sites], now=now),
        names=names_of(conn, actors),
        zone=board_setting(conn).zone,
        is_used=rule.is_used,
        least_percent=rule.least_percent,
    )


def written(found: Found, language: Language, *, sets: Scope, find: str, typed: Typed | None) -> View:
    """Write the page down for somebody who may answer for the sites in `sets`."""
    wanted = [one for one in found.sites if _is_meant(one, find, language)]
    wanted.sort(key=lambda one: (one.site.id not in found.full, *_urgency(one)))
    more = len(wanted) - SHOWN_MOST
    rows = [_row(one, found, language, sets=sets, typed=typed) for one in wanted[:SHOWN_MOST]]
    return View(
        rows=rows,
        more=language.count(more) if more > 0 else "",
        lowered=language.count(sum(map(_is_lowered, found.sites))),
        rule=language.say(
            "A site that does less than it says is given less, but at least {percent} % of what it says.",
            percent=found.least_percent,
        )
        if found.is_used
        else language.say("What is learnt lowers nothing yet: the profile in force does not say so."),
        problem=""
        if typed is None or any(one.wrong and one.may_set for one in rows)
        else language.refusal(typed.refusal),
    )


def _is_lowered(one: StandingSite) -> bool:
    return one.capacity.holds < one.capacity.stated_per_day


def _urgency(one: StandingSite) -> tuple[bool, bool, str]:
    """Those given less first, then those that do less than they say."""
    learnt = one.capacity.learnt_per_day
    return (not _is_lowered(one), learnt is None or learnt >= one.capacity.stated_per_day, one.site.code)


def _is_meant(one: StandingSite, find: str, language: Language) -> bool:
    said = f"{one.site.code} {one.site.name} {language.called(one.site.name)}".casefold()
    return find.casefold() in said


def _row(one: StandingSite, found: Found, language: Language, *, sets: Scope, typed: Typed | None) -> Row:
    known = one.capacity
    mine = typed if typed is not None and typed.site_code == one.site.code else None
    return Row(
        name=language.called(one.site.name),
        code=one.site.code,
        says=language.count(known.stated_per_day),
        does=language.count(known.learnt_per_day) if known.learnt_per_day is not None else "",
        holds=language.count(known.holds),
        is_lowered=_is_lowered(one),
        why=why_word(known, language),
        full=language.say(
            "Full today since {time}: it gave work back for want of time",
            time=language.clock(found.full[one.site.id], one.site.time_zone),
        )
        if one.site.id in found.full
        else "",
        fixed=_fixed(one, found, language),
        because=mine.because if mine is not None else known.fixed_because or "",
        wrong=language.refusal(mine.refusal) if mine is not None else "",
        may_set=sets.covers_site(one.site.id),
    )


def _fixed(one: StandingSite, found: Found, language: Language) -> str:
    known = one.capacity
    if known.fixed_at is None or known.fixed_by is None:
        return ""
    since = language.clock_of_day(known.fixed_at, found.zone)
    name = found.names.get(known.fixed_by, "")
    who = language.called(name) if name else known.fixed_by
    return language.say(
        "Fixed since {since} by {name}: {because}", since=since, name=who, because=known.fixed_because
    )


CAPACITY_PAGES = [show_capacity, fix_capacity]
