"""Buyers: what marketplaces hand over of those who buy there, sealed by the platform, and who opened it for what.

Purpose: `keep_sealings` keeps a buyer's data beside the order as it came, a text that only the platform opens, with
what the platform shows of it masked. It is opened through a `Platform`, outside any transaction, for a purpose of a
closed list: `write_openings` before it is asked, `end_openings` before anybody sees what it said. Nothing that was
opened is kept. Who may open for which purpose, and that all of this happens in that order, is `processes.open_buyers`
and `channels.opening`.

Invariants:
- the newest sealing of an order stands, whichever came first and however often;
- a sealing is forgotten a month after its order is over, and does not come back;
- every opening is in the log, with who, when, for what and which order, before it reaches the platform; nothing in the
  log is changed or deleted;
- within an hour a person opens no more than the purpose lets them (`rules.OPENED_PER_HOUR_MOST`).

Lock order: sealings by order, after the orders' own rows; a person's turn (an advisory lock) where openings are
counted, in a transaction that locks nothing else.
"""

from loopline.buyers.checks import CHECKS
from loopline.buyers.model import (
    Masked,
    NewOpening,
    NewSealing,
    Opening,
    OpeningEnd,
    OpeningId,
    OpeningOutcome,
    OpeningPurpose,
    OpeningsAsk,
    Sealing,
    SealingKept,
)
from loopline.buyers.port import Answer, DenialReason, Denied, NoAnswer, OpenedBuyer, Platform, ToOpen
from loopline.buyers.queries import find_openings, sealings_of_orders
from loopline.buyers.refusals import (
    BuyerNotMasked,
    BuyerNotSealed,
    NotYoursToOpen,
    PlatformDenied,
    PlatformNotConnected,
    PlatformSilent,
    SealingEmpty,
    SealingForgotten,
    TooManyOpenings,
)
from loopline.buyers.rules import KEPT_FOR, next_look, refusal_of_one_more, refusal_of_sealing
from loopline.buyers.service import (
    end_openings,
    forget_sealings,
    keep_sealings,
    lock_to_look_at,
    look_later,
    opened_within_the_hour,
    write_openings,
)

__all__ = [
    "CHECKS",
    "KEPT_FOR",
    "Answer",
    "BuyerNotMasked",
    "BuyerNotSealed",
    "DenialReason",
    "Denied",
    "Masked",
    "NewOpening",
    "NewSealing",
    "NoAnswer",
    "NotYoursToOpen",
    "OpenedBuyer",
    "Opening",
    "OpeningEnd",
    "OpeningId",
    "OpeningOutcome",
    "OpeningPurpose",
    "OpeningsAsk",
    "Platform",
    "PlatformDenied",
    "PlatformNotConnected",
    "PlatformSilent",
    "Sealing",
    "SealingEmpty",
    "SealingForgotten",
    "SealingKept",
    "ToOpen",
    "TooManyOpenings",
    "end_openings",
    "find_openings",
    "forget_sealings",
    "keep_sealings",
    "lock_to_look_at",
    "look_later",
    "next_look",
    "opened_within_the_hour",
    "refusal_of_one_more",
    "refusal_of_sealing",
    "sealings_of_orders",
    "write_openings",
]
