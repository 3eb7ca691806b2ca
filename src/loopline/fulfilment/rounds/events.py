"""What rounds tell the log. Subject of each: the round."""

from loopline.kernel.events import EventBody
from loopline.kernel.ids import PersonId, RoundId, SiteId, TaskId


class RoundBegun(EventBody, frozen=True, kw_only=True):
    """Somebody began to pick tasks together; the first is in box 1."""

    round_id: RoundId
    site_id: SiteId
    picker_id: PersonId
    task_ids: tuple[TaskId, ...]


class RoundTakenOver(EventBody, frozen=True, kw_only=True):
    """Somebody goes on with another's round."""

    round_id: RoundId
    site_id: SiteId
    picker_id: PersonId
    from_picker_id: PersonId


class RoundPutBack(EventBody, frozen=True, kw_only=True):
    """What was not yet checked of a round was put back: anybody may pick it."""

    round_id: RoundId
    site_id: SiteId
    task_ids: tuple[TaskId, ...]
