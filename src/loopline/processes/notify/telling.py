"""Telling: what is due is looked at, phones are opened for what is told now, and what a gateway says is taken in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from loopline import customers, notices, orders, org, promises
from loopline.customers import ConsentChannel, ConsentKey, IdentityKind, KeyRing, Opening, Personal, Purpose
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskState
from loopline.kernel.events import event
from loopline.kernel.ids import MemberId, OrderId, PromiseId, ReturnId, TaskId
from loopline.notices import About, Claim, End, Notice, NoticeReport, Step, ToTell
from loopline.notices import rules as notices_rules
from loopline.notices.events import CustomerTold
from loopline.orders import Order
from loopline.orders.parking import parking_of
from loopline.payments import queries as payments
from loopline.promises import PromiseState

ACTOR = "system"
PURPOSE = "message about their order"
"""What is written down for each phone that is opened."""
_DAY = timedelta(days=1)
_OF_A_PROMISE = frozenset({About.NEW_DATE, About.NEW_READY})
_WAITING_THERE = frozenset({About.READY, About.COLLECT_SOON})
_LEFT = frozenset({About.SENT, About.ON_ITS_WAY})


class _Now(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand that notices speak of."""

    heads: Mapping[OrderId, Order]
    tasks: Mapping[TaskId, Task]
    open_promises: frozenset[PromiseId]
    days: frozenset[tuple[OrderId, date]]
    arrived: Mapping[TaskId, datetime]
    paid_back: frozenset[ReturnId]
    now: datetime


def claim_to_tell(conn: Conn, *, ring: KeyRing, limit: int, now: datetime) -> list[ToTell]:
    """Claim what is due, at most `limit`, and return what is to be handed over; commit before that is done.

    What is not true any more, or whose member wants no messages, is left out; what would wake a member, or be one too
    many in an hour, is put off. Each phone that is opened is written down. What a gateway may have already is asked
    after whatever holds. A claim holds for two minutes. Locks notices, passing by those held.
    """
    due = notices.lock_due(conn, now=now, limit=limit)
    if not due:
        return []
    steps: dict[UUID, Step] = {}
    chosen: list[Notice] = []
    standing, declined = _standing(conn, due, now=now), _declined(conn, due)
    told = notices.told_lately(conn, {one.member_id for one in due}, since=now - _DAY)
    for one in due:
        step = None if one.is_unsure else _kept_back(one, standing, declined, told)
        if step is not None:
            steps[one.id] = step
        else:
            chosen.append(one)
            told.setdefault(one.member_id, []).append(now)
    phones = _phones(conn, {one.member_id for one in chosen}, ring=ring, now=now)
    asked: list[ToTell] = []
    for one in chosen:
        phone = phones.get(one.member_id)
        if phone is None:
            steps[one.id] = Step(notice_id=one.id, end=End.NO_PHONE)
            continue
        language = one.language or notices_rules.language_of(phone)
        lease = now + notices_rules.LEASE
        steps[one.id] = Step(notice_id=one.id, until=lease, language=language)
        may_send = now < one.stale_at and one.member_id not in declined and _is_true(one, standing)
        asked.append(_to_tell(one, phone, language, lease=lease, may_send=may_send, now=now))
    notices.write_steps(conn, list(steps.values()), now=now)
    return asked


def _kept_back(
    one: Notice,
    standing: _Now,
    declined: frozenset[MemberId],
    told: Mapping[MemberId, Sequence[datetime]],
) -> Step | None:
    """Return why a notice is not handed over now; None: it is."""
    if not _is_true(one, standing):
        return Step(notice_id=one.id, end=End.OVERTAKEN)
    if one.member_id in declined:
        return Step(notice_id=one.id, end=End.DECLINED)
    now = standing.now
    until = notices_rules.quiet_until(now, zone_name=one.zone, by=one.facts.by)
    until = until or notices_rules.crowded_until(told.get(one.member_id, ()), now=now)
    return Step(notice_id=one.id, until=until) if until is not None else None


def _is_true(one: Notice, standing: _Now) -> bool:
    """Whether what a notice says still is so, and is not said better by another one."""
    head, task = standing.heads[one.order_id], standing.tasks.get(TaskId(one.version))
    is_so: Mapping[About, bool] = {
        About.NEW_DATE: one.version in standing.open_promises,
        About.NEW_READY: one.version in standing.open_promises,
        About.GOODS_DAY: one.facts.by is not None and (head.id, one.facts.by.date()) in standing.days,
        About.READY: task is not None and task.state is TaskState.PACKED,
        About.COLLECT_SOON: task is not None and task.state is TaskState.PACKED,
        About.SENT: one.version not in standing.arrived,
        About.ON_ITS_WAY: one.version not in standing.arrived,
        About.CALLED_OFF: head.cancelled == head.units,
        About.PARTLY_CALLED_OFF: 0 < head.cancelled < head.units,
        About.NOT_COLLECTED: head.cancelled > 0,
        About.RETURN_HERE: one.version not in standing.paid_back,
        About.REFUNDED: True,
    }
    return is_so[one.about]


def _standing(conn: Conn, due: Sequence[Notice], *, now: datetime) -> _Now:
    order_ids = list({one.order_id for one in due})
    tasks = [TaskId(one.version) for one in due if one.about in _WAITING_THERE]
    renewed = list({one.order_id for one in due if one.about in _OF_A_PROMISE})
    left = list({one.order_id for one in due if one.about in _LEFT})
    came = [ReturnId(one.version) for one in due if one.about is About.RETURN_HERE]
    waiting = {one.order_id for one in due if one.about is About.GOODS_DAY}
    kept = promises.promises_of_orders(conn, renewed) if renewed else {}
    refunds = payments.refunds_of_returns(conn, came) if came else []
    return _Now(
        heads={one.id: one for one in orders.orders_by_ids(conn, order_ids)},
        tasks={one.task_id: one for one in fulfilment.tasks_by_id(conn, tasks)} if tasks else {},
        open_promises=frozenset(
            one.id for of_order in kept.values() for one in of_order if one.state is PromiseState.OPEN
        ),
        days=frozenset(
            (line.order_id, line.expected_on)
            for line in parking_of(conn, waiting).values()
            if line.expected_on is not None
        ),
        arrived=promises.arrivals_of_orders(conn, left) if left else {},
        paid_back=frozenset(one.return_id for one in refunds if one.return_id is not None),
        now=now,
    )


def _declined(conn: Conn, due: Sequence[Notice]) -> frozenset[MemberId]:
    """Those of the members who said that they want no messages about their orders."""
    brand = org.brand_party(conn)
    if brand is None:
        return frozenset()
    keys = [
        ConsentKey(
            member_id=member_id, purpose=Purpose.SERVICE, channel=ConsentChannel.SMS, receiver_id=brand.id
        )
        for member_id in sorted({one.member_id for one in due})
    ]
    said = customers.declined(conn, keys)
    return frozenset(key.member_id for key, is_declined in zip(keys, said, strict=True) if is_declined)


def _phones(conn: Conn, member_ids: set[MemberId], *, ring: KeyRing, now: datetime) -> dict[MemberId, str]:
    """Open the phones of members; that they were is written down. Who has none, or cannot be opened, is left out."""
    opening = Opening(actor=ACTOR, purpose=PURPOSE)
    found: dict[MemberId, str] = {}
    for one in customers.open_personal(conn, sorted(member_ids), ring=ring, opening=opening, now=now):
        if isinstance(one, Personal):
            phone = next((known.value for known in one.identities if known.kind is IdentityKind.PHONE), None)
            if phone is not None:
                found[one.member_id] = phone
    return found


def _to_tell(  # noqa: PLR0913 - the parts of one record
    one: Notice, phone: str, language: str, *, lease: datetime, may_send: bool, now: datetime
) -> ToTell:
    return ToTell(
        claim=Claim(notice_id=one.id, lease=lease),
        key=one.id.hex,
        phone=phone,
        about=one.about,
        language=language,
        fields=notices.fields_of(one.about, one.facts, language=language, zone_name=one.zone),
        text=notices.text_of(one.about, one.facts, language=language, zone_name=one.zone),
        tried_since=one.told_at or now,
        asks_first=one.is_unsure,
        may_send=may_send,
    )


def take_in(conn: Conn, reports: Sequence[NoticeReport], *, now: datetime) -> int:
    """Take in what a gateway said; the log is told of what it took over. Returns how many that were."""
    told = notices.apply_reports(conn, reports, now=now)
    log.append(
        conn,
        [
            event(
                CustomerTold(notice_id=one.id, order_id=one.order_id, about=one.about),
                subject=one.order_id,
                at=now,
            )
            for one in told
        ],
    )
    return len(told)
