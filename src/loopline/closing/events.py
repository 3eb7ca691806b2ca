"""What closes tell the log. Subject of each: the close."""

from datetime import date

from loopline.closing.model import CloseId
from loopline.kernel.events import EventBody
from loopline.kernel.ids import EntityId


class MonthClosed(EventBody, frozen=True, kw_only=True):
    """A month of a legal entity's books was closed; `digest` covers all that its sheet says."""

    close_id: CloseId
    entity_id: EntityId
    currency: str
    month: date
    entries: int
    expected_returns_minor: int
    digest: str
