"""Orders that are paid with stored value, and what goes back of it.

For payments, stored value is a gateway like another: a capture takes it under the order's number, and refunds go back
by that very capture. This gateway is ourselves, so it is asked inside transactions: a use stands with its sale, or
neither does; what is to go back is written as any refund is, and carried out a moment later.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import org, stored_value
from loopline.db import Conn, log
from loopline.kernel.ids import MemberId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.payments import Applied, Intent, IntentKind, IntentState, Report, StandingIntent
from loopline.payments.cash import STORED_VALUE
from loopline.payments.shifts import hold_tills
from loopline.processes.between import can_owe
from loopline.processes.look_up import PERSON_ACTOR
from loopline.processes.outcomes import all_granted
from loopline.processes.pay import apply_gateway_reports
from loopline.processes.pay_by_code import CodePayment, attempt_to_pay
from loopline.processes.ring_up import WALLET, RungUp, ring_up
from loopline.processes.stored_value.books import Booked, book
from loopline.processes.stored_value.telling import told_of
from loopline.processes.take_in import OrderTaken
from loopline.stored_value import Account, NewGivenBack, NewUse
from loopline.stored_value.refusals import StoredValueNotEnough
from loopline.stored_value.rules import account_to_use, needs_code


class NotByStoredValue(Refusal, frozen=True, kw_only=True):
    """This sale is not paid with stored value, or with a wallet as well."""


class Payer(msgspec.Struct, frozen=True, kw_only=True):
    """Whose stored value pays; `is_proven`: they showed the code on their page, not a phone alone."""

    member_id: MemberId
    is_proven: bool


class PaidWithValue(msgspec.Struct, frozen=True, kw_only=True):
    """A sale that was paid, and what the payer has left with the company whose value it was; None for a repeat."""

    order: OrderTaken
    account: Account | None


def pay_at_till(  # noqa: PLR0913 - a sale, who pays it, and who stands there
    conn: Conn,
    sale: RungUp,
    payer: Payer | None,
    *,
    attempt_id: UUID,
    scope: Scope,
    sent_by: PersonId,
    now: datetime,
) -> PaidWithValue | Refusal:
    """Ring a sale up that is paid with a member's stored value, in whole or in part: the use and the sale, or neither.

    A refusal may leave work half done: the caller rolls back. The same attempt again is the sale that it paid, whoever
    is said to pay it; without a payer it has to be paid. Of what the payer has with several companies one pays: with
    the seller, where it is enough, else with another that can owe the seller.

    Holds the till and the payer's accounts, then locks as `ring_up` does.
    """
    wanted = _wanted(conn, sale, attempt_id, scope)
    if isinstance(wanted, Refusal):
        return wanted
    hold_tills(conn, [sale.till_id])
    held = stored_value.hold_accounts(conn, [] if payer is None else [payer.member_id])
    standing = attempt_to_pay(conn, wanted, is_wanted=payer is not None, now=now)
    if isinstance(standing, Refusal):
        return standing
    if payer is None or standing.state is not IntentState.WRITTEN:
        (outcome,) = ring_up(conn, [sale], scope=scope, sent_by=sent_by, now=now)
        return outcome if isinstance(outcome, Refusal) else PaidWithValue(order=outcome, account=None)
    account = _account_to_use(conn, list(held.values()), standing, payer)
    if isinstance(account, Refusal):
        return account
    report = Report(intent_id=standing.id, state=IntentState.DONE, at=now, reference=str(account.id))
    (outcome,) = ring_up(conn, [sale], scope=scope, sent_by=sent_by, now=now, paid=report)
    if isinstance(outcome, Refusal):
        return outcome
    new = NewUse(
        id=standing.id,
        account_id=account.id,
        order_id=outcome.order_id,
        amount_minor=wanted.amount_minor,
        at=now,
        by=f"{PERSON_ACTOR}{sent_by}",
    )
    (moved,) = all_granted(stored_value.use(conn, [new], held))
    book(conn, [Booked(moved=moved, seller_id=wanted.entity_id)], now=now)
    log.append(conn, told_of([moved], now=now))
    return PaidWithValue(order=outcome, account=moved.account)


def give_up_at_till(
    conn: Conn, sale: RungUp, *, attempt_id: UUID, scope: Scope, now: datetime
) -> StandingIntent | Refusal:
    """Say that an attempt did not pay a sale, unless it did: a request of it on its way comes too late then."""
    wanted = _wanted(conn, sale, attempt_id, scope)
    return wanted if isinstance(wanted, Refusal) else attempt_to_pay(conn, wanted, is_wanted=False, now=now)


def _wanted(conn: Conn, sale: RungUp, attempt_id: UUID, scope: Scope) -> CodePayment | Refusal:
    """What is to be paid with stored value, to the company of the site."""
    code = sale.message.site_code or ""
    site = org.sites_by_code(conn, [code]).get(code)
    if site is None or not scope.covers_site(site.id):
        return NotInYourBranch(subject=code)
    amount_minor = sum(one.amount_minor for one in sale.money if one.method == STORED_VALUE)
    if not amount_minor or any(one.method == WALLET for one in sale.money):
        return NotByStoredValue()
    order_id, currency = sale.message.order_id, sale.message.currency
    assert order_id is not None, "a till's sale has an id"
    assert currency is not None, "and says in which money it was paid"
    return CodePayment(
        attempt_id=attempt_id,
        till_id=sale.till_id,
        order_id=order_id,
        entity_id=site.entity_id,
        currency=currency,
        amount_minor=amount_minor,
        gateway=STORED_VALUE,
    )


def _account_to_use(
    conn: Conn, accounts: Sequence[Account], asked: StandingIntent, payer: Payer
) -> Account | Refusal:
    """Return which account pays, or why none does. Locks nothing: the caller has the accounts."""
    seller_id = asked.entity_id
    mine = [one for one in accounts if one.currency == asked.currency]
    owing = can_owe(conn, [(one.entity_id, seller_id) for one in mine])
    fitting = [one for one, can in zip(mine, owing, strict=True) if can or one.entity_id == seller_id]
    fitting.sort(key=lambda one: one.entity_id != seller_id)
    account = account_to_use(fitting, asked.amount_minor)
    if account is None or account.usable_minor < asked.amount_minor:
        return StoredValueNotEnough(
            wanted_minor=asked.amount_minor,
            there_minor=0 if account is None else account.usable_minor,
            currency=asked.currency,
        )
    terms = stored_value.terms_in_force(conn, [account.entity_id]).get((account.entity_id, account.currency))
    refusal = needs_code(terms, asked.amount_minor, currency=asked.currency, is_proven=payer.is_proven)
    return refusal or account


def give_back(conn: Conn, asked: Sequence[Intent], *, now: datetime) -> None:
    """Give back to stored value what refunds owe, by the captures that took it; the same again gives nothing.

    Locks the accounts, then as reports of gateways do.
    """
    backs = [one for one in asked if one.kind is IntentKind.REFUND and one.of_intent_id is not None]
    held = stored_value.hold_accounts_of_uses(conn, [one.of_intent_id for one in backs if one.of_intent_id])
    reports = [Report(intent_id=one.id, state=IntentState.DONE, at=now) for one in backs]
    applied = apply_gateway_reports(conn, reports, now=now) if reports else []
    going = [
        one
        for one, outcome in zip(backs, applied, strict=True)
        if isinstance(outcome, Applied) and outcome.refund_id is not None
    ]
    moved = all_granted(stored_value.give_back(conn, [_given_back(one, now) for one in going], held))
    book(
        conn,
        [
            Booked(moved=outcome, seller_id=one.entity_id)
            for one, outcome in zip(going, moved, strict=True)
            if not outcome.is_repeat
        ],
        now=now,
    )
    log.append(conn, told_of(moved, now=now))


def _given_back(one: Intent, now: datetime) -> NewGivenBack:
    assert one.of_intent_id is not None, "asked for those that say what they go back to"
    return NewGivenBack(
        id=one.id,
        use_id=one.of_intent_id,
        amount_minor=one.amount_minor,
        order_id=one.order_id,
        at=now,
        by="system",
    )
