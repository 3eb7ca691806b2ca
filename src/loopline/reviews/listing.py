"""Reviews as HQ and stores list them: with what they came to, bad ones first where they wait. Locks nothing."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from loopline.db import Conn, fetch, fetch_one, statements, uuids
from loopline.kernel.ids import OrderId, PersonId, ProductId, ReviewId, ReviewPictureId, SiteId
from loopline.kernel.scope import Scope
from loopline.reviews.model import About, Review
from loopline.reviews.reading import Mood, words_asked

SQL = statements(__file__)
COUNTED_MOST = 1_000


class ReviewList(StrEnum):
    """Which reviews: waiting for an answer (bad ones first), bad ones, all that are shown, answered, hidden ones."""

    WAITING = "waiting"
    BAD = "bad"
    ALL = "all"
    ANSWERED = "answered"
    HIDDEN = "hidden"


class FoundReview(Review, frozen=True, kw_only=True):
    """A review with what it came to. `said`: the themes it touches, each with its mood, as `theme:mood`."""

    mood: Mood
    good_permille: int | None
    is_bad: bool
    sender_id: SiteId | None
    packer_id: PersonId | None
    said: tuple[str, ...]
    pictures: tuple[ReviewPictureId, ...]

    @property
    def themes(self) -> list[tuple[str, Mood]]:
        """The themes it touches, each with its mood."""
        return [(code, Mood(mood)) for code, _, mood in (one.partition(":") for one in self.said)]


class ReviewPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page of a list ended: behind this review, among the bad ones or the others."""

    review_id: ReviewId
    is_bad: bool


class ReviewSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which reviews somebody looks for; moments from `since` on and before `until`."""

    which: ReviewList = ReviewList.WAITING
    text: str = ""
    order_id: OrderId | None = None
    product_id: ProductId | None = None
    site_id: SiteId | None = None
    packer_id: PersonId | None = None
    about: About | None = None
    stars: int | None = None
    mood: Mood | None = None
    theme: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class WaitingCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many reviews wait for an answer, and how many of them are bad; COUNTED_MOST means that many or more."""

    waiting: int
    waiting_bad: int


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """Something said, answered or decided: a version (stars, text), a reply (text None: taken back), a decision."""

    kind: str
    at: datetime
    actor: str | None
    stars: int | None
    text: str | None
    is_hidden: bool | None


def find_reviews(
    conn: Conn, search: ReviewSearch, *, scope: Scope, after: ReviewPlace | None = None, limit: int = 50
) -> list[FoundReview]:
    """Return a page of reviews of somebody's sites, the newest first; of those that wait bad ones before all others."""
    common = _asked(search, scope)
    if search.which is not ReviewList.WAITING:
        bad = True if search.which is ReviewList.BAD else None
        before = after.review_id if after else None
        return fetch(conn, SQL["find_reviews"], FoundReview, **common, bad=bad, before=before, limit=limit)
    found: list[FoundReview] = []
    for is_bad in (True, False):  # twice at most
        if len(found) == limit or (after is not None and is_bad and not after.is_bad):
            continue
        before = after.review_id if after is not None and after.is_bad is is_bad else None
        found += fetch(
            conn,
            SQL["find_reviews"],
            FoundReview,
            **common,
            bad=is_bad,
            before=before,
            limit=limit - len(found),
        )
    return found


def _asked(search: ReviewSearch, scope: Scope) -> dict[str, Any]:
    words = words_asked(search.text)
    return {
        "site_ids": site_ids_of(scope),
        "site_id": search.site_id,
        "product_id": search.product_id,
        "packer_id": search.packer_id,
        "about": search.about.value if search.about else None,
        "stars": search.stars,
        "mood": search.mood.value if search.mood else None,
        "theme": search.theme,
        "since": search.since,
        "until": search.until,
        "words": list(words) if words and search.order_id is None else None,
        "order_id": search.order_id,
        "waiting": search.which is ReviewList.WAITING,
        "answered": search.which is ReviewList.ANSWERED,
        "hidden": search.which is ReviewList.HIDDEN,
    }


def site_ids_of(scope: Scope) -> Any:
    """Return the sites of a scope for a statement; None: the whole brand."""
    return None if scope.everything else uuids(scope.sites)


def found_reviews(
    conn: Conn, review_ids: Collection[ReviewId], *, scope: Scope
) -> dict[ReviewId, FoundReview]:
    """Return reviews of somebody's sites by id; others are left out."""
    found = fetch(conn, SQL["found_by_id"], FoundReview, ids=uuids(review_ids), site_ids=site_ids_of(scope))
    return {one.id: one for one in found}


def waiting_counts(conn: Conn, *, scope: Scope) -> WaitingCounts:
    """Return how many reviews of somebody's sites wait for an answer."""
    found = fetch_one(conn, SQL["counts"], WaitingCounts, site_ids=site_ids_of(scope))
    assert found is not None
    return found


def history_of_review(conn: Conn, review_id: ReviewId) -> list[Happened]:
    """Return everything that was said, answered and decided of a review, in order."""
    return fetch(conn, SQL["history"], Happened, review_id=review_id)


def replies_before(conn: Conn, review_ids: Collection[ReviewId]) -> dict[ReviewId, str]:
    """Return what reviews had as answers before the ones they have now; those that had none are left out."""
    found = fetch(conn, SQL["replies_before"], _Reply, review_ids=uuids(review_ids))
    return {one.review_id: one.text for one in found}


class _Reply(msgspec.Struct, frozen=True, kw_only=True):
    review_id: ReviewId
    text: str
