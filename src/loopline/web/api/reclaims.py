"""Reclaims: shares that were paid and are asked back of their parties' debts: planned, approved, withdrawn, listed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.payouts import Reclaim, ReclaimId, ReclaimState, reclaiming
from loopline.processes.pay_out import approve_reclaims, entities_in, plan_reclaims, withdraw_reclaims
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.payouts import PayoutAsk, named_in, who_calls
from loopline.web.api.refusals import NotByKey
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told

_TAG = "payouts"
States = Annotated[
    list[ReclaimState] | None,
    QueryParameter(name="state", description="Only these states; repeat it for more.", max_items=6),
]


class ReclaimTold(msgspec.Struct, frozen=True, kw_only=True):
    """A share that is asked back, in whole or in part, of the account that it was paid to.

    `came`: the money is back; `failed`, `withdrawn`: it is not, and the debt stands. Nothing leaves a debt before it is
    `asked`.
    """

    id: ReclaimId
    party_code: str
    entity_code: str
    currency: str
    state: ReclaimState
    amount_minor: int
    needs_second: bool
    made_at: datetime
    approved_at: datetime | None
    asked_at: datetime | None
    ended_at: datetime | None
    reason: str | None


class DebtAsk(PayoutAsk, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask back what a party owes a legal entity, as far as the contract with the gateway allows."""


class ReclaimsPlanned(msgspec.Struct, frozen=True, kw_only=True):
    """The reclaims that were planned of a debt: each is of one share that was paid."""

    reclaim_ids: list[ReclaimId]


class ReclaimNamed(msgspec.Struct, frozen=True, kw_only=True):
    """A reclaim that was approved or withdrawn."""

    reclaim_id: ReclaimId


class ReclaimApprovalAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reclaim to be asked for."""

    reclaim_id: UUID


class ReclaimWithdrawalAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reclaim that nobody was asked for yet and that is not wanted any more, and why."""

    reclaim_id: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


@told("/payouts/reclaims", tag=_TAG, name="list_reclaims")
def list_reclaims(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    states: States = None,
) -> Page[ReclaimTold]:
    """List what legal entities of one's branch ask back, the newest first."""
    scope = caller.scope(Permission.PAYOUTS_READ)
    after = asked.after(datetime, UUID)
    before = None if after is None else (after[0], ReclaimId(after[1]))

    def find(conn: Conn, _: datetime) -> Page[ReclaimTold]:
        found = reclaiming.reclaims_page(
            conn,
            states or list(ReclaimState),
            entities=entities_in(conn, scope),
            before=before,
            limit=asked.at_most,
        )
        written = _written(conn, found)
        return page_of(
            found,
            asked,
            told=lambda one: written[one.id],
            cursor=lambda one: encode_cursor(one.made_at, one.id),
        )

    return read(request, find)


def _written(conn: Conn, found: Sequence[Reclaim]) -> dict[ReclaimId, ReclaimTold]:
    parties = org_lists.party_codes(conn, {one.party_id for one in found})
    entities = org_lists.entity_codes(conn, {one.entity_id for one in found})
    return {
        one.id: ReclaimTold(
            id=one.id,
            party_code=parties[one.party_id],
            entity_code=entities[one.entity_id],
            currency=one.currency,
            state=one.state,
            amount_minor=one.amount_minor,
            needs_second=one.needs_second,
            made_at=one.made_at,
            approved_at=one.approved_at,
            asked_at=one.asked_at,
            ended_at=one.ended_at,
            reason=one.reason,
        )
        for one in found
    }


@posted("/payouts/reclaims", tag=_TAG, name="plan_reclaims", gives=Outcomes[ReclaimsPlanned])
def plan_many(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[DebtAsk]]
) -> Response[bytes]:
    """Plan to ask debts back of the shares that were paid. Nothing moves until somebody approves it and it is asked."""
    scope = caller.scope(Permission.PAYOUTS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[ReclaimsPlanned | Refusal]:
        by = who_calls(conn, caller)
        outcomes = merged(
            named_in(conn, data.items),
            lambda asks: plan_reclaims(conn, asks, by=by, scope=scope, now=now),
        )
        return [
            one if isinstance(one, Refusal) else ReclaimsPlanned(reclaim_ids=list(one)) for one in outcomes
        ]

    return decided(request, caller, data, decide)


@posted("/payouts/reclaims/approvals", tag=_TAG, name="approve_reclaims", gives=Outcomes[ReclaimNamed])
def approve_many(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ReclaimApprovalAsk]]
) -> Response[bytes]:
    """Approve reclaims: they are asked for next. Above the limit of the terms not those that one planned oneself."""
    scope = caller.scope(Permission.PAYOUTS_WRITE)
    if caller.kind is not CallerKind.PERSON:
        raise Refused(NotByKey())

    def decide(conn: Conn, now: datetime) -> list[ReclaimNamed | Refusal]:
        ids = [ReclaimId(one.reclaim_id) for one in data.items]
        outcomes = approve_reclaims(conn, ids, by=who_calls(conn, caller), scope=scope, now=now)
        return [_named(one) for one in outcomes]

    return decided(request, caller, data, decide)


@posted("/payouts/reclaims/withdrawals", tag=_TAG, name="withdraw_reclaims", gives=Outcomes[ReclaimNamed])
def withdraw_many(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ReclaimWithdrawalAsk]]
) -> Response[bytes]:
    """Take reclaims back that nobody was asked for yet, each with a reason; the debts stand as before."""
    scope = caller.scope(Permission.PAYOUTS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[ReclaimNamed | Refusal]:
        reasons = {ReclaimId(one.reclaim_id): one.reason for one in data.items}
        outcomes = withdraw_reclaims(conn, reasons, by=who_calls(conn, caller), scope=scope, now=now)
        by_id = dict(zip(reasons, outcomes, strict=True))
        return [_named(by_id[ReclaimId(one.reclaim_id)]) for one in data.items]

    return decided(request, caller, data, decide)


def _named(outcome: ReclaimId | Refusal) -> ReclaimNamed | Refusal:
    return outcome if isinstance(outcome, Refusal) else ReclaimNamed(reclaim_id=outcome)


RECLAIM_HANDLERS = [list_reclaims, plan_many, approve_many, withdraw_many]
