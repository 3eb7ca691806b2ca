"""What bills tell the log. Subject of each: the source, or the difference."""

from datetime import date

from loopline.bills.model import BillId, DifferenceClass, DifferenceId, DifferenceState, RunId, SourceId
from loopline.kernel.events import EventBody
from loopline.kernel.ids import EntityId, EntryId


class BillTakenIn(EventBody, frozen=True, kw_only=True):
    """A bill of an outside party was taken in."""

    source_id: SourceId
    bill_id: BillId
    entity_id: EntityId
    currency: str
    lines: int
    amount_minor: int
    first_day: date
    last_day: date


class BillsReconciled(EventBody, frozen=True, kw_only=True):
    """Bills of some days were held against the books."""

    source_id: SourceId
    run_id: RunId
    first_day: date
    last_day: date
    matched: int
    differences: int


class DifferenceSettled(EventBody, frozen=True, kw_only=True):
    """Somebody settled a difference, or told the other party of it; `entry_id` is the entry that corrects it."""

    difference_id: DifferenceId
    source_id: SourceId
    kind: DifferenceClass
    state: DifferenceState
    amount_minor: int
    entry_id: EntryId | None
