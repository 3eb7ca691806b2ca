"""What sharing says happened. Processes append these to the log."""

from datetime import datetime
from uuid import UUID

from loopline.kernel.events import EventBody
from loopline.kernel.ids import RuleSetId


class RuleSetPublished(EventBody, frozen=True, kw_only=True):
    """A version of the rules stands."""

    rule_set_id: RuleSetId
    version: int
    effective_from: datetime


class SharesReleased(EventBody, frozen=True, kw_only=True):
    """The shares of a batch of parts became due."""

    release_id: UUID
    parts: int


class SharesClawedBack(EventBody, frozen=True, kw_only=True):
    """Shares of a part were taken back: cancelled while pending, or from what was due."""

    reference: UUID
    part_id: UUID
    units: int
    from_due: bool
