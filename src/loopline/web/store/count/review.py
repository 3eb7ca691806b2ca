"""Looking through a count: what differs from the books, the most first; counted again, posted, or dropped."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, org, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import CountId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission, Site
from loopline.processes import count
from loopline.stock import CountEnd, CountLine, CountSession
from loopline.stock.counts import count_session
from loopline.stock.notes import MovementNote, NoteCause, note_movements, notes_of_movements
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.count.place import actor_of, names_of
from loopline.web.store.refusals import CountMovedOn, NoCountHere
from loopline.web.store.words import refusal_words, variety

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
CAUSE_WORDS: dict[NoteCause, str] = {
    NoteCause.MISPLACED: marked("Lies elsewhere"),
    NoteCause.SOLD_UNBOOKED: marked("Sold, not booked"),
    NoteCause.BOOKED_WRONGLY: marked("Booked wrongly"),
    NoteCause.DAMAGED: marked("Broken"),
    NoteCause.STOLEN: marked("Stolen"),
    NoteCause.DISPLAY: marked("On display"),
}
_CAUSES = {one.value: one for one in NoteCause}


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A count with its lines, those that differ most first, and whose shelves it is of."""

    session: CountSession
    site: Site
    lines: list[CountLine]
    skus: Mapping[SkuId, Sku]
    notes: Mapping[UUID, MovementNote]
    actors: list[str]


def read_count(conn: Conn, count_id: CountId, scope: Scope) -> Looked:
    """Read a count of sites in scope. Raises Refused for any other, and for none."""
    session = count_session(conn, count_id)
    leaf = stock.nodes_by_ids(conn, [session.leaf_id])[0] if session is not None else None
    if session is None or leaf is None or leaf.site_id is None or not scope.covers_site(leaf.site_id):
        raise Refused(NoCountHere())
    lines = stock.count_lines(conn, [count_id])
    return Looked(
        session=session,
        site=org.sites_by_id(conn, [leaf.site_id])[leaf.site_id],
        lines=sorted(lines, key=lambda line: (-abs(line.units - line.expected), line.sku_id)),
        skus=catalogue.skus_by_id(conn, {line.sku_id for line in lines}),
        notes=notes_of_movements(conn, {line.id for line in lines}) if session.ended_at else {},
        actors=[session.opened_by, *(line.counted_by for line in lines)],
    )


def mark_of(lines: Sequence[CountLine]) -> str:
    """Return what changes with any look at a count: what is posted is what was looked through."""
    return hashlib.sha256(b"".join(sorted(line.id.bytes for line in lines))).hexdigest()[:16]


@get("/store/count/{count_id:uuid}", sync_to_thread=True)
def show_review(request: WebRequest, visitor: NamedDependency[Visitor], count_id: FromPath[UUID]) -> Template:
    """Show what a count comes to, to whoever may post it."""
    return _page(request, visitor, CountId(count_id))


@post("/store/count/{count_id:uuid}/end", sync_to_thread=True)
def end_count(
    request: WebRequest, visitor: NamedDependency[Visitor], count_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Post a count as it was looked through, or drop it; done twice, it is done once."""
    scope = visitor.scope_of(Permission.STOCK_WRITE)
    ending = CountEnd(count_id=CountId(count_id), drops=data.get("drops") == "yes")

    def work(conn: Conn, now: datetime) -> Refusal | None:
        found = read_count(conn, ending.count_id, scope)
        if found.session.ended_at is not None:
            return None
        if not ending.drops and data.get("mark") != mark_of(found.lines):
            return CountMovedOn()
        (outcome,) = count.end(conn, [ending], scope=scope, now=now, actor=actor_of(visitor))
        if isinstance(outcome, Refusal):
            return outcome
        if {line.id for line in outcome.lines} != {line.id for line in found.lines} and not ending.drops:
            raise Refused(CountMovedOn())
        causes = {fact.id: _CAUSES.get(str(data.get(f"cause {fact.sku_id}"))) for fact in outcome.facts}
        notes = [MovementNote(movement_id=fact_id, cause=cause) for fact_id, cause in causes.items()]
        note_movements(conn, notes, now=now, by=actor_of(visitor))
        return None

    refusal = run(request, work)
    if refusal is not None:
        return _page(request, visitor, ending.count_id, refusal=refusal)
    return Redirect(f"/store/count/{count_id}", status_code=HTTP_303_SEE_OTHER)


def _page(
    request: WebRequest, visitor: Visitor, count_id: CountId, *, refusal: Refusal | None = None
) -> Template:
    scope = visitor.scope_of(Permission.STOCK_WRITE)
    language = language_of(request)

    def work(conn: Conn, _: datetime) -> tuple[Looked, dict[str, str]]:
        found = read_count(conn, count_id, scope)
        return found, names_of(conn, found.actors, language)

    found, names = read(request, work)
    rows = [_row(line, found, names, language) for line in found.lines]
    differing = [row for row in rows if row["difference"]]
    return page(
        request,
        "store/count_review.html",
        status=200 if refusal is None else status_of(refusal),
        refusal=refusal_words(refusal, language) if refusal else "",
        visitor=visitor,
        count_id=str(count_id),
        mark=mark_of(found.lines),
        site=language.called(found.site.name),
        begun=language.clock_of_day(found.session.opened_at, found.site.time_zone),
        begun_by=names.get(found.session.opened_by, ""),
        ended=language.clock_of_day(found.session.ended_at, found.site.time_zone)
        if found.session.ended_at
        else "",
        is_dropped=found.session.how_ended == "dropped",
        differing=differing,
        agreeing=[row for row in rows if not row["difference"]],
        short=language.count(sum(min(0, line.units - line.expected) for line in found.lines) * -1),
        over=language.count(sum(max(0, line.units - line.expected) for line in found.lines)),
        causes=[(cause.value, language.say(word)) for cause, word in CAUSE_WORDS.items()],
    )


def _row(line: CountLine, found: Looked, names: Mapping[str, str], language: Language) -> dict[str, Any]:
    sku = found.skus.get(line.sku_id)
    difference = line.units - line.expected
    note = found.notes.get(line.id)
    return {
        "key": str(line.sku_id),
        "code": sku.code if sku else "?",
        "name": language.called(sku.name) if sku else "?",
        "variety": variety(sku) if sku else "",
        "units": language.count(line.units),
        "expected": language.count(line.expected),
        "difference": f"{'+' if difference > 0 else '−'}{language.count(abs(difference))}"
        if difference
        else "",
        "is_short": difference < 0,
        "at": language.clock(line.counted_at, found.site.time_zone),
        "by": names.get(line.counted_by, ""),
        "cause": language.say(CAUSE_WORDS[note.cause]) if note and note.cause else "",
    }


REVIEW_PAGES = [show_review, end_count]
