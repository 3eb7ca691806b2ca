"""Payouts: what parties are due, planned, approved and paid; accounts, terms, files, and what gateways tell."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_204_NO_CONTENT
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.payouts import Line, LineState, Payout, PayoutId, PayoutState
from loopline.payouts import queries as payouts_queries
from loopline.processes.pay_out import (
    Owing,
    PlanAsk,
    Prospect,
    approve_payouts,
    entities_in,
    hear_payout_notices,
    plan_payouts,
    prospects,
    reclaimable,
    withdraw_payouts,
)
from loopline.web.api.answers import PROBLEMS, AnyRequest, read, run
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing, NotByKey
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.api.types import Code, Currency
from loopline.web.edge import edge_of
from loopline.web.payments import GatewayUnknown

_TAG = "payouts"
_NOTICE_BYTES_MAX = 65_536
WECHAT = "wechat"

States = Annotated[
    list[PayoutState] | None,
    QueryParameter(name="state", description="Only these states; repeat it for more.", max_items=7),
]


class DueTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a legal entity owes a party; negative is the party's debt. `why_not` says why it would not be paid now.

    `reclaimable_minor`: how much of a debt could be asked back now of what was paid; the rest is set off.
    """

    party_code: str
    entity_code: str
    currency: str
    due_minor: int
    withheld_minor: int
    paid_to: str | None
    payout_id: PayoutId | None
    why_not: str | None
    reclaimable_minor: int


class PayoutTold(msgspec.Struct, frozen=True, kw_only=True):
    """A payout: `gross_minor` leaves what is due, `withheld_minor` of it is tax, the rest reaches the party."""

    id: PayoutId
    number: int
    party_code: str
    entity_code: str
    currency: str
    state: PayoutState
    gross_minor: int
    withheld_minor: int
    paid_minor: int
    in_transit_minor: int
    returned_minor: int
    needs_second: bool
    made_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    reason: str | None


class PayoutAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pay a party all that a legal entity owes it, less its debts to that entity."""

    party_code: Code
    entity_code: Code
    currency: Currency


class PlannedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A payout that was planned, approved or withdrawn."""

    payout_id: PayoutId


class ApprovalAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payout to be sent."""

    payout_id: UUID


class WithdrawalAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payout that is not to be sent, and why."""

    payout_id: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


def who_calls(conn: Conn, caller: Caller) -> str:
    """Return who stands behind a call: the person, also where one calls by a key of one's own."""
    if caller.person_id is not None:
        return f"person:{caller.person_id}"
    maker = org_lists.maker_of_key(conn, caller.key_id) if caller.key_id is not None else None
    return f"person:{maker}" if maker is not None else caller.actor


@told("/payouts/due", tag=_TAG, name="list_due")
def list_due(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[DueTold]:
    """List what legal entities of one's branch owe parties, debts included, and what would become of it."""
    scope = caller.scope(Permission.PAYOUTS_READ)
    after = asked.after(str, str, str)

    def find(conn: Conn, now: datetime) -> Page[DueTold]:
        found = prospects(conn, scope=scope)
        back = reclaimable(conn, [one.due for one in found], now=now)
        entities = org_lists.entity_codes(conn, {one.due.entity_id for one in found})
        rows = sorted((_due_told(one, entities[one.due.entity_id], back) for one in found), key=_place)
        return page_of(
            [row for row in rows if after is None or _place(row) > after][: asked.at_most],
            asked,
            told=lambda row: row,
            cursor=lambda row: encode_cursor(*_place(row)),
        )

    return read(request, find)


def _place(row: DueTold) -> tuple[str, str, str]:
    return row.party_code, row.entity_code, row.currency


def _due_told(one: Prospect, entity_code: str, back: Mapping[Owing, int]) -> DueTold:
    plan, due = one.plan, one.due
    return DueTold(
        party_code=one.party.code,
        entity_code=entity_code,
        currency=one.due.currency,
        due_minor=one.due.due_minor,
        withheld_minor=0 if isinstance(plan, Refusal) else plan.withheld_minor,
        paid_to=one.account.masked if one.account is not None else None,
        payout_id=one.open.id if one.open is not None else None,
        why_not=plan.code if isinstance(plan, Refusal) else None,
        reclaimable_minor=back.get((due.party_id, due.entity_id, due.currency), 0),
    )


@told("/payouts", tag=_TAG, name="list_payouts")
def list_payouts(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    states: States = None,
) -> Page[PayoutTold]:
    """List payouts of legal entities of one's branch, the newest first."""
    scope = caller.scope(Permission.PAYOUTS_READ)
    after = asked.after(datetime, UUID)
    before = None if after is None else (after[0], PayoutId(after[1]))

    def find(conn: Conn, _: datetime) -> Page[PayoutTold]:
        found = payouts_queries.find_payouts(
            conn,
            states or list(PayoutState),
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


def _written(conn: Conn, found: Sequence[Payout]) -> dict[PayoutId, PayoutTold]:
    lines = payouts_queries.lines_of_payouts(conn, [one.id for one in found])
    parties = org_lists.party_codes(conn, {one.party_id for one in found})
    entities = org_lists.entity_codes(conn, {one.entity_id for one in found})
    return {
        one.id: PayoutTold(
            id=one.id,
            number=one.number,
            party_code=parties[one.party_id],
            entity_code=entities[one.entity_id],
            currency=one.currency,
            state=one.state,
            gross_minor=one.gross_minor,
            withheld_minor=one.withheld_minor,
            paid_minor=_sum(lines.get(one.id, ()), LineState.PAID),
            in_transit_minor=_sum(lines.get(one.id, ()), LineState.IN_TRANSIT),
            returned_minor=_sum(lines.get(one.id, ()), LineState.RETURNED),
            needs_second=one.needs_second,
            made_at=one.made_at,
            sent_at=one.sent_at,
            ended_at=one.ended_at,
            reason=one.reason,
        )
        for one in found
    }


def _sum(lines: Sequence[Line], state: LineState) -> int:
    return sum(line.net_minor for line in lines if line.state is state)


@posted("/payouts", tag=_TAG, name="plan_payouts", gives=Outcomes[PlannedTold])
def plan_many(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PayoutAsk]]
) -> Response[bytes]:
    """Plan to pay parties what they are due. Nothing moves until somebody approves it and it is sent."""
    scope = caller.scope(Permission.PAYOUTS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[PlannedTold | Refusal]:
        parties = named_in(conn, data.items)
        outcomes = merged(
            parties,
            lambda asks: plan_payouts(conn, asks, by=who_calls(conn, caller), scope=scope, now=now),
        )
        return [_planned(one) for one in outcomes]

    return decided(request, caller, data, decide)


def named_in(conn: Conn, asks: Sequence[PayoutAsk]) -> list[PlanAsk | Refusal]:
    """Find the parties and legal entities that asks name by their codes."""
    parties = org.parties_by_code(conn, {one.party_code for one in asks})
    entities = org.entities_by_code(conn, {one.entity_code for one in asks})
    found: list[PlanAsk | Refusal] = []
    for one in asks:
        party, entity = parties.get(one.party_code), entities.get(one.entity_code)
        if party is None:
            found.append(NoSuchThing(noun="party", value=one.party_code))
        elif entity is None:
            found.append(NoSuchThing(noun="legal entity", value=one.entity_code))
        else:
            found.append(PlanAsk(party_id=party.id, entity_id=entity.id, currency=one.currency))
    return found


def _planned(outcome: PayoutId | Refusal) -> PlannedTold | Refusal:
    return outcome if isinstance(outcome, Refusal) else PlannedTold(payout_id=outcome)


@posted("/payouts/approvals", tag=_TAG, name="approve_payouts", gives=Outcomes[PlannedTold])
def approve_many(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ApprovalAsk]]
) -> Response[bytes]:
    """Approve payouts: they are sent next. Above the limit of the terms somebody else has to than who made them."""
    scope = caller.scope(Permission.PAYOUTS_WRITE)
    if caller.kind is not CallerKind.PERSON:
        raise Refused(NotByKey())

    def decide(conn: Conn, now: datetime) -> list[PlannedTold | Refusal]:
        ids = [PayoutId(one.payout_id) for one in data.items]
        outcomes = approve_payouts(conn, ids, by=who_calls(conn, caller), scope=scope, now=now)
        return [_planned(one) for one in outcomes]

    return decided(request, caller, data, decide)


@posted("/payouts/withdrawals", tag=_TAG, name="withdraw_payouts", gives=Outcomes[PlannedTold])
def withdraw_many(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[WithdrawalAsk]]
) -> Response[bytes]:
    """Take payouts back of which nothing was sent, each with a reason."""
    scope = caller.scope(Permission.PAYOUTS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[PlannedTold | Refusal]:
        reasons = {PayoutId(one.payout_id): one.reason for one in data.items}
        outcomes = withdraw_payouts(conn, reasons, by=who_calls(conn, caller), scope=scope, now=now)
        by_id = dict(zip(reasons, outcomes, strict=True))
        return [_planned(by_id[PayoutId(one.payout_id)]) for one in data.items]

    return decided(request, caller, data, decide)


@post(
    "/payouts/notifications/{gateway:str}",
    tags=[_TAG],
    operation_id="hear_payout_notification",
    status_code=HTTP_204_NO_CONTENT,
    request_max_body_size=_NOTICE_BYTES_MAX,
    security=[{}],
    responses=dict(PROBLEMS),
)
async def hear_payout_notification(request: AnyRequest, gateway: FromPath[str]) -> None:
    """Take in what a gateway tells of its own accord, signed and sealed by it; the same again changes nothing.

    What it says of money is not believed: the gateway is asked next.
    """
    await asyncio.to_thread(_hear, request, gateway, await request.body())


def _hear(request: AnyRequest, gateway: str, body: bytes) -> None:
    edge = edge_of(request)
    if gateway != WECHAT or edge.payouts is None:
        raise Refused(GatewayUnknown(gateway=gateway))
    headers = {name.lower(): value for name, value in request.headers.items()}
    notice = edge.payouts.hear(headers, body, now=edge.clock())
    if isinstance(notice, Refusal):
        raise Refused(notice)
    if notice is not None:
        run(request, lambda conn, now: hear_payout_notices(conn, [notice], now=now))


PAYOUT_HANDLERS = [
    list_due,
    list_payouts,
    plan_many,
    approve_many,
    withdraw_many,
    hear_payout_notification,
]
