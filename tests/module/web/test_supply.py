"""Terms of supply over real HTTP: agreed by finance, read by whose companies they are, by page and by program."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from loopline import org
from loopline.db import Conn, Database
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import NewEntity, NewParty, NewUnit, PartyKind, Role, UnitKind
from loopline.org.model import EntityKind
from loopline.processes.place import Placed, place
from loopline.processes.supply import settle_noted
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, stock_up
from tests.make.web import DEMO, served, settings
from tests.module.web.test_store import PAGE as AS_PAGE
from tests.module.web.test_store import post

PAGE = "/hq/supply"
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")


@pytest.fixture
def shop(database: Database) -> Shop:
    """A brand that sold three hats of a dealer's, and another dealer that has nothing to do with it."""
    with database.transaction() as conn:
        found = open_shop(conn, units=0)
        stock_up(conn, found, {("D", sku): 20 for sku in PRICES})
        _open_another_dealer(conn)
        people = [
            ("gu.finance", "HX", Role.FINANCE),
            ("chen.dealer", "DEALER", Role.DEALER),
            ("ma.dealer", "OTHER", Role.DEALER),
        ]
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in people]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=NOON))
        draft = ask(found, "W-1", lines=lines(found, ("HAT", 3)))
        (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed), placed
        pay_for(conn, found, placed)
        hand_over_everything(conn, now=NOON)
        follow(conn, SETTLE)
    return found


def _open_another_dealer(conn: Conn) -> None:
    unit = NewUnit(
        code="OTHER",
        kind=UnitKind.DEALER,
        name="另一家 The other",
        parent_code="HX",
        time_zone="Asia/Shanghai",
        country="CN",
    )
    succeeded(org.add_units(conn, [unit], by=None, now=NOON))
    company = NewEntity(
        code="OTHER-CO",
        kind=EntityKind.DEALER_COMPANY,
        name="另一家公司 Other Co",
        unit_code="OTHER",
        country="CN",
        currency="CNY",
    )
    succeeded(org.add_entities(conn, [company], by=None, now=NOON))
    party = NewParty(
        code="OTHER", kind=PartyKind.DEALER, name="Other", unit_code="OTHER", entity_code="OTHER-CO"
    )
    succeeded(org.add_parties(conn, [party], by=None, now=NOON))


@pytest.fixture
def base(database: Database, shop: Shop) -> Generator[str, None, None]:
    with served(database, settings(demo=DEMO), clock=lambda: NOON) as address:
        yield address


def client(base: str, name: str) -> httpx.Client:
    """A program of somebody's."""
    asked = {"sign_in_name": name, "password": PASSWORD}
    found = httpx.post(f"{base}/api/v1/sessions", json=asked, trust_env=False)
    assert found.is_success, found.text
    headers = {"Authorization": f"Bearer {found.json()['token']}"}
    return httpx.Client(base_url=f"{base}/api/v1", headers=headers, trust_env=False)


@contextmanager
def signed_in(base: str, name: str) -> Generator[httpx.Client, None, None]:
    """Somebody's browser."""
    with httpx.Client(base_url=base, headers=AS_PAGE, timeout=60) as browser:
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        yield browser


def term(**fields: Any) -> dict[str, Any]:
    stated = {
        "owner_code": "DEALER-CO",
        "buyer_code": "BRAND-CO",
        "currency": "CNY",
        "kind": "purchase",
        "unit_minor": 500,
        "comment": "Hats of spring",
        "from_at": "2026-01-01T00:00:00+08:00",
    }
    return stated | fields


def test_what_is_agreed_settles_what_was_noted_and_is_seen_by_both_alone(base: str, database: Database):
    with (
        client(base, "gu.finance") as finance,
        client(base, "chen.dealer") as dealer,
        client(base, "ma.dealer") as other,
    ):
        (noted,) = dealer.get("/supply-balances").json()
        assert (noted["owner_code"], noted["unagreed_units"], noted["owed_minor"]) == ("DEALER-CO", 3, 0)
        assert other.get("/supply-balances").json() == []
        refused, made = finance.post(
            "/supply-terms", json={"items": [term(owner_code="NOBODY"), term()]}
        ).json()["outcomes"]
        assert refused["problem"]["code"] == "unknown_code"
        assert made["value"]["owner_code"] == "DEALER-CO"
        with database.transaction() as conn:
            assert settle_noted(conn, now=NOON, limit=10) == 1
        (owed,) = dealer.get("/supply-balances").json()
        assert (owed["unagreed_units"], owed["owed_minor"]) == (0, 1_500)
        assert [one["unit_minor"] for one in dealer.get("/supply-terms").json()["items"]] == [500]
        assert other.get("/supply-balances").json() == []
        assert other.get("/supply-terms").json()["items"] == []


def test_only_who_sees_the_whole_brand_agrees(base: str):
    with client(base, "chen.dealer") as dealer:
        assert dealer.post("/supply-terms", json={"items": [term()]}).status_code == 403


def test_terms_are_listed_page_by_page_the_newest_first(base: str):
    with client(base, "gu.finance") as finance:
        several = [term(sku_code=code, unit_minor=place) for place, code in enumerate(PRICES)]
        answer = finance.post("/supply-terms", json={"items": several}).json()["outcomes"]
        assert all("value" in one and one["value"] for one in answer)
        seen: list[int] = []
        cursor: str | None = None
        while True:
            asked = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = finance.get("/supply-terms", params=asked).json()
            seen += [one["unit_minor"] for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == list(range(len(PRICES)))[::-1]


def form(**fields: str) -> dict[str, str]:
    typed = {
        "owner": "DEALER-CO",
        "buyer": "BRAND-CO",
        "kind": "consignment",
        "of": "net",
        "value": "62.5",
        "currency": "cny",
        "comment": "寄售 Left with us",
    }
    return typed | fields


def test_the_page_writes_what_it_says_and_keeps_what_cannot_be_read(base: str):
    with signed_in(base, "gu.finance") as browser:
        shown = browser.get(PAGE).text
        assert "No terms yet" in shown
        assert "3 units" in shown
        wrong = post(browser, f"{PAGE}/agree", form(value="a lot"), page=PAGE)
        assert wrong.status_code == 303
        kept = browser.get(wrong.headers["location"]).text
        assert "write a percentage from 0 to 100" in kept
        assert 'value="a lot"' in kept
        for moment in ("0001-01-01 00:00", "9999-12-31 23:59", "soon"):
            odd = post(browser, f"{PAGE}/agree", form(from_at=moment), page=PAGE)
            assert "write a moment like" in browser.get(odd.headers["location"]).text
        done = post(browser, f"{PAGE}/agree", form(), page=PAGE)
        after = browser.get(done.headers["location"]).text
        assert "62.5 % of the net amount" in after
        assert "passes on what is not its own" in after


def test_a_dealer_reads_the_page_and_may_not_write(base: str):
    with signed_in(base, "chen.dealer") as dealer:
        shown = dealer.get(PAGE).text
        assert "3 units" in shown
        assert f"{PAGE}/agree" not in shown
        assert post(dealer, f"{PAGE}/agree", form(), page=PAGE).status_code == 403
    with signed_in(base, "ma.dealer") as other:
        assert "Handed over though nothing was agreed" not in other.get(PAGE).text
