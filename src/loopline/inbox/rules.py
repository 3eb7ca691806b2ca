"""Pure decisions of the inbox: what is new, what came before, when a message is looked at again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

from loopline.inbox.model import Kept, MessageId, Named, NewMessage, Reason
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal

Name: TypeAlias = tuple[OrgUnitId, str, str]
FIRST_LOOK = timedelta(seconds=2)
LAST_LOOK = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)
"""How long the text of a settled message is kept."""
NOTE_CHARACTERS_MAX = 2_000


def firsts(new: Sequence[NewMessage]) -> list[NewMessage]:
    """Return the first message of each name, in the order of their names: the order in which they are written."""
    found: dict[Name, NewMessage] = {}
    for one in new:
        found.setdefault(one.name, one)
    return [found[name] for name in sorted(found)]


def conflicts(new: Sequence[NewMessage], known: Sequence[Named]) -> list[tuple[NewMessage, MessageId]]:
    """Return messages with content that is not known under their name, each once, with the message that has the name.

    In the order of names and contents.
    """
    contents = {(one.name, one.content_hash) for one in known}
    holders = {one.name: one.id for one in known if one.conflicts_with is None}
    found = {
        (one.name, one.head.content_hash): (one, holders[one.name])
        for one in reversed(new)
        if (one.name, one.head.content_hash) not in contents
    }
    return [found[key] for key in sorted(found)]


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of messages comes to, in its order; `seen_again` counts those that are kept already."""

    outcomes: list[Kept]
    seen_again: Mapping[MessageId, int]


def recognise(new: Sequence[NewMessage], known: Sequence[Named]) -> Recognised:
    """Say of each message under which id it is kept: its own, or that of the same message before it."""
    ids = {(one.name, one.content_hash): one.id for one in known}
    outcomes: list[Kept] = []
    seen_again: Counter[MessageId] = Counter()
    for one in new:
        message_id = ids[one.name, one.head.content_hash]
        outcomes.append(Kept(message_id=message_id, is_repeat=message_id != one.id))
        if message_id != one.id:
            seen_again[message_id] += 1
    return Recognised(outcomes=outcomes, seen_again=seen_again)


def next_look(received_at: datetime, *, now: datetime) -> datetime:
    """Return when a message that waits is looked at again: the longer it has waited, the later, ten minutes at most."""
    waited = max(now - received_at, FIRST_LOOK)
    return now + min(waited, LAST_LOOK)


def reason_of(refusal: Refusal) -> Reason:
    """Keep a refusal as a reason: its code, its sentence, its data."""
    return Reason(code=refusal.code, sentence=refusal.template, details=msgspec.to_builtins(refusal.fields))


def storable_note(note: str) -> str | None:
    """Return a note as it is kept, or None where it says nothing."""
    said = "".join(letter for letter in note if letter.isprintable() or letter == "\n").strip()
    return said[:NOTE_CHARACTERS_MAX] or None
