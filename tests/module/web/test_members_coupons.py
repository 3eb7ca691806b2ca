"""A coupon for members chosen from a list, over real HTTP: each has it once, and nobody gives what they may not."""

from collections.abc import Generator

import pytest

from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.pricing.coupons import offers_of_member
from tests.make.coupons import in_force
from tests.make.customers import member, phone, registered
from tests.make.web import data_directory
from tests.module.web.test_store import Site, opened, post

PATH = "/hq/members"


@pytest.fixture
def brand(database: Database) -> Generator[tuple[Site, list[MemberId]], None, None]:
    with opened(database) as site:
        with site.database.transaction() as conn:
            named = [member(phone(number), name="李雷") for number in (1, 2, 3)]
            people = registered(conn, named, keys=open_key_ring(data_directory() / "keys"))
            in_force(conn, "C", now=site.clock(), total=4)
            in_force(conn, "SMALL", now=site.clock(), total=1)
        yield site, people


def having(site: Site, people: list[MemberId]) -> list[list[str]]:
    """The batches of each one's coupons."""
    with site.database.reading() as conn:
        return [
            sorted(one.batch.code for one in offers_of_member(conn, who, now=site.clock(), at_most=9))
            for who in people
        ]


def test_chosen_members_have_a_coupon_each_and_once(brand: tuple[Site, list[MemberId]]):
    site, people = brand
    browser = site.signed_in("shen.ops")
    found = post(browser, f"{PATH}/find", {"text": "李雷", "reason": "service"}, page=PATH).text
    assert all(f'name="member" value="{one}"' in found for one in people)
    assert '<option value="C">' in found
    first, second, third = (str(one) for one in people)

    def give(batch: str, *chosen: str) -> str:
        sent = {"batch": batch, "member": list(chosen)}
        answer = post(browser, f"{PATH}/coupon", sent, page=PATH)
        assert answer.status_code == 303
        return browser.get(answer.headers["location"]).text

    assert "Given to 2." in give("C", first, second, first)
    assert having(site, people) == [["C"], ["C"], []]
    mixed = give("C", second, third)
    assert "Given to 1." in mixed
    assert "Nobody gets more than 1" in mixed
    last = give("SMALL", first, second)
    assert having(site, people) == [["C", "SMALL"], ["C"], ["C"]], last
    for chosen in ([], ["nobody"]):
        assert "Choose members" in give("C", *chosen)
    assert "Choose members" in give("", first)
    unknown = give("C", "00000000-0000-7000-8000-000000000000")
    assert "Nobody of these is a member you see." in unknown
    assert having(site, people) == [["C", "SMALL"], ["C"], ["C"]]


def test_who_may_not_give_coupons_is_offered_none_and_gives_none(brand: tuple[Site, list[MemberId]]):
    site, people = brand
    browser = site.signed_in("lin.manager")
    sent = {"batch": "C", "member": str(people[0])}
    assert post(browser, f"{PATH}/coupon", sent, page="/store").status_code == 403
    assert having(site, people) == [[], [], []]
