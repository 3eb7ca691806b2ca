"""Take in: what other programs and people call an order becomes a draft, and the draft is placed.

A message speaks in codes, and may leave out what is plain: the seller of the site it names, the currency of that
seller, this very moment. Codes become ids for all messages at once. What was filled in is no part of what the message
says: the same message again is the same order, whatever the defaults have become.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.db.remembered import Marks, read_marks
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.orders import Credits, Delivery, Draft, DraftKind, Order
from loopline.processes.place import Placed, Placement, place_credited
from loopline.processes.promised import keep_given
from loopline.processes.take_in.members import MEMBER_CHANNELS, as_members_may
from loopline.processes.take_in.message import (
    Incoming,
    MessageLine,
    OrderMessage,
    OrderTaken,
    SealedBuyer,
    Touch,
)
from loopline.processes.take_in.refusals import (
    DeclaredAsTest,
    NeedsDestination,
    NeedsFitting,
    NeedsSite,
    NeedsSlot,
    NobodySells,
    NotCollectedThere,
    NotForMembers,
    NotInTheShow,
    NotOnAir,
    NumberTaken,
    SkuNotSold,
    SlotTaken,
    TooManyLines,
    TooManyUnits,
    UnknownParty,
    UnknownRegion,
    UnknownSeller,
    UnknownSite,
)
from loopline.processes.take_in.register import COLLECTED_AT, draft_of, read_register
from loopline.processes.take_in.sealed import keep_sealed
from loopline.processes.take_in.slots import book_slots, take_slots
from loopline.processes.touch import attribute_orders, credits_for, issue_receipts
from loopline.touchpoints import Buyer

__all__ = [
    "COLLECTED_AT",
    "MEMBER_CHANNELS",
    "DeclaredAsTest",
    "Incoming",
    "MessageLine",
    "NeedsDestination",
    "NeedsFitting",
    "NeedsSite",
    "NeedsSlot",
    "NobodySells",
    "NotCollectedThere",
    "NotForMembers",
    "NotInTheShow",
    "NotOnAir",
    "NumberTaken",
    "OrderMessage",
    "OrderTaken",
    "SealedBuyer",
    "SkuNotSold",
    "SlotTaken",
    "TooManyLines",
    "TooManyUnits",
    "Touch",
    "UnknownParty",
    "UnknownRegion",
    "UnknownSeller",
    "UnknownSite",
    "keep_sealed",
    "place_messages",
    "take_in",
]


def take_in(
    conn: Conn, incoming: Sequence[Incoming], *, now: datetime, marks: Marks | None = None
) -> list[Draft | Refusal]:
    """Make drafts of messages: one each, in their order, or why it can be none. Writes nothing, locks nothing.

    A sender places for the own sites only; what names no site belongs to the whole brand. A member asks in the own
    name, at our price, through the channels that members have, for a household's worth, and has few unpaid at once.
    A number that the terms of a marketplace call a test is no order, unless it is one already.
    """
    marks = read_marks(conn) if marks is None else marks
    register = read_register(conn, [one.message for one in incoming], marks=marks)
    drafts = as_members_may(
        conn,
        incoming,
        [draft_of(one, register, now=now) for one in incoming],
        shows=register.shows,
    )
    return _credited(conn, incoming, drafts, marks=marks)


def _credited(
    conn: Conn, incoming: Sequence[Incoming], drafts: Sequence[Draft | Refusal], *, marks: Marks
) -> list[Draft | Refusal]:
    """Complete whom sales are owed to by what touched their buyers; what a message states goes before it."""
    buyers = {
        position: _buyer(one.message, draft)
        for position, (one, draft) in enumerate(zip(incoming, drafts, strict=True))
        if isinstance(draft, Draft) and (draft.member_id is not None or one.message.touch is not None)
    }
    owed = credits_for(conn, list(buyers.values()), marks=marks) if buyers else []
    found = dict(zip(buyers, owed, strict=True))
    return [
        _with_credits(draft, found[position]) if isinstance(draft, Draft) and position in found else draft
        for position, draft in enumerate(drafts)
    ]


def _buyer(message: OrderMessage, draft: Draft) -> Buyer:
    touch = message.touch or Touch()
    return Buyer(
        member_id=draft.member_id,
        visitor=touch.visitor,
        touchpoint_code=touch.touchpoint_code,
        at=draft.placed_at,
    )


def _with_credits(draft: Draft, found: Credits) -> Draft:
    stated = draft.credits
    return msgspec.structs.replace(
        draft,
        credits=Credits(
            guide_id=stated.guide_id or found.guide_id,
            dealer_id=stated.dealer_id or found.dealer_id,
            streamer_id=stated.streamer_id or found.streamer_id,
        ),
    )


def place_messages(conn: Conn, incoming: Sequence[Incoming], *, now: datetime) -> list[OrderTaken | Refusal]:
    """Take messages in and place them, in the order given: one outcome each, and one bad message spoils no other.

    What a store hands over at once gets the code of its receipt, and what a message says of its touch is kept, and what
    a marketplace sealed of its buyer: of an order that came before too, because platforms seal anew.
    """
    marks = read_marks(conn)
    drafts, taken_slots = take_slots(conn, incoming, take_in(conn, incoming, now=now, marks=marks))
    going = {position: draft for position, draft in enumerate(drafts) if isinstance(draft, Draft)}
    outcomes = place_credited(conn, list(going.values()), now=now, marks=marks)
    placed = dict(zip(going, outcomes, strict=True))
    sold = [
        one.order_id
        for position, one in placed.items()
        if not isinstance(one, Refusal) and _is_till_sale(going[position])
    ]
    receipts = issue_receipts(conn, sold, now=now) if sold else {}
    _keep_touches(conn, incoming, going, placed, now=now)
    _keep_sealed(conn, incoming, placed, now=now)
    _keep_promises(conn, incoming, placed, now=now)
    if taken_slots:
        book_slots(conn, taken_slots, placed, now=now)
    before = _orders_before(conn, list(placed.values()))
    taken: list[OrderTaken | Refusal] = []
    for position, draft in enumerate(drafts):
        outcome = draft if isinstance(draft, Refusal) else placed[position]
        if isinstance(outcome, Refusal):
            taken.append(_told_to(incoming[position], outcome, before))
        elif isinstance(outcome, Placed):
            taken.append(_taken_now(going[position], outcome, receipts.get(outcome.order_id)))
        else:
            taken.append(_taken_before(before[outcome.order_id], receipts.get(outcome.order_id)))
    return taken


def _is_till_sale(draft: Draft) -> bool:
    return draft.kind is DraftKind.FACT and draft.delivery is Delivery.CARRIED_OUT


def _keep_touches(
    conn: Conn,
    incoming: Sequence[Incoming],
    drafts: Mapping[int, Draft],
    placed: Mapping[int, Placement],
    *,
    now: datetime,
) -> None:
    """Keep what the messages of new orders say of their touch; of members the log's follower knows the rest."""
    touched = {
        outcome.order_id: _buyer(incoming[position].message, drafts[position])
        for position, outcome in placed.items()
        if isinstance(outcome, Placed) and incoming[position].message.touch is not None
    }
    if touched:
        attribute_orders(conn, touched, now=now)


def _keep_sealed(
    conn: Conn, incoming: Sequence[Incoming], placed: Mapping[int, Placement], *, now: datetime
) -> None:
    sealed = [
        (outcome.order_id, said)
        for position, outcome in placed.items()
        if (said := incoming[position].message.sealed_buyer) is not None and not isinstance(outcome, Refusal)
    ]
    if sealed:
        keep_sealed(conn, sealed, now=now)


def _keep_promises(
    conn: Conn, incoming: Sequence[Incoming], placed: Mapping[int, Placement], *, now: datetime
) -> None:
    """Keep what new orders were promised: nothing is done for those that come without."""
    given = [
        (outcome.order_id, said)
        for position, outcome in placed.items()
        if (said := incoming[position].message.promise) is not None and isinstance(outcome, Placed)
    ]
    if given:
        keep_given(conn, given, now=now)


def _orders_before(conn: Conn, placed: Sequence[Placement]) -> dict[OrderId, Order]:
    """The orders that came again, and those that have the numbers which others asked for."""
    asked = {
        one.order_id for one in placed if isinstance(one, orders.Repeat | orders.NumberTakenByOtherContent)
    }
    return {head.id: head for head in orders.orders_by_ids(conn, sorted(asked))} if asked else {}


def _told_to(one: Incoming, refusal: Refusal, holders: Mapping[OrderId, Order]) -> Refusal:
    """Which order has the number is told to those only who may see that order; a member is not told at all."""
    if not isinstance(refusal, orders.NumberTakenByOtherContent):
        return refusal
    holder = holders.get(refusal.order_id)
    is_theirs = one.by_member is None and holder is not None and one.scope.covers_site(holder.site_id)
    return refusal if is_theirs else NumberTaken(external_number=refusal.external_number)


def _taken_now(draft: Draft, placed: Placed, receipt_code: str | None) -> OrderTaken:
    return OrderTaken(
        order_id=placed.order_id,
        number=placed.number,
        channel=draft.channel,
        external_number=draft.external_number,
        stage=placed.stage,
        amount_minor=placed.amount_minor,
        currency=placed.currency,
        parked_units=placed.parked_units,
        delivery=draft.delivery,
        site_id=draft.site_id,
        pay_until=placed.pay_until,
        receipt_code=receipt_code,
        member_id=draft.member_id,
    )


def _taken_before(head: Order, receipt_code: str | None) -> OrderTaken:
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
        receipt_code=receipt_code,
        member_id=head.member_id,
        is_repeat=True,
    )
