"""What delivery by parcel costs: what holds for brand, regions and dealers, the form to set it, and an example."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.pricing.freight import (
    COMMENT_MOST,
    FreightTemplate,
    NewFreight,
    RegionRule,
    RegionUnknown,
    Weighing,
)
from loopline.processes.freight import set_freight, standing_freight
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.freight_view import Example, Found, Typed, example_said, row_of, said_of
from loopline.web.hq.payouts import names_of
from loopline.web.hq.refusals import FreightUnclear
from loopline.web.hq.regions import read_regions
from loopline.web.hq.typed import read_minor
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of
from loopline.web.store.moving.place import Form

FREIGHT = "/hq/freight"
_DIGITS_MOST = 7
_TEXT_MOST = 4_000
_ROWS_MOST = 51


@get(FREIGHT, sync_to_thread=True)
def show_freight(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what holds, who decided it, and what an example would pay."""
    return _page(request, visitor)


@post(FREIGHT + "/set", sync_to_thread=True)
def set_one(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Set what delivery costs, or take it back; what is refused is shown with what was typed."""
    scope = visitor.scope_of(Permission.ORG_WRITE)
    unit_code = _text(data, "unit")[:100]

    def work(conn: Conn, now: datetime) -> None:
        is_dropped = data.get("act") == "drop"
        wanted = NewFreight(
            unit_code=unit_code,
            template=None if is_dropped else read_template(data, board_setting(conn).currency),
            comment=_text(data, "comment")[:COMMENT_MOST],
            is_open="is_open" in data,
        )
        (outcome,) = set_freight(conn, [wanted], scope=scope, by=actor_of(visitor), now=now)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    try:
        run(request, work)
    except Refused as refused:
        return _page(request, visitor, refused=(refused.refusal, unit_code, data))
    return Redirect(f"{FREIGHT}#{unit_code}", status_code=HTTP_303_SEE_OTHER)


# --------------------------------------------------------------------------------------------------- what is typed


def read_template(data: Mapping[str, Any], currency: str) -> FreightTemplate:
    """Read the template that a form says. Raises Refused with the field that cannot be read."""
    regions: list[RegionRule] = []
    for row in range(_ROWS_MOST):
        text = _text(data, f"region_codes_{row}")
        if text:
            regions.append(_rule(data, row, text, currency))
    return FreightTemplate(
        currency=currency,
        fee_minor=_amount(data, "fee_minor", currency),
        free_from_minor=_amount(data, "free_from_minor", currency)
        if _text(data, "free_from_minor")
        else None,
        free_from_units=_number(data, "free_from_units") if _text(data, "free_from_units") else None,
        weighing=_weighing(data, currency),
        regions=tuple(regions),
    )


def _weighing(data: Mapping[str, Any], currency: str) -> Weighing | None:
    """How weight counts; None where nothing is said of what a further step costs."""
    if not _text(data, "step_minor"):
        return None
    return Weighing(
        first_grams=_number(data, "first_grams"),
        step_grams=_number(data, "step_grams"),
        step_minor=_amount(data, "step_minor", currency),
        grams_default=_number(data, "grams_default"),
    )


def _rule(data: Mapping[str, Any], row: int, text: str, currency: str) -> RegionRule:
    codes, unknown = read_regions(text)
    if unknown:
        raise Refused(RegionUnknown(region_code=unknown[:100]))
    how = _text(data, f"region_how_{row}")
    if how == "never":
        return RegionRule(region_codes=tuple(dict.fromkeys(codes)), is_delivered=False)
    step = f"region_step_minor_{row}"
    return RegionRule(
        region_codes=tuple(codes),
        fee_minor=_amount(data, f"region_fee_minor_{row}", currency),
        step_minor=_amount(data, step, currency) if _text(data, step) else None,
        is_ever_free=how != "paid",
    )


def _amount(data: Mapping[str, Any], field: str, currency: str) -> int:
    minor = read_minor(_text(data, field), currency)
    if minor is None:
        raise Refused(FreightUnclear(field=field.rstrip("0123456789").rstrip("_")))
    return minor


def _number(data: Mapping[str, Any], field: str) -> int:
    text = _text(data, field)
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST):
        raise Refused(FreightUnclear(field=field))
    return int(text)


def _text(data: Mapping[str, Any], field: str) -> str:
    return str(data.get(field, "")).replace("\x00", "").strip()[:_TEXT_MOST]


def _example(query: Mapping[str, Any], currency: str) -> Example:
    """What the example asks: what cannot be read is as it is delivered."""
    codes, _ = read_regions(_text(query, "to")[:100])
    units = _text(query, "pieces")
    grams = _text(query, "grams")
    return Example(
        unit_code=_text(query, "of")[:100],
        goods=_text(query, "goods")[:20],
        goods_minor=read_minor(_text(query, "goods"), currency) if _text(query, "goods") else None,
        to=_text(query, "to")[:100],
        region_code=codes[0] if codes else "",
        units=int(units) if units.isascii() and units.isdigit() and len(units) <= _DIGITS_MOST else 1,
        grams=int(grams) if grams.isascii() and grams.isdigit() and len(grams) <= _DIGITS_MOST else None,
    )


# ----------------------------------------------------------------------------------------------- what is shown


def _page(
    request: WebRequest, visitor: Visitor, *, refused: tuple[Refusal, str, dict[str, Any]] | None = None
) -> Template:
    language, scope = language_of(request), visitor.scope_of(Permission.ORG_READ)
    sets = visitor.branches.get(Permission.ORG_WRITE, Scope())
    found = read(request, lambda conn, _: _find(conn, scope))
    typed: Typed | None = None
    if refused is not None:
        refusal, unit_code, data = refused
        said = said_of(refusal, language, found.currency)
        typed = Typed(unit_code=unit_code, fields=data, said=said)
    rows = [row_of(unit, found, language, sets=sets, typed=typed) for unit in found.standing.units]
    example = _example({name: str(value) for name, value in request.query_params.items()}, found.currency)
    return page(
        request,
        "hq/freight.html",
        status=200 if refused is None else status_of(refused[0]),
        visitor=visitor,
        rows=rows,
        example=example,
        example_said=example_said(example, found, language),
        currency=found.currency,
        path=FREIGHT,
        comment_most=COMMENT_MOST,
        problem=typed.said if typed and not any(row["typed"] for row in rows) else "",
    )


def _find(conn: Conn, scope: Scope) -> Found:
    seen, setting = standing_freight(conn, scope=scope), board_setting(conn)
    return Found(
        standing=seen,
        zone=setting.zone,
        currency=setting.currency,
        people=names_of(conn, {one.set_by for one in seen.kept.values()}),
    )


FREIGHT_PAGES = [show_freight, set_one]
