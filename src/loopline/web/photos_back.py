"""Photos of what comes back: read from a form, and shown on pages."""

from collections.abc import Sequence
from typing import cast

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile

from loopline.kernel.ids import LineId, OrderId, ReturnId
from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal
from loopline.returns.photos import PHOTOS_MOST, NewPhoto, Photo, PhotoContent, TooManyReturnPhotos
from loopline.web.languages import Language
from loopline.web.photographs import SENT_BYTES_MAX, remade, shown


class PhotoBack(msgspec.Struct, frozen=True, kw_only=True):
    """A photo as a page shows it; `path` is empty once its time is over."""

    path: str
    by_customer: bool
    at: str
    width: int
    height: int


def pictures_of(value: object) -> list[Picture] | Refusal:
    """Make anew what a file field holds: nothing, a file or several; of more than a return may have none is decoded."""
    several = cast("list[object]", value) if isinstance(value, list) else [value]
    files = [one for one in several if isinstance(one, UploadFile)]
    if len(files) > PHOTOS_MOST:
        return TooManyReturnPhotos(most=PHOTOS_MOST)
    pictures: list[Picture] = []
    for one in files:
        sent = one.file.read(SENT_BYTES_MAX + 1)
        if not sent:
            continue
        picture = remade(sent)
        if isinstance(picture, Refusal):
            return picture
        pictures.append(picture)
    return pictures


def new_photos(  # noqa: PLR0913 - of what, by whom
    pictures: Sequence[Picture],
    *,
    return_id: ReturnId,
    order_id: OrderId | None,
    line_id: LineId | None,
    by: str,
    by_customer: bool = False,
) -> list[NewPhoto]:
    """Say of pictures what they are of."""
    return [
        NewPhoto(
            return_id=return_id,
            order_id=order_id,
            line_id=line_id,
            by_customer=by_customer,
            by=by,
            media_type=one.media_type,
            width=one.width,
            height=one.height,
            sent_hash=one.sent_hash,
            content=one.content,
        )
        for one in pictures
    ]


def photos_shown(found: Sequence[Photo], zone: str, language: Language, *, path: str) -> list[PhotoBack]:
    """Write photos down; `path` is what their addresses begin with."""
    return [
        PhotoBack(
            path="" if one.is_forgotten else f"{path}/{one.id}",
            by_customer=one.by_customer,
            at=language.clock_of_day(one.kept_at, zone),
            width=one.width,
            height=one.height,
        )
        for one in found
    ]


def returned_photo_answer(found: PhotoContent) -> Response[bytes]:
    """Answer with what a photo shows; no browser keeps it."""
    return shown(found.content, found.media_type)
