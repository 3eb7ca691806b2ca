"""Review: who bought says how it was, online or from a till's receipt; the store answers, HQ decides what is shown."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, orders, org, reviews, touchpoints
from loopline.customers.model import Moment
from loopline.customers.moments import record_moments
from loopline.db import Check, Conn, log, statements
from loopline.db.followers import Follower
from loopline.fulfilment.model import Task, TaskState
from loopline.fulfilment.queries import tasks_of_orders
from loopline.kernel.events import Event, event, read
from loopline.kernel.ids import LineId, MemberId, OrderId, ReviewId, SiteId
from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.orders import Line, LineKind, Order
from loopline.returns.events import ReturnOpened
from loopline.reviews import (
    About,
    Alert,
    AlertEnd,
    AskedReview,
    Author,
    NewDecision,
    NewReply,
    NewReview,
    Purchase,
    PurchaseLine,
    Review,
    ReviewChange,
    ReviewChanged,
    Reviewed,
    ReviewModerated,
    ReviewReplied,
    ReviewUnknown,
    ReviewWritten,
)
from loopline.touchpoints import Touchpoint, TouchpointKind

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="reviews_are_of_buyers", invariant=9, statement=SQL["reviews_are_of_buyers"]),
)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who says so: a member who is signed in, or whoever holds a receipt's code, or both."""

    member_id: MemberId | None = None
    receipt_code: str | None = None


class WantedReview(msgspec.Struct, frozen=True, kw_only=True):
    """A review as it is sent. The order may be left out where a receipt names it.

    One of a product names the line, or the SKU: then it is of the first line of that SKU. Pictures were made anew.
    """

    by: Holder
    about: About
    stars: int
    text: str
    order_id: OrderId | None = None
    line_id: LineId | None = None
    sku_code: str | None = None
    pictures: tuple[Picture, ...] = ()


class WantedChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an author says instead."""

    by: Holder
    review_id: ReviewId
    stars: int
    text: str


class ReceiptUnknown(Refusal, frozen=True, kw_only=True):
    """There is no receipt with this code."""

    field: str = "receipt_code"


def write_reviews(
    conn: Conn, wanted: Sequence[WantedReview], *, now: datetime, actor: str = "buyer"
) -> list[Reviewed | Refusal]:
    """Write reviews, in the order given, of those who bought and have it; one bad review spoils no other."""
    receipts = _receipts(conn, [one.by for one in wanted])
    asked = [_asked(one, receipts) for one in wanted]
    known = _purchases(conn, {one.order_id for one in asked if isinstance(one, AskedReview)})
    checked = [
        reviews.verified(one, known.get(one.order_id)) if isinstance(one, AskedReview) else one
        for one in asked
    ]
    new = [one for one in checked if isinstance(one, NewReview)]
    written = iter(reviews.write_reviews(conn, new, now=now))
    outcomes = [next(written) if isinstance(one, NewReview) else one for one in checked]
    log.append(
        conn,
        [
            event(_written(one.review), subject=one.review.id, at=now, actor=actor)
            for one in outcomes
            if isinstance(one, Reviewed) and not one.is_repeat
        ],
    )
    return outcomes


def _receipts(conn: Conn, holders: Iterable[Holder]) -> dict[str, Touchpoint]:
    codes = {one.receipt_code for one in holders if one.receipt_code is not None}
    found = touchpoints.touchpoints_by_codes(conn, codes) if codes else {}
    return {
        code: one
        for code, one in found.items()
        if one.kind is TouchpointKind.RECEIPT and one.retired_at is None
    }


def _asked(one: WantedReview, receipts: Mapping[str, Touchpoint]) -> AskedReview | Refusal:
    receipt = receipts.get(one.by.receipt_code) if one.by.receipt_code is not None else None
    if one.by.receipt_code is not None and receipt is None:
        return ReceiptUnknown()
    order_id = one.order_id or (receipt.order_id if receipt else None)
    if order_id is None:
        return reviews.NoPurchaseOfYours()
    return AskedReview(
        author=_author(one.by, receipt),
        order_id=order_id,
        receipt_order_id=receipt.order_id if receipt else None,
        about=one.about,
        stars=one.stars,
        text=one.text,
        line_id=one.line_id,
        sku_code=one.sku_code,
        pictures=one.pictures,
    )


def _author(by: Holder, receipt: Touchpoint | None) -> Author:
    return Author(member_id=by.member_id, receipt_id=receipt.id if receipt else None)


def _purchases(conn: Conn, order_ids: Iterable[OrderId]) -> dict[OrderId, Purchase]:
    heads = orders.orders_by_ids(conn, list(order_ids))
    if not heads:
        return {}
    ids = [head.id for head in heads]
    lines = [line for line in orders.lines_by_orders(conn, ids) if line.kind is LineKind.GOODS]
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines if line.sku_id is not None})
    senders = _senders(tasks_of_orders(conn, [head.id for head in heads if head.site_id is None]))
    site_of = {head.id: head.site_id or senders.get(head.id) for head in heads}
    sites = org.sites_by_id(conn, {site_id for site_id in site_of.values() if site_id is not None})
    by_order: dict[OrderId, list[Line]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)

    def purchase(head: Order) -> Purchase:
        site_id = site_of[head.id]
        site = sites.get(site_id) if site_id is not None else None
        return Purchase(
            order_id=head.id,
            member_id=head.member_id,
            site_id=site_id,
            site_unit_id=site.unit_id if site else None,
            lines=tuple(
                PurchaseLine(
                    line_id=line.line_id,
                    sku_id=line.sku_id,
                    sku_code=line.code,
                    product_id=skus[line.sku_id].product_id,
                    handed_over=line.handed_over,
                )
                for line in by_order.get(head.id, ())
                if line.sku_id is not None
            ),
        )

    return {head.id: purchase(head) for head in heads}


def _senders(tasks: Sequence[Task]) -> dict[OrderId, SiteId]:
    """The site that handed over the first parcel of each order."""
    found: dict[OrderId, SiteId] = {}
    for task in tasks:
        if task.state is TaskState.HANDED_OVER:
            found.setdefault(task.order_id, task.site_id)
    return found


def _written(review: Review) -> ReviewWritten:
    return ReviewWritten(
        review_id=review.id,
        about=review.about,
        order_id=review.order_id,
        line_id=review.line_id,
        product_id=review.product_id,
        site_id=review.site_id,
        member_id=review.member_id,
        stars=review.stars,
        language=review.language,
    )


def change_reviews(
    conn: Conn, wanted: Sequence[WantedChange], *, now: datetime, actor: str = "buyer"
) -> list[Reviewed | Refusal]:
    """Let authors say otherwise, within the days they may; the same again changes nothing."""
    receipts = _receipts(conn, [one.by for one in wanted])
    changes = [
        ReviewChange(
            review_id=one.review_id,
            author=_author(one.by, receipts.get(one.by.receipt_code) if one.by.receipt_code else None),
            stars=one.stars,
            text=one.text,
        )
        for one in wanted
    ]
    changed = reviews.change_reviews(conn, changes, now=now)
    told = [
        event(_changed(before, after.review), subject=after.review.id, at=now, actor=actor)
        for before, after in (one for one in changed if not isinstance(one, Refusal))
        if not after.is_repeat
    ]
    log.append(conn, told)
    return [one if isinstance(one, Refusal) else one[1] for one in changed]


def _changed(before: Review, after: Review) -> ReviewChanged:
    return ReviewChanged(
        review_id=after.id,
        version=after.version,
        stars_before=before.stars,
        stars=after.stars,
        member_id=after.member_id,
    )


def reply(
    conn: Conn, replies: Sequence[NewReply], *, scope: Scope, now: datetime, actor: str
) -> list[Reviewed | Refusal]:
    """Answer reviews that name a site of one's branch, or that one was told of; one of no site is the whole brand's.

    Whoever was told of them need look no more.
    """
    wanted = {one.review_id for one in replies}
    known = reviews.reviews_by_id(conn, wanted)
    told_of = reviews.alerts_of_reviews(conn, wanted)
    checked = [
        _refusal_of_reply(one, known.get(one.review_id), told_of.get(one.review_id), scope=scope) or one
        for one in replies
    ]
    going = [one for one in checked if isinstance(one, NewReply)]
    answered = iter(reviews.reply_to_reviews(conn, going, actor=actor, now=now))
    outcomes = [next(answered) if isinstance(one, NewReply) else one for one in checked]
    changed = [one.review for one in outcomes if isinstance(one, Reviewed) and not one.is_repeat]
    reviews.end_alerts(
        conn,
        [one.id for one in changed if one.reply is not None],
        ended_as=AlertEnd.ANSWERED,
        by=actor,
        now=now,
    )
    told = [
        event(
            ReviewReplied(review_id=one.id, site_id=one.site_id, is_taken_back=one.reply is None),
            subject=one.id,
            at=now,
            actor=actor,
        )
        for one in changed
    ]
    log.append(conn, told)
    return outcomes


def _refusal_of_reply(
    one: NewReply, review: Review | None, alert: Alert | None, *, scope: Scope
) -> Refusal | None:
    if review is None:
        return ReviewUnknown(review_id=one.review_id)
    is_ours = scope.covers_site(review.site_id) or (alert is not None and scope.covers_site(alert.site_id))
    return None if is_ours else NotInYourBranch(subject=str(one.review_id))


def moderate(
    conn: Conn, decisions: Sequence[NewDecision], *, scope: Scope, now: datetime, actor: str
) -> list[Reviewed | Refusal]:
    """Hide reviews or show them again. Only HQ: a store must not hide what is said of it."""
    if not scope.everything:
        return [NotInYourBranch(subject=str(one.review_id)) for one in decisions]
    outcomes = reviews.decide_on_reviews(conn, decisions, actor=actor, now=now)
    hidden = [
        one.review.id
        for one in outcomes
        if isinstance(one, Reviewed) and one.review.hidden_at is not None and not one.is_repeat
    ]
    reviews.end_alerts(conn, hidden, ended_as=AlertEnd.HIDDEN, by=actor, now=now)
    told = [
        event(
            ReviewModerated(review_id=one.review.id, is_hidden=one.review.hidden_at is not None),
            subject=one.review.id,
            at=now,
            actor=actor,
        )
        for one in outcomes
        if isinstance(one, Reviewed) and not one.is_repeat
    ]
    log.append(conn, told)
    return outcomes


# ---- what follows the log

_WRITTEN = ReviewWritten.type_name()
_RETURNED = ReturnOpened.type_name()


def remember_reviews(conn: Conn, events: Sequence[Event]) -> None:
    """Write what members said into their timelines."""
    record_moments(
        conn,
        [
            Moment(member_id=said.member_id, at=told.at, kind=told.type, subject=told.subject)
            for told in events
            if (said := read(told, ReviewWritten)).member_id is not None
        ],
    )


def mark_what_came_back(conn: Conn, events: Sequence[Event]) -> None:
    """Mark the reviews of lines of which everything came back."""
    returned = [match for told in events for line in read(told, ReturnOpened).lines for match in line.matches]
    wanted = {match.line_id for match in returned}
    lines = orders.lines_by_orders(conn, list({match.order_id for match in returned}))
    whole = [
        line.line_id
        for line in lines
        if line.line_id in wanted and line.handed_over and line.returned == line.handed_over
    ]
    reviews.mark_returned(conn, whole, now=max(told.at for told in events))


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="review_timelines", types=frozenset({_WRITTEN}), apply=remember_reviews),
    Follower(name="returned_reviews", types=frozenset({_RETURNED}), apply=mark_what_came_back),
)
