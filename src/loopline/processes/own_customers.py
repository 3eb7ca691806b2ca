"""Own customers: who came lately, who waits for an answer, whom to call today; and cards sent to them.

Rooms: customers (bindings, moments, consents), orders, promises, returns, reviews; touchpoints for cards.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from loopline import customers, orders, org, promises, reviews, touchpoints
from loopline.customers.own import OwnCustomer, Rest, RestHow, bound_to, let_rest, own_customers
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import MemberId, OrderId, OrgUnitId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import BuyingOfMember
from loopline.org import Party, PartyKind
from loopline.processes.touch import add_touchpoints
from loopline.processes.touch.making import WantedTouchpoint
from loopline.promises import PromiseState
from loopline.returns.announcements import members_sending_back
from loopline.touchpoints import TouchpointAdded, TouchpointKind

CUSTOMERS_MAX = 500
"""So many are looked at, to whom something happened last, and so many of those who were long away and may be called."""
LATELY = timedelta(days=14)
FIRST_WEEK = (timedelta(days=7), timedelta(days=14))
LONG_AWAY = timedelta(days=60)
CALLED_REST = timedelta(days=30)


class WhyCall(StrEnum):
    """Why a customer is worth a call today."""

    FIRST_WEEK = "first_week"
    LONG_AWAY = "long_away"


class WhyWaits(StrEnum):
    """What a customer waits for an answer to."""

    LATE = "late"
    RETURN = "return"
    REVIEW = "review"


class CustomerUnknown(Refusal, frozen=True, kw_only=True):
    """There is no such customer of yours."""

    member_id: MemberId


class WhoseCustomers(msgspec.Struct, frozen=True, kw_only=True):
    """The parties whose customers somebody sees, and in whose name these would be called."""

    party_ids: frozenset[PartyId]
    receiver_ids: frozenset[PartyId]


class CustomerNow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as they stand today: why to call them (None: do not), what they wait for, what they bought."""

    own: OwnCustomer
    call: WhyCall | None
    waits: tuple[WhyWaits, ...]
    came_lately: bool
    buying: BuyingOfMember | None
    late_order: OrderId | None


def whose(conn: Conn, party_ids: Collection[PartyId], unit_path: Sequence[OrgUnitId]) -> WhoseCustomers:
    """Return whose customers are looked at, and who would call: the dealer above them, else the brand.

    That a member lets the brand write to them lets no dealer do so.
    """
    parties = org.branch_parties(conn)
    dealers = {one.unit_id: one.id for one in parties if one.kind is PartyKind.DEALER}
    dealer = next((dealers[unit] for unit in reversed(list(unit_path)) if unit in dealers), None)
    brands = [one.id for one in parties if one.kind is PartyKind.BRAND]
    return WhoseCustomers(
        party_ids=frozenset(party_ids), receiver_ids=frozenset([dealer] if dealer is not None else brands)
    )


def read_customers(conn: Conn, ask: WhoseCustomers, *, now: datetime) -> list[CustomerNow]:
    """Return somebody's customers, those to whom something happened last first. Five reads, whatever their number."""
    found = own_customers(
        conn,
        ask.party_ids,
        receiver_ids=ask.receiver_ids,
        away_before=now - LONG_AWAY,
        now=now,
        limit=CUSTOMERS_MAX,
    )
    member_ids = [one.member_id for one in found]
    if not member_ids:
        return []
    buying = orders.buying_of_members(conn, member_ids)
    late = _late_orders(conn, buying, now=now)
    back = members_sending_back(conn, member_ids)
    unheard = reviews.members_unanswered(conn, member_ids)
    return [
        CustomerNow(
            own=one,
            call=why_call(one, buying.get(one.member_id), now=now),
            waits=tuple(
                why
                for why, who in (
                    (WhyWaits.LATE, late.keys()),
                    (WhyWaits.RETURN, back),
                    (WhyWaits.REVIEW, unheard),
                )
                if one.member_id in who
            ),
            came_lately=one.last_at is not None and now - one.last_at <= LATELY,
            buying=buying.get(one.member_id),
            late_order=late.get(one.member_id),
        )
        for one in found
    ]


def why_call(one: OwnCustomer, buying: BuyingOfMember | None, *, now: datetime) -> WhyCall | None:
    """Return why a customer is worth a call today; None: no reason, they rest, or they never agreed to it. Pure."""
    if not one.may_be_called or one.rests_until is not None or buying is None:
        return None
    if buying.orders == 1 and FIRST_WEEK[0] <= now - buying.first_at < FIRST_WEEK[1]:
        return WhyCall.FIRST_WEEK
    seen_at = max(buying.last_at, one.last_at or buying.last_at)
    return WhyCall.LONG_AWAY if now - seen_at >= LONG_AWAY else None


def _late_orders(
    conn: Conn, buying: Mapping[MemberId, BuyingOfMember], *, now: datetime
) -> dict[MemberId, OrderId]:
    """Return for members the first of their orders that should be with them by now."""
    owner = {order_id: one.member_id for one in buying.values() for order_id in one.open_ids}
    found: dict[MemberId, OrderId] = {}
    for order_id, of_order in promises.promises_of_orders(conn, owner).items() if owner else ():
        if any(one.state is PromiseState.OPEN and one.due_at < now for one in of_order):
            found.setdefault(owner[order_id], order_id)
    return found


def rest_customers(
    conn: Conn, ask: WhoseCustomers, rests: Sequence[Rest], *, by: str, now: datetime
) -> list[Rest | Refusal]:
    """Say that customers were called, or will be later. Another's customers are as none."""
    theirs = bound_to(conn, {one.member_id for one in rests}, ask.party_ids)
    outcomes: list[Rest | Refusal] = [
        one if one.member_id in theirs else CustomerUnknown(member_id=one.member_id) for one in rests
    ]
    told = let_rest(conn, [one for one in outcomes if isinstance(one, Rest)], by=by, now=now)
    log.append(conn, [event(one, subject=one.member_id, at=now, actor=by) for one in told])
    return outcomes


def rest_until(how: RestHow, *, now: datetime, tomorrow: datetime) -> datetime:
    """Return until when a customer rests: a month once called, else until tomorrow begins."""
    return now + CALLED_REST if how is RestHow.CALLED else tomorrow


def card_for(conn: Conn, party: Party, product_code: str, *, now: datetime) -> TouchpointAdded | Refusal:
    """Return the code of a product that a guide, or a store, hands out: the one there is, or a new one.

    Who opens it and buys, bought by its party.
    """
    known = touchpoints.product_card(conn, party.id, product_code)
    if known is not None:
        return known
    wanted = WantedTouchpoint(kind=TouchpointKind.PRODUCT, product_code=product_code, party_code=party.code)
    (made,) = add_touchpoints(conn, [wanted], scope=Scope(org_units=frozenset({party.unit_id})), now=now)
    return made


def customer_of(conn: Conn, ask: WhoseCustomers, member_id: MemberId) -> MemberId | Refusal:
    """Return a member who is a customer of somebody; another's customer is as none."""
    known = customers.bindings_of_members(conn, [member_id])
    if not known or member_id not in bound_to(conn, [member_id], ask.party_ids):
        return CustomerUnknown(member_id=member_id)
    return member_id
