"""What the inbox says no to."""

from loopline.inbox.model import MessageId
from loopline.kernel.refusals import Refusal


class MessageIdTaken(Refusal, frozen=True, kw_only=True):
    """The id {external_id} of {channel} came before with other content; both are kept."""

    channel: str
    external_id: str


class UnknownMessage(Refusal, frozen=True, kw_only=True):
    """There is no message {message_id}, or it is not for you."""

    message_id: MessageId


class MessageSettled(Refusal, frozen=True, kw_only=True):
    """Message {external_id} is settled: nothing more becomes of it."""

    message_id: MessageId
    external_id: str


class MessageNameChanges(Refusal, frozen=True, kw_only=True):
    """A corrected message keeps its id, {external_id}."""

    external_id: str


class DismissalNeedsANote(Refusal, frozen=True, kw_only=True):
    """Say why a message is dismissed: a sentence for whoever looks later."""
