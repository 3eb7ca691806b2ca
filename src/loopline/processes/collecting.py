"""Collect: a waiting parcel is given to who shows its code and, where it is dear, shows that they are who ordered it.

Rooms: org (above which amount), orders (what the goods cost, whose they are), customers (whose digits, whose code, how
many wrong ones), fulfilment (the parcel).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline import customers, orders, org
from loopline.customers import KeyRing, PhoneEndings, Said, looks_like_a_code
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment_queries
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.events import CollectorIdentified, CollectorNotIdentified
from loopline.fulfilment.model import CollectParcel, HandedOver, Task, TaskState
from loopline.kernel.events import event
from loopline.kernel.ids import MemberId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org.limits import CounterLimit, limits_of_sites
from loopline.processes import fulfil


class Proof(StrEnum):
    """By what somebody shows that a parcel is theirs, beside its code."""

    LAST_FOUR = "last_four"
    """The last four digits of the phone that the order is under."""
    MEMBER_CODE = "member_code"
    """The code that their phone shows for a minute."""
    PAPER = "paper"
    """A paper with their name, looked at where no phone is known."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody shows to collect a parcel: its code, and digits or a member's code as they were said."""

    parcel: CollectParcel
    proof: str = ""
    is_paper_seen: bool = False


class ProofAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel whose code alone is not enough: what its goods cost, and whether a phone is known to ask for."""

    amount_minor: int
    currency: str
    has_phone: bool


class ProofNeeded(Refusal, frozen=True, kw_only=True):
    """Goods of {amount_minor} (in minor units of {currency}) are not given for the code alone: ask for the last four
    digits of the phone they were ordered with, or for the member code.
    """

    amount_minor: int
    currency: str


class PaperNeeded(Refusal, frozen=True, kw_only=True):
    """Goods of {amount_minor} (in minor units of {currency}) are not given for the code alone, and no phone is known:
    look at a paper with the customer's name, and say that you did.
    """

    amount_minor: int
    currency: str


class ProofNotTheirs(Refusal, frozen=True, kw_only=True):
    """These digits, or this code, are not of whoever ordered the parcel: keep it, and ask again."""


class ProofsUsedUp(Refusal, frozen=True, kw_only=True):
    """Too many wrong digits or codes were said of this parcel: within the hour only the member code on the customer's
    phone shows whose it is. Keep it until then.
    """


class _Dear(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting parcel that costs more than its site gives for a code alone."""

    order: Order
    amount_minor: int


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of those whose parcels are asked for: how their phones end, whose the codes shown are."""

    phones: Mapping[MemberId, PhoneEndings]
    owners: Mapping[str, MemberId]


def proofs_asked(conn: Conn, tasks: Sequence[Task]) -> dict[TaskId, ProofAsked]:
    """Return of which waiting parcels the code alone is not enough, by the limits of now. Locks nothing."""
    dear = _dear(conn, tasks)
    phones = customers.phone_endings(conn, _members(dear)) if dear else {}
    return {
        task_id: ProofAsked(
            amount_minor=one.amount_minor,
            currency=one.order.currency,
            has_phone=one.order.member_id is not None and one.order.member_id in phones,
        )
        for task_id, one in dear.items()
    }


def collect(  # noqa: PLR0913 - who shows what to whom, when
    conn: Conn, shown: Sequence[Shown], *, ring: KeyRing, by: str, scope: Scope, now: datetime
) -> list[HandedOver | Refusal]:
    """Give waiting parcels to who shows their codes at the site and, where they are dear, that they are theirs.

    A parcel that was given already is given once, whatever is shown. What is wrong is counted by parcel and written
    down: commit whatever comes back. Locks the tasks, by id, then the counts of what was wrong.
    """
    tasks = fulfilment.lock_tasks_of_codes(conn, [one.parcel for one in shown], scope=scope)
    dear = _dear(conn, [task for task in tasks if task is not None])
    judged = _judge_all(conn, shown, tasks, dear, ring=ring, now=now)
    passing = [one.parcel for one, word in zip(shown, judged, strict=True) if not isinstance(word, Refusal)]
    given = iter(fulfil.collect(conn, passing, scope=scope, now=now) if passing else ())
    outcomes = [word if isinstance(word, Refusal) else next(given) for word in judged]
    told: list[CollectorIdentified | CollectorNotIdentified] = [
        CollectorIdentified(task_id=one.task_id, order_id=one.order_id, site_id=one.site_id, proof=word.value)
        for one, word in zip(outcomes, judged, strict=True)
        if isinstance(one, HandedOver) and not one.is_repeat and isinstance(word, Proof)
    ]
    told += [
        CollectorNotIdentified(
            task_id=task.task_id,
            order_id=task.order_id,
            site_id=task.site_id,
            proof=(Proof.MEMBER_CODE if looks_like_a_code(one.proof) else Proof.LAST_FOUR).value,
        )
        for one, task, word in zip(shown, tasks, judged, strict=True)
        if task is not None and isinstance(word, ProofNotTheirs)
    ]
    log.append(conn, [event(one, subject=one.order_id, at=now, actor=by) for one in told])
    return outcomes


def _judge_all(  # noqa: PLR0913 - what is shown of which parcels, when
    conn: Conn,
    shown: Sequence[Shown],
    tasks: Sequence[Task | None],
    dear: Mapping[TaskId, _Dear],
    *,
    ring: KeyRing,
    now: datetime,
) -> list[Proof | Refusal | None]:
    """Judge what is shown of each parcel, None where its code is enough, and count what is wrong."""
    if not dear:
        return [None for _ in shown]
    known = _known(conn, shown, dear, ring=ring, now=now)
    left = customers.proofs_left(conn, dear.keys(), ring=ring, now=now)
    wrong: list[TaskId] = []
    judged: list[Proof | Refusal | None] = []
    for one, task in zip(shown, tasks, strict=True):
        if task is None or task.task_id not in dear:
            judged.append(None)
            continue
        is_used_up = wrong.count(task.task_id) >= left[task.task_id]
        judged.append(_judge(one, dear[task.task_id], known, ring=ring, is_used_up=is_used_up))
        if isinstance(judged[-1], ProofNotTheirs):
            wrong.append(task.task_id)
    if wrong:
        customers.count_wrong_proofs(conn, wrong, ring=ring, now=now)
    return judged


def _dear(conn: Conn, tasks: Sequence[Task]) -> dict[TaskId, _Dear]:
    """Return those waiting parcels whose goods were sold for more than their site gives for a code alone."""
    waiting = [task for task in tasks if task.state is TaskState.PACKED]
    if not waiting:
        return {}
    sites = org.sites_by_id(conn, {task.site_id for task in waiting})
    limits = limits_of_sites(conn, sites.values(), CounterLimit.COLLECT_BY_CODE)
    order_ids = sorted({task.order_id for task in waiting})
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    sold = {line.line_id: line.unit_minor for line in orders.lines_by_orders(conn, order_ids)}
    lines = fulfilment_queries.lines_of_tasks(conn, [task.task_id for task in waiting])
    amounts = {
        task.task_id: sum(sold[line.line_id] * line.left for line in lines.get(task.task_id, ()))
        for task in waiting
    }
    return {
        task.task_id: _Dear(order=heads[task.order_id], amount_minor=amounts[task.task_id])
        for task in waiting
        if amounts[task.task_id] > limits[task.site_id].value
    }


def _members(dear: Mapping[TaskId, _Dear]) -> set[MemberId]:
    return {one.order.member_id for one in dear.values() if one.order.member_id is not None}


def _known(
    conn: Conn, shown: Sequence[Shown], dear: Mapping[TaskId, _Dear], *, ring: KeyRing, now: datetime
) -> _Known:
    codes = sorted({one.proof for one in shown if looks_like_a_code(one.proof)})
    said = [Said(text=code, at=now, country="") for code in codes]
    owners = customers.recognise(conn, said, ring=ring) if said else []
    return _Known(
        phones=customers.phone_endings(conn, _members(dear)),
        owners={code: owner for code, owner in zip(codes, owners, strict=True) if owner is not None},
    )


def _judge(shown: Shown, dear: _Dear, known: _Known, *, ring: KeyRing, is_used_up: bool) -> Proof | Refusal:
    """Judge what is shown for a dear parcel: by what it is enough, or why it is not."""
    member_id, proof = dear.order.member_id, shown.proof.strip()
    endings = known.phones.get(member_id) if member_id is not None else None
    if member_id is not None and looks_like_a_code(proof):
        return Proof.MEMBER_CODE if known.owners.get(shown.proof) == member_id else ProofNotTheirs()
    if endings is None:
        if shown.is_paper_seen:
            return Proof.PAPER
        return PaperNeeded(amount_minor=dear.amount_minor, currency=dear.order.currency)
    if not proof:
        return ProofNeeded(amount_minor=dear.amount_minor, currency=dear.order.currency)
    if is_used_up:
        return ProofsUsedUp()
    return Proof.LAST_FOUR if endings.ends_in(proof, ring=ring) else ProofNotTheirs()
