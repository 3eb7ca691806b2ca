"""What stored value tells the log. Subject: the member."""

from uuid import UUID

from loopline.kernel.events import EventBody
from loopline.kernel.ids import EntityId, MemberId
from loopline.stored_value.model import Kind


class StoredValueMoved(EventBody, frozen=True, kw_only=True):
    """A member paid ahead, used it, got it back or had it paid out; amounts are signed, positive came in."""

    member_id: MemberId
    entity_id: EntityId
    account_id: UUID
    kind: Kind
    currency: str
    principal_minor: int
    bonus_minor: int
