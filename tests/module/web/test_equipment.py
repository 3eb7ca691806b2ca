"""The cold chain over real HTTP: each declares what its own sites can send; a packer sees how cold a parcel is kept."""

import re
from collections.abc import Generator
from contextlib import ExitStack

import httpx
import pytest

from loopline import org
from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.sourcing.equipment import equipment
from tests.make.cold import FROZEN, able, chill
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, Site, opened, post, step

EQUIPMENT = "/hq/sourcing/equipment"
PEOPLE = (
    ("shen.ops", "HX", Role.HQ_OPERATIONS),
    ("kong.dealer", "DEALER", Role.DEALER),
    ("lu.audit", "HX", Role.AUDITOR),
    ("lin.manager", "U-S", Role.STORE_MANAGER),
)


class House:
    def __init__(self, database: Database, base: str, browsers: ExitStack) -> None:
        self.database, self.base, self._browsers = database, base, browsers

    def signed_in(self, name: str) -> httpx.Client:
        browser = self._browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    def declared(self) -> list[str]:
        """What is declared, as code of the site's word."""
        with self.database.reading() as conn:
            sites = {one.id: one.code for one in org.branch_sites(conn)}
            return [f"{sites[one.site_id]} {one.temperature_class}" for one in equipment(conn)]


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    with database.transaction() as conn:
        open_shop(conn, units=0)
        people = [add_person(conn, name, at=unit, role=role) for name, unit, role in PEOPLE]
        new = [org.NewPassword(person_id=one, password=PASSWORD) for one in people]
        succeeded(org.set_passwords(conn, new, by=None, now=NOON))
    with served(database, settings(), clock=lambda: NOON) as base, ExitStack() as browsers:
        yield House(database, base, browsers)


def send(browser: httpx.Client, site: str, *kinds: str, sent: tuple[str, ...] = ()) -> httpx.Response:
    """Send the form of a site that sent some classes when it was shown."""
    return post(browser, EQUIPMENT, {"site": site, "sends": list(kinds), "sent": list(sent)}, page=EQUIPMENT)


def row(page: str, site: str) -> str:
    """What is said of a site, without the markup; nothing where it is not there."""
    found = re.search(rf'id="site-{site}".*?(?=<form|</div>)', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found.group(0).partition(">")[2]).split()) if found else ""


def test_hq_says_what_a_site_can_send_and_takes_it_back(house: House):
    hq = house.signed_in("shen.ops")
    assert row(hq.get(EQUIPMENT).text, "S") == "S S Ambient goods only Change it"
    answer = send(hq, "S", "frozen", "cool")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{EQUIPMENT}#site-S")
    page = hq.get(EQUIPMENT).text
    said = row(page, "S")
    assert re.fullmatch(r"S S Cool since .* · Shen.Ops Frozen since .* · Shen.Ops Change it", said), said
    assert "Cool <b>1</b> · Frozen <b>1</b>" in page
    assert re.findall(r'id="site-(\w)"', page) == ["S", "D", "W"]  # who sends cold goods comes first
    send(hq, "S", "cool", sent=("cool", "frozen"))
    assert house.declared() == ["S cool"]
    late = send(hq, "S", "frozen", sent=("cool", "frozen"))  # by who still saw what a colleague took away
    assert (late.status_code, house.declared()) == (409, ["S cool"])
    assert "What site S can send was changed meanwhile" in late.text
    send(hq, "S", sent=("cool",))
    assert house.declared() == []


def test_a_dealer_sees_and_declares_its_own_site_alone(house: House):
    with house.database.transaction() as conn:
        able(conn, S=(FROZEN,))
    dealer = house.signed_in("kong.dealer")
    page = dealer.get(EQUIPMENT).text
    assert (row(page, "D")[:21], row(page, "S")) == ("D D Ambient goods onl", "")
    assert send(dealer, "D", "cool").status_code == 303
    for site in ("S", "NOPE"):
        answer = send(dealer, site)
        assert answer.status_code == 404
        assert f"There is no site {site}, or it is not for you." in answer.text
    assert sorted(house.declared()) == ["D cool", "S frozen"]


def test_who_only_reads_is_shown_no_form_and_changes_nothing(house: House):
    auditor = house.signed_in("lu.audit")
    page = auditor.get(EQUIPMENT).text
    assert (row(page, "S"), 'name="sends"' in page) == ("S S Ambient goods only", False)
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page)
    assert token is not None
    answer = auditor.post(EQUIPMENT, data={"_csrf_token": token.group(1), "site": "S", "sends": "cool"})
    assert (answer.status_code, house.declared()) == (403, [])
    assert house.signed_in("lin.manager").get(EQUIPMENT).status_code == 403


def test_a_site_is_found_by_its_code_and_stays_found_when_it_is_saved(house: House):
    hq = house.signed_in("shen.ops")
    page = hq.get(EQUIPMENT, params={"find": "w"}).text
    assert re.findall(r'id="site-(\w)"', page) == ["W"]
    form = {"site": "W", "sends": ["cool"], "find": "w"}
    assert post(hq, EQUIPMENT, form, page=EQUIPMENT).headers["location"] == f"{EQUIPMENT}?find=w#site-W"
    assert "No site is called that." in hq.get(EQUIPMENT, params={"find": "zz"}).text


# ------------------------------------------------------------------------------------------------- at the packer's


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def cold_and_ambient(site: Site) -> tuple[TaskId, TaskId]:
    """An order of a coat and a frozen scarf, both put to the store: the ambient parcel's task and the frozen one's."""
    shop: Shop = site.stage.shop
    with site.database.transaction() as conn:
        chill(conn, SCARF=FROZEN)
        able(conn, S=(FROZEN,))
        conn.execute(
            "update fulfilment.site_limit set tasks_per_day = 0 where site_id <> %s", (shop.sites["S"],)
        )
        draft = ask(shop, "C-1", lines=lines(shop, ("COAT", 1), ("SCARF", 1)))
        (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        source_wave(conn, now=NOON)
        found = {
            task.temperature_class: task.task_id
            for task in fulfilment.tasks_of_orders(conn, [placed.order_id])
        }
    frozen = found.pop(FROZEN)
    (ambient,) = found.values()
    return ambient, frozen


def test_the_packer_sees_two_parcels_and_how_cold_each_is(site: Site):
    ambient, frozen = cold_and_ambient(site)
    lin = site.signed_in("lin.manager")
    listed = lin.get("/store").text
    assert (listed.count('data-item="'), listed.count('class="cold cold-frozen">Frozen<')) == (2, 1)
    for task_id, is_cold in ((ambient, False), (frozen, True)):
        for name in ("accept", "pick"):
            assert step(lin, task_id, name).status_code == 303
        page = lin.get(f"/store/tasks/{task_id}").text
        assert ("From the freezer right now" in page) is is_cold
        looked = [str(number + 1) for number in range(page.count('name="looked"'))]
        with site.database.reading() as conn:
            have = [str(line.allocation_id) for line in fulfilment.lines_of_tasks(conn, [task_id])[task_id]]
        if is_cold:  # all but one point looked at is not all
            assert step(lin, task_id, "check", have=have, looked=looked[1:]).status_code == 422
        assert step(lin, task_id, "check", have=have, looked=looked).status_code == 303
        page = lin.get(f"/store/tasks/{task_id}").text
        assert ("dry ice" in page, 'class="cold cold-frozen"' in page) == (is_cold, is_cold)
