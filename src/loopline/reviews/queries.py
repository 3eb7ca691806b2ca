"""Reads of reviews, for screens and processes. None locks anything."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import MemberId, OrderId, ProductId, ReviewId, SiteId
from loopline.reviews.model import About, PastVersion, Review, Tally

SQL = statements(__file__, name="queries")


class ReviewsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which reviews somebody lists; hidden ones only where they may be seen."""

    product_id: ProductId | None = None
    site_id: SiteId | None = None
    about: About | None = None
    with_hidden: bool = False
    before: ReviewId | None = None
    limit: int = 50


def reviews_page(conn: Conn, ask: ReviewsAsk) -> list[Review]:
    """Return a page of reviews, the newest first."""
    return fetch(
        conn,
        SQL["reviews_page"],
        Review,
        product_id=ask.product_id,
        site_id=ask.site_id,
        about=ask.about.value if ask.about else None,
        with_hidden=ask.with_hidden,
        before=ask.before,
        limit=ask.limit,
    )


def reviews_of_product(conn: Conn, product_id: ProductId, *, limit: int = 50) -> list[Review]:
    """Return the newest shown reviews of a product."""
    return reviews_page(conn, ReviewsAsk(product_id=product_id, about=About.PRODUCT, limit=limit))


def reviews_of_site(conn: Conn, site_id: SiteId, *, limit: int = 50) -> list[Review]:
    """Return the newest shown reviews that name a site: of its service, the experience, and of what it sold or sent."""
    return reviews_page(conn, ReviewsAsk(site_id=site_id, limit=limit))


def reviews_of_orders(conn: Conn, order_ids: Iterable[OrderId]) -> dict[OrderId, list[Review]]:
    """Return all reviews of orders, hidden ones too, in the order they were written; orders without are left out."""
    found: dict[OrderId, list[Review]] = {}
    for one in fetch(conn, SQL["reviews_of_orders"], Review, order_ids=uuids(order_ids)):
        found.setdefault(one.order_id, []).append(one)
    return found


def members_unanswered(conn: Conn, member_ids: Iterable[MemberId]) -> set[MemberId]:
    """Return those of some members who wrote a review that is shown, and that nobody replied to."""
    return set(fetch_values(conn, SQL["members_unanswered"], member_ids=uuids(member_ids)))


def reviews_by_id(conn: Conn, review_ids: Iterable[ReviewId]) -> dict[ReviewId, Review]:
    """Return reviews by id; unknown ids are left out."""
    return {one.id: one for one in fetch(conn, SQL["reviews_by_id"], Review, ids=uuids(review_ids))}


def versions_of_review(conn: Conn, review_id: ReviewId) -> list[PastVersion]:
    """Return what a review said, from its first version on."""
    return fetch(conn, SQL["versions_of_review"], PastVersion, review_id=review_id)


def tallies(conn: Conn, about: About, subject_ids: Iterable[UUID]) -> dict[UUID, Tally]:
    """Return the stars of products (about a product) or sites (about a store, an experience); those without are left
    out.
    """
    found = fetch(conn, SQL["tallies"], Tally, about=about.value, subject_ids=uuids(subject_ids))
    return {one.subject_id: one for one in found}
