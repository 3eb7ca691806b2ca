"""The wave monitor and the profiles over real HTTP: who sees and changes what, drafts, trials, publishing."""

import re
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from loopline import orders, org
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.jobs.trials import run_next_trial
from loopline.jobs.waves import source_waves
from loopline.kernel.ids import uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits
from loopline.processes.place import Placed, place
from loopline.processes.promised import keep_given, watch_promises
from loopline.promises import GivenPromise, PromiseKind
from loopline.sourcing import profiles
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.ship_from import ShipFrom
from loopline.sourcing.trials import TrialAsk
from tests.make.databases import database_from
from tests.make.loop import pay_for
from tests.make.org import PASSWORD
from tests.make.shop import NOON, ask, lines
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

PROFILES = "/hq/sourcing/profiles"
SOLVER = Optimiser(work=20)
LATER = NOON + timedelta(days=1)


class House(msgspec.Struct, frozen=True):
    """A served brand whose orders were sourced in one wave yesterday."""

    database: Database
    base: str
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser


@pytest.fixture(scope="module")
def house(server: EmbeddedServer, template: str) -> Generator[House, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
            drafts = [
                ask(stage.shop, f"L-{number}", lines=lines(stage.shop, ("SCARF", 1)), credits=Credits())
                for number in range(3)
            ]
            for placed in place(conn, drafts, scope=WHOLE_BRAND, now=NOON):
                assert isinstance(placed, Placed), placed
                pay_for(conn, stage.shop, placed)
        source_waves(database, NOON, solver=SOLVER)
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as base, ExitStack() as browsers:
            yield House(database, base, browsers)


def form_of(page: str) -> dict[str, str]:
    """The numbers of the form as they stand."""
    found: dict[str, str] = dict(re.findall(r'name="([\w.]+)" value="(-?\d+)" min', page))
    return found | {"group.0.parcel_minor": "0", "group.0.handling_minor": "0"}


def draft(browser: httpx.Client) -> str:
    answer = post(browser, f"{PROFILES}/draft", {}, page=PROFILES)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def save(browser: httpx.Client, path: str, changes: Mapping[str, str]) -> httpx.Response:
    return post(browser, f"{path}/save", {**form_of(browser.get(path).text), **changes}, page=path)


def test_the_monitor_shows_the_wave_to_hq_and_its_own_site_to_a_dealer(house: House):
    page = house.signed_in("shen.ops").get("/hq/sourcing").text
    assert "Last waves" in page
    assert re.search(r'data-key="due"[^>]*>0<', page)
    with house.database.reading() as conn:
        ((asked,),) = conn.execute("select count(*) from orders.order where kind = 'ask'").fetchall()
    assert asked
    assert re.search(rf'data-key="asked"[^>]*>{asked}<', page)
    assert re.search(r'data-key="late"[^>]*>0<', page)
    dealer = house.signed_in("kong.dealer").get("/hq/sourcing").text
    assert "Last waves" not in dealer
    assert 'data-key="asked"' not in dealer  # of all channels: no branch's own
    assert "杭州" not in dealer or "静安" not in dealer
    sites = house.signed_in("kong.dealer").get("/hq/sourcing/map").json()
    assert len(sites) == 1
    assert len(house.signed_in("shen.ops").get("/hq/sourcing/map").json()) == 3


def test_what_is_at_risk_leads_to_its_order_and_is_shown_to_who_has_the_site(house: House):
    due_at = datetime(2026, 3, 4, 16, tzinfo=UTC)
    with house.database.transaction() as conn:
        order_id, *_ = [one for (one,) in conn.execute("select id from orders.order order by id").fetchall()]
        (head,) = orders.orders_by_ids(conn, [order_id])
        given = GivenPromise(
            kind=PromiseKind.DELIVER,
            site_id=next(one.id for one in org.branch_sites(conn) if one.code == "S"),
            due_at=due_at,
            starts_at=None,
            ready_minutes=120,
            lane_minutes=24 * 60,
            band=0,
            terms_version=0,
            pace_version=0,
            said_at=NOON,
        )
        keep_given(conn, [(order_id, given)], now=NOON)
        # An hour before it has to leave, its site has not said yes.
        assert watch_promises(conn, now=due_at - timedelta(hours=27), limit=5) == 1
    browser = house.signed_in("shen.ops")
    for name, late in (("shen.ops", 1), ("kong.dealer", 0)):
        monitor = house.signed_in(name).get("/hq/sourcing").text
        assert re.search(rf'data-key="late"[^>]*>{late}<', monitor)
    page = browser.get("/hq/promises").text
    assert re.search(r'data-key="at_risk"[^>]*>1<', page)
    assert f'href="/hq/orders/{head.number}"' in page
    assert "step-good" in page
    assert "step-bad" in page
    assert head.number not in browser.get("/hq/promises?list=broken").text
    assert browser.get("/hq/promises/days").json() == {"labels": [], "kept": [], "broken": [], "shares": []}
    dealer = house.signed_in("kong.dealer").get("/hq/promises").text
    assert re.search(r'data-key="at_risk"[^>]*>0<', dealer)
    assert head.number not in dealer


@pytest.mark.parametrize("name", ["lin.manager", "zhou.guide", "gu.finance"])
@pytest.mark.parametrize(
    "path",
    [
        "/hq/sourcing",
        "/hq/sourcing/now",
        "/hq/sourcing/map",
        "/hq/promises",
        "/hq/promises/days",
        PROFILES,
    ],
)
def test_others_see_nothing_of_it(house: House, name: str, path: str):
    assert house.signed_in(name).get(path).status_code == 403


def test_a_dealer_reads_versions_and_changes_none(house: House):
    hq, dealer = house.signed_in("shen.ops"), house.signed_in("kong.dealer")
    path = draft(hq)
    assert dealer.get(path).status_code == 200
    token = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', dealer.get("/hq/sourcing").text)
    assert token is not None
    with house.database.reading() as conn:
        before = profiles.profiles(conn)
    for act in ("save", "try", "publish", "drop"):
        sent = dealer.post(f"{path}/{act}", data={"_csrf_token": token.group(1), "comment": "mine"})
        assert sent.status_code == 403, act
    with house.database.reading() as conn:
        assert profiles.profiles(conn) == before


def test_a_draft_is_changed_tried_and_published(house: House):
    hq = house.signed_in("shen.ops")
    path = draft(hq)
    version = int(path.rpartition("/")[2])
    assert save(hq, path, {"weights.split_minor": "900", "answer_minutes": "30"}).status_code == 303
    assert "300 → <b>900</b>" in hq.get(path).text
    days = {"from_day": NOON.date().isoformat(), "until_day": NOON.date().isoformat()}
    assert post(hq, f"{path}/try", days, page=path).status_code == 303
    assert "0 of 1 days" in hq.get(path).text
    assert run_next_trial(house.database, LATER, solver=SOLVER) == 1
    assert run_next_trial(house.database, LATER, solver=SOLVER) == 0
    with house.database.reading() as conn:
        (trial,) = profiles.trials_of(conn, version)
    assert trial.report is not None
    assert (trial.report.orders, trial.report.before.parcels, trial.report.after.parcels) == (3, 3, 3)
    assert "Cost of all parcels" in hq.get(f"{path}/trials").text
    empty = post(hq, f"{path}/publish", {"comment": " "}, page=path)
    assert empty.status_code == 409
    assert post(hq, f"{path}/publish", {"comment": "Fewer parcels."}, page=path).status_code == 303
    with house.database.reading() as conn:
        in_force = profiles.profile_in_force(conn)
    assert (in_force.version, in_force.settings.weights.split_minor) == (version, 900)
    assert save(hq, path, {"weights.split_minor": "1"}).status_code == 409
    assert "In force" in hq.get(PROFILES).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limits.parcels_most": "0"}, "must be between 1 and 8"),
        ({"weights.split_minor": "many"}, "must be a whole number"),
        ({"group.0.name": "North", "group.0.sites": "NOPE"}, "NOPE"),
        ({"ship_from.0.name": "Coats", "ship_from.0.products": "NOPE", "ship_from.0.sites": "W"}, "NOPE"),
        (
            {"ship_from.0.name": "Coats", "ship_from.0.products": "COAT", "ship_from.0.sites": "Nowhere"},
            "Nowhere",
        ),
    ],
)
def test_a_wrong_form_is_refused_whole(house: House, changes: dict[str, str], said: str):
    hq = house.signed_in("shen.ops")
    path = draft(hq)
    version = int(path.rpartition("/")[2])
    with house.database.reading() as conn:
        before = profiles.profile_by_version(conn, version)
    answer = save(hq, path, {"weights.late_hour_minor": "77", **changes})
    assert answer.status_code == 409
    assert said in answer.text
    with house.database.reading() as conn:
        assert profiles.profile_by_version(conn, version) == before


def test_a_rule_of_what_must_ship_from_where_is_typed_shown_and_compared(house: House):
    hq = house.signed_in("shen.ops")
    path = draft(hq)
    version = int(path.rpartition("/")[2])
    typed = {
        "group.0.name": "The depots",
        "group.0.sites": "W",
        "ship_from.0.name": "Coats",
        "ship_from.0.sites": "The depots，S",
        "ship_from.0.products": "COAT, HAT",
        "ship_from.1.name": "Shop",
        "ship_from.1.sites": "W",
    }
    assert save(hq, path, typed).status_code == 303
    with house.database.reading() as conn:
        saved = profiles.profile_by_version(conn, version)
        sites = {site.code: site.id for site in org.branch_sites(conn)}
    assert saved is not None
    assert saved.settings.ship_from == (
        ShipFrom(name="Coats", products=("COAT", "HAT"), site_ids=(sites["S"],), groups=("The depots",)),
        ShipFrom(name="Shop", site_ids=(sites["W"],)),
    )
    shown = hq.get(path).text
    assert "The rule Shop must say which products, categories or channels it speaks of." in shown
    assert "– → <b>Coats, Shop</b>" in shown
    for typed_again in ("The depots, S", "COAT, HAT"):
        assert f'value="{typed_again}"' in shown


def test_a_trial_of_days_without_orders_says_so(house: House):
    hq = house.signed_in("shen.ops")
    path = draft(hq)
    day = (NOON - timedelta(days=30)).date().isoformat()
    post(hq, f"{path}/try", {"from_day": day, "until_day": day}, page=path)
    assert run_next_trial(house.database, LATER, solver=SOLVER) == 1
    assert "There were no orders" in hq.get(path).text


def test_a_dealer_sees_no_trial_for_it_is_of_the_whole_brand(house: House):
    hq, dealer = house.signed_in("shen.ops"), house.signed_in("kong.dealer")
    path = draft(hq)
    with house.database.transaction() as conn:
        asked = TrialAsk(
            trial_id=uuid7(NOON),
            version=int(path.rpartition("/")[2]),
            against=None,
            from_day=NOON.date(),
            until_day=NOON.date(),
        )
        assert profiles.ask_trial(conn, asked, zone="Asia/Shanghai", by="hq", now=NOON) is None
    assert 'class="trial"' in hq.get(f"{path}/trials").text
    assert dealer.get(f"{path}/trials").status_code == 403
    assert 'class="trial"' not in dealer.get(path).text
