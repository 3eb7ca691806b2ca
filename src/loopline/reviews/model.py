"""The records of reviews: what a buyer says, what a store answers, what is decided, and how it adds up."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import (
    LineId,
    MemberId,
    OrderId,
    OrgUnitId,
    ProductId,
    ReviewId,
    SiteId,
    SkuId,
    TouchpointId,
)
from loopline.kernel.pictures import Picture


class About(StrEnum):
    """What a review is about: goods, the service of a store, or the experience as a whole."""

    PRODUCT = "product"
    STORE = "store"
    EXPERIENCE = "experience"


class ReviewLanguage(StrEnum):
    """What a review is written in, as far as its letters tell."""

    CHINESE = "zh"
    ENGLISH = "en"


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks: the member who bought, or whoever holds the receipt; of these at least one."""

    member_id: MemberId | None = None
    receipt_id: TouchpointId | None = None


class PurchaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of goods, and how much of it was handed over."""

    line_id: LineId
    sku_id: SkuId
    sku_code: str
    product_id: ProductId
    handed_over: int


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """What an author may speak about: an order, whose it is, who sold or sent it, and its lines of goods."""

    order_id: OrderId
    member_id: MemberId | None
    site_id: SiteId | None
    site_unit_id: OrgUnitId | None
    lines: tuple[PurchaseLine, ...]


class AskedReview(msgspec.Struct, frozen=True, kw_only=True):
    """A review as its author sends it. One of a product names the line, or the SKU whose first line it is."""

    author: Author
    order_id: OrderId
    receipt_order_id: OrderId | None
    about: About
    stars: int
    text: str
    line_id: LineId | None = None
    sku_code: str | None = None
    pictures: tuple[Picture, ...] = ()


class NewReview(msgspec.Struct, frozen=True, kw_only=True):
    """A review by somebody who bought what it is about."""

    author: Author
    about: About
    order_id: OrderId
    line_id: LineId | None
    product_id: ProductId | None
    sku_id: SkuId | None
    site_id: SiteId | None
    site_unit_id: OrgUnitId | None
    stars: int
    text: str
    pictures: tuple[Picture, ...] = ()

    @property
    def key(self) -> tuple[str, UUID]:
        """What there is one review of: a line, or of an order its store and its experience."""
        return (self.about.value, self.line_id or self.order_id)


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A review as it stands."""

    id: ReviewId
    about: About
    order_id: OrderId
    line_id: LineId | None
    product_id: ProductId | None
    sku_id: SkuId | None
    site_id: SiteId | None
    site_unit_id: OrgUnitId | None
    member_id: MemberId | None
    receipt_id: TouchpointId | None
    stars: int
    text: str
    language: ReviewLanguage
    written_at: datetime
    changed_at: datetime
    version: int
    reply: str | None
    replied_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str | None
    returned_at: datetime | None

    @property
    def tally_of(self) -> tuple[About, UUID] | None:
        """Whose stars these are: the product's, or the site's; nobody's where an experience had no site."""
        subject = self.product_id if self.about is About.PRODUCT else self.site_id
        return (self.about, subject) if subject is not None else None


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """A review that was written or changed; `is_repeat` where it stood so already."""

    review: Review
    is_repeat: bool


class ReviewChange(msgspec.Struct, frozen=True, kw_only=True):
    """An author thinks otherwise."""

    review_id: ReviewId
    author: Author
    stars: int
    text: str


class NewReply(msgspec.Struct, frozen=True, kw_only=True):
    """A store answers, or (`text` None) takes back what it answered."""

    review_id: ReviewId
    text: str | None


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """HQ hides a review, or shows it again."""

    review_id: ReviewId
    is_hidden: bool
    reason: str


class PastVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a review said from a moment on."""

    version: int
    stars: int
    text: str
    at: datetime


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many shown reviews gave how many stars to a product or a site."""

    about: About
    subject_id: UUID
    ones: int = 0
    twos: int = 0
    threes: int = 0
    fours: int = 0
    fives: int = 0

    @property
    def reviews(self) -> int:
        """How many there are."""
        return self.ones + self.twos + self.threes + self.fours + self.fives

    @property
    def average_hundredths(self) -> int | None:
        """The average in hundredths of a star, rounded half up; None where there is none."""
        if not self.reviews:
            return None
        stars = self.ones + 2 * self.twos + 3 * self.threes + 4 * self.fours + 5 * self.fives
        return (200 * stars + self.reviews) // (2 * self.reviews)


class TallyMove(msgspec.Struct, frozen=True, kw_only=True):
    """A shown review that came or went: by one, up or down."""

    about: About
    subject_id: UUID
    stars: int
    by: int
