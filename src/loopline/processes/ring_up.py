"""Ring up: what a till sold, with or without a network, becomes an order with its payment, in one transaction.

A till's sale has happened: it is placed as a fact, whoever sends it and however late. It is owed to the guide who stood
at the till. The same sale again is the order it made before; nothing of it is done twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders, org
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PaymentId, PersonId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders.tills import NewTillSale, keep_till_sales
from loopline.org import PartyKind, Person
from loopline.payments.cash import STORED_VALUE
from loopline.payments.model import NewPayment
from loopline.payments.port import Report
from loopline.payments.queries import intents_by_ids, payments_of_orders
from loopline.payments.shifts import MoveKind, TillMoney, hold_tills
from loopline.processes.look_up import PERSON_ACTOR
from loopline.processes.outcomes import all_granted
from loopline.processes.pay import apply_gateway_reports, close_what_is_right, take_payments
from loopline.processes.price_change import AtTill, judge_prices, keep_changed_prices
from loopline.processes.shift import keep_in_shifts
from loopline.processes.take_in import Incoming, OrderTaken, place_messages

WALLET = "wallet"
"""Money that a gateway takes by the code on the customer's phone: recorded by what the gateway reports alone."""
_BY_CAPTURE = frozenset({WALLET, STORED_VALUE})
"""Methods whose payment stands under the sale's id because of a capture, and not because a till says so."""


class MoneyTaken(msgspec.Struct, frozen=True, kw_only=True):
    """Money taken at the till, in minor units of the sale's currency."""

    method: str
    amount_minor: int


class RungUp(AtTill, frozen=True, kw_only=True):
    """A sale as its till tells it. `said` is the hash of all it says; `rung_up_at` is the moment by its own clock."""

    said: bytes
    rung_up_at: datetime
    money: tuple[MoneyTaken, ...]


class NotPaidByWallet(Refusal, frozen=True, kw_only=True):
    """The customer's wallet has not paid {amount_minor} (in minor units) for this sale."""

    amount_minor: int


class NotPaidByStoredValue(Refusal, frozen=True, kw_only=True):
    """The member's stored value has not paid {amount_minor} (in minor units) for this sale."""

    amount_minor: int


class CashierUnknown(Refusal, frozen=True, kw_only=True):
    """Nobody known rang this sale up ({person_id})."""

    person_id: PersonId


def ring_up(  # noqa: PLR0913 - sales, who sends them, and what a wallet says
    conn: Conn,
    sales: Sequence[RungUp],
    *,
    scope: Scope,
    sent_by: PersonId,
    now: datetime,
    paid: Report | None = None,
) -> list[OrderTaken | Refusal]:
    """Place sales and record their money, in the order given: one outcome each, and a bad one spoils no other.

    What a wallet or stored value pays is there before its sale, or comes with it: `paid` is what its gateway reports,
    and is taken in with the sale, or without it where that is refused. No price refuses what a wallet has paid.

    Who is signed in sends for the sites in `scope`; a sale stays that of who rang it up, who may have left since.
    Holds the tills, so that a count of a drawer is before a sale or after it, and what was approved of their prices;
    then locks as placing does, then orders, then payments.
    """
    hold_tills(conn, {one.till_id for one in sales})
    people = org.people_by_id(conn, {one.rung_up_by for one in sales})
    guides = _guides_of(conn, people)
    unpaid = _unpaid(conn, sales, paid)
    outcomes: list[OrderTaken | Refusal] = [
        unpaid.get(at) or CashierUnknown(person_id=one.rung_up_by) for at, one in enumerate(sales)
    ]
    # What is refused anyway uses up nothing that was approved: another sale of the batch may.
    open_ones = [at for at, one in enumerate(sales) if one.rung_up_by in people and at not in unpaid]
    by_wallet = [place for place, at in enumerate(open_ones) if _by_wallet(sales[at])]
    found = judge_prices(conn, [sales[at] for at in open_ones], scope=scope, now=now, paid=by_wallet)
    judged = dict(zip(open_ones, found, strict=True))
    outcomes = [
        one if isinstance(one := judged.get(at), Refusal) else before for at, before in enumerate(outcomes)
    ]
    known = [at for at in open_ones if not isinstance(judged[at], Refusal)]
    incoming = [_incoming(sales[position], guides, scope) for position in known]
    for position, outcome in zip(known, place_messages(conn, incoming, now=now), strict=True):
        outcomes[position] = outcome
    new = {
        outcome.order_id: sale
        for sale, outcome in zip(sales, outcomes, strict=True)
        if isinstance(outcome, OrderTaken) and not outcome.is_repeat
    }
    if paid is not None:
        apply_gateway_reports(conn, [paid], now=now)
    if new:
        keep_in_shifts(conn, [*_take_money(conn, new, now=now), *_of_wallets(conn, new, now=now)], now=now)
        _keep(conn, new, sent_by=sent_by, now=now)
        sold = {
            outcome.order_id: (sales[at], changed)
            for at, changed in judged.items()
            if isinstance(outcome := outcomes[at], OrderTaken)
            and not outcome.is_repeat
            and not isinstance(changed, Refusal)
        }
        keep_changed_prices(conn, sold, now=now)
    return outcomes


def _guides_of(conn: Conn, people: Mapping[PersonId, Person]) -> dict[PersonId, str]:
    """The codes of the guides that people are, of those of their own unit; the first where somebody is several."""
    parties = org.branch_parties(conn, {one.unit_id for one in people.values()}) if people else []
    found: dict[PersonId, str] = {}
    for party in parties:
        if party.kind is PartyKind.GUIDE and party.person_id is not None and party.person_id in people:
            found.setdefault(party.person_id, party.code)
    return found


def _incoming(sale: RungUp, guides: Mapping[PersonId, str], scope: Scope) -> Incoming:
    message = msgspec.structs.replace(sale.message, guide_code=guides.get(sale.rung_up_by))
    return Incoming(message=message, scope=scope, said=sale.said)


def _take_money(conn: Conn, new: Mapping[OrderId, RungUp], *, now: datetime) -> list[TillMoney]:
    """Record what was taken for orders of this very transaction: nobody else can have recorded it."""
    heads = {head.id: head for head in orders.orders_by_ids(conn, list(new))}
    taken = [
        (order_id, sale, place, money)
        for order_id, sale in new.items()
        for place, money in enumerate(sale.money, start=1)
        if money.method not in _BY_CAPTURE
    ]
    payments = [
        NewPayment(
            id=PaymentId(payment_id),
            key=f"till:{sale.till_id}:{sale.number}:{place}",
            order_id=order_id,
            method=money.method,
            entity_id=heads[order_id].seller_entity_id,
            currency=heads[order_id].currency,
            amount_minor=money.amount_minor,
            taken_at=heads[order_id].placed_at,
        )
        for (order_id, sale, place, money), payment_id in zip(taken, uuid7s(now, len(taken)), strict=True)
    ]
    if payments:
        all_granted(take_payments(conn, payments, now=now))
    return [
        TillMoney(
            till_id=sale.till_id,
            kind=MoveKind.SALE,
            method=one.method,
            currency=one.currency,
            amount_minor=one.amount_minor,
            source_id=one.id,
            moved_by=f"{PERSON_ACTOR}{sale.rung_up_by}",
            moved_at=one.taken_at,
        )
        for (_, sale, _, _), one in zip(taken, payments, strict=True)
    ]


def _unpaid(conn: Conn, sales: Sequence[RungUp], paid: Report | None) -> dict[int, Refusal]:
    """The sales that a wallet or stored value should have paid and did not, by position; `paid` comes with its sale."""
    coming = None if paid is None else _method(intents_by_ids(conn, [paid.intent_id])[paid.intent_id].gateway)
    wanted = {
        (position, method): minor
        for position, one in enumerate(sales)
        for method in sorted(_BY_CAPTURE - {coming})
        if (minor := _paid_by(one, method))
    }
    ids = {sales[position].message.order_id for position, _ in wanted}
    taken: dict[tuple[OrderId, str], int] = {}
    known = sorted(order_id for order_id in ids if order_id is not None)
    for one in payments_of_orders(conn, known) if known else ():
        if one.intent_id is not None:
            key = (one.order_id, _method(one.method))
            taken[key] = taken.get(key, 0) + one.amount_minor
    refused: dict[int, Refusal] = {}
    for (position, method), minor in wanted.items():
        order_id = sales[position].message.order_id
        if order_id is None or taken.get((order_id, method), 0) < minor:
            kind = NotPaidByWallet if method == WALLET else NotPaidByStoredValue
            refused[position] = kind(amount_minor=minor)
    return refused


def _method(gateway: str) -> str:
    """What a till calls a gateway: every one but our own stored value is a wallet."""
    return STORED_VALUE if gateway == STORED_VALUE else WALLET


def _paid_by(sale: RungUp, method: str) -> int:
    return sum(one.amount_minor for one in sale.money if one.method == method)


def _by_wallet(sale: RungUp) -> int:
    return _paid_by(sale, WALLET)


def _of_wallets(conn: Conn, new: Mapping[OrderId, RungUp], *, now: datetime) -> list[TillMoney]:
    """Find what gateways took for new sales, and close what was open while they had not come."""
    theirs = [order_id for order_id, sale in new.items() if any(_paid_by(sale, one) for one in _BY_CAPTURE)]
    if not theirs:
        return []
    close_what_is_right(conn, theirs, now=now)
    return [
        TillMoney(
            till_id=new[one.order_id].till_id,
            kind=MoveKind.SALE,
            method=one.method,
            currency=one.currency,
            amount_minor=one.amount_minor,
            source_id=one.id,
            moved_by=f"{PERSON_ACTOR}{new[one.order_id].rung_up_by}",
            moved_at=one.taken_at,
        )
        for one in payments_of_orders(conn, theirs)
        if one.intent_id is not None
    ]


def _keep(conn: Conn, new: Mapping[OrderId, RungUp], *, sent_by: PersonId, now: datetime) -> None:
    sites = {head.id: head.site_id for head in orders.orders_by_ids(conn, list(new))}
    kept: list[NewTillSale] = []
    for order_id, sale in new.items():
        site_id = sites[order_id]
        assert site_id is not None, "what is carried out of a site names it (refused when it is taken in)"
        kept.append(
            NewTillSale(
                till_id=sale.till_id,
                number=sale.number,
                order_id=order_id,
                site_id=site_id,
                rung_up_by=sale.rung_up_by,
                rung_up_at=sale.rung_up_at,
            )
        )
    keep_till_sales(conn, kept, sent_by=sent_by, now=now)
