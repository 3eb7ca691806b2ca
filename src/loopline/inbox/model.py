"""The records of the inbox: messages as they come, as they are kept, and what became of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import OrderId, OrgUnitId

MessageId = NewType("MessageId", UUID)


class MessageKind(StrEnum):
    """What a message says of an order; `unread` is what nobody could make out yet."""

    CREATED = "created"
    PAID = "paid"
    CANCELLED = "cancelled"
    UNREAD = "unread"


class MessageState(StrEnum):
    """Where a message stands.

    Received: kept, and to be tried. Waiting: for something that comes by itself, such as its order. Quarantined: for
    somebody to mend its cause. Applied and dismissed: settled for good.
    """

    RECEIVED = "received"
    WAITING = "waiting"
    QUARANTINED = "quarantined"
    APPLIED = "applied"
    DISMISSED = "dismissed"


UNSETTLED = frozenset({MessageState.RECEIVED, MessageState.WAITING, MessageState.QUARANTINED})


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A text that only who has the key file can read: sealed with a key of its own, which is sealed in its turn."""

    text: bytes
    wrapped_key: bytes
    sealed_with: int


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What can be made out of a message without understanding it. `channel` is empty where it names none."""

    channel: str
    external_id: str
    kind: MessageKind
    external_number: str | None
    content_hash: bytes


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message to keep: who sent it, from which branch, and whether what it says of money counts."""

    id: MessageId
    branch_id: OrgUnitId
    sender: str
    may_move_money: bool
    head: Head
    sealed: Sealed

    @property
    def name(self) -> tuple[OrgUnitId, str, str]:
        """What names the message for good."""
        return (self.branch_id, self.head.channel, self.head.external_id)


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is kept under a name; several have one name where their contents differ."""

    id: MessageId
    branch_id: OrgUnitId
    channel: str
    external_id: str
    content_hash: bytes
    conflicts_with: MessageId | None

    @property
    def name(self) -> tuple[OrgUnitId, str, str]:
        """What names the message for good."""
        return (self.branch_id, self.channel, self.external_id)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Under which id a message is kept; `is_repeat`: it was before."""

    message_id: MessageId
    is_repeat: bool


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a message is not applied: a refusal, kept so that it can be said in any language."""

    code: str
    sentence: str
    details: Any


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it stands; `sealed` is None once its text was forgotten."""

    id: MessageId
    branch_id: OrgUnitId
    sender: str
    may_move_money: bool
    channel: str
    external_id: str
    kind: MessageKind
    external_number: str | None
    conflicts_with: MessageId | None
    sealed: bytes | None
    wrapped_key: bytes | None
    sealed_with: int | None
    corrected: bytes | None
    received_at: datetime
    last_seen_at: datetime
    times: int
    state: MessageState
    reason: str | None
    sentence: str | None
    details: Any
    tries: int
    next_try_at: datetime | None
    order_id: OrderId | None
    settled_at: datetime | None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state not in UNSETTLED

    @property
    def why(self) -> Reason | None:
        """Why it is not applied."""
        if self.reason is None or self.sentence is None:
            return None
        return Reason(code=self.reason, sentence=self.sentence, details=self.details)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message stands from now on, and who brought it there.

    `head` and `corrected` are of a text that somebody put right. A replay gives the right to move money where
    `may_move_money` says so; nothing takes it away.
    """

    message_id: MessageId
    state: MessageState
    actor: str
    reason: Reason | None = None
    order_id: OrderId | None = None
    next_try_at: datetime | None = None
    is_try: bool = False
    note: str | None = None
    corrected: bytes | None = None
    head: Head | None = None
    may_move_money: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a message's history."""

    number: int
    at: datetime
    actor: str
    state: MessageState
    reason: str | None
    note: str | None
    is_correction: bool


class MessageAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are asked for; what is empty narrows nothing. `before` is where the last page ended."""

    states: tuple[MessageState, ...] = ()
    channel: str = ""
    kind: str = ""
    reason: str = ""
    number: str = ""
    before: MessageId | None = None
    limit: int = 50


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many unsettled messages of a channel wait in a state for a reason."""

    state: MessageState
    channel: str
    reason: str | None
    sentence: str | None
    messages: int
