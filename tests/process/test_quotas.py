"""A whole show out of what was set aside for it: who gets what, what comes back, and what is told of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import ChannelTerms, DraftKind, put_channels
from loopline.org import NewParty, PartyKind, add_parties
from loopline.processes.place import place
from loopline.processes.promise import expire_holds, mend_holds
from loopline.processes.quotas import (
    EventUnknown,
    QuotaNeedsPlace,
    SkuUnknown,
    WantedQuota,
    change_quotas,
    end_due_quotas,
    end_quotas,
    open_quotas,
)
from loopline.processes.source import source_wave
from loopline.processes.take_in import Incoming, MessageLine, OrderMessage, OrderTaken, Touch, place_messages
from loopline.processes.touch import Host, WantedLiveRoom, add_live_rooms, end_live_rooms, start_live_rooms
from loopline.stock import Quota, QuotaChange, QuotaKind, QuotaName, QuotaOpened
from loopline.stock.refusals import NotEnoughFree, QuotaSoldOut
from loopline.touchpoints import LiveRoom, LiveRoomHasEnded
from tests.make.loop import subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.make.stock import broken

MINUTE = timedelta(minutes=1)
HQ = Host(scope=WHOLE_BRAND)
HOLD_MINUTES = 10


def open_studio(conn: Conn, *, units: int = 10) -> tuple[Shop, LiveRoom]:
    """A shop with `units` of each SKU at each of three sites, a livestream channel, and a show on air from NOON."""
    shop = open_shop(conn, units=units)
    terms = ChannelTerms(
        code="livestream",
        name="Live",
        network_node_id=shop.network,
        time_zone="Asia/Shanghai",
        hold_minutes_default=HOLD_MINUTES,
    )
    put_channels(conn, [terms])
    party = NewParty(code="LAN", kind=PartyKind.STREAMER, name="Lan", unit_code="HX")
    succeeded(add_parties(conn, [party], by=None, now=NOON))
    (room,) = succeeded(add_live_rooms(conn, [show("SHOW")], host=HQ, now=NOON))
    succeeded(start_live_rooms(conn, ["SHOW"], host=HQ, now=NOON))
    return shop, room


def show(code: str) -> WantedLiveRoom:
    return WantedLiveRoom(
        code=code, name=code, streamer_code="LAN", starts_at=NOON, sku_codes=("COAT", "SCARF")
    )


def of_show(units: int, *, code: str = "SHOW", sku: str = "COAT", **fields: Any) -> WantedQuota:
    stated: dict[str, Any] = {"kind": QuotaKind.LIVE_ROOM, "ends_at": NOON + 60 * MINUTE}
    return WantedQuota(code=code, sku_code=sku, units=units, **(stated | fields))


def reserve(units: int, code: str = "RESERVE") -> WantedQuota:
    return of_show(units, code=code, kind=QuotaKind.EVENT)


def set_aside(conn: Conn, *wanted: WantedQuota) -> list[Quota]:
    return [one.quota for one in succeeded(open_quotas(conn, wanted, scope=WHOLE_BRAND, now=NOON))]


def bought(
    conn: Conn, room: LiveRoom | None, number: str, units: int = 1, *, at: datetime = NOON
) -> OrderTaken | Refusal:
    """What becomes of a buyer's message, out of a show or just by the livestream's channel."""
    message = OrderMessage(
        channel="livestream",
        external_number=number,
        kind=DraftKind.ASK,
        lines=(MessageLine(sku_code="COAT", units=units),),
        region_code="310000",
        touch=Touch(touchpoint_code=room.touchpoint_code) if room else None,
    )
    (outcome,) = place_messages(conn, [Incoming(message=message, scope=WHOLE_BRAND)], now=at)
    return outcome


def stands(conn: Conn, quota: Quota) -> tuple[int, int, int, int, bool]:
    """(remaining, drawn, used, returned, whether it has ended) of a quota."""
    (now,) = stock.quotas_by_ids(conn, [quota.id])
    return now.remaining, now.drawn, now.used, now.returned, now.ended_at is not None


def coats(conn: Conn, shop: Shop) -> tuple[int, int]:
    """(held, what anybody may still have) of coats in the network."""
    (found,) = stock.free_at_nodes(conn, [shop.network], [shop.skus["COAT"]])
    return found.held, found.room


def test_a_show_from_its_quota_to_its_end(conn: Conn):
    shop, room = open_studio(conn)
    behind, quota = set_aside(conn, reserve(3), of_show(5, reserve_code="RESERVE"))
    assert coats(conn, shop) == (8, 22)
    # The web sells what is left to everybody, and not one of the show's.
    wanted = ask(shop, "W-1", lines=lines(shop, ("COAT", 23)))
    (refused,) = place(conn, [wanted], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(refused, NotEnoughFree)
    # Four buyers of two: the last two units come from the reserve; the fifth asks for more than it has.
    taken = [bought(conn, room, f"L-{number}", 2) for number in range(4)]
    assert all(isinstance(one, OrderTaken) for one in taken)
    sold_out = bought(conn, room, "L-9")
    assert isinstance(sold_out, QuotaSoldOut)
    assert (sold_out.asked, sold_out.left) == (1, 0)
    assert (stands(conn, quota), stands(conn, behind)) == ((0, 5, 0, 0, False), (0, 3, 0, 0, False))
    assert coats(conn, shop) == (8, 22)
    # What nobody pays for is the show's again; then somebody else has it.
    assert expire_holds(conn, now=NOON + HOLD_MINUTES * MINUTE, limit=1) == 1
    assert stands(conn, quota) == (2, 3, 0, 0, False)
    assert isinstance(bought(conn, room, "L-5", 2, at=NOON + 11 * MINUTE), OrderTaken)
    # The show ends before the time of its quota does: what is left of that goes back, what was drawn stays with orders.
    assert expire_holds(conn, now=NOON + 11 * MINUTE, limit=1) == 1
    succeeded(end_live_rooms(conn, ["SHOW"], host=HQ, now=NOON + 12 * MINUTE))
    assert stands(conn, quota) == (0, 0, 3, 2, True)
    assert (stands(conn, behind), coats(conn, shop)) == ((0, 3, 0, 0, False), (6, 24))
    # Whoever still does not pay loses to everybody now, and to the reserve what is the reserve's.
    assert expire_holds(conn, now=NOON + 40 * MINUTE, limit=9) == 3
    assert (stands(conn, behind), coats(conn, shop)) == ((3, 0, 0, 0, False), (3, 27))
    assert end_due_quotas(conn, now=NOON + 60 * MINUTE, limit=9) == 1
    assert coats(conn, shop) == (0, 30)
    assert [subject_types(conn, one.id) for one in (quota, behind)] == [
        ["quota_opened", "quota_ended"],
        ["quota_opened", "quota_ended"],
    ]
    assert broken(conn) == []


def test_what_of_a_show_is_sourced_was_used_and_its_cancelled_rest_comes_back(conn: Conn):
    shop, room = open_studio(conn)
    (quota,) = set_aside(conn, of_show(9))
    first = bought(conn, room, "L-1", 4)
    assert isinstance(first, OrderTaken)
    orders.set_paid(conn, [first.order_id], now=NOON)
    assert source_wave(conn, now=NOON).orders == 1
    assert stands(conn, quota) == (5, 0, 4, 0, False)
    assert coats(conn, shop) == (5, 21)
    assert broken(conn) == []


def test_the_channels_own_quota_serves_those_who_come_by_no_show_of_it(conn: Conn):
    _, room = open_studio(conn)
    of_room, of_channel = set_aside(
        conn, of_show(1), of_show(2, code="livestream", kind=QuotaKind.CHANNEL, then_free=True)
    )
    assert isinstance(bought(conn, None, "L-1", 3), OrderTaken)
    assert isinstance(bought(conn, room, "L-2"), OrderTaken)
    assert isinstance(bought(conn, room, "L-3"), QuotaSoldOut)
    assert (stands(conn, of_room)[:2], stands(conn, of_channel)[:2]) == ((0, 1), (0, 2))


def test_a_till_breaks_what_nobody_drew_before_it_breaks_an_order(conn: Conn):
    shop, room = open_studio(conn, units=2)
    (quota,) = set_aside(conn, of_show(5))
    taken = bought(conn, room, "L-1", 2)
    assert isinstance(taken, OrderTaken)
    sales = [till_sale(shop, f"T-{site}", site=site, lines=lines(shop, ("COAT", 2))) for site in ("S", "D")]
    succeeded(place(conn, sales, scope=WHOLE_BRAND, now=NOON))
    # Two are left, and held for the order: nobody gets one of the three that the quota still counts.
    assert isinstance(bought(conn, room, "L-2"), QuotaSoldOut)
    assert mend_holds(conn, now=NOON + MINUTE, limit=9) == 0
    assert stands(conn, quota) == (0, 2, 0, 3, False)
    assert stock.open_shortfalls(conn, limit=9) == []
    assert subject_types(conn, quota.id) == ["quota_opened", "quota_changed"]
    # One more is gone: now the order waits for it, and the quota has lost it for good.
    sale = till_sale(shop, "T-W", site="W", lines=lines(shop, ("COAT", 1)))
    succeeded(place(conn, [sale], scope=WHOLE_BRAND, now=NOON + MINUTE))
    assert mend_holds(conn, now=NOON + 2 * MINUTE, limit=9) == 1
    assert stands(conn, quota) == (0, 1, 0, 4, False)
    assert stock.open_shortfalls(conn, limit=9) == []
    head = orders.order_by_id(conn, taken.order_id)
    assert head is not None
    assert (head.held, head.parked) == (1, 1)
    assert broken(conn) == []


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (of_show(1, code="NONE"), EventUnknown(kind="live_room", event_code="NONE")),
        (of_show(1, code="NONE", kind=QuotaKind.CHANNEL), EventUnknown(kind="channel", event_code="NONE")),
        (of_show(1, sku="NONE"), SkuUnknown(sku_code="NONE")),
        (of_show(1, site_code="NONE"), QuotaNeedsPlace(site_code="NONE")),
    ],
)
def test_what_is_named_wrongly_sets_nothing_aside(conn: Conn, wanted: WantedQuota, refusal: Refusal):
    shop, _ = open_studio(conn)
    assert open_quotas(conn, [wanted], scope=WHOLE_BRAND, now=NOON) == [refusal]
    assert coats(conn, shop) == (0, 30)


def test_for_a_show_that_is_over_nothing_is_set_aside(conn: Conn):
    shop, _ = open_studio(conn)
    succeeded(end_live_rooms(conn, ["SHOW"], host=HQ, now=NOON))
    (refused,) = open_quotas(conn, [of_show(1)], scope=WHOLE_BRAND, now=NOON)
    assert refused == LiveRoomHasEnded(live_room_code="SHOW", ended_at=NOON)
    assert coats(conn, shop) == (0, 30)


def test_a_branch_sets_aside_and_ends_its_own_alone(conn: Conn):
    shop, _ = open_studio(conn)
    (of_brand,) = set_aside(conn, of_show(5))
    dealer = Scope(sites=frozenset({shop.sites["D"]}))
    outcomes = open_quotas(
        conn,
        [of_show(2), of_show(2, site_code="S"), of_show(2, site_code="D")],
        scope=dealer,
        now=NOON,
    )
    assert outcomes[:2] == [NotInYourBranch(subject="SHOW"), NotInYourBranch(subject="S")]
    assert isinstance(outcomes[2], QuotaOpened)
    own = outcomes[2].quota
    assert own.node_id == shop.leaves["D"]
    changes = [QuotaChange(quota_id=one.id, units=3) for one in (of_brand, own)]
    changed = change_quotas(conn, changes, scope=dealer, now=NOON)
    ended = end_quotas(conn, [of_brand.id, own.id], scope=dealer, now=NOON)
    for outcome in (changed, ended):
        assert outcome[0] == NotInYourBranch(subject=str(of_brand.id))
        assert not isinstance(outcome[1], Refusal)
    assert stands(conn, of_brand) == (5, 0, 0, 0, False)
    assert coats(conn, shop) == (5, 25)
    assert subject_types(conn, own.id) == ["quota_opened", "quota_changed", "quota_ended"]
    assert (
        stock.quotas_of_events(conn, [QuotaName(kind=QuotaKind.LIVE_ROOM, code="SHOW")])[0].id == of_brand.id
    )
