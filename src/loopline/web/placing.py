"""Placing orders at the edge: single ones are gathered by the process's coalescer, each answered by itself.

An order's number makes the same message the same order for good. An Idempotency-Key besides that gives the very first
answer again for a day, and refuses another request under the same key.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
import psycopg
from prometheus_client import CollectorRegistry

from loopline.db import Conn, Database
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.processes.take_in import Incoming, OrderMessage, OrderTaken, place_messages
from loopline.web.api.idempotency import (
    Claim,
    IdempotencyKeyTaken,
    KeptAnswer,
    keep_answers,
    kept_answers,
)
from loopline.web.coalescer import Coalescer, Measures, Onlooker

_NEW_STATUS, _KNOWN_STATUS = 201, 200


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be placed, by whoever has the scope or, for a member, in the own name; perhaps once per key.

    `address` is the blind index of where it goes: by it unpaid orders are counted, and nobody can read it.
    """

    message: OrderMessage
    scope: Scope = Scope()
    by_member: MemberId | None = None
    idempotency: Claim | None = None
    address: UUID | None = None


class NotDoneNow(Refusal, frozen=True, kw_only=True):
    """This could not be done just now, and nothing of it was: send it again in a moment."""


class CannotBeKept(Refusal, frozen=True, kw_only=True):
    """Something in this order cannot be kept as it is, and nothing of it was."""


class BrokeOnOurSide(Refusal, frozen=True, kw_only=True):
    """Something broke on our side, and nothing of this was done. It was written down."""


class OrderReplayed(OrderTaken, frozen=True, kw_only=True):
    """What was answered before under the same Idempotency-Key, as it was then."""


OrderAnswer: TypeAlias = OrderTaken | Refusal
OrderCoalescer: TypeAlias = Coalescer[OrderRequest, OrderAnswer]


def order_coalescer(
    database: Database,
    clock: Callable[[], datetime],
    *,
    registry: CollectorRegistry,
    onlooker: Onlooker | None = None,
) -> OrderCoalescer:
    """Return what gathers a process's single orders: the only writer of orders of that process."""

    def work(requests: Sequence[OrderRequest]) -> list[OrderAnswer]:
        try:
            with database.transaction(is_routine=True) as conn:
                return place_requests(conn, requests, now=clock())
        except OverflowError as error:
            # A number that no column holds never reaches the database: the same fault, found a moment earlier.
            raise psycopg.DataError(str(error)) from error

    return Coalescer(work, measures=Measures(registry, "orders", onlooker=onlooker))


def status_of_order(taken: OrderTaken) -> int:
    """Return the HTTP status of an answer: whether the order was made by it."""
    return _KNOWN_STATUS if taken.is_repeat else _NEW_STATUS


def refusal_of_failure(error: BaseException) -> Refusal:
    """Say of one order of many what failed; raises what is no failure of a single one."""
    if isinstance(error, Refused):
        return error.refusal
    if isinstance(error, psycopg.DataError):
        return CannotBeKept()
    if isinstance(error, psycopg.OperationalError):
        return NotDoneNow()
    if isinstance(error, Exception):
        return BrokeOnOurSide()
    raise error


def place_requests(conn: Conn, requests: Sequence[OrderRequest], *, now: datetime) -> list[OrderAnswer]:
    """Place what was not answered under its key before: one outcome each, in the order given.

    A refusal is kept under no key: nothing was done, and it may be asked again. Raises SerializationFailure where a
    rival answers under one of the keys at this moment: to be done again, and then it is found.
    """
    keys = [_key_of(one) for one in requests]
    # Whoever comes second under a key of this very batch waits for the answer of the first.
    first = {key: position for position, key in reversed(list(enumerate(keys))) if key is not None}
    known = (
        kept_answers(conn, [one.idempotency for one in requests if one.idempotency], now=now) if first else {}
    )
    outcomes: dict[int, OrderAnswer] = {}
    fresh: list[int] = []
    second: list[int] = []
    for position, (one, key) in enumerate(zip(requests, keys, strict=True)):
        before = known.get(key) if key is not None else None
        if before is not None:
            outcomes[position] = _again(one, before)
        elif key is None or first[key] == position:
            fresh.append(position)
        else:
            second.append(position)
    incoming = [_incoming(requests[position]) for position in fresh]
    outcomes |= zip(fresh, place_messages(conn, incoming, now=now), strict=True)
    _keep(conn, [(requests[position], outcomes[position]) for position in fresh], now=now)
    if second:
        outcomes |= zip(
            second, place_requests(conn, [requests[position] for position in second], now=now), strict=True
        )
    return [outcomes[position] for position in range(len(requests))]


def _key_of(one: OrderRequest) -> tuple[str, str] | None:
    return (one.idempotency.caller, one.idempotency.key) if one.idempotency else None


def _incoming(one: OrderRequest) -> Incoming:
    return Incoming(message=one.message, scope=one.scope, by_member=one.by_member, address=one.address)


def _again(one: OrderRequest, before: KeptAnswer) -> OrderAnswer:
    assert one.idempotency is not None
    if before.content_hash != one.idempotency.content_hash:
        return IdempotencyKeyTaken(key=one.idempotency.key)
    return msgspec.json.decode(before.body, type=OrderReplayed)


def _keep(conn: Conn, answered: Sequence[tuple[OrderRequest, OrderAnswer]], *, now: datetime) -> None:
    """Keep what was granted under a key; a rival's answer under the same key sends everything back to the start."""
    kept = [
        (
            one.idempotency,
            KeptAnswer(
                content_hash=one.idempotency.content_hash,
                status=status_of_order(outcome),
                body=msgspec.json.encode(outcome),
            ),
        )
        for one, outcome in answered
        if one.idempotency is not None and not isinstance(outcome, Refusal)
    ]
    if kept and keep_answers(conn, kept, now=now) < len(kept):
        raise psycopg.errors.SerializationFailure("a rival answered under the same Idempotency-Key just now")
