"""Messages are sealed as members' data are: each with a key of its own, which a key outside the database seals."""

from loopline import inbox
from loopline.customers.keys import DamagedSeal, KeyRing, LostKey, new_member_key, seal, unseal
from loopline.db import Conn, Finding
from loopline.inbox import Message, MessageId, Sealed
from loopline.kernel.refusals import Refusal

_PLACE = "inbox.message"
# Sealing takes text, and a message is bytes of whatever kind: Latin-1 has a letter for each of them.
_BYTES_AS_TEXT = "latin-1"


class MessageSealBroken(Refusal, frozen=True, kw_only=True):
    """The text of this message cannot be opened: its key is not in the key file, or it was damaged."""


class MessageForgotten(Refusal, frozen=True, kw_only=True):
    """The text of this message was forgotten: it was settled long ago."""


def seal_message(body: bytes, *, message_id: MessageId, ring: KeyRing) -> Sealed:
    """Seal a message with a new key of its own."""
    key = new_member_key()
    return Sealed(
        text=seal(body.decode(_BYTES_AS_TEXT), member_key=key, place=_PLACE),
        wrapped_key=ring.wrap(key, member_id=message_id),
        sealed_with=ring.sealing_id,
    )


def seal_correction(body: bytes, message: Message, *, ring: KeyRing) -> bytes | Refusal:
    """Seal what somebody put right with the key the message has."""
    key = _key_of(message, ring)
    if isinstance(key, Refusal):
        return key
    return seal(body.decode(_BYTES_AS_TEXT), member_key=key, place=_PLACE)


def open_message(message: Message, *, ring: KeyRing, as_received: bool = False) -> bytes | Refusal:
    """Return the text of a message: as it was put right last, or as it was received."""
    key = _key_of(message, ring)
    if isinstance(key, Refusal):
        return key
    sealed = message.sealed if as_received or message.corrected is None else message.corrected
    if sealed is None:
        return MessageForgotten()
    try:
        return unseal(sealed, member_key=key, place=_PLACE).encode(_BYTES_AS_TEXT)
    except (DamagedSeal, UnicodeEncodeError):
        return MessageSealBroken()


def _key_of(message: Message, ring: KeyRing) -> bytes | Refusal:
    if message.wrapped_key is None or message.sealed_with is None:
        return MessageForgotten()
    try:
        return ring.unwrap(message.wrapped_key, sealed_with=message.sealed_with, member_id=message.id)
    except (LostKey, DamagedSeal):
        return MessageSealBroken()


def reseal_messages(
    conn: Conn, *, ring: KeyRing, after: MessageId | None = None, limit: int = 500
) -> MessageId | None:
    """Bring the next messages' keys under the current key of the file, after a rotation; returns where to go on.

    Part of a rotation as `customers.reencryption` tells it. What does not open stays as it is: `lost_message_keys`
    names it. Locks the messages by id.
    """
    found = inbox.lock_wrapped_otherwise(conn, current=ring.sealing_id, after=after, limit=limit)
    anew: dict[MessageId, bytes] = {}
    for one in found:
        try:
            key = ring.unwrap(one.wrapped_key, sealed_with=one.sealed_with, member_id=one.id)
        except (LostKey, DamagedSeal):
            continue
        anew[one.id] = ring.wrap(key, member_id=one.id)
    inbox.rewrap_messages(conn, anew, sealed_with=ring.sealing_id)
    return found[-1].id if found else None


def lost_message_keys(conn: Conn, *, ring: KeyRing) -> list[Finding]:
    """Return which keys messages need and the file does not have, for doctor."""
    return [
        Finding(
            subject=f"sealing key {key_id}",
            found=f"{messages} messages need it, the key file does not have it",
            expected="every key that is in use is in the key file",
            repair="restore the key file that was kept with the backup",
        )
        for key_id, messages in inbox.keys_in_use(conn).items()
        if key_id not in ring.sealing_ids
    ]
