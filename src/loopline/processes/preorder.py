"""Pre-order: headquarters say what may be sold before there is any, how much, and when it ships; and change it.

What is said of a SKU is its pre-order from then on: said again, it is the same one. Another day is told to everybody
who waits by it, as any day of what waits is (`processes.expect`). What sells by it is `processes.place.ahead`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from loopline import catalogue
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders.events import PreorderClosed, PreorderStated
from loopline.orders.preorders import (
    Preorder,
    Standing,
    close_preorders,
    lock_preorders,
    preorders_of,
    state_preorders,
)
from loopline.processes.expect import give_days, today_of
from loopline.processes.place.ahead import standings, standings_of
from loopline.processes.turn import take_turn

DAYS_AHEAD_MOST = 730
_SAME = ("allowance", "per_order", "per_member", "opens_at", "closes_at", "ships_on", "closed_at")


class PreorderWish(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU is sold ahead: so many units in all since that was first said, so many per order and member (None: any).

    From a moment (None: now, or as it was) until one (None: until it is closed); it ships on a day.
    """

    sku_code: str
    allowance: int
    ships_on: date
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    per_order: int | None = None
    per_member: int | None = None


class PreorderNotYours(Refusal, frozen=True, kw_only=True):
    """{sku_code} is sold ahead for the whole brand: only who has all of it opens, changes or closes that."""

    sku_code: str


class PreorderSkuUnknown(Refusal, frozen=True, kw_only=True):
    """There is no SKU {sku_code} on sale."""

    sku_code: str
    field: str = "sku_code"


class PreorderDayNotUsable(Refusal, frozen=True, kw_only=True):
    """Goods cannot ship on {ships_on}: say a day from today on, within two years."""

    ships_on: date
    field: str = "ships_on"


class PreorderTimeNotUsable(Refusal, frozen=True, kw_only=True):
    """{sku_code} would be closed to orders before it opens: say a later end."""

    sku_code: str
    field: str = "closes_at"


class PreorderSaidTwice(Refusal, frozen=True, kw_only=True):
    """{sku_code} is named twice: which of them holds?"""

    sku_code: str


class PreorderUnknown(Refusal, frozen=True, kw_only=True):
    """No pre-order of {sku_code} stands."""

    sku_code: str


def state(
    conn: Conn, wishes: Sequence[PreorderWish], *, scope: Scope, actor: str, now: datetime
) -> list[Standing | Refusal]:
    """Open pre-orders, or change those that stand of the same SKUs, closed ones too; one outcome each.

    A lower allowance takes nothing from who has bought; another day is told to all of them. Takes the turn, then locks
    pre-orders.
    """
    take_turn(conn)
    skus = catalogue.skus_by_code(conn, {one.sku_code for one in wishes})
    before = lock_preorders(conn, {sku.id for sku in skus.values()})
    # Who waits for what is not on sale any more is told of another day all the same.
    usable = {code: sku for code, sku in skus.items() if sku.is_active or sku.id in before}
    today = today_of(conn, now)
    outcomes: list[Preorder | Refusal] = []
    seen: set[SkuId] = set()
    for one, preorder_id in zip(wishes, uuid7s(now, len(wishes)), strict=True):
        judged = _judge(one, usable.get(one.sku_code), scope=scope, today=today, now=now)
        if isinstance(judged, Preorder):
            stated = _as_stated(judged, preorder_id, before.get(judged.sku_id), by=actor, now=now)
            judged = _refusal_of(stated, one.sku_code, seen) or stated
            seen.add(stated.sku_id)
        outcomes.append(judged)
    stated = [one for one in outcomes if isinstance(one, Preorder)]
    altered = [one for one in stated if not _is_same(one, before.get(one.sku_id))]
    state_preorders(conn, altered, now=now)
    if altered:
        give_days(conn, [one.sku_id for one in altered], now=now)
        log.append(conn, [event(_told(one), subject=one.id, at=now, actor=actor) for one in altered])
    return _standing(conn, outcomes)


def _judge(
    one: PreorderWish, sku: catalogue.Sku | None, *, scope: Scope, today: date, now: datetime
) -> Preorder | Refusal:
    if not scope.everything:
        return PreorderNotYours(sku_code=one.sku_code)
    if sku is None:
        return PreorderSkuUnknown(sku_code=one.sku_code)
    if not today <= one.ships_on <= today + timedelta(days=DAYS_AHEAD_MOST):
        return PreorderDayNotUsable(ships_on=one.ships_on)
    return Preorder(
        id=UUID(int=0),
        sku_id=sku.id,
        allowance=one.allowance,
        per_order=one.per_order,
        per_member=one.per_member,
        opens_at=one.opens_at or now,
        closes_at=one.closes_at,
        ships_on=one.ships_on,
        stated_at=now,
        changed_at=now,
        changed_by="",
        closed_at=None,
    )


def _as_stated(
    one: Preorder, preorder_id: UUID, before: Preorder | None, *, by: str, now: datetime
) -> Preorder:
    """The pre-order as it stands from now on: the one there is of the SKU keeps its id and its beginning."""
    return msgspec.structs.replace(
        one,
        id=before.id if before else preorder_id,
        stated_at=before.stated_at if before else now,
        # Said again without an opening, it stays as it was opened.
        opens_at=before.opens_at if before and one.opens_at == now else one.opens_at,
        changed_by=by,
    )


def _refusal_of(one: Preorder, sku_code: str, seen: Collection[SkuId]) -> Refusal | None:
    if one.sku_id in seen:
        return PreorderSaidTwice(sku_code=sku_code)
    if one.closes_at is not None and one.closes_at <= one.opens_at:
        return PreorderTimeNotUsable(sku_code=sku_code)
    return None


def _is_same(one: Preorder, before: Preorder | None) -> bool:
    return before is not None and all(getattr(one, name) == getattr(before, name) for name in _SAME)


def _told(one: Preorder) -> PreorderStated:
    return PreorderStated(
        preorder_id=one.id,
        sku_id=one.sku_id,
        allowance=one.allowance,
        per_order=one.per_order,
        per_member=one.per_member,
        opens_at=one.opens_at,
        closes_at=one.closes_at,
        ships_on=one.ships_on,
    )


def _standing(conn: Conn, outcomes: Sequence[Preorder | Refusal]) -> list[Standing | Refusal]:
    """What stands of SKUs, in the place of what was said of them."""
    sku_ids = {one.sku_id for one in outcomes if isinstance(one, Preorder)}
    found = standings_of(conn, sku_ids) if sku_ids else {}
    return [found[one.sku_id] if isinstance(one, Preorder) else one for one in outcomes]


def close(
    conn: Conn, sku_codes: Sequence[str], *, scope: Scope, actor: str, now: datetime
) -> list[Standing | Refusal]:
    """Let nothing more be sold ahead of SKUs; who bought still gets it. Closed ones are answered so again.

    Takes the turn, then locks pre-orders. Each ends by itself once nobody waits by it.
    """
    take_turn(conn)
    skus = catalogue.skus_by_code(conn, set(sku_codes))
    before = lock_preorders(conn, {sku.id for sku in skus.values()}) if scope.everything else {}
    open_ones = {one.id: one for one in before.values() if one.closed_at is None}
    close_preorders(conn, list(open_ones), by=actor, now=now)
    log.append(
        conn,
        [
            event(PreorderClosed(preorder_id=one.id, sku_id=one.sku_id), subject=one.id, at=now, actor=actor)
            for one in open_ones.values()
        ],
    )
    found = standings(conn, preorders_of(conn, list(before))) if before else {}
    return [_closed(code, skus, found, scope=scope) for code in sku_codes]


def _closed(
    code: str, skus: Mapping[str, catalogue.Sku], found: Mapping[SkuId, Standing], *, scope: Scope
) -> Standing | Refusal:
    if not scope.everything:
        return PreorderNotYours(sku_code=code)
    sku = skus.get(code)
    one = found.get(sku.id) if sku is not None else None
    return one if one is not None else PreorderUnknown(sku_code=code)
