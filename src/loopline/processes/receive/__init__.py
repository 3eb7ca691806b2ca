"""Receive: what channels say of orders is kept as it came, then applied; in any order, twice, late, half-broken.

`keep_messages` keeps everything, sealed, in a transaction of its own: nothing that was answered is lost.
`apply_messages` tries what is kept: a new order is placed, money taken, an order called off, by the stages that do so
for everybody. A message that comes before its order waits for it. What cannot be understood or done stays in quarantine
with its reason until somebody mends the cause and replays it (`replay`), or settles it without (`dismiss`). One bad
message stops no other: `channels.receiving` runs this in transactions, and in halves where something breaks.
"""

from loopline.processes.receive.applying import (
    PLATFORM,
    BrokeWhileApplied,
    NotInTheOrder,
    OrderNotKnownYet,
    PaidInAnotherCurrency,
    SenderMayNotMoveMoney,
    apply_messages,
    set_aside,
)
from loopline.processes.receive.following import FOLLOWERS
from loopline.processes.receive.keeping import (
    Again,
    KeptMessage,
    Mender,
    MoneyNotYours,
    Sender,
    ToBeTried,
    dismiss,
    keep_messages,
    replay,
)
from loopline.processes.receive.masking import masked, unmasked
from loopline.processes.receive.reading import (
    CharacterNotKept,
    MessageNotUnderstood,
    MomentTooFar,
    NotJson,
    SealedBuyerSaid,
    content_hash,
    head_of,
    read_message,
)
from loopline.processes.receive.sealing import (
    MessageForgotten,
    MessageSealBroken,
    lost_message_keys,
    open_message,
    reseal_messages,
)
from loopline.processes.receive.tests_aside import KnownAsTestOrder

__all__ = [
    "FOLLOWERS",
    "PLATFORM",
    "Again",
    "BrokeWhileApplied",
    "CharacterNotKept",
    "KeptMessage",
    "KnownAsTestOrder",
    "Mender",
    "MessageForgotten",
    "MessageNotUnderstood",
    "MessageSealBroken",
    "MomentTooFar",
    "MoneyNotYours",
    "NotInTheOrder",
    "NotJson",
    "OrderNotKnownYet",
    "PaidInAnotherCurrency",
    "SealedBuyerSaid",
    "Sender",
    "SenderMayNotMoveMoney",
    "ToBeTried",
    "apply_messages",
    "content_hash",
    "dismiss",
    "head_of",
    "keep_messages",
    "lost_message_keys",
    "masked",
    "open_message",
    "read_message",
    "replay",
    "reseal_messages",
    "set_aside",
    "unmasked",
]
