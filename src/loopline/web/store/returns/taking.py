"""Take goods of an order back: which units, why and in what state; and what became of it."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, orders
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import LineId, ReturnId, SkuId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders import Line, LineKind, Order
from loopline.processes.announce import AnnouncedReceipt, LineBack, receive_announced
from loopline.processes.photos_back import LineLookedAt
from loopline.processes.take_back import TakenBack, take_back, windows_of_lines
from loopline.processes.turn import take_turn
from loopline.returns import photos
from loopline.returns import queries as returns
from loopline.returns.announcements import Announcement, announced_by_id, announced_of_orders
from loopline.returns.exchanges import ExchangeNumberTaken
from loopline.returns.model import (
    Grade,
    NewReturn,
    NewReturnLine,
    Reason,
    ReturnKind,
    ReturnNumberTakenByOtherContent,
    ReturnRepeat,
)
from loopline.returns.ways import WayBack, ways_of_returns
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.photos_back import photos_shown
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form, goods_row, number, time_id
from loopline.web.store.refusals import (
    MeantAsExchange,
    MoreThanMayComeBack,
    NothingBack,
    StateUnclear,
    UnitsUnclear,
)
from loopline.web.store.returns.photographing import (
    Pictured,
    keep_sent,
    refuse_lacking,
    wishes,
)
from loopline.web.store.returns.pictures import photos_back
from loopline.web.store.returns.place import (
    COUNTER,
    PHOTOS,
    REASON_WORDS,
    RETURNING,
    RETURNS,
    grade_of,
    grades,
    id_in,
    keep_given,
    put_away,
    reason_of,
    reasons,
    scope_of,
)
from loopline.web.store.till.drawer import hold_shift_here
from loopline.web.store.words import refusal_words
from loopline.web.way_words import way_said


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """An order with what of it may come back, as anybody who takes goods back may see it: without its member.

    `until`: the end of the return window of a line, where it has one. `announced`: what its customer said will come.
    """

    now: datetime
    order: Order
    lines: list[Line]
    until: Mapping[LineId, datetime]
    skus: Mapping[SkuId, Sku]
    announced: list[Announcement]
    others: Sequence[Sku] = ()
    ways: Mapping[ReturnId, WayBack] = {}

    def units_left(self, line: Line) -> int:
        """How many units of a line were handed over and have not come back, whether they were announced or not."""
        return max(0, line.handed_over - line.returned - line.lost)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A return that is taken in; `is_again`: it was before, and nothing was done."""

    return_id: ReturnId
    is_again: bool


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says of the units of a line that came back."""

    line: Line
    units: int
    grade: Grade
    reason: str


def read_sold(conn: Conn, text: str, now: datetime) -> Sold:
    """Read the order of a number. Raises Refused (404) where there is none."""
    head = orders.orders_by_numbers(conn, [text]).get(text)
    if head is None:
        raise Refused(NoSuchThing(noun="order", value=text))
    return _sold(conn, head, now)


def _sold(conn: Conn, head: Order, now: datetime) -> Sold:
    lines = [line for line in orders.lines_by_orders(conn, [head.id]) if line.kind is LineKind.GOODS]
    announced = announced_by_id(conn, announced_of_orders(conn, [head.id]))
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines if line.sku_id is not None})
    return Sold(
        now=now,
        order=head,
        lines=lines,
        until=windows_of_lines(conn, [line.line_id for line in lines]),
        skus=skus,
        others=catalogue.skus_of_products(conn, {sku.product_id for sku in skus.values()}),
        announced=[one for one in announced if one.ended_at is None],
        ways=ways_of_returns(conn, [one.id for one in announced]),
    )


@get("/store/returns/of/{order_number:str}", dependencies=RETURNING, sync_to_thread=True)
def show_order_back(
    request: WebRequest,
    returning: NamedDependency[Desk],
    order_number: FromPath[str],
    line: FromQuery[str] = "",
) -> Template:
    """Show what of an order may come back, wherever it was sold; `line`: the one that the piece in hand is of."""
    return _order_page(request, returning, order_number, typed={f"units {line}": "1"})


@post("/store/returns/of/{order_number:str}/take", dependencies=RETURNING, sync_to_thread=True)
def take_order_back(
    request: WebRequest, returning: NamedDependency[Desk], order_number: FromPath[str], data: Form
) -> Response[Any]:
    """Take units of an order back, pay for them and put them away; sent twice, they come back once."""
    scope = scope_of(returning.visitor)
    made = ReturnId(time_id(data, "return_id") or uuid7(edge_of(request).clock()))
    data["return_id"] = str(made)  # photos that were kept stay with it, whatever is refused
    unkept = keep_sent(request, returning, data, made, lambda conn, now: pictured(conn, order_number, now))
    if unkept is not None:
        return answer_for(request, returning, order_number, unkept, data)

    def work(conn: Conn, now: datetime) -> Taken | Refusal:
        take_turn(conn)
        shift = hold_shift_here(conn, request, returning)
        sold = read_sold(conn, order_number, now)
        if data.get("out_sku") or str(data.get("out_code", "")).strip():
            return MeantAsExchange()
        said = said_in(sold, data)
        if isinstance(said, Refusal):
            return Taken(return_id=made, is_again=True) if is_taken_in(conn, made, scope) else said
        lacking = lacking_photos(conn, data, made, said, by=actor_of(returning.visitor), now=now)
        if lacking is not None:
            return lacking
        asked = NewReturn(
            id=made,
            channel=COUNTER,
            external_number=str(made),
            kind=ReturnKind.ASK,
            at=now,
            site_id=returning.site.id,
            currency=sold.order.currency,
            taken_in_by=actor_of(returning.visitor),
            order_id=sold.order.id,
            member_id=sold.order.member_id,
            lines=tuple(
                NewReturnLine(
                    code=one.line.code,
                    units=one.units,
                    sku_id=one.line.sku_id,
                    reason=reason_of(one.reason),
                    line_id=one.line.line_id,
                )
                for one in said
            ),
        )
        (outcome,) = take_back(conn, [asked], scope=scope, now=now)
        if isinstance(outcome, Refusal):
            return outcome
        if isinstance(outcome, ReturnRepeat):
            return Taken(return_id=made, is_again=True)
        unsold = next((line for line in outcome.lines if line.blind_units), None)
        if unsold is not None:  # a colleague at another counter was faster
            raise Refused(MoreThanMayComeBack(sku=unsold.code, units_left=unsold.matched_units))
        put_away(conn, outcome, [one.grade for one in said], returning, now=now)
        keep_given(conn, made, shift, returning, now=now)
        return Taken(return_id=made, is_again=False)

    return answer_for(request, returning, order_number, run(request, work), data)


@post("/store/returns/announced/{return_id:uuid}", dependencies=RETURNING, sync_to_thread=True)
def take_announced(
    request: WebRequest, returning: NamedDependency[Desk], return_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Take in what a customer announced, or what of it came; sent twice, it comes once."""
    scope, announced_id = scope_of(returning.visitor), ReturnId(return_id)
    unkept = keep_sent(
        request,
        returning,
        data,
        announced_id,
        lambda conn, _: _pictured_announced(conn, announced_id),
        of=announced_id,
    )

    def work(conn: Conn, now: datetime) -> tuple[str, Taken | Refusal]:
        take_turn(conn)
        shift = hold_shift_here(conn, request, returning)
        announced = announced_by_id(conn, [announced_id])
        if not announced or (
            announced[0].ended_at is not None and not is_taken_in(conn, announced_id, scope)
        ):
            raise Refused(NoSuchThing(noun="return", value=str(return_id)))
        (head,) = orders.orders_by_ids(conn, [announced[0].order_id])
        again = Taken(return_id=announced_id, is_again=True)
        said = said_in(_sold(conn, head, now), data, of=announced_id)
        if isinstance(said, Refusal):
            return head.number, again if is_taken_in(conn, announced_id, scope) else said
        lacking = unkept or _lacking_of_announced(
            conn, data, announced[0], said, by=actor_of(returning.visitor), now=now
        )
        if lacking is not None and announced[0].ended_at is None:
            return head.number, lacking
        receipt = AnnouncedReceipt(
            return_id=announced_id,
            site_id=returning.site.id,
            lines=tuple(LineBack(line_id=one.line.line_id, units=one.units) for one in said),
            actor=actor_of(returning.visitor),
        )
        (outcome,) = receive_announced(conn, [receipt], scope=scope, now=now)
        if isinstance(outcome, TakenBack):
            _grade_announced(conn, outcome, said, returning, now=now)
            keep_given(conn, announced_id, shift, returning, now=now)
            return head.number, Taken(return_id=announced_id, is_again=False)
        return head.number, outcome if isinstance(outcome, Refusal) else again

    order_number, outcome = run(request, work)
    return answer_for(request, returning, order_number, outcome, data)


def lacking_photos(  # noqa: PLR0913 - what is looked at, by whom
    conn: Conn, data: Mapping[str, Any], return_id: ReturnId, said: Sequence[Said], *, by: str, now: datetime
) -> Refusal | None:
    """Return why goods of an order cannot be taken back without a photo; None where they can."""
    looked_at = [
        (
            one.line.code,
            LineLookedAt(line_id=one.line.line_id, grade=one.grade, reason=reason_of(one.reason)),
        )
        for one in said
    ]
    return refuse_lacking(conn, data, return_id, looked_at, by=by, now=now)


def _lacking_of_announced(  # noqa: PLR0913 - as above
    conn: Conn, data: Mapping[str, Any], one: Announcement, said: Sequence[Said], *, by: str, now: datetime
) -> Refusal | None:
    """The same of what was announced, by the reasons that its customer gave."""
    reasons_given = {line.line_id: line.reason for line in one.lines}
    looked_at = [
        (
            back.line.code,
            LineLookedAt(
                line_id=back.line.line_id,
                grade=back.grade,
                reason=reasons_given.get(back.line.line_id, Reason.OTHER),
            ),
        )
        for back in said
    ]
    return refuse_lacking(conn, data, one.id, looked_at, by=by, now=now, of=one.id)


def pictured(conn: Conn, order_number: str, now: datetime) -> Pictured:
    """Return of which order the photos of a form are."""
    sold = read_sold(conn, order_number, now)
    return Pictured(order_id=sold.order.id, lines=frozenset(line.line_id for line in sold.lines))


def _pictured_announced(conn: Conn, return_id: ReturnId) -> Pictured | None:
    return next(
        (
            Pictured(order_id=one.order_id, lines=frozenset(line.line_id for line in one.lines))
            for one in announced_by_id(conn, [return_id])
        ),
        None,
    )


def is_taken_in(conn: Conn, return_id: ReturnId, scope: Scope) -> bool:
    """Tell whether a return was taken in already, at a site in scope."""
    return any(scope.covers_site(one.site_id) for one in returns.returns_by_id(conn, [return_id]))


def _grade_announced(
    conn: Conn, taken: TakenBack, said: Sequence[Said], desk: Desk, *, now: datetime
) -> None:
    """Put away what came of an announcement, whose lines go by their code; it says itself that they are here."""
    by_line = {one.line.line_id: one.grade for one in said}
    graded = [
        next((by_line[match.line_id] for match in line.matches if match.line_id in by_line), said[0].grade)
        for line in taken.lines
    ]
    put_away(conn, taken, graded, desk, now=now, is_received=True)


def said_in(sold: Sold, data: Mapping[str, Any], *, of: ReturnId | None = None) -> list[Said] | Refusal:
    """Read what came back: the units of each line that is named, with their state; `of`: in an announcement's form."""
    said: list[Said] = []
    for line in sold.lines:
        place = field_of(line.line_id, of)
        text = unicodedata.normalize("NFKC", str(data.get(f"units {place}", ""))).strip()
        if text in {"", "0"}:
            continue
        units, left = number({"units": text}, "units"), sold.units_left(line)
        if not units:
            return UnitsUnclear(sku=line.code)
        if units > left:
            return MoreThanMayComeBack(sku=line.code, units_left=left)
        grade = grade_of(str(data.get(f"grade {place}", "")))
        if grade is None:
            return StateUnclear()
        reason = str(data.get(f"reason {place}", ""))
        said.append(Said(line=line, units=units, grade=grade, reason=reason))
    return said or NothingBack()


def field_of(line_id: LineId, of: ReturnId | None) -> str:
    """Name a line in the form of an order, or in that of an announcement."""
    return f"{line_id}" if of is None else f"{of} {line_id}"


def answer_for(
    request: WebRequest, desk: Desk, order_number: str, outcome: Taken | Refusal, data: dict[str, Any]
) -> Response[Any]:
    if isinstance(outcome, Refusal):
        return _order_page(request, desk, order_number, refusal=outcome, typed=data)
    again = "?again=1" if outcome.is_again else ""
    return Redirect(f"{RETURNS}/done/{outcome.return_id}{again}", status_code=HTTP_303_SEE_OTHER)


def _order_page(
    request: WebRequest,
    desk: Desk,
    order_number: str,
    *,
    refusal: Refusal | None = None,
    typed: Mapping[str, Any] | None = None,
) -> Template:
    language = language_of(request)
    sold = read(request, lambda conn, now: read_sold(conn, order_number, now))
    made = ReturnId(id_in(_number_of_form(typed or {}, refusal)) or uuid7(sold.now))
    kept, rules = read(
        request,
        lambda conn, _: (
            photos.photos_of_returns(conn, [made, *(one.id for one in sold.announced)]),
            photos.photo_rules(conn),
        ),
    )
    rows = [_row(line, sold, desk, language, typed or {}) for line in sold.lines]
    return page(
        request,
        "store/return_order.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=desk.visitor,
        desk=desk,
        order={
            "number": sold.order.number,
            "placed": language.clock_of_day(sold.order.placed_at, desk.site.time_zone),
        },
        path=f"{RETURNS}/of/{sold.order.number}",
        rows=rows,
        announced=[_announced(one, sold, desk, language, typed or {}) for one in sold.announced],
        return_id=str(made),
        kept={
            key: photos_shown(
                [one for one in kept if (one.return_id, one.line_id) == place],
                desk.site.time_zone,
                language,
                path=PHOTOS,
            )
            for key, place in _places(sold, made).items()
        },
        wishes=wishes(rules, language),
        reasons=reasons(language),
        grades=grades(language),
        others=[
            {**goods_row(sku, language), "is_chosen": (typed or {}).get("out_sku") == sku.code}
            for sku in sold.others
            if sku.is_active
        ],
        out={name: str((typed or {}).get(name, default)) for name, default in OUT_FIELDS.items()},
        is_exchange=any((typed or {}).get(name) for name in ("out_sku", "out_code")),
        is_sendable=sold.order.longitude is not None,
        photos=photos_back(request, desk, sold.order.id, sold.order.number),
        refusal=refusal_words(refusal, language) if refusal else "",
    )


def _places(sold: Sold, made: ReturnId) -> dict[str, tuple[ReturnId, LineId | None]]:
    """Name what a page has photos of: lines of the form, those of announcements, and announcements as a whole."""
    found: dict[str, tuple[ReturnId, LineId | None]] = {
        field_of(line.line_id, None): (made, line.line_id) for line in sold.lines
    }
    for one in sold.announced:
        found |= {field_of(line.line_id, one.id): (one.id, line.line_id) for line in one.lines}
        found[str(one.id)] = (one.id, None)
    return found


OUT_FIELDS = {"out_sku": "", "out_code": "", "out_units": "1", "method": "cash", "out_is": "here"}
"""What a form says of the goods that go out in an exchange, as it is before anybody typed."""


def _number_of_form(typed: Mapping[str, Any], refusal: Refusal | None) -> str:
    """Keep what names a return when its form is sent again; what stands under it already is another return."""
    is_taken = isinstance(refusal, ReturnNumberTakenByOtherContent | ExchangeNumberTaken)
    return "" if is_taken else str(typed.get("return_id", ""))


def _row(line: Line, sold: Sold, desk: Desk, language: Language, typed: Mapping[str, Any]) -> dict[str, Any]:
    until = sold.until.get(line.line_id)
    left = sold.units_left(line)
    return {
        **goods_row(sold.skus.get(line.sku_id) if line.sku_id is not None else None, language),
        "code": line.code,
        "line_id": line.line_id,
        "paid": language.money(line.unit_minor, sold.order.currency),
        "left": left,
        "units": str(typed.get(f"units {line.line_id}", "")),
        "reason": str(typed.get(f"reason {line.line_id}", "")),
        "grade": str(typed.get(f"grade {line.line_id}", "")),
        "until": language.clock_of_day(until, desk.site.time_zone) if until and until > sold.now else "",
        "is_over": until is not None and until <= sold.now,
        "returned": language.count(line.returned),
        "is_back": line.returned > 0,
    }


def _announced(
    one: Announcement, sold: Sold, desk: Desk, language: Language, typed: Mapping[str, Any]
) -> dict[str, Any]:
    lines = {line.line_id: line for line in sold.lines}
    return {
        "id": str(one.id),
        "path": f"{RETURNS}/announced/{one.id}",
        "since": language.clock_of_day(one.announced_at, desk.site.time_zone),
        "way": way_said(way, desk.site.time_zone, language) if (way := sold.ways.get(one.id)) else "",
        "rows": [
            {
                **goods_row(sold.skus.get(back.sku_id) if back.sku_id is not None else None, language),
                "code": back.code,
                "field": (field := field_of(back.line_id, one.id)),
                "units": back.units,
                "came": str(typed.get(f"units {field}", back.units)),
                "grade": str(typed.get(f"grade {field}", "")),
                "reason": language.say(REASON_WORDS[back.reason]),
            }
            for back in one.lines
            if back.line_id in lines
        ],
    }
