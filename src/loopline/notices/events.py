"""What notices tell the log. Subject: the order."""

from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId
from loopline.notices.model import About, NoticeId


class CustomerTold(EventBody, frozen=True, kw_only=True):
    """A message to the customer was taken over by a gateway."""

    notice_id: NoticeId
    order_id: OrderId
    about: About
