"""What a review may say, in which language, and how stars add up."""

from uuid import UUID

import pytest

from loopline.kernel.ids import LineId, MemberId, OrderId, ProductId, SiteId, SkuId, TouchpointId
from loopline.kernel.refusals import Refusal
from loopline.reviews.model import (
    About,
    AskedReview,
    Author,
    NewReview,
    Purchase,
    PurchaseLine,
    ReviewLanguage,
    Tally,
)
from loopline.reviews.refusals import ReviewTextNotUsable
from loopline.reviews.rules import clean_text, language_of, verified

MEMBER, OTHER = MemberId(UUID(int=1)), MemberId(UUID(int=2))
RECEIPT = TouchpointId(UUID(int=3))
ORDER, OTHER_ORDER = OrderId(UUID(int=4)), OrderId(UUID(int=5))
COAT, HAT = LineId(UUID(int=6)), LineId(UUID(int=7))


def line(line_id: LineId, code: str, handed_over: int) -> PurchaseLine:
    return PurchaseLine(
        line_id=line_id,
        sku_id=SkuId(line_id),
        sku_code=code,
        product_id=ProductId(line_id),
        handed_over=handed_over,
    )


def purchase(member_id: MemberId | None = MEMBER, site: int | None = 8, coats: int = 1) -> Purchase:
    return Purchase(
        order_id=ORDER,
        member_id=member_id,
        site_id=SiteId(UUID(int=site)) if site else None,
        site_unit_id=None,
        lines=(line(COAT, "COAT", coats), line(HAT, "HAT", 0)),
    )


def asked(
    author: Author | None = None,
    about: About = About.PRODUCT,
    receipt_of: OrderId | None = None,
    line_id: LineId | None = COAT,
    sku_code: str | None = None,
    stars: int = 5,
    text: str = "Warm",
) -> AskedReview:
    return AskedReview(
        author=author or Author(member_id=MEMBER),
        order_id=ORDER,
        receipt_order_id=receipt_of,
        about=about,
        stars=stars,
        text=text,
        line_id=line_id,
        sku_code=sku_code,
    )


HOLDER = Author(receipt_id=RECEIPT)


@pytest.mark.parametrize(
    ("wanted", "bought", "code"),
    [
        (asked(), purchase(), None),
        (asked(HOLDER, receipt_of=ORDER), purchase(None), None),
        (asked(line_id=None, sku_code="COAT"), purchase(), None),
        (asked(about=About.STORE, line_id=None), purchase(), None),
        (asked(about=About.EXPERIENCE, line_id=None), purchase(site=None), None),
        (asked(), None, "no_purchase_of_yours"),
        (asked(), purchase(OTHER), "no_purchase_of_yours"),
        (asked(), purchase(None), "no_purchase_of_yours"),
        (asked(Author()), purchase(None), "no_purchase_of_yours"),
        (asked(HOLDER, receipt_of=OTHER_ORDER), purchase(None), "no_purchase_of_yours"),
        (asked(HOLDER), purchase(None), "no_purchase_of_yours"),
        (asked(line_id=HAT), purchase(), "not_handed_over_yet"),
        (asked(about=About.STORE), purchase(coats=0), "not_handed_over_yet"),
        (asked(about=About.STORE), purchase(site=None), "no_store_to_review"),
        (asked(line_id=LineId(UUID(int=99))), purchase(), "line_not_of_purchase"),
        (asked(line_id=None), purchase(), "line_not_of_purchase"),
        (asked(stars=0), purchase(), "stars_out_of_range"),
        (asked(stars=6), purchase(), "stars_out_of_range"),
        (asked(text=" \n "), purchase(), "review_text_not_usable"),
    ],
)
def test_who_may_say_what(wanted: AskedReview, bought: Purchase | None, code: str | None):
    outcome = verified(wanted, bought)
    assert (outcome.code if isinstance(outcome, Refusal) else None) == code
    if isinstance(outcome, NewReview):
        assert (outcome.line_id is not None) == (wanted.about is About.PRODUCT)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Warm\r\nand light ", "Warm\nand light"),
        ("x" * 2000, "x" * 2000),
        ("好", "好"),
        ("👍", "👍"),
        ("x" * 2001, None),
        ("", None),
        (" \t", None),
        ("a\x00b", None),
        ("a\x1bb", None),
    ],
)
def test_a_text_is_kept_as_it_can_be_read(text: str, kept: str | None):
    assert clean_text(text) == (kept if kept is not None else ReviewTextNotUsable(characters_max=2000))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("很暖和", ReviewLanguage.CHINESE),
        ("Very warm, I like it", ReviewLanguage.ENGLISH),
        ("买了XL号，很合适", ReviewLanguage.CHINESE),
        ("The 外套 coat is lovely", ReviewLanguage.ENGLISH),
        ("5/5 👍", ReviewLanguage.ENGLISH),
    ],
)
def test_the_language_is_told_by_letters(text: str, language: ReviewLanguage):
    assert language_of(text) is language


@pytest.mark.parametrize(
    ("stars", "reviews", "average"),
    [
        ({}, 0, None),
        ({"fives": 2, "fours": 1}, 3, 467),
        ({"ones": 1, "twos": 1}, 2, 150),
        ({"threes": 7}, 7, 300),
        ({"fives": 1, "fours": 7}, 8, 413),
    ],
)
def test_the_average_is_in_hundredths(stars: dict[str, int], reviews: int, average: int | None):
    tally = Tally(about=About.PRODUCT, subject_id=UUID(int=1), **stars)
    assert (tally.reviews, tally.average_hundredths) == (reviews, average)
