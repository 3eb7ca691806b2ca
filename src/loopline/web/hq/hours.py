"""Couriers, appointments, fitting at home: what units offer at which hours, who decided it, the form to set it."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
from babel.numbers import get_currency_precision
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission, Unit
from loopline.processes.slots import Standing, set_slot_terms, standing_terms
from loopline.slots import BRINGING, COMMENT_MOST, Fee, NewTerms, SlotTerms, Way, WayNotUsable
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.payouts import names_of
from loopline.web.hq.refusals import HoursUnclear
from loopline.web.hq.typed import read_minor
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.moving.place import Form

HOURS = "/hq/hours"
_WAYS: dict[Way, tuple[str, str]] = {
    Way.COURIER: (
        marked("Local courier"),
        marked(
            "A rider fetches the parcel at the store and brings it within the hours that the customer chose."
        ),
    ),
    Way.IN_STORE: (
        marked("Appointments in the store"),
        marked("The customer comes at an hour, the goods are ready by then, and somebody has time."),
    ),
    Way.AT_HOME: (
        marked("Fitting at home"),
        marked(
            "A fitter of the store comes to the customer at an hour with the goods, and fits them. Only goods that"
            " need it, or may have it, are offered with it: their care says so."
        ),
    ),
}
_KINDS = {
    "brand": marked("Brand"),
    "region": marked("Region"),
    "dealer": marked("Dealer"),
    "mall": marked("Mall"),
    "store": marked("Store"),
}
_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")
LABELS = {
    "weekdays": marked("Days"),
    "opens_minute": marked("Hours from"),
    "closes_minute": marked("Hours until"),
    "slot_minutes": marked("Minutes of a slot"),
    "places": marked("Places in a slot"),
    "lead_minutes": marked("Minutes before it begins that it can be booked last"),
    "same_day_until_minute": marked("On the same day until (may be empty)"),
    "horizon_days": marked("Days ahead"),
    "kilometres_most": marked("Kilometres at most"),
    "fees": marked("Fees"),
    "region_codes": marked("Only in regions (may be empty)"),
}
_OF_THE_CLOCK = frozenset({"opens_minute", "closes_minute", "same_day_until_minute"})
_NUMBERS = ("slot_minutes", "places", "lead_minutes", "horizon_days")
_DIGITS_MOST = 6
_REGIONS_LENGTH = 1_000


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed, and why it was not taken."""

    unit_code: str
    way: Way
    fields: dict[str, Any]
    said: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    standing: Standing
    zone: str
    currency: str
    people: dict[str, str]


@get(HOURS, sync_to_thread=True)
def show_hours(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what holds, and who decided it."""
    return _page(request, visitor)


@post(HOURS + "/set", sync_to_thread=True)
def set_hours(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Set what a unit offers at which hours, or take it back; what is refused is shown with what was typed."""
    scope = visitor.scope_of(Permission.ORG_WRITE)
    way = next((one for one in Way if data.get("way") == one.value), Way.COURIER)
    unit_code = str(data.get("unit", "")).replace("\x00", "")[:100]

    def work(conn: Conn, now: datetime) -> None:
        terms = None if data.get("act") == "drop" else _read(data, board_setting(conn).currency)
        wanted = NewTerms(
            unit_code=unit_code,
            way=way,
            terms=terms,
            comment=str(data.get("comment", "")).replace("\x00", "")[:COMMENT_MOST],
        )
        (outcome,) = set_slot_terms(conn, [wanted], scope=scope, by=actor_of(visitor), now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    try:
        run(request, work)
    except Refused as refused:
        return _page(request, visitor, refused=(refused.refusal, unit_code, way, data))
    return Redirect(f"{HOURS}#{way.value}-{unit_code}", status_code=HTTP_303_SEE_OTHER)


# --------------------------------------------------------------------------------------------------- what is typed


def _read(data: dict[str, Any], currency: str) -> SlotTerms:
    """Read the terms that a form says. Raises Refused with the field that cannot be read."""
    until = str(data.get("same_day_until_minute", "")).strip()
    days = data.get("weekday", [])
    named = [str(one) for one in cast("list[Any]", days)] if isinstance(days, list) else [str(days)]
    numbers = {field: _number(data, field) for field in _NUMBERS}
    kilometres = (
        _number(data, "kilometres_most") if "kilometres_most" in data else SlotTerms().kilometres_most
    )
    return SlotTerms(
        is_offered="is_offered" in data,
        weekdays=tuple(sorted({int(one) for one in named if one in set("1234567")})),
        opens_minute=_minute(data, "opens_minute"),
        closes_minute=_minute(data, "closes_minute"),
        same_day_until_minute=_minute(data, "same_day_until_minute") if until else None,
        kilometres_most=kilometres,
        fees=_fees(str(data.get("fees", "")), currency),
        region_codes=tuple(dict.fromkeys(str(data.get("region_codes", ""))[:_REGIONS_LENGTH].split())),
        **numbers,
    )


def _number(data: dict[str, Any], field: str) -> int:
    text = str(data.get(field, "")).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST):
        raise Refused(HoursUnclear(field=field))
    return int(text)


def _minute(data: dict[str, Any], field: str) -> int:
    found = _CLOCK.fullmatch(str(data.get(field, "")).strip())
    if found is None:
        raise Refused(HoursUnclear(field=field))
    return int(found[1]) * 60 + int(found[2])


def _fees(text: str, currency: str) -> tuple[Fee, ...]:
    """Read fees, one a line: up to how many kilometres, and the amount."""
    found: list[Fee] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        kilometres, _, amount = line.strip().replace("km", " ").partition(" ")
        minor = read_minor(amount.strip(), currency)
        if (
            not (kilometres.isascii() and kilometres.isdigit() and len(kilometres) <= _DIGITS_MOST)
            or minor is None
        ):
            raise Refused(HoursUnclear(field="fees"))
        found.append(Fee(kilometres_most=int(kilometres), minor=minor))
    return tuple(found)


# ----------------------------------------------------------------------------------------------- what is shown


def _page(
    request: WebRequest,
    visitor: Visitor,
    *,
    refused: tuple[Refusal, str, Way, dict[str, Any]] | None = None,
) -> Template:
    language, scope = language_of(request), visitor.scope_of(Permission.ORG_READ)
    sets = visitor.branches.get(Permission.ORG_WRITE, Scope())
    found = read(request, lambda conn, _: _find(conn, scope))
    typed: Typed | None = None
    if refused is not None:
        refusal, unit_code, way, data = refused
        said = _said(refusal, language, found.currency)
        typed = Typed(unit_code=unit_code, way=way, fields=data, said=said)
    rows = {
        way: [_row(unit, way, found, language, sets=sets, typed=typed) for unit in found.standing.units]
        for way in Way
    }
    return page(
        request,
        "hq/hours.html",
        status=200 if refused is None else status_of(refused[0]),
        visitor=visitor,
        sections=[
            {
                "way": way.value,
                "word": language.say(_WAYS[way][0]),
                "about": language.say(_WAYS[way][1]),
                "rows": rows[way],
            }
            for way in Way
        ],
        currency=found.currency,
        path=HOURS,
        comment_most=COMMENT_MOST,
        weekdays=[(day, language.weekday(day)) for day in range(1, 8)],
        problem=typed.said
        if typed and not any(row["typed"] for of_way in rows.values() for row in of_way)
        else "",
    )


def _said(refusal: Refusal, language: Language, currency: str) -> str:
    """Say a refusal with the field as the form calls it, and its limits as they are typed there."""
    fields = refusal.fields
    if isinstance(refusal, HoursUnclear | WayNotUsable):
        fields["field"] = language.say(LABELS[refusal.field])
    if isinstance(refusal, WayNotUsable) and refusal.field in _OF_THE_CLOCK:
        fields |= {"least": _clock(refusal.least), "most": _clock(refusal.most)}
    elif isinstance(refusal, WayNotUsable) and refusal.field == "fees":
        fields |= {
            "least": language.money(refusal.least, currency),
            "most": language.money(refusal.most, currency),
        }
    return language.say(refusal.template, **fields)


def _find(conn: Conn, scope: Scope) -> Found:
    seen, setting = standing_terms(conn, scope=scope), board_setting(conn)
    return Found(
        standing=seen,
        zone=setting.zone,
        currency=setting.currency,
        people=names_of(conn, {one.set_by for one in seen.kept.values()}),
    )


def _row(  # noqa: PLR0913 - a unit and what is known of it
    unit: Unit, way: Way, found: Found, language: Language, *, sets: Scope, typed: Typed | None
) -> dict[str, Any]:
    in_force = found.standing.at(unit, way)
    kept = found.standing.kept.get((in_force.decided_by, way)) if in_force else None
    is_meant = typed is not None and (typed.unit_code, typed.way) == (unit.code, way)
    terms = in_force.terms if in_force else SlotTerms(is_offered=False)
    source = language.say("nobody set it")
    if in_force is not None:
        is_own = in_force.decided_by == unit.id
        name = language.called(found.standing.names[in_force.decided_by].name)
        source = language.say("set here") if is_own else language.say("set by {unit}", unit=name)
    by = found.people.get(kept.set_by, "") if kept else ""
    return {
        "anchor": f"{way.value}-{unit.code}",
        "name": language.called(unit.name),
        "code": unit.code,
        "kind": language.say(_KINDS[unit.kind.value]),
        "value": _value(terms, way, language, found.currency),
        "source": source,
        "is_own": in_force is not None and in_force.decided_by == unit.id,
        "about": language.say("since {time}", time=language.clock_of_day(kept.set_at, found.zone))
        + (f" · {language.called(by)}" if by else "")
        if kept
        else "",
        "comment": kept.comment if kept else "",
        "may_set": sets.everything or unit.id in sets.org_units,
        "typed": typed if is_meant else None,
        "fields": typed.fields if typed is not None and is_meant else _fields(terms, found.currency),
        "days": [str(day) for day in terms.weekdays],
    }


def _value(terms: SlotTerms, way: Way, language: Language, currency: str) -> str:
    if not terms.is_offered:
        return language.say("not offered")
    words = [
        f"{_clock(terms.opens_minute)}–{_clock(terms.closes_minute)}",
        language.say("{count} places every {minutes} min", count=terms.places, minutes=terms.slot_minutes),
    ]
    if way in BRINGING:
        words.append(language.say("up to {count} km", count=terms.kilometres_most))
        words += [
            language.say(
                "{amount} up to {count} km",
                amount=language.money(fee.minor, currency),
                count=fee.kilometres_most,
            )
            for fee in terms.fees
        ]
    if terms.region_codes:
        words.append(language.say("only in {regions}", regions=", ".join(terms.region_codes)))
    return " · ".join(words)


def _fields(terms: SlotTerms, currency: str) -> dict[str, Any]:
    """The terms as the form says them."""
    until = terms.same_day_until_minute
    return {
        "is_offered": terms.is_offered or None,
        "opens_minute": _clock(terms.opens_minute),
        "closes_minute": _clock(terms.closes_minute),
        "same_day_until_minute": _clock(until) if until is not None else "",
        "kilometres_most": terms.kilometres_most,
        "region_codes": " ".join(terms.region_codes),
        "fees": "\n".join(f"{fee.kilometres_most} km {_plain(fee.minor, currency)}" for fee in terms.fees),
        **{field: getattr(terms, field) for field in _NUMBERS},
    }


def _plain(minor: int, currency: str) -> str:
    """An amount as it is typed."""
    places = get_currency_precision(currency)
    return f"{Decimal(minor).scaleb(-places):.{places}f}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


HOUR_PAGES = [show_hours, set_hours]
