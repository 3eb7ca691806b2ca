"""Prices changed at tills: who gave how much away at which store, line by line, and what nobody had allowed.

Everyone sees the tills of the own branch. Sums are by store and person, in one currency.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import LineId, PersonId
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day, day_range
from loopline.orders.numbers import spell_number
from loopline.orders.price_changes import (
    ChangesAsk,
    PriceChange,
    PriceStanding,
    PriceSum,
    price_changes_page,
    price_sums,
)
from loopline.org import Permission
from loopline.web.api.answers import read
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.languages import Language
from loopline.web.measuring import Reach, Span, day_in, reach_of, span_of
from loopline.web.pages import page
from loopline.web.price_words import REASON_WORDS, STANDING_TONES, STANDING_WORDS

CHANGED_PRICES = "/hq/changed-prices"
SHOWN = 100
_STANDINGS = {one.value: one for one in PriceStanding}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks for, as it was said."""

    first: str
    last: str
    branch: str
    standing: PriceStanding | None
    cursor: str

    def link(self, *, cursor: str = "") -> str:
        """Return the address of the same, of another page."""
        standing = self.standing.value if self.standing is not None else ""
        said = {
            "from": self.first,
            "to": self.last,
            "branch": self.branch,
            "standing": standing,
            "cursor": cursor,
        }
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{CHANGED_PRICES}?{query}" if query else CHANGED_PRICES


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    span: Span
    reach: Reach
    sums: list[PriceSum]
    rows: list[PriceChange]
    people: dict[PersonId, str]


@get(CHANGED_PRICES, sync_to_thread=True)
def show_changed_prices(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what one's branch sold for less than it costs, the latest first, and who gave how much away."""
    scope, language = visitor.scope_of(Permission.TILLS_READ), language_of(request)
    asked = _asked(request)
    found = read(request, lambda conn, now: _find(conn, asked, scope, now=now))
    shown = found.rows[:SHOWN]
    older = encode_cursor(shown[-1].changed_at, shown[-1].line_id) if len(found.rows) > SHOWN else ""
    return page(
        request,
        "hq/changed_prices.html",
        visitor=visitor,
        path=CHANGED_PRICES,
        view={
            "first": str(found.span.first),
            "last": str(found.span.last),
            "today": str(found.span.today),
            "branches": _branches(found.reach, asked, language),
        },
        standings=[
            {"value": one.value, "word": language.say(word), "is_chosen": one is asked.standing}
            for one, word in STANDING_WORDS.items()
        ],
        sums=[_sum(one, found, language) for one in found.sums],
        rows=[_row(one, found, language) for one in shown],
        older=asked.link(cursor=older) if older else "",
        first_page=asked.link() if asked.cursor else "",
    )


def _asked(request: WebRequest) -> Asked:
    said = {
        name: request.query_params.get(name, "")[:200].replace("\x00", "")
        for name in ("from", "to", "branch", "standing", "cursor")
    }
    return Asked(
        first=said["from"],
        last=said["to"],
        branch=said["branch"],
        standing=_STANDINGS.get(said["standing"]),
        cursor=said["cursor"],
    )


def _find(conn: Conn, asked: Asked, scope: Scope, *, now: datetime) -> Found:
    setting = board_setting(conn)
    latest = business_day(setting.latest, setting.zone) if setting.latest is not None else None
    span = span_of(day_in(asked.first), day_in(asked.last), latest=latest, now=now, zone=setting.zone)
    reach = reach_of(conn, scope, branch=asked.branch)
    place = decode_cursor(asked.cursor or None, (datetime, UUID))
    ask = ChangesAsk(
        start=day_range(span.first, setting.zone).start,
        end=day_range(span.last + timedelta(days=1), setting.zone).start,
        standing=asked.standing,
        before=(place[0], LineId(place[1])) if place is not None else None,
        at_most=SHOWN + 1,
    )
    within = scope if reach.chosen is None else Scope(sites=reach.chosen)
    sums = price_sums(conn, ask, scope=within)
    rows = price_changes_page(conn, ask, scope=within)
    ids = {one.changed_by for one in (*sums, *rows)} | {one.approved_by for one in rows if one.approved_by}
    people = {person.id: person.name for person in org.people_by_id(conn, ids).values()} if ids else {}
    return Found(span=span, reach=reach, sums=sums, rows=rows, people=people)


def _branches(reach: Reach, asked: Asked, language: Language) -> list[dict[str, Any]]:
    if len(reach.choosable) < 2:
        return []
    every = {"value": "", "word": language.say("All of mine"), "is_chosen": not asked.branch}
    return [
        every,
        *(
            {"value": one.code, "word": language.called(one.name), "is_chosen": one.code == asked.branch}
            for one in reach.choosable
        ),
    ]


def _sum(one: PriceSum, found: Found, language: Language) -> dict[str, str]:
    return {
        "site": language.called(found.reach.sites[one.site_id].name),
        "who": language.called(found.people.get(one.changed_by, "")),
        "lines": language.count(one.lines),
        "approved": language.count(one.approved),
        "not_allowed": language.count(one.not_allowed) if one.not_allowed else "",
        "given": language.money(one.given_minor, one.currency),
    }


def _row(one: PriceChange, found: Found, language: Language) -> dict[str, str]:
    site = found.reach.sites[one.site_id]
    approved = language.called(found.people.get(one.approved_by, "")) if one.approved_by is not None else ""
    number = spell_number(one.running_number)
    return {
        "number": number,
        "path": f"/hq/orders/{number}",
        "site": language.called(site.name),
        "at": language.clock_of_day(one.changed_at, site.time_zone),
        "who": language.called(found.people.get(one.changed_by, "")),
        "approved_by": approved,
        "code": one.code,
        "units": language.count(one.units),
        "before": language.money(one.before_minor, one.currency),
        "after": language.money(one.unit_minor, one.currency),
        "given": language.money((one.before_minor - one.unit_minor) * one.units, one.currency)
        if one.standing is not PriceStanding.READ_EARLIER
        else "",
        "reason": language.say(REASON_WORDS[one.reason]) if one.reason is not None else "",
        "standing": language.say(STANDING_WORDS[one.standing]),
        "tone": STANDING_TONES[one.standing],
    }


CHANGED_PRICE_PAGES = [show_changed_prices]
