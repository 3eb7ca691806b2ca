"""Stored value: on which terms companies take money ahead, money that was paid ahead, and what is paid out of it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import stored_value
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.org.queries import entities_by_code, entities_by_id
from loopline.processes.stored_value.paying_in import (
    CashOutAsk,
    CashOutDecision,
    TopUpAtSite,
    decide_pay_out,
    pay_out,
    take_ahead_at_sites,
)
from loopline.processes.stored_value.terms import set_value_terms
from loopline.stored_value import CashOut, CashOutState, Kind, Moved, NewTerms, Terms
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, decided, merged, posted, told
from loopline.web.api.types import Code

_TAG = "stored value"
_MOVEMENTS_MOST = 100
Amount = Annotated[int, Meta(ge=1, le=10**10, description="An amount in minor units (fen, cents).")]
Limit = Annotated[int, Meta(ge=0, le=10**10)]


class TakenBy(StrEnum):
    """How people took the money."""

    CASH = "cash"
    CARD_TERMINAL = "card_terminal"
    BANK_TRANSFER = "bank_transfer"


class PaidBy(StrEnum):
    """How people pay it out."""

    CASH = "cash"
    BANK_TRANSFER = "bank_transfer"


class BonusAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given beside a top-up of so much or more; the highest step that is reached counts."""

    from_minor: Amount
    bonus_minor: Amount


class TermsAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On which terms a company takes money ahead in the currency of its books, from now on.

    Nobody has more than `most_minor` after a top-up, bonus included. Who names a phone alone pays at most
    `unproven_minor` at once. Up to `alone_minor` one person pays out what is left, above it two.
    """

    company_code: Code
    is_offered: bool = True
    least_minor: Amount = 1
    most_minor: Amount = 500_000
    unproven_minor: Limit = 0
    alone_minor: Limit = 0
    bonuses: Annotated[list[BonusAsk], Meta(max_length=20)] = []


class TermsTold(msgspec.Struct, frozen=True, kw_only=True):
    """Terms that hold."""

    company_code: str
    currency: str
    terms: Terms


class TopUpAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that a member paid ahead at a site, in the currency of its company. `id` is yours."""

    id: UUID
    member_id: UUID
    site_code: Code
    amount_minor: Amount
    method: TakenBy


class ValueTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has with a company: what they paid, and what was given beside it."""

    account_id: UUID
    company_code: str
    currency: str
    principal_minor: int
    bonus_minor: int


class ToppedUpTold(ValueTold, frozen=True, kw_only=True):
    """What a top-up added as a bonus, and what the member has now."""

    added_bonus_minor: int
    is_repeat: bool


class PayOutAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left of a member's own money, to be paid out. `id` is yours: the same again is one."""

    id: UUID
    account_id: UUID
    method: PaidBy


class PayOutDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Approve what somebody else asked to pay out, or drop it."""

    id: UUID
    is_approved: bool


class PayOutTold(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a cash-out: it waits for somebody else, is paid, or was dropped."""

    id: UUID
    account_id: UUID
    state: CashOutState
    amount_minor: int


class ValueMoved(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; amounts are signed, positive came in."""

    at: datetime
    kind: Kind
    account_id: UUID
    principal_minor: int
    bonus_minor: int
    order_id: UUID | None


class OwnValue(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has with each company, and the last that happened, latest first."""

    accounts: list[ValueTold]
    movements: list[ValueMoved]


@posted("/stored-value/terms", tag=_TAG, name="set_stored_value_terms", gives=Outcomes[TermsTold])
def set_terms(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TermsAsk]]
) -> Response[bytes]:
    """Set on which terms companies take money ahead; what members have stays as it is. For who has the whole brand."""
    scope = caller.scope(Permission.PAYMENTS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[TermsTold | Refusal]:
        companies = entities_by_code(conn, {one.company_code for one in data.items})

        def judge(one: TermsAsk) -> NewTerms | Refusal:
            company = companies.get(one.company_code)
            if not scope.everything:
                return NotInYourBranch(subject=one.company_code)
            if company is None:
                return NoSuchThing(noun="company", value=one.company_code)
            said = {key: value for key, value in msgspec.to_builtins(one).items() if key != "company_code"}
            terms = msgspec.convert(said, Terms)
            return NewTerms(entity_id=company.id, currency=company.currency, terms=terms)

        def put(some: list[NewTerms]) -> Sequence[TermsTold | Refusal]:
            codes = {company.id: code for code, company in companies.items()}
            return [
                found
                if isinstance(found, Refusal)
                else TermsTold(company_code=codes[one.entity_id], currency=one.currency, terms=found)
                for one, found in zip(
                    some, set_value_terms(conn, some, by=caller.actor, now=now), strict=True
                )
            ]

        return merged([judge(one) for one in data.items], put)

    return decided(request, caller, data, decide)


@posted("/stored-value/top-ups", tag=_TAG, name="top_up_stored_value", gives=Outcomes[ToppedUpTold])
def top_up(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TopUpAsk]]
) -> Response[bytes]:
    """Record money that members paid ahead, to the company of the site that took it; what each has after it.

    The same id again is the top-up that stands; with other content it is refused.
    """
    scope = caller.scope(Permission.PAYMENTS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[ToppedUpTold | Refusal]:
        asked = [
            TopUpAtSite(
                id=one.id,
                member_id=MemberId(one.member_id),
                site_code=one.site_code,
                amount_minor=one.amount_minor,
                method=one.method.value,
            )
            for one in data.items
        ]
        done = take_ahead_at_sites(conn, asked, scope=scope, by=caller.actor, now=now)
        codes = _codes(conn, [one.account for one in done if isinstance(one, Moved)])
        return [one if isinstance(one, Refusal) else _topped_up(one, codes) for one in done]

    return decided(request, caller, data, decide)


def _codes(conn: Conn, accounts: Sequence[stored_value.Account]) -> dict[UUID, str]:
    return {key: one.code for key, one in entities_by_id(conn, {one.entity_id for one in accounts}).items()}


def _topped_up(one: Moved, codes: dict[UUID, str]) -> ToppedUpTold:
    return ToppedUpTold(
        account_id=one.account.id,
        company_code=codes[one.account.entity_id],
        currency=one.account.currency,
        principal_minor=one.account.principal_minor,
        bonus_minor=one.account.bonus_minor,
        added_bonus_minor=one.movement.bonus_minor,
        is_repeat=one.is_repeat,
    )


@posted("/stored-value/cash-outs", tag=_TAG, name="cash_out_stored_value", gives=Outcomes[PayOutTold])
def cash_out(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PayOutAsk]]
) -> Response[bytes]:
    """Pay out what is left of members' own money; above the company's limit it waits for somebody else to approve it.

    What was given beside it ends then. For who has the whole brand.
    """
    scope = caller.scope(Permission.MEMBERS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PayOutTold | Refusal]:
        asked = [
            CashOutAsk(id=one.id, account_id=one.account_id, method=one.method.value) for one in data.items
        ]
        return [_paid_out(one) for one in pay_out(conn, asked, scope=scope, by=caller.actor, now=now)]

    return decided(request, caller, data, decide)


@posted(
    "/stored-value/cash-outs/decide",
    tag=_TAG,
    name="decide_cash_outs_of_stored_value",
    gives=Outcomes[PayOutTold],
)
def decide_cash_outs(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PayOutDecision]]
) -> Response[bytes]:
    """Approve what somebody else asked to pay out, or drop it. For who has the whole brand."""
    scope = caller.scope(Permission.PAYMENTS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PayOutTold | Refusal]:
        decisions = [CashOutDecision(id=one.id, is_approved=one.is_approved) for one in data.items]
        found = decide_pay_out(conn, decisions, scope=scope, by=caller.actor, now=now)
        return [_paid_out(one) for one in found]

    return decided(request, caller, data, decide)


def _paid_out(one: CashOut | Refusal) -> PayOutTold | Refusal:
    if isinstance(one, Refusal):
        return one
    return PayOutTold(id=one.id, account_id=one.account_id, state=one.state, amount_minor=one.amount_minor)


@told("/me/stored-value", tag=_TAG, name="show_own_stored_value")
def show_own(request: AnyRequest, caller: NamedDependency[Caller]) -> OwnValue:
    """Show what a member paid ahead and has left, and the last hundred things that happened to it."""
    member_id = caller.member()

    def find(conn: Conn, _: datetime) -> OwnValue:
        accounts = stored_value.accounts_of_members(conn, [member_id])
        codes = _codes(conn, accounts)
        return OwnValue(
            accounts=[
                ValueTold(
                    account_id=one.id,
                    company_code=codes[one.entity_id],
                    currency=one.currency,
                    principal_minor=one.principal_minor,
                    bonus_minor=one.bonus_minor,
                )
                for one in accounts
            ],
            movements=[
                ValueMoved(
                    at=one.at,
                    kind=one.kind,
                    account_id=one.account_id,
                    principal_minor=one.principal_minor,
                    bonus_minor=one.bonus_minor,
                    order_id=one.order_id,
                )
                for one in stored_value.movements_of_members(conn, [member_id], at_most=_MOVEMENTS_MOST)
            ],
        )

    return read(request, find)


STORED_VALUE_HANDLERS = [set_terms, top_up, cash_out, decide_cash_outs, show_own]
