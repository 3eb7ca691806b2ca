"""Changes of settings over real HTTP: who set what when, what it was before, and whose are read by whom."""

import re
from collections.abc import Generator
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import msgspec
import pytest
from psycopg import sql

from loopline import payouts, promises
from loopline.db import Database, migrations
from loopline.db.log import SQL
from loopline.fulfilment.packing import BoxKind
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.temperatures import TemperatureClass
from loopline.marketplaces import MarketplaceTerms
from loopline.org.limits import CounterLimit, NewLimit
from loopline.processes.counter_limits import set_counter_limits
from loopline.processes.equip import SiteWish, equip
from loopline.processes.packing import WantedBox, name_boxes
from loopline.processes.replenish import keep_back
from loopline.processes.set_terms import set_payout_terms, set_promise_terms
from loopline.processes.settings_told import SettingKind
from loopline.processes.slots import set_slot_terms
from loopline.slots import NewTerms, SlotTerms, Way
from loopline.stock import SafetySetting
from loopline.web.hq.changes_view import BODIES
from loopline.web.hq.changes_words import GROUP_OF, KIND_WORDS, PART_WORDS
from tests.make.brand_desk import Brand, opened_brand
from tests.make.org import succeeded
from tests.make.shop import NOON

CHANGES = "/hq/changes"


@pytest.fixture
def brand(database: Database) -> Generator[Brand, None, None]:
    with opened_brand(database) as brand:
        yield brand


def by(brand: Brand, name: str) -> str:
    return f"person:{brand.stage.people[name]}"


def rows(browser: httpx.Client, address: str = CHANGES) -> list[str]:
    """What the page tells of each change, without when."""
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text[:500]
    found = re.findall(r"<tr data-item=.*?</time></td>(.*?)</tr>", answer.text, flags=re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]


def kept_back(brand: Brand, site: str, units: int, *, who: str = "shen.ops") -> None:
    shop = brand.stage.shop
    setting = SafetySetting(leaf_id=shop.leaves[site], sku_id=shop.skus["HAT"], units=units)
    with brand.database.transaction() as conn:
        succeeded(keep_back(conn, [setting], now=brand.clock(), actor=by(brand, who)))


def limited(brand: Brand, unit: str, value: int | None, *, is_open: bool = False) -> None:
    wanted = NewLimit(
        unit_code=unit, setting=CounterLimit.PRICE_ALONE, value=value, comment="x", is_open=is_open
    )
    with brand.database.transaction() as conn:
        outcomes = set_counter_limits(
            conn, [wanted], scope=WHOLE_BRAND, by=by(brand, "shen.ops"), now=brand.clock()
        )
        succeeded(outcomes)


def test_who_set_what_with_before_and_after_the_latest_first(brand: Brand):
    ops = brand.signed_in("shen.ops")
    limited(brand, "HX", 10, is_open=True)
    kept_back(brand, "S", 2)
    kept_back(brand, "S", 5, who="lin.manager")
    limited(brand, "HX", 15, is_open=True)
    limit = "Counter limits Lower a price at the till brand HX"
    assert rows(ops)[:4] == [
        f"Shen.Ops {limit} Value: 10 % → 15 %",
        "Lin.Manager Units kept back Hat S Units: 2 → 5",
        "Shen.Ops Units kept back Hat S Units: 0 → 2",
        f"Shen.Ops {limit} Value: – → 10 % Left to regions and dealers: no → yes",
    ]


def test_the_address_narrows_by_kind_person_and_time_and_pages_by_key(brand: Brand):
    kept_back(brand, "S", 1, who="lin.manager")
    limited(brand, "HX", 10)
    brand.clock.turn(timedelta(days=20))
    ops = brand.signed_in("shen.ops")
    kept_back(brand, "D", 3)
    assert rows(ops, f"{CHANGES}?kind=safety") == [
        "Shen.Ops Units kept back Hat D Units: 0 → 3",
        "Lin.Manager Units kept back Hat S Units: 0 → 1",
    ]
    assert rows(ops, f"{CHANGES}?period=week") == ["Shen.Ops Units kept back Hat D Units: 0 → 3"]
    theirs = f"{CHANGES}?by={brand.stage.people['lin.manager']}"
    assert rows(ops, theirs) == ["Lin.Manager Units kept back Hat S Units: 0 → 1"]
    for units in range(60):
        kept_back(brand, "W", units + 1)
    first = ops.get(f"{CHANGES}?kind=safety").text
    older = re.search(r'href="(/hq/changes\?[^"]*cursor=[^"]+)"', first)
    assert older is not None
    shown = [*rows(ops, f"{CHANGES}?kind=safety"), *rows(ops, unescape(older.group(1)))]
    assert shown[:60] == [
        f"Shen.Ops Units kept back Hat W Units: {units} → {units + 1}" for units in reversed(range(60))
    ]
    assert len(shown) == 62


def test_every_setting_says_what_it_was_before(brand: Brand):
    who, everything = by(brand, "shen.ops"), WHOLE_BRAND
    with brand.database.transaction() as conn:
        box = WantedBox(
            site_code="S",
            code="B1",
            name="[Small]",
            length_mm=100,
            width_mm=80,
            height_mm=60,
            grams_most=None,
            is_insulated=False,
        )
        for wanted in (
            box,
            msgspec.structs.replace(box, length_mm=120),
            msgspec.structs.replace(box, is_dropped=True),
        ):
            succeeded(name_boxes(conn, [wanted], scope=everything, by=who, now=NOON))
        cool = frozenset({TemperatureClass.COOL})
        succeeded(equip(conn, [SiteWish(site_code="S", classes=cool)], scope=everything, by=who, now=NOON))
        for terms in (SlotTerms(places=2), SlotTerms(places=3, same_day_until_minute=600), None):
            wish = NewTerms(unit_code="U-S", way=Way.IN_STORE, terms=terms, comment="x")
            succeeded(set_slot_terms(conn, [wish], scope=everything, by=who, now=NOON))
        promised = promises.Terms(courier_kilometres=12)
        assert set_promise_terms(conn, promised, by=who, comment="x", now=NOON)
        paid = payouts.Terms(currency="CNY", least_minor=5_000, withheld_basis_points=250)
        assert set_payout_terms(conn, paid, by=who, comment="x", now=NOON)
    ops = brand.signed_in("shen.ops")
    assert rows(ops, f"{CHANGES}?kind=payouts") == [
        (
            "Shen.Ops Payouts Terms of payouts CNY The whole brand Paid out from (cents): 100 → 5,000"
            " Withheld as tax (%): 0.00 % → 2.50 %"
        )
    ]
    assert rows(ops, f"{CHANGES}?kind=promises") == [
        "Shen.Ops Promises Terms of promises The whole brand Courier, at most (km): 10 → 12"
    ]
    hours = rows(ops, f"{CHANGES}?kind=hours")
    assert hours[1] == (
        "Shen.Ops Couriers, appointments, fitting Appointment here store U-S Places in a slot: 2 → 3"
        " On the same day until (may be empty): – → 10:00"
    )
    assert "Places in a slot: 3 → –" in hours[0]
    assert rows(ops, f"{CHANGES}?kind=sourcing")[0] == (
        "Shen.Ops Sourcing What a site can send S store U-S Sends cool goods: no → yes"
    )
    boxes = rows(ops, f"{CHANGES}?kind=packing")
    assert boxes[1] == "Shen.Ops Packing Box B1 store U-S Length (mm): 100 → 120"
    assert "Length (mm): 120 → –" in boxes[0]
    assert "Length (mm): – → 100" in boxes[2]


def test_what_is_set_as_it_was_tells_nothing(brand: Brand):
    ops = brand.signed_in("shen.ops")

    def again() -> None:
        kept_back(brand, "S", 2)
        limited(brand, "HX", 10)
        wish = NewTerms(unit_code="U-S", way=Way.IN_STORE, terms=SlotTerms(places=2), comment="x")
        with brand.database.transaction() as conn:
            succeeded(set_slot_terms(conn, [wish], scope=WHOLE_BRAND, by=by(brand, "shen.ops"), now=NOON))

    again()
    before = rows(ops)
    again()
    with brand.database.transaction() as conn:
        set_promise_terms(conn, promises.Terms(), by=by(brand, "shen.ops"), comment="x", now=NOON)
    assert rows(ops) == before


def test_a_branch_reads_what_is_set_in_it_and_nothing_of_others(brand: Brand):
    for site in ("S", "D", "W"):
        kept_back(brand, site, 4)
    limited(brand, "HX", 10, is_open=True)
    limited(brand, "DEALER", 5)
    with brand.database.transaction() as conn:
        set_promise_terms(
            conn, promises.Terms(courier_kilometres=12), by=by(brand, "shen.ops"), comment="x", now=NOON
        )
        wish = NewTerms(unit_code="U-S", way=Way.COURIER, terms=SlotTerms(), comment="x")
        succeeded(set_slot_terms(conn, [wish], scope=WHOLE_BRAND, by=by(brand, "shen.ops"), now=NOON))
    dealer, manager = brand.signed_in("kong.dealer"), brand.signed_in("lin.manager")
    assert rows(dealer) == [
        "Shen.Ops Counter limits Lower a price at the till dealer DEALER Value: – → 5 %",
        "Shen.Ops Units kept back Hat D Units: 0 → 4",
    ]
    mine = rows(manager)
    assert [one for one in mine if "kept back" in one] == ["Shen.Ops Units kept back Hat S Units: 0 → 4"]
    assert not any("Lower a price" in one or "promises" in one for one in mine)
    assert any("Courier" in one and "U-S" in one for one in mine)
    assert rows(dealer, f"{CHANGES}?kind=payouts") == rows(dealer)  # no such kind for them
    assert brand.signed_in("zhou.guide").get(CHANGES).status_code == 403


def test_finance_reads_terms_of_payouts_but_nothing_of_sourcing(brand: Brand):
    who = by(brand, "gu.finance")
    with brand.database.transaction() as conn:
        set_payout_terms(conn, payouts.Terms(currency="CNY", least_minor=7), by=who, comment="x", now=NOON)
        set_promise_terms(conn, promises.Terms(courier_kilometres=3), by=who, comment="x", now=NOON)
    finance = brand.signed_in("gu.finance")
    told = rows(finance)
    assert any("Terms of payouts" in one for one in told)
    assert not any("Terms of promises" in one for one in told)
    assert any("Terms of promises" in one for one in rows(brand.signed_in("shen.ops")))


# ---------------------------------------------------------------------------------------------- nothing is forgotten


def test_every_type_that_is_looked_for_is_in_the_index_and_is_written_down():
    def types(text: str) -> set[str]:
        return set(re.findall(r"'([a-z_]+)'", text.partition("where type in (")[2].partition(")")[0]))

    statement = SQL["events_of_settings"]
    files = Path(migrations.__file__).parent / "versions"
    indexed = (files / "0513_asked_counts_and_changes.sql").read_text(encoding="utf-8")
    asked = types(statement.text)
    assert asked == types(indexed.partition("event_of_settings on")[2]) == set(BODIES)
    own = asked - {"setting_changed"}
    assert set(GROUP_OF) == own | {kind.value for kind in SettingKind}
    assert set(KIND_WORDS) == set(SettingKind)


@pytest.mark.parametrize(
    "record",
    [promises.Terms, payouts.Terms, MarketplaceTerms, SlotTerms, BoxKind],
    ids=lambda one: one.__module__,
)
def test_every_part_of_what_is_set_has_a_word(record: type[msgspec.Struct]):
    assert [one for one in record.__struct_fields__ if one not in {*PART_WORDS, "site_id"}] == []


def test_the_list_is_read_by_the_index(brand: Brand):
    with brand.database.transaction() as conn:
        conn.execute("set local enable_seqscan = off")
        conn.execute("set local enable_bitmapscan = off")
        types = sql.SQL(", ").join(sql.Literal(one) for one in sorted(BODIES))
        asked = sql.SQL(
            "explain select position from log.event where type in ({}) order by position desc limit 50"
        ).format(types)
        plan = "\n".join(str(line) for (line,) in conn.execute(asked).fetchall())
    assert "event_of_settings" in plan
