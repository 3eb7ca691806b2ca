"""What the pages of codes refuse before anything else sees it."""

from litestar.status_codes import (
    HTTP_404_NOT_FOUND,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
)

from loopline.kernel.refusals import Refusal
from loopline.processes.touch import UnitUnknown
from loopline.touchpoints import TooManyGuesses


class PictureNotUsable(Refusal, frozen=True, kw_only=True):
    """The picture {name} can not be used: take a PNG or JPEG, or an SVG of shapes alone, of at most 1 MB."""

    name: str


class BulkNotUsable(Refusal, frozen=True, kw_only=True):
    """{field} does not fit: say what the codes hang on, of which product or where, and how many: up to 5,000."""

    field: str


class TooManyToPrint(Refusal, frozen=True, kw_only=True):
    """There are more than {most} codes: choose one kind, or send the list or the pictures to a printing house."""

    most: int


TOUCH_STATUSES: dict[type[Refusal], int] = {
    **dict.fromkeys((PictureNotUsable, BulkNotUsable, TooManyToPrint), HTTP_422_UNPROCESSABLE_ENTITY),
    UnitUnknown: HTTP_404_NOT_FOUND,
    TooManyGuesses: HTTP_429_TOO_MANY_REQUESTS,
}
