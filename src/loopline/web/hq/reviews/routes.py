"""The pages of reviews, in one list."""

from litestar.types import ControllerRouterHandler

from loopline.web.hq.reviews.acting import ACTING_PAGES
from loopline.web.hq.reviews.page import LIST_PAGES
from loopline.web.hq.reviews.reading import READING_PAGES
from loopline.web.hq.reviews.said import SAID_PAGES
from loopline.web.hq.reviews.sheet import SHEET_PAGES

REVIEWS_PAGES: list[ControllerRouterHandler] = [
    *LIST_PAGES,
    *SHEET_PAGES,
    *ACTING_PAGES,
    *SAID_PAGES,
    *READING_PAGES,
]
