"""How a board is written: words for everything boards know, numbers as people read them, nothing unescaped."""

import re
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest

from loopline.insight import Board, BoardSetting, Happening, Point, SiteRank, SkuRank, StageCount, Takings
from loopline.insight.rules import HAPPENING_TYPES, STAGES
from loopline.kernel.ids import SiteId, SkuId
from loopline.orders import rules as order_rules
from loopline.promises import LateNow
from loopline.web.hq.board_view import (
    HAPPENING_WORDS,
    PANELS,
    STAGE_WORDS,
    _major,
    as_script,
    encoded_message,
    message_of,
)
from loopline.web.languages import languages
from loopline.web.live import OnAir, Seen

EN, ZH = languages()["en"], languages()["zh"]
AT = datetime(2011, 3, 1, 14, 5, tzinfo=UTC)


def board(*, late: LateNow | None = None, shows: tuple[OnAir, ...] = (), **changes: object) -> Seen:
    fields: dict[str, object] = {
        "setting": BoardSetting(zone="Europe/London", currency="GBP", currencies=("GBP",), latest=AT),
        "at": AT,
        "day": date(2011, 3, 1),
        "is_replay": True,
        "today": Takings(sold_minor=123456, returned_minor=-456, sold_units=42, returned_units=-3, orders=7),
        "this_hour": Takings(sold_minor=5000, orders=2),
        "same_time_yesterday": Takings(sold_minor=100000),
        "minutes": (Point(start=AT, net_minor=-5, units=1),),
        "hours": (Point(start=AT, net_minor=105, units=1),),
        "days": (Point(start=AT, net_minor=0, units=0),),
        "skus": (),
        "sites": (),
        "stages": (StageCount(stage="placed", orders=1234),),
        "happenings": (),
    }
    shown = Board(**(fields | changes))  # pyright: ignore[reportArgumentType]
    return Seen(board=shown, late=late or LateNow(late=0, overdue=0), shows=shows)


def test_figures_are_written_as_people_read_them():
    figures = message_of(board(), EN).panels["figures"]
    for written in ("£1,230.00", "+23.0%", "-£4.56", "£176.37 on average", "£50.00", ">42<", "Came back: 3"):
        assert written in figures, written


@pytest.mark.parametrize(("is_replay", "orders"), [(False, "/hq/orders?period=today"), (True, "/hq/orders")])
def test_figures_lead_to_their_orders_and_returns_as_far_as_somebody_may_open_them(
    is_replay: bool, orders: str
):
    seen = board(is_replay=is_replay)
    figures = message_of(seen, EN).panels["figures"]
    returns = "/hq/returns-why?from=2011-03-01&amp;to=2011-03-01&amp;currency=GBP"
    led = {text: path for path, text in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>([^<]+)</a>', figures)}
    of_orders = ("£1,230.00", "£50.00", "7", "£176.37 on average", "42")
    assert led == dict.fromkeys(of_orders, orders) | {"Came back: 3": returns}
    closed = msgspec.structs.replace(seen, closed=frozenset({"orders", "returns"}))
    assert "<a " not in message_of(closed, EN).panels["figures"]
    closed = msgspec.structs.replace(seen, closed=frozenset({"returns"}))
    assert returns not in message_of(closed, EN).panels["figures"]


def test_the_moment_of_a_replay_is_labelled():
    assert "Now in the data: Tuesday, 1 March 2011 14:05" in message_of(board(), EN).panels["moment"]
    assert "回放" in message_of(board(), ZH).panels["moment"]
    assert "Replay" not in message_of(board(is_replay=False), EN).panels["moment"]


def test_charts_place_bars_by_exact_decimals():
    charts = message_of(board(), EN).charts
    assert (charts["minute"].values, charts["minute"].texts) == (["-0.05"], ["-£0.05"])
    assert (charts["hour"].values, charts["hour"].labels) == (["1.05"], ["1 Mar 14:05"])


def test_a_chart_is_parted_by_channel_those_first_that_moved_most_the_last_together():
    first = Point(start=AT, net_minor=62, units=1, by_channel={"till": 1, "web": 50, "phone": -9, "file": 20})
    second = Point(start=AT, net_minor=36, units=1, by_channel={"livestream": 5, "marketplace": 30, "own": 1})
    series = message_of(board(minutes=(first, second)), EN).charts["minute"].series
    assert [(one.name, one.values) for one in series] == [
        ("Web shop", ["0.50", "0.00"]),
        ("Marketplace", ["0.00", "0.30"]),
        ("File", ["0.20", "0.00"]),
        ("Phone", ["-0.09", "0.00"]),
        ("Livestream", ["0.00", "0.05"]),
        ("Other channels", ["0.01", "0.01"]),
    ]
    assert series[1].texts == ["£0.00", "£0.30"]


def test_what_wants_an_eye_is_told_and_leads_on():
    show = OnAir(code="R-1", name="夜场 Late show", scans=1200, orders=7)
    panels = message_of(board(late=LateNow(late=5, overdue=2), shows=(show,)), EN).panels
    assert '<b data-key="overdue">2</b> promises past their time' in panels["eye"]
    assert '<b data-key="at-risk">3</b> promises at risk' in panels["eye"]
    assert 'href="/live/desk?code=R-1">On air: Late show' in panels["eye"]
    assert "Orders: 7 · Came in by its code: 1,200" in panels["eye"]
    assert message_of(board(), EN).panels["eye"].strip() == ""


def test_rankings_lead_to_the_orders_of_the_day():
    sku = SkuRank(sku_id=SkuId(UUID(int=1)), code="A/1", name="Shirt", net_minor=1, units=1)
    store = SiteRank(
        site_id=SiteId(UUID(int=2)), code="S-1", name="Xuhui", channel="", net_minor=1, units=1, orders=1
    )
    web = SiteRank(site_id=None, name=None, channel="web", net_minor=1, units=1, orders=1)
    panels = message_of(board(skus=(sku,), sites=(store, web), is_replay=False), EN).panels
    assert 'href="/hq/orders?text=A%2F1&amp;period=today"' in panels["skus"]
    assert 'href="/hq/orders?site=S-1&amp;period=today"' in panels["sites"]
    assert 'href="/hq/orders?channel=web&amp;period=today"' in panels["sites"]
    replayed = message_of(board(sites=(web,)), EN).panels
    assert 'href="/hq/orders?channel=web"' in replayed["sites"]


@pytest.mark.parametrize(
    ("minor", "precision", "written"),
    [(0, 2, "0.00"), (7, 2, "0.07"), (-123, 2, "-1.23"), (5, 0, "5"), (1234567, 3, "1234.567")],
)
def test_minor_units_as_a_plain_number(minor: int, precision: int, written: str):
    assert _major(minor, precision) == written


def test_names_are_escaped_in_panels_and_in_the_page():
    evil = "<script>alert(1)</script>&"
    rank = SkuRank(sku_id=SkuId(UUID(int=1)), code="C<", name=evil, net_minor=1, units=1)
    message = message_of(board(skus=(rank,)), EN)
    assert "<script>" not in message.panels["skus"]
    assert "&lt;script&gt;" in message.panels["skus"]
    assert "<" not in as_script(message)
    assert msgspec.json.decode(str(as_script(message)), type=type(message)) == message


def test_an_unknown_happening_is_shown_by_its_type():
    one = Happening(position=3, type="moon_landed", at=AT, subject=UUID(int=1))
    assert "moon landed" in message_of(board(happenings=(one,)), EN).panels["happenings"]


def test_a_message_is_one_line_with_every_panel():
    message = encoded_message(board(), ZH)
    assert b"\n" not in message
    assert set(msgspec.json.decode(message)["panels"]) == set(PANELS)


def test_there_is_a_word_for_everything_boards_know():
    assert set(HAPPENING_WORDS) == HAPPENING_TYPES
    assert set(STAGE_WORDS) == set(STAGES)


def test_boards_know_every_stage_of_an_order():
    assert set(STAGES) == {stage.value for stage in order_rules.OrderStage}


def test_nothing_leads_to_what_whoever_watches_may_not_open():
    shows = (OnAir(code="LR", name="Show", scans=1, orders=1),)
    ranked = (SkuRank(sku_id=SkuId(UUID(int=1)), code="C", name="Coat", units=1, net_minor=100),)
    seen = board(late=LateNow(late=2, overdue=1), shows=shows, skus=ranked)
    closed = msgspec.structs.replace(
        seen, closed=frozenset({"orders", "returns", "shows"}), late=LateNow(late=0, overdue=0)
    )
    names = ("figures", "eye", "skus", "stages")
    assert all("<a " in message_of(seen, EN).panels[name] for name in names)
    assert not any("<a " in panel for panel in message_of(closed, EN).panels.values())
