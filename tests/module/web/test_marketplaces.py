"""The page of marketplaces over real HTTP: lent, told, late, tests, terms; for the whole brand alone."""

import html
import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from loopline import marketplaces
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.scope import WHOLE_BRAND
from loopline.marketplaces import GoodsTerms, MarketplaceTerms, SubjectKind
from loopline.processes import lend
from loopline.web.hq.marketplaces import LATELY, LOOKED_BACK, find
from loopline.web.hq.marketplaces_view import Listing
from tests.make.databases import database_from
from tests.make.loop import hand_over_everything
from tests.make.marketplaces import BY_HQ, follow, ordered, sandbox_market, sell_through, tell
from tests.make.messages import receiver, sender, spelt
from tests.make.org import succeeded
from tests.make.sandbox import SetClock
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, Site, post

PATH = "/hq/marketplaces"


def trade(database: Database, clock: SetClock, directory: Path) -> None:
    """Marketplaces are lent goods and told of them; orders come, of which two leave late, one is late, two are tests.

    Then terms and stock move, and nobody answers any more. It ends 28 hours and 7 minutes later.
    """
    with database.reading() as conn:
        by = sender(conn)
    hears = receiver(database, clock)  # pyright: ignore[reportArgumentType] - a clock is a clock
    in_two, in_six, in_thirty = ((clock.now + timedelta(hours=hours)).isoformat() for hours in (2, 6, 30))
    with sandbox_market(directory, clock) as market:
        follow(database, clock)
        clock.on(seconds=1)
        tell(database, market, clock)
        tests = [ordered("jd", "BD-7", units=2), ordered("douyin", "D-1", is_test=True), paid("jd", "BD-7")]
        hears.receive(
            [ordered("jd", "J-1", ship_by=in_two), ordered("tmall", "T-1", sku="SCARF", ship_by=in_two)], by
        )
        hears.receive([*tests, paid("jd", "J-1"), paid("tmall", "T-1")], by)
        follow(database, clock)
        clock.on(minutes=5 * 60)
        with database.transaction() as conn:
            hand_over_everything(conn, now=clock.now)
        hears.receive(
            [ordered("jd", "J-2", ship_by=in_six), ordered("tmall", "T-2", sku="HAT", ship_by=in_thirty)], by
        )
        follow(database, clock)
    clock.on(minutes=23 * 60)
    with database.transaction() as conn:
        lend.watch(conn, now=clock.now, limit=100)
        scarf = GoodsTerms(channel="jd", subject=SubjectKind.SKU, subject_code="SCARF", buffer_units=3)
        succeeded(lend.set_goods_terms(conn, [scarf], scope=WHOLE_BRAND, by=BY_HQ, now=clock.now))
    follow(database, clock)
    clock.on(minutes=7)


def paid(channel: str, number: str) -> bytes:
    payment = {"reference": number, "amount_minor": 11_300, "currency": "CNY"}
    return spelt(f"{number}-paid", channel, "paid", number, payment=payment)


@contextmanager
def opened(database: Database) -> Generator[tuple[Site, SetClock]]:
    with database.transaction() as conn:
        stage = open_store(conn)
    clock = SetClock()
    with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
        yield Site(database, stage, base, clock, browsers), clock  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def trading(
    server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Site, None, None]:
    """Three marketplaces in the middle of their trade; tests leave no trace another would see."""
    with contextmanager(database_from)(server, template) as database, opened(database) as (site, clock):
        with database.transaction() as conn:
            sell_through(
                conn, site.stage.shop, ship_hours=48, alarm_hours=6, test_prefixes=("BD-",), buffer_units=1
            )
        trade(database, clock, tmp_path_factory.mktemp("market"))
        yield site


@pytest.fixture
def fresh(database: Database) -> Generator[Site, None, None]:
    with opened(database) as (site, _):
        yield site


def figure(page: str, key: str) -> str:
    found = re.search(rf'data-key="{key}">([^<]*)<', page)
    assert found is not None, key
    return found[1]


def row_of(page: str, channel: str) -> str:
    found = re.search(rf'<tr data-channel="{channel}">(.*?)</tr>', page, re.DOTALL)
    assert found is not None, channel
    return found[1]


def listed(browser: httpx.Client, listing: str, channel: str = "") -> list[str]:
    """The first words of each row of a list."""
    page = browser.get(PATH, params={"list": listing, "channel": channel}).text
    return re.findall(r'class="market-what">(?:<a [^>]*>)?([^<]+)<', page)


def test_every_marketplace_shows_what_it_has_and_what_it_does_not_answer(trading: Site):
    page = trading.signed_in("shen.ops").get(PATH).text
    with trading.database.reading() as conn:
        now = trading.clock.now
        found = marketplaces.dealings(conn, since=now - LOOKED_BACK, lately=now - LATELY, now=now)
    assert figure(page, "lent") == str(sum(one.units for one in found.values()))
    assert int(figure(page, "unanswered")) == sum(one.unanswered for one in found.values()) > 0
    assert (figure(page, "overdue"), figure(page, "missed")) == ("1", "3")
    assert "2 test orders set aside" in page
    assert 'tone-bad" data-key="unanswered"' in page
    jd = row_of(page, "jd")
    assert f"<b>{found['jd'].units}</b>" in jd
    assert "1 late" in jd
    assert "weight 2 · keeps 1 back" in jd
    assert ("1 soon" in row_of(page, "tmall"), "1 soon" in jd) == (True, False)


def test_each_list_shows_its_own_and_one_marketplace_where_it_is_asked_for(trading: Site):
    browser = trading.signed_in("shen.ops")
    assert listed(browser, "tests") == ["D-1", "BD-7"]
    assert listed(browser, "tests", "jd") == ["BD-7"]
    assert len(listed(browser, "to_ship")) == 2
    assert len(listed(browser, "to_ship", "tmall")) == 1
    assert len(listed(browser, "missed")) == 3
    assert listed(browser, "missed", "douyin") == []
    told = browser.get(PATH, params={"list": "told", "channel": "jd"}).text
    assert "No answer yet" in told
    assert re.search(r"took (\d+) of \1<", told)
    lent = browser.get(PATH, params={"list": "lent", "channel": "jd"}).text
    assert "terms of this SKU" in lent
    assert "weight 2 · keeps 3 back" in lent
    # What no list is called, and no channel, shows what there is.
    assert browser.get(PATH, params={"list": "nothing", "channel": "nobody"}).status_code == 200


@pytest.mark.parametrize("listing", list(Listing))
def test_the_page_asks_the_database_six_times_at_most(
    trading: Site, listing: Listing, monkeypatch: pytest.MonkeyPatch
):
    asked: list[object] = []
    with trading.database.reading() as conn:
        cursor = conn.cursor

        def counted(*given: Any, **named: Any) -> Any:
            asked.append(given)
            return cursor(*given, **named)

        monkeypatch.setattr(conn, "cursor", counted)
        find(conn, listing, None, now=trading.clock.now)
        monkeypatch.undo()
    assert 4 <= len(asked) <= 6


@pytest.mark.parametrize("name", ["kong.dealer", "lin.manager", "zhou.guide", "wu.packer", "alan.live"])
def test_who_sees_a_branch_alone_sees_no_marketplace(trading: Site, name: str):
    browser = trading.signed_in(name)
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', browser.get("/store").text)
    for path in (PATH, f"{PATH}/jd"):
        assert browser.get(path).status_code == 403
    if token is not None:
        sent = browser.post(f"{PATH}/jd/terms", data={"_csrf_token": token[1], "weight": "9", "version": "1"})
        assert sent.status_code == 403
    with trading.database.reading() as conn:
        assert marketplaces.marketplaces(conn)["jd"].version == 1


def test_finance_reads_the_terms_and_sets_none(trading: Site):
    browser = trading.signed_in("gu.finance")
    page = browser.get(f"{PATH}/jd").text
    assert "Set these terms" not in page
    assert post(browser, f"{PATH}/jd/terms", {"weight": "9", "version": "1"}, page=PATH).status_code == 403
    assert browser.get(f"{PATH}/nobody").status_code == 404


def form_of(page: str) -> dict[str, str]:
    """The form of terms as it stands."""
    form = page.partition('class="profile-form"')[2].partition("</form>")[0]
    found = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    ticked = set(re.findall(r'type="checkbox" name="(\w+)" value="on" checked', form))
    return {
        name: value
        for name, value in found.items()
        if name != "_csrf_token" and (name not in {"is_on", "puts_back"} or name in ticked)
    }


def test_a_channel_becomes_a_marketplace_and_its_terms_are_changed_by_the_form(fresh: Site):
    hq = fresh.signed_in("shen.ops")
    assert "No marketplaces yet" in hq.get(PATH).text
    path = f"{PATH}/web"
    assert "Begin lending" in hq.get(path).text
    said = form_of(hq.get(path).text)
    typed = {
        "weight": "3",
        "buffer_units": "2",
        "ship_hours": "48",
        "late_percent": "5.25",
        "late_most_minor": "9000",
        "test_prefixes": "BD-, TEST-",
        "note": "Autumn",
    }
    assert post(hq, f"{path}/terms", said | typed, page=path).status_code == 303
    expected = MarketplaceTerms(
        channel="web",
        weight=3,
        buffer_units=2,
        ship_hours=48,
        late_basis_points=525,
        late_most_minor=9_000,
        test_prefixes=("BD-", "TEST-"),
    )
    with fresh.database.reading() as conn:
        one = marketplaces.marketplaces(conn)["web"]
    assert (one.terms, one.version, one.note) == (expected, 1, "Autumn")
    page = hq.get(path).text
    assert "Shen.Ops" in page
    kept = said | typed | {"version": "1", "test_prefixes": "BD- TEST-"}
    assert form_of(page) == {name: value for name, value in kept.items() if name != "note"}
    # What is not ticked is off; and what was looked at before somebody else set it is refused.
    off = {name: value for name, value in form_of(page).items() if name != "is_on"}
    assert post(hq, f"{path}/terms", off, page=path).status_code == 303
    stale = post(hq, f"{path}/terms", off, page=path)
    assert stale.status_code == 409
    assert "version 2 by now" in stale.text
    with fresh.database.reading() as conn:
        one = marketplaces.marketplaces(conn)["web"]
    assert (one.is_on, one.puts_back, one.version) == (False, True, 2)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"weight": "-1"}, "Weight: at least 0 is wanted."),
        ({"weight": "many"}, "Weight: int is wanted, not str."),
        ({"ship_hours": "0"}, "Ship within (hours after payment): at least 1 is wanted."),
        ({"late_percent": "5.255"}, "Late orders cost (% of their amount): must be a percentage"),
        ({"late_percent": "NaN"}, "Late orders cost (% of their amount): must be a percentage"),
        ({"late_percent": "100.01"}, "Late orders cost (% of their amount): must be a percentage"),
        ({"test_prefixes": "X" * 51}, "Numbers that begin so are tests, separated by spaces: "),
        ({"version": "-1"}, "version: at least 0 is wanted."),
    ],
)
def test_what_the_form_cannot_mean_is_refused_and_names_its_field(
    trading: Site, typed: dict[str, str], said: str
):
    hq, path = trading.signed_in("shen.ops"), f"{PATH}/jd"
    answer = post(hq, f"{path}/terms", form_of(hq.get(path).text) | typed, page=path)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
    with trading.database.reading() as conn:
        assert marketplaces.marketplaces(conn)["jd"].version == 1


def test_some_goods_get_terms_of_their_own(fresh: Site):
    hq, path = fresh.signed_in("shen.ops"), f"{PATH}/web"
    assert post(hq, f"{path}/terms", form_of(hq.get(path).text), page=path).status_code == 303
    goods = {"subject": "sku", "subject_code": "COAT", "weight": "", "buffer_units": "4", "is_on": "on"}
    assert post(hq, f"{path}/goods", goods, page=path).status_code == 303
    unknown = post(hq, f"{path}/goods", goods | {"subject_code": "GHOST"}, page=path)
    assert (unknown.status_code, "GHOST" in unknown.text) == (409, True)
    with fresh.database.reading() as conn:
        ((key, one),) = marketplaces.goods_terms(conn).items()
    assert key == ("web", SubjectKind.SKU, "COAT")
    assert (one.is_on, one.weight, one.buffer_units) == (True, None, 4)
    assert "<b>COAT</b></span> <span>keeps 4 back<" in hq.get(path).text


def test_what_a_marketplace_does_not_have_is_taken_off_its_loan(fresh: Site):
    with fresh.database.transaction() as conn:
        sell_through(conn, fresh.stage.shop)
    follow(fresh.database, fresh.clock)  # pyright: ignore[reportArgumentType] - a clock is a clock

    def lent() -> int:
        with fresh.database.reading() as conn:
            skus = {sku_id: code for code, sku_id in fresh.stage.shop.skus.items()}
            rows = marketplaces.loans_page(conn, channel="jd", at_most=50)
            return sum(one.units for one in rows if skus[one.sku_id] == "COAT")

    before, hq, path = lent(), fresh.signed_in("shen.ops"), f"{PATH}/jd"
    assert before > 1
    said = {"sku_code": "COAT", "units": "1", "note": "Seen on its page."}
    form = re.search(r'name="form_id" value="([0-9a-f-]+)"', hq.get(path).text)
    assert form is not None
    twice = said | {"form_id": form.group(1)}
    for _ in range(2):
        assert post(hq, f"{path}/write-off", twice, page=path).status_code == 303
    assert lent() == before - 1
    assert post(hq, f"{path}/write-off", twice | {"units": "2"}, page=path).status_code == 409
    assert lent() == before - 1
    for wrong, status in (
        ({"units": "0"}, 422),
        ({"units": str(before + 5)}, 409),
        ({"note": " "}, 409),
        ({"sku_code": "GHOST"}, 409),
    ):
        assert post(hq, f"{path}/write-off", said | wrong, page=path).status_code == status, wrong
    finance = fresh.signed_in("gu.finance")
    assert post(finance, f"{path}/write-off", said, page=path).status_code == 403
    assert lent() == before - 1


def test_in_chinese_no_word_is_left_in_english(trading: Site):
    browser = trading.signed_in("shen.ops")
    for listing in Listing:
        page = browser.get(
            PATH, params={"list": listing.value}, headers=PAGE | {"accept-language": "zh"}
        ).text
        assert "平台" in page
        for word in ("Lent", "Marketplaces", "Test orders", "No answer", "Terms"):
            assert word not in page.partition("<main")[2]
