"""Payouts for finance: who is due what, planned, approved, on its way, paid or not, and why; files and requests."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import EntityId, PartyId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.org.queries import entities_by_id
from loopline.payouts import PayerId, Payout, PayoutId, PayoutState, ReclaimId, RequestId, Way, reclaiming
from loopline.payouts import queries as payouts_queries
from loopline.processes.pay_out import (
    Downloader,
    PlanAsk,
    approve_payouts,
    approve_reclaims,
    download_file,
    entities_in,
    give_up_request,
    make_file,
    plan_payouts,
    plan_reclaims,
    prospects,
    read_outcome,
    reclaimable,
    withdraw_payouts,
    withdraw_reclaims,
)
from loopline.web.api.answers import granted, read, run
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.payouts_view import LISTS, Found, written
from loopline.web.languages import marked
from loopline.web.notices import telling, told
from loopline.web.pages import page

PAYOUTS = "/hq/payouts"
_SHOWN = 100
_REQUESTS_SHOWN = 50
_RECLAIMS_SHOWN = 20
_OUTCOME_BYTES_MAX = 5_000_000
_FormRequest = Request[Any, Any, State]
_PERSON = "person:"
_DONE_WORDS = {
    "plan": marked("{count} planned."),
    "approve": marked("{count} approved: sent next."),
    "withdraw": marked("{count} withdrawn."),
    "file": marked("The file is made: download it, and bring it to the bank."),
    "outcome": marked("{count} lines were read."),
    "give_up": marked("Given up: in ten minutes it is asked what became of it."),
}


def actor_of(visitor: Visitor) -> str:
    """Return how somebody is named in the log and on what they made."""
    return f"{_PERSON}{visitor.person.person_id}"


@get(PAYOUTS, sync_to_thread=True)
def show_payouts(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what parties of somebody's branch are due, and the payouts of the list that the address names."""
    scope = visitor.scope_of(Permission.PAYOUTS_READ)
    asked = request.query_params.get("list", "")
    chosen = asked if asked in LISTS else ""
    found = read(
        request, lambda conn, now: find(conn, chosen, scope=scope, person=actor_of(visitor), now=now)
    )
    language, notice = language_of(request), told(request)
    return page(
        request,
        "hq/payouts.html",
        visitor=visitor,
        view=written(found, language),
        path=PAYOUTS,
        may_write=visitor.may(Permission.PAYOUTS_WRITE),
        done=notice.done,
        problem=notice.problem,
    )


def find(conn: Conn, chosen: str, *, scope: Scope, person: str, now: datetime) -> Found:
    """Read the page, as far as a scope reaches. Without a list the first that holds something is chosen."""
    entities = entities_in(conn, scope)
    counts = payouts_queries.count_by_state(conn, entities=entities)
    filled = {one.state for one in counts}
    usual = next((key for key, (_, states) in LISTS.items() if filled & set(states)), "planned")
    key = chosen or usual
    payouts = payouts_queries.find_payouts(conn, LISTS[key][1], entities=entities, limit=_SHOWN)
    requests = payouts_queries.open_requests(conn, entities=entities, limit=_REQUESTS_SHOWN)
    approved = payouts_queries.find_payouts(conn, {PayoutState.APPROVED}, entities=entities, limit=_SHOWN)
    due = prospects(conn, scope=scope)
    reclaims = reclaiming.find_reclaims(conn, entities=entities, limit=_RECLAIMS_SHOWN)
    payers = payouts_queries.payers_by_ids(
        conn, {one.payer_id for one in (*payouts, *approved)} | {one.payer_id for one in requests}
    )
    request_ids = [one.id for one in requests]
    downloads = payouts_queries.downloads_of_requests(conn, request_ids)
    actors = {got.by_whom for of in downloads.values() for got in of} | _actors(payouts)
    actors |= {by for one in reclaims for by in (one.made_by, one.approved_by, one.ended_by) if by}
    return Found(
        zone=board_setting(conn).zone,
        chosen=key,
        person=person,
        prospects=due,
        reclaimable=reclaimable(conn, [one.due for one in due], now=now),
        reclaims=reclaims,
        counts=counts,
        sums=payouts_queries.sum_lines(conn, entities=entities),
        payouts=payouts,
        lines=payouts_queries.lines_of_payouts(conn, [one.id for one in payouts]),
        requests=requests,
        of_requests=payouts_queries.lines_of_requests(conn, request_ids),
        downloads=downloads,
        payers=payers,
        accounts=payouts_queries.accounts_by_ids(conn, {one.account_id for one in (*payouts, *reclaims)}),
        parties=org.parties_by_id(conn, {one.party_id for one in (*payouts, *reclaims)}),
        entities=entities_by_id(
            conn,
            {one.entity_id for one in (*payouts, *reclaims)} | {one.due.entity_id for one in due},
        ),
        people=names_of(conn, actors),
        waiting_for_file=frozenset(
            one.payer_id for one in approved if payers[one.payer_id].way is Way.BANK_FILE
        ),
    )


def _actors(payouts: Sequence[Payout]) -> set[str]:
    said = {by for one in payouts for by in (one.made_by, one.approved_by, one.ended_by)}
    return {one for one in said if one}


def names_of(conn: Conn, actors: set[str]) -> dict[str, str]:
    """Return the names of people by how they are named on what they made."""
    ids: dict[PersonId, str] = {}
    for actor in actors:
        person_id = uuid_in(actor.removeprefix(_PERSON)) if actor.startswith(_PERSON) else None
        if person_id is not None:
            ids[PersonId(person_id)] = actor
    return {ids[one.id]: one.name for one in org.people_by_id(conn, ids).values()}


def uuid_in(text: str) -> UUID | None:
    """Return the UUID that a text is, None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


@post(PAYOUTS + "/plan")
async def plan_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Plan payouts of what was ticked, and ask debts back that were."""
    form = await request.form()
    asks = [ask for one in form.getall("due", []) if (ask := _ask_in(str(one))) is not None]
    debts = [ask for one in form.getall("debt", []) if (ask := _ask_in(str(one))) is not None]
    scope, by = visitor.scope_of(Permission.PAYOUTS_WRITE), actor_of(visitor)

    def plan(conn: Conn, now: datetime) -> Sequence[object]:
        paying = plan_payouts(conn, asks, by=by, scope=scope, now=now)
        return [*paying, *plan_reclaims(conn, debts, by=by, scope=scope, now=now)]

    return await _decided(request, "plan", plan)


def _ask_in(text: str) -> PlanAsk | None:
    party, _, rest = text.partition("/")
    entity, _, currency = rest.partition("/")
    party_id, entity_id = uuid_in(party), uuid_in(entity)
    if party_id is None or entity_id is None:
        return None
    return PlanAsk(party_id=PartyId(party_id), entity_id=EntityId(entity_id), currency=currency[:3])


@post(PAYOUTS + "/approve")
async def approve_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Approve the payouts and reclaims that were ticked, or the one whose button was pressed."""
    form = await request.form()
    ids = [PayoutId(one) for text in form.getall("payout", []) if (one := uuid_in(str(text))) is not None]
    back = [ReclaimId(one) for text in form.getall("reclaim", []) if (one := uuid_in(str(text))) is not None]
    scope, by = visitor.scope_of(Permission.PAYOUTS_WRITE), actor_of(visitor)

    def approve(conn: Conn, now: datetime) -> Sequence[object]:
        paying = approve_payouts(conn, ids, by=by, scope=scope, now=now)
        return [*paying, *approve_reclaims(conn, back, by=by, scope=scope, now=now)]

    return await _decided(request, "approve", approve)


@post(PAYOUTS + "/withdraw")
async def withdraw_one(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Take a payout or a reclaim back, with a reason."""
    form = await request.form()
    payout_id, reclaim_id = (uuid_in(str(form.get(name, ""))) for name in ("payout", "reclaim"))
    reason = str(form.get("reason", "")).strip()[:200] or "–"
    reasons = {PayoutId(payout_id): reason} if payout_id is not None else {}
    backs = {ReclaimId(reclaim_id): reason} if reclaim_id is not None else {}
    scope, by = visitor.scope_of(Permission.PAYOUTS_WRITE), actor_of(visitor)

    def withdraw(conn: Conn, now: datetime) -> Sequence[object]:
        paying = withdraw_payouts(conn, reasons, by=by, scope=scope, now=now)
        return [*paying, *withdraw_reclaims(conn, backs, by=by, scope=scope, now=now)]

    return await _decided(request, "withdraw", withdraw)


@post(PAYOUTS + "/files")
async def make_one(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Put what is approved of an account at a bank into a file."""
    form = await request.form()
    payer_id = PayerId(uuid_in(str(form.get("payer", ""))) or UUID(int=0))
    scope, ring = visitor.scope_of(Permission.PAYOUTS_WRITE), edge_of(request).ring
    return await _decided(
        request, "file", lambda conn, now: [make_file(conn, payer_id, ring=ring, scope=scope, now=now)]
    )


@post(PAYOUTS + "/requests/{request_id:uuid}/give-up")
async def give_up_one(
    request: _FormRequest, visitor: NamedDependency[Visitor], request_id: FromPath[UUID]
) -> Redirect:
    """Put a request to its gateway no more."""
    scope, by = visitor.scope_of(Permission.PAYOUTS_WRITE), actor_of(visitor)
    wanted = RequestId(request_id)
    return await _decided(
        request, "give_up", lambda conn, now: [give_up_request(conn, wanted, by=by, scope=scope, now=now)]
    )


@post(PAYOUTS + "/files/{request_id:uuid}/download", sync_to_thread=True)
def download_one(
    request: _FormRequest, visitor: NamedDependency[Visitor], request_id: FromPath[UUID]
) -> Response[bytes]:
    """Give out a file, and keep who got it: by POST, because it is written down."""
    who = Downloader(actor=actor_of(visitor), scope=visitor.scope_of(Permission.PAYOUTS_WRITE))
    ring = edge_of(request).ring
    made = run(
        request,
        lambda conn, now: granted(download_file(conn, RequestId(request_id), who, ring=ring, now=now)),
    )
    return Response(
        made.content,
        status_code=200,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "Cache-Control": "no-store",
        },
    )


@post(PAYOUTS + "/files/{request_id:uuid}/outcome")
async def read_one(
    request: _FormRequest, visitor: NamedDependency[Visitor], request_id: FromPath[UUID]
) -> Redirect:
    """Read the outcome of a file, as the bank gave it."""
    form = await request.form()
    uploaded = form.get("outcome")
    content = await uploaded.read(_OUTCOME_BYTES_MAX) if isinstance(uploaded, UploadFile) else b""
    scope = visitor.scope_of(Permission.PAYOUTS_WRITE)
    wanted = RequestId(request_id)

    def work(conn: Conn, now: datetime) -> Sequence[object]:
        found = read_outcome(conn, wanted, content, scope=scope, now=now)
        return [found] if isinstance(found, Refusal) else found.outcomes

    return await _decided(request, "outcome", work)


async def _decided(
    request: _FormRequest, what: str, decide: Callable[[Conn, datetime], Sequence[object]]
) -> Redirect:
    """Do it, and go back to the page, which says how much was done and what was refused first."""
    outcomes = await asyncio.to_thread(run, request, decide)
    refused = [one for one in outcomes if isinstance(one, Refusal)]
    said, language = dict[str, str](), language_of(request)
    if len(outcomes) > len(refused):
        said["done"] = language.say(_DONE_WORDS[what], count=language.count(len(outcomes) - len(refused)))
    if refused:
        said["problem"] = language.refusal(refused[0])
    return telling(request, PAYOUTS, **said)


PAYOUT_PAGES = [
    show_payouts,
    plan_chosen,
    approve_chosen,
    withdraw_one,
    make_one,
    give_up_one,
    download_one,
    read_one,
]
