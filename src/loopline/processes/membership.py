"""Membership: who becomes known, what they agree to, what is kept of them, and forgetting them.

The log is told of each; it carries ids alone. An erasure takes what is sealed, then where goods went and what photos of
them and pictures of reviews show, and tells whoever keeps something elsewhere.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import customers, notices, orders, reviews, stored_value
from loopline.customers import (
    ConsentChange,
    ConsentRecorded,
    ConsentStated,
    Erased,
    KeyRing,
    MemberErased,
    MemberRegistered,
    NewMember,
    Opening,
    PastAccess,
    PastConsent,
    Personal,
    Recipient,
    Registered,
)
from loopline.db import Conn, log
from loopline.fulfilment.photos import forget_photos_of_orders
from loopline.kernel.events import event
from loopline.kernel.ids import MemberId, ReviewPictureId
from loopline.kernel.refusals import Refusal
from loopline.orders import Line, Order
from loopline.pricing.coupons import CouponState, offers_of_member
from loopline.pricing.points import PointsKind, entries_of_member
from loopline.processes.points.rounds import write_off
from loopline.processes.stored_value.paying_in import end_bonuses
from loopline.returns import photos as returns_photos
from loopline.returns.announcements import members_sending_back
from loopline.slots import visits
from loopline.stored_value.refusals import StoredValueLeft

ORDERS_EXPORTED_MAX = 10_000
MOMENTS_EXPORTED_MAX = 10_000


class OrderUnderWay(Refusal, frozen=True, kw_only=True):
    """Order {order_number} is still open: we need your address until you have the goods. Cancel it, or wait for it."""

    order_number: str


class ReturnUnderWay(Refusal, frozen=True, kw_only=True):
    """A return of yours is still under way: keep the goods after all, or wait until it is paid back."""


class ExportedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order as its member gets it."""

    code: str
    units: int
    amount_minor: int
    handed_over: int
    cancelled: int
    returned: int


class ExportedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its member gets it; `recipient` where the shop knows where it went."""

    number: str
    channel: str
    placed_at: datetime
    stage: str
    currency: str
    amount_minor: int
    recipient: Recipient | None
    lines: tuple[ExportedLine, ...]


class ExportedMoment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a member."""

    at: datetime
    kind: str
    subject: UUID


class ExportedReview(msgspec.Struct, frozen=True, kw_only=True):
    """What a member said, and the ids of its pictures, which `/review-pictures/{id}` shows while they are shown."""

    written_at: datetime
    about: str
    stars: int
    text: str
    pictures: tuple[ReviewPictureId, ...]


class ExportedCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon that a member got, and the order that has it."""

    name: str
    given_at: datetime
    valid_until: datetime
    state: CouponState
    order_id: UUID | None


class ExportedPoints(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a member's points: how many more or fewer are pending, to use and held."""

    at: datetime
    kind: PointsKind
    pending: int
    available: int
    held: int
    order_id: UUID | None
    reason: str


class ExportedValue(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to money that a member paid ahead, and to what was given beside it."""

    at: datetime
    kind: stored_value.Kind
    principal_minor: int
    bonus_minor: int
    currency: str
    order_id: UUID | None


class ExportedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a member got: about which order, in the words in which they got it."""

    told_at: datetime
    order_id: UUID
    text: str


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept of a member, in the open: for the member alone."""

    member_id: MemberId
    exported_at: datetime
    personal: Personal
    addresses: tuple[Recipient, ...]
    consents: tuple[PastConsent, ...]
    orders: tuple[ExportedOrder, ...]
    reviews: tuple[ExportedReview, ...]
    coupons: tuple[ExportedCoupon, ...]
    points: tuple[ExportedPoints, ...]
    stored_value: tuple[ExportedValue, ...]
    messages: tuple[ExportedNotice, ...]
    timeline: tuple[ExportedMoment, ...]
    opened_by: tuple[PastAccess, ...]


def register(
    conn: Conn, members: Sequence[NewMember], *, ring: KeyRing, now: datetime, actor: str
) -> list[Registered | Refusal]:
    """Find members or add them, one outcome each, and say who is new."""
    outcomes = customers.register_members(conn, members, ring=ring, now=now)
    log.append(
        conn,
        [
            event(
                MemberRegistered(member_id=one.member_id, channel=member.channel),
                subject=one.member_id,
                at=now,
                actor=actor,
            )
            for member, one in zip(members, outcomes, strict=True)
            if isinstance(one, Registered) and not one.was_known
        ],
    )
    return outcomes


def state_consents(
    conn: Conn, changes: Sequence[ConsentChange], *, now: datetime, actor: str
) -> list[ConsentRecorded | Refusal]:
    """Keep what members said, and say so."""
    outcomes = customers.record_consents(conn, changes, now=now)
    log.append(
        conn,
        [
            event(
                ConsentStated(
                    member_id=change.key.member_id,
                    purpose=change.key.purpose,
                    channel=change.key.channel,
                    receiver_id=change.key.receiver_id,
                    granted=change.granted,
                    stated_at=change.at,
                ),
                subject=change.key.member_id,
                at=now,
                actor=actor,
            )
            for change, one in zip(changes, outcomes, strict=True)
            if isinstance(one, ConsentRecorded)
        ],
    )
    return outcomes


def forget(
    conn: Conn, member_ids: Sequence[MemberId], *, now: datetime, actor: str
) -> list[Erased | Refusal]:
    """Forget members for good: what was sealed, where their goods went, what photos show, who signed, what was told.

    The books keep adding up. Refused while goods are on their way to them or back: nobody would know where to, or whom
    to pay; and while money of theirs is left that they paid ahead.
    """
    held = _held_by_money(conn, member_ids) | _held_by_trade(conn, member_ids)
    free = [member_id for member_id in dict.fromkeys(member_ids) if member_id not in held]
    done = dict(zip(free, customers.erase_members(conn, free, now=now), strict=True))
    outcomes = [held.get(member_id) or done[member_id] for member_id in member_ids]
    erased = [one.member_id for one in outcomes if isinstance(one, Erased)]
    orders.forget_destinations(conn, erased)
    theirs = orders.order_ids_of_members(conn, erased)
    forget_photos_of_orders(conn, theirs, now=now)
    returns_photos.forget_photos_of_orders(conn, theirs, now=now)
    visits.forget_signatures(conn, theirs)
    reviews.forget_pictures(conn, member_ids=erased, order_ids=theirs, now=now)
    write_off(conn, erased, now=now)
    end_bonuses(conn, erased, now=now)
    notices.forget_notices(conn, erased, now=now)
    log.append(
        conn,
        [
            event(MemberErased(member_id=one.member_id), subject=one.member_id, at=now, actor=actor)
            for one in done.values()
            if isinstance(one, Erased) and one.at == now
        ],
    )
    return outcomes


def _held_by_money(conn: Conn, member_ids: Sequence[MemberId]) -> dict[MemberId, Refusal]:
    """Return who has money left that they paid ahead: it is paid out first. Locks their accounts."""
    return {
        one.member_id: StoredValueLeft(left_minor=one.principal_minor, currency=one.currency)
        for one in stored_value.hold_accounts(conn, member_ids).values()
        if one.principal_minor
    }


def _held_by_trade(conn: Conn, member_ids: Sequence[MemberId]) -> dict[MemberId, Refusal]:
    """Return why members cannot be forgotten yet, for those who cannot."""
    held: dict[MemberId, Refusal] = {
        member_id: ReturnUnderWay() for member_id in members_sending_back(conn, member_ids)
    }
    for head in orders.open_orders_of_members(conn, member_ids):
        if head.member_id is not None:
            held[head.member_id] = OrderUnderWay(order_number=head.number)
    return held


def export_member(conn: Conn, member_id: MemberId, *, ring: KeyRing, now: datetime) -> Export | Refusal:
    """Return everything that is kept of a member, for the member; that it was opened is written down."""
    opening = Opening(actor=f"member:{member_id}", purpose="the member's own copy")
    (personal,) = customers.open_personal(conn, [member_id], ring=ring, opening=opening, now=now)
    if isinstance(personal, Refusal):
        return personal
    heads = orders.orders_of_member(conn, member_id, limit=ORDERS_EXPORTED_MAX)
    addresses = customers.addresses_of_member(conn, member_id, ring=ring)
    said = reviews.reviews_of_orders(conn, [head.id for head in heads])
    pictures = reviews.pictures_of_reviews(conn, [one.id for of_order in said.values() for one in of_order])
    moments = customers.timeline(conn, member_id, before=now, limit=MOMENTS_EXPORTED_MAX)
    return Export(
        member_id=member_id,
        exported_at=now,
        personal=personal,
        addresses=tuple(one.recipient for one in addresses),
        consents=tuple(customers.consent_history(conn, member_id)),
        orders=_exported_orders(conn, heads, member_id, ring=ring),
        reviews=tuple(
            ExportedReview(
                written_at=one.written_at,
                about=one.about,
                stars=one.stars,
                text=one.text,
                pictures=tuple(pictures.get(one.id, ())),
            )
            for of_order in said.values()
            for one in of_order
            if one.member_id == member_id
        ),
        coupons=tuple(
            ExportedCoupon(
                name=one.batch.name,
                given_at=one.coupon.given_at,
                valid_until=one.coupon.valid_until,
                state=one.coupon.state,
                order_id=one.coupon.order_id,
            )
            for one in offers_of_member(conn, member_id, now=now, at_most=MOMENTS_EXPORTED_MAX)
        ),
        points=tuple(
            ExportedPoints(
                at=one.at,
                kind=one.kind,
                pending=one.pending,
                available=one.available,
                held=one.held,
                order_id=one.order_id,
                reason=one.reason,
            )
            for one in entries_of_member(conn, member_id, before=None, at_most=MOMENTS_EXPORTED_MAX)
        ),
        stored_value=_exported_value(conn, member_id),
        messages=_exported_notices(conn, member_id),
        timeline=tuple(ExportedMoment(at=one.at, kind=one.kind, subject=one.subject) for one in moments),
        opened_by=tuple(customers.last_accesses(conn, member_id, limit=MOMENTS_EXPORTED_MAX)),
    )


def _exported_value(conn: Conn, member_id: MemberId) -> tuple[ExportedValue, ...]:
    accounts = {one.id: one for one in stored_value.accounts_of_members(conn, [member_id])}
    return tuple(
        ExportedValue(
            at=one.at,
            kind=one.kind,
            principal_minor=one.principal_minor,
            bonus_minor=one.bonus_minor,
            currency=accounts[one.account_id].currency,
            order_id=one.order_id,
        )
        for one in stored_value.movements_of_members(conn, [member_id], at_most=MOMENTS_EXPORTED_MAX)
    )


def _exported_notices(conn: Conn, member_id: MemberId) -> tuple[ExportedNotice, ...]:
    found = notices.notices_of_member(conn, member_id, limit=MOMENTS_EXPORTED_MAX)
    return tuple(
        ExportedNotice(
            told_at=one.told_at,
            order_id=one.order_id,
            text=notices.text_of(one.about, one.facts, language=one.language, zone_name=one.zone),
        )
        for one in found
        if one.told_at is not None and one.language is not None
    )


def _exported_orders(
    conn: Conn, heads: Sequence[Order], member_id: MemberId, *, ring: KeyRing
) -> tuple[ExportedOrder, ...]:
    lines: dict[UUID, list[Line]] = {}
    for line in orders.lines_by_orders(conn, [head.id for head in heads]):
        lines.setdefault(line.order_id, []).append(line)
    went = customers.own_deliveries(conn, member_id, [head.id for head in heads], ring=ring)
    return tuple(
        ExportedOrder(
            number=head.number,
            channel=head.channel,
            placed_at=head.placed_at,
            stage=head.stage,
            currency=head.currency,
            amount_minor=head.amount_minor,
            recipient=went.get(head.id),
            lines=tuple(
                ExportedLine(
                    code=line.code,
                    units=line.units,
                    amount_minor=line.amount_minor,
                    handed_over=line.handed_over,
                    cancelled=line.cancelled,
                    returned=line.returned,
                )
                for line in lines.get(head.id, [])
            ),
        )
        for head in heads
    )
