"""A small brand at work: `open_shop` with people who sign in, goods with care, and orders on their way to stores."""

from datetime import datetime, timedelta

import msgspec

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PartyId, PersonId, RuleSetId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import ChannelTerms, Credits, Delivery, Draft, put_channels
from loopline.org import NewParty, PartyKind, Role
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.processes.touch.crediting import attribute_orders
from loopline.processes.touch.live import Host, WantedLiveRoom, add_live_rooms
from loopline.sharing.model import NewRuleSet, Publication, RuleRow
from loopline.sharing.model import Role as SharingRole
from loopline.sharing.service import publish_rule_sets, save_drafts
from loopline.touchpoints import Buyer, LiveRoom
from loopline.web.settings import Demo, DemoPerson
from tests.make.loop import follow
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, OPENED, SHARING, Shop, ask, open_shop

PEOPLE = (
    ("lin.manager", "林晓梅", Role.STORE_MANAGER, "U-S", "静安店"),
    ("zhou.guide", "周可", Role.GUIDE, "U-S", "静安店"),
    ("wu.packer", "吴大力", Role.PACKER, "U-S", "静安店"),
    ("sun.manager", "孙倩", Role.STORE_MANAGER, "U-D", "杭州店"),
    ("kong.dealer", "孔令山", Role.DEALER, "DEALER", "杭州代理"),
    ("gu.finance", "顾明远", Role.FINANCE, "HX", "总部"),
    ("shen.ops", "沈知夏", Role.HQ_OPERATIONS, "HX", "总部"),
    ("alan.live", "阿岚", Role.STREAMER, "HX", "总部"),
)
DEMO = Demo(
    password=PASSWORD,
    people=tuple(
        DemoPerson(sign_in_name=one, name=name, role=role, place=at) for one, name, role, _, at in PEOPLE
    ),
)
_SETTLE = next(one for one in FOLLOWERS if one.name == "settle")


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """The brand and its people, by sign-in name; `guide` and `streamer` are the parties of two of them."""

    shop: Shop
    people: dict[str, PersonId]
    guide: PartyId
    streamer: PartyId


class Clock:
    """A clock that tests turn."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, forward: timedelta) -> None:
        """Let time pass."""
        self.now += forward


def open_store(conn: Conn) -> Stage:
    """Found the brand with people in its stores who have passwords, and parties of their own where they earn."""
    shop = open_shop(conn)
    people = {name: add_person(conn, name, at=unit, role=role) for name, _, role, unit, _ in PEOPLE}
    new = [org.NewPassword(person_id=one, password=PASSWORD) for one in people.values()]
    succeeded(org.set_passwords(conn, new, by=None, now=NOON))
    parties = [
        NewParty(
            code="GUIDE-ZHOU", kind=PartyKind.GUIDE, name="周可", unit_code="U-S", sign_in_name="zhou.guide"
        ),
        NewParty(
            code="STREAMER", kind=PartyKind.STREAMER, name="阿岚", unit_code="HX", sign_in_name="alan.live"
        ),
    ]
    guide, streamer = succeeded(org.add_parties(conn, parties, by=None, now=NOON))
    dress_up(conn)
    _open_livestream(conn, shop)
    return Stage(shop=shop, people=people, guide=guide.party_id, streamer=streamer.party_id)


def _open_livestream(conn: Conn, shop: Shop) -> None:
    """Let streamers earn a tenth of what is sold live, from noon on."""
    put_channels(
        conn,
        [
            ChannelTerms(
                code="livestream", name="Live", network_node_id=shop.network, time_zone="Asia/Shanghai"
            )
        ],
    )
    live = RuleRow(role=SharingRole.STREAMER, channels=("livestream",), basis_points=1_000)
    rules = NewRuleSet(
        id=RuleSetId(uuid7(OPENED)),
        currency="CNY",
        author_id=shop.manager,
        comment="with streamers",
        rows=(*SHARING[:-1], live, SHARING[-1]),
    )
    succeeded(save_drafts(conn, [rules], now=OPENED))
    published = Publication(
        rule_set_id=rules.id,
        effective_from=NOON,
        published_by=shop.manager,
        untried_because="the store opens",
    )
    succeeded(publish_rule_sets(conn, [published], now=OPENED))


def dress_up(conn: Conn) -> None:
    """Give the shop's SKUs names, sizes, bars and care."""
    conn.execute(
        "update catalogue.sku set name = '双面羊绒大衣', gtin = '06901234567892',"
        """ attributes = '{"colour": "燕麦色", "size": "M"}' where code = 'COAT'"""
    )
    conn.execute(
        "update catalogue.sku set name = '羊毛围巾', is_fragile = true, tracks_batch = true,"
        """ attributes = '{"colour": "雾蓝"}' where code = 'SCARF'"""
    )


def offer(conn: Conn, stage: Stage, number: str, *, at: datetime = NOON, **fields: object) -> TaskId:
    """Place an order that the guide brought, and put its work to the store that is nearest."""
    draft = ask(stage.shop, number, placed_at=at, credits=Credits(guide_id=stage.guide), **fields)
    return source(conn, draft, at=at)


def offer_to_collect(conn: Conn, stage: Stage, number: str, *, at: datetime = NOON) -> TaskId:
    """Place an order to be collected at the store, and put its work to it."""
    here = {"delivery": Delivery.COLLECT, "site_id": stage.shop.sites["S"], "destination": None}
    return offer(conn, stage, number, at=at, **here)


def source(conn: Conn, draft: Draft, *, at: datetime) -> TaskId:
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=at)
    assert isinstance(placed, Placed), placed
    (task_id,) = source_wave(conn, now=at).tasks
    return task_id


def settle(conn: Conn) -> None:
    """Let the books catch up with what was handed over."""
    follow(conn, _SETTLE)


def plan_show(conn: Conn, *, code: str = "SHOW", skus: tuple[str, ...] = ("COAT", "SCARF")) -> LiveRoom:
    """Plan a show of the streamer."""
    wanted = WantedLiveRoom(
        code=code, name="阿岚的直播间", streamer_code="STREAMER", starts_at=NOON, sku_codes=skus
    )
    (room,) = succeeded(add_live_rooms(conn, [wanted], host=Host(scope=WHOLE_BRAND), now=NOON))
    return room


def buy_live(conn: Conn, stage: Stage, room: LiveRoom, number: str, *, at: datetime = NOON) -> OrderId:
    """Let somebody who watches buy a coat and two scarves."""
    draft = ask(
        stage.shop,
        number,
        channel="livestream",
        placed_at=at,
        credits=Credits(streamer_id=stage.streamer),
        live_room_code=room.code,
    )
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=at)
    assert isinstance(placed, Placed), placed
    buyer = Buyer(member_id=None, visitor=None, touchpoint_code=room.touchpoint_code, at=at)
    (attributed,) = attribute_orders(conn, {placed.order_id: buyer}, now=at)
    assert attributed.live_room_id == room.id
    return placed.order_id
