"""A brand in the middle of its day, for whoever looks at orders: each kind of order there is, and people to look."""

from datetime import timedelta
from uuid import UUID

import msgspec

from loopline import org
from loopline.customers import Identity, IdentityKind, KeyRing, NewMember, Registered, register_members
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.fulfilment.model import AcceptTask, PickTask, RefusalReason, RefuseTask
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits, Delivery, Draft, OnShortage
from loopline.org import Role
from loopline.processes import dispatch, fulfil
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.processes.take_back import take_back
from loopline.returns.model import NewReturn, NewReturnLine, Reason, ReturnKind
from loopline.web.settings import Demo, DemoPerson
from tests.make.loop import hand_over_everything, pay_for
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, till_sale

DAY = timedelta(days=1)
PEOPLE = (
    ("wang.hq", "王芳", "HX", Role.HQ_OPERATIONS),
    ("li.store", "李强", "U-S", Role.STORE_MANAGER),
    ("zhao.guide", "赵敏", "U-S", Role.GUIDE),
    ("chen.dealer", "陈刚", "DEALER", Role.DEALER),
    ("sun.pack", "孙丽", "U-W", Role.PACKER),
)
DEMO = Demo(
    password=PASSWORD,
    people=tuple(
        DemoPerson(sign_in_name=name, name=said, role=role, place=at) for name, said, at, role in PEOPLE
    ),
)


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What was placed, by its external number, with the number people read."""

    shop: Shop
    orders: dict[str, Placed]

    def number(self, external_number: str) -> str:
        """The number under which people know an order."""
        return self.orders[external_number].number

    def id(self, external_number: str) -> OrderId:
        """The order's id."""
        return self.orders[external_number].order_id


def a_day(database: Database, ring: KeyRing) -> Day:
    """Let a brand do a day's business, its followers up to the log."""
    with database.transaction() as conn:
        shop = open_shop(conn)
        _name_places(conn)
        person_ids = {name: add_person(conn, name, at=at, role=role) for name, _, at, role in PEOPLE}
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in person_ids.values()]
        succeeded(org.set_passwords(conn, passwords, by=None, now=NOON))
        anna = NewMember(
            identities=(Identity(kind=IdentityKind.PHONE, value="+8613800138000"),),
            name="安娜",
            channel="web",
        )
        (member,) = succeeded(register_members(conn, [anna], ring=ring, now=NOON))
        assert isinstance(member, Registered)
        day = Day(shop=shop, orders={})
        _put(
            conn,
            day,
            ask(shop, "W-1", member_id=member.member_id, credits=Credits(guide_id=shop.parties["GUIDE"])),
        )
        pay_for(conn, shop, day.orders["W-1"])
        (refused,) = source_wave(conn, now=NOON).tasks
        no = RefuseTask(command_id=UUID(int=7), task_id=refused, reason=RefusalReason.NOT_FOUND)
        succeeded(dispatch.refuse(conn, [no], scope=WHOLE_BRAND, now=NOON + timedelta(minutes=9)))
        hand_over_everything(conn, now=NOON + timedelta(minutes=12))
        _put(conn, day, till_sale(shop, "T-1", placed_at=NOON - timedelta(hours=1)))
        pay_for(conn, shop, day.orders["T-1"])
        dealers = till_sale(shop, "T-2", site="D", placed_at=NOON - timedelta(hours=2))
        _put(conn, day, dealers)
        _put(
            conn, day, ask(shop, "W-2", lines=lines(shop, ("HAT", 3)), placed_at=NOON + timedelta(minutes=20))
        )
        (begun,) = source_wave(conn, now=NOON + timedelta(minutes=21)).tasks
        accept = AcceptTask(task_id=begun, by=person_ids["zhao.guide"])
        succeeded(dispatch.accept(conn, [accept], scope=WHOLE_BRAND, now=NOON + timedelta(minutes=22)))
        succeeded(
            fulfil.pick(conn, [PickTask(task_id=begun)], scope=WHOLE_BRAND, now=NOON + timedelta(minutes=25))
        )
        here = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
        _put(conn, day, ask(shop, "W-3", lines=lines(shop, ("COAT", 2)), **here))
        source_wave(conn, now=NOON + timedelta(minutes=30))
        _put(conn, day, ask(shop, "W-4", lines=lines(shop, ("SCARF", 40)), on_shortage=OnShortage.PARK))
        dealer_sold = {"site_id": shop.sites["D"], "channel": "web"}
        _put(conn, day, ask(shop, "W-5", lines=lines(shop, ("HAT", 14)), **dealer_sold))
        source_wave(conn, now=NOON + timedelta(minutes=40))
    catch_up(database, FOLLOWERS, now=NOON)
    with database.transaction() as conn:
        _bring_back(conn, day)
    catch_up(database, FOLLOWERS, now=NOON)
    return day


def _name_places(conn: Conn) -> None:
    """Nothing renames a site yet; the pages are looked at by people."""
    conn.execute(
        "update org.site set name = case code when 'W' then '嘉定仓' when 'S' then '静安店' else '杭州湖滨店' end"
    )
    conn.execute(
        "update org.party set name = case code when 'GUIDE' then '赵敏' when 'BRAND' then '织原'"
        " when 'STORE-S' then '静安店' when 'STORE-D' then '杭州湖滨店' when 'STORE-W' then '嘉定仓'"
        " when 'DEALER' then '浙江织梦' else '环线平台' end"
    )


def _put(conn: Conn, day: Day, draft: Draft) -> None:
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=draft.placed_at)
    assert isinstance(placed, Placed), placed
    day.orders[draft.external_number] = placed


def _bring_back(conn: Conn, day: Day) -> None:
    line = NewReturnLine(
        code="SCARF",
        sku_id=day.shop.skus["SCARF"],
        units=1,
        stated_unit_minor=PRICES["SCARF"],
        reason=Reason.SIZE,
    )
    asked = NewReturn(
        channel="till",
        external_number="R-1",
        kind=ReturnKind.FACT,
        at=NOON + DAY,
        site_id=day.shop.sites["S"],
        currency="CNY",
        order_id=day.id("W-1"),
        lines=(line,),
    )
    succeeded(take_back(conn, [asked], scope=WHOLE_BRAND, now=NOON + DAY))
