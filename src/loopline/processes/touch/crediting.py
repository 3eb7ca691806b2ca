"""Crediting: whom an order is owed to by what touched its buyer, and the evidence that is kept of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import customers, orders, touchpoints
from loopline.customers.model import Moment
from loopline.customers.moments import record_moments
from loopline.db import Conn, log
from loopline.db.followers import Follower
from loopline.db.remembered import Marks
from loopline.kernel.events import Event, event, read
from loopline.kernel.ids import MemberId, OrderId, PartyId
from loopline.orders import Credits, Order, OrderPlaced
from loopline.touchpoints import (
    Attribution,
    Buyer,
    Credit,
    CreditBasis,
    CreditRole,
    MemberBound,
    OrderAttributed,
    Touched,
    TouchpointScanned,
)


def credits_for(conn: Conn, buyers: Sequence[Buyer], *, marks: Marks | None = None) -> list[Credits]:
    """Return whom orders of these buyers are owed to, one each, in their order: before they are placed.

    What an order states itself goes before this. `marks` are those of the transaction. Locks nothing.
    """
    return [_credits(one.credits) for one in _touched(conn, buyers, marks=marks)]


def _credits(credited: Sequence[Credit]) -> Credits:
    by_role = {one.role: one.party_id for one in credited}
    return Credits(
        guide_id=by_role.get(CreditRole.GUIDE),
        dealer_id=by_role.get(CreditRole.DEALER),
        streamer_id=by_role.get(CreditRole.STREAMER),
    )


_Bound = Mapping[MemberId, Mapping[CreditRole, PartyId]]


def _bound(conn: Conn, buyers: Sequence[Buyer]) -> _Bound:
    """Whose customers the buyers are."""
    known = {one.member_id for one in buyers if one.member_id is not None}
    bound: dict[MemberId, dict[CreditRole, PartyId]] = {}
    for member_id, one in customers.bindings_of_members(conn, known).items() if known else ():
        stands = {CreditRole.GUIDE: one.guide_id, CreditRole.DEALER: one.dealer_id}
        bound[member_id] = {role: party_id for role, party_id in stands.items() if party_id is not None}
    return bound


def _touched(conn: Conn, buyers: Sequence[Buyer], *, marks: Marks | None = None) -> list[Touched]:
    return touchpoints.touched_buyers(conn, buyers, bound=_bound(conn, buyers), marks=marks)


def attribute_orders(conn: Conn, buyers: Mapping[OrderId, Buyer], *, now: datetime) -> list[Attribution]:
    """Keep what touched the buyers of orders that were placed, and who got the credit; returns what is new.

    Who got it is what stands on the order: where the rules would name somebody else, it was the member's protected
    binding, or stated. An order that nothing touched has no attribution; one that has its attribution keeps it.
    """
    heads = orders.orders_by_ids(conn, list(buyers))
    bound = _bound(conn, list(buyers.values()))
    touched = touchpoints.touched_buyers(conn, [buyers[head.id] for head in heads], bound=bound)
    found = [
        _attribution(head, buyers[head.id], one, bound=bound)
        for head, one in zip(heads, touched, strict=True)
        if one.touches
    ]
    new = touchpoints.record_attributions(conn, found, now=now)
    log.append(conn, [event(_told(one), subject=one.order_id, at=now) for one in new])
    return new


def campaigns_of(conn: Conn, heads: Sequence[Order]) -> dict[OrderId, str]:
    """Return the codes of the live rooms that orders came out of; orders that came out of none are left out.

    What is not attributed yet is looked at as it will be, so that nothing hangs on which follower comes first.
    """
    known = touchpoints.campaigns_of_orders(conn, [head.id for head in heads])
    members = {head.id: head for head in heads if head.member_id is not None and head.id not in known}
    done = touchpoints.orders_attributed(conn, list(members)) if members else set[OrderId]()
    left = [head for head in members.values() if head.id not in done]
    if not left:
        return known
    touched = _touched(conn, [_buyer(head.member_id, head.placed_at) for head in left])
    rooms = {
        head.id: room_id
        for head, one in zip(left, touched, strict=True)
        if (room_id := _attribution(head, _buyer(head.member_id, head.placed_at), one, bound={}).live_room_id)
        is not None
    }
    codes = touchpoints.live_room_codes(conn, set(rooms.values())) if rooms else {}
    return known | {order_id: codes[room_id] for order_id, room_id in rooms.items()}


def _buyer(member_id: MemberId | None, at: datetime) -> Buyer:
    """A buyer of whom nothing is known but who they are."""
    return Buyer(member_id=member_id, visitor=None, touchpoint_code=None, at=at)


def _attribution(head: Order, buyer: Buyer, touched: Touched, *, bound: _Bound) -> Attribution:
    bound_to: Mapping[CreditRole, PartyId] = {}
    if head.member_id is not None:
        bound_to = bound.get(head.member_id, bound_to)
    credited = tuple(
        one
        for role, party_id in (
            (CreditRole.GUIDE, head.guide_id),
            (CreditRole.DEALER, head.dealer_id),
            (CreditRole.STREAMER, head.streamer_id),
        )
        if party_id is not None
        for one in (_credit_of(role, party_id, touched, at=head.placed_at, bound_to=bound_to.get(role)),)
    )
    return Attribution(
        order_id=head.id,
        member_id=head.member_id,
        visitor=buyer.visitor,
        live_room_id=touchpoints.live_room_of(touched.touches, credited),
        placed_at=head.placed_at,
        touches=touched.touches,
        credits=credited,
    )


def _credit_of(
    role: CreditRole, party_id: PartyId, touched: Touched, *, at: datetime, bound_to: PartyId | None
) -> Credit:
    by_rule = next((one for one in touched.credits if one.role is role and one.party_id == party_id), None)
    basis = CreditBasis.BINDING if party_id == bound_to else CreditBasis.STATED
    return by_rule or Credit(role=role, party_id=party_id, basis=basis, rule_from=at)


def _told(one: Attribution) -> OrderAttributed:
    return OrderAttributed(
        order_id=one.order_id,
        touches=len(one.touches),
        scan_ids=tuple(touch.scan_id for touch in one.touches if touch.scan_id is not None),
        live_room_id=one.live_room_id,
    )


# ---- what follows the log

_PLACED = OrderPlaced.type_name()
_SCANNED = TouchpointScanned.type_name()
_BOUND = MemberBound.type_name()


def attribute_what_was_placed(conn: Conn, events: Sequence[Event]) -> None:
    """Attribute orders of members that came by a way where nobody asked: tills, files, marketplaces."""
    buyers = {
        placed.order_id: _buyer(placed.member_id, placed.placed_at)
        for placed in (read(told, OrderPlaced) for told in events)
        if placed.member_id is not None
    }
    done = touchpoints.orders_attributed(conn, list(buyers)) if buyers else set[OrderId]()
    left = {order_id: buyer for order_id, buyer in buyers.items() if order_id not in done}
    if left:
        attribute_orders(conn, left, now=max(told.at for told in events))


class _Mention(msgspec.Struct, frozen=True, kw_only=True):
    member_id: MemberId | None = None
    scanned_at: datetime | None = None


_decode_mention = msgspec.json.Decoder(_Mention).decode


def remember_touches(conn: Conn, events: Sequence[Event]) -> None:
    """Write what members scanned, and whose they became, into their timelines."""
    moments = [
        Moment(member_id=said.member_id, at=said.scanned_at or told.at, kind=told.type, subject=told.subject)
        for told in events
        if (said := _decode_mention(told.data)).member_id is not None
    ]
    record_moments(conn, moments)


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="attribution", types=frozenset({_PLACED}), apply=attribute_what_was_placed),
    Follower(name="touch_timelines", types=frozenset({_SCANNED, _BOUND}), apply=remember_touches),
)
