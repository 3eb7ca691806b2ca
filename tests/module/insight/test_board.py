"""The live board as a person sees it: zones, rankings, stages, happenings, scope."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from loopline import orders
from loopline.db import Conn
from loopline.insight import (
    BoardAsk,
    SalesAdjusted,
    SalesLine,
    SiteRank,
    StageCount,
    Takings,
    apply_happenings,
    apply_sales,
    apply_stages,
    read_board,
    sites_of_day,
)
from loopline.kernel.events import event
from loopline.kernel.ids import OrderId, ReturnId, ReturnLineId, SiteId, SkuId
from loopline.orders import LineChange, LineKind
from loopline.orders.events import LinesParked
from loopline.processes.take_back import ReturnedSale, SalesReturned
from loopline.returns.events import ReturnedLine, ReturnedUnits, ReturnOpened
from loopline.returns.model import Reason, ReturnKind
from tests.make import orders as make_orders
from tests.make.catalogue import add_sku
from tests.make.insight import event_of, line, numbered, placed
from tests.make.web import furnish

# 01:00 in Shanghai on the 3rd of March is still the 2nd in UTC.
AFTER_MIDNIGHT = datetime(2025, 3, 2, 17, 0, 30, tzinfo=UTC)
SHORTLY_AFTER = AFTER_MIDNIGHT + timedelta(minutes=3)


def test_an_empty_shop_has_an_empty_board_at_the_clocks_time(conn: Conn):
    furnish(conn)
    board = read_board(conn, BoardAsk(now=SHORTLY_AFTER))
    assert (board.setting.zone, board.setting.currency, board.setting.latest) == (
        "Asia/Shanghai",
        "CNY",
        None,
    )
    assert (board.at, board.day, board.is_replay) == (SHORTLY_AFTER, date(2025, 3, 3), False)
    assert board.today == Takings()
    assert board.skus == board.sites == board.happenings == ()
    assert {one.orders for one in board.stages} == {0}
    assert [point.net_minor for point in board.minutes] == [0] * 60


def test_days_are_cut_in_the_zone_of_the_site(conn: Conn):
    sites = furnish(conn)
    before = placed(
        line(amount_minor=1), at=AFTER_MIDNIGHT - timedelta(minutes=61), site=sites["S-01"], currency="CNY"
    )
    after = placed(line(amount_minor=20), at=AFTER_MIDNIGHT, site=sites["S-01"], currency="CNY")
    web = placed(line(amount_minor=300), at=AFTER_MIDNIGHT, currency="CNY")
    apply_sales(conn, [before, after, web])
    board = read_board(conn, BoardAsk(now=SHORTLY_AFTER))
    assert board.today == Takings(sold_minor=320, sold_units=4, orders=2)
    assert [point.net_minor for point in board.days[-2:]] == [1, 320]
    assert board.this_hour.net_minor == 320
    assert [point.net_minor for point in board.hours[-3:]] == [1, 0, 320]
    assert {point.start: point.net_minor for point in board.minutes if point.net_minor} == {
        AFTER_MIDNIGHT.replace(second=0): 320
    }


def test_yesterday_counts_up_to_the_same_time_of_day(conn: Conn):
    furnish(conn)
    early = placed(line(amount_minor=70), at=AFTER_MIDNIGHT - timedelta(days=1), currency="CNY")
    late = placed(line(amount_minor=9), at=SHORTLY_AFTER - timedelta(days=1, minutes=-1), currency="CNY")
    apply_sales(conn, [early, late])
    assert read_board(conn, BoardAsk(now=SHORTLY_AFTER)).same_time_yesterday.net_minor == 70


def test_a_replay_stands_at_the_time_of_its_data(conn: Conn):
    furnish(conn)
    apply_sales(
        conn, [placed(line(amount_minor=5), at=datetime(2011, 3, 1, 9, 30, 20, tzinfo=UTC), currency="CNY")]
    )
    board = read_board(conn, BoardAsk(now=SHORTLY_AFTER))
    assert board.is_replay
    assert board.at == datetime(2011, 3, 1, 9, 30, tzinfo=UTC)
    assert board.today.net_minor == 5
    assert board.minutes[-1].net_minor == 5


def test_rankings_name_the_best_first_and_ties_in_one_order(conn: Conn):
    sites = furnish(conn)
    cup = add_sku(conn, "CUP")
    tea = add_sku(conn, "TEA")
    lines = [
        placed(
            line(sku=cup.id.int, units=1, amount_minor=100),
            line(sku=tea.id.int, units=5, amount_minor=250),
            at=AFTER_MIDNIGHT,
            site=sites["S-02"],
            channel="till",
            currency="CNY",
        ),
        placed(line(sku=cup.id.int, units=2, amount_minor=200), at=AFTER_MIDNIGHT, currency="CNY"),
    ]
    apply_sales(conn, lines)
    board = read_board(conn, BoardAsk(now=SHORTLY_AFTER))
    assert [(one.code, one.name, one.net_minor, one.units) for one in board.skus] == [
        ("CUP", "Sku CUP", 300, 3),
        ("TEA", "Sku TEA", 250, 5),
    ]
    assert board.sites == (
        SiteRank(
            site_id=sites["S-02"], code="S-02", name="徐汇店", channel="", net_minor=350, units=6, orders=1
        ),
        SiteRank(site_id=None, name=None, channel="web", net_minor=200, units=2, orders=1),
    )
    assert board.minutes[-4].by_channel == board.days[-1].by_channel == {"till": 350, "web": 200}


def test_the_sites_of_a_day_are_those_of_the_branch_that_sold(conn: Conn):
    sites = furnish(conn)
    apply_sales(
        conn,
        [
            placed(line(amount_minor=5), at=AFTER_MIDNIGHT, site=sites["S-01"], currency="CNY"),
            placed(line(amount_minor=7), at=AFTER_MIDNIGHT, site=sites["S-02"], currency="CNY"),
            placed(line(amount_minor=9), at=AFTER_MIDNIGHT, currency="CNY"),
        ],
    )
    everywhere = sites_of_day(conn, BoardAsk(now=SHORTLY_AFTER))
    assert [(one.code, one.net_minor) for one in everywhere] == [("S-02", 7), ("S-01", 5)]
    branch = sites_of_day(conn, BoardAsk(now=SHORTLY_AFTER, sites=frozenset({sites["S-01"]})))
    assert [(one.code, one.net_minor) for one in branch] == [("S-01", 5)]


def test_returns_and_adjustments_lower_net_sales_at_their_own_time(conn: Conn):
    sites = furnish(conn)
    sold = placed(
        line(sku=3, units=4, amount_minor=400), at=AFTER_MIDNIGHT, site=sites["S-01"], currency="CNY"
    )
    returned = SalesReturned(
        return_id=ReturnId(UUID(int=9)),
        channel="web",
        site_id=sites["S-01"],
        currency="CNY",
        lines=(ReturnedSale(kind=LineKind.GOODS, sku_id=SkuId(UUID(int=3)), units=1, amount_minor=100),),
    )
    adjusted = SalesAdjusted(
        order_id=None,
        channel="web",
        site_id=sites["S-01"],
        currency="CNY",
        lines=(SalesLine(kind="charge", units=1, amount_minor=-7),),
        reason="bad_debt",
    )
    later = AFTER_MIDNIGHT + timedelta(minutes=2)
    apply_sales(
        conn,
        [
            sold,
            event(returned, subject=UUID(int=9), at=later),
            event(adjusted, subject=UUID(int=9), at=later),
        ],
    )
    board = read_board(conn, BoardAsk(now=SHORTLY_AFTER))
    assert board.today == Takings(
        sold_minor=400, returned_minor=-100, adjusted_minor=-7, sold_units=4, returned_units=-1, orders=1
    )
    assert [point.net_minor for point in board.minutes[-4:]] == [400, 0, -107, 0]


def test_a_store_sees_itself_alone(conn: Conn):
    sites = furnish(conn)
    events = numbered(
        [
            placed(line(amount_minor=1), at=AFTER_MIDNIGHT, site=sites["S-01"], currency="CNY"),
            placed(line(amount_minor=20), at=AFTER_MIDNIGHT, site=sites["S-02"], currency="CNY"),
            placed(line(amount_minor=300), at=AFTER_MIDNIGHT, currency="CNY"),
        ]
    )
    apply_sales(conn, events)
    apply_happenings(conn, events)
    board = read_board(conn, BoardAsk(now=SHORTLY_AFTER, sites=frozenset({sites["S-01"]})))
    assert board.today.net_minor == 1
    assert [one.name for one in board.sites] == ["静安店"]
    assert [one.position for one in board.happenings] == [1]


def test_stages_follow_where_orders_stand(conn: Conn):
    (first, second) = make_orders.placed(
        conn, [make_orders.draft("W-1"), make_orders.draft("W-2", site_id=SiteId(UUID(int=4)))]
    )
    apply_stages(conn, [event_of(first), event_of(second)])
    assert _stages(conn) == {"placed": 2}
    change = LineChange(
        order_id=first.order_id,
        line_id=first.lines[0].line_id,
        held=-first.lines[0].units,
        cancelled=first.lines[0].units,
    )
    orders.change_lines(conn, [change], now=make_orders.NOON)
    apply_stages(conn, [event_of(first)])
    assert _stages(conn) == {"placed": 1, "cancelled": 1}
    apply_stages(conn, [event_of(first), event_of(second)])  # said twice, counted once
    assert _stages(conn) == {"placed": 1, "cancelled": 1}


def test_a_return_moves_the_orders_it_was_matched_to(conn: Conn):
    (order,) = make_orders.placed(conn, [make_orders.draft("W-1", 2)], handed_over=2)
    apply_stages(conn, [event_of(order)])
    assert _stages(conn) == {"handed_over": 1}
    line_id = order.lines[0].line_id
    orders.change_lines(
        conn, [LineChange(order_id=order.order_id, line_id=line_id, returned=2)], now=make_orders.NOON
    )
    opened = ReturnOpened(
        return_id=ReturnId(UUID(int=9)),
        channel="web",
        kind=next(iter(ReturnKind)),
        site_id=SiteId(UUID(int=4)),
        member_id=None,
        lines=(
            ReturnedLine(
                return_line_id=ReturnLineId(UUID(int=10)),
                sku_id=order.lines[0].sku_id,
                units=2,
                blind_units=0,
                reason=next(iter(Reason)),
                matches=(ReturnedUnits(order_id=order.order_id, line_id=line_id, units=2),),
            ),
        ),
    )
    apply_stages(conn, [event(opened, subject=UUID(int=9), at=AFTER_MIDNIGHT)])
    assert _stages(conn) == {"returned": 1}


def test_a_busy_type_does_not_hide_the_others(conn: Conn):
    furnish(conn)
    parked = event(
        LinesParked(order_id=OrderId(UUID(int=1)), lines=()), subject=UUID(int=1), at=AFTER_MIDNIGHT
    )
    busy = [placed(line(amount_minor=number), at=AFTER_MIDNIGHT, currency="CNY") for number in range(1, 40)]
    apply_happenings(conn, numbered([parked, *busy]))
    shown = read_board(conn, BoardAsk(now=SHORTLY_AFTER)).happenings
    assert [one.type for one in shown] == ["order_placed"] * 8 + ["lines_parked"]
    assert [one.amount_minor for one in shown[:2]] == [39, 38]
    kept = conn.execute("select type, count(*) from insight.happening group by type order by type").fetchall()
    assert kept == [("lines_parked", 1), ("order_placed", 12)]


def _stages(conn: Conn) -> dict[str, int]:
    board = read_board(conn, BoardAsk(now=SHORTLY_AFTER))
    return {one.stage: one.orders for one in board.stages if one != StageCount(stage=one.stage, orders=0)}
