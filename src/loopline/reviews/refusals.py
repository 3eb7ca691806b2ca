"""What reviews says no to."""

from loopline.kernel.ids import ReviewId
from loopline.kernel.refusals import Refusal


class NoPurchaseOfYours(Refusal, frozen=True, kw_only=True):
    """You have no such purchase; only who bought may review."""


class NotHandedOverYet(Refusal, frozen=True, kw_only=True):
    """This was not handed over yet; review it when you have it."""


class LineNotOfPurchase(Refusal, frozen=True, kw_only=True):
    """The purchase has no such line of goods."""

    field: str = "line_id"


class NoStoreToReview(Refusal, frozen=True, kw_only=True):
    """No store served this purchase."""

    field: str = "about"


class StarsOutOfRange(Refusal, frozen=True, kw_only=True):
    """A review gives 1 to 5 stars."""

    field: str = "stars"


class ReviewTextNotUsable(Refusal, frozen=True, kw_only=True):
    """A text has 1 to {characters_max} characters that can be read."""

    characters_max: int
    field: str = "text"


class TooManyPictures(Refusal, frozen=True, kw_only=True):
    """A review has at most {pictures_max} pictures."""

    pictures_max: int
    field: str = "pictures"


class AlreadyReviewed(Refusal, frozen=True, kw_only=True):
    """This has its review already; change that one."""

    review_id: ReviewId


class ReviewUnknown(Refusal, frozen=True, kw_only=True):
    """There is no review {review_id} that you may touch."""

    review_id: ReviewId


class ReviewTooOldToChange(Refusal, frozen=True, kw_only=True):
    """A review may be changed for {days} days."""

    review_id: ReviewId
    days: int
