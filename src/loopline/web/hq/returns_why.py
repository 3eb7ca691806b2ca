"""Why goods come back: by reason, site, packer, goods, batch or grade, with what was paid back; and as a sheet.

Everyone sees what the own branch sent, and what was brought to it without a sale. What is asked for stands in the
address.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, orders, org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.insight.returned import (
    AS_DELIVERED,
    UNKNOWN,
    Dimension,
    NewLoss,
    ReturnedAsk,
    ReturnedKey,
    ReturnedLineAsk,
    losses_in_force,
    read_returned,
    returned_lines,
    set_losses,
)
from loopline.kernel.ids import PersonId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.kernel.times import business_day, day_range
from loopline.org import Permission
from loopline.processes.outcomes import all_granted
from loopline.returns.model import Grade, Reason
from loopline.returns.photos import photo_rules, photos_of_returns
from loopline.returns.ways import ways_offered
from loopline.web.api.answers import read, run
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.refusals import PercentUnclear
from loopline.web.hq.returned_photos import DEMAND_WORDS, rule_rows, way_rows
from loopline.web.hq.returns_why_asked import (
    LINES,
    LINES_SHEET,
    LOSSES,
    NONE,
    PHOTO_RULES,
    RETURNS_WHY,
    SHEET,
    WAYS,
    Asked,
    asked_of,
)
from loopline.web.hq.returns_why_view import (
    DIMENSION_WORDS,
    Found,
    FoundLines,
    Names,
    ranked_groups,
    written,
    written_lines,
)
from loopline.web.hq.typed import read_basis_points
from loopline.web.languages import Language
from loopline.web.measuring import Reach, Span, day_in, reach_of, span_of
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.sheets import Cell, Column, money_of, sheet_of, sheet_told, shown_money
from loopline.web.store.count.place import actor_of
from loopline.web.store.moving.place import Form

SHOWN = 50
_TYPED_MOST = 6
_KEYS: Mapping[Dimension, Callable[[str], object]] = {
    Dimension.SITE: UUID,
    Dimension.PACKER: UUID,
    Dimension.SKU: UUID,
    Dimension.REASON: Reason,
    Dimension.GRADE: Grade,
    Dimension.BATCH: str,
}


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, as far as a scope reaches."""

    ask: ReturnedAsk
    span: Span
    reach: Reach
    currencies: tuple[str, ...]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """So many lines of the list, those behind a place in it."""

    after: ReturnedKey | None = None
    lines: int = SHOWN


@get(RETURNS_WHY, sync_to_thread=True)
def show_returns_why(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show why goods of one's branch came back, as far as the address narrows it."""
    return _page(request, visitor, asked_of(request))


@post(LOSSES, sync_to_thread=True)
def set_returned_losses(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Say what goods lose by where their grade sends them; it is the whole brand's, all four or none."""
    if not visitor.scope_of(Permission.SOURCING_WRITE).everything:
        raise Refused(NotInYourBranch(subject="brand"))
    typed = {name: str(data.get(name, "")).replace("\x00", "").strip()[:_TYPED_MOST] for name in AS_DELIVERED}
    percents = {name: read_basis_points(text) for name, text in typed.items()}
    wanted = [
        NewLoss(disposition=name, percent=points // 100)
        for name, points in percents.items()
        if points is not None and points % 100 == 0
    ]
    if len(wanted) < len(percents):
        return _page(request, visitor, asked_of(request), typed=typed, refusal=PercentUnclear())

    def work(conn: Conn, now: datetime) -> None:
        kept = {one.disposition: one.percent for one in losses_in_force(conn)}
        changed = [one for one in wanted if kept[one.disposition] != one.percent]
        all_granted(set_losses(conn, changed, by=actor_of(visitor), now=now))

    run(request, work)
    return Redirect(f"{asked_of(request).link(RETURNS_WHY)}#losses", status_code=HTTP_303_SEE_OTHER)


def _page(
    request: WebRequest,
    visitor: Visitor,
    asked: Asked,
    *,
    typed: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Template:
    scope, language = visitor.scope_of(Permission.BOARDS_READ), language_of(request)
    found, rules, terms = read(
        request,
        lambda conn, now: (find(conn, asked, scope=scope, now=now), photo_rules(conn), ways_offered(conn)),
    )
    return page(
        request,
        "hq/returns_why.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=visitor,
        view=written(found, language),
        asked=asked,
        path=RETURNS_WHY,
        sheet=asked.link(SHEET),
        may_see_surge=scope.everything,
        may_set_losses=visitor.branches.get(Permission.SOURCING_WRITE, Scope()).everything,
        losses_path=asked.link(LOSSES),
        photo_rules=rule_rows(rules, language),
        photo_demands=[(one.value, language.say(word)) for one, word in DEMAND_WORDS.items()],
        photo_rules_path=PHOTO_RULES,
        ways=way_rows(terms, found.currency, language),
        ways_path=asked.link(WAYS),
        typed=typed,
        problem=language.refusal(refusal) if refusal is not None else "",
    )


@get(SHEET, sync_to_thread=True)
def tell_returns_sheet(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell what the page shows as a sheet: all of its rows, in the same order."""
    scope, asked, language = visitor.scope_of(Permission.BOARDS_READ), asked_of(request), language_of(request)
    found = read(request, lambda conn, now: find(conn, asked, scope=scope, now=now))
    name = f"returns-{asked.dimension}-{found.span.first}-{found.span.last}.xlsx"
    return sheet_told(written_sheet(found, language), name)


@get(LINES, sync_to_thread=True)
def show_returned_lines(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the returns behind a number, page by page; each leads to its order."""
    scope, asked = visitor.scope_of(Permission.BOARDS_READ), asked_of(request)
    values = decode_cursor(request.query_params.get("after"), (datetime, UUID))
    after = ReturnedKey(at=values[0], return_line_id=values[1]) if values is not None else None
    part = Part(after=after)
    found = read(request, lambda conn, now: find_lines(conn, asked, scope=scope, part=part, now=now))
    older = ""
    if found.more:
        last = found.lines[-1]
        cursor = encode_cursor(last.at, last.return_line_id)
        older = f"{asked.link(LINES)}{'&' if asked != Asked() else '?'}after={cursor}"
    return page(
        request,
        "hq/returns_why_lines.html",
        visitor=visitor,
        view=written_lines(found, language_of(request), leads=visitor.may(Permission.ORDERS_READ)),
        asked=asked,
        sheet=asked.link(LINES_SHEET),
        back=asked.link(RETURNS_WHY, key=""),
        first_page=asked.link(LINES) if after is not None else "",
        older=older,
    )


def find(conn: Conn, asked: Asked, *, scope: Scope, now: datetime) -> Found:
    """Read the page, as far as a scope reaches."""
    wanted = _wanted(conn, asked, scope=scope, now=now)
    returned = read_returned(conn, wanted.ask)
    keys = [one.key for one in returned.groups if one.key != UNKNOWN]
    return Found(
        asked=asked,
        span=wanted.span,
        currency=wanted.ask.currency,
        currencies=wanted.currencies,
        names=_names(conn, keys, asked.dimension, wanted.reach),
        returned=returned,
    )


def find_lines(conn: Conn, asked: Asked, *, scope: Scope, part: Part, now: datetime) -> FoundLines:
    """Read a part of the list, as far as a scope reaches. Raises Refused for a key that is none."""
    wanted = _wanted(conn, asked, scope=scope, now=now)
    key = None
    if asked.key:
        key = UNKNOWN if asked.key == NONE else _checked(asked.key, asked.dimension)
    fields = {name: getattr(wanted.ask, name) for name in ReturnedAsk.__struct_fields__}
    lines = returned_lines(conn, ReturnedLineAsk(**fields, key=key, after=part.after, at_most=part.lines + 1))
    shown = lines[: part.lines]
    heads = orders.orders_by_ids(conn, list({one.order_id for one in shown if one.order_id is not None}))
    names = _names(conn, [key] if key else [], asked.dimension, wanted.reach)
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in shown if one.sku_id is not None})
    return FoundLines(
        asked=asked,
        span=wanted.span,
        names=msgspec.structs.replace(names, skus={**names.skus, **skus}),
        lines=shown,
        more=len(lines) > part.lines,
        numbers={head.id: head.number for head in heads},
        photos=photos_of_returns(conn, {one.return_id for one in shown}),
    )


def _checked(key: str, dimension: Dimension) -> str:
    """Return a key of a dimension. Raises Refused for what is none."""
    try:
        _KEYS[dimension](key)
    except ValueError as error:
        raise Refused(NoSuchThing(noun=dimension.value, value=key)) from error
    return key


def _wanted(conn: Conn, asked: Asked, *, scope: Scope, now: datetime) -> _Wanted:
    setting = board_setting(conn, asked.currency or None)
    latest = business_day(setting.latest, setting.zone) if setting.latest is not None else None
    span = span_of(day_in(asked.first), day_in(asked.last), latest=latest, now=now, zone=setting.zone)
    reach = reach_of(conn, scope, branch=asked.branch)
    ask = ReturnedAsk(
        start=day_range(span.first, setting.zone).start,
        end=day_range(span.last + timedelta(days=1), setting.zone).start,
        first=span.first,
        last=span.last,
        dimension=asked.dimension,
        currency=setting.currency,
        sites=reach.chosen,
    )
    return _Wanted(ask=ask, span=span, reach=reach, currencies=setting.currencies)


def _names(conn: Conn, keys: list[str], dimension: Dimension, reach: Reach) -> Names:
    skus = {SkuId(UUID(key)) for key in keys} if dimension is Dimension.SKU else set[SkuId]()
    people = {PersonId(UUID(key)) for key in keys} if dimension is Dimension.PACKER else set[PersonId]()
    return Names(
        reach=reach,
        skus=catalogue.skus_by_id(conn, skus) if skus else {},
        people={one.id: one.name for one in org.people_by_id(conn, people).values()} if people else {},
    )


def written_sheet(found: Found, language: Language) -> bytes:
    """Write the rows as XLSX."""
    money = shown_money(found.currency)
    columns = [
        Column(head=language.say(DIMENSION_WORDS[found.asked.dimension]), width=40),
        Column(head=language.say("Pieces that came back")),
        Column(head=language.say("Without a sale")),
        Column(head=language.say("Pieces handed over")),
        Column(head=language.say("Share, %"), shown="0.00"),
        Column(head=language.say("Paid back for goods, {currency}", currency=found.currency), shown=money),
        Column(head=language.say("Graded")),
        Column(head=language.say("Not on sale again")),
        Column(head=language.say("Paid back for those, {currency}", currency=found.currency), shown=money),
        Column(head=language.say("Freight, {currency}", currency=found.currency), shown=money),
        Column(head=language.say("Handling, {currency}", currency=found.currency), shown=money),
        Column(head=language.say("Lost worth, {currency}", currency=found.currency), shown=money),
        Column(head=language.say("Pieces of unknown cost")),
        Column(head=language.say("What it cost, {currency}", currency=found.currency), shown=money),
        Column(head=language.say("Earned and given back, {currency}", currency=found.currency), shown=money),
    ]
    rows: list[list[Cell]] = [
        [
            name,
            one.units,
            one.blind_units,
            one.sent_units,
            None if one.share_basis_points is None else Decimal(one.share_basis_points).scaleb(-2),
            money_of(one.refund_minor, found.currency),
            one.graded_units,
            one.unsold_units,
            money_of(one.unsold_minor, found.currency),
            money_of(one.freight_minor, found.currency),
            money_of(one.handling_minor, found.currency),
            money_of(one.loss_minor, found.currency),
            one.uncosted_units,
            money_of(one.cost_minor, found.currency),
            money_of(one.unearned_minor, found.currency),
        ]
        for name, one in ranked_groups(found, language)
    ]
    return sheet_of(language.say("Came back"), columns, rows)


RETURNS_WHY_PAGES = [show_returns_why, set_returned_losses, tell_returns_sheet, show_returned_lines]
