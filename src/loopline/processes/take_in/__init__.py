"""Take in: what other programs and people call an order becomes a draft, and the draft is placed.

A message speaks in codes, and may leave out what is plain: the seller of the site it names, the currency of that
seller, this very moment. Codes become ids for all messages at once. What was filled in is no part of what the message
says: the same message again is the same order, whatever the defaults have become.
"""

from collections.abc import Sequence
from datetime import datetime

from loopline import orders
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Draft, Order
from loopline.processes.place import Placed, place
from loopline.processes.take_in.message import Incoming, MessageLine, OrderMessage, OrderTaken, Touch
from loopline.processes.take_in.refusals import (
    NeedsDestination,
    NeedsSite,
    NobodySells,
    NotForMembers,
    NumberTaken,
    SkuNotSold,
    UnknownParty,
    UnknownRegion,
    UnknownSeller,
    UnknownSite,
)
from loopline.processes.take_in.register import MEMBER_CHANNELS, draft_of, read_register

__all__ = [
    "MEMBER_CHANNELS",
    "Incoming",
    "MessageLine",
    "NeedsDestination",
    "NeedsSite",
    "NobodySells",
    "NotForMembers",
    "NumberTaken",
    "OrderMessage",
    "OrderTaken",
    "SkuNotSold",
    "Touch",
    "UnknownParty",
    "UnknownRegion",
    "UnknownSeller",
    "UnknownSite",
    "place_messages",
    "take_in",
]


def take_in(conn: Conn, incoming: Sequence[Incoming], *, now: datetime) -> list[Draft | Refusal]:
    """Make drafts of messages: one each, in their order, or why it can be none. Writes nothing, locks nothing.

    A sender places for the own sites only; what names no site belongs to the whole brand. A member asks in the own
    name, at our price, through the channels that members have.
    """
    register = read_register(conn, [one.message for one in incoming])
    return [draft_of(one, register, now=now) for one in incoming]


def place_messages(conn: Conn, incoming: Sequence[Incoming], *, now: datetime) -> list[OrderTaken | Refusal]:
    """Take messages in and place them, in the order given: one outcome each, and one bad message spoils no other."""
    outcomes: list[OrderTaken | Refusal | None] = [None] * len(incoming)
    drafts: list[tuple[int, Draft]] = []
    for position, draft in enumerate(take_in(conn, incoming, now=now)):
        if isinstance(draft, Refusal):
            outcomes[position] = draft
        else:
            drafts.append((position, draft))
    placed = place(conn, [draft for _, draft in drafts], scope=WHOLE_BRAND, now=now)
    order_ids = list({one.order_id for one in placed if not isinstance(one, Refusal)})
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)} if order_ids else {}
    for (position, _), outcome in zip(drafts, placed, strict=True):
        if isinstance(outcome, Refusal):
            outcomes[position] = _told_to(incoming[position], outcome)
            continue
        head = heads[outcome.order_id]
        is_repeat = not isinstance(outcome, Placed)
        outcomes[position] = _taken(head, is_repeat=is_repeat)
    return [outcome for outcome in outcomes if outcome is not None]


def _told_to(one: Incoming, refusal: Refusal) -> Refusal:
    """A member is not told which order has the number."""
    if one.by_member is not None and isinstance(refusal, orders.NumberTakenByOtherContent):
        return NumberTaken(external_number=refusal.external_number)
    return refusal


def _taken(head: Order, *, is_repeat: bool) -> OrderTaken:
    return OrderTaken(
        order_id=head.id,
        number=head.number,
        channel=head.channel,
        external_number=head.external_number,
        stage=head.stage,
        amount_minor=head.amount_minor,
        currency=head.currency,
        parked_units=head.parked,
        delivery=head.delivery,
        site_id=head.site_id,
        pay_until=head.pay_until,
        is_repeat=is_repeat,
    )
