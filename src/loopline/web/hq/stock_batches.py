"""Batches at headquarters: what lies of each where, and several locked for sale, or released, at every site at once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK

from loopline import catalogue
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.processes import recall
from loopline.processes.recall import Recalled
from loopline.stock import lots
from loopline.stock.lots import BatchListed, LotChoice
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.refusals import ReasonMissing
from loopline.web.hq.stock import sites_of, sku_path, text_of
from loopline.web.languages import Language
from loopline.web.pages import page
from loopline.web.store.count.place import actor_of
from loopline.web.store.stock import find_skus
from loopline.web.store.words import variety

BATCHES = "/hq/stock-batches"
REASON_MOST = 200
_SHOWN = 100
_CODE_MOST = 64
_FormRequest = Request[Any, Any, State]
_Batch = tuple[SkuId, str]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shows, read at one moment."""

    batches: Sequence[BatchListed]
    skus: Mapping[SkuId, Sku]
    zone: str


@get(BATCHES, sync_to_thread=True)
def show_batches(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the batches of the SKUs that a text names, or those that are locked for sale, in one's branch."""
    scope, language = visitor.scope_of(Permission.STOCK_READ), language_of(request)
    text = text_of(request)
    found = read(request, lambda conn, _: _find(conn, text, scope))
    return page(
        request,
        "hq/stock_batches.html",
        visitor=visitor,
        here=BATCHES,
        path=BATCHES,
        text=text,
        rows=[_row(one, found, language) for one in found.batches[:_SHOWN]],
        is_more=len(found.batches) > _SHOWN,
        may_lock=_may_lock(visitor),
        reason_most=REASON_MOST,
    )


def _find(conn: Conn, text: str, scope: Scope) -> Found:
    skus = {sku.id: sku for sku in find_skus(conn, text)} if text else None
    batches = lots.batches_listed(
        conn,
        sku_ids=skus,
        site_ids=sites_of(scope),
        only_recalled=not text,
        at_most=_SHOWN + 1,
    )
    return Found(
        batches=batches,
        skus=skus if skus is not None else catalogue.skus_by_id(conn, {one.sku_id for one in batches}),
        zone=board_setting(conn).zone,
    )


def _row(one: BatchListed, found: Found, language: Language) -> dict[str, Any]:
    sku = found.skus.get(one.sku_id)
    return {
        "key": f"{one.sku_id} {one.batch}",
        "batch": one.batch,
        "name": language.called(sku.name) if sku else "",
        "variety": variety(sku) if sku else "",
        "path": sku_path(sku.code) if sku else "",
        "expires": one.expires_on.isoformat() if one.expires_on else "",
        "units": language.count(one.units),
        "planned": language.count(one.planned) if one.planned else "",
        "sites": language.count(one.sites),
        "locked": language.clock_of_day(one.recalled_at, found.zone) if one.recalled_at else "",
        "reason": one.recall_reason or "",
    }


@post(f"{BATCHES}/lock", status_code=HTTP_200_OK)
async def lock_batches(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Lock the chosen batches at every site at once; work with them is taken back and sourced elsewhere."""
    return await _done(request, visitor, locks=True)


@post(f"{BATCHES}/release", status_code=HTTP_200_OK)
async def release_batches(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Release the chosen batches again; what has expired meanwhile stays locked."""
    return await _done(request, visitor, locks=False)


async def _done(request: _FormRequest, visitor: Visitor, *, locks: bool) -> Template:
    """Lock or release in one transaction, and show what became of each batch."""
    if not _may_lock(visitor):
        raise Refused(NotInYourBranch(subject=BATCHES))
    form, language = await request.form(), language_of(request)
    chosen = _chosen([str(one) for one in form.getall("batch", [])])
    reason = str(form.get("reason", "")).replace("\x00", " ").strip()[:REASON_MOST]

    def work(conn: Conn, now: datetime) -> tuple[list[Recalled | Refusal], dict[SkuId, Sku]]:
        choices = [LotChoice(sku_id=sku_id, batch=batch) for sku_id, batch in chosen]
        skus = catalogue.skus_by_id(conn, {sku_id for sku_id, _ in chosen})
        if not locks:
            return recall.lift(conn, choices, now=now, actor=actor_of(visitor)), skus
        if not reason:
            return [ReasonMissing() for _ in choices], skus
        return recall.recall(conn, choices, reason=reason, now=now, actor=actor_of(visitor)), skus

    outcomes, skus = await asyncio.to_thread(run, request, work) if chosen else ([], {})
    pairs = list(zip(chosen, outcomes, strict=True))
    text = str(form.get("q", "")).replace("\x00", "")[:80]
    return page(
        request,
        "hq/stock_batches_done.html",
        visitor=visitor,
        here=BATCHES,
        path=BATCHES,
        back=f"{BATCHES}?{urlencode({'q': text})}" if text else BATCHES,
        rows=[
            {
                "name": language.called(skus[sku_id].name) if sku_id in skus else "",
                "batch": batch,
                "is_done": isinstance(one, Recalled),
                "said": _word(one, language, locks=locks),
            }
            for (sku_id, batch), one in pairs
        ],
        undo=[f"{sku_id} {batch}" for (sku_id, batch), one in pairs if locks and _is_new(one)],
    )


def _is_new(one: Recalled | Refusal) -> bool:
    """Whether a batch was wholly free before: then to release it is to undo."""
    return isinstance(one, Recalled) and all(lot.recalled_at is None for lot in one.lots)


def _word(outcome: Recalled | Refusal, language: Language, *, locks: bool) -> str:
    if isinstance(outcome, Refusal):
        return language.refusal(outcome)
    units = language.count(abs(sum(one.units for one in outcome.locked)))
    if all((lot.recalled_at is not None) is locks for lot in outcome.lots):
        return language.say("It was locked already.") if locks else language.say("It was not locked.")
    if not locks:
        return language.say("Released: {units} may be sold again.", units=units)
    said = language.say("Locked: {units} may not be sold.", units=units)
    if outcome.taken_back_units:
        said += " " + language.say(
            "{units} were taken out of work under way and are sourced elsewhere.",
            units=language.count(outcome.taken_back_units),
        )
    return said


def _chosen(said: Sequence[str]) -> list[_Batch]:
    """Read the batches that a form names, each once; what is none is left out."""
    found: dict[_Batch, None] = {}
    for one in said[:_SHOWN]:
        sku, _, batch = one.partition(" ")
        try:
            if batch:
                found[SkuId(UUID(sku)), batch.replace("\x00", "")[:_CODE_MOST]] = None
        except ValueError:
            continue
    return list(found)


def _may_lock(visitor: Visitor) -> bool:
    """Tell whether somebody may lock a batch: that holds everywhere, so who looks after all of the stock may."""
    scope = visitor.branches.get(Permission.STOCK_WRITE)
    return scope is not None and scope.everything


STOCK_BATCH_PAGES = [show_batches, lock_batches, release_batches]
