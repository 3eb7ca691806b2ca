"""Counts of every site of a branch: what is open and how old, what was posted, what it came to; sheets taken in.

A sheet becomes counts, one a site, which are looked through and posted as those of a phone are.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from loopline import org, stock
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import CountId, NodeId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.kernel.sheets.table import FILE_BYTES_MAX
from loopline.org import Permission, Site
from loopline.processes.count_sheet import CountSheet, SiteCounted, take_count_sheet
from loopline.stock import CountSession
from loopline.stock.count_sheets import read_count_sheet
from loopline.stock.counts import CountSums, sums_of_counts
from loopline.web.api.answers import granted, read, run
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.typed import read_moment
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.store.count.place import actor_of, may_post, names_of
from loopline.web.store.refusals import CountTimeWrong

COUNTS = "/hq/counts"
_FormRequest = Request[Any, Any, State]
_SHOWN = 60
_FORM_BYTES = 1_000_000
STATES = {
    "open": marked("Open"),
    "posted": marked("Posted"),
    "dropped": marked("Dropped"),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    now: datetime
    zone: str
    counts: Sequence[CountSession]
    sums: Mapping[CountId, CountSums]
    sites: Mapping[NodeId, Site]
    names: Mapping[str, str]


@get(COUNTS, sync_to_thread=True)
def show_counts(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the counts of one's branch, the latest first, of the state that the address names."""
    scope, language, notice = visitor.scope_of(Permission.STOCK_READ), language_of(request), told(request)
    state = request.query_params.get("state", "")
    state = state if state in STATES else ""
    after = decode_cursor(request.query_params.get("cursor"), (UUID,))
    before = CountId(after[0]) if after else None
    found = read(request, lambda conn, now: _find(conn, scope, language, state=state, before=before, now=now))
    shown = found.counts[:_SHOWN]
    return page(
        request,
        "hq/counts.html",
        visitor=visitor,
        path=COUNTS,
        states=[
            {"word": language.say(word), "link": _link(state=key), "is_chosen": key == state}
            for key, word in {"": marked("All"), **STATES}.items()
        ],
        rows=[_row(one, found, visitor, language) for one in shown],
        older=_link(state=state, cursor=encode_cursor(shown[-1].count_id))
        if len(found.counts) > _SHOWN
        else "",
        is_later_page=before is not None,
        may_write=visitor.may(Permission.STOCK_WRITE),
        done=notice.done,
        problem=notice.problem,
        shown_at=found.now.isoformat(),
    )


def _find(  # noqa: PLR0913 - what the address asks, and who asks
    conn: Conn, scope: Scope, language: Language, *, state: str, before: CountId | None, now: datetime
) -> Found:
    sites = org.branch_sites(conn) if scope.everything else org.sites_by_id(conn, scope.sites).values()
    by_id = {site.id: site for site in sites}
    leaves = {
        leaf.id: by_id[leaf.site_id]
        for leaf in stock.leaves_of_sites(conn, list(by_id))
        if leaf.site_id is not None
    }
    counts = stock.counts_page(
        conn,
        list(leaves),
        only_open=state == "open",
        how_ended=state if state in {"posted", "dropped"} else None,
        before=before,
        at_most=_SHOWN + 1,
    )
    return Found(
        now=now,
        zone=board_setting(conn).zone,
        counts=counts,
        sums=sums_of_counts(conn, [one.count_id for one in counts]),
        sites=leaves,
        names=names_of(conn, {one.opened_by for one in counts}, language),
    )


def _row(one: CountSession, found: Found, visitor: Visitor, language: Language) -> dict[str, Any]:
    site, sums = found.sites[one.leaf_id], found.sums.get(one.count_id)
    zone = site.time_zone
    state = one.how_ended or "open"
    return {
        "site": language.called(site.name),
        "code": site.code,
        "path": f"/store/count/{one.count_id}" if may_post(visitor, site) else "",
        "opened": language.clock_of_day(one.opened_at, zone),
        "by": found.names.get(one.opened_by, ""),
        "state": language.say(STATES[state]),
        "tone": {"open": "warn", "posted": "good"}.get(state, "none"),
        "age": language.age(found.now - one.opened_at) if one.ended_at is None else "",
        "ended": language.clock_of_day(one.ended_at, zone) if one.ended_at is not None else "",
        "lines": language.count(sums.lines if sums else 0),
        "differing": language.count(sums.differing if sums else 0),
        "short": language.count(sums.short if sums else 0),
        "over": language.count(sums.over if sums else 0),
        "is_short": bool(sums and sums.short),
    }


@post(f"{COUNTS}/sheet", request_max_body_size=FILE_BYTES_MAX + _FORM_BYTES)
async def take_sheet_from_page(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Take a sheet of counts in: a count a site, to be looked through. Nothing moves yet."""
    scope, language = visitor.scope_of(Permission.STOCK_WRITE), language_of(request)
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile):
        return telling(request, COUNTS)
    content = await file.read()
    asked = (str(form.get("counted_at", "")), form.get("is_whole") == "yes", str(form.get("shown_at", "")))

    def work() -> str:
        rows = granted(read_count_sheet(content, file_name=file.filename or ""))
        zone = read(request, lambda conn, _: board_setting(conn).zone)
        now = edge_of(request).clock()
        shown_at = read_moment(asked[2], zone) if not asked[0] else None
        counted_at = read_moment(asked[0], zone) if asked[0] else now
        if counted_at is None:
            raise Refused(CountTimeWrong(counted_at=asked[0]))
        sheet = CountSheet(
            content_hash=hashlib.sha256(content).digest(),
            rows=tuple(rows),
            counted_at=counted_at,
            is_whole=asked[1],
            asked_at=min(shown_at, now) if shown_at is not None else None,
        )
        taken = run(
            request,
            lambda conn, now: granted(
                take_count_sheet(conn, sheet, scope=scope, now=now, actor=actor_of(visitor))
            ),
        )
        return _said(taken, language)

    try:
        return telling(request, COUNTS, done=await asyncio.to_thread(work))
    except Refused as refused:
        return telling(request, COUNTS, problem=language.refusal(refused.refusal))


def _said(taken: Sequence[SiteCounted], language: Language) -> str:
    said = language.say(
        "{sites} counts are open, with {rows} rows of the sheet: look through them and post them.",
        sites=language.count(len(taken)),
        rows=language.count(sum(one.rows for one in taken)),
    )
    absent = sum(one.absent for one in taken)
    if absent:
        said += " " + language.say(
            "{count} SKUs that the books have and the sheet has not count as none.",
            count=language.count(absent),
        )
    return said


def _link(**said: str) -> str:
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{COUNTS}?{query}" if query else COUNTS


COUNT_LIST_PAGES = [show_counts, take_sheet_from_page]
