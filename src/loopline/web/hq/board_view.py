"""How a live board is written down in a language: text for the panels, points for the charts."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from babel.numbers import get_currency_precision
from markupsafe import Markup

from loopline.insight import Board, Happening, Point
from loopline.kernel.times import business_day
from loopline.web.hq import returns_why_asked
from loopline.web.hq.orders_asked import Asked
from loopline.web.languages import Language, marked
from loopline.web.live import Seen
from loopline.web.pages import environment
from loopline.web.store.live import LIVE_DESK

PANELS = ("moment", "figures", "eye", "skus", "sites", "stages", "happenings")
_CHANNELS_DRAWN = 5
"""So many channels have a colour of their own in a chart; the others are drawn together."""

CHANNEL_WORDS: dict[str, str] = {
    "till": marked("Till"),
    "web": marked("Web shop"),
    "mini_program": marked("Mini-program"),
    "livestream": marked("Livestream"),
    "marketplace": marked("Marketplace"),
    "phone": marked("Phone"),
    "file": marked("File"),
}
STAGE_WORDS: dict[str, str] = {
    "parked": marked("Waiting for goods"),
    "placed": marked("To be sourced"),
    "sourced": marked("Offered to a site"),
    "accepted": marked("In work"),
    "handed_over": marked("Handed over"),
    "returned": marked("Returned"),
    "cancelled": marked("Cancelled"),
}
# What wants somebody's eye, what is under way, what is done.
STAGE_TONES: dict[str, str] = {"parked": "warn", "placed": "move", "sourced": "move", "accepted": "move"}
HAPPENING_WORDS: dict[str, str] = {
    "order_placed": marked("Order placed"),
    "lines_parked": marked("Goods missing, order waits"),
    "lines_unparked": marked("Goods came in, order goes on"),
    "sourcing_put_off": marked("Order waits for a site"),
    "calls_opened": marked("Work offered to several sites"),
    "call_claimed": marked("Work claimed"),
    "lines_cancelled": marked("Order cancelled in part or whole"),
    "number_conflicted": marked("Same order number with other content"),
    "task_accepted": marked("Work accepted"),
    "task_refused": marked("Work refused, sourced again"),
    "task_lapsed": marked("Work offer lapsed, sourced again"),
    "parcel_handed_over": marked("Parcel handed over"),
    "parcel_not_collected": marked("Parcel not collected"),
    "shortfall_opened": marked("Promised goods are missing"),
    "promise_broken": marked("Promise broken by a sale or a count"),
    "payment_exception_opened": marked("Payment and order disagree"),
    "sales_returned": marked("Goods returned"),
    "sales_adjusted": marked("Sales adjusted"),
}
HAPPENING_TONES: dict[str, str] = {
    "order_placed": "good",
    "parcel_handed_over": "good",
    "lines_parked": "warn",
    "sourcing_put_off": "warn",
    "lines_cancelled": "warn",
    "task_refused": "warn",
    "task_lapsed": "warn",
    "shortfall_opened": "bad",
    "promise_broken": "bad",
    "payment_exception_opened": "bad",
    "number_conflicted": "bad",
}


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's part of the bars of a chart."""

    name: str
    values: list[str]
    texts: list[str]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart as the browser draws it: `values` place the bars, `texts` are read, `series` stack up to them."""

    labels: list[str]
    values: list[str]
    texts: list[str]
    series: list[Series]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser gets: the panels as HTML by name, the charts, and whether there is anything to see."""

    is_empty: bool
    panels: dict[str, str]
    charts: dict[str, Chart]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a ranking. `width` is its bar, in per cent of the first line's; `path` leads to its orders."""

    key: str
    path: str
    name: str
    detail: str
    amount: str
    units: str
    width: int


def message_of(seen: Seen, language: Language) -> Message:
    """Write a board down for browsers."""
    board = seen.board
    zone, currency = board.setting.zone, board.setting.currency
    context = _context(seen, language)
    return Message(
        is_empty=board.setting.latest is None,
        panels={name: environment().get_template(f"hq/board_{name}.html").render(context) for name in PANELS},
        charts={
            "minute": _chart(
                board.minutes, [language.clock(one.start, zone) for one in board.minutes], language, currency
            ),
            "hour": _chart(
                board.hours,
                [language.clock_of_day(one.start, zone) for one in board.hours],
                language,
                currency,
            ),
            "day": _chart(
                board.days, [language.short_day(one.start, zone) for one in board.days], language, currency
            ),
        },
    )


def encoded_message(seen: Seen, language: Language) -> bytes:
    """Write a board down as one line of JSON: what a stream sends."""
    return msgspec.json.encode(message_of(seen, language))


def _context(seen: Seen, language: Language) -> dict[str, Any]:
    board = seen.board
    currency = board.setting.currency
    return {
        "language": language,
        "say": language.say,
        "board": board,
        "moment": _moment(board, language),
        "today": language.money(board.today.net_minor, currency),
        "change": language.change(board.today.net_minor, board.same_time_yesterday.net_minor),
        "is_up": board.today.net_minor >= board.same_time_yesterday.net_minor,
        "taken_back": _taken_back(board, language),
        "this_hour": language.money(board.this_hour.net_minor, currency),
        "average": _average(board, language),
        "today_path": orders_of_day(is_replay=board.is_replay).link(),
        "returns_path": _returns_of_day(board),
        "closed": seen.closed,
        "late": seen.late,
        "shows": [
            {
                "key": show.code,
                "name": language.called(show.name),
                "path": f"{LIVE_DESK}?{urlencode({'code': show.code})}",
                "orders": language.count(show.orders),
                "scans": language.count(show.scans),
            }
            for show in seen.shows
        ],
        "skus": _sku_rows(board, language),
        "sites": _site_rows(board, language),
        "stages": _stages(board, language),
        "happenings": [_happening(one, board, language) for one in board.happenings],
    }


def _moment(board: Board, language: Language) -> str:
    zone = board.setting.zone
    return f"{language.day(board.day)} {language.clock(board.at, zone)}"


def _taken_back(board: Board, language: Language) -> str | None:
    """What returns, cancellations and adjustments took off today's sales."""
    back = board.today.net_minor - board.today.sold_minor
    return language.money(back, board.setting.currency) if back else None


def _average(board: Board, language: Language) -> str | None:
    """What an order of today is worth, rounded half up to the cent."""
    orders = board.today.orders
    if orders == 0:
        return None
    return language.money((2 * board.today.sold_minor + orders) // (2 * orders), board.setting.currency)


def _chart(points: Sequence[Point], labels: list[str], language: Language, currency: str) -> Chart:
    precision = get_currency_precision(currency)
    return Chart(
        labels=labels,
        values=[_major(one.net_minor, precision) for one in points],
        texts=[language.money(one.net_minor, currency) for one in points],
        series=[
            Series(
                name=name,
                values=[_major(amount, precision) for amount in amounts],
                texts=[language.money(amount, currency) for amount in amounts],
            )
            for name, amounts in _by_channel(points, language)
        ],
    )


def _by_channel(points: Sequence[Point], language: Language) -> list[tuple[str, list[int]]]:
    """Part the amounts of points by channel, the one first that turned over most; the last ones together."""
    moved: Counter[str] = Counter()
    for point in points:
        for channel, amount in point.by_channel.items():
            moved[channel] += abs(amount)
    ranked = sorted(moved, key=lambda channel: (-moved[channel], channel))
    drawn = [
        (channel_word(channel, language), [point.by_channel.get(channel, 0) for point in points])
        for channel in ranked[:_CHANNELS_DRAWN]
    ]
    others = ranked[_CHANNELS_DRAWN:]
    if others:
        rest = [sum(point.by_channel.get(channel, 0) for channel in others) for point in points]
        drawn.append((language.say("Other channels"), rest))
    return drawn


def _major(minor: int, precision: int) -> str:
    """Write minor units as a plain decimal number, for placing a bar."""
    digits = str(abs(minor)).rjust(precision + 1, "0")
    written = f"{digits[:-precision]}.{digits[-precision:]}" if precision else digits
    return f"-{written}" if minor < 0 else written


def _width(amount: int, greatest: int) -> int:
    return max(0, 100 * amount // greatest) if greatest > 0 else 0


def orders_of_day(*, is_replay: bool) -> Asked:
    """Ask for the orders of a board's day; where that is not the clock's, as in a replay, for those of any day."""
    return Asked() if is_replay else Asked(period="today")


def _returns_of_day(board: Board) -> str:
    """Return the address of why goods of a board's day came back."""
    day = board.day.isoformat()
    asked = returns_why_asked.Asked(first=day, last=day, currency=board.setting.currency)
    return asked.link(returns_why_asked.RETURNS_WHY)


def _sku_rows(board: Board, language: Language) -> list[Row]:
    ranked, currency = board.skus, board.setting.currency
    greatest = max((one.net_minor for one in ranked), default=0)
    return [
        Row(
            key=str(one.sku_id),
            path=orders_of_day(is_replay=board.is_replay).link(text=one.code),
            name=language.called(one.name or one.code),
            detail=one.code,
            amount=language.money(one.net_minor, currency),
            units=language.count(one.units),
            width=_width(one.net_minor, greatest),
        )
        for one in ranked
    ]


def _site_rows(board: Board, language: Language) -> list[Row]:
    ranked, currency = board.sites, board.setting.currency
    greatest = max((one.net_minor for one in ranked), default=0)
    return [
        Row(
            key=f"{one.site_id}{one.channel}",
            path=orders_of_day(is_replay=board.is_replay).link(site=one.code or "", channel=one.channel),
            name=language.called(one.name) if one.name else channel_word(one.channel, language),
            detail="",
            amount=language.money(one.net_minor, currency),
            units=language.count(one.orders),
            width=_width(one.net_minor, greatest),
        )
        for one in ranked
    ]


def channel_word(channel: str | None, language: Language) -> str:
    """Return the word for a channel; a channel of one's own is called as its id."""
    if not channel:
        return ""
    word = CHANNEL_WORDS.get(channel)
    return language.say(word) if word else channel


def _stages(board: Board, language: Language) -> list[dict[str, str]]:
    return [
        {
            "key": one.stage,
            "word": language.say(STAGE_WORDS[one.stage]) if one.stage in STAGE_WORDS else one.stage,
            "orders": language.count(one.orders),
            "tone": STAGE_TONES.get(one.stage, "done") if one.orders else "none",
        }
        for one in board.stages
    ]


def _happening(one: Happening, board: Board, language: Language) -> dict[str, str]:
    word = HAPPENING_WORDS.get(one.type)
    where = language.called(one.site_name) if one.site_name else channel_word(one.channel, language)
    return {
        "key": str(one.position),
        "word": language.say(word) if word else one.type.replace("_", " "),
        "tone": HAPPENING_TONES.get(one.type, "move"),
        "where": where,
        "amount": language.money(one.amount_minor, one.currency)
        if one.amount_minor is not None and one.currency
        else "",
        "at": _happening_time(one.at, board, language),
    }


def _happening_time(at: datetime, board: Board, language: Language) -> str:
    zone = board.setting.zone
    same_day = business_day(at, zone) == board.day and abs(at - board.at) < timedelta(days=1)
    return language.clock(at, zone) if same_day else language.clock_of_day(at, zone)


def as_script(message: Message) -> Markup:
    """Return a message as JSON that may stand inside a script element of a page."""
    text = msgspec.json.encode(message).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped above
