"""The page of promotions over real HTTP: what holds, what is to come, what is ended; a code is kept whole."""

import re
from collections.abc import Generator
from datetime import datetime, timedelta
from html import unescape

import httpx
import pytest

from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.pricing.promotions import PercentageOff, last_versions, note_tried
from loopline.processes.promote import WantedPromotion, publish, save
from tests.make.org import succeeded
from tests.module.web.test_store import Site, opened, post

PATH = "/hq/promotions"
BY = "person:test"


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def wanted(code: str, basis_points: int = 1_000, *, since: datetime | None = None) -> WantedPromotion:
    return WantedPromotion(
        code=code,
        name=code,
        currency="CNY",
        comment="a test",
        effect=PercentageOff(basis_points=basis_points),
        member_tier="gold",
        valid_from=since,
    )


def in_force(site: Site, one: WantedPromotion) -> None:
    now = site.clock()
    with site.database.transaction() as conn:
        succeeded(save(conn, [one], scope=WHOLE_BRAND, by=BY, now=now))
        assert note_tried(conn, last_versions(conn, [one.code])[one.code], now=now)
        succeeded(publish(conn, [one.code], scope=WHOLE_BRAND, by=BY, now=now))


def states(browser: httpx.Client) -> list[str]:
    return re.findall(r'class="state state-\w+">([^<]+)<', browser.get(PATH).text)


def test_what_holds_can_be_ended_though_a_next_version_is_to_come(site: Site):
    in_force(site, wanted("TENTH"))
    in_force(site, wanted("TENTH", 5_000, since=site.clock() + timedelta(days=3)))
    browser = site.signed_in("shen.ops")
    assert states(browser) == ["To come", "In force"]
    assert post(browser, f"{PATH}/end", {"code": "TENTH", "version": "2"}, page=PATH).status_code == 303
    assert states(browser) == ["In force"]
    assert post(browser, f"{PATH}/end", {"code": "TENTH", "version": "1"}, page=PATH).status_code == 303
    assert states(browser) == ["Over"]


def test_only_what_the_page_showed_is_published(site: Site):
    """A colleague saves and tries the draft anew between the look and the click."""

    def saved_and_tried(basis_points: int) -> None:
        with site.database.transaction() as conn:
            (draft,) = succeeded(
                save(conn, [wanted("TENTH", basis_points)], scope=WHOLE_BRAND, by=BY, now=site.clock())
            )
            assert note_tried(conn, draft, now=site.clock())

    def shown(browser: httpx.Client) -> dict[str, str]:
        (form,) = re.findall(r'action="/hq/promotions/publish">(.*?)</form>', browser.get(PATH).text)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        return {name: unescape(fields[name]) for name in ("code", "saved_at")}

    saved_and_tried(1_000)
    browser = site.signed_in("shen.ops")
    before = shown(browser)
    site.clock.turn(timedelta(minutes=1))
    saved_and_tried(9_000)
    refused = post(browser, f"{PATH}/publish", before, page=PATH)
    assert refused.status_code == 409
    assert "was changed since you looked at it" in refused.text
    assert post(browser, f"{PATH}/publish", {"code": "TENTH"}, page=PATH).status_code == 409
    assert states(browser) == ["Tried"]
    assert post(browser, f"{PATH}/publish", shown(browser), page=PATH).status_code == 303
    assert states(browser) == ["In force"]


def test_a_next_version_is_for_the_tier_that_the_last_was_for(site: Site):
    in_force(site, wanted("TENTH"))
    browser = site.signed_in("shen.ops")
    form = browser.get(PATH, params={"edit": "TENTH"}).text
    filled = {name: unescape(said) for name, said in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    filled |= {"kind": "percentage", "code": "TENTH"}
    assert filled["from_at"] == ""  # what holds already began: the next begins later
    assert post(browser, f"{PATH}/save", filled, page=PATH).status_code == 303
    with site.database.reading() as conn:
        saved = last_versions(conn, ["TENTH"])["TENTH"]
    assert (saved.version, saved.conditions.member_tier) == (2, "gold")


def test_whatever_number_there_is_all_are_found(site: Site):
    codes = [f"P{number:03}" for number in range(201)]
    with site.database.transaction() as conn:
        succeeded(save(conn, [wanted(code) for code in codes], scope=WHOLE_BRAND, by=BY, now=site.clock()))
    browser = site.signed_in("shen.ops")
    found: list[str] = []
    path: str | None = PATH
    while path is not None:
        text = browser.get(path).text
        found += re.findall(r"<b>(P\d{3})</b>", text)
        more = re.search(r'<a href="(/hq/promotions\?after=[^"]+)"', text)
        path = more and unescape(more[1])
    assert found == codes
