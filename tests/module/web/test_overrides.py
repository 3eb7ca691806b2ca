"""Overrides over real HTTP: each sees and sets what is of its branch, who decided is said, what is refused is named."""

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import msgspec
import pytest

from loopline import org
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes.open_settings import Wish, set_open, standing
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, Publication, Settings, SiteSetting, Weights
from tests.make.databases import database_from
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.two_dealers import add_rival
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, TOKEN, post

OVERRIDES = "/hq/sourcing/overrides"
LATER = NOON + timedelta(hours=2)
PEOPLE = (
    ("shen.ops", "HX", Role.HQ_OPERATIONS),
    ("ye.east", "EAST", Role.HQ_OPERATIONS),
    ("kong.dealer", "DEALER", Role.DEALER),
    ("luo.rival", "RIVAL", Role.DEALER),
    ("lu.audit", "HX", Role.AUDITOR),
    ("gu.finance", "HX", Role.FINANCE),
    ("lin.manager", "U-D", Role.STORE_MANAGER),
)
OPEN = Settings(
    weights=Weights(ageing_credit_minor=30),
    answer_minutes=200,
    open_to_units=(SiteSetting.ANSWER_MINUTES, SiteSetting.AGEING_CREDIT),
)


class House(msgspec.Struct, frozen=True):
    """A served brand of two dealers, and the browsers that are open."""

    database: Database
    base: str
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    def publish(self, wanted: Settings) -> None:
        with self.database.transaction() as conn:
            draft = profiles.draft_profile(conn, wanted, based_on=None, by="hq", now=NOON)
            assert isinstance(draft, Profile)
            publication = Publication(version=draft.version, comment="As agreed in March.", by="hq")
            assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)

    def set(self, unit: str, setting: SiteSetting, value: int | None, comment: str = "") -> None:
        wish = Wish(unit_code=unit, setting=setting, value=value, comment=comment)
        with self.database.transaction() as conn:
            succeeded(set_open(conn, [wish], scope=WHOLE_BRAND, by="hq", now=NOON))

    def held(self) -> dict[tuple[str, str], int]:
        """What all units set, by code and setting."""
        with self.database.reading() as conn:
            seen = standing(conn, scope=WHOLE_BRAND)
            return {
                (seen.units[unit_id].code, setting.value): one.value
                for (unit_id, setting), one in seen.overrides.items()
            }


@pytest.fixture(scope="module")
def served_house(server: EmbeddedServer, template: str) -> Generator[House, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            add_rival(conn, open_shop(conn, units=0))
            people = [add_person(conn, name, at=unit, role=role) for name, unit, role in PEOPLE]
            new = [org.NewPassword(person_id=one, password=PASSWORD) for one in people]
            succeeded(org.set_passwords(conn, new, by=None, now=NOON))
        with served(database, settings(), clock=lambda: LATER) as base, ExitStack() as browsers:
            yield House(database, base, browsers)


@pytest.fixture
def house(served_house: House) -> House:
    """The brand before anybody set anything."""
    with served_house.database.transaction() as conn:
        conn.execute("delete from sourcing.override")
    served_house.publish(OPEN)
    return served_house


def row(page: str, setting: str, unit: str) -> str:
    """What is said of a unit, without the markup; nothing where it is not there."""
    found = re.search(rf'id="{setting}-{unit}".*?(?=<form|</div>)', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found.group(0).partition(">")[2]).split()) if found else ""


def send(browser: httpx.Client, **form: str) -> httpx.Response:
    return post(browser, OVERRIDES, form, page=OVERRIDES)


def test_hq_sees_every_unit_with_what_holds_and_who_decided(house: House):
    house.set("EAST", SiteSetting.ANSWER_MINUTES, 60, "Stores close at six.")
    page = house.signed_in("shen.ops").get(OVERRIDES).text
    assert 'HQ</span> <b class="number">200</b>' in page
    assert "As agreed in March." in page
    assert "from 1 to 10,080" in page
    east, dealer = (row(page, "answer_minutes", code) for code in ("EAST", "DEALER"))
    assert "60 set here sites: 3 · since" in east
    assert "Stores close at six." in east
    assert "60 set by region EAST sites: 1 · since" in dealer
    assert "200 HQ: version" in row(page, "answer_minutes", "WEST")
    assert "30 HQ: version" in row(page, "ageing_credit_minor", "EAST")
    listed = re.findall(r'id="answer_minutes-(\w+)"', page)
    assert listed == ["EAST", "DEALER", "WEST", "RIVAL", "THIRD"]  # each below its region
    assert "Not left open:" in page
    assert "A sale that the shelf loses" in page


def test_a_region_says_at_how_many_of_its_sites_a_dealer_decides_otherwise(house: House):
    house.set("EAST", SiteSetting.ANSWER_MINUTES, 60)
    house.set("DEALER", SiteSetting.ANSWER_MINUTES, 90)
    page = house.signed_in("ye.east").get(OVERRIDES).text
    assert "60 set here sites: 2 of 3" in row(page, "answer_minutes", "EAST")
    assert "90 set here sites: 1" in row(page, "answer_minutes", "DEALER")


def test_a_dealer_sets_changes_and_takes_back_for_its_own_sites(house: House):
    dealer = house.signed_in("kong.dealer")
    mine = {"unit": "DEALER", "setting": "answer_minutes"}
    answer = send(dealer, **mine, value="45", comment="  We are quick. ", act="set")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{OVERRIDES}#answer_minutes-DEALER")
    said = row(dealer.get(OVERRIDES).text, "answer_minutes", "DEALER")
    assert "45 set here sites: 1 · since" in said
    assert "Kong.Dealer We are quick. Change it" in said
    send(dealer, **mine, value="50", comment="", act="set")
    assert house.held() == {("DEALER", "answer_minutes"): 50}
    assert send(dealer, **mine, value="ignored", comment="Sold out.", act="drop").status_code == 303
    assert house.held() == {}
    page = dealer.get(OVERRIDES).text
    assert "200 HQ: version" in row(page, "answer_minutes", "DEALER")
    told = " ".join(re.sub(r"<[^>]*>", " ", page.partition("Changes of late")[2]).split())
    assert re.match(r".*?taken back Sold out\..*?set to 50 .*?set to 45 We are quick\.", told), told


def test_a_dealer_sees_nothing_of_another_dealer_and_sets_nothing_there(house: House):
    house.set("RIVAL", SiteSetting.ANSWER_MINUTES, 77, "A secret of theirs.")
    house.set("WEST", SiteSetting.AGEING_CREDIT, 88)
    dealer = house.signed_in("kong.dealer")
    page = dealer.get(OVERRIDES).text
    said = re.sub(
        r'<input[^>]*_csrf_token[^>]*>|(src|href)="/static/[^"]*"', "", page
    )  # they hold any digits
    for secret in ("RIVAL", "WEST", "77", "88", "A secret", "THIRD"):
        assert secret not in said, secret
    before = house.held()
    for unit in ("RIVAL", "WEST", "EAST", "HX", "NOPE"):
        for act in ("set", "drop"):
            answer = send(dealer, unit=unit, setting="answer_minutes", value="5", comment="", act=act)
            assert answer.status_code == 404, unit
            assert f"There is no unit {unit}, or it is not for you." in answer.text
            assert "A secret" not in answer.text
    assert house.held() == before
    assert "A secret of theirs." in house.signed_in("luo.rival").get(OVERRIDES).text
    assert "A secret of theirs." not in house.signed_in("ye.east").get(OVERRIDES).text


def test_a_dealer_sees_what_its_region_decides_for_it_and_does_not_change_it(house: House):
    house.set("EAST", SiteSetting.ANSWER_MINUTES, 60, "Stores close at six.")
    page = house.signed_in("kong.dealer").get(OVERRIDES).text
    said = row(page, "answer_minutes", "DEALER")
    assert "60 set by region EAST" in said
    assert "Stores close at six." in said
    assert row(page, "answer_minutes", "EAST").endswith("Stores close at six.")
    assert 'name="unit" value="EAST"' not in page


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"value": "0"}, 422, "Time to answer an offer (minutes) is 0, and must be between 1 and 10080."),
        (
            {"value": "soon"},
            422,
            "Time to answer an offer (minutes) must be a whole number, not &#34;soon&#34;.",
        ),
        ({"setting": "stockout_cost_minor"}, 409, "does not leave A sale that the shelf loses (cents) open"),
        ({"unit": "U-D"}, 409, "U-D is a store: regions and dealers set what HQ leaves open"),
        ({"setting": "parcels_most"}, 404, "There is no setting parcels_most"),
    ],
)
def test_what_is_refused_is_named_and_nothing_is_set(
    house: House, form: dict[str, str], status: int, said: str
):
    hq = house.signed_in("shen.ops")
    wanted = {"unit": "DEALER", "setting": "answer_minutes", "value": "45", "comment": "Mine.", "act": "set"}
    answer = send(hq, **(wanted | form))
    assert (answer.status_code, said in answer.text) == (status, True)
    assert house.held() == {}
    if "value" in form:  # what was typed is still there
        assert f'name="value" value="{form["value"]}"' in answer.text
        assert 'name="comment" value="Mine."' in answer.text


def test_what_hq_closes_has_no_effect_is_said_and_can_be_taken_back(house: House):
    house.set("DEALER", SiteSetting.AGEING_CREDIT, 500)
    house.publish(Settings(open_to_units=(SiteSetting.ANSWER_MINUTES,)))
    dealer = house.signed_in("kong.dealer")
    page = dealer.get(OVERRIDES).text
    assert "Set, but not open any more" in page
    assert (
        send(
            dealer, unit="DEALER", setting="ageing_credit_minor", value="", comment="", act="drop"
        ).status_code
        == 303
    )
    assert house.held() == {}
    assert "Set, but not open any more" not in dealer.get(OVERRIDES).text


def test_where_nothing_is_open_it_says_what_could_be(house: House):
    house.publish(Settings())
    hq, dealer = (house.signed_in(name).get(OVERRIDES).text for name in ("shen.ops", "kong.dealer"))
    for page in (hq, dealer):
        assert "HQ leaves nothing open" in page
        assert "Time to answer an offer (minutes)" in page
        assert "<form" not in page.partition("headline")[2]
    assert "begin a draft" in hq
    assert "begin a draft" not in dealer


def test_who_only_reads_gets_no_form_and_is_refused(house: House):
    auditor = house.signed_in("lu.audit")
    page = auditor.get(OVERRIDES).text
    assert "200 HQ: version" in row(page, "answer_minutes", "DEALER")
    assert 'name="value"' not in page
    sent = auditor.post(
        OVERRIDES,
        data={
            "_csrf_token": token_of(page),
            "unit": "DEALER",
            "setting": "answer_minutes",
            "value": "5",
            "act": "set",
        },
    )
    assert sent.status_code == 403
    assert house.held() == {}


@pytest.mark.parametrize("name", ["gu.finance", "lin.manager"])
def test_others_see_nothing_of_it(house: House, name: str):
    assert house.signed_in(name).get(OVERRIDES).status_code == 403


@pytest.mark.parametrize("path", ["/hq/sourcing", "/hq/sourcing/profiles", "/hq/sourcing/profiles/1"])
def test_sourcing_and_the_profile_lead_to_it(house: House, path: str):
    assert f'href="{OVERRIDES}"' in house.signed_in("kong.dealer").get(path).text


def token_of(page: str) -> str:
    found = TOKEN.search(page)
    assert found is not None
    return found.group(1)
