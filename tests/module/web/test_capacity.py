"""What sites do in a day over real HTTP: both figures and why; each answers for its own sites."""

import re
from collections.abc import Generator
from contextlib import ExitStack

import httpx
import msgspec
import pytest

from loopline import org
from loopline.db import Database
from loopline.insight.capacity.queries import standing
from loopline.org import Role
from loopline.processes.learnt_capacity import learn_capacity
from loopline.sourcing import profiles
from loopline.sourcing.learnt_capacity import LearntCapacity
from loopline.sourcing.settings import Profile, Publication, Settings
from tests.make.api import make_key
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.web import served, settings
from tests.make.worked import work_days
from tests.module.web.test_store import PAGE, post

CAPACITY = "/hq/sourcing/capacity"
SLOW = [(4, 4), (4, 3), (2, 0), (4, 4), (1, 0), (4, 3), (5, 4), (3, 0), (4, 4), (2, 0)] * 3
WHY = "By 18 full days of 30 it does 4 a day. On the last days that was off by 0.1 a day, what it says by 2.1"


class House(msgspec.Struct, frozen=True):
    """A served brand whose store S, and its dealer's D, do four tasks a day and say ten."""

    database: Database
    stage: Stage
    base: str
    browsers: ExitStack

    def signed_in(self, name: str, *, language: str = "en") -> httpx.Client:
        headers = {**PAGE, "accept-language": language}
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=headers, timeout=60))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    def holds(self, site: str) -> int:
        with self.database.reading() as conn:
            (found,) = standing(conn, [self.stage.shop.sites[site]])
        return found.holds


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
        auditor = add_person(conn, "lu.audit", at="HX", role=Role.AUDITOR)
        new = [org.NewPassword(person_id=auditor, password=PASSWORD)]
        succeeded(org.set_passwords(conn, new, by=None, now=NOON))
        for site in ("S", "D"):
            work_days(conn, stage.shop.sites[site], SLOW, stated=10, until=NOON)
        rule = Settings(learnt_capacity=LearntCapacity(is_used=True, least_percent=45))
        draft = profiles.draft_profile(conn, rule, based_on=None, by="hq", now=NOON)
        assert isinstance(draft, Profile)
        wish = Publication(version=draft.version, comment="as it is", by="hq")
        assert isinstance(profiles.publish_profile(conn, wish, now=NOON, site_ids=[]), Profile)
        assert learn_capacity(conn, now=NOON) == 2
    with served(database, settings(demo=DEMO), clock=Clock(NOON)) as base, ExitStack() as browsers:
        yield House(database, stage, base, browsers)


def row(page: str, site: str) -> str:
    """What is said of a site, without the markup; nothing where it is not there."""
    found = re.search(rf'id="site-{site}".*?(?=<form|</div>)', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found.group(0).partition(">")[2]).split()) if found else ""


def test_headquarters_see_both_figures_and_why_and_answer_for_a_site(house: House):
    hq = house.signed_in("shen.ops")
    page = hq.get(CAPACITY).text
    assert row(page, "S") == f"S S says 10 does 4 is given 5 {WHY} Change it"
    assert row(page, "W") == "W W says 100 does – is given 100 Nothing is known of its days yet Change it"
    assert re.findall(r'id="site-(\w)"', page) == ["D", "S", "W"]  # who is given less comes first
    assert "at least 45 % of what it says" in page
    form = {"site": "S", "because": "two packers more", "act": "fix"}
    assert post(hq, CAPACITY, form, page=CAPACITY).headers["location"] == f"{CAPACITY}#site-S"
    said = row(hq.get(CAPACITY).text, "S")
    assert "is given 10 Fixed since 2 Mar 12:00 by Shen.Ops: two packers more By 18 full days" in said
    assert (house.holds("S"), house.holds("D")) == (10, 5)
    post(hq, CAPACITY, {"site": "S", "because": "two packers more", "act": "lift"}, page=CAPACITY)
    assert house.holds("S") == 5
    chinese = row(house.signed_in("shen.ops", language="zh").get(CAPACITY).text, "S")
    assert chinese.startswith("S S 自报 10 实际 4 派单上限 5 30 天中有 18 天满负荷")


def test_a_dealer_answers_for_its_own_sites_alone(house: House):
    dealer = house.signed_in("kong.dealer")
    page = dealer.get(CAPACITY).text
    assert (row(page, "D"), row(page, "S")) == (f"D D says 10 does 4 is given 5 {WHY} Change it", "")
    for site in ("S", "NOPE"):
        answer = post(dealer, CAPACITY, {"site": site, "because": "mine", "act": "fix"}, page=CAPACITY)
        assert answer.status_code == 404
        assert f"There is no site {site}, or it is not for you." in answer.text
    assert (
        post(dealer, CAPACITY, {"site": "D", "because": "ours", "act": "fix"}, page=CAPACITY).status_code
        == 303
    )
    assert (house.holds("D"), house.holds("S")) == (10, 5)


def test_a_reason_of_spaces_lifts_nothing_and_what_was_refused_stays(house: House):
    hq = house.signed_in("shen.ops")
    form = {"site": "S", "because": "two packers more", "act": "fix"}
    post(hq, CAPACITY, form, page=CAPACITY)
    refused = post(hq, CAPACITY, form | {"because": "  ", "find": "S"}, page=CAPACITY)
    assert (refused.status_code, house.holds("S")) == (422, 10)
    assert "Say in a few words why what the site says is right." in refused.text
    assert re.search(r'name="because"[^>]* aria-invalid="true" aria-describedby="wrong-S"', refused.text)
    assert re.findall(r'<details class="override" id="site-(\w)" open>', refused.text) == ["S"]
    assert re.findall(r'name="find" value="(\w*)"', refused.text)[0] == "S"
    assert re.findall(r'id="site-(\w)"', refused.text) == ["S"]  # those that were looked for
    dealer = house.signed_in("kong.dealer")
    foreign = post(dealer, CAPACITY, {"site": "S", "because": "x", "act": "fix", "find": "D"}, page=CAPACITY)
    assert (foreign.status_code, re.findall(r'id="site-(\w)"', foreign.text)) == (404, ["D"])


def test_the_site_sees_what_it_is_given_and_why_and_who_only_reads_changes_nothing(house: House):
    lin = house.signed_in("lin.manager")
    page = lin.get("/store").text
    assert f"Given 5 instead of the 10 it says · {WHY}" in page
    assert 'data-key="left">5 <span class="quiet">/ 5' in page
    assert lin.get(CAPACITY).status_code == 403
    hq = house.signed_in("shen.ops")
    post(hq, CAPACITY, {"site": "S", "because": "two packers more", "act": "fix"}, page=CAPACITY)
    assert f"Given what it says: two packers more · {WHY}" in lin.get("/store").text
    post(hq, CAPACITY, {"site": "S", "act": "lift"}, page=CAPACITY)
    auditor = house.signed_in("lu.audit")
    page = auditor.get(CAPACITY).text
    assert (row(page, "S"), 'name="because"' in page) == (f"S S says 10 does 4 is given 5 {WHY}", False)
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page)
    assert token is not None
    form = {"_csrf_token": token.group(1), "site": "S", "because": "why not", "act": "fix"}
    assert (auditor.post(CAPACITY, data=form).status_code, house.holds("S")) == (403, 5)


def test_the_api_tells_and_fixes_the_same(house: House):
    token = make_key(house.database, branch="HX")
    with httpx.Client(base_url=f"{house.base}/api/v1", headers={"authorization": f"Bearer {token}"}) as api:
        told = {one["site_code"]: one for one in api.get("/site-capacity").json()["items"]}
        figures = (
            "stated_per_day",
            "learnt_per_day",
            "holds_per_day",
            "full_days",
            "days",
            "verdict",
            "said",
        )
        assert [told["S"][one] for one in figures] == [10, 4, 5, 18, 30, "better", WHY]
        assert [told["W"][one] for one in figures[:3]] == [100, None, 100]
        paged = api.get("/site-capacity", params={"limit": 2}).json()
        rest = api.get("/site-capacity", params={"limit": 2, "cursor": paged["next_cursor"]}).json()
        assert [one["site_code"] for one in (*paged["items"], *rest["items"])] == ["D", "S", "W"]
        items = [{"site_code": "S", "because": "two packers more"}, {"site_code": "NOPE"}]
        key = {"idempotency-key": "fix-1"}
        outcomes = api.post("/site-capacity/fix", json={"items": items}, headers=key).json()["outcomes"]
    assert outcomes[0] == {"value": {"site_code": "S", "because": "two packers more"}}
    assert outcomes[1]["problem"]["code"] == "site_not_yours"
    assert house.holds("S") == 10
