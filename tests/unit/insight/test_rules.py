"""The pure side of boards: moments, series, signs, orders of stages."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from loopline.insight import followers
from loopline.insight.model import DayPart, Measure, Part, Point, StageCount
from loopline.insight.rights.service import RIGHTS_TYPES
from loopline.insight.rules import (
    HAPPENING_TYPES,
    KEPT_PER_TYPE,
    SALE_MEASURES,
    STAGE_TYPES,
    board_moments,
    chosen_currency,
    day_series,
    happening_columns,
    sale_columns,
    signed,
    stages_in_order,
    time_series,
)
from loopline.kernel.events import Event
from loopline.orders.model import LineKind
from tests.make.insight import MORNING, line, numbered, placed

NOW = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("latest", "is_replay"),
    [
        (None, False),
        (NOW, False),
        (NOW - timedelta(days=2), False),
        (NOW - timedelta(days=2, seconds=1), True),
        (NOW + timedelta(minutes=5), False),
        (NOW + timedelta(minutes=6), True),
        (datetime(2011, 1, 1, tzinfo=UTC), True),
    ],
)
def test_a_board_stands_at_the_clock_unless_its_data_are_of_another_time(
    latest: datetime | None, is_replay: bool
):
    moments = board_moments(latest=latest, now=NOW, zone_name="Asia/Shanghai")
    assert moments.is_replay is is_replay
    assert moments.at == (latest if is_replay else NOW)


def test_the_moments_of_a_board_are_those_of_its_zone():
    moments = board_moments(latest=None, now=NOW, zone_name="Asia/Kolkata")
    assert moments.day == date(2025, 3, 3)
    assert moments.day_start == datetime(2025, 3, 2, 18, 30, tzinfo=UTC)
    assert moments.hour_start == datetime(2025, 3, 3, 0, 30, tzinfo=UTC)
    assert moments.first_minute == NOW - timedelta(minutes=59)
    assert moments.first_hour == datetime(2025, 3, 1, 1, 30, tzinfo=UTC)
    assert moments.first_day == date(2025, 2, 2)


def test_a_series_is_even_and_says_zero_where_nothing_was_taken():
    start = datetime(2025, 1, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    known = [
        Part(start=at, channel=channel, net_minor=net, units=units)
        for at, channel, net, units in (
            (start + hour, "web", 5, 1),
            (start + hour, "till", 4, 1),
            (start + hour * 1.5, "web", 2, 1),
            (start + 3 * hour, "web", 9, 9),
            (start - hour, "web", 4, 4),
        )
    ]
    assert time_series(known, start=start, step=hour, count=3) == (
        Point(start=start, net_minor=0, units=0),
        Point(start=start + hour, net_minor=11, units=3, by_channel={"web": 7, "till": 4}),
        Point(start=start + 2 * hour, net_minor=0, units=0),
    )


def test_a_series_of_days_crosses_the_change_of_clocks():
    points = day_series(
        [DayPart(start=date(2025, 3, 30), channel="web", net_minor=8, units=2)],
        first=date(2025, 3, 29),
        count=3,
        zone_name="Europe/London",
    )
    assert [(point.start, point.net_minor) for point in points] == [
        (datetime(2025, 3, 29, 0, 0, tzinfo=UTC), 0),
        (datetime(2025, 3, 30, 0, 0, tzinfo=UTC), 8),
        (datetime(2025, 3, 30, 23, 0, tzinfo=UTC), 0),
    ]


@pytest.mark.parametrize(
    ("known", "asked", "own", "chosen"),
    [
        ([], None, None, "CNY"),
        ([], "GBP", "EUR", "EUR"),
        (["CNY", "GBP"], "GBP", "CNY", "GBP"),
        (["CNY", "GBP"], "USD", "GBP", "GBP"),
        (["CNY", "GBP"], None, "USD", "CNY"),
    ],
)
def test_the_currency_of_a_board(known: list[str], asked: str | None, own: str | None, chosen: str):
    assert chosen_currency(known, asked=asked, own=own) == chosen


@pytest.mark.parametrize(
    ("measure", "number", "moves"),
    [
        (Measure.SOLD, 5, 5),
        (Measure.SOLD, -5, -5),
        (Measure.CANCELLED, 5, -5),
        (Measure.RETURNED, 5, -5),
        (Measure.RETURNED, -5, -5),
        (Measure.ADJUSTED, 5, 5),
        (Measure.ADJUSTED, -5, -5),
    ],
)
def test_which_way_a_number_moves_its_measure(measure: Measure, number: int, moves: int):
    assert signed(number, measure) == moves


def test_columns_keep_lines_with_their_records_and_pass_other_events_over():
    other = Event(
        id=placed().id,
        type="unit_hung",
        version=1,
        subject=placed().subject,
        at=MORNING,
        actor="system",
        data=b"{}",
    )
    charge = line(sku=None, units=3, amount_minor=30, kind=LineKind.CHARGE)
    columns = sale_columns(
        [other, placed(line(units=2, amount_minor=5), charge), placed(line(sku=8))], SALE_MEASURES
    )
    assert columns.line_records == [0, 0, 1]
    assert columns.line_units == [2, 0, 2]
    assert columns.amounts == [35, 500]
    assert columns.units == [2, 2]
    assert columns.orders == [1, 1]


def test_an_event_of_another_shape_is_refused():
    good = placed()
    bad = Event(
        id=good.id,
        type=good.type,
        version=1,
        subject=good.subject,
        at=good.at,
        actor="x",
        data=b'{"channel": 1}',
    )
    with pytest.raises(msgspec.ValidationError):
        sale_columns([bad], SALE_MEASURES)


def test_only_the_newest_of_each_type_are_kept_in_the_order_of_the_log():
    events = numbered([placed(line(amount_minor=number)) for number in range(KEPT_PER_TYPE + 5)])
    columns = happening_columns(events, SALE_MEASURES)
    assert [one.position for one in columns.events] == list(range(6, KEPT_PER_TYPE + 6))
    assert columns.amounts == list(range(5, KEPT_PER_TYPE + 5))


def test_stages_come_in_the_order_of_the_loop_with_unknown_ones_last():
    counts = [StageCount(stage="zebra", orders=1), StageCount(stage="placed", orders=4)]
    assert [(one.stage, one.orders) for one in stages_in_order(counts)] == [
        ("parked", 0),
        ("placed", 4),
        ("sourced", 0),
        ("accepted", 0),
        ("handed_over", 0),
        ("returned", 0),
        ("cancelled", 0),
        ("zebra", 1),
    ]


def test_followers_follow_what_they_apply():
    types = {one.name: one.types for one in followers.FOLLOWERS}
    assert types == {
        "insight_sales": frozenset(SALE_MEASURES),
        "insight_stages": STAGE_TYPES,
        "insight_happenings": HAPPENING_TYPES,
        "insight_rights": RIGHTS_TYPES,
    }
