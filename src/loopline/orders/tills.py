"""Sales that tills rang up: which order each is, who stood there, and those that people have to put right.

A till makes its own id once and counts its sales from one. The pair names a sale for good, wherever it is at the time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from loopline.db import Conn, execute, fetch, fetch_one, statements, uuids
from loopline.kernel.ids import OrderId, PersonId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

SQL = statements(__file__)
TILL = "till"
"""The channel that tills sell in."""


class TillNumber(msgspec.Struct, frozen=True, kw_only=True):
    """The name of a sale for good."""

    till_id: UUID
    number: int


class NewTillSale(msgspec.Struct, frozen=True, kw_only=True):
    """A sale that became an order; `rung_up_at` as the till's clock said it."""

    till_id: UUID
    number: int
    order_id: OrderId
    site_id: SiteId
    rung_up_by: PersonId
    rung_up_at: datetime


class TillSale(NewTillSale, frozen=True, kw_only=True):
    """A till's sale as it is kept: who was signed in when it was sent, and when it came."""

    sent_by: PersonId
    arrived_at: datetime


class CaseReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a sale was refused: the refusal's code, its sentence and the fields of it."""

    code: str
    template: str
    fields: dict[str, Any]


class NewTillCase(msgspec.Struct, frozen=True, kw_only=True):
    """A sale that was refused and handed over; `sale` is what the till says."""

    till_id: UUID
    number: int
    site_id: SiteId
    sale: Any
    reason: CaseReason


class TillCase(NewTillCase, frozen=True, kw_only=True):
    """A case that waits to be put right."""

    handed_by: PersonId
    handed_at: datetime


class TillCaseSettled(msgspec.Struct, frozen=True, kw_only=True):
    """Who put a case right, and how."""

    till_id: UUID
    number: int
    note: str
    settled_by: PersonId


class NoSuchCase(Refusal, frozen=True, kw_only=True):
    """No sale number {number} of that till waits to be put right: somebody settled it meanwhile, or it is not yours."""

    number: int


def spell_till_number(till_id: UUID, number: int) -> str:
    """Spell the number that an order of a till has in the channel."""
    return f"{till_id}/{number}"


def keep_till_sales(conn: Conn, sales: Sequence[NewTillSale], *, sent_by: PersonId, now: datetime) -> None:
    """Keep which orders sales are, in the transaction that writes these; what is kept already stays."""
    execute(
        conn,
        SQL["keep_till_sales"],
        till_ids=[one.till_id for one in sales],
        numbers=[one.number for one in sales],
        order_ids=[one.order_id for one in sales],
        site_ids=[one.site_id for one in sales],
        rung_up_by=[one.rung_up_by for one in sales],
        rung_up_at=[one.rung_up_at for one in sales],
        sent_by=sent_by,
        now=now,
    )


def known_till_numbers(conn: Conn, numbers: Sequence[TillNumber]) -> set[TillNumber]:
    """Return those of these numbers that are orders already."""
    found = fetch(
        conn,
        SQL["known_till_numbers"],
        TillNumber,
        till_ids=[one.till_id for one in numbers],
        numbers=[one.number for one in numbers],
    )
    return set(found)


def till_sales_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[TillSale]:
    """Return the sales that orders are, by till and number; orders of other channels are left out."""
    return fetch(conn, SQL["till_sales_of_orders"], TillSale, order_ids=uuids(order_ids))


def open_till_case(conn: Conn, case: NewTillCase, *, handed_by: PersonId, now: datetime) -> None:
    """Keep a refused sale for somebody to put right. The same number again is the case there is."""
    execute(
        conn,
        SQL["open_till_case"],
        till_id=case.till_id,
        number=case.number,
        site_id=case.site_id,
        sale=Jsonb(case.sale),
        reason=Jsonb(msgspec.to_builtins(case.reason)),
        handed_by=handed_by,
        now=now,
    )


def open_till_cases(conn: Conn, *, scope: Scope, at_most: int) -> list[TillCase]:
    """Return the first cases of a scope that wait, the first handed over first."""
    return fetch(
        conn,
        SQL["open_till_cases"],
        TillCase,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        at_most=at_most,
    )


def lock_till_case(conn: Conn, which: TillNumber, *, scope: Scope) -> TillCase | NoSuchCase:
    """Return a case of a scope that waits, for whoever puts it right alone. Locks its row."""
    found = fetch_one(
        conn,
        SQL["lock_till_case"],
        TillCase,
        till_id=which.till_id,
        number=which.number,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
    )
    return found or NoSuchCase(number=which.number)


def settle_till_case(conn: Conn, done: TillCaseSettled, *, scope: Scope, now: datetime) -> NoSuchCase | None:
    """Settle a case; refused, and nothing done, where none of the scope is open."""
    settled = execute(
        conn,
        SQL["settle_till_case"],
        till_id=done.till_id,
        number=done.number,
        note=done.note,
        settled_by=done.settled_by,
        everything=scope.everything,
        site_ids=uuids(scope.sites),
        now=now,
    )
    return None if settled else NoSuchCase(number=done.number)
