"""The rules of sharing over real HTTP: who reads and who changes them, the table as a form, trials, publishing."""

import re
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from html import unescape

import httpx
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.jobs.rule_trials import run_next_rule_trial
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.sharing import queries, service
from loopline.sharing.model import Base, NewRuleSet, Per, Role, RuleRow
from loopline.sharing.rules import rule_set_at
from tests.make.databases import database_from
from tests.make.loop import follow, pay_for
from tests.make.shop import NOON, till_sale
from tests.make.store import DEMO, open_store
from tests.make.touchpoints import member_of
from tests.make.web import served, settings
from tests.module.web.test_sourcing import House
from tests.module.web.test_store import post

RULES = "/hq/rules"
LATER = NOON + timedelta(days=1)
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")


@pytest.fixture(scope="module")
def house(server: EmbeddedServer, template: str) -> Generator[House, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
            (placed,) = place(conn, [till_sale(stage.shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
            assert isinstance(placed, Placed), placed
            pay_for(conn, stage.shop, placed)
            follow(conn, SETTLE)
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as base, ExitStack() as browsers:
            yield House(database, base, browsers)


def form_of(page: str) -> dict[str, str]:
    """What the table says as it stands."""
    typed = re.findall(r'<input class="form-control" name="(row\.[\w.]+)" value="([^"]*)"', page)
    found = {name: unescape(value) for name, value in typed}
    for name, options in re.findall(
        r'<select class="form-select" name="(row\.[\w.]+)".*?>(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        found[name] = chosen.group(1) if chosen else ""
    return found


def draft(browser: httpx.Client) -> str:
    answer = post(browser, f"{RULES}/draft", {}, page=RULES)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def save(browser: httpx.Client, path: str, changes: Mapping[str, str]) -> httpx.Response:
    page = browser.get(path).text
    stands = {**form_of(page), "saved_at": seen(page), "comment": "Shanghai's stores get more"}
    return post(browser, f"{path}/save", {**stands, **changes}, page=path)


def seen(page: str) -> str:
    """When the draft that a page shows was saved."""
    found = re.search(r'<input type="hidden" name="saved_at" value="([^"]+)">', page)
    assert found is not None, page
    return unescape(found.group(1))


def tried(house: House, browser: httpx.Client, path: str) -> None:
    """Try a version on all that was sold."""
    days = {"from_day": NOON.date().isoformat(), "until_day": LATER.date().isoformat()}
    assert post(browser, f"{path}/try", days, page=path).status_code == 303
    assert run_next_rule_trial(house.database, LATER) == 1


def rows_of(database: Database, path: str) -> tuple[RuleRow, ...]:
    with database.reading() as conn:
        (found,) = [one for one in queries.rule_sets(conn) if one.version == int(path.rsplit("/", 1)[1])]
    return found.rows


def test_a_draft_begins_as_what_is_in_force_and_says_itself_anew(house: House):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    with house.database.reading() as conn:
        found = rule_set_at(queries.rule_sets(conn), LATER, currency="CNY")
    assert found is not None
    in_force = found.rows
    assert rows_of(house.database, path) == in_force
    assert save(finance, path, {}).status_code == 303
    assert rows_of(house.database, path) == in_force


def test_what_is_typed_is_what_is_saved_in_the_order_of_positions(house: House):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    free = len(rows_of(house.database, path)) + 1
    row = {
        f"row.{free}.{name}": value
        for name, value in {
            "position": "5",
            "role": "territory",
            "takes": "percent.paid",
            "value": "2.5",
            "floor": "1",
            "cap": "20.50",
            "regions": "31, 3205",
            "bound": "no",
            "sold_from": "2026-11-11 20:00",
        }.items()
    }
    parcel = {
        f"row.{free + 1}.{name}": value
        for name, value in (("role", "shipping_site"), ("takes", "amount.parcel"), ("value", "3"))
    }
    assert save(finance, path, {**row, **parcel}).status_code == 303
    first, *_, last = rows_of(house.database, path)
    assert (first.role, first.basis_points, first.base, first.floor_minor, first.cap_minor) == (
        Role.TERRITORY,
        250,
        Base.PAID,
        100,
        2_050,
    )
    assert (first.regions, first.bound) == (("31", "3205"), False)
    assert first.sold_from is not None
    assert first.sold_from.isoformat() == "2026-11-11T12:00:00+00:00"
    assert (last.role, last.amount_minor, last.per) == (Role.SHIPPING_SITE, 300, Per.PARCEL)
    shown = finance.get(path).text
    assert 'value="2026-11-11 20:00"' in shown
    assert 'value="20.50"' in shown
    assert save(finance, path, {"row.1.value": "100", "row.1.cap": ""}).status_code == 303
    assert "Keeps it from being published" in finance.get(path).text


def test_what_the_api_wrote_is_what_the_form_saves(house: House):
    """Seconds, names that hold what sets values apart, levels against the law: all of it stands in the form."""
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    odd = RuleRow(
        role=Role.TERRITORY,
        level=3,
        categories=("鞋、靴", "a, b", 'so "called"'),
        sold_from=NOON.replace(second=7),
        sold_until=NOON + timedelta(days=400, microseconds=5),
        basis_points=1,
    )
    with house.database.transaction() as conn:
        (found,) = [one for one in queries.rule_sets(conn) if one.version == int(path.rsplit("/", 1)[1])]
        rows = (odd, *found.rows)
        whole = NewRuleSet(
            id=found.id,
            currency="CNY",
            author_id=found.author_id,
            comment="by the API",
            rows=rows,
            saved_at=found.saved_at,
        )
        service.save_drafts(conn, [whole], now=NOON)
    assert save(finance, path, {}).status_code == 303
    assert rows_of(house.database, path) == rows


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"row.1.value": "a lot"}, "Row 1: &#34;a lot&#34; cannot be read as a percentage from 0 to 100"),
        ({"row.1.value": "100.001"}, "cannot be read as a percentage"),
        ({"row.1.value": "NaN"}, "cannot be read as a percentage"),
        ({"row.1.value": "1e999999"}, "cannot be read as a percentage"),
        ({"row.1.regions": "上海"}, "Row 1: regions does not go"),
        ({"row.1.cap": "-1"}, "cannot be read as an amount of money"),
        ({"row.1.sold_until": "soon"}, "cannot be read as a moment like"),
        ({"row.1.role": "king"}, "cannot be read as a party"),
        ({"comment": " "}, "Say in a few words what the rules change"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_saved(
    house: House, changes: dict[str, str], said: str
):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    before = rows_of(house.database, path)
    answer = save(finance, path, changes)
    assert answer.status_code in {400, 422}
    assert said in answer.text
    assert rows_of(house.database, path) == before


def test_a_trial_shows_who_wins_and_publishing_puts_in_force(house: House):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    stands = form_of(finance.get(path).text)
    store = next(name for name, value in stands.items() if name.endswith(".role") and value == "store")
    assert save(finance, path, {store.replace(".role", ".value"): "30"}).status_code == 303
    days = {"from_day": NOON.date().isoformat(), "until_day": LATER.date().isoformat()}
    assert post(finance, f"{path}/try", days, page=path).status_code == 303
    assert "waits for its turn" in finance.get(path).text
    assert run_next_rule_trial(house.database, LATER) == 1
    told = finance.get(f"{path}/trials").text
    assert "Who would win" in told
    assert "Who would lose" in told
    assert "changed since" not in told
    assert save(finance, path, {store.replace(".role", ".value"): "29"}).status_code == 303
    assert "changed since" in finance.get(f"{path}/trials").text
    backwards = {"from_day": days["until_day"], "until_day": days["from_day"]}
    assert post(finance, f"{path}/try", backwards, page=path).status_code in {400, 422}
    page = finance.get(path).text
    assert "Not tried as it stands" in page
    publication = {"effective_from": "", "saved_at": seen(page), "untried_because": "in a hurry"}
    untried = post(finance, f"{path}/publish", publication, page=path)
    assert untried.status_code == 409
    assert "was not tried as it stands" in untried.text
    tried(house, finance, path)
    assert "Tried as it stands" in finance.get(path).text
    assert post(finance, f"{path}/publish", publication, page=path).status_code == 303
    page = finance.get(path).text
    assert "In force" in page
    assert "Save draft" not in page
    again = post(finance, f"{path}/publish", publication, page=path)
    assert again.status_code == 409


def test_whoever_saves_or_publishes_what_somebody_else_changed_is_told(house: House):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    old = seen(finance.get(path).text)
    assert save(finance, path, {"row.1.value": "7"}).status_code == 303
    late = save(finance, path, {"row.1.value": "9", "saved_at": old})
    assert late.status_code == 409
    assert "was saved anew after you saw it" in late.text
    assert rows_of(house.database, path)[0].basis_points == 700
    tried(house, finance, path)
    late = post(finance, f"{path}/publish", {"saved_at": old}, page=path)
    assert late.status_code == 409
    assert "was saved anew after you saw it" in late.text
    assert "Save draft" in finance.get(path).text


def test_what_takes_more_than_a_cheap_line_brings_is_published_by_who_knows(house: House):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    free = len(rows_of(house.database, path)) + 1
    parcel = {
        f"row.{free}.{name}": value
        for name, value in (
            ("position", "1"),
            ("role", "territory"),
            ("takes", "amount.unit"),
            ("value", "9"),
        )
    }
    assert save(finance, path, parcel).status_code == 303
    tried(house, finance, path)
    page = finance.get(path).text
    assert "Where the rows take more than a line brings" in page
    assert re.search(r"Rows [\d, ]*: where a unit brings less than CN¥[\d.]+ net\.", page), page
    asked = {"saved_at": seen(page), "effective_from": "2030-01-01 00:00"}
    refused = post(finance, f"{path}/publish", asked, page=path)
    assert refused.status_code == 409
    assert "take more than a line brings" in refused.text
    assert post(finance, f"{path}/publish", asked | {"accepts_limits": "yes"}, page=path).status_code == 303


def test_who_earns_reads_the_rules_and_changes_nothing(house: House):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    dealer = house.signed_in("kong.dealer")
    assert dealer.get(RULES).status_code == 200
    page = dealer.get(path).text
    assert "The rules in words" in page
    assert "Save draft" not in page
    assert "Try it on what was sold" not in page
    for step in ("save", "try", "publish"):
        assert post(dealer, f"{path}/{step}", {}, page=path).status_code == 403
    assert post(dealer, f"{RULES}/draft", {}, page=RULES).status_code == 403
    assert dealer.get(f"{path}/trials").status_code == 403
    assert house.signed_in("wu.packer").get(RULES).status_code == 403
    assert finance.get(f"{RULES}/999").status_code == 404


def test_whether_own_purchases_earn_is_part_of_what_is_tried(house: House):
    finance = house.signed_in("gu.finance")
    path = draft(finance)
    assert "earns nothing of it as guide, dealer or streamer" in finance.get(path).text
    tried(house, finance, path)
    assert save(finance, path, {"own_earns": "yes"}).status_code == 303
    page = finance.get(path).text
    assert "Who buys for themselves earns as of everybody" in page
    assert "Not tried as it stands" in page
    assert "changed since" in page


def test_finance_notes_who_shops_themselves(house: House):
    finance = house.signed_in("gu.finance")
    page = f"{RULES}/own"
    with house.database.transaction() as conn:
        member_id = member_of(conn, 77)
    assert "Nobody yet" in finance.get(page).text
    wrong = post(finance, f"{page}/note", {"party_code": "NOPE", "member": str(member_id)}, page=page)
    assert wrong.status_code == 303
    kept = finance.get(wrong.headers["location"]).text
    assert "There is no guide, dealer or streamer NOPE" in kept
    assert f'value="{member_id}"' in kept
    done = post(finance, f"{page}/note", {"party_code": "GUIDE", "member": str(member_id)}, page=page)
    assert "It counts from now on" in finance.get(done.headers["location"]).text
    assert "gu.finance" in finance.get(page).text
    assert house.signed_in("kong.dealer").get(page).status_code == 403
