"""What a store hears of itself: bad reviews of it and of the parcels it sent, each with a way to answer it."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import reviews
from loopline.db import Conn
from loopline.kernel.ids import ReviewId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes import review as reviewing
from loopline.reviews import Alert, AlertEnd, NewReply, ReviewUnknown
from loopline.web.api.answers import read, run
from loopline.web.edge import WebRequest, language_of
from loopline.web.hq.reviews.asked import Asked
from loopline.web.hq.reviews.rows import Row, names_of, row_of
from loopline.web.languages import Language
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.store.desk import DESK, STORE, Desk

HEARD = f"{STORE}/reviews"
_SHOWN = 20
_FormRequest = Request[Any, Any, State]


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """The bad reviews a site was told of and nobody ended, the latest first."""

    rows: list[Row]
    more: bool


def read_heard(conn: Conn, desk: Desk, language: Language) -> Heard:
    """Read what a site was told of and nobody ended; nothing for whoever may not read reviews."""
    if not desk.visitor.may(Permission.REVIEWS_READ):
        return Heard(rows=[], more=False)
    alerts = reviews.open_alerts(conn, [desk.site.id], limit=_SHOWN + 1)
    if not alerts:
        return Heard(rows=[], more=False)
    of_site = Scope(sites=frozenset({desk.site.id}))
    found = reviews.found_reviews(conn, [one.review_id for one in alerts[:_SHOWN]], scope=of_site)
    named = names_of(conn, list(found.values()), zone=desk.site.time_zone)
    return Heard(
        rows=[
            row_of(found[one.review_id], named, Asked(), language)
            for one in alerts[:_SHOWN]
            if one.review_id in found
        ],
        more=len(alerts) > _SHOWN,
    )


@get(HEARD, dependencies=DESK, sync_to_thread=True)
def show_heard(request: WebRequest, desk: NamedDependency[Desk]) -> Template:
    """Show what the site was told of, each with a way to answer."""
    desk.visitor.scope_of(Permission.REVIEWS_READ)
    language = language_of(request)
    return page(
        request,
        "store/reviews.html",
        visitor=desk.visitor,
        desk=desk,
        heard=read(request, lambda conn, _: read_heard(conn, desk, language)),
        may_answer=desk.visitor.may(Permission.REVIEWS_WRITE),
        refusal=told(request).problem,
    )


@post(HEARD + "/{review:uuid}/answer", dependencies=DESK)
async def answer_heard(
    request: _FormRequest, desk: NamedDependency[Desk], review: FromPath[UUID]
) -> Redirect:
    """Answer a review; the buyer and everybody else reads it."""
    scope = desk.visitor.scope_of(Permission.REVIEWS_WRITE)
    form = await request.form()
    reply = NewReply(review_id=ReviewId(review), text=str(form.get("text", "")))

    def work(conn: Conn, now: datetime) -> Refusal | None:
        (outcome,) = reviewing.reply(conn, [reply], scope=scope, now=now, actor=_actor(desk))
        return outcome if isinstance(outcome, Refusal) else None

    refusal = await asyncio.to_thread(run, request, work)
    if refusal is None:
        return telling(request, HEARD)
    return telling(request, HEARD, problem=language_of(request).refusal(refusal))


@post(HEARD + "/{review:uuid}/seen", dependencies=DESK, sync_to_thread=True)
def put_aside(request: WebRequest, desk: NamedDependency[Desk], review: FromPath[UUID]) -> Redirect:
    """Put a review aside without an answer: somebody looked at it."""
    scope = desk.visitor.scope_of(Permission.REVIEWS_READ)
    review_id = ReviewId(review)

    def work(conn: Conn, now: datetime) -> None:
        alert: Alert | None = reviews.alerts_of_reviews(conn, [review_id]).get(review_id)
        if alert is None or not scope.covers_site(alert.site_id):
            raise Refused(ReviewUnknown(review_id=review_id))
        reviews.end_alerts(conn, [review_id], ended_as=AlertEnd.SEEN, by=_actor(desk), now=now)

    run(request, work)
    return Redirect(HEARD, status_code=HTTP_303_SEE_OTHER)


def _actor(desk: Desk) -> str:
    return f"person:{desk.person_id}"


HEARD_PAGES = [show_heard, answer_heard, put_aside]
