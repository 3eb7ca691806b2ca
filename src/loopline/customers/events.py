"""What customers says happened. Ids only; processes append these to the log, last."""

from datetime import datetime

from loopline.customers.model import ConsentChannel, Purpose
from loopline.kernel.events import EventBody
from loopline.kernel.ids import MemberId, OrderId, PartyId


class MemberRegistered(EventBody, frozen=True, kw_only=True):
    """Somebody became known."""

    member_id: MemberId
    channel: str | None


class AddressMended(EventBody, frozen=True, kw_only=True):
    """A member said anew where their order goes, in the same city, before its label was printed."""

    order_id: OrderId
    member_id: MemberId


class MemberErased(EventBody, frozen=True, kw_only=True):
    """A member's personal data were erased; whoever keeps some elsewhere forgets them."""

    member_id: MemberId


class ConsentStated(EventBody, frozen=True, kw_only=True):
    """A member said yes or no."""

    member_id: MemberId
    purpose: Purpose
    channel: ConsentChannel
    receiver_id: PartyId
    granted: bool
    stated_at: datetime


class MemberRests(EventBody, frozen=True, kw_only=True):
    """Somebody called a member, or will later: nobody is to be told to call them until a moment."""

    member_id: MemberId
    how: str
    until: datetime
