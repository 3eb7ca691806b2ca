"""A small brand some days on: lines that kept the six rights and lines that broke them, sent and sold by several sites.

Hats lie at the dealer's store alone; coats and scarves everywhere. What happened:

| number | sold | sent | what became of it |
|---|---|---|---|
| D-1 … D-3 | the dealer's till | D | D-1 came back defective, D-2 was sold below the price |
| S-1 | the store's till | S | came back unwanted |
| W-1 | web | W or D | S was asked first and had not got it |
| W-2 | web | D | a hat; kept in every way |
| C-1 | web, to be collected at S | S | ready after the promised moment, and nobody came |
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from loopline import org
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.fulfilment.codes import collect_code
from loopline.fulfilment.model import AcceptTask, CheckTask, PackTask, PickTask, RefusalReason, RefuseTask
from loopline.fulfilment.queries import tasks_of_orders
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, Draft, order_by_id
from loopline.org import Role
from loopline.processes import dispatch, fulfil
from loopline.processes.no_show import end_waiting
from loopline.processes.place import Placed, place
from loopline.processes.promised import keep_given
from loopline.processes.source import source_wave
from loopline.processes.take_back import take_back
from loopline.promises import GivenPromise, PromiseKind
from loopline.returns.model import NewReturn, NewReturnLine, Reason, ReturnKind
from tests.make.loop import pay_for, work_off
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, stock_up, till_sale
from tests.make.touchpoints import member_of

DAY = timedelta(days=1)
LATER = NOON + 12 * DAY
SOLD_ON = NOON.date()
PEOPLE = (
    ("wang.hq", "HX", Role.HQ_OPERATIONS),
    ("liu.marketing", "HX", Role.MARKETING),
    ("chen.dealer", "DEALER", Role.DEALER),
    ("zhao.manager", "U-S", Role.STORE_MANAGER),
    ("li.guide", "U-S", Role.GUIDE),
)


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The brand, its one member, and the short numbers of its orders by the numbers above."""

    shop: Shop
    member: MemberId
    order_ids: dict[str, OrderId]
    numbers: dict[str, str]


def open_judged(database: Database) -> Judged:
    """Let all of it happen, and let every follower come up to it."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=0)
        stocked = [(site, sku) for site in ("W", "S", "D") for sku in PRICES if sku != "HAT" or site == "D"]
        stock_up(conn, shop, dict.fromkeys(stocked, 20))
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in PEOPLE]
        succeeded(
            org.set_passwords(
                conn, [org.NewPassword(person_id=one, password=PASSWORD) for one in ids], by=None, now=NOON
            )
        )
        member = member_of(conn)
        placed = {
            **_till_sales(conn, shop, member),
            **_sent(conn, shop, member),
            **_not_collected(conn, shop, member),
        }
    catch_up(database, FOLLOWERS, now=NOON)
    with database.transaction() as conn:
        end_waiting(conn, now=NOON + 8 * DAY, limit=10)
        came_back(conn, shop, placed["D-1"], Reason.DEFECT, at=NOON + 3 * DAY)
        came_back(conn, shop, placed["S-1"], Reason.UNWANTED, at=NOON + 9 * DAY)
    catch_up(database, FOLLOWERS, now=LATER)
    with database.reading() as conn:
        heads = {number: order_by_id(conn, order_id) for number, order_id in placed.items()}
    numbers = {number: head.number for number, head in heads.items() if head is not None}
    return Judged(shop=shop, member=member, order_ids=placed, numbers=numbers)


def _placed(conn: Conn, shop: Shop, draft: Draft) -> OrderId:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    pay_for(conn, shop, outcome)
    return outcome.order_id


def _till_sales(conn: Conn, shop: Shop, member: MemberId) -> dict[str, OrderId]:
    coat = lines(shop, ("COAT", 1), stated=True)
    cheap = tuple(msgspec.structs.replace(one, stated_unit_minor=9_900) for one in coat)
    drafts = [
        till_sale(shop, "D-1", site="D", lines=coat, member_id=member),
        till_sale(shop, "D-2", site="D", lines=cheap),
        till_sale(shop, "D-3", site="D", lines=coat, member_id=member),
        till_sale(shop, "S-1", site="S", lines=coat, member_id=member),
    ]
    return {draft.external_number: _placed(conn, shop, draft) for draft in drafts}


def _sent(conn: Conn, shop: Shop, member: MemberId) -> dict[str, OrderId]:
    refused = _placed(conn, shop, ask(shop, "W-1", lines=lines(shop, ("COAT", 1)), member_id=member))
    (task,) = source_wave(conn, now=NOON).tasks
    assert tasks_of_orders(conn, [refused])[0].site_id == shop.sites["S"]
    refusal = RefuseTask(command_id=task, task_id=task, reason=RefusalReason.NOT_FOUND)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    work_off(conn, source_wave(conn, now=NOON).tasks, now=NOON)
    hat = _placed(conn, shop, ask(shop, "W-2", lines=lines(shop, ("HAT", 1)), member_id=member))
    work_off(conn, source_wave(conn, now=NOON).tasks, now=NOON)
    return {"W-1": refused, "W-2": hat}


def _not_collected(conn: Conn, shop: Shop, member: MemberId) -> dict[str, OrderId]:
    stated: dict[str, Any] = {
        "delivery": Delivery.COLLECT,
        "site_id": shop.sites["S"],
        "destination": None,
        "hold_minutes": 0,
        "member_id": member,
        "lines": lines(shop, ("SCARF", 1)),
    }
    order_id = _placed(conn, shop, ask(shop, "C-1", **stated))
    promised = GivenPromise(
        kind=PromiseKind.COLLECT,
        site_id=shop.sites["S"],
        due_at=NOON + timedelta(hours=4),
        starts_at=None,
        ready_minutes=120,
        lane_minutes=0,
        band=None,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )
    keep_given(conn, [(order_id, promised)], now=NOON)
    tasks = source_wave(conn, now=NOON).tasks
    late = NOON + timedelta(hours=5)
    accepted, picked = [AcceptTask(task_id=one) for one in tasks], [PickTask(task_id=one) for one in tasks]
    succeeded(dispatch.accept(conn, accepted, scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, picked, scope=WHOLE_BRAND, now=late))
    succeeded(fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=late))
    code = collect_code(bytes(5))
    packed = [PackTask(task_id=one, code=code, collect_by=NOON + 7 * DAY) for one in tasks]
    succeeded(fulfil.pack(conn, packed, scope=WHOLE_BRAND, now=late))
    return {"C-1": order_id}


def came_back(
    conn: Conn, shop: Shop, order_id: OrderId, reason: Reason, *, at: datetime, **line: Any
) -> None:
    """Let a coat of an order come back to the store's till."""
    said: dict[str, Any] = {
        "code": "COAT",
        "sku_id": shop.skus["COAT"],
        "units": 1,
        "reason": reason,
        "stated_unit_minor": PRICES["COAT"],
    }
    asked = NewReturn(
        channel="till",
        external_number=f"R-{order_id}",
        kind=ReturnKind.FACT,
        at=at,
        site_id=shop.sites["S"],
        currency="CNY",
        order_id=order_id,
        lines=(NewReturnLine(**(said | line)),),
    )
    succeeded(take_back(conn, [asked], scope=WHOLE_BRAND, now=at))
