"""Quotas: units set aside for a show, a channel or any other event; they come back by themselves at its end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from loopline import catalogue, org, stock
from loopline.db import Conn
from loopline.kernel.ids import QuotaId
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.processes import quotas
from loopline.stock import Quota, QuotaChange, QuotaKind, QuotaMoved, QuotaName, QuotaOpened, QuotaOver
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.types import Code, Moment, Units

_TAG = "stock"

OfEvent = Annotated[
    Code | None, QueryParameter(name="code", description="Only those of events with this code.")
]
IsOpen = Annotated[
    bool | None, QueryParameter(name="is_open", description="Only open ones, or only ended ones.")
]


class QuotaAskBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units to set aside at once for the event with this code; its orders draw from them from start to end.

    `site_code` null: in the network of the event's channel. Sold out, the quota draws on what is set aside for the
    event `reserve_code` (of kind event, same SKU and place), then, if `then_free` says so, on what is free.
    """

    kind: QuotaKind
    code: Code
    sku_code: Code
    units: Units
    ends_at: Moment
    starts_at: Moment | None = None
    site_code: Code | None = None
    reserve_code: Code | None = None
    then_free: bool = False


class QuotaChangeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to become of a quota; null leaves it. `units`: its size, what orders have drawn included."""

    id: UUID
    units: Units | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    reserve_code: Code | None = None
    then_free: bool | None = None


class QuotaEndBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quota that is to end now."""

    id: UUID


class QuotaTold(msgspec.Struct, frozen=True, kw_only=True):
    """A quota as it stands: `units` = `drawn` by orders + `left`; `returned` was given back to everybody."""

    id: UUID
    kind: QuotaKind
    code: str
    sku_code: str
    site_code: str | None
    units: int
    drawn: int
    left: int
    returned: int
    starts_at: datetime
    ends_at: datetime
    reserve_id: UUID | None
    then_free: bool
    ended_at: datetime | None


@posted("/stock/quotas", tag=_TAG, name="open_quotas", gives=Outcomes[QuotaTold])
def open_quotas(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[QuotaAskBody]]
) -> Response[bytes]:
    """Set units aside for events: never more than is free. The same again is the quota there is."""
    scope = caller.scope(Permission.STOCK_WRITE)
    wanted = [
        quotas.WantedQuota(
            kind=one.kind,
            code=one.code,
            sku_code=one.sku_code,
            units=one.units,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            site_code=one.site_code,
            reserve_code=one.reserve_code,
            then_free=one.then_free,
        )
        for one in data.items
    ]

    def decide(conn: Conn, now: datetime) -> list[QuotaTold | Refusal]:
        return _outcomes(conn, quotas.open_quotas(conn, wanted, scope=scope, now=now, actor=caller.actor))

    return decided(request, caller, data, decide)


@posted("/stock/quotas/changes", tag=_TAG, name="change_quotas", gives=Outcomes[QuotaTold])
def change_quotas(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[QuotaChangeBody]]
) -> Response[bytes]:
    """Make quotas larger, as far as units are free, or smaller, down to what orders have drawn; move their times."""
    scope = caller.scope(Permission.STOCK_WRITE)
    changes = [
        QuotaChange(
            quota_id=QuotaId(one.id),
            units=one.units,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            reserve=None
            if one.reserve_code is None
            else QuotaName(kind=QuotaKind.EVENT, code=one.reserve_code),
            then_free=one.then_free,
        )
        for one in data.items
    ]

    def decide(conn: Conn, now: datetime) -> list[QuotaTold | Refusal]:
        return _outcomes(conn, quotas.change_quotas(conn, changes, scope=scope, now=now, actor=caller.actor))

    return decided(request, caller, data, decide)


@posted("/stock/quotas/ends", tag=_TAG, name="end_quotas", gives=Outcomes[QuotaTold])
def end_quotas(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[QuotaEndBody]]
) -> Response[bytes]:
    """End quotas before their time: what is left goes back to everybody. One that has ended stays so."""
    scope = caller.scope(Permission.STOCK_WRITE)
    ids = [QuotaId(one.id) for one in data.items]

    def decide(conn: Conn, now: datetime) -> list[QuotaTold | Refusal]:
        return _outcomes(conn, quotas.end_quotas(conn, ids, scope=scope, now=now, actor=caller.actor))

    return decided(request, caller, data, decide)


@told("/stock/quotas", tag=_TAG, name="list_quotas")
def list_quotas(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    code: OfEvent = None,
    is_open: IsOpen = None,
) -> Page[QuotaTold]:
    """List quotas of one's branch, the newest first; those in a network are the whole brand's."""
    scope = caller.scope(Permission.STOCK_READ)
    before = asked.after(UUID)

    def find(conn: Conn, _: datetime) -> Page[QuotaTold]:
        wanted = stock.QuotasWanted(
            node_ids=None
            if scope.everything
            else tuple(leaf.id for leaf in stock.leaves_of_sites(conn, sorted(scope.sites))),
            code=code,
            is_open=is_open,
        )
        found = stock.quotas_page(
            conn, wanted, before=QuotaId(before[0]) if before else None, at_most=asked.at_most
        )
        shown = _told(conn, found)
        return page_of(found, asked, told=lambda one: shown[one.id], cursor=lambda one: encode_cursor(one.id))

    return read(request, find)


def _outcomes(
    conn: Conn, outcomes: Sequence[QuotaOpened | QuotaMoved | QuotaOver | Refusal]
) -> list[QuotaTold | Refusal]:
    """Tell the quotas as they stand after the whole batch."""
    ids = {one.quota.id for one in outcomes if not isinstance(one, Refusal)}
    shown = _told(conn, stock.quotas_by_ids(conn, ids))
    return [one if isinstance(one, Refusal) else shown[one.quota.id] for one in outcomes]


def _told(conn: Conn, found: Sequence[Quota]) -> dict[QuotaId, QuotaTold]:
    skus = catalogue.skus_by_id(conn, list({one.sku_id for one in found}))
    nodes = {node.id: node for node in stock.nodes_by_ids(conn, list({one.node_id for one in found}))}
    sites = org.sites_by_id(conn, {node.site_id for node in nodes.values() if node.site_id})
    site_codes = {
        node_id: sites[node.site_id].code for node_id, node in nodes.items() if node.site_id is not None
    }
    return {
        one.id: QuotaTold(
            id=one.id,
            kind=one.event.kind,
            code=one.event.code,
            sku_code=skus[one.sku_id].code,
            site_code=site_codes.get(one.node_id),
            units=one.units,
            drawn=one.to_orders,
            left=one.remaining,
            returned=one.returned,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            reserve_id=one.reserve_id,
            then_free=one.then_free,
            ended_at=one.ended_at,
        )
        for one in found
    }


QUOTA_HANDLERS = [open_quotas, change_quotas, end_quotas, list_quotas]
