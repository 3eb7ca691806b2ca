"""Photos of goods as pages show them: why one is wanted, those that there are, why there is none."""

from collections.abc import Mapping, Sequence

import msgspec

from loopline.catalogue import Sku
from loopline.fulfilment.photos import Demand, PhotoCause, WhyNoPhoto
from loopline.kernel.ids import SkuId
from loopline.processes.photos import PhotosOfLine
from loopline.web.languages import Language, marked

CAUSE_WORDS: dict[PhotoCause, str] = {
    PhotoCause.ANY: marked("All goods of the category"),
    PhotoCause.HIGH_VALUE: marked("Dear goods"),
    PhotoCause.FRAGILE: marked("Fragile goods"),
    PhotoCause.COLD: marked("Goods kept cold"),
    PhotoCause.LAST_UNITS: marked("The last ones here: show signs of wear"),
}
DEMAND_WORDS: dict[Demand, str] = {
    Demand.OFF: marked("Not asked for"),
    Demand.ASKED: marked("Wished for"),
    Demand.REQUIRED: marked("Needed before the goods leave"),
}
WHY_NONE_WORDS: dict[WhyNoPhoto, str] = {
    WhyNoPhoto.NO_CAMERA: marked("No camera that works"),
    WhyNoPhoto.PACKED_ALREADY: marked("Packed already"),
    WhyNoPhoto.CUSTOMER_WAITS: marked("The customer is waiting"),
    WhyNoPhoto.NOTHING_TO_SHOW: marked("Sealed by the maker, nothing to see"),
}


class PhotoShown(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that can be looked at; `path` is empty once its time is over."""

    path: str
    at: str
    width: int
    height: int


class PhotoRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of which a photo is wanted or kept. `is_lacking`: it needs one, and nobody said why there is none."""

    key: str
    name: str
    code: str
    why: str
    is_required: bool
    is_lacking: bool
    waived: str
    photos: tuple[PhotoShown, ...]


class PhotoPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where photos are looked at: what their addresses begin with, and the zone of their times."""

    path: str
    zone: str


def photo_rows(
    found: Sequence[PhotosOfLine], skus: Mapping[SkuId, Sku], place: PhotoPlace, language: Language
) -> list[PhotoRow]:
    """Write the photos of lines."""
    return [_row(one, skus, place, language) for one in found if one.line.left or one.photos]


def _row(one: PhotosOfLine, skus: Mapping[SkuId, Sku], place: PhotoPlace, language: Language) -> PhotoRow:
    point, sku = one.point, skus.get(one.line.sku_id)
    is_required = point is not None and point.demand is Demand.REQUIRED
    waived = point.waived_reason if point is not None and not one.photos else None
    return PhotoRow(
        key=str(one.line.allocation_id),
        name=language.called(sku.name) if sku else "?",
        code=sku.code if sku else "?",
        why=" · ".join(language.say(CAUSE_WORDS[cause]) for cause in point.causes) if point else "",
        is_required=is_required,
        is_lacking=is_required and not one.photos and waived is None,
        waived=language.say(WHY_NONE_WORDS[waived]) if waived is not None else "",
        photos=tuple(
            PhotoShown(
                path="" if photo.is_forgotten else f"{place.path}/photos/{photo.id}",
                at=language.clock_of_day(photo.taken_at, place.zone),
                width=photo.width,
                height=photo.height,
            )
            for photo in one.photos
        ),
    )
