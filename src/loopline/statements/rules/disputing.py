"""What may be said in a dispute, and where it stands afterwards."""

from loopline.kernel.refusals import Refusal
from loopline.statements.model import SAID_MAX, DisputeIsDecided, DisputeState, WordKind, WordsMissing

OF_PARTY = frozenset({WordKind.REPLY, WordKind.WITHDRAWAL})
"""What the party says; all else is said by who keeps the books."""

_AFTER: dict[WordKind, DisputeState] = {
    WordKind.QUESTION: DisputeState.OPEN,
    WordKind.ANSWER: DisputeState.ANSWERED,
    WordKind.REPLY: DisputeState.OPEN,
    WordKind.REJECTION: DisputeState.REJECTED,
    WordKind.CORRECTION: DisputeState.CORRECTED,
    WordKind.WITHDRAWAL: DisputeState.WITHDRAWN,
}
STANDING = frozenset({DisputeState.OPEN, DisputeState.ANSWERED})
"""What is not decided yet."""


def state_after(state: DisputeState, kind: WordKind, *, said: str) -> DisputeState | Refusal:
    """Return where a dispute stands after a word; refused where it is decided, or nothing is said."""
    if state not in STANDING:
        return DisputeIsDecided(state=state)
    return refuse_said(said) or _AFTER[kind]


def refuse_said(said: str) -> Refusal | None:
    """Refuse a word that says nothing, too much, or what cannot be kept."""
    return None if len(said.strip()) > 0 and len(said) <= SAID_MAX and "\x00" not in said else WordsMissing()
