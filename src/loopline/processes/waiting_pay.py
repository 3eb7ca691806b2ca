"""Waiting pay: work that came back pays more to whoever takes it next, and the sale's split pays it.

What is paid is fixed when the work is put to a site, by the profile in force, and kept with the offer: the offer, the
task and the books say the same. It is a share of the site that sent the goods, taken from whoever has the remainder.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import org
from loopline.db import Conn
from loopline.fulfilment.waiting import CameBack, WaitingPay, fix_waiting_pay, what_came_back
from loopline.kernel.ids import LineId, OrderId, SiteId
from loopline.processes.weigh import dealers_of_sites
from loopline.sharing.model import Waited
from loopline.sourcing.model import Parcel
from loopline.sourcing.profiles import ProfileInForce
from loopline.sourcing.waiting_pay import Round, extra_for


class OfferedFor(msgspec.Struct, frozen=True, kw_only=True):
    """A task or a call just made, for some lines of an order, put to some sites."""

    work_id: UUID
    order_id: OrderId
    line_ids: frozenset[LineId]
    site_ids: tuple[SiteId, ...]


def offered_for(work_id: UUID, parcel: Parcel, site_ids: Iterable[SiteId]) -> OfferedFor:
    """Return a parcel's work as it was put to sites."""
    return OfferedFor(
        work_id=work_id,
        order_id=parcel.order_id,
        line_ids=frozenset(line.line_id for line in parcel.lines),
        site_ids=tuple(site_ids),
    )


def rounds_of_orders(
    conn: Conn, line_ids: Mapping[OrderId, Collection[LineId]]
) -> dict[OrderId, list[Round]]:
    """Return how often some lines of orders came back, from whom; orders that never did are left out. Locks nothing."""
    found: dict[OrderId, dict[UUID, Round]] = {}
    for one in what_came_back(conn, list(line_ids)):
        if one.line_id in line_ids[one.order_id]:
            found.setdefault(one.order_id, {})[one.work_id] = _round(one)
    return {order_id: list(rounds.values()) for order_id, rounds in found.items()}


def pay_for_waiting(
    conn: Conn, offered: Sequence[OfferedFor], *, profile: ProfileInForce, now: datetime
) -> None:
    """Fix what new tasks and calls pay on top because some of their lines came back. Locks nothing."""
    rule = profile.settings.waiting_pay
    if not rule.is_paid:
        return
    came_back: dict[OrderId, list[CameBack]] = {}
    for one in what_came_back(conn, list({work.order_id for work in offered})):
        came_back.setdefault(one.order_id, []).append(one)
    again = [work for work in offered if work.order_id in came_back]
    if not again:
        return
    sites = org.sites_by_id(conn, _sites(again, came_back.values()))
    dealers = dealers_of_sites(conn, sites)
    fixed: list[WaitingPay] = []
    for work in again:
        rounds = [_round(one) for one in came_back[work.order_id] if one.line_id in work.line_ids]
        for site_id in work.site_ids:
            extra = extra_for(rule, rounds, site_id=site_id, dealers=dealers, now=now)
            if extra is not None:
                fixed.append(
                    WaitingPay(
                        work_id=work.work_id,
                        site_id=site_id,
                        order_id=work.order_id,
                        profile_version=profile.version,
                        since=extra.since,
                        rounds=extra.rounds,
                        extra_minor=extra.extra_minor,
                        most_percent=rule.most_percent,
                    )
                )
    fix_waiting_pay(conn, fixed, now=now)


def _round(one: CameBack) -> Round:
    return Round(work_id=one.work_id, asked_at=one.asked_at, site_ids=one.site_ids)


def _sites(works: Iterable[OfferedFor], came_back: Iterable[Sequence[CameBack]]) -> set[SiteId]:
    asked = {site_id for work in works for site_id in work.site_ids}
    return asked | {site_id for rounds in came_back for one in rounds for site_id in one.site_ids}


def waited_of(one: WaitingPay) -> Waited:
    """Return what an offer pays on top as the rules of sharing take it."""
    return Waited(
        extra_minor=one.extra_minor,
        most_percent=one.most_percent,
        since=one.since,
        rounds=one.rounds,
        profile_version=one.profile_version,
    )
