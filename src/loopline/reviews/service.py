"""Commands of reviews: written, changed, answered, decided on. None commits, none knows who bought: the caller does."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import LineId, ReviewId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.reviews import store
from loopline.reviews.model import (
    About,
    NewDecision,
    NewReply,
    NewReview,
    Review,
    ReviewChange,
    Reviewed,
    TallyMove,
)
from loopline.reviews.pictures import NewPictures, add_pictures
from loopline.reviews.refusals import AlreadyReviewed, ReviewUnknown
from loopline.reviews.rules import (
    Planned,
    clean_text,
    language_of,
    moves_between,
    plan_changes,
    says_the_same,
    summed,
)


def write_reviews(conn: Conn, new: Sequence[NewReview], *, now: datetime) -> list[Reviewed | Refusal]:
    """Write reviews of verified buyers: one of each line, and of each order one of its store and its experience.

    The same again is the one that stands; anything else about what has its review is refused. Of rivals one writes,
    the others wait and find it. Its pictures are kept with it; sent again, those it has not. Locks the rows it makes,
    then reviews by id that get more pictures, then tallies by (about, subject).
    """
    first: dict[tuple[str, UUID], int] = {}
    for position, one in enumerate(new):
        first.setdefault(one.key, position)
    ids = [ReviewId(made) for made in uuid7s(now, len(new))]
    rows = [_row(new[position], ids[position]) for position in first.values()]
    made = store.insert_reviews(conn, rows, now=now) if rows else set[ReviewId]()
    standing = _by_key(conn, new) if new else {}
    written = [review for review in standing.values() if review.id in made]
    if written:
        store.insert_versions(conn, written)
    refused = _keep_pictures(conn, new, standing, made=made, now=now)
    if written:
        _move(conn, [move for review in written for move in moves_between(None, review)])
    outcomes: list[Reviewed | Refusal] = []
    for position, one in enumerate(new):
        review = standing[one.key]
        if position in refused:
            outcomes.append(refused[position])
        elif review.id == ids[position]:
            outcomes.append(Reviewed(review=review, is_repeat=False))
        elif says_the_same(one, review):
            outcomes.append(Reviewed(review=review, is_repeat=True))
        else:
            outcomes.append(AlreadyReviewed(review_id=review.id))
    return outcomes


def _keep_pictures(
    conn: Conn,
    new: Sequence[NewReview],
    standing: Mapping[tuple[str, UUID], Review],
    *,
    made: Collection[ReviewId],
    now: datetime,
) -> dict[int, Refusal]:
    """Keep pictures with the reviews that say the same as theirs; returns per position why not."""
    adding = {
        position: NewPictures(review_id=standing[one.key].id, pictures=one.pictures)
        for position, one in enumerate(new)
        if one.pictures and says_the_same(one, standing[one.key])
    }
    old = {one.review_id for one in adding.values()}.difference(made)
    if old:
        store.lock_reviews(conn, old)
    outcomes = add_pictures(conn, list(adding.values()), now=now) if adding else []
    return {position: why for position, why in zip(adding, outcomes, strict=True) if why is not None}


def _row(one: NewReview, review_id: ReviewId) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in one.__struct_fields__ if name not in {"author", "pictures"}}
    return row | {
        "id": review_id,
        "member_id": one.author.member_id,
        "receipt_id": one.author.receipt_id,
        "language": language_of(one.text),
    }


def _by_key(conn: Conn, new: Sequence[NewReview]) -> dict[tuple[str, UUID], Review]:
    found = store.reviews_by_keys(
        conn,
        line_ids={one.line_id for one in new if one.line_id is not None},
        order_ids={one.order_id for one in new if one.about is not About.PRODUCT},
    )
    return {(one.about.value, one.line_id or one.order_id): one for one in found}


def change_reviews(
    conn: Conn, changes: Sequence[ReviewChange], *, now: datetime
) -> list[tuple[Review, Reviewed] | Refusal]:
    """Let authors say otherwise for a while; what they said before is kept. Returns (before, after).

    Locks the reviews by id, then tallies by (about, subject).
    """
    reviews = store.lock_reviews(conn, {change.review_id for change in changes})
    planned = plan_changes(changes, reviews=reviews, now=now)
    real = [one for one in planned if isinstance(one, Planned) and not one.is_repeat]
    if real:
        # Of several changes of one review the last one stands; each is kept.
        store.update_reviews(conn, list({one.after.id: one.after for one in real}.values()))
        store.insert_versions(conn, [one.after for one in real])
        _move(conn, [move for one in real for move in moves_between(one.before, one.after)])
    return [
        (one.before, Reviewed(review=one.after, is_repeat=one.is_repeat)) if isinstance(one, Planned) else one
        for one in planned
    ]


def reply_to_reviews(
    conn: Conn, replies: Sequence[NewReply], *, actor: str, now: datetime
) -> list[Reviewed | Refusal]:
    """Answer reviews, or take answers back; one takes the place of the one before, which is kept.

    Locks the reviews by id.
    """
    reviews = store.lock_reviews(conn, {one.review_id for one in replies})
    kept: list[NewReply] = []
    outcomes: list[Reviewed | Refusal] = []
    for one in replies:
        review = reviews.get(one.review_id)
        text = None if one.text is None else clean_text(one.text)
        if review is None:
            outcomes.append(ReviewUnknown(review_id=one.review_id))
        elif isinstance(text, Refusal):
            outcomes.append(text)
        elif review.reply == text:
            outcomes.append(Reviewed(review=review, is_repeat=True))
        else:
            kept.append(NewReply(review_id=review.id, text=text))
            reviews[review.id] = msgspec.structs.replace(
                review, reply=text, replied_at=None if text is None else now
            )
            outcomes.append(Reviewed(review=reviews[review.id], is_repeat=False))
    if kept:
        store.insert_replies(conn, kept, ids=uuid7s(now, len(kept)), actor=actor, now=now)
        store.update_reviews(conn, [reviews[review_id] for review_id in {one.review_id for one in kept}])
    return outcomes


def decide_on_reviews(
    conn: Conn, decisions: Sequence[NewDecision], *, actor: str, now: datetime
) -> list[Reviewed | Refusal]:
    """Hide reviews or show them again, each time with a reason; one that is so already stays.

    A hidden review counts for no average. Locks the reviews by id, then tallies by (about, subject).
    """
    reviews = store.lock_reviews(conn, {one.review_id for one in decisions})
    moves: list[TallyMove] = []
    kept: list[NewDecision] = []
    outcomes: list[Reviewed | Refusal] = []
    for one in decisions:
        review = reviews.get(one.review_id)
        reason = clean_text(one.reason)
        if review is None:
            outcomes.append(ReviewUnknown(review_id=one.review_id))
        elif isinstance(reason, Refusal):
            outcomes.append(msgspec.structs.replace(reason, field="reason"))
        elif one.is_hidden == (review.hidden_at is not None):
            outcomes.append(Reviewed(review=review, is_repeat=True))
        else:
            after = msgspec.structs.replace(
                review,
                hidden_at=now if one.is_hidden else None,
                hidden_reason=reason if one.is_hidden else None,
            )
            moves += moves_between(review, after)
            reviews[review.id] = after
            kept.append(NewDecision(review_id=review.id, is_hidden=one.is_hidden, reason=reason))
            outcomes.append(Reviewed(review=after, is_repeat=False))
    if kept:
        store.insert_decisions(conn, kept, ids=uuid7s(now, len(kept)), actor=actor, now=now)
        store.update_reviews(conn, [reviews[review_id] for review_id in {one.review_id for one in kept}])
        _move(conn, moves)
    return outcomes


def mark_returned(conn: Conn, line_ids: Collection[LineId], *, now: datetime) -> int:
    """Mark the reviews of lines of which everything came back; they stay, and count. Locks them."""
    return store.mark_returned(conn, line_ids, now=now) if line_ids else 0


def _move(conn: Conn, moves: Iterable[TallyMove]) -> None:
    sums = summed(list(moves))
    if sums:
        store.move_tallies(conn, sums)
