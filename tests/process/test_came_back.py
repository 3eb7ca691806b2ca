"""What came back is weighed by what it pays then, and by how sites answer to that; what is weighed is what is fixed."""

from datetime import timedelta
from math import exp, log

import pytest

from loopline.db import Conn
from loopline.fulfilment.model import RefusalReason, RefuseTask
from loopline.fulfilment.waiting import waiting_pay_of
from loopline.insight.acceptance import store
from loopline.insight.acceptance.features import NAMES
from loopline.insight.acceptance.model import Measures
from loopline.insight.acceptance.queries import site_acceptance
from loopline.insight.acceptance.trees import Trees, write_trees
from loopline.kernel.ids import OrderId, SiteId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch
from loopline.processes.place import Placed, place
from loopline.processes.source import gather, source_wave
from loopline.sourcing import profiles
from loopline.sourcing.model import OpenOrder
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.queries import explanations
from loopline.sourcing.settings import Profile, Publication, Settings, Weights
from loopline.sourcing.waiting_pay import PayForWaiting
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, open_shop

SOLVER = Optimiser(work=30, gap=0.0)
HOUR = timedelta(hours=1)
PAYS = PayForWaiting(round_minor=300, most_minor=800)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def in_force(conn: Conn, settings: Settings) -> None:
    draft = profiles.draft_profile(conn, settings, based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    publication = Publication(version=draft.version, comment="hot items", by="hq")
    assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)


def refused_once(conn: Conn, shop: Shop) -> OrderId:
    """An order that the nearest store was asked for, and refused."""
    (placed,) = place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    (task_id,) = source_wave(conn, now=NOON, solver=SOLVER).tasks
    refuse(conn, task_id)
    return placed.order_id


def refuse(conn: Conn, task_id: TaskId) -> None:
    refusal = RefuseTask(command_id=uuid7(NOON), task_id=task_id, reason=RefusalReason.NO_CAPACITY)
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))


def learnt_to_like_pay(conn: Conn, *, far: float = 0.0) -> None:
    """A version of what was learnt: whoever is paid 250 or more on top is far likelier to accept.

    `far`: what it adds that goods go further than 100 km.
    """
    trees = Trees(
        roots=[0, 3],
        feature=[NAMES.index("extra"), -1, -1, NAMES.index("kilometres"), -1, -1],
        threshold=[249.5, 0.0, 0.0, 100.0, 0.0, 0.0],
        left=[1, 1, 2, 4, 4, 5],
        right=[2, 1, 2, 5, 4, 5],
        unknown_left=[True, False, False] * 2,
        value=[0.0, -1.0, 2.0, 0.0, 0.0, far],
    )
    version = store.NewVersion(
        learnt_at=NOON,
        first_day=NOON.date(),
        last_day=NOON.date(),
        held_back_from=NOON.date(),
        offers=1_000,
        prior_probability=0.9,
        prior_offers=10.0,
        prior_minutes=10.0,
        trees=write_trees(trees),
        minute_trees=None,
        measures=Measures(),
    )
    store.add_version(conn, version)


def sure(score: float) -> int:
    return round(10_000 / (1 + exp(-(log(9) + score))))


def weighed(conn: Conn, sites: list[SiteId]) -> OpenOrder:
    """The order as a wave reads it an hour later."""
    expected = site_acceptance(conn, sites, now=NOON + HOUR)
    desk = gather(conn, now=NOON + HOUR, limit=9, accepts=expected)
    assert desk is not None
    return desk.waves[0].orders[0]


def test_what_is_weighed_is_what_the_offer_pays(conn: Conn, shop: Shop):
    in_force(conn, Settings(waiting_pay=PAYS))
    order_id = refused_once(conn, shop)
    (second,) = source_wave(conn, now=NOON + HOUR, solver=SOLVER).tasks
    told, first = explanations(conn, [order_id])
    ((on_top,), (parcel,)) = waiting_pay_of(conn, [second]), told.chosen
    assert parcel.cost.waiting_minor == on_top.extra_minor == 300
    assert told.cost_minor == parcel.cost.total_minor
    assert [one.cost.waiting_minor for one in first.chosen] == [0]


def test_sites_are_expected_to_answer_as_they_do_to_that_pay(conn: Conn, shop: Shop):
    in_force(conn, Settings(waiting_pay=PAYS, weights=Weights(refusal_minor=1_000)))
    learnt_to_like_pay(conn)
    order_id = refused_once(conn, shop)
    sites = [shop.sites[code] for code in ("W", "D")]
    order = weighed(conn, sites)
    assert order.extra_minor == dict.fromkeys(sites, 300)  # S was asked alone, and gets no more
    assert {site_id: one.accepts_basis_points for site_id, one in order.answering.items()} == dict.fromkeys(
        sites, sure(2.0)
    )
    expected = site_acceptance(conn, list(shop.sites.values()), now=NOON + HOUR)
    assert {round(one.probability * 10_000) for one in expected.values()} == {sure(-1.0)}
    source_wave(conn, now=NOON + HOUR, solver=SOLVER)  # without what was learnt: nobody refuses
    assert explanations(conn, [order_id])[0].chosen[0].cost.refusal_minor == 0


def test_what_came_back_is_answered_by_how_far_it_goes_as_anything_is(conn: Conn, shop: Shop):
    """From the warehouse it is some 40 km, from the dealer's store more than a hundred."""
    in_force(conn, Settings(waiting_pay=PAYS, weights=Weights(refusal_minor=1_000)))
    learnt_to_like_pay(conn, far=-3.0)
    refused_once(conn, shop)
    order = weighed(conn, [shop.sites[code] for code in ("W", "D")])
    assert {site_id: one.accepts_basis_points for site_id, one in order.answering.items()} == {
        shop.sites["W"]: sure(2.0),
        shop.sites["D"]: sure(-1.0),
    }


def test_an_order_that_never_came_back_is_answered_as_ever(conn: Conn, shop: Shop):
    in_force(conn, Settings(waiting_pay=PAYS))
    learnt_to_like_pay(conn)
    (placed,) = place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    order = weighed(conn, list(shop.sites.values()))
    assert (order.extra_minor, order.answering) == ({}, {})


def test_plain_rates_know_nothing_of_pay_and_change_nothing(conn: Conn, shop: Shop):
    in_force(conn, Settings(waiting_pay=PAYS))
    refused_once(conn, shop)
    order = weighed(conn, list(shop.sites.values()))
    assert (set(order.extra_minor), order.answering) == ({shop.sites["W"], shop.sites["D"]}, {})
