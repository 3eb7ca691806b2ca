"""Pure decisions of reviews: who may say what about which purchase, what may change, and how stars add up."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.kernel.ids import ReviewId
from loopline.kernel.refusals import Refusal
from loopline.reviews.model import (
    About,
    AskedReview,
    Author,
    NewReview,
    Purchase,
    PurchaseLine,
    Review,
    ReviewChange,
    ReviewLanguage,
    TallyMove,
)
from loopline.reviews.refusals import (
    LineNotOfPurchase,
    NoPurchaseOfYours,
    NoStoreToReview,
    NotHandedOverYet,
    ReviewTextNotUsable,
    ReviewTooOldToChange,
    ReviewUnknown,
    StarsOutOfRange,
    TooManyPictures,
)

TEXT_CHARACTERS_MAX = 2_000
PICTURES_MAX = 4
CHANGED_WITHIN_DAYS = 30
_UNREADABLE = {"Cc", "Cs", "Co", "Cn"}
_MOVES = "\n\t"
_CJK = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


def clean_text(text: str) -> str | ReviewTextNotUsable:
    """Return a text without space around it, or why it cannot be kept: empty, too long, not to be read."""
    stripped = text.replace("\r\n", "\n").strip()
    unreadable = any(
        unicodedata.category(letter) in _UNREADABLE for letter in stripped if letter not in _MOVES
    )
    if not 1 <= len(stripped) <= TEXT_CHARACTERS_MAX or unreadable:
        return ReviewTextNotUsable(characters_max=TEXT_CHARACTERS_MAX)
    return stripped


def language_of(text: str) -> ReviewLanguage:
    """Tell Chinese from English by letters: a Chinese character says about as much as a word of five letters."""
    chinese = sum(1 for letter in text if any(low <= ord(letter) <= high for low, high in _CJK))
    latin = sum(1 for letter in text if letter.isascii() and letter.isalpha())
    return ReviewLanguage.CHINESE if chinese * 5 > latin else ReviewLanguage.ENGLISH


def verified(asked: AskedReview, purchase: Purchase | None) -> NewReview | Refusal:
    """Return a review by whoever bought what it is about, or why it is none.

    A purchase that is somebody else's is no purchase: nobody is told that it exists. `purchase` is None where there is
    no such order.
    """
    if purchase is None or not _is_buyer(asked, purchase):
        return NoPurchaseOfYours()
    text = _usable(asked.stars, asked.text, pictures=len(asked.pictures))
    if isinstance(text, Refusal):
        return text
    line = _line_of(asked, purchase) if asked.about is About.PRODUCT else None
    if isinstance(line, Refusal):
        return line
    handed_over = line.handed_over if line else sum(one.handed_over for one in purchase.lines)
    if handed_over < 1:
        return NotHandedOverYet()
    if asked.about is About.STORE and purchase.site_id is None:
        return NoStoreToReview()
    return NewReview(
        author=asked.author,
        about=asked.about,
        order_id=purchase.order_id,
        line_id=line.line_id if line else None,
        product_id=line.product_id if line else None,
        sku_id=line.sku_id if line else None,
        site_id=purchase.site_id,
        site_unit_id=purchase.site_unit_id,
        stars=asked.stars,
        text=text,
        pictures=asked.pictures,
    )


def _usable(stars: int, text: str, *, pictures: int = 0) -> str | Refusal:
    if pictures > PICTURES_MAX:
        return TooManyPictures(pictures_max=PICTURES_MAX)
    return clean_text(text) if 1 <= stars <= 5 else StarsOutOfRange()


def _is_buyer(asked: AskedReview, purchase: Purchase) -> bool:
    """The member who bought, or whoever holds the receipt of this very order."""
    author = asked.author
    by_receipt = author.receipt_id is not None and asked.receipt_order_id == purchase.order_id
    by_member = author.member_id is not None and author.member_id == purchase.member_id
    return by_receipt or by_member


def _line_of(asked: AskedReview, purchase: Purchase) -> PurchaseLine | LineNotOfPurchase:
    for line in purchase.lines:
        if asked.line_id is not None and line.line_id == asked.line_id:
            return line
        if asked.line_id is None and asked.sku_code is not None and line.sku_code == asked.sku_code:
            return line
    return LineNotOfPurchase(field="sku_code" if asked.line_id is None and asked.sku_code else "line_id")


def is_author(author: Author, review: Review) -> bool:
    """Tell whether somebody wrote a review, as the member or with the receipt it was written with."""
    as_member = author.member_id is not None and author.member_id == review.member_id
    as_holder = author.receipt_id is not None and author.receipt_id == review.receipt_id
    return as_member or as_holder


def says_the_same(new: NewReview, review: Review) -> bool:
    """Tell whether a review that comes again is the one that stands."""
    return is_author(new.author, review) and (new.stars, new.text) == (review.stars, review.text)


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A change that goes through; `is_repeat` where the review says so already."""

    before: Review
    after: Review
    is_repeat: bool


def plan_changes(
    changes: Sequence[ReviewChange], *, reviews: Mapping[ReviewId, Review], now: datetime
) -> list[Planned | Refusal]:
    """Decide on changes one after the other: each sees what those before it made of the review."""
    standing = dict(reviews)
    planned: list[Planned | Refusal] = []
    for change in changes:
        review = standing.get(change.review_id)
        outcome = _change(change, review, now=now)
        if isinstance(outcome, Planned):
            standing[change.review_id] = outcome.after
        planned.append(outcome)
    return planned


def _change(change: ReviewChange, review: Review | None, *, now: datetime) -> Planned | Refusal:
    if review is None or not is_author(change.author, review):
        return ReviewUnknown(review_id=change.review_id)
    text = _usable(change.stars, change.text)
    if isinstance(text, Refusal):
        return text
    if (change.stars, text) == (review.stars, review.text):
        return Planned(before=review, after=review, is_repeat=True)
    if now >= review.written_at + timedelta(days=CHANGED_WITHIN_DAYS):
        return ReviewTooOldToChange(review_id=review.id, days=CHANGED_WITHIN_DAYS)
    after = msgspec.structs.replace(
        review,
        stars=change.stars,
        text=text,
        language=language_of(text),
        changed_at=max(now, review.changed_at),
        version=review.version + 1,
    )
    return Planned(before=review, after=after, is_repeat=False)


def moves_between(before: Review | None, after: Review | None) -> list[TallyMove]:
    """Return how the stars of a product or site move when a review comes, changes, goes or comes back."""
    return [
        TallyMove(about=one.tally_of[0], subject_id=one.tally_of[1], stars=one.stars, by=by)
        for one, by in ((before, -1), (after, 1))
        if one is not None and one.hidden_at is None and one.tally_of is not None
    ]


def summed(moves: Sequence[TallyMove]) -> dict[tuple[About, UUID], list[int]]:
    """Return per subject by how much each number of stars moves, in the order in which rows are locked."""
    sums: dict[tuple[About, UUID], list[int]] = {}
    for move in moves:
        sums.setdefault((move.about, move.subject_id), [0] * 5)[move.stars - 1] += move.by
    return {key: sums[key] for key in sorted(sums, key=lambda one: (one[0].value, one[1])) if any(sums[key])}
