"""Calls: work that is put to several sites at once; the first to claim it has it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody

from loopline import catalogue, orders, org
from loopline.db import Conn
from loopline.fulfilment.calls import Call, ClaimCall, OpenCallsAsk, open_calls_page
from loopline.kernel.ids import CallId, OrderId, SiteId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.temperatures import TemperatureClass
from loopline.org import Permission
from loopline.processes.claim import Claimed, claim
from loopline.processes.worth import CallSiteKey, Worth, worth_of_calls
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    SiteCodes,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.tasks import sites_asked
from loopline.web.api.types import Code

_TAG = "calls"


class CallLineTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that are called."""

    sku_code: str
    name: str
    units: int


class CalledSiteTold(msgspec.Struct, frozen=True, kw_only=True):
    """One of your sites that may claim: how far it is from the customer, and what it would earn, as rules stand.

    `waiting_minor` of it is paid on top because the work waits since `waits_since` (None: nothing is).
    """

    site_code: str
    metres: int | None
    pays_minor: int
    waiting_minor: int
    waits_since: datetime | None


class CallTold(msgspec.Struct, frozen=True, kw_only=True):
    """A call that may be claimed until `deadline`. `asked`: how many sites it is put to; `sites`: yours among them."""

    id: CallId
    order_id: OrderId
    order_number: str
    currency: str
    opened_at: datetime
    deadline: datetime
    temperature_class: TemperatureClass
    asked: int
    sites: tuple[CalledSiteTold, ...]
    lines: tuple[CallLineTold, ...]


@told("/calls", tag=_TAG, name="list_calls")
def list_calls(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: SiteCodes = None,
) -> Page[CallTold]:
    """List the calls that your sites may claim now, the earliest deadline first."""
    scope = caller.scope(Permission.TASKS_READ)
    after = asked.after(datetime, UUID)

    def find(conn: Conn, now: datetime) -> Page[CallTold]:
        site_ids = sites_asked(conn, site_codes, scope)
        page = OpenCallsAsk(
            now=now,
            site_ids=site_ids,
            after=(after[0], CallId(after[1])) if after else None,
            at_most=asked.at_most,
        )
        found = open_calls_page(conn, page)
        shown = {one.id: one for one in _told_calls(conn, found, site_ids)}
        return page_of(
            found,
            asked,
            told=lambda call: shown[call.call_id],
            cursor=lambda call: encode_cursor(call.deadline, call.call_id),
        )

    return read(request, find)


def _told_calls(conn: Conn, calls: Sequence[Call], site_ids: frozenset[SiteId] | None) -> list[CallTold]:
    """Tell calls to whoever works at some sites (None: at all)."""
    meant = {site.site_id for call in calls for site in call.sites}
    sites = org.sites_by_id(conn, meant if site_ids is None else meant & site_ids)
    skus = catalogue.skus_by_id(conn, {line.sku_id for call in calls for line in call.lines})
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({call.order_id for call in calls}))}
    worths = worth_of_calls(conn, calls, list(sites))
    return [
        CallTold(
            id=call.call_id,
            order_id=call.order_id,
            order_number=heads[call.order_id].number,
            currency=call.currency,
            opened_at=call.opened_at,
            deadline=call.deadline,
            temperature_class=call.temperature_class,
            asked=len(call.sites),
            sites=_sites_told(call, sites, worths),
            lines=tuple(
                CallLineTold(sku_code=skus[line.sku_id].code, name=skus[line.sku_id].name, units=line.units)
                for line in call.lines
            ),
        )
        for call in calls
    ]


def _sites_told(
    call: Call, sites: Mapping[SiteId, org.Site], worths: Mapping[CallSiteKey, Worth]
) -> tuple[CalledSiteTold, ...]:
    return tuple(
        _site_told(sites[one.site_id].code, one.metres, worths[call.call_id, one.site_id])
        for one in call.sites
        if one.site_id in sites
    )


def _site_told(code: str, metres: int | None, worth: Worth) -> CalledSiteTold:
    waiting_minor = worth.waiting_minor
    return CalledSiteTold(
        site_code=code,
        metres=metres,
        pays_minor=worth.store_minor,
        waiting_minor=waiting_minor,
        waits_since=worth.waits.since if worth.waits is not None and waiting_minor else None,
    )


class ClaimAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call, and the site of yours that takes it."""

    call_id: UUID
    site_code: Code


class CallDone(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was claimed, now or before (`is_repeat`), and the task that came of it, which is accepted."""

    call_id: CallId
    task_id: TaskId
    order_id: OrderId
    site_code: str
    at: datetime
    is_repeat: bool


@posted("/calls/claim", tag=_TAG, name="claim_calls", gives=Outcomes[CallDone])
def claim_calls(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ClaimAsk]]
) -> Response[bytes]:
    """Claim calls for your sites. Of several who try, one gets a call; a person claims it in the own name."""
    scope = caller.scope(Permission.TASKS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[CallDone | Refusal]:
        sites = org.sites_by_code(conn, {one.site_code for one in data.items})
        judged = [
            ClaimCall(call_id=CallId(one.call_id), site_id=sites[one.site_code].id, by=caller.person_id)
            if one.site_code in sites
            else NoSuchThing(noun="site", value=one.site_code)
            for one in data.items
        ]
        outcomes = merged(judged, lambda commands: claim(conn, commands, scope=scope, now=now))
        codes = {site.id: site.code for site in sites.values()}
        return [one if isinstance(one, Refusal) else _done(one, codes) for one in outcomes]

    return decided(request, caller, data, decide)


def _done(claimed: Claimed, codes: Mapping[SiteId, str]) -> CallDone:
    return CallDone(
        call_id=claimed.call_id,
        task_id=claimed.task_id,
        order_id=claimed.order_id,
        site_code=codes[claimed.site_id],
        at=claimed.at,
        is_repeat=claimed.is_repeat,
    )


CALL_HANDLERS = [list_calls, claim_calls]
