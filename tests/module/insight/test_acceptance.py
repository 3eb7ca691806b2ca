"""Acceptance as learnt from real tasks: what counts as an answer, what waits, and what an empty brand is told."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from loopline.db import Conn
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.model import (
    AcceptTask,
    CancelTask,
    OfferTask,
    RefusalReason,
    RefuseTask,
    SiteLimit,
)
from loopline.fulfilment.waiting import WaitingPay, fix_waiting_pay
from loopline.insight.acceptance import store
from loopline.insight.acceptance.model import Acceptance, OfferAhead
from loopline.insight.acceptance.queries import newest, predict, site_acceptance
from loopline.insight.acceptance.rates import FIRST_MINUTES, FIRST_OFFERS, FIRST_PROBABILITY
from loopline.insight.acceptance.service import learn, learn_daily
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import WHOLE_BRAND
from tests.make.fulfilment import DAY, LATER, NOON, command_id, offer, order_id, take_tasks
from tests.make.web import furnish

EVENING = NOON + timedelta(hours=6)
NOWHERE = SiteId(UUID(int=404))


def offers_to(site_id: SiteId, numbers: range, **changes: object) -> list[OfferTask]:
    return [replace(offer(number), site_id=site_id, **changes) for number in numbers]


def answer(conn: Conn, sites: dict[str, SiteId]) -> None:
    """S-01: eight taken after 6 minutes, two refused after 10. S-02: one taken, three lapse; others are no answers."""
    first, second = sites["S-01"], sites["S-02"]
    made = [
        *offers_to(first, range(10)),
        *offers_to(second, range(10, 14)),
        *offers_to(second, range(14, 15), deadline=EVENING + timedelta(hours=1)),
        *offers_to(second, range(15, 16)),
        *offers_to(second, range(16, 17)),
    ]
    take_tasks(conn, *made)
    taken = [AcceptTask(task_id=one.task_id) for one in [*made[:8], made[10], made[16]]]
    fulfilment.accept_tasks(conn, taken, scope=WHOLE_BRAND, now=NOON + timedelta(minutes=6))
    claimed = made[16]
    conn.execute(
        "insert into fulfilment.call"
        " (id, order_id, state, currency, opened_at, deadline, ended_at, site_id, task_id)"
        " values (%s, %s, 'claimed', 'CNY', %s, %s, %s, %s, %s)",
        (claimed.order_id, claimed.order_id, NOON, LATER, NOON, second, claimed.task_id),
    )
    refused = [
        RefuseTask(command_id=command_id(number), task_id=one.task_id, reason=RefusalReason.NO_CAPACITY)
        for number, one in enumerate(made[8:10])
    ]
    fulfilment.refuse_tasks(conn, refused, scope=WHOLE_BRAND, now=NOON + timedelta(minutes=10))
    undone = [CancelTask(command_id=command_id(20), task_id=made[15].task_id)]
    fulfilment.cancel_tasks(conn, undone, scope=WHOLE_BRAND, now=NOON + timedelta(minutes=1))
    assert len(fulfilment.lapse_tasks(conn, now=LATER)) == 3


def test_a_brand_that_never_offered_anything_is_told_the_first_guess_and_learns_nothing(conn: Conn):
    sites = furnish(conn)
    assert learn(conn, now=NOON) is None
    assert learn_daily(conn, now=NOON) == 0
    assert newest(conn) is None
    guess = Acceptance(probability=FIRST_PROBABILITY, answer_minutes=FIRST_MINUTES)
    assert site_acceptance(conn, [sites["S-01"], NOWHERE], now=NOON) == {sites["S-01"]: guess, NOWHERE: guess}
    assert site_acceptance(conn, [], now=NOON) == {}


def test_answers_are_acceptances_refusals_and_lapses_once_the_time_to_answer_is_over(conn: Conn):
    sites = furnish(conn)
    answer(conn, sites)
    learnt = learn(conn, now=EVENING)
    assert learnt is not None
    assert (learnt.offers, learnt.trees, learnt.held_back_from) == (14, None, None)
    strength = learnt.prior_offers
    prior = (9 + FIRST_OFFERS * FIRST_PROBABILITY) / (14 + FIRST_OFFERS)
    assert learnt.prior_probability == pytest.approx(prior)
    minutes = 8 * 6 + 2 * 10 + 6 + 3 * 30
    assert learnt.prior_minutes == pytest.approx(
        (minutes + FIRST_OFFERS * FIRST_MINUTES) / (14 + FIRST_OFFERS)
    )
    found = site_acceptance(conn, [sites["S-02"], NOWHERE, sites["S-01"]], now=EVENING)
    assert list(found) == [sites["S-02"], NOWHERE, sites["S-01"]]
    assert found[sites["S-01"]].probability == pytest.approx((8 + strength * prior) / (10 + strength))
    assert found[sites["S-02"]].probability == pytest.approx((1 + strength * prior) / (4 + strength))
    assert found[NOWHERE].probability == pytest.approx(prior)
    assert found[sites["S-01"]].answer_minutes == pytest.approx((68 + 20 * learnt.prior_minutes) / 30)
    assert found[sites["S-02"]].answer_minutes == pytest.approx((96 + 20 * learnt.prior_minutes) / 24)
    asked = [
        OfferAhead(site_id=sites["S-01"], at=EVENING, kilometres=3.0),
        OfferAhead(site_id=NOWHERE, at=NOON),
    ]
    assert predict(conn, asked, now=EVENING) == [found[sites["S-01"]], found[NOWHERE]]


def test_what_came_back_and_what_it_paid_on_top_is_known_of_each_offer(conn: Conn):
    """Refused by one site, not claimed by others, let lapse by a third, and taken for more by the last."""
    sites = furnish(conn)
    first, second = sites["S-01"], sites["S-02"]
    one, *others = offers_to(first, range(1)) + offers_to(second, range(1, 4))
    lapsed, taken, apart = (replace(other, order_id=one.order_id) for other in others)
    take_tasks(conn, one)
    fulfilment.set_site_limits(conn, [SiteLimit(site_id=second, tasks_per_day=9)], now=NOON)
    refusal = RefuseTask(command_id=command_id(1), task_id=one.task_id, reason=RefusalReason.NO_CAPACITY)
    fulfilment.refuse_tasks(conn, [refusal], scope=WHOLE_BRAND, now=NOON)
    fulfilment.offer_tasks(conn, [lapsed], now=NOON)
    assert len(fulfilment.lapse_tasks(conn, now=LATER)) == 1
    conn.execute(
        "insert into fulfilment.call (id, order_id, state, currency, opened_at, deadline, ended_at)"
        " values (%s, %s, 'lapsed', 'CNY', %s, %s, %s)",
        (one.order_id, one.order_id, NOON, LATER, LATER),
    )
    fulfilment.offer_tasks(conn, [replace(taken, deadline=EVENING)], now=LATER)
    pay = WaitingPay(
        work_id=taken.task_id,
        site_id=second,
        order_id=one.order_id,
        profile_version=1,
        since=NOON,
        rounds=3,
        extra_minor=450,
        most_percent=0,
    )
    fix_waiting_pay(conn, [pay], now=LATER)
    other_order = replace(apart, order_id=order_id(99), deadline=EVENING)
    fulfilment.offer_tasks(conn, [other_order], now=LATER)
    made = store.offers_made(conn, first_day=DAY, last_day=DAY, now=EVENING + timedelta(hours=1), most=9)
    told = sorted((offer.offered, offer.rounds, offer.extra_minor) for offer in made)
    assert [row[1:] for row in told] == [(0, 0), (1, 0), (0, 0), (3, 450)]


def test_an_offer_whose_time_is_not_over_counts_for_nobody_even_if_it_was_taken(conn: Conn):
    sites = furnish(conn)
    answer(conn, sites)
    assert learn(conn, now=LATER - timedelta(minutes=1)) is None
    assert newest(conn) is None


def test_it_is_learnt_each_hour_while_there_is_little_and_each_time_is_kept(conn: Conn):
    sites = furnish(conn)
    answer(conn, sites)
    written = [learn_daily(conn, now=EVENING + timedelta(minutes=minutes)) for minutes in (0, 59, 60, 61)]
    assert written == [1, 0, 1, 0]
    versions = conn.execute("select learnt_at, offers from insight.acceptance_version order by version")
    assert versions.fetchall() == [(EVENING, 14), (EVENING + timedelta(hours=1), 14)]
    assert newest(conn) is not None
