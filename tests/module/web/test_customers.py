"""My customers over real HTTP: who is listed for whom and why, who is left alone, cards, phones that are opened."""

import re
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from loopline import customers, reviews
from loopline.customers import (
    BindingRole,
    ConsentChange,
    ConsentChannel,
    Moment,
    NewBinding,
    bind_members,
    record_consents,
    record_moments,
)
from loopline.customers.keys import open_key_ring
from loopline.db import Conn, Database
from loopline.kernel.ids import MemberId, PartyId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.pricing.coupons import offers_of_member
from loopline.processes.membership import forget
from loopline.processes.place import Placed, place
from loopline.processes.touch.crediting import credits_for
from loopline.touchpoints import Buyer
from tests.make.coupons import in_force
from tests.make.customers import consent_key, member, phone, registered
from tests.make.org import PASSWORD
from tests.make.points import points_given, points_in_force
from tests.make.shop import NOON, ask, till_sale
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.web import data_directory, served, settings

PAGE = {"accept": "text/html", "accept-language": "en"}
TOKEN = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')
DAY = timedelta(days=1)


class Site:
    """A served brand whose guide Zhou has customers."""

    def __init__(
        self, database: Database, stage: Stage, base: str, clock: Clock, browsers: ExitStack
    ) -> None:
        self.database = database
        self.stage = stage
        self.base = base
        self.clock = clock
        self._browsers = browsers

    def signed_in(self, name: str) -> httpx.Client:
        browser = self._browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE, timeout=60))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser


def post(browser: httpx.Client, path: str, form: dict[str, str], *, page: str) -> httpx.Response:
    found = TOKEN.search(browser.get(page).text)
    assert found is not None
    return browser.post(path, data={"_csrf_token": found.group(1), **form})


@pytest.fixture
def site(database: Database) -> Generator[Site]:
    with database.transaction() as conn:
        stage = open_store(conn)
    clock = Clock(NOON)
    with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
        yield Site(database, stage, base, clock, browsers)


def customer(
    conn: Conn, stage: Stage, number: int, *, of: PartyId | None = None, agrees: bool = True
) -> MemberId:
    """A member who is bound to the guide, and lets the brand's guides write to them."""
    ring = open_key_ring(data_directory() / "keys")
    (someone,) = registered(conn, [member(phone(number), name=f"王{number}")], keys=ring)
    bind_members(
        conn,
        [NewBinding(member_id=someone, role=BindingRole.GUIDE, party_id=of or stage.guide, reason="test")],
        now=NOON - 99 * DAY,
    )
    if agrees:
        agree(conn, stage, someone)
    return someone


def agree(conn: Conn, stage: Stage, someone: MemberId, *, granted: bool = True) -> None:
    key = consent_key(someone, channel=ConsentChannel.GUIDE, receiver_id=stage.shop.parties["BRAND"])
    change = ConsentChange(key=key, granted=granted, at=NOON - DAY, source="test")
    record_consents(conn, [change], now=NOON)


def bought(conn: Conn, stage: Stage, someone: MemberId, number: str, *, at: datetime) -> None:
    draft = till_sale(stage.shop, number, member_id=someone, placed_at=at)
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=at)
    assert isinstance(placed, Placed), placed
    record_moments(
        conn, [Moment(member_id=someone, at=at, kind="order_placed", subject=UUID(int=len(number)))]
    )


def section(page: str, key: str) -> str:
    return page.partition(f'id="customers-{key}"')[2].partition("</section>")[0]


def listed(page: str, key: str, ids: Sequence[MemberId]) -> list[int]:
    """Which of some members a list of a page shows."""
    part = section(page, key)
    return [place for place, one in enumerate(ids) if f"/store/customers/{one}" in part]


def test_a_guide_sees_whom_to_call_and_why_and_leaves_alone_who_never_agreed(site: Site):
    with site.database.transaction() as conn:
        first, away, silent, new = ids = [
            customer(conn, site.stage, place, agrees=place != 3) for place in (1, 2, 3, 4)
        ]
        for number, someone, ago in (
            ("T-1", first, 8),
            ("T-22", away, 70),
            ("T-333", silent, 70),
            ("T-4444", new, 1),
        ):
            bought(conn, site.stage, someone, number, at=NOON - ago * DAY)
    zhou = site.signed_in("zhou.guide")
    page = zhou.get("/store/customers").text
    assert listed(page, "call", ids) == [0, 1]
    assert listed(page, "came", ids) == [0, 3]
    assert ("Bought for the first time a week ago" in page, "Not seen for two months" in page) == (True, True)
    assert "not on this list: 1." in page
    assert 'data-key="customers-call">2<' in page
    # Names and phones are masked, and that they were looked at is written down.
    assert ("王" in page, "13800000001" in page, "0001" in page) == (True, False, True)
    with site.database.reading() as conn:
        (access,) = customers.last_accesses(conn, first, limit=5)
    assert (access.purpose, access.actor) == ("My customers", f"person:{site.stage.people['zhou.guide']}")

    assert (
        post(zhou, f"/store/customers/{first}/rest", {"how": "called"}, page="/store/customers").status_code
        == 303
    )
    assert (
        post(zhou, f"/store/customers/{away}/rest", {"how": "later"}, page="/store/customers").status_code
        == 303
    )
    page = zhou.get("/store/customers").text
    assert (listed(page, "call", ids), "or put off: 2." in page) == ([], True)
    site.clock.turn(DAY)
    page = site.signed_in("zhou.guide").get("/store/customers").text
    assert listed(page, "call", ids) == [1]
    with site.database.reading() as conn:
        told = conn.execute("select count(*) from log.event where type = 'member_rests'").fetchone()
    assert told == (2,)


def test_a_no_to_ones_guide_outweighs_a_yes_to_every_way(site: Site):
    with site.database.transaction() as conn:
        someone = customer(conn, site.stage, 1, agrees=False)
        bought(conn, site.stage, someone, "T-1", at=NOON - 70 * DAY)
        brand = site.stage.shop.parties["BRAND"]
        key = consent_key(someone, channel=ConsentChannel.ANY, receiver_id=brand)
        record_consents(
            conn, [ConsentChange(key=key, granted=True, at=NOON - 2 * DAY, source="test")], now=NOON
        )
    zhou = site.signed_in("zhou.guide")
    assert listed(zhou.get("/store/customers").text, "call", [someone]) == [0]
    with site.database.transaction() as conn:
        agree(conn, site.stage, someone, granted=False)
    assert listed(zhou.get("/store/customers").text, "call", [someone]) == []


def test_who_waits_for_an_answer_is_listed_with_what_for(site: Site):
    with site.database.transaction() as conn:
        someone, quiet = (customer(conn, site.stage, one, agrees=False) for one in (1, 2))
        bought(conn, site.stage, quiet, "T-1", at=NOON - DAY)
        (placed,) = place(
            conn, [ask(site.stage.shop, "W-1", member_id=someone)], scope=WHOLE_BRAND, now=NOON - DAY
        )
        assert isinstance(placed, Placed)
        conn.execute(
            "insert into reviews.review (id, about, order_id, site_id, member_id, stars, text, language,"
            " written_at, changed_at, version) values (%s, 'store', %s, %s, %s, 2, 'slow', 'en', %s, %s, 1)",
            (uuid4(), placed.order_id, site.stage.shop.sites["S"], someone, NOON, NOON),
        )
        assert reviews.members_unanswered(conn, [someone, quiet]) == {someone}
    zhou = site.signed_in("zhou.guide")
    page = zhou.get("/store/customers").text
    assert listed(page, "waits", [someone, quiet]) == [0]
    assert "Wrote a review that nobody answered" in section(page, "waits")
    with site.database.transaction() as conn:
        conn.execute("update reviews.review set reply = 'sorry', replied_at = now()")
    assert listed(zhou.get("/store/customers").text, "waits", [someone]) == []


def test_customers_are_seen_by_their_guide_and_their_store_and_nobody_else(site: Site):
    with site.database.transaction() as conn:
        ours = customer(conn, site.stage, 1)
        dealers = customer(conn, site.stage, 2, of=site.stage.shop.parties["STORE-D"])
        for number, someone in (("T-1", ours), ("T-22", dealers)):
            bought(conn, site.stage, someone, number, at=NOON - DAY)
        gone = customer(conn, site.stage, 3)
        forget(conn, [gone], now=NOON, actor="tests")
    ids = [ours, dealers, gone]
    pages = {name: site.signed_in(name) for name in ("zhou.guide", "lin.manager", "sun.manager")}
    seen = {name: listed(one.get("/store/customers").text, "came", ids) for name, one in pages.items()}
    assert seen["zhou.guide"] == [0]
    assert seen["lin.manager"] == [0]
    assert "周可" in pages["lin.manager"].get("/store/customers").text
    sun = pages["sun.manager"]
    for someone in (ours, gone):
        path = f"/store/customers/{someone}"
        assert sun.get(path).status_code == 404
        token = TOKEN.search(sun.get("/store/customers").text)
        assert token is not None
        for name in ("card", "phone", "rest"):
            form = {"_csrf_token": token.group(1), "product": "COAT", "purpose": "call", "how": "called"}
            assert sun.post(f"{path}/{name}", data=form).status_code == 404, name
    with site.database.reading() as conn:
        assert conn.execute("select count(*) from customers.rest").fetchone() == (0,)
        assert conn.execute("select count(*) from touchpoints.touchpoint").fetchone() == (0,)
    # A packer has no customers, nor may they look for any.
    assert site.signed_in("wu.packer").get("/store/customers").status_code == 403


def test_a_card_is_made_in_two_taps_and_what_it_brings_is_the_guides(site: Site):
    with site.database.transaction() as conn:
        someone = customer(conn, site.stage, 1)
    zhou = site.signed_in("zhou.guide")
    path = f"/store/customers/{someone}"
    made = [post(zhou, f"{path}/card", {"product": "COAT"}, page=path) for _ in range(2)]
    assert [one.status_code for one in made] == [200, 200]
    (address, again) = (re.findall(r'data-address="([^"]+)"', one.text)[0] for one in made)
    assert address == again
    assert "<svg" in made[0].text
    with httpx.Client(base_url=site.base, headers=PAGE, timeout=60) as buyer:
        opened = buyer.get(address)
        assert (opened.status_code, opened.headers["location"]) == (302, "/p/COAT")
        visitor = UUID(next(iter(dict(buyer.cookies).values())).strip('"'))
    with site.database.reading() as conn:
        (credited,) = credits_for(
            conn, [Buyer(member_id=None, visitor=visitor, touchpoint_code=None, at=NOON + timedelta(hours=1))]
        )
    assert credited.guide_id == site.stage.guide
    unknown = post(zhou, f"{path}/card", {"product": "NONE"}, page=path)
    assert unknown.status_code == 404


def test_a_phone_is_opened_for_a_purpose_that_is_written_down(site: Site):
    with site.database.transaction() as conn:
        someone = customer(conn, site.stage, 1, agrees=False)
    zhou = site.signed_in("zhou.guide")
    path = f"/store/customers/{someone}"
    assert "tel:" not in zhou.get(path).text
    assert "tel:" not in post(zhou, f"{path}/phone", {"purpose": "fun"}, page=path).text
    # Who agreed to no call is asked about an order, and not called to be sold something.
    assert 'value="call"' not in zhou.get(path).text
    assert "tel:" not in post(zhou, f"{path}/phone", {"purpose": "call"}, page=path).text
    assert "tel:" in post(zhou, f"{path}/phone", {"purpose": "order"}, page=path).text
    with site.database.transaction() as conn:
        agree(conn, site.stage, someone)
    opened = post(zhou, f"{path}/phone", {"purpose": "call"}, page=path)
    assert 'href="tel:+8613800000001"' in opened.text
    with site.database.reading() as conn:
        purposes = [one.purpose for one in customers.last_accesses(conn, someone, limit=10)]
    assert purposes.count("Called by their guide") == 1


def test_a_guide_gives_what_staff_of_the_store_may_give_to_their_own_customers(site: Site):
    with site.database.transaction() as conn:
        mine, others = (
            customer(conn, site.stage, number, of=party)
            for number, party in ((1, site.stage.guide), (2, PartyId(uuid4())))
        )
        in_force(conn, "STAFF", now=NOON - DAY, by_staff=True, name="导购礼 From your guide")
        in_force(conn, "ELSEWHERE", now=NOON - DAY, by_staff=True, site_code="D")
        in_force(conn, "HQ", now=NOON - DAY)
    zhou = site.signed_in("zhou.guide")
    path = f"/store/customers/{mine}"
    assert "pending" not in zhou.get(path).text
    with site.database.transaction() as conn:
        points_in_force(conn)
        points_given(conn, mine, 1_200, now=NOON)
    page = zhou.get(path).text
    assert "1,200 to use, 0 pending" in page
    assert re.findall(r'name="batch" value="(\w+)"', page) == ["STAFF"]
    given = post(zhou, f"{path}/coupon", {"batch": "STAFF"}, page=path)
    assert (given.status_code, 'role="status">Given<' in given.text) == (200, True)
    twice = post(zhou, f"{path}/coupon", {"batch": "STAFF"}, page=path)
    assert (twice.status_code, "Nobody gets more than 1" in twice.text) == (409, True)
    for code in ("ELSEWHERE", "HQ"):
        refused = post(zhou, f"{path}/coupon", {"batch": code}, page=path)
        assert (refused.status_code, "not for staff to give" in refused.text) == (409, True)
    elsewhere = post(zhou, f"/store/customers/{others}/coupon", {"batch": "STAFF"}, page=path)
    assert elsewhere.status_code == 404
    with site.database.reading() as conn:
        (offer,) = offers_of_member(conn, mine, now=NOON, at_most=10)
        assert offers_of_member(conn, others, now=NOON, at_most=10) == []
    assert offer.coupon.given_by == f"person:{site.stage.people['zhou.guide']}"
