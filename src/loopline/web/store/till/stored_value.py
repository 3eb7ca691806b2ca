"""A sale that a member pays with stored value, in whole or in part: the use and the sale, or neither.

It speaks as a wallet does (`wallet.py`), so that a till asks both in the same way; but it is never waited for.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta

from loopline import customers, org
from loopline.channels.till import Sale, buyers_of, rung_up
from loopline.customers import Said
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.payments import IntentState
from loopline.payments.shifts import hold_tills
from loopline.processes.stored_value.paying_with import (
    PaidWithValue,
    Payer,
    give_up_at_till,
    pay_at_till,
)
from loopline.web.api.answers import answered, run
from loopline.web.api.reading import decode
from loopline.web.api.shapes import Outcome
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.store.till.counter import sending_scope
from loopline.web.store.till.earning import earned_at_once
from loopline.web.store.till.members import recognised
from loopline.web.store.till.sales import SaleTold, sale_outcome
from loopline.web.store.till.wallet import Act, Paid
from loopline.web.stored_value_words import in_words, left_words


class ValueAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale, and whose stored value pays: the whole phone, or the code on their page, as typed or scanned."""

    sale: msgspec.Raw
    attempt_id: UUID
    act: Act
    code: Annotated[str, Meta(min_length=1, max_length=64)] | None = None

    def __repr__(self) -> str:
        return f"ValueAsked(attempt_id={self.attempt_id}, act={self.act!r})"


class ValuePaid(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it stands: paid, with the order and what is left of the stored value, in words; or not paid, for good."""

    state: Paid
    sale: Outcome[SaleTold] | None = None
    left: str = ""


@post("/store/till/stored-value", status_code=200, sync_to_thread=True)
def take_stored_value(
    request: WebRequest, visitor: NamedDependency[Visitor], body: RawBody
) -> Response[bytes]:
    """Have a sale paid with stored value, or ask whether it is: where not, it never will be. The same again is one."""
    sending_scope(visitor)  # whoever may not sell is told so, whatever is written
    asked: ValueAsked = decode(body, ValueAsked)
    sale: Sale = decode(bytes(asked.sale), Sale)
    if asked.act is not Act.PAY or asked.code is None:
        return answered(_given_up(request, visitor, sale, asked.attempt_id))
    payer = _payer(request, visitor, sale, asked.code)
    return answered(_paid(request, visitor, sale, payer, attempt_id=asked.attempt_id))


def _payer(request: WebRequest, visitor: Visitor, sale: Sale, code: str) -> Payer:
    """Find out whose value pays; who tries numbers out is counted, whatever comes of it, and stopped."""
    scope, ring = sending_scope(visitor), edge_of(request).ring

    def work(conn: Conn, now: datetime) -> MemberId | Refusal:
        site = org.sites_by_code(conn, [sale.site_code]).get(sale.site_code)
        if site is None or not scope.covers_site(site.id):
            return NotInYourBranch(subject=sale.site_code)
        said = Said(text=code, at=now, country=site.country)
        return recognised(conn, said, person=str(visitor.person.person_id), ring=ring)

    found = run(request, work)
    if isinstance(found, Refusal):
        raise Refused(found)
    return Payer(member_id=found, is_proven=customers.looks_like_a_code(code))


def _paid(
    request: WebRequest, visitor: Visitor, sale: Sale, payer: Payer | None, *, attempt_id: UUID
) -> ValuePaid:
    """Pay a sale; without a payer it is one that is paid already."""
    scope, person_id, ring = sending_scope(visitor), visitor.person.person_id, edge_of(request).ring
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> PaidWithValue:
        (buyer,) = buyers_of(conn, [sale], ring=ring)
        told = rung_up(sale, now=now, member_id=buyer or (payer.member_id if payer else None))
        if isinstance(told, Refusal):
            raise Refused(told)
        outcome = pay_at_till(
            conn, told, payer, attempt_id=attempt_id, scope=scope, sent_by=person_id, now=now
        )
        if isinstance(outcome, Refusal):
            raise Refused(in_words(outcome, language))  # what was half done is undone
        return outcome

    paid = run(request, work)
    return ValuePaid(
        state=Paid.PAID,
        sale=sale_outcome(request, paid.order, earned_at_once(request, visitor, [(sale, paid.order)])),
        left="" if paid.account is None else left_words(paid.account, language),
    )


def _given_up(request: WebRequest, visitor: Visitor, sale: Sale, attempt_id: UUID) -> ValuePaid:
    """Tell that a sale is paid, with its order; else nothing is taken for it any more."""
    scope = sending_scope(visitor)

    def work(conn: Conn, now: datetime) -> IntentState | Refusal:
        told = rung_up(sale, now=now)
        if isinstance(told, Refusal):
            return told
        hold_tills(conn, [sale.till_id])
        standing = give_up_at_till(conn, told, attempt_id=attempt_id, scope=scope, now=now)
        return standing if isinstance(standing, Refusal) else standing.state

    found = run(request, work)
    if isinstance(found, Refusal):
        raise Refused(found)
    if found is IntentState.FAILED:
        return ValuePaid(state=Paid.NOT_PAID)
    return _paid(request, visitor, sale, None, attempt_id=attempt_id)
