"""A site that hands over less than it says is given less, everywhere, as far as HQ lets it and nobody fixed it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from loopline import orders
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment import service as fulfilment_service
from loopline.fulfilment.ahead import ordinary_limits
from loopline.fulfilment.calls import ClaimCall
from loopline.fulfilment.model import DayLimit, SiteLimit
from loopline.fulfilment.rules import SiteIsFull
from loopline.insight.capacity.model import SiteCapacity, Verdict
from loopline.insight.capacity.queries import standing
from loopline.insight.capacity.recount import capacity_that_differs
from loopline.insight.capacity.store import newest_version
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.kernel.times import business_day
from loopline.orders import PutOff, WaitsFor
from loopline.processes.claim import claim
from loopline.processes.doctor import BETWEEN_ROOMS, examine
from loopline.processes.equip import SiteNotYours
from loopline.processes.learnt_capacity import (
    FixWish,
    SayWhyItHolds,
    SiteSaysNothing,
    fix_limits,
    learn_capacity,
    limit_of,
    renew_limits,
    standing_of_branch,
)
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.sourcing import profiles
from loopline.sourcing.learnt_capacity import LearntCapacity
from loopline.sourcing.settings import Profile, Publication, Settings
from tests.make.calls import wave_of_calls
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop
from tests.make.worked import ZONE, work_days

# Six days of ten leave as much as they do; on the others there was little to do.
SLOW = [(4, 4), (4, 3), (2, 0), (4, 4), (1, 0), (4, 3), (5, 4), (3, 0), (4, 4), (2, 0)] * 3
TODAY = business_day(NOON, ZONE)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    shop = open_shop(conn)
    work_days(conn, shop.sites["S"], SLOW, stated=10, until=NOON)
    return shop


def let(conn: Conn, rule: LearntCapacity) -> None:
    draft = profiles.draft_profile(conn, Settings(learnt_capacity=rule), based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    wish = Publication(version=draft.version, comment="as it is", by="hq")
    assert isinstance(profiles.publish_profile(conn, wish, now=NOON, site_ids=[]), Profile)


def of_store(conn: Conn, shop: Shop) -> SiteCapacity:
    (found,) = standing(conn, [shop.sites["S"]])
    return found


def left(conn: Conn, shop: Shop) -> int:
    (found,) = fulfilment.capacity_of_sites(conn, [shop.sites["S"]], day=TODAY)
    return found.left


def test_it_is_learnt_and_measured_and_holds_for_nobody_until_hq_says_so(conn: Conn, shop: Shop):
    assert learn_capacity(conn, now=NOON) == 0
    store = of_store(conn, shop)
    assert (store.stated_per_day, store.learnt_per_day, store.full_days, store.days) == (10, 4, 18, 30)
    assert (store.verdict, store.held_back_days) == (Verdict.BETTER, 14)
    assert store.stated_error is not None
    assert store.learnt_error is not None
    assert store.learnt_error < store.stated_error / 3
    assert (store.holds, left(conn, shop)) == (10, 10)
    version = newest_version(conn)
    assert version is not None
    assert (version.first_day, version.last_day) == (TODAY - timedelta(days=57), TODAY - timedelta(days=2))


def test_the_lower_limit_holds_for_gathering_promising_and_claiming_alike(conn: Conn, shop: Shop):
    let(conn, LearntCapacity(is_used=True, least_percent=10))
    assert learn_capacity(conn, now=NOON) == 1
    assert (of_store(conn, shop).holds, left(conn, shop), ordinary_limits(conn)[shop.sites["S"]]) == (4, 4, 4)
    placed = [
        place(conn, [ask(shop, f"W-{number}", lines=lines(shop, ("HAT", 1)))], scope=WHOLE_BRAND, now=NOON)
        for number in range(6)
    ]
    assert all(isinstance(one, Placed) for (one,) in placed)
    tasks = fulfilment.tasks_by_id(conn, source_wave(conn, now=NOON).tasks)
    assert sorted(task.site_id == shop.sites["S"] for task in tasks) == [False] * 2 + [True] * 4


def test_a_full_site_is_told_the_limit_that_holds(conn: Conn, shop: Shop):
    let(conn, LearntCapacity(is_used=True, least_percent=10))
    (placed,) = place(conn, [ask(shop, "W-9", lines=lines(shop, ("COAT", 1)))], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    (call_id,) = wave_of_calls(conn, shop).calls
    learn_capacity(conn, now=NOON)
    for number in range(4):
        place(conn, [ask(shop, f"W-{number}", lines=lines(shop, ("HAT", 1)))], scope=WHOLE_BRAND, now=NOON)
    assert len(source_wave(conn, now=NOON).tasks) == 4
    wish = ClaimCall(call_id=call_id, site_id=shop.sites["S"])
    assert claim(conn, [wish], scope=WHOLE_BRAND, now=NOON) == [
        SiteIsFull(site_id=shop.sites["S"], day=TODAY, tasks_limit=4)
    ]


def test_never_less_than_hq_s_part_of_what_it_says(conn: Conn, shop: Shop):
    let(conn, LearntCapacity(is_used=True, least_percent=65))
    learn_capacity(conn, now=NOON)
    assert (of_store(conn, shop).holds, left(conn, shop)) == (7, 7)
    let(conn, LearntCapacity())
    assert renew_limits(conn, now=NOON) == 1
    assert (of_store(conn, shop).holds, left(conn, shop)) == (10, 10)
    assert renew_limits(conn, now=NOON) == 0


def test_the_limit_of_a_day_is_the_word_of_a_person_and_holds(conn: Conn, shop: Shop):
    let(conn, LearntCapacity(is_used=True))
    learn_capacity(conn, now=NOON)
    day = DayLimit(site_id=shop.sites["S"], day=TODAY, tasks_limit=9)
    succeeded(fulfilment_service.set_day_limits(conn, [day]))
    assert left(conn, shop) == 9


def test_somebody_answers_for_what_a_site_says_and_takes_it_back(conn: Conn, shop: Shop):
    let(conn, LearntCapacity(is_used=True))
    learn_capacity(conn, now=NOON)
    assert left(conn, shop) == 5
    placed = place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed[0], Placed)
    later = NOON + timedelta(hours=1)
    orders.put_off(conn, [PutOff(order_id=placed[0].order_id, waits_for=WaitsFor.CAPACITY, until=later)])
    done = fix_limits(
        conn, [FixWish(site_code="S", because="two packers more")], scope=WHOLE_BRAND, by="person:1", now=NOON
    )
    assert done == [FixWish(site_code="S", because="two packers more")]
    store = of_store(conn, shop)
    assert (store.fixed_by, store.fixed_because, store.fixed_at) == ("person:1", "two packers more", NOON)
    assert (store.learnt_per_day, store.holds, left(conn, shop)) == (4, 10, 10)
    woken = orders.order_by_id(conn, placed[0].order_id)
    assert woken is not None
    assert woken.source_after != later  # what waited for a site's time is looked at again
    assert learn_capacity(conn, now=NOON + timedelta(days=1)) == 0
    assert left(conn, shop) == 10
    blank = [FixWish(site_code="S", because=" \t")]
    assert fix_limits(conn, blank, scope=WHOLE_BRAND, by="person:1", now=NOON) == [SayWhyItHolds()]
    assert of_store(conn, shop).fixed_because == "two packers more"
    fix_limits(conn, [FixWish(site_code="S")], scope=WHOLE_BRAND, by="person:1", now=NOON)
    assert (of_store(conn, shop).fixed_at, left(conn, shop)) == (None, 5)


def test_only_in_scope_and_only_where_something_is_said(conn: Conn, shop: Shop):
    dealer = Scope(sites=frozenset({shop.sites["D"]}))
    wishes = [FixWish(site_code=code, because="mine") for code in ("S", "D", "NOPE")]
    assert fix_limits(conn, wishes, scope=dealer, by="person:2", now=NOON) == [
        SiteNotYours(site_code="S"), wishes[1], SiteNotYours(site_code="NOPE"),
    ]  # fmt: skip
    assert of_store(conn, shop).fixed_at is None
    assert [one.site.code for one in standing_of_branch(conn, scope=dealer)] == ["D"]
    conn.execute("delete from fulfilment.site_limit where site_id = %s", (shop.sites["W"],))
    nothing = FixWish(site_code="W", because="why not")
    assert fix_limits(conn, [nothing], scope=WHOLE_BRAND, by="person:2", now=NOON) == [
        SiteSaysNothing(site_code="W")
    ]


def test_a_new_word_of_the_site_is_held_to_what_was_learnt_before(conn: Conn, shop: Shop):
    let(conn, LearntCapacity(is_used=True))
    learn_capacity(conn, now=NOON)
    succeeded(
        fulfilment_service.set_site_limits(
            conn, [SiteLimit(site_id=shop.sites["S"], tasks_per_day=30)], now=NOON
        )
    )
    assert left(conn, shop) == 5
    assert renew_limits(conn, now=NOON) == 1
    assert left(conn, shop) == 15  # half of what it says now
    succeeded(
        fulfilment_service.set_site_limits(
            conn, [SiteLimit(site_id=shop.sites["S"], tasks_per_day=3)], now=NOON
        )
    )
    assert left(conn, shop) == 3


@pytest.mark.usefixtures("shop")
def test_it_learns_once_a_day_and_the_recount_finds_what_was_changed(conn: Conn):
    learn_capacity(conn, now=NOON)
    first = newest_version(conn)
    learn_capacity(conn, now=NOON + timedelta(hours=19))
    assert newest_version(conn) == first
    learn_capacity(conn, now=NOON + timedelta(hours=20))
    again = newest_version(conn)
    assert first is not None
    assert again is not None
    assert again.version == first.version + 1
    assert capacity_that_differs(conn) == []
    checked = {one.name: one.ok for one in examine(conn, checks=BETWEEN_ROOMS).checks}
    assert checked["lower_limits_were_learnt"]
    conn.execute(
        "update fulfilment.task set ended_at = ended_at + interval '1 day' where state = 'handed_over'"
    )
    (finding,) = capacity_that_differs(conn)
    assert finding.found.startswith("4 a day from 30 days, 18 of them full")
    assert finding.expected != finding.found


def test_days_within_the_lower_limit_lift_nothing_and_the_rule_still_decides(conn: Conn, shop: Shop):
    let(conn, LearntCapacity(is_used=True, least_percent=10))
    learn_capacity(conn, now=NOON)
    quiet = replace(of_store(conn, shop), verdict=Verdict.NOT_BETTER, stated_error=0.0, learnt_error=0.0)
    assert quiet.lowered_to == 4
    assert limit_of(quiet, LearntCapacity(is_used=True, least_percent=10)) == 4
    assert limit_of(quiet, LearntCapacity(is_used=True, least_percent=50)) == 5
    assert limit_of(quiet, LearntCapacity(is_used=False)) is None
    told = replace(quiet, stated_error=0.5)  # now the days say that its word is as good
    assert limit_of(told, LearntCapacity(is_used=True, least_percent=10)) is None
