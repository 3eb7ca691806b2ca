"""Photos: what goods looked like before they were packed, what asks for that, and why there is none.

Rules say what about goods asks for a photo, or needs one. What they ask of a task is kept when it is checked, and
stands: a rule that is set later changes nothing for it. While goods that need a photo are in a task and there is
neither one nor a reason why there is none, it is not handed over (`fulfilment.rules.PhotoIsMissing`). What a photo
shows is made anew before it comes here and is let go after `KEPT_DAYS`, or when its customer is forgotten; that there
was one stays.
Lock order: tasks by id.
"""

from loopline.fulfilment.photos.events import PhotoKept, PhotoWaived
from loopline.fulfilment.photos.model import (
    Demand,
    GoodsLookedAt,
    KeepPhoto,
    Photo,
    PhotoCause,
    PhotoContent,
    PhotoDone,
    PhotoPoint,
    PhotoRule,
    PhotosLately,
    SetPhotoRule,
    WaivePhoto,
    WhyNoPhoto,
)
from loopline.fulfilment.photos.queries import (
    photo_content,
    photo_rules,
    photos_asked,
    photos_lately,
    photos_of_tasks,
    tasks_lacking_photos,
)
from loopline.fulfilment.photos.rules import points_of
from loopline.fulfilment.photos.service import (
    KEPT_DAYS,
    ask_photos,
    forget_photos,
    forget_photos_of_orders,
    keep_photos,
    set_photo_rules,
    waive_photos,
)

__all__ = [
    "KEPT_DAYS",
    "Demand",
    "GoodsLookedAt",
    "KeepPhoto",
    "Photo",
    "PhotoCause",
    "PhotoContent",
    "PhotoDone",
    "PhotoKept",
    "PhotoPoint",
    "PhotoRule",
    "PhotoWaived",
    "PhotosLately",
    "SetPhotoRule",
    "WaivePhoto",
    "WhyNoPhoto",
    "ask_photos",
    "forget_photos",
    "forget_photos_of_orders",
    "keep_photos",
    "photo_content",
    "photo_rules",
    "photos_asked",
    "photos_lately",
    "photos_of_tasks",
    "points_of",
    "set_photo_rules",
    "tasks_lacking_photos",
    "waive_photos",
]
