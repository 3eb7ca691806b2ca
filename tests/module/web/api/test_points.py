"""Points over the API: members are given some, see and use their own alone, and only the whole brand corrects them."""

from collections.abc import Generator
from typing import Any
from uuid import UUID

import pytest

from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.org import Permission, Role
from loopline.pricing.points import accounts_of_members
from tests.make.api import PLENTY, House, served_house
from tests.make.points import points_in_force
from tests.make.pricing import new_id
from tests.make.shop import NOON
from tests.make.web import DEMO, settings
from tests.module.web.api.test_coupons import order, problem
from tests.module.web.api.test_me import sign_in

PATH = "/points/adjustments"


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    """The small shop with a programme, as a demo: the codes that members sign in with are told."""
    with served_house(database, web=settings(rates=PLENTY, demo=DEMO)) as house:
        with database.transaction() as conn:
            points_in_force(conn, now=NOON)
        yield house


def adjustment(member_id: str, points: int, **fields: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "member_id": member_id, "points": points, "reason": "sorry"} | fields


def members_of(database: Database) -> list[str]:
    with database.reading() as conn:
        return [
            str(one) for (one,) in conn.execute("select id from customers.member order by registered_at, id")
        ]


def test_a_member_sees_and_uses_the_own_alone(house: House, database: Database):
    api = house.api()
    anna, ben = (sign_in(house, f"1380000000{number}") for number in (1, 2))
    mine, _ = members_of(database)
    given = adjustment(mine, 1_000)
    told = {"member_id": mine, "pending": 0, "available": 1_000, "held": 0}
    assert api.granted(PATH, given) == [told]
    assert api.granted(PATH, given) == [told]
    assert problem(ben, "/orders", **order("M-0", points=1)) == "points_not_enough"
    placed = anna.ask("POST", "/orders", json=order("M-1", points=600))
    assert placed.json()["amount_minor"] == 11_300 - 600
    shown = anna.get("/me/points")
    assert (shown["available"], shown["held"], shown["end_points"]) == (400, 600, 400)
    assert [one["kind"] for one in shown["entries"]] == ["held", "adjusted"]
    assert problem(anna, "/orders", **order("M-2", points=401)) == "points_not_enough"
    empty = ben.get("/me/points")
    assert (empty["available"], empty["end_at"], empty["entries"]) == (0, None, [])


def test_a_branch_spends_no_points_of_members(house: House, database: Database):
    sign_in(house, "13800000001")
    (mine,) = members_of(database)
    house.api().granted(PATH, adjustment(mine, 1_000))
    asked = {"site_code": "S", "member_id": mine, "points": 600}
    refused = (
        house.as_role(Role.GUIDE, branch="U-S").ask("POST", "/orders", json=order("B-1", **asked)).json()
    )
    assert (refused["code"], refused["fields"]["subject"]) == ("not_in_your_branch", "POINTS")
    placed = house.api().ask("POST", "/orders", json=order("B-1", **asked))
    assert placed.status_code == 201, placed.text


def test_only_the_whole_brand_corrects_points_of_members_that_are_there(house: House, database: Database):
    api = house.api()
    sign_in(house, "13800000001")
    (mine,) = members_of(database)
    ghost = "00000000-0000-7000-8000-000000000009"
    found = api.post(PATH, adjustment(mine, 0), adjustment(ghost, 5), adjustment(mine, -5))
    codes = [one.get("problem", {}).get("code") for one in found]
    assert codes == ["points_not_adjusted", "member_unknown", None]
    dealer = house.api(branch="DEALER", permissions=[Permission.COUPONS_WRITE])
    assert dealer.refused(PATH, adjustment(mine, 5)) == ["not_in_your_branch"]
    reader = house.api(permissions=[Permission.PRICES_READ])
    assert reader.ask("POST", PATH, json={"items": [adjustment(mine, 5)]}).status_code == 403
    with database.reading() as conn:
        (account,) = accounts_of_members(conn, [MemberId(UUID(mine))])
    assert account.available == -5
