"""What screens and processes ask of quotas. Nothing here locks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from loopline.db import Conn, fetch_rows, statements, uuids
from loopline.kernel.ids import NodeId, QuotaId, SkuId
from loopline.stock.model import QuotaKind, QuotaName
from loopline.stock.queries import free_at_nodes
from loopline.stock.quotas.model import EventRoom, Quota, QuotasWanted

SQL = statements(__file__)


def quotas_by_ids(conn: Conn, quota_ids: Collection[QuotaId]) -> list[Quota]:
    """The given quotas, by id; unknown ids are left out."""
    return _quotas(fetch_rows(conn, SQL["quotas_by_ids"], ids=uuids(quota_ids)))


def quotas_of_events(conn: Conn, events: Sequence[QuotaName]) -> list[Quota]:
    """Every quota that events have or had, in the order in which they were opened."""
    return _quotas(fetch_rows(conn, SQL["quotas_of_events"], **_named(events))) if events else []


def quotas_page(conn: Conn, wanted: QuotasWanted, *, before: QuotaId | None, at_most: int) -> list[Quota]:
    """A page of quotas, the newest first, from an id on."""
    return _quotas(
        fetch_rows(
            conn,
            SQL["quotas_page"],
            node_ids=None if wanted.node_ids is None else uuids(wanted.node_ids),
            code=wanted.code,
            is_open=wanted.is_open,
            before=before,
            at_most=at_most,
        )
    )


def room_of_events(
    conn: Conn, node_id: NodeId, sku_ids: Sequence[SkuId], *, events: Sequence[QuotaName], now: datetime
) -> list[EventRoom]:
    """What an order of events could get of SKUs at a node, in their order. A shop window, not a promise."""
    rooms = free_at_nodes(conn, [node_id] * len(sku_ids), sku_ids)
    found: dict[tuple[SkuId, str, str], Any] = {}
    asked = uuids([one.sku_id for one in rooms if one.quotas])
    rows = (
        fetch_rows(conn, SQL["quotas_above"], node_id=node_id, sku_ids=asked, now=now, **_named(events))
        if any(one.quotas for one in rooms)
        else []
    )
    for sku_id, kind, code, *rest in rows:
        found.setdefault((sku_id, kind, code), rest)
    outcomes: list[EventRoom] = []
    for one in rooms:
        names = [(one.sku_id, event.kind.value, event.code) for event in events]
        quota = next((found[name] for name in names if name in found), None)
        if quota is None:
            outcomes.append(EventRoom(sku_id=one.sku_id, room=one.room, left=None))
            continue
        remaining, reserve, then_free = quota
        left = remaining + reserve
        outcomes.append(
            EventRoom(sku_id=one.sku_id, room=left + (one.room if then_free else 0), left=remaining)
        )
    return outcomes


def _named(events: Sequence[QuotaName]) -> dict[str, list[str]]:
    return {"kinds": [event.kind.value for event in events], "codes": [event.code for event in events]}


def _quotas(rows: Sequence[Any]) -> list[Quota]:
    return [
        Quota(
            id=quota_id,
            event=QuotaName(kind=QuotaKind(kind), code=code),
            node_id=node_id,
            sku_id=sku_id,
            set_aside=set_aside,
            remaining=remaining,
            drawn=drawn,
            used=used,
            returned=returned,
            starts_at=starts_at,
            ends_at=ends_at,
            reserve_id=reserve_id,
            then_free=then_free,
            ended_at=ended_at,
        )
        for (
            quota_id,
            kind,
            code,
            node_id,
            sku_id,
            set_aside,
            remaining,
            drawn,
            used,
            returned,
            starts_at,
            ends_at,
            reserve_id,
            then_free,
            ended_at,
        ) in rows
    ]
