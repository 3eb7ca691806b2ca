"""Entries that correct a disputed line: known by their keys, which say how many units of the part they stand for."""

from loopline.kernel.ids import DisputeId
from loopline.ledger.model import EntryKind
from loopline.ledger.queries import PartEntry

_PREFIX = "dispute"


def correction_key(dispute_id: DisputeId, *, step: str, units_left: int) -> str:
    """Name an entry of a correction; `units_left` of the part had not come back when it was made."""
    return f"{_PREFIX}:{dispute_id}:{step}:{units_left}"


def units_corrected(entry: PartEntry) -> int | None:
    """Return for how many units of its part an entry corrects a line; None for an entry that corrects none."""
    prefix, _, rest = entry.key.partition(":")
    if entry.kind is not EntryKind.ADJUSTMENT or prefix != _PREFIX:
        return None
    return int(rest.rpartition(":")[2])
