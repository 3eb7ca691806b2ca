"""Reviews as they are written by who bought (as a member, or by a receipt), answered by stores, hidden by HQ."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.ids import LineId, MemberId, OrderId, ReviewId
from loopline.kernel.refusals import Refusal
from loopline.org import NotAllowed, Permission
from loopline.processes import review as reviewing
from loopline.reviews import About, NewDecision, NewReply, Reviewed
from loopline.web.api.answers import PROBLEMS, AnyRequest
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.shapes import Batch, Outcomes, decided, merged, posted
from loopline.web.api.types import Code

_TAG = "reviews"
_OPEN: list[dict[str, list[str]]] = [{}, {"bearer": []}]

Stars = Annotated[int, Meta(ge=1, le=5, description="1 to 5.")]
Text = Annotated[str, Meta(min_length=1, max_length=2_000)]
ReceiptCode = Annotated[
    str, Meta(min_length=1, max_length=64, description="As printed on the receipt of a till.")
]


class ReviewStands(msgspec.Struct, frozen=True, kw_only=True):
    """A review that stands; `is_repeat`: it stood so already."""

    id: ReviewId
    about: About
    stars: int
    version: int
    is_repeat: bool


class ReviewAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A review by who bought: the member who is signed in, or whoever holds the receipt's code.

    The order may be left out where a receipt names it. One of a product names the line, or the SKU: then it is of the
    first line of that SKU.
    """

    about: About
    stars: Stars
    text: Text
    order_id: UUID | None = None
    receipt_code: ReceiptCode | None = None
    line_id: UUID | None = None
    sku_code: Code | None = None
    member_id: UUID | None = None


class ChangeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an author says instead."""

    review_id: UUID
    stars: Stars
    text: Text
    receipt_code: ReceiptCode | None = None
    member_id: UUID | None = None


def _giving() -> dict[int, ResponseSpec]:
    spec = ResponseSpec(data_container=Outcomes[ReviewStands], description="Done.", generate_examples=False)
    return {**PROBLEMS, 200: spec}


@post(
    "/reviews",
    tags=[_TAG],
    operation_id="write_reviews",
    status_code=200,
    sync_to_thread=True,
    security=_OPEN,
    responses=_giving(),
)
def write_reviews(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ReviewAsk]]
) -> Response[bytes]:
    """Review what was bought and handed over: each line once, each order's store and experience once.

    A shop's own program whose key may write members of the whole brand names the member it speaks for.
    """
    named = [_wanted(one, caller) for one in data.items]

    def decide(conn: Conn, now: datetime) -> Sequence[ReviewStands | Refusal]:
        def write(wanted: list[reviewing.WantedReview]) -> list[ReviewStands | Refusal]:
            return _stand(reviewing.write_reviews(conn, wanted, now=now, actor=caller.actor))

        return merged(named, write)

    return decided(request, caller, data, decide)


def _wanted(one: ReviewAsk, caller: Caller) -> reviewing.WantedReview | Refusal:
    holder = _holder(one.member_id, one.receipt_code, caller)
    if isinstance(holder, Refusal):
        return holder
    return reviewing.WantedReview(
        by=holder,
        about=one.about,
        stars=one.stars,
        text=one.text,
        order_id=OrderId(one.order_id) if one.order_id else None,
        line_id=LineId(one.line_id) if one.line_id else None,
        sku_code=one.sku_code,
    )


def _holder(member_id: UUID | None, receipt_code: str | None, caller: Caller) -> reviewing.Holder | Refusal:
    if member_id is None or member_id == caller.member_id:
        return reviewing.Holder(member_id=caller.member_id, receipt_code=receipt_code)
    scope = caller.branches.get(Permission.MEMBERS_WRITE)
    if caller.kind is not CallerKind.KEY or scope is None or not scope.everything:
        return NotAllowed(permission=Permission.MEMBERS_WRITE)
    return reviewing.Holder(member_id=MemberId(member_id), receipt_code=receipt_code)


def _stand(outcomes: Iterable[Reviewed | Refusal]) -> list[ReviewStands | Refusal]:
    return [
        one
        if isinstance(one, Refusal)
        else ReviewStands(
            id=one.review.id,
            about=one.review.about,
            stars=one.review.stars,
            version=one.review.version,
            is_repeat=one.is_repeat,
        )
        for one in outcomes
    ]


@post(
    "/reviews/change",
    tags=[_TAG],
    operation_id="change_reviews",
    status_code=200,
    sync_to_thread=True,
    security=_OPEN,
    responses=_giving(),
)
def change_reviews(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ChangeAsk]]
) -> Response[bytes]:
    """Change the own reviews, within thirty days; what they said before is kept."""
    named = [_change(one, caller) for one in data.items]

    def decide(conn: Conn, now: datetime) -> Sequence[ReviewStands | Refusal]:
        def change(wanted: list[reviewing.WantedChange]) -> list[ReviewStands | Refusal]:
            return _stand(reviewing.change_reviews(conn, wanted, now=now, actor=caller.actor))

        return merged(named, change)

    return decided(request, caller, data, decide)


def _change(one: ChangeAsk, caller: Caller) -> reviewing.WantedChange | Refusal:
    holder = _holder(one.member_id, one.receipt_code, caller)
    if isinstance(holder, Refusal):
        return holder
    return reviewing.WantedChange(
        by=holder, review_id=ReviewId(one.review_id), stars=one.stars, text=one.text
    )


# --------------------------------------------------------------------------------------------- answering and moderating


class ReplyAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the store answers; it takes the place of what it answered before."""

    review_id: UUID
    text: Text


class DecisionAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A review, and why it is hidden or shown again."""

    review_id: UUID
    reason: Text


class ReviewAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """A review with its answer."""

    id: ReviewId
    reply: str
    replied_at: datetime


@posted("/reviews/reply", tag=_TAG, name="reply_to_reviews", gives=Outcomes[ReviewAnswered])
def reply_to_reviews(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ReplyAsk]]
) -> Response[bytes]:
    """Answer reviews that name your sites."""
    scope = caller.scope(Permission.REVIEWS_WRITE)
    replies = [NewReply(review_id=ReviewId(one.review_id), text=one.text) for one in data.items]

    def decide(conn: Conn, now: datetime) -> list[ReviewAnswered | Refusal]:
        answered = reviewing.reply(conn, replies, scope=scope, now=now, actor=caller.actor)
        return [
            one
            if isinstance(one, Refusal)
            else ReviewAnswered(
                id=one.review.id, reply=one.review.reply or "", replied_at=one.review.replied_at or now
            )
            for one in answered
        ]

    return decided(request, caller, data, decide)


@posted("/reviews/hide", tag=_TAG, name="hide_reviews", gives=Outcomes[ReviewStands])
def hide_reviews(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[DecisionAsk]]
) -> Response[bytes]:
    """Hide reviews, with a reason: they count for no average. Only for the whole brand; no store hides its own."""
    return _moderated(request, caller, data, is_hidden=True)


@posted("/reviews/show", tag=_TAG, name="show_reviews", gives=Outcomes[ReviewStands])
def show_reviews(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[DecisionAsk]]
) -> Response[bytes]:
    """Show hidden reviews again, with a reason."""
    return _moderated(request, caller, data, is_hidden=False)


def _moderated(
    request: AnyRequest, caller: Caller, data: Batch[DecisionAsk], *, is_hidden: bool
) -> Response[bytes]:
    scope = caller.scope(Permission.REVIEWS_WRITE)
    decisions = [
        NewDecision(review_id=ReviewId(one.review_id), is_hidden=is_hidden, reason=one.reason)
        for one in data.items
    ]

    def decide(conn: Conn, now: datetime) -> list[ReviewStands | Refusal]:
        return _stand(reviewing.moderate(conn, decisions, scope=scope, now=now, actor=caller.actor))

    return decided(request, caller, data, decide)


REVIEWING_HANDLERS = [write_reviews, change_reviews, reply_to_reviews, hide_reviews, show_reviews]
