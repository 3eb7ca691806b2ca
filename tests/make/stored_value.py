"""Stored value to test with: terms, top-ups, and sales of a till that are paid with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from loopline import stored_value
from loopline.channels.till import Method, Sale, SalePayment, rung_up
from loopline.db import Conn
from loopline.kernel.ids import EntityId, MemberId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import claim_intents
from loopline.processes.follow import FOLLOWERS
from loopline.processes.ring_up import RungUp
from loopline.processes.stored_value.paying_in import take_ahead
from loopline.processes.stored_value.paying_with import PaidWithValue, Payer, give_back, pay_at_till
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.take_in import OrderTaken
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.stored_value import Account, Bonus, Moved, NewTerms, NewTopUp, Terms
from tests.make.loop import follow
from tests.make.org import succeeded
from tests.make.pricing import new_id
from tests.make.shop import NOON, OPENED, Shop
from tests.make.till import sale

BY = "person:tester"
GIVES_TEN = (Bonus(from_minor=10_000, bonus_minor=1_000), Bonus(from_minor=30_000, bonus_minor=5_000))


def offered(conn: Conn, entity_id: EntityId, **changes: Any) -> Terms:
    """Let a company take money ahead: ten yuan beside a hundred, fifty beside three hundred."""
    fields: dict[str, Any] = {"unproven_minor": 20_000, "alone_minor": 5_000, "bonuses": GIVES_TEN}
    new = NewTerms(entity_id=entity_id, currency="CNY", terms=Terms(**(fields | changes)))
    (terms,) = succeeded(stored_value.set_terms(conn, [new], by=BY, now=OPENED))
    return terms


def new_top_up(member_id: MemberId, entity_id: EntityId, amount_minor: int, **fields: Any) -> NewTopUp:
    stated: dict[str, Any] = {
        "id": new_id(),
        "member_id": member_id,
        "entity_id": entity_id,
        "currency": "CNY",
        "amount_minor": amount_minor,
        "method": "cash",
        "at": OPENED,
        "by": BY,
    }
    return NewTopUp(**(stated | fields))


def topped_up(conn: Conn, member_id: MemberId, entity_id: EntityId, amount_minor: int) -> Account:
    """Let a member pay ahead in cash."""
    (moved,) = succeeded(take_ahead(conn, [new_top_up(member_id, entity_id, amount_minor)], now=OPENED))
    return moved.account


def value_of(conn: Conn, member_id: MemberId) -> tuple[int, int]:
    """What a member has with all companies: paid, and given beside it."""
    found = stored_value.accounts_of_members(conn, [member_id])
    return sum(one.principal_minor for one in found), sum(one.bonus_minor for one in found)


def sale_by_value(by: PersonId, number: int = 1, *, value: int, cash: int = 0, **fields: Any) -> Sale:
    """A sale that stored value pays so much of, and cash the rest."""
    paid = (SalePayment(method=Method.STORED_VALUE, amount_minor=value),)
    if cash:
        paid = (*paid, SalePayment(method=Method.CASH, amount_minor=cash))
    return sale(by, number, payments=paid, **fields)


def told(one: Sale, member_id: MemberId | None = None, *, now: datetime = NOON) -> RungUp:
    found = rung_up(one, now=now, member_id=member_id)
    assert isinstance(found, RungUp), found
    return found


def paid_by(
    conn: Conn,
    one: Sale,
    member_id: MemberId,
    *,
    by: PersonId,
    is_proven: bool = True,
    attempt_id: UUID | None = None,
    now: datetime = NOON,
) -> PaidWithValue | Refusal:
    """Pay a sale with a member's stored value."""
    return pay_at_till(
        conn,
        told(one, member_id, now=now),
        Payer(member_id=member_id, is_proven=is_proven),
        attempt_id=attempt_id or one.id,
        scope=WHOLE_BRAND,
        sent_by=by,
        now=now,
    )


def go_back(conn: Conn, *, now: datetime) -> int:
    """Carry out what is to go back to stored value, as the job does; returns how many refunds there were."""
    due = claim_intents(conn, ["stored_value"], limit=100, now=now)
    give_back(conn, due, now=now)
    return len(due)


def repeated(outcome: Moved | Refusal) -> bool:
    """Tell whether a movement stood before."""
    assert isinstance(outcome, Moved), outcome
    return outcome.is_repeat


def brought_back(
    conn: Conn, shop: Shop, order: OrderTaken, number: str, *goods: tuple[str, int], now: datetime
) -> TakenBack:
    """Take goods of an order back over the counter of store S: what was paid goes back the way it came."""
    for one in FOLLOWERS:
        follow(conn, one)
    asked = NewReturn(
        channel="till",
        external_number=number,
        kind=ReturnKind.ASK,
        at=now,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order.order_id,
        lines=tuple(NewReturnLine(code=code, sku_id=shop.skus[code], units=units) for code, units in goods),
    )
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=now)
    assert isinstance(outcome, TakenBack), outcome
    return outcome
