"""A surge as it stands, and what of it wants somebody's eye: how placing goes, how old promises are, what waits.

The rules of what burns are stated in docs/roles/hq-operations.md; change both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from loopline import catalogue, insight, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.insight.surge import Pace, read_pace
from loopline.kernel.ids import NodeId, SkuId
from loopline.stock import Node, PromiseAges, Shortfall

P99_WARN_MS, P99_BAD_MS = 50, 250
WAITING_WARN, WAITING_BAD = 1_000, 10_000
DUE_WARN, DUE_BAD = timedelta(seconds=5), timedelta(seconds=30)
SHORT_BAD = timedelta(minutes=15)
SENT_AWAY_CODES = frozenset({"too_much_waits"})
FAILURE_CODES = frozenset({"broke_on_our_side", "not_done_now"})
_SHORTFALLS_SHOWN = 8


class Tone(StrEnum):
    """How much something wants somebody's eye."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class Burn(StrEnum):
    """What can burn."""

    FAILED = "failed"
    SENT_AWAY = "sent_away"
    WAITING = "waiting"
    SLOW = "slow"
    HOLDS_DUE = "holds_due"
    SHORTFALLS = "shortfalls"


class Burning(msgspec.Struct, frozen=True, kw_only=True):
    """Something to look at. `amount` is orders, milliseconds, seconds or shortfalls, as the kind says."""

    what: Burn
    tone: Tone
    amount: int


class SurgeWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Who watches the surge watches all of it: servers know no branches."""


class Surge(msgspec.Struct, frozen=True, kw_only=True):
    """How placing goes and what it does to promises, at one moment."""

    at: datetime
    zone: str
    pace: Pace
    promises: PromiseAges
    stages: Mapping[str, int]
    shortfalls: Sequence[Shortfall]
    nodes: Mapping[NodeId, Node]
    skus: Mapping[SkuId, Sku]


def read_surge(conn: Conn, *, now: datetime) -> Surge:
    """Read a surge as it stands: nothing of it is per branch, so only for who sees the whole brand."""
    shortfalls = stock.open_shortfalls(conn, limit=_SHORTFALLS_SHOWN)
    return Surge(
        at=now,
        zone=insight.board_setting(conn).zone,
        pace=read_pace(conn, now=now),
        promises=stock.promise_ages(conn, now=now),
        stages=insight.orders_by_stage(conn),
        shortfalls=shortfalls,
        nodes={node.id: node for node in stock.nodes_by_ids(conn, [one.node_id for one in shortfalls])},
        skus=catalogue.skus_by_id(conn, {one.sku_id for one in shortfalls}),
    )


def burning(surge: Surge) -> list[Burning]:
    """Return what wants somebody's eye, the worst first; nothing where all is well."""
    pace, promises = surge.pace, surge.promises
    refused = {one.code: one.orders for one in pace.refusals}
    due_since = surge.at - promises.due_since if promises.due_since else timedelta()
    short_since = surge.at - promises.short_since if promises.short_since else timedelta()
    found = [
        _above(Burn.FAILED, sum(refused.get(code, 0) for code in FAILURE_CODES), warn=None, bad=0),
        _above(Burn.SENT_AWAY, sum(refused.get(code, 0) for code in SENT_AWAY_CODES), warn=None, bad=0),
        _above(Burn.WAITING, pace.waiting, warn=WAITING_WARN, bad=WAITING_BAD),
        _above(Burn.SLOW, pace.latency_ms(99) or 0, warn=P99_WARN_MS, bad=P99_BAD_MS),
        _above(
            Burn.HOLDS_DUE,
            int(due_since.total_seconds()),
            warn=int(DUE_WARN.total_seconds()),
            bad=int(DUE_BAD.total_seconds()),
        ),
    ]
    if promises.open_shortfalls:
        tone = Tone.BAD if short_since > SHORT_BAD else Tone.WARN
        found.append(Burning(what=Burn.SHORTFALLS, tone=tone, amount=promises.open_shortfalls))
    order = {Tone.BAD: 0, Tone.WARN: 1}
    return sorted((one for one in found if one is not None), key=lambda one: order[one.tone])


def _above(what: Burn, amount: int, *, warn: int | None, bad: int) -> Burning | None:
    if amount > bad:
        return Burning(what=what, tone=Tone.BAD, amount=amount)
    if warn is not None and amount > warn:
        return Burning(what=what, tone=Tone.WARN, amount=amount)
    return None
