"""What reviews says happened. Ids and stars only, never a text; processes append these to the log, last."""

from loopline.kernel.events import EventBody
from loopline.kernel.ids import LineId, MemberId, OrderId, ProductId, ReviewId, SiteId
from loopline.reviews.model import About, ReviewLanguage


class ReviewWritten(EventBody, frozen=True, kw_only=True):
    """A buyer reviewed."""

    review_id: ReviewId
    about: About
    order_id: OrderId
    line_id: LineId | None
    product_id: ProductId | None
    site_id: SiteId | None
    member_id: MemberId | None
    stars: int
    language: ReviewLanguage


class ReviewChanged(EventBody, frozen=True, kw_only=True):
    """A buyer thought otherwise."""

    review_id: ReviewId
    version: int
    stars_before: int
    stars: int
    member_id: MemberId | None


class ReviewReplied(EventBody, frozen=True, kw_only=True):
    """A store answered, or took its answer back."""

    review_id: ReviewId
    site_id: SiteId | None
    is_taken_back: bool = False


class ReviewModerated(EventBody, frozen=True, kw_only=True):
    """HQ hid a review, or showed it again."""

    review_id: ReviewId
    is_hidden: bool
