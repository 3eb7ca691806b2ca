"""A member's stored value at headquarters: what they have with each company, and who asks to have it paid out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from loopline import stored_value
from loopline.db import Conn
from loopline.kernel.ids import MemberId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.org.queries import entities_by_id
from loopline.payments.cash import BANK_TRANSFER, CASH
from loopline.processes.stored_value.paying_in import (
    CashOutAsk,
    pay_out,
)
from loopline.stored_value import Account, CashOut, CashOutState, Movement
from loopline.stored_value.refusals import CashOutNotOpen
from loopline.web.api.answers import run
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.notices import telling
from loopline.web.store.count.place import actor_of
from loopline.web.store.moving.place import Form, time_id
from loopline.web.stored_value_words import ValueRow, left_words, value_rows

_SHOWN = 10
_METHODS = {BANK_TRANSFER: marked("Bank transfer"), CASH: marked("Cash")}
STATE_WORDS = {
    CashOutState.ASKED: marked("It is paid out once somebody else approves it: {amount}."),
    CashOutState.PAID: marked("Paid out: {amount}."),
    CashOutState.DROPPED: marked("It is not paid out: {amount}."),
}


class MemberValue(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has, what happened to it last, and what waits to be paid out."""

    accounts: Sequence[Account] = ()
    companies: dict[UUID, str] = {}
    movements: Sequence[Movement] = ()
    waiting: dict[UUID, CashOut] = {}


class HeldAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the page shows it: what may be done about it, where somebody may."""

    id: str
    company: str
    said: str
    made: str
    may_pay_out: bool
    waiting: str


def read_value(conn: Conn, member_id: MemberId) -> MemberValue:
    """Read what a member has."""
    accounts = stored_value.accounts_of_members(conn, [member_id])
    if not accounts:
        return MemberValue()
    companies = entities_by_id(conn, {one.entity_id for one in accounts})
    return MemberValue(
        accounts=accounts,
        companies={one.id: companies[one.entity_id].name for one in accounts},
        movements=stored_value.movements_of_members(conn, [member_id], at_most=_SHOWN),
        waiting={
            one.account_id: one for one in stored_value.open_cash_outs(conn, [one.id for one in accounts])
        },
    )


def value_shown(request: WebRequest, visitor: Visitor, found: MemberValue) -> dict[str, Any]:
    """Write what a member has, and what the visitor may do about it."""
    language, now = language_of(request), edge_of(request).clock()
    may = visitor.may(Permission.MEMBERS_WRITE) and visitor.scope_of(Permission.MEMBERS_WRITE).everything
    return {
        "value_accounts": [_shown(one, found, language, may=may, now=now) for one in found.accounts],
        "value_rows": _rows(found, language),
        "pay_out_methods": [(value, language.say(word)) for value, word in _METHODS.items()],
    }


def _rows(found: MemberValue, language: Language) -> list[ValueRow]:
    return value_rows(found.movements, found.accounts, {}, language)


def _shown(one: Account, found: MemberValue, language: Language, *, may: bool, now: datetime) -> HeldAccount:
    waiting = found.waiting.get(one.id)
    return HeldAccount(
        id=str(one.id),
        company=language.called(found.companies[one.id]),
        said=left_words(one, language),
        made=str(uuid7(now)),
        may_pay_out=may and bool(one.principal_minor),
        waiting=""
        if waiting is None
        else language.say(
            "{amount} is paid out once finance approves it",
            amount=language.money(one.principal_minor, one.currency),
        ),
    )


@post("/hq/members/{member:uuid}/pay-out", sync_to_thread=True)
def pay_member_out(
    request: WebRequest, visitor: NamedDependency[Visitor], member: FromPath[UUID], data: Form
) -> Response[Any]:
    """Pay out what is left of a member's own money, or ask for it; sent twice, it is one."""
    scope, made, account_id = (
        whole_brand(visitor, Permission.MEMBERS_WRITE),
        time_id(data, "made"),
        time_id(data, "account"),
    )
    method = str(data.get("method", ""))

    def work(conn: Conn, now: datetime) -> CashOut | Refusal:
        if made is None or account_id is None or method not in _METHODS:
            return CashOutNotOpen()
        asked = CashOutAsk(id=made, account_id=account_id, method=method)
        return pay_out(conn, [asked], scope=scope, by=actor_of(visitor), now=now)[0]

    return _answer(request, member, run(request, work))


def whole_brand(visitor: Visitor, permission: Permission) -> Scope:
    """Return the scope of somebody who answers for the whole brand. Raises Refused for anybody else."""
    scope = visitor.scope_of(permission)
    if not scope.everything:
        raise Refused(NotInYourBranch(subject="stored_value"))
    return scope


def _answer(request: WebRequest, member: UUID, outcome: CashOut | Refusal) -> Response[Any]:
    return told_of_pay_out(request, f"/hq/members/{member}", outcome)


def told_of_pay_out(request: WebRequest, back: str, outcome: CashOut | Refusal) -> Response[Any]:
    """Lead back to a page that says what became of a cash-out."""
    language = language_of(request)
    if isinstance(outcome, Refusal):
        return telling(request, back, problem=language.refusal(outcome))
    with edge_of(request).database.reading() as conn:
        account = stored_value.accounts_by_ids(conn, [outcome.account_id])[outcome.account_id]
    amount = language.money(outcome.amount_minor, account.currency)
    return telling(request, back, done=language.say(STATE_WORDS[outcome.state], amount=amount))


MEMBER_VALUE_PAGES = [pay_member_out]
