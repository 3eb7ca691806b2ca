"""What buyers say of goods and stores, as a page shows it."""

from collections.abc import Sequence

import msgspec

from loopline import catalogue, reviews
from loopline.db import Conn
from loopline.kernel.ids import ReviewPictureId, SiteId
from loopline.reviews import About, Review, Tally
from loopline.web.languages import Language
from loopline.web.shop.goods import Goods
from loopline.web.shop.names import variant_of

_ZONE = "Asia/Shanghai"


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """How many reviews there are, and their mean in tenths of a star."""

    count: int
    tenths: int

    @property
    def spelt(self) -> str:
        """The mean with one decimal."""
        return f"{self.tenths // 10}.{self.tenths % 10}"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One review; `about` names the goods where the page does not."""

    stars: int
    text: str
    day: str
    about: str = ""
    reply: str | None = None
    is_returned: bool = False
    pictures: Sequence[ReviewPictureId] = ()


def rating_of(tally: Tally | None) -> Rating | None:
    """Return the mean of a tally as a page shows it; nothing where nobody said anything."""
    average = tally.average_hundredths if tally else None
    if tally is None or average is None:
        return None
    return Rating(count=tally.reviews, tenths=(average + 5) // 10)


def read_reviews(
    conn: Conn, goods: Goods, *, language: Language, limit: int
) -> tuple[Rating | None, list[Said]]:
    """Return what buyers say of a product: the mean of all, and the latest."""
    product = goods.product
    rating = rating_of(reviews.tallies(conn, About.PRODUCT, [product.id]).get(product.id))
    found = reviews.reviews_of_product(conn, product.id, limit=limit)
    words = {one.sku.id: one.variant.words(language) for one in goods.offers}
    said = [_said(one, words.get(one.sku_id, "") if one.sku_id else "", language) for one in found]
    return rating, _with_pictures(conn, found, said)


def read_reviews_of_site(
    conn: Conn, site_id: SiteId, *, language: Language, limit: int
) -> tuple[Rating | None, list[Said]]:
    """Return what customers say of a store: the mean of its service, and the latest about it and what it sold."""
    rating = rating_of(reviews.tallies(conn, About.STORE, [site_id]).get(site_id))
    found = reviews.reviews_of_site(conn, site_id, limit=limit)
    said = [_said(one, about, language) for one, about in _about(conn, found, language)]
    return rating, _with_pictures(conn, found, said)


def _with_pictures(conn: Conn, found: Sequence[Review], said: Sequence[Said]) -> list[Said]:
    pictures = reviews.pictures_of_reviews(conn, [one.id for one in found])
    return [
        msgspec.structs.replace(words, pictures=pictures.get(one.id, ()))
        for one, words in zip(found, said, strict=True)
    ]


def _about(conn: Conn, found: Sequence[Review], language: Language) -> list[tuple[Review, str]]:
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in found if one.sku_id is not None})
    products = catalogue.products_by_id(conn, {sku.product_id for sku in skus.values()})
    named: list[tuple[Review, str]] = []
    for one in found:
        sku = skus.get(one.sku_id) if one.sku_id else None
        product = products.get(sku.product_id) if sku else None
        words = ""
        if sku and product:
            parts = (language.called(product.name), variant_of(sku, product).words(language))
            words = " ".join(part for part in parts if part)
        named.append((one, words))
    return named


def _said(one: Review, about: str, language: Language) -> Said:
    return Said(
        stars=one.stars,
        text=one.text,
        day=language.short_day(one.written_at, _ZONE),
        about=about,
        reply=one.reply,
        is_returned=one.returned_at is not None,
    )
