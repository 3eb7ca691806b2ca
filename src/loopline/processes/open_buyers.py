"""Open buyers: who may see what a marketplace sealed of an order's buyer, for what, and that it is written down first.

`ask_to_open` decides and writes the log; `channels.opening` then asks the platforms, outside any transaction, and
`note_answers` writes down what they said, before anybody sees it. Persons open, in their own name: a key is nobody whom
a platform, or an auditor, could ask.

| purpose | who | which orders |
|---|---|---|
| `ship_parcel`, `print_label` | `tasks.write` | whose parcel is checked or packed at a site in scope |
| `customer_service_call` | `openings.contact` | of the whole brand, or sold by a site in scope |
| `fraud_check`, `legal_request` | `openings.investigate` | the same |
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from loopline import buyers, orders
from loopline.buyers import (
    Answer,
    BuyerNotSealed,
    Denied,
    NewOpening,
    NoAnswer,
    NotYoursToOpen,
    OpeningEnd,
    OpeningId,
    OpeningOutcome,
    OpeningPurpose,
    PlatformNotConnected,
    Sealing,
    SealingForgotten,
    ToOpen,
)
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.ids import OrderId, PersonId, SiteId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import Order, OrderStage
from loopline.org import Permission

IN_HAND = frozenset({TaskState.CHECKED, TaskState.PACKED})
"""A parcel whose goods are checked, and which has not left."""
_PERMISSIONS: Mapping[OpeningPurpose, Permission] = {
    OpeningPurpose.SHIP_PARCEL: Permission.TASKS_WRITE,
    OpeningPurpose.PRINT_LABEL: Permission.TASKS_WRITE,
    OpeningPurpose.CUSTOMER_SERVICE_CALL: Permission.OPENINGS_CONTACT,
    OpeningPurpose.FRAUD_CHECK: Permission.OPENINGS_INVESTIGATE,
    OpeningPurpose.LEGAL_REQUEST: Permission.OPENINGS_INVESTIGATE,
}
_OVER = frozenset({OrderStage.HANDED_OVER, OrderStage.CANCELLED, OrderStage.RETURNED})


class WhoOpens(msgspec.Struct, frozen=True, kw_only=True):
    """A person, and where each of their permissions holds."""

    person_id: PersonId
    branches: Mapping[Permission, Scope]


class WantedOpenings(msgspec.Struct, frozen=True, kw_only=True):
    """Orders whose buyers somebody wants to see, and what for."""

    order_ids: tuple[OrderId, ...]
    purpose: OpeningPurpose


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """An opening that is written down, and may be put to its platform."""

    order_id: OrderId
    platform: str
    to_open: ToOpen


Decided: TypeAlias = Granted | Refusal


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody has an order in hand: the site its parcel is at, or that sold it; none: the whole brand."""

    site_id: SiteId | None


def ask_to_open(
    conn: Conn, wanted: WantedOpenings, who: WhoOpens, *, platforms: Collection[str], now: datetime
) -> list[Decided]:
    """Decide on openings and write all of them into the log, the refused too: one outcome each, in their order.

    An order that is not there is refused as one that is not theirs, and leaves no line. Takes the person's turn.
    """
    order_ids, purpose = wanted.order_ids, wanted.purpose
    put = buyers.opened_within_the_hour(conn, who.person_id, now=now)
    heads = {head.id: head for head in orders.orders_by_ids(conn, sorted(set(order_ids)))}
    sealings = buyers.sealings_of_orders(conn, heads)
    tasks = _tasks_of(conn, list(heads))
    made = uuid7s(now, len(order_ids))
    decided: list[Decided] = []
    written: list[NewOpening] = []
    for order_id, opening_id in zip(order_ids, made, strict=True):
        head, sealing = heads.get(order_id), sealings.get(order_id)
        place = _place_of(head, tasks[order_id], purpose, who) if head is not None else None
        refusal = _refusal_of(order_id, place, sealing, purpose, platforms)
        if refusal is None:
            refusal = buyers.refusal_of_one_more(put, purpose=purpose, now=now)
        if head is not None:
            written.append(
                NewOpening(
                    id=OpeningId(opening_id),
                    person_id=who.person_id,
                    order_id=order_id,
                    purpose=purpose,
                    platform=sealing.platform if sealing is not None else None,
                    site_id=place.site_id if place is not None else None,
                    refused=refusal.code if refusal is not None else None,
                )
            )
        if refusal is None:
            assert sealing is not None
            put.append(now)
            decided.append(_granted(OpeningId(opening_id), sealing, purpose))
        else:
            decided.append(refusal)
    buyers.write_openings(conn, written, now=now)
    return decided


def _granted(opening_id: OpeningId, sealing: Sealing, purpose: OpeningPurpose) -> Granted:
    return Granted(
        order_id=sealing.order_id,
        platform=sealing.platform,
        to_open=ToOpen(
            opening_id=opening_id,
            purpose=purpose,
            ciphertext_id=sealing.ciphertext_id,
            ciphertext=sealing.ciphertext,
        ),
    )


def _refusal_of(
    order_id: OrderId,
    place: _Place | None,
    sealing: Sealing | None,
    purpose: OpeningPurpose,
    platforms: Collection[str],
) -> Refusal | None:
    if place is None:
        return NotYoursToOpen(order_id=order_id, purpose=purpose)
    if sealing is None:
        return BuyerNotSealed(order_id=order_id)
    if sealing.forgotten_at is not None:
        return SealingForgotten(order_id=order_id)
    return None if sealing.platform in platforms else PlatformNotConnected(platform=sealing.platform)


def _tasks_of(conn: Conn, order_ids: Sequence[OrderId]) -> Mapping[OrderId, list[Task]]:
    found: defaultdict[OrderId, list[Task]] = defaultdict(list)
    for task in fulfilment.tasks_of_orders(conn, order_ids) if order_ids else ():
        found[task.order_id].append(task)
    return found


def _place_of(head: Order, tasks: Sequence[Task], purpose: OpeningPurpose, who: WhoOpens) -> _Place | None:
    """Return where somebody may open an order's buyer for a purpose; None: nowhere."""
    permission = _PERMISSIONS[purpose]
    scope = who.branches.get(permission, Scope())
    if permission is not Permission.TASKS_WRITE:
        return _Place(site_id=head.site_id) if scope.covers_site(head.site_id) else None
    sites = [
        task.site_id
        for task in tasks
        if task.kind is TaskKind.DELIVER and task.state in IN_HAND and scope.covers_site(task.site_id)
    ]
    return _Place(site_id=min(sites)) if sites else None


def purposes_open_to(head: Order, tasks: Sequence[Task], who: WhoOpens) -> list[OpeningPurpose]:
    """Return the purposes for which somebody may open an order's buyer, as things stand: what a page offers."""
    return [one for one in OpeningPurpose if _place_of(head, tasks, one, who) is not None]


def note_answers(conn: Conn, answers: Sequence[tuple[Granted, Answer]], *, now: datetime) -> None:
    """Write down what platforms said, in words that repeat nothing of it. Locks the rows it makes."""
    buyers.end_openings(
        conn, [_end(granted.to_open.opening_id, answer) for granted, answer in answers], now=now
    )


def _end(opening_id: OpeningId, answer: Answer) -> OpeningEnd:
    if isinstance(answer, Denied):
        return OpeningEnd(opening_id=opening_id, outcome=OpeningOutcome.DENIED, reason=answer.reason.value)
    if isinstance(answer, NoAnswer):
        return OpeningEnd(opening_id=opening_id, outcome=OpeningOutcome.UNANSWERED, reason=answer.said)
    return OpeningEnd(opening_id=opening_id, outcome=OpeningOutcome.OPENED)


def forget_buyers(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget the sealed buyers of orders that have been over for thirty days; the others are looked at again later.

    Returns how many were looked at. Locks their sealings, passing by those held.
    """
    due = buyers.lock_to_look_at(conn, now=now, limit=limit)
    if not due:
        return 0
    heads = {head.id: head for head in orders.orders_by_ids(conn, sorted(due))}
    looks = {order_id: buyers.next_look(_over_since(heads.get(order_id)), now=now) for order_id in due}
    buyers.look_later(conn, {order_id: at for order_id, at in looks.items() if at is not None})
    buyers.forget_sealings(conn, [order_id for order_id, at in looks.items() if at is None], now=now)
    return len(due)


def _over_since(head: Order | None) -> datetime | None:
    """Since when nothing of an order is to be done any more."""
    return head.changed_at if head is not None and head.stage in _OVER else None
