"""Stored value on pages: topped up at a till, seen by its member, terms set and cash-outs approved at headquarters."""

from collections.abc import Generator
from uuid import UUID

import httpx
import msgspec
import pytest

from loopline.customers import open_key_ring
from loopline.db import Database
from loopline.kernel.ids import MemberId, uuid7
from loopline.processes.shift import begin_shift
from loopline.stored_value import accounts_of_members, terms_in_force
from tests.make.customers import member, phone, registered
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.stored_value import offered, topped_up, value_of
from tests.make.till import TILL
from tests.make.web import data_directory, served, settings
from tests.module.web.test_till import AS_PROGRAM, sign_in
from tests.process.test_shift import new_shift


class Pages(msgspec.Struct):
    """A served house with a member, looked at by whoever signs in."""

    database: Database
    stage: Stage
    browser: httpx.Client
    anna: MemberId

    def as_person(self, name: str) -> None:
        self.browser.cookies.clear()
        sign_in(self.browser, name)

    def post(self, path: str, **fields: str) -> httpx.Response:
        token = self.browser.cookies.get("loopline_form", "")
        return self.browser.post(path, data={"_csrf_token": token, **fields}, follow_redirects=True)

    def value(self) -> tuple[int, int]:
        with self.database.reading() as conn:
            return value_of(conn, self.anna)


@pytest.fixture
def pages(database: Database) -> Generator[Pages, None, None]:
    ring = open_key_ring(data_directory() / "keys")
    with database.transaction() as conn:
        stage = open_store(conn)
        (anna,) = registered(conn, [member(phone(1), name="Anna")], keys=ring)
    with (
        served(database, settings(demo=DEMO), clock=Clock()) as base,
        httpx.Client(base_url=base, headers=AS_PROGRAM | {"accept-language": "en"}, timeout=60) as browser,
    ):
        yield Pages(database, stage, browser, anna)


def top_up(pages: Pages, made: UUID, amount: str, **fields: str) -> httpx.Response:
    said = {"till": str(TILL), "made": str(made), "who": "13800000001", "amount": amount, "method": "cash"}
    return pages.post("/store/till/top-up/take", **(said | fields))


def test_a_till_tops_up_once_and_says_what_is_there(pages: Pages):
    pages.as_person("zhou.guide")
    shut = pages.browser.get(f"/store/till/top-up?till={TILL}")
    assert "No stored value is taken here" in shut.text
    with pages.database.transaction() as conn:
        offered(conn, pages.stage.shop.brand_entity)
    assert "No shift is open" in pages.browser.get(f"/store/till/top-up?till={TILL}").text
    made = uuid7(NOON)
    refused = top_up(pages, made, "100")
    assert refused.status_code == 409
    assert pages.value() == (0, 0)
    with pages.database.transaction() as conn:
        begin_shift(conn, new_shift(pages.stage), now=NOON)
    shown = pages.browser.get(f"/store/till/top-up?till={TILL}").text
    assert "From CN¥100.00 on, CN¥10.00 beside it" in shown
    for _ in range(2):
        done = top_up(pages, made, "100")
        assert "Topped up: CN¥100.00, and CN¥10.00 given beside it." in done.text
        assert "Stored value: CN¥110.00, CN¥10.00 of it bonus" in done.text
    assert pages.value() == (10_000, 1_000)
    nobody = top_up(pages, uuid7(NOON), "100", who="13900000009")
    assert nobody.status_code == 404
    assert 'value="13900000009"' in nobody.text
    much = top_up(pages, uuid7(NOON), "5000")
    assert "Nobody may have more than CN¥5,000.00" in much.text
    assert pages.value() == (10_000, 1_000)
    report = pages.browser.get("/store/till/shift").text
    assert "Shift" in report


def test_headquarters_sets_terms_and_approves_what_is_paid_out(pages: Pages):
    pages.as_person("gu.finance")
    assert "BRAND-CO" in pages.browser.get("/hq/stored-value").text
    terms = {"company": "BRAND-CO", "least_minor": "1", "most_minor": "1000", "unproven_minor": "100"}
    terms |= {"alone_minor": "50", "from0": "100", "bonus0": "10", "is_offered": "yes"}
    wrong = pages.post("/hq/stored-value/set", **(terms | {"most_minor": "much"}))
    assert "Say an amount" in wrong.text
    assert 'value="much"' in wrong.text
    assert "Set: it holds" in pages.post("/hq/stored-value/set", **terms).text
    with pages.database.transaction() as conn:
        (held,) = terms_in_force(conn).values()
        account = topped_up(conn, pages.anna, pages.stage.shop.brand_entity, 20_000)
    assert (held.most_minor, held.alone_minor, held.bonuses[0].bonus_minor) == (100_000, 5_000, 1_000)
    assert "CN¥200.00" in pages.browser.get("/hq/stored-value").text

    pages.as_person("shen.ops")
    path = f"/hq/members/{pages.anna}"
    shown = pages.browser.get(path).text
    assert "Stored value: CN¥210.00, CN¥10.00 of it bonus" in shown
    asked = pages.post(
        f"{path}/pay-out", made=str(uuid7(NOON)), account=str(account.id), method="bank_transfer"
    )
    assert "once somebody else approves it: CN¥200.00" in asked.text
    assert "CN¥200.00 is paid out once finance approves it" in asked.text
    assert pages.post("/hq/stored-value/decide", asked=str(account.id), act="approve").status_code == 403

    pages.as_person("gu.finance")
    waiting = pages.browser.get("/hq/stored-value").text
    (asked_id,) = {part.split('"')[0] for part in waiting.split('name="asked" value="')[1:]}
    done = pages.post("/hq/stored-value/decide", asked=asked_id, act="approve")
    assert "Paid out: CN¥200.00." in done.text
    assert pages.value() == (0, 0)


def test_terms_that_cannot_hold_name_their_field_as_the_form_does(pages: Pages):
    pages.as_person("gu.finance")
    terms = {"company": "BRAND-CO", "least_minor": "1", "most_minor": "0.50", "unproven_minor": "0"}
    wrong = pages.post("/hq/stored-value/set", alone_minor="0", is_offered="yes", **terms)
    assert "on these terms: look at A member has at most, bonus included." in wrong.text


def test_what_waits_to_be_paid_out_is_shown_as_it_would_be_paid(pages: Pages):
    brand, path = pages.stage.shop.brand_entity, f"/hq/members/{pages.anna}"
    with pages.database.transaction() as conn:
        offered(conn, brand)
        account = topped_up(conn, pages.anna, brand, 20_000)
    pages.as_person("shen.ops")
    asked = {"made": str(uuid7(NOON)), "account": str(account.id), "method": "bank_transfer"}
    assert "CN¥200.00 is paid out once finance approves it" in pages.post(f"{path}/pay-out", **asked).text
    with pages.database.transaction() as conn:
        topped_up(conn, pages.anna, brand, 500)
    assert "CN¥205.00 is paid out once finance approves it" in pages.browser.get(path).text
    pages.as_person("gu.finance")
    assert '<b class="number">CN¥205.00</b>' in pages.browser.get("/hq/stored-value").text


def test_a_branch_sets_no_terms_and_pays_nobody_out(pages: Pages):
    with pages.database.transaction() as conn:
        offered(conn, pages.stage.shop.brand_entity)
        topped_up(conn, pages.anna, pages.stage.shop.brand_entity, 1_000)
        (account,) = accounts_of_members(conn, [pages.anna])
    pages.as_person("lin.manager")
    assert pages.browser.get("/hq/stored-value").status_code == 403
    asked = {"made": str(uuid7(NOON)), "account": str(account.id), "method": "cash"}
    refused = pages.post(f"/hq/members/{pages.anna}/pay-out", **asked)
    assert refused.status_code == 403
    assert pages.value() == (1_000, 0)
