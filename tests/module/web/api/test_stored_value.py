"""Stored value over the API: terms and cash-outs for the whole brand, top-ups for one's sites, one's own to look at."""

from collections.abc import Generator
from typing import Any

import pytest

from loopline.db import Database
from loopline.org import Permission, Role
from tests.make.api import PLENTY, House, served_house
from tests.make.pricing import new_id
from tests.make.web import DEMO, settings
from tests.module.web.api.test_me import sign_in
from tests.module.web.api.test_points import members_of

TERMS = "/stored-value/terms"
TOP_UPS = "/stored-value/top-ups"
CASH_OUTS = "/stored-value/cash-outs"


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    with served_house(database, web=settings(rates=PLENTY, demo=DEMO)) as house:
        yield house


def terms(**fields: Any) -> dict[str, Any]:
    return {"company_code": "BRAND-CO", "bonuses": [{"from_minor": 10_000, "bonus_minor": 1_000}]} | fields


def top_up(member_id: str, **fields: Any) -> dict[str, Any]:
    stated = {"id": str(new_id()), "member_id": member_id, "site_code": "S", "amount_minor": 10_000}
    return stated | {"method": "cash"} | fields


def test_money_is_paid_ahead_and_its_member_sees_it(house: House, database: Database):
    api, anna = house.api(), sign_in(house, "13800000001")
    (mine,) = members_of(database)
    assert api.refused(TOP_UPS, top_up(mine)) == ["stored_value_not_offered"]
    assert anna.get("/me/stored-value") == {"accounts": [], "movements": []}
    (set_now,) = api.granted(TERMS, terms())
    assert (set_now["company_code"], set_now["currency"]) == ("BRAND-CO", "CNY")
    one = top_up(mine)
    first, again, other = api.post(TOP_UPS, one, one, one | {"amount_minor": 9_000})
    assert (first["value"]["principal_minor"], first["value"]["added_bonus_minor"]) == (10_000, 1_000)
    assert (first["value"]["is_repeat"], again["value"]["is_repeat"]) == (False, True)
    assert (other["problem"]["code"], other["problem"]["fields"]) == (
        "topped_up_otherwise",
        {"field": "amount_minor"},
    )
    shown = anna.get("/me/stored-value")
    (account,) = shown["accounts"]
    assert (account["company_code"], account["principal_minor"], account["bonus_minor"]) == (
        "BRAND-CO",
        10_000,
        1_000,
    )
    assert [(each["kind"], each["principal_minor"]) for each in shown["movements"]] == [("topped_up", 10_000)]


def test_a_branch_takes_money_at_its_sites_and_pays_none_out(house: House, database: Database):
    sign_in(house, "13800000001")
    (mine,) = members_of(database)
    api, guide = house.api(), house.as_role(Role.GUIDE, branch="U-S")
    assert guide.refused(TERMS, terms()) == ["not_in_your_branch"]
    assert api.refused(TERMS, terms(company_code="NOBODY")) == ["no_such_thing"]
    assert api.refused(TERMS, terms(least_minor=900_000)) == ["stored_value_terms_not_usable"]
    api.granted(TERMS, terms(alone_minor=9_999))
    (told,) = guide.granted(TOP_UPS, top_up(mine))
    assert guide.refused(TOP_UPS, top_up(mine, site_code="W")) == ["not_in_your_branch"]
    asked = {"id": str(new_id()), "account_id": told["account_id"], "method": "bank_transfer"}
    assert guide.refused(CASH_OUTS, asked) == ["not_in_your_branch"]
    (waiting,) = api.granted(CASH_OUTS, asked)
    assert (waiting["state"], waiting["amount_minor"]) == ("asked", 10_000)
    yes = {"id": asked["id"], "is_approved": True}
    assert guide.refused(f"{CASH_OUTS}/decide", yes) == ["not_in_your_branch"]
    assert api.refused(f"{CASH_OUTS}/decide", yes) == ["cash_out_by_another"]
    (paid,) = house.as_role(Role.FINANCE, branch="HX").granted(f"{CASH_OUTS}/decide", yes)
    assert (paid["state"], paid["amount_minor"]) == ("paid", 10_000)
    reader = house.api(permissions=[Permission.PAYMENTS_READ])
    for path, item in (
        (TERMS, terms()),
        (TOP_UPS, top_up(mine)),
        (CASH_OUTS, asked),
        (f"{CASH_OUTS}/decide", yes),
    ):
        assert reader.ask("POST", path, json={"items": [item]}).status_code == 403
