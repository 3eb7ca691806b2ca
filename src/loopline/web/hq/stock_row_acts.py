"""What is done with chosen rows of stock: kept back from promises, asked to be counted, and each of these undone."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, post
from litestar.datastructures import FormMultiDict, State
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK

from loopline import catalogue, org, stock
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes import ask_counts, replenish
from loopline.stock import SafetySet, SafetySetting
from loopline.stock.asked_counts import NOTE_MOST, AskedCount, CountAskKept, NewAsk
from loopline.web.api.answers import run
from loopline.web.edge import Visitor, language_of
from loopline.web.hq.refusals import UnitsUnclear
from loopline.web.hq.stock import sku_path
from loopline.web.hq.stock_rows_asked import ROWS, Goods, chosen_in, key_of, set_in
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.paths import safe_path
from loopline.web.store.count.place import actor_of

_UNITS_MOST = 1_000_000
_FormRequest = Request[Any, Any, State]
_Outcome = SafetySet | AskedCount | CountAskKept | Refusal
_Act = Callable[[Conn, Sequence[Goods], datetime], Sequence[_Outcome]]


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """How goods and places are called: of those that somebody sees."""

    goods: dict[str, tuple[str, str]]
    places: dict[str, str]


@post(f"{ROWS}/keep-back", status_code=HTTP_200_OK)
async def keep_back_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Set how many units the chosen rows keep back from promises, each by itself."""
    form = await request.form()
    units = _units(str(form.get("units", "")))

    def act(conn: Conn, goods: Sequence[Goods], now: datetime) -> Sequence[_Outcome]:
        if units is None:
            return [UnitsUnclear() for _ in goods]
        settings = [SafetySetting(leaf_id=leaf_id, sku_id=sku_id, units=units) for leaf_id, sku_id in goods]
        return _kept_back(conn, settings, visitor, now=now)

    return await _done(request, visitor, chosen_in(_said(form, "row")), act, back=_back(form))


@post(f"{ROWS}/keep-back/undo", status_code=HTTP_200_OK)
async def undo_keeping_back(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Set rows back to what they kept back before, where nobody has set them anew since."""
    form = await request.form()
    was = set_in(_said(form, "set"))

    def act(conn: Conn, goods: Sequence[Goods], now: datetime) -> Sequence[_Outcome]:
        settings = [
            SafetySetting(leaf_id=key[0], sku_id=key[1], units=was[key][0], expected=was[key][1])
            for key in goods
        ]
        return _kept_back(conn, settings, visitor, now=now)

    return await _done(request, visitor, list(was), act, back=_back(form), is_undone=True)


@post(f"{ROWS}/count", status_code=HTTP_200_OK)
async def ask_to_count(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Ask the sites of the chosen rows to count them; it stands on their phones until it is done."""
    form = await request.form()
    note = str(form.get("note", "")).replace("\x00", " ")[:NOTE_MOST]

    def act(conn: Conn, goods: Sequence[Goods], now: datetime) -> Sequence[_Outcome]:
        asks = [NewAsk(leaf_id=leaf_id, sku_id=sku_id, note=note) for leaf_id, sku_id in goods]
        scope = visitor.scope_of(Permission.STOCK_WRITE)
        return ask_counts.ask(conn, asks, scope=scope, now=now, actor=actor_of(visitor))

    return await _done(request, visitor, chosen_in(_said(form, "row")), act, back=_back(form))


@post(f"{ROWS}/count/undo", status_code=HTTP_200_OK)
async def take_asking_back(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Take back what was asked to be counted of the chosen rows and was not counted yet."""
    form = await request.form()

    def act(conn: Conn, goods: Sequence[Goods], now: datetime) -> Sequence[_Outcome]:
        scope = visitor.scope_of(Permission.STOCK_WRITE)
        return ask_counts.withdraw(conn, goods, scope=scope, now=now, actor=actor_of(visitor))

    return await _done(request, visitor, chosen_in(_said(form, "row")), act, back=_back(form))


def _kept_back(
    conn: Conn, settings: Sequence[SafetySetting], visitor: Visitor, *, now: datetime
) -> Sequence[_Outcome]:
    return ask_counts.within(
        conn,
        settings,
        [one.leaf_id for one in settings],
        scope=visitor.scope_of(Permission.STOCK_WRITE),
        decide=lambda ours: replenish.keep_back(conn, ours, now=now, actor=actor_of(visitor)),
    )


async def _done(  # noqa: PLR0913 - who, with what, how, and where from
    request: _FormRequest,
    visitor: Visitor,
    goods: Sequence[Goods],
    act: _Act,
    *,
    back: str,
    is_undone: bool = False,
) -> Template:
    """Do one thing with all chosen rows in one transaction, and show what became of each."""
    visitor.scope_of(Permission.STOCK_WRITE)
    sees, language = visitor.scope_of(Permission.STOCK_READ), language_of(request)

    def work(conn: Conn, now: datetime) -> tuple[Sequence[_Outcome], Names]:
        return act(conn, goods, now) if goods else [], _names(conn, goods, sees, language)

    outcomes, names = await asyncio.to_thread(run, request, work)
    pairs = list(zip(goods, outcomes, strict=True)) if goods else []
    return page(
        request,
        "hq/stock_rows_done.html",
        visitor=visitor,
        here=ROWS,
        back=back,
        rows=[_row(key, one, names, language) for key, one in pairs],
        undo_safety=[] if is_undone else [mark for key, one in pairs if (mark := _set_mark(key, one))],
        undo_count=[
            key_of(*key) for key, one in pairs if isinstance(one, CountAskKept) and not one.is_repeat
        ],
        path=ROWS,
    )


def _names(conn: Conn, goods: Sequence[Goods], sees: Scope, language: Language) -> Names:
    """Read how what was chosen is called. Of places that somebody does not see nothing is said."""
    skus = catalogue.skus_by_id(conn, {sku_id for _, sku_id in goods})
    leaves = stock.nodes_by_ids(conn, list({leaf_id for leaf_id, _ in goods}))
    theirs = [leaf for leaf in leaves if leaf.site_id is not None and sees.covers_site(leaf.site_id)]
    sites = org.sites_by_id(conn, {leaf.site_id for leaf in theirs if leaf.site_id is not None})
    return Names(
        goods={str(one.id): (language.called(one.name), one.code) for one in skus.values()},
        places={
            str(leaf.id): language.called(sites[leaf.site_id].name)
            for leaf in theirs
            if leaf.site_id is not None and leaf.site_id in sites
        },
    )


def _row(key: Goods, outcome: _Outcome, names: Names, language: Language) -> dict[str, Any]:
    place = names.places.get(str(key[0]), "")
    name, code = names.goods.get(str(key[1]), ("", "")) if place else ("", "")
    return {
        "name": name or language.say("Not in your branch"),
        "path": sku_path(code) if code else "",
        "place": place,
        "is_done": not isinstance(outcome, Refusal),
        "said": _word(outcome, language),
    }


def _word(outcome: _Outcome, language: Language) -> str:
    match outcome:
        case Refusal():
            return language.refusal(outcome)
        case SafetySet(units=units, units_before=before) if units == before:
            return language.say("Keeps back {units}, as before.", units=language.count(units))
        case SafetySet(units=units, units_before=before):
            return language.say(
                "Keeps back {units}; before it were {before}.",
                units=language.count(units),
                before=language.count(before),
            )
        case CountAskKept(is_repeat=True):
            return language.say("A count of it was asked for already.")
        case CountAskKept():
            return language.say("Asked to be counted: it stands on the phone of the site.")
        case AskedCount():
            return language.say("Not asked to be counted any more.")


def _set_mark(key: Goods, outcome: _Outcome) -> str:
    """Return how the form that undoes names a row, with what it kept back before and keeps back now."""
    if not isinstance(outcome, SafetySet) or outcome.units == outcome.units_before:
        return ""
    return f"{key_of(*key)} {outcome.units_before}:{outcome.units}"


def _units(said: str) -> int | None:
    text = said.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_UNITS_MOST))):
        return None
    return units if (units := int(text)) <= _UNITS_MOST else None


def _said(form: FormMultiDict, name: str) -> list[str]:
    return [str(one) for one in form.getall(name, [])]


def _back(form: FormMultiDict) -> str:
    back = safe_path(str(form.get("back", ROWS)))
    return back if back.startswith(ROWS) else ROWS


STOCK_ROW_ACTS = [keep_back_chosen, undo_keeping_back, ask_to_count, take_asking_back]
