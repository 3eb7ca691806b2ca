"""What photos tell the log. Subject of each: the order."""

from loopline.fulfilment.photos.model import WhyNoPhoto
from loopline.kernel.events import EventBody
from loopline.kernel.ids import AllocationId, OrderId, PhotoId, SiteId, TaskId


class PhotoKept(EventBody, frozen=True, kw_only=True):
    """A photo of goods of a task is kept."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    allocation_id: AllocationId
    photo_id: PhotoId


class PhotoWaived(EventBody, frozen=True, kw_only=True):
    """Goods may leave without the photo that was asked of them, for a reason."""

    task_id: TaskId
    order_id: OrderId
    site_id: SiteId
    allocation_id: AllocationId
    reason: WhyNoPhoto
