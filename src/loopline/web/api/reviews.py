"""Reviews as anybody reads them: of products, of stores, with their averages."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from msgspec import UNSET, UnsetType

from loopline import catalogue, org, reviews
from loopline.db import Conn
from loopline.kernel.ids import ProductId, ReviewId, SiteId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.reviews import (
    About,
    Review,
    ReviewLanguage,
    ReviewsAsk,
    Tally,
)
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import (
    Page,
    Paging,
    SiteCodes,
    page_of,
    paging,
    told,
)
from loopline.web.api.types import Code

_TAG = "reviews"
_OPEN: list[dict[str, list[str]]] = [{}, {"bearer": []}]

OfProduct = Annotated[
    Code | None, QueryParameter(name="product_code", description="Only reviews of this product.")
]
OfSite = Annotated[
    Code | None, QueryParameter(name="site_code", description="Only reviews that name this site.")
]
AboutWhat = Annotated[
    About | None,
    QueryParameter(name="about", description="Only reviews about products, stores or experiences."),
]
WithHidden = Annotated[
    bool,
    QueryParameter(name="with_hidden", description="Hidden ones too, for who may read reviews of the site."),
]
ProductCodes = Annotated[
    list[Code] | None,
    QueryParameter(name="product_code", max_items=200, description="Of these products; repeat it for more."),
]


class ReviewShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A review as anybody reads it: who wrote it bought it, and is not named."""

    id: ReviewId
    about: About
    product_code: str | None
    sku_code: str | None
    site_code: str | None
    stars: int
    text: str
    language: ReviewLanguage
    written_at: datetime
    changed_at: datetime
    version: int
    reply: str | None
    replied_at: datetime | None
    is_returned: bool
    is_hidden: bool
    hidden_reason: str | UnsetType = UNSET


# -------------------------------------------------------------------------------------------------------------- reading


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which reviews a list is asked for."""

    product_code: str | None
    site_code: str | None
    about: About | None
    with_hidden: bool


def filter_of(
    of_product: OfProduct = None,
    of_site: OfSite = None,
    about_what: AboutWhat = None,
    with_hidden: WithHidden = False,  # noqa: FBT002 - a flag of the address
) -> Filter:
    """Return which reviews are asked for: a dependency of the list."""
    return Filter(product_code=of_product, site_code=of_site, about=about_what, with_hidden=with_hidden)


@get(
    "/reviews",
    tags=[_TAG],
    operation_id="list_reviews",
    sync_to_thread=True,
    security=_OPEN,
    responses=dict(PROBLEMS),
    dependencies={
        "asked": Provide(paging, sync_to_thread=False),
        "wanted": Provide(filter_of, sync_to_thread=False),
    },
)
def list_reviews(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    wanted: NamedDependency[Filter],
) -> Page[ReviewShown]:
    """List reviews, the newest first: of a product, of a site, or all."""
    before = asked.after(UUID)

    def find(conn: Conn, _: datetime) -> Page[ReviewShown]:
        products = _product_ids(conn, [wanted.product_code])
        sites = _site_ids(conn, [wanted.site_code])
        site_id = sites[wanted.site_code] if wanted.site_code is not None else None
        if wanted.with_hidden and not caller.scope(Permission.REVIEWS_READ).covers_site(site_id):
            raise Refused(NotInYourBranch(subject=wanted.site_code or "reviews"))
        ask = ReviewsAsk(
            product_id=products[wanted.product_code] if wanted.product_code is not None else None,
            site_id=site_id,
            about=wanted.about,
            with_hidden=wanted.with_hidden,
            before=ReviewId(before[0]) if before else None,
            limit=asked.at_most,
        )
        found = reviews.reviews_page(conn, ask)
        shown = dict(zip([one.id for one in found], _shown(conn, found), strict=True))
        return page_of(found, asked, told=lambda one: shown[one.id], cursor=lambda one: encode_cursor(one.id))

    return read(request, find)


def _product_ids(conn: Conn, codes: Iterable[str | None]) -> dict[str, ProductId]:
    """The products of codes, in their order. Raises Refused for an unknown one."""
    wanted = [code for code in dict.fromkeys(codes) if code is not None]
    found = catalogue.products_by_code(conn, wanted) if wanted else {}
    for code in wanted:
        if code not in found:
            raise Refused(NoSuchThing(noun="product", value=code))
    return {code: found[code].id for code in wanted}


def _site_ids(conn: Conn, codes: Iterable[str | None]) -> dict[str, SiteId]:
    """The sites of codes, in their order. Raises Refused for an unknown one."""
    wanted = [code for code in dict.fromkeys(codes) if code is not None]
    found = org.sites_by_code(conn, wanted) if wanted else {}
    for code in wanted:
        if code not in found:
            raise Refused(NoSuchThing(noun="site", value=code))
    return {code: found[code].id for code in wanted}


def _shown(conn: Conn, found: Sequence[Review]) -> list[ReviewShown]:
    products = catalogue.products_by_id(conn, {one.product_id for one in found if one.product_id is not None})
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in found if one.sku_id is not None})
    sites = org.sites_by_id(conn, {one.site_id for one in found if one.site_id is not None})
    return [
        ReviewShown(
            id=one.id,
            about=one.about,
            product_code=products[one.product_id].code if one.product_id is not None else None,
            sku_code=skus[one.sku_id].code if one.sku_id is not None else None,
            site_code=sites[one.site_id].code if one.site_id is not None else None,
            stars=one.stars,
            text=one.text,
            language=one.language,
            written_at=one.written_at,
            changed_at=one.changed_at,
            version=one.version,
            reply=one.reply,
            replied_at=one.replied_at,
            is_returned=one.returned_at is not None,
            is_hidden=one.hidden_at is not None,
            hidden_reason=one.hidden_reason if one.hidden_reason is not None else UNSET,
        )
        for one in found
    ]


class TallyTold(msgspec.Struct, frozen=True, kw_only=True):
    """How many shown reviews a product or site has, and their average in hundredths of a star (null: none)."""

    about: About
    product_code: str | None
    site_code: str | None
    reviews: int
    average_hundredths: int | None
    stars: tuple[int, int, int, int, int]


class Tallies(msgspec.Struct, frozen=True, kw_only=True):
    """Averages of what was asked for, in its order: of each site its store's service, then the experience."""

    items: list[TallyTold]


@told("/review-averages", tag=_TAG, name="list_review_averages", open_to_all=True)
def list_review_averages(
    request: AnyRequest,
    caller: NamedDependency[Caller],  # noqa: ARG001 - whoever asks is counted as any other caller
    product_codes: ProductCodes = None,
    site_codes: SiteCodes = None,
) -> Tallies:
    """Tell the averages of products and sites; `stars` counts those of one star to those of five."""

    def find(conn: Conn, _: datetime) -> Tallies:
        products = _product_ids(conn, product_codes or ())
        sites = _site_ids(conn, site_codes or ())
        goods = reviews.tallies(conn, About.PRODUCT, products.values())
        service = reviews.tallies(conn, About.STORE, sites.values())
        experience = reviews.tallies(conn, About.EXPERIENCE, sites.values())
        items = [
            _average(About.PRODUCT, goods.get(product_id), product_code=code)
            for code, product_id in products.items()
        ]
        for code, site_id in sites.items():
            items.append(_average(About.STORE, service.get(site_id), site_code=code))
            items.append(_average(About.EXPERIENCE, experience.get(site_id), site_code=code))
        return Tallies(items=items)

    return read(request, find)


def _average(
    about: About, tally: Tally | None, *, product_code: str | None = None, site_code: str | None = None
) -> TallyTold:
    stars = (tally.ones, tally.twos, tally.threes, tally.fours, tally.fives) if tally else (0, 0, 0, 0, 0)
    return TallyTold(
        about=about,
        product_code=product_code,
        site_code=site_code,
        reviews=sum(stars),
        average_hundredths=tally.average_hundredths if tally else None,
        stars=stars,
    )


class VersionTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a review said from a moment on."""

    version: int
    stars: int
    text: str
    at: datetime


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a review said, from its first version on."""

    items: list[VersionTold]


@told("/reviews/{review_id:uuid}/versions", tag=_TAG, name="list_review_versions")
def list_review_versions(
    request: AnyRequest, caller: NamedDependency[Caller], review_id: FromPath[UUID]
) -> Versions:
    """List what a review of your branch said before it was changed."""
    scope = caller.scope(Permission.REVIEWS_READ)

    def find(conn: Conn, _: datetime) -> Versions:
        found = reviews.reviews_by_id(conn, [ReviewId(review_id)]).get(ReviewId(review_id))
        if found is None or not scope.covers_site(found.site_id):
            raise Refused(NoSuchThing(noun="review", value=str(review_id)))
        versions = reviews.versions_of_review(conn, found.id)
        return Versions(
            items=[
                VersionTold(version=one.version, stars=one.stars, text=one.text, at=one.at)
                for one in versions
            ]
        )

    return read(request, find)


REVIEW_HANDLERS = [list_reviews, list_review_averages, list_review_versions]
