"""Reads for boards: everything a live board shows, at one moment of the data."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from loopline.db import Conn, fetch, fetch_one, fetch_values, statements
from loopline.insight.model import (
    Board,
    BoardAsk,
    BoardSetting,
    DayPart,
    Happening,
    Part,
    Point,
    SiteRank,
    SkuRank,
    StageCount,
    Takings,
)
from loopline.insight.rules import (
    BoardMoments,
    board_moments,
    chosen_currency,
    day_series,
    stages_in_order,
    time_series,
)
from loopline.kernel.times import day_range

SQL = statements(__file__)
_SKUS_SHOWN = 12
_SITES_SHOWN = 25
_SITES_MOST = 20_000
_HAPPENINGS_SHOWN = 9
_OF_ONE_TYPE = 2
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class _Setting(msgspec.Struct, frozen=True, kw_only=True):
    zone: str | None
    currency: str | None
    currencies: tuple[str, ...]
    latest: datetime | None


def latest_moment(conn: Conn) -> datetime | None:
    """Return the last minute in which anything was sold, returned or adjusted; None while nothing ever was."""
    return fetch_values(conn, SQL["latest_minute"])[0]


def board_setting(conn: Conn, currency: str | None = None) -> BoardSetting:
    """Return what boards are read by; the currency asked for where anything was sold in it, else the brand's own."""
    (found,) = fetch(conn, SQL["board_setting"], _Setting)
    return BoardSetting(
        zone=found.zone or "UTC",
        currency=chosen_currency(found.currencies, asked=currency, own=found.currency),
        currencies=found.currencies,
        latest=found.latest,
    )


def sales_total(conn: Conn, currency: str) -> Takings:
    """Return everything that was ever sold, cancelled, returned and adjusted in a currency, by the daily boards."""
    return _takings(conn, "total_takings", currency=currency)


def orders_by_stage(conn: Conn) -> dict[str, int]:
    """Return how many orders of the whole brand stand at each stage, as far as the boards follow the log."""
    return {one.stage: one.orders for one in fetch(conn, SQL["stage_counts"], StageCount, sites=None)}


def read_board(conn: Conn, ask: BoardAsk) -> Board:
    """Read a live board. In a replay its "now" is the last moment of the data; see `rules.board_moments`.

    Cost grows with the outlets and the SKUs sold that day, not with history.
    """
    setting = board_setting(conn, ask.currency)
    moments = board_moments(latest=setting.latest, now=ask.now, zone_name=setting.zone)
    about: dict[str, Any] = {
        "currency": setting.currency,
        "sites": None if ask.sites is None else sorted(ask.sites),
    }
    return Board(
        setting=setting,
        at=moments.at,
        day=moments.day,
        is_replay=moments.is_replay,
        today=_takings(conn, "day_takings", day=moments.day, **about),
        this_hour=_takings(conn, "span_takings", start=moments.hour_start, end=moments.end, **about),
        same_time_yesterday=_same_time_yesterday(conn, moments, zone_name=setting.zone, about=about),
        minutes=_minutes(conn, moments, about),
        hours=_hours(conn, moments, about),
        days=_days(conn, moments, zone_name=setting.zone, about=about),
        skus=tuple(fetch(conn, SQL["sku_ranking"], SkuRank, day=moments.day, limit=_SKUS_SHOWN, **about)),
        sites=tuple(fetch(conn, SQL["site_ranking"], SiteRank, day=moments.day, limit=_SITES_SHOWN, **about)),
        stages=stages_in_order(fetch(conn, SQL["stage_counts"], StageCount, sites=about["sites"])),
        happenings=tuple(_happenings(conn, about["sites"])),
    )


def sites_of_day(conn: Conn, ask: BoardAsk) -> list[SiteRank]:
    """Return every site that sold on the board's day, those first that took most; channels without a site are none."""
    setting = board_setting(conn, ask.currency)
    moments = board_moments(latest=setting.latest, now=ask.now, zone_name=setting.zone)
    sites = None if ask.sites is None else sorted(ask.sites)
    found = fetch(
        conn,
        SQL["site_ranking"],
        SiteRank,
        day=moments.day,
        currency=setting.currency,
        sites=sites,
        limit=_SITES_MOST,
    )
    return [one for one in found if one.site_id is not None]


def _takings(conn: Conn, name: str, **parameters: Any) -> Takings:
    return fetch_one(conn, SQL[name], Takings, **parameters) or Takings()


def _same_time_yesterday(
    conn: Conn, moments: BoardMoments, *, zone_name: str, about: dict[str, Any]
) -> Takings:
    """Takings of the day before up to the same time of day."""
    yesterday = day_range(moments.day - _DAY, zone_name)
    passed = moments.end - moments.day_start
    return _takings(conn, "span_takings", start=yesterday.start, end=yesterday.start + passed, **about)


def _minutes(conn: Conn, moments: BoardMoments, about: dict[str, Any]) -> tuple[Point, ...]:
    found = fetch(conn, SQL["minute_points"], Part, start=moments.first_minute, end=moments.end, **about)
    return time_series(found, start=moments.first_minute, step=_MINUTE, count=60)


def _hours(conn: Conn, moments: BoardMoments, about: dict[str, Any]) -> tuple[Point, ...]:
    end = moments.first_hour + 48 * _HOUR
    found = fetch(conn, SQL["hour_points"], Part, start=moments.first_hour, end=end, **about)
    return time_series(found, start=moments.first_hour, step=_HOUR, count=48)


def _days(conn: Conn, moments: BoardMoments, *, zone_name: str, about: dict[str, Any]) -> tuple[Point, ...]:
    found = fetch(conn, SQL["day_points"], DayPart, first=moments.first_day, last=moments.day, **about)
    return day_series(found, first=moments.first_day, count=30, zone_name=zone_name)


def _happenings(conn: Conn, sites: Sequence[Any] | None) -> list[Happening]:
    return fetch(
        conn, SQL["happenings"], Happening, sites=sites, of_one_type=_OF_ONE_TYPE, limit=_HAPPENINGS_SHOWN
    )
