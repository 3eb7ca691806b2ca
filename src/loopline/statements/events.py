"""What statements say happened. Processes append these to the log."""

from datetime import date

from loopline.kernel.events import EventBody
from loopline.kernel.ids import DisputeId, EntryId, PartyId


class DaySealed(EventBody, frozen=True, kw_only=True):
    """A day's statements stand for good under a root that may be published."""

    day: date
    root: str
    parties: int
    lines: int


class LineQuestioned(EventBody, frozen=True, kw_only=True):
    """A party questions a line of its statement."""

    dispute_id: DisputeId
    party_id: PartyId
    entry_id: EntryId


class DisputeMoved(EventBody, frozen=True, kw_only=True):
    """Something was said in a dispute: it was answered, replied to, withdrawn, rejected or corrected."""

    dispute_id: DisputeId
    party_id: PartyId
    kind: str
    state: str
    correction_entry_id: EntryId | None = None
