"""Reviews: what verified buyers say of products, of a store's service, of the experience, from whatever channel.

Purpose: `write_reviews` and `change_reviews` keep what buyers say, `reply_to_reviews` what stores answer,
`decide_on_reviews` what HQ hides or shows again; `reviews_page` and `tallies` are what pages and averages are made of.
Who bought what is decided by the pure rule `verified` on what the caller knows of the purchase.

Invariants:
- one review per line of goods, and per order one of its store and one of its experience, whoever writes at once; the
  same again is the one that stands;
- what a review said before, what was answered and what was decided is kept and never changed;
- the stars of a product or site are those of its shown reviews, moved by deltas in the same transaction; a hidden
  review counts for none, one of goods that came back is marked and counts;
- no event carries a text.

Lock order: reviews by what they are about as they are written, or by id as they change; then tallies by
(about, subject). Queries lock nothing.
"""

from loopline.reviews.checks import CHECKS
from loopline.reviews.events import ReviewChanged, ReviewModerated, ReviewReplied, ReviewWritten
from loopline.reviews.model import (
    About,
    AskedReview,
    Author,
    NewDecision,
    NewReply,
    NewReview,
    PastVersion,
    Purchase,
    PurchaseLine,
    Review,
    ReviewChange,
    Reviewed,
    ReviewLanguage,
    Tally,
)
from loopline.reviews.queries import (
    ReviewsAsk,
    reviews_by_id,
    reviews_of_orders,
    reviews_of_product,
    reviews_of_site,
    reviews_page,
    tallies,
    versions_of_review,
)
from loopline.reviews.refusals import (
    AlreadyReviewed,
    LineNotOfPurchase,
    NoPurchaseOfYours,
    NoStoreToReview,
    NotHandedOverYet,
    ReviewTextNotUsable,
    ReviewTooOldToChange,
    ReviewUnknown,
    StarsOutOfRange,
)
from loopline.reviews.rules import is_author, language_of, verified
from loopline.reviews.service import (
    change_reviews,
    decide_on_reviews,
    mark_returned,
    reply_to_reviews,
    write_reviews,
)

__all__ = [
    "CHECKS",
    "About",
    "AlreadyReviewed",
    "AskedReview",
    "Author",
    "LineNotOfPurchase",
    "NewDecision",
    "NewReply",
    "NewReview",
    "NoPurchaseOfYours",
    "NoStoreToReview",
    "NotHandedOverYet",
    "PastVersion",
    "Purchase",
    "PurchaseLine",
    "Review",
    "ReviewChange",
    "ReviewChanged",
    "ReviewLanguage",
    "ReviewModerated",
    "ReviewReplied",
    "ReviewTextNotUsable",
    "ReviewTooOldToChange",
    "ReviewUnknown",
    "ReviewWritten",
    "Reviewed",
    "ReviewsAsk",
    "StarsOutOfRange",
    "Tally",
    "change_reviews",
    "decide_on_reviews",
    "is_author",
    "language_of",
    "mark_returned",
    "reply_to_reviews",
    "reviews_by_id",
    "reviews_of_orders",
    "reviews_of_product",
    "reviews_of_site",
    "reviews_page",
    "tallies",
    "verified",
    "versions_of_review",
    "write_reviews",
]
