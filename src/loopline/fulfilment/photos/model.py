"""What photos speak of: what asks for one, what is asked of a line of a task, a photo, and why there is none."""

from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.kernel.ids import AllocationId, OrderId, PhotoId, SiteId, TaskId
from loopline.kernel.pictures import Picture


class PhotoCause(StrEnum):
    """What about goods asks for a photo. `rules.causes_of` says when each holds."""

    ANY = "any"
    HIGH_VALUE = "high_value"
    FRAGILE = "fragile"
    COLD = "cold"
    LAST_UNITS = "last_units"


class Demand(StrEnum):
    """How much a photo is wanted: not at all, where it is no trouble, or before the goods may leave."""

    OFF = "off"
    ASKED = "asked"
    REQUIRED = "required"


class WhyNoPhoto(StrEnum):
    """Why goods leave without the photo they need."""

    NO_CAMERA = "no_camera"
    PACKED_ALREADY = "packed_already"
    CUSTOMER_WAITS = "customer_waits"
    NOTHING_TO_SHOW = "nothing_to_show"


class PhotoRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a cause asks for: everywhere, or of goods of a category, which is heard first.

    `from_minor`, of HIGH_VALUE alone: from which price of a unit on goods are dear, in the currency of the order.
    """

    cause: PhotoCause
    category: str | None
    demand: Demand
    from_minor: int | None
    set_at: datetime
    set_by: str


class SetPhotoRule(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a cause asks for. `demand` None, of a category alone: what holds everywhere holds there again."""

    cause: PhotoCause
    category: str | None
    demand: Demand | None
    from_minor: int | None = None


class GoodsLookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a task as rules see it. `are_last`: with it, no unit of its owner's is left at the site.

    `unit_minor`: what a unit was sold for; None where nobody said.
    """

    task_id: TaskId
    allocation_id: AllocationId
    category: str | None
    unit_minor: int | None
    is_fragile: bool
    is_cold: bool
    are_last: bool


class PhotoPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that is asked for, or required, of a line of a task, and why; `waived_reason`: why there is none."""

    task_id: TaskId
    allocation_id: AllocationId
    causes: tuple[PhotoCause, ...]
    demand: Demand
    waived_reason: WhyNoPhoto | None = None
    waived_by: str | None = None
    waived_at: datetime | None = None


class KeepPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """Keep a photo of a line of a task. `id` is made by whoever took it: sent twice, it is kept once."""

    id: PhotoId
    task_id: TaskId
    allocation_id: AllocationId
    taken_at: datetime
    by: str
    picture: Picture


class WaivePhoto(msgspec.Struct, frozen=True, kw_only=True):
    """Let goods leave without the photo that is asked of them."""

    task_id: TaskId
    allocation_id: AllocationId
    reason: WhyNoPhoto
    by: str


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo without its content; `is_forgotten`: the content is gone."""

    id: PhotoId
    task_id: TaskId
    allocation_id: AllocationId
    taken_at: datetime
    taken_by: str
    kept_at: datetime
    width: int
    height: int
    is_forgotten: bool


class PhotosLately(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of parcels that left, of which a photo was wanted: how many there are of a kind."""

    demand: Demand
    has_one: bool
    why_none: WhyNoPhoto | None
    lines: int


class PhotoContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a photo shows, and of which task it is."""

    task_id: TaskId
    media_type: str
    content: bytes


class PhotoDone(msgspec.Struct, frozen=True, kw_only=True):
    """A photo is kept, or (`photo_id` None) why there is none."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    allocation_id: AllocationId
    photo_id: PhotoId | None
    is_repeat: bool
