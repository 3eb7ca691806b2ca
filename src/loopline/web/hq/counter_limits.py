"""What one person may do alone at counters: what holds for brand, regions and dealers, who decided it, and the form."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission, Unit, UnitKind
from loopline.org.limits import (
    COMMENT_MOST,
    PERCENTAGES,
    CounterLimit,
    LimitNeedsAComment,
    LimitOutOfRange,
    NewLimit,
)
from loopline.processes.counter_limits import Standing, set_counter_limits, standing_limits
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.payouts import names_of
from loopline.web.hq.refusals import AmountUnclear, PercentUnclear
from loopline.web.hq.typed import read_basis_points, read_minor
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.moving.place import Form

LIMITS = "/hq/counter-limits"
LIMIT_WORDS: dict[CounterLimit, str] = {
    CounterLimit.BLIND_ALONE: marked("Pay for one's own returns without a receipt"),
    CounterLimit.PRICE_ALONE: marked("Lower a price at the till"),
    CounterLimit.COLLECT_BY_CODE: marked("Give a parcel for its code alone"),
}
ABOUT_WORDS: dict[CounterLimit, str] = {
    CounterLimit.BLIND_ALONE: marked(
        "So much may somebody pay within a day for goods without a receipt that they took in themselves. Above it a "
        "second person who may decide has to accept them."
    ),
    CounterLimit.PRICE_ALONE: marked(
        "By so many per cent may somebody at a till lower a price, with a reason. Beyond it somebody else who may has "
        "to approve it."
    ),
    CounterLimit.COLLECT_BY_CODE: marked(
        "Goods that were sold for more than this are given to whoever also says the last four digits of the phone they "
        "were ordered with, or shows the member code. Where no phone is known, a paper with the name is looked at."
    ),
}
_KINDS: dict[UnitKind, str] = {
    UnitKind.BRAND: marked("Brand"),
    UnitKind.REGION: marked("Region"),
    UnitKind.DEALER: marked("Dealer"),
}
_SETTINGS = {one.value: one for one in CounterLimit}


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed, why it was not taken, and the field that this is about."""

    unit_code: str
    setting: CounterLimit
    value: str
    comment: str
    is_open: bool
    said: str
    field: str = "value"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    standing: Standing
    zone: str
    currency: str
    people: dict[str, str]


@get(LIMITS, sync_to_thread=True)
def show_limits(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what holds, and who decided it."""
    return _page(request, visitor)


@post(LIMITS + "/set", sync_to_thread=True)
def set_limit(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Set a limit, or take it back; what is refused is shown with what was typed."""
    scope = visitor.scope_of(Permission.ORG_WRITE)
    setting = _SETTINGS.get(str(data.get("setting", "")), CounterLimit.BLIND_ALONE)
    typed = Typed(
        unit_code=_text(data, "unit"),
        setting=setting,
        value=_text(data, "value"),
        comment=_text(data, "comment"),
        is_open="is_open" in data,
        said="",
    )

    def work(conn: Conn, now: datetime) -> Refusal | None:
        value = None
        if data.get("act") != "drop":
            value = _read(typed.value, setting, board_setting(conn).currency)
            if value is None:
                return PercentUnclear() if setting in PERCENTAGES else AmountUnclear()
        wanted = NewLimit(
            unit_code=typed.unit_code,
            setting=setting,
            value=value,
            comment=typed.comment,
            is_open=typed.is_open,
        )
        (outcome,) = set_counter_limits(conn, [wanted], scope=scope, by=actor_of(visitor), now=now)
        return outcome if isinstance(outcome, Refusal) else None

    refusal = run(request, work)
    if refusal is None:
        return Redirect(f"{LIMITS}#{setting.value}-{typed.unit_code}", status_code=HTTP_303_SEE_OTHER)
    return _page(request, visitor, typed=typed, refusal=refusal)


def _read(typed: str, setting: CounterLimit, currency: str) -> int | None:
    """Read an amount, or whole per cents; None for what is neither."""
    if setting not in PERCENTAGES:
        return read_minor(typed, currency)
    points = read_basis_points(typed)
    return points // 100 if points is not None and points % 100 == 0 else None


def _shown(value: int, setting: CounterLimit, found: Found, language: Language) -> str:
    return f"{value} %" if setting in PERCENTAGES else language.money(value, found.currency)


def _text(data: dict[str, Any], name: str) -> str:
    return str(data.get(name, "")).replace("\x00", "").strip()[:COMMENT_MOST]


def _page(
    request: WebRequest, visitor: Visitor, *, typed: Typed | None = None, refusal: Refusal | None = None
) -> Template:
    language, scope = language_of(request), visitor.scope_of(Permission.ORG_READ)
    sets = visitor.branches.get(Permission.ORG_WRITE, Scope())
    found = read(request, lambda conn, _: _find(conn, scope))
    if typed is not None and refusal is not None:
        field = "comment" if isinstance(refusal, LimitNeedsAComment) else "value"
        typed = msgspec.structs.replace(typed, said=_said(refusal, found, language), field=field)
    sections: list[dict[str, Any]] = [
        {
            "setting": setting.value,
            "word": language.say(LIMIT_WORDS[setting]),
            "about": language.say(ABOUT_WORDS[setting]),
            "unit": "%" if setting in PERCENTAGES else found.currency,
            "rows": [
                _row(unit, setting, found, language, sets=sets, typed=typed) for unit in found.standing.units
            ],
        }
        for setting in CounterLimit
    ]
    return page(
        request,
        "hq/counter_limits.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=visitor,
        sections=sections,
        path=LIMITS,
        comment_most=COMMENT_MOST,
        problem=""
        if typed is None or any(row["typed"] for one in sections for row in one["rows"])
        else typed.said,
    )


def _find(conn: Conn, scope: Scope) -> Found:
    seen, setting = standing_limits(conn, scope=scope), board_setting(conn)
    return Found(
        standing=seen,
        zone=setting.zone,
        currency=setting.currency,
        people=names_of(conn, {one.set_by for one in seen.kept.values()}),
    )


def _said(refusal: Refusal, found: Found, language: Language) -> str:
    if isinstance(refusal, LimitOutOfRange):
        most = _shown(refusal.most, CounterLimit(refusal.setting), found, language)
        return language.say("At most {most} may be set.", most=most)
    return language.refusal(refusal)


def _row(  # noqa: PLR0913 - a unit and what is known of it
    unit: Unit,
    setting: CounterLimit,
    found: Found,
    language: Language,
    *,
    sets: Scope,
    typed: Typed | None,
) -> dict[str, Any]:
    seen = found.standing
    in_force = seen.at(unit, setting)
    kept = seen.kept.get((in_force.decided_by, setting)) if in_force.decided_by else None
    is_own = in_force.decided_by == unit.id
    is_meant = typed is not None and (typed.unit_code, typed.setting) == (unit.code, setting)
    return {
        "anchor": f"{setting.value}-{unit.code}",
        "name": language.called(unit.name),
        "code": unit.code,
        "kind": language.say(_KINDS[unit.kind]),
        "value": _shown(in_force.value, setting, found, language),
        "source": _source(unit, in_force.decided_by, seen, language),
        "is_own": is_own,
        "about": _about(kept.set_by, kept.set_at, found, language) if kept else "",
        "comment": kept.comment if kept else "",
        "is_brand": unit.kind is UnitKind.BRAND,
        "is_open": typed.is_open if typed is not None and is_meant else seen.is_open(unit, setting),
        "may_set": seen.may_set(unit, setting, sets),
        "typed": typed if is_meant else None,
    }


def _source(unit: Unit, decided_by: Any, seen: Standing, language: Language) -> str:
    if decided_by is None:
        return language.say("as delivered")
    if decided_by == unit.id:
        return language.say("set here")
    return language.say("set by {unit}", unit=language.called(seen.names[decided_by].name))


def _about(by: str, at: datetime, found: Found, language: Language) -> str:
    since = language.say("since {time}", time=language.clock_of_day(at, found.zone))
    name = found.people.get(by)
    return f"{since} · {language.called(name)}" if name else since


COUNTER_LIMIT_PAGES = [show_limits, set_limit]
