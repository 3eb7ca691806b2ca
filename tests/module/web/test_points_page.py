"""The page of points over real HTTP: who has the whole brand corrects members, once each; others change nothing."""

from collections.abc import Generator
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest

from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.pricing.points import Programme, programmes
from loopline.processes.points.programme import save
from tests.make.customers import member, phone, registered
from tests.make.points import BY, points_in_force, points_of, terms
from tests.module.web.test_store import Site, opened, post

PATH = "/hq/points"


@pytest.fixture
def site(database: Database) -> Generator[tuple[Site, MemberId], None, None]:
    with opened(database) as site:
        with site.database.transaction() as conn:
            (anna,) = registered(conn, [member(phone(1))])
            points_in_force(conn, now=site.clock(), name="环线积分 Loop points")
        yield site, anna


def test_a_member_is_corrected_once_and_the_page_of_the_member_says_so(site: tuple[Site, MemberId]):
    served, anna = site
    browser = served.signed_in("shen.ops")
    asked = {
        "id": str(uuid4()),
        "member": f"http://any/hq/members/{anna}",
        "points": "+120",
        "reason": "sorry",
    }
    for _ in range(2):
        assert post(browser, f"{PATH}/adjust", asked, page=PATH).status_code == 303
    with served.database.reading() as conn:
        assert points_of(conn, anna) == (0, 120, 0)
    shown = browser.get(f"/hq/members/{anna}").text
    assert ("120 to use, 0 pending" in shown, "sorry" in shown) == (True, True)
    for field, value in (("member", "Anna"), ("points", "1.5"), ("points", "0"), ("reason", " ")):
        wrong = post(browser, f"{PATH}/adjust", asked | {"id": str(uuid4()), field: value}, page=PATH)
        assert wrong.status_code in {409, 422}, (field, value)
    with served.database.reading() as conn:
        assert points_of(conn, anna) == (0, 120, 0)


def test_a_version_is_published_as_it_was_looked_at(site: tuple[Site, MemberId]):
    served, _ = site
    browser = served.signed_in("shen.ops")

    def drafted(earn_points: int) -> Programme:
        served.clock.turn(timedelta(minutes=1))
        wanted = terms(name="环线积分 Loop points", earn_points=earn_points)
        with served.database.transaction() as conn:
            made = save(conn, wanted, comment="more", scope=WHOLE_BRAND, by=BY, now=served.clock())
        assert isinstance(made, Programme), made
        return made

    seen = drafted(2)
    changed = drafted(3)
    for saved_at in (seen.saved_at.isoformat(), "", "yesterday"):
        late = post(browser, f"{PATH}/publish", {"saved_at": saved_at}, page=PATH)
        assert (late.status_code, "was changed since you looked at it" in late.text) == (409, True)
    assert changed.saved_at.isoformat() in unescape(browser.get(PATH).text)
    told = post(browser, f"{PATH}/publish", {"saved_at": changed.saved_at.isoformat()}, page=PATH)
    assert told.status_code == 303
    assert "Published." in browser.get(told.headers["location"]).text
    with served.database.reading() as conn:
        assert [one.terms.earn_points for one in programmes(conn) if one.published_at] == [1, 3]


def test_finance_reads_it_and_a_store_does_not(site: tuple[Site, MemberId]):
    served, _ = site
    finance = served.signed_in("gu.finance")
    page = finance.get(PATH)
    assert (page.status_code, "Loop points" in page.text) == (200, True)
    assert f'action="{PATH}/' not in page.text
    manager = served.signed_in("lin.manager")
    assert manager.get(PATH).status_code == 403
    for verb in ("save", "publish", "adjust"):
        assert post(finance, f"{PATH}/{verb}", {}, page=PATH).status_code == 403
        assert post(manager, f"{PATH}/{verb}", {}, page="/store").status_code == 403
