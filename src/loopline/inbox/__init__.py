"""The inbox: what channels say of orders, kept as it came until it is applied or given up.

Purpose: `keep_messages` keeps messages, each under (branch of its sender, channel, its own id), before anything is
done about them: what was taken in is never lost, whatever becomes of it. `processes.receive` tries them; what waits for
its order, and what nobody understands, stays here with its reason until it is applied, replayed or dismissed.

Invariants:
- the same message twice is one; other content under the same name is kept beside it, quarantined, and shown;
- a message stands where the last step of its history says; what is settled stays settled;
- a message that is not settled has its text; the text of a settled one is forgotten after thirty days;
- texts are sealed, and no reason, step or column repeats what of a text may be a person's.

Lock order: messages by name as they are written, then messages by id; before everything else a stage locks.
"""

from loopline.inbox.checks import CHECKS
from loopline.inbox.model import (
    UNSETTLED,
    Change,
    Head,
    Kept,
    Message,
    MessageAsk,
    MessageId,
    MessageKind,
    MessageState,
    NewMessage,
    Reason,
    Sealed,
    Step,
    Tally,
)
from loopline.inbox.queries import (
    find_messages,
    is_name_taken,
    keys_in_use,
    messages_by_ids,
    steps_of,
    tallies,
)
from loopline.inbox.refusals import (
    DismissalNeedsANote,
    MessageIdTaken,
    MessageNameChanges,
    MessageSettled,
    UnknownMessage,
)
from loopline.inbox.rules import KEPT_FOR, next_look, reason_of, storable_note
from loopline.inbox.service import (
    change_messages,
    due_messages,
    forget_texts,
    is_any_waiting,
    keep_messages,
    lock_messages,
    lock_wrapped_otherwise,
    messages_about,
    rewrap_messages,
    wake_messages,
)

__all__ = [
    "CHECKS",
    "KEPT_FOR",
    "UNSETTLED",
    "Change",
    "DismissalNeedsANote",
    "Head",
    "Kept",
    "Message",
    "MessageAsk",
    "MessageId",
    "MessageIdTaken",
    "MessageKind",
    "MessageNameChanges",
    "MessageSettled",
    "MessageState",
    "NewMessage",
    "Reason",
    "Sealed",
    "Step",
    "Tally",
    "UnknownMessage",
    "change_messages",
    "due_messages",
    "find_messages",
    "forget_texts",
    "is_any_waiting",
    "is_name_taken",
    "keep_messages",
    "keys_in_use",
    "lock_messages",
    "lock_wrapped_otherwise",
    "messages_about",
    "messages_by_ids",
    "next_look",
    "reason_of",
    "rewrap_messages",
    "steps_of",
    "storable_note",
    "tallies",
    "wake_messages",
]
