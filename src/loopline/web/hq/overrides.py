"""What HQ leaves open of sourcing: what holds for each region and dealer of a branch, who says so, and the form."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_404_NOT_FOUND,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.open_settings import Standing, UnitNotYours, Wish, set_open, standing
from loopline.sourcing.settings import COMMENT_MOST, SettingOutOfRange, SiteSetting
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.overrides_view import Found, Typed, anchor, written
from loopline.web.hq.payouts import names_of
from loopline.web.hq.profile_form import NotANumber
from loopline.web.pages import page

OVERRIDES = "/hq/sourcing/overrides"
NOBODYS = Scope()
_FormRequest = Request[Any, Any, State]
_STATUSES: dict[type[Refusal], int] = {
    UnitNotYours: HTTP_404_NOT_FOUND,
    NotANumber: HTTP_422_UNPROCESSABLE_ENTITY,
    SettingOutOfRange: HTTP_422_UNPROCESSABLE_ENTITY,
}


# Two handlers share this path: each goes to its thread by itself, as at `sign_in`.


@get(OVERRIDES)
async def show_overrides(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what is left open, what holds for each region and dealer of somebody's branch, and who decided it."""
    return await asyncio.to_thread(_shown, request, visitor)


@post(OVERRIDES)
async def set_override(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Set something for a region or a dealer, or take it back; what is refused is shown with what was typed."""
    scope = visitor.scope_of(Permission.SOURCING_WRITE)
    form = await request.form()
    typed = Typed(
        unit_code=_text(form.get("unit", ""), 64),
        setting=_setting(_text(form.get("setting", ""), 64)),
        value=_text(form.get("value", ""), 20),
        comment=_text(form.get("comment", ""), COMMENT_MOST),
        is_taken_back=form.get("act", "") == "drop",
    )
    refusal = await asyncio.to_thread(_do, request, typed, scope=scope, by=_by(visitor))
    if refusal is None:
        return Redirect(
            f"{OVERRIDES}#{anchor(typed.setting, typed.unit_code)}", status_code=HTTP_303_SEE_OTHER
        )
    return await asyncio.to_thread(_shown, request, visitor, typed=typed, refusal=refusal)


def _do(request: _FormRequest, typed: Typed, *, scope: Scope, by: str) -> Refusal | None:
    wish = _wish(typed)
    if isinstance(wish, Refusal):
        return wish

    def work(conn: Conn, now: datetime) -> Refusal | None:
        (outcome,) = set_open(conn, [wish], scope=scope, by=by, now=now)
        return outcome if isinstance(outcome, Refusal) else None

    return run(request, work)


def _wish(typed: Typed) -> Wish | Refusal:
    value = None
    if not typed.is_taken_back:
        try:
            value = int(typed.value)
        except ValueError:
            return NotANumber(setting=typed.setting.value, said=typed.value)
    return Wish(unit_code=typed.unit_code, setting=typed.setting, value=value, comment=typed.comment)


def _shown(
    request: WebRequest, visitor: Visitor, *, typed: Typed | None = None, refusal: Refusal | None = None
) -> Template:
    scope = visitor.scope_of(Permission.SOURCING_READ)
    may_write = visitor.may(Permission.SOURCING_WRITE)
    sets = visitor.scope_of(Permission.SOURCING_WRITE) if may_write else NOBODYS
    found = read(request, lambda conn, _: _find(conn, scope))
    return page(
        request,
        "hq/overrides.html",
        status=_STATUSES.get(type(refusal), HTTP_409_CONFLICT) if refusal else HTTP_200_OK,
        visitor=visitor,
        view=written(found, language_of(request), sets=sets, typed=typed, refusal=refusal),
        path=OVERRIDES,
        comment_most=COMMENT_MOST,
        keeps_the_profile=may_write and sets.everything,
    )


def _find(conn: Conn, scope: Scope) -> Found:
    seen = standing(conn, scope=scope)
    return Found(
        standing=seen,
        zone=board_setting(conn).zone,
        people=names_of(conn, set(_actors(seen))),
    )


def _actors(seen: Standing) -> Iterable[str]:
    yield from (one.set_by for one in seen.overrides.values())
    yield from (one.set_by for one in seen.changes)


def _setting(text: str) -> SiteSetting:
    try:
        return SiteSetting(text)
    except ValueError:
        raise Refused(NoSuchThing(noun="setting", value=text)) from None


def _text(said: object, most: int) -> str:
    return str(said).replace("\x00", " ").strip()[:most]


def _by(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


OVERRIDE_PAGES = [show_overrides, set_override]
