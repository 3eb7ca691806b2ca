"""Pictures of reviews: kept with them, shown and hidden with them, forgotten with their buyers.

What comes here was made anew from what was sent. The same picture sent again is kept once.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, statements, uuids
from loopline.kernel.ids import MemberId, OrderId, ReviewId, ReviewPictureId, uuid7s
from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal
from loopline.reviews.refusals import TooManyPictures
from loopline.reviews.rules import PICTURES_MAX

SQL = statements(__file__)


class NewPictures(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures for a review."""

    review_id: ReviewId
    pictures: tuple[Picture, ...]


class PictureContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture shows, of which review; `is_hidden`: the review is, and with it the picture."""

    review_id: ReviewId
    is_hidden: bool
    media_type: str
    content: bytes


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    review_id: ReviewId
    sent_hash: bytes


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    review_id: ReviewId
    id: ReviewPictureId


def add_pictures(conn: Conn, new: Sequence[NewPictures], *, now: datetime) -> list[Refusal | None]:
    """Keep pictures of reviews, and return per item why not, if not. The caller wrote or holds the reviews."""
    kept: dict[ReviewId, list[bytes]] = {}
    for one in fetch(conn, SQL["kept_pictures"], _Kept, review_ids=uuids(one.review_id for one in new)):
        kept.setdefault(one.review_id, []).append(one.sent_hash)
    rows: list[tuple[ReviewId, int, Picture]] = []
    outcomes: list[Refusal | None] = []
    for one in new:
        hashes = kept.setdefault(one.review_id, [])
        fresh = {picture.sent_hash: picture for picture in one.pictures if picture.sent_hash not in hashes}
        if len(hashes) + len(fresh) > PICTURES_MAX:
            outcomes.append(TooManyPictures(pictures_max=PICTURES_MAX))
            continue
        for sent_hash, picture in fresh.items():
            hashes.append(sent_hash)
            rows.append((one.review_id, len(hashes), picture))
        outcomes.append(None)
    if rows:
        _insert(conn, rows, now=now)
    return outcomes


def _insert(conn: Conn, rows: Sequence[tuple[ReviewId, int, Picture]], *, now: datetime) -> None:
    pictures = [picture for _, _, picture in rows]
    execute(
        conn,
        SQL["insert_pictures"],
        ids=list(uuid7s(now, len(rows))),
        review_ids=[review_id for review_id, _, _ in rows],
        positions=[position for _, position, _ in rows],
        media_types=[one.media_type for one in pictures],
        widths=[one.width for one in pictures],
        heights=[one.height for one in pictures],
        sent_hashes=[one.sent_hash for one in pictures],
        contents=[one.content for one in pictures],
        smalls=[one.small or one.content for one in pictures],
        now=now,
    )


def pictures_of_reviews(
    conn: Conn, review_ids: Collection[ReviewId]
) -> dict[ReviewId, list[ReviewPictureId]]:
    """Return the pictures of reviews that still show something, in the order they were sent; others are left out."""
    found: dict[ReviewId, list[ReviewPictureId]] = {}
    if review_ids:
        for one in fetch(conn, SQL["pictures_of_reviews"], _Shown, review_ids=uuids(review_ids)):
            found.setdefault(one.review_id, []).append(one.id)
    return found


def picture_content(
    conn: Conn, picture_id: ReviewPictureId, *, is_small: bool = False
) -> PictureContent | None:
    """Return what a picture shows; whether that may be seen is for the caller to decide. None: there is none."""
    return fetch_one(conn, SQL["picture_content"], PictureContent, id=picture_id, is_small=is_small)


def forget_pictures(
    conn: Conn, *, member_ids: Iterable[MemberId], order_ids: Iterable[OrderId], now: datetime
) -> int:
    """Let go of what pictures show that members sent, or that are of their orders; return how many. Locks them."""
    return execute(
        conn,
        SQL["forget_pictures"],
        member_ids=uuids(member_ids),
        order_ids=uuids(order_ids),
        now=now,
    )
