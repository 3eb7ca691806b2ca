"""What is done with reviews, one or many at once: answered, hidden, shown again, and each of these undone."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect

from loopline import reviews
from loopline.db import Conn
from loopline.kernel.ids import ReviewId
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.processes import review as reviewing
from loopline.reviews import NewDecision, NewReply, Reviewed
from loopline.web.api.answers import run
from loopline.web.edge import Visitor, language_of
from loopline.web.hq.reviews.asked import REVIEWS, id_in
from loopline.web.notices import telling
from loopline.web.paths import safe_path

AT_ONCE_MAX = 100
_FormRequest = Request[Any, Any, State]


class _Form(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent: which reviews, what to say of or to them, where to go back to."""

    ids: Sequence[ReviewId]
    text: str
    back: str


async def _form(request: _FormRequest) -> _Form:
    form = await request.form()
    found = [id_in(str(one)) for one in form.getall("review", [])][:AT_ONCE_MAX]
    back = safe_path(str(form.get("back", REVIEWS)))
    return _Form(
        ids=list(dict.fromkeys(ReviewId(one) for one in found if one is not None)),
        text=str(form.get("text", "")),
        back=back if back.startswith(REVIEWS) else REVIEWS,
    )


async def _done(
    request: _FormRequest,
    form: _Form,
    done: str,
    work: Callable[[Conn, datetime], Sequence[Reviewed | Refusal]],
) -> Redirect:
    """Do the work in one transaction, and go back to where somebody was, with what was done and what was not.

    What stood so already was not done now, and is nothing to undo.
    """
    outcomes: Sequence[Reviewed | Refusal] = []
    if form.ids:
        outcomes = await asyncio.to_thread(run, request, work)
    went = [one for one in outcomes if isinstance(one, Reviewed)]
    changed = [one.review.id for one in went if not one.is_repeat]
    refusals = [one for one in outcomes if isinstance(one, Refusal)]
    path, _, query = form.back.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and pair.partition("=")[0] not in _SAID)
    said = {
        "done": done,
        "count": str(len(changed)),
        "ids": ",".join(str(one) for one in changed),
    }
    if not went:
        said = {}
    if refusals:
        said |= {"refused": str(len(refusals)), "problem": language_of(request).refusal(refusals[0])}
    return telling(request, f"{path}?{kept}" if kept else path, **said)


_SAID = {"done", "count", "ids", "refused", "problem", "seal"}


@post(f"{REVIEWS}/reply")
async def reply_to_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Answer reviews, all chosen with the same words."""
    scope = visitor.scope_of(Permission.REVIEWS_WRITE)
    form = await _form(request)
    replies = [NewReply(review_id=one, text=form.text) for one in form.ids]

    def work(conn: Conn, now: datetime) -> Sequence[Reviewed | Refusal]:
        return reviewing.reply(conn, replies, scope=scope, now=now, actor=_actor(visitor))

    return await _done(request, form, "answered", work)


@post(f"{REVIEWS}/unanswer")
async def take_replies_back(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Undo answers: each review has the one it had before, or none."""
    scope = visitor.scope_of(Permission.REVIEWS_WRITE)
    form = await _form(request)

    def work(conn: Conn, now: datetime) -> Sequence[Reviewed | Refusal]:
        before = reviews.replies_before(conn, form.ids)
        replies = [NewReply(review_id=one, text=before.get(one)) for one in form.ids]
        return reviewing.reply(conn, replies, scope=scope, now=now, actor=_actor(visitor))

    return await _done(request, form, "taken_back", work)


@post(f"{REVIEWS}/hide")
async def hide_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Hide reviews, with a reason."""
    return await _moderated(request, visitor, "hidden", is_hidden=True)


@post(f"{REVIEWS}/show")
async def show_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Show hidden reviews again."""
    return await _moderated(request, visitor, "shown", is_hidden=False)


async def _moderated(request: _FormRequest, visitor: Visitor, done: str, *, is_hidden: bool) -> Redirect:
    scope = visitor.scope_of(Permission.REVIEWS_WRITE)
    form = await _form(request)
    reason = form.text or language_of(request).say("Undone")
    decisions = [NewDecision(review_id=one, is_hidden=is_hidden, reason=reason) for one in form.ids]

    def work(conn: Conn, now: datetime) -> Sequence[Reviewed | Refusal]:
        return reviewing.moderate(conn, decisions, scope=scope, now=now, actor=_actor(visitor))

    return await _done(request, form, done, work)


def _actor(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


ACTING_PAGES = [reply_to_chosen, take_replies_back, hide_chosen, show_chosen]
