"""What sites can send beside what is ambient: a row for each site of a branch, who declared it, and the form."""

import asyncio
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND, HTTP_409_CONFLICT

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.temperatures import COLD, TemperatureClass
from loopline.org import Permission
from loopline.processes.equip import EquipmentChanged, SiteAbility, SiteNotYours, SiteWish, abilities, equip
from loopline.sourcing.equipment import Equipment
from loopline.web.api.answers import read, run
from loopline.web.cold_words import CLASS_WORDS
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.payouts import names_of
from loopline.web.languages import Language
from loopline.web.pages import page

EQUIPMENT = "/hq/sourcing/equipment"
SHOWN_MOST = 100
_FIND_MOST = 64
_NOBODYS = Scope()
_STATUSES: dict[type, int] = {SiteNotYours: HTTP_404_NOT_FOUND, EquipmentChanged: HTTP_409_CONFLICT}
_FormRequest: TypeAlias = Request[Any, Any, State]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment. `names`: of people by how they are named on what they declared."""

    sites: list[SiteAbility]
    names: dict[str, str]
    zone: str


class ClassBox(msgspec.Struct, frozen=True, kw_only=True):
    """A class that a site can send, or not; `about`: since when, and by whose word."""

    value: str
    word: str
    is_set: bool
    about: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A site."""

    name: str
    code: str
    boxes: list[ClassBox]
    may_set: bool


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The page, written down. `more`: how many sites are not shown; `counts`: how many of all send each class."""

    rows: list[Row]
    more: str
    counts: list[tuple[str, str]]
    problem: str


# Two handlers share this path: each goes to its thread by itself, as at `sign_in`.


@get(EQUIPMENT)
async def show_equipment(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what the sites of somebody's branch can send, those that send cold goods first."""
    return await asyncio.to_thread(_shown, request, visitor)


@post(EQUIPMENT)
async def set_equipment(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Say what a site can send from now on."""
    scope = visitor.scope_of(Permission.SOURCING_WRITE)
    form = await request.form()
    wish = SiteWish(
        site_code=str(form.get("site", ""))[:_FIND_MOST].replace("\x00", ""),
        classes=frozenset(one for one in COLD if one.value in form.getall("sends", [])),
        known=frozenset(one for one in COLD if one.value in form.getall("sent", [])),
    )

    def work(conn: Conn, now: datetime) -> Refusal | None:
        (outcome,) = equip(conn, [wish], scope=scope, by=f"person:{visitor.person.person_id}", now=now)
        return outcome if isinstance(outcome, Refusal) else None

    refusal = await asyncio.to_thread(run, request, work)
    if refusal is None:
        find = str(form.get("find", ""))[:_FIND_MOST]
        query = f"?{urlencode({'find': find})}" if find else ""
        return Redirect(f"{EQUIPMENT}{query}#site-{wish.site_code}", status_code=HTTP_303_SEE_OTHER)
    return await asyncio.to_thread(_shown, request, visitor, refusal=refusal)


def _shown(request: WebRequest, visitor: Visitor, *, refusal: Refusal | None = None) -> Template:
    scope = visitor.scope_of(Permission.SOURCING_READ)
    sets = visitor.scope_of(Permission.SOURCING_WRITE) if visitor.may(Permission.SOURCING_WRITE) else _NOBODYS
    find = request.query_params.get("find", "").strip()[:_FIND_MOST]
    found = read(request, lambda conn, _: _find(conn, scope))
    return page(
        request,
        "hq/equipment.html",
        status=_STATUSES.get(type(refusal), HTTP_200_OK),
        visitor=visitor,
        view=written(found, language_of(request), sets=sets, find=find, refusal=refusal),
        path=EQUIPMENT,
        find=find,
    )


def _find(conn: Conn, scope: Scope) -> Found:
    sites = abilities(conn, scope=scope)
    actors = {one.declared_by for site in sites for one in site.equipment}
    return Found(sites=sites, names=names_of(conn, actors), zone=board_setting(conn).zone)


def written(found: Found, language: Language, *, sets: Scope, find: str, refusal: Refusal | None) -> View:
    """Write the page down for somebody who may declare what the sites in `sets` can send."""
    wanted = [one for one in found.sites if _is_meant(one, find, language)]
    wanted.sort(key=lambda one: (not one.equipment, one.site.code))
    more = len(wanted) - SHOWN_MOST
    return View(
        rows=[_row(one, found, language, sets=sets) for one in wanted[:SHOWN_MOST]],
        more=language.count(more) if more > 0 else "",
        counts=[
            (language.say(CLASS_WORDS[kind]), language.count(_count(found.sites, kind))) for kind in COLD
        ],
        problem=language.refusal(refusal) if refusal else "",
    )


def _is_meant(one: SiteAbility, find: str, language: Language) -> bool:
    said = f"{one.site.code} {one.site.name} {language.called(one.site.name)}".casefold()
    return find.casefold() in said


def _count(sites: list[SiteAbility], kind: TemperatureClass) -> int:
    return sum(any(known.temperature_class is kind for known in one.equipment) for one in sites)


def _row(one: SiteAbility, found: Found, language: Language, *, sets: Scope) -> Row:
    known = {declared.temperature_class: declared for declared in one.equipment}
    return Row(
        name=language.called(one.site.name),
        code=one.site.code,
        boxes=[
            ClassBox(
                value=kind.value,
                word=language.say(CLASS_WORDS[kind]),
                is_set=kind in known,
                about=_about(known[kind], found, language) if kind in known else "",
            )
            for kind in COLD
        ],
        may_set=sets.covers_site(one.site.id),
    )


def _about(one: Equipment, found: Found, language: Language) -> str:
    since = language.say("since {time}", time=language.clock_of_day(one.since, found.zone))
    name = found.names.get(one.declared_by, "")
    return f"{since} · {language.called(name)}" if name else since


EQUIPMENT_PAGES = [show_equipment, set_equipment]
