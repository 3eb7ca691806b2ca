"""The made-up world against a server that grants everything: what it asks depends on its seed alone."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from loopline.simulator.brand.api import Api
from loopline.simulator.brand.morning import ring_up_morning
from loopline.simulator.brand.opening import Opening
from loopline.simulator.brand.scene import Scene, WorldAsk
from loopline.simulator.brand.world import Rhythm, World
from tests.make.made_up_api import GrantingServer

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
STEP = timedelta(minutes=2)


def _quiet(stage: str, done: int, total: int) -> None:
    del stage, done, total


def _live(
    seed: int, *, minutes: int = 60, stores: int = 6, is_live: bool = False, buyers: int = 50
) -> tuple[GrantingServer, World]:
    server = GrantingServer()
    server.is_live = is_live
    scene = Scene(
        Api("http://world", "llk_world", transport=server.transport),
        WorldAsk(seed=seed, run="test", stores=stores, at_once=1),
    )
    Opening(scene, told=_quiet).open(NOON)
    world = World(scene, Rhythm(live_buyers=buyers))
    world.crowd.at_once = 1
    world.begin(NOON)
    for step in range(1, minutes // 2 + 1):
        world.act_until(NOON + step * STEP)
    return server, world


def test_two_worlds_of_one_seed_ask_for_the_same() -> None:
    first, one = _live(7)
    second, other = _live(7)
    assert first.asked == second.asked
    assert one.scene.tally.as_json() == other.scene.tally.as_json()
    assert len(first.asked) > 100


def test_another_seed_makes_another_world() -> None:
    first, _ = _live(7)
    second, _ = _live(8)
    assert first.asked != second.asked


def test_people_do_everything_they_may() -> None:
    server, world = _live(7, minutes=240)
    paths = Counter(path for method, path, _ in server.asked if method == "POST")
    for path in (
        "/api/v1/orders/batch",
        "/api/v1/payments",
        "/api/v1/orders",
        "/api/v1/sign-in-codes",
        "/api/v1/member-sessions",
        "/api/v1/scans",
        "/api/v1/tasks/accept",
        "/api/v1/tasks/refuse",
        "/api/v1/tasks/pick",
        "/api/v1/tasks/check",
        "/api/v1/tasks/pack",
        "/api/v1/tasks/hand-over",
        "/api/v1/tasks/collect",
        "/api/v1/stock/facts",
        "/api/v1/reviews",
        "/api/v1/returns",
    ):
        assert paths[path] > 0, path
    channels = {body["channel"] for _, path, body in server.asked if path == "/api/v1/orders"}
    assert channels == {"web", "mini_program"}
    assert world.scene.tally.total("refused.") == 0


def test_a_crowd_comes_once_for_each_show_and_most_of_it_pays() -> None:
    server, world = _live(7, minutes=20, is_live=True, buyers=400)
    bought = [body for _, path, body in server.asked if path == "/api/v1/orders"]
    live = [body for body in bought if body["channel"] == "livestream"]
    assert len(live) == 400
    assert len({body["external_number"] for body in live}) == 400
    assert {body["touch"]["touchpoint_code"] for body in live} == {"LIVE1"}
    assert world.scene.tally.counts["livestreams"] == 1
    of_the_show = [one for one in world.scene.tally.orders.values() if one.channel == "livestream"]
    assert 0.78 < sum(one.paid_minor > 0 for one in of_the_show) / 400 < 0.92


def test_shelves_are_emptied_by_what_is_sold_and_filled_by_lorries() -> None:
    server, world = _live(7, minutes=130)
    brought = [
        item["on_hand"]
        for _, path, body in server.asked
        if path == "/api/v1/stock/facts"
        for item in body["items"]
        if item["reason"] == "receipt"
    ]
    left = sum(one.units for one in world.scene.shelves.to_bring())
    counts = world.scene.tally.counts
    assert counts["handed_over_units"] > sum(brought) > 0
    assert sum(brought) + left == counts["handed_over_units"] + counts["gone_astray_units"]


def test_a_morning_is_rung_up_once_however_often_the_world_begins() -> None:
    for has_rung_up in (False, True):
        server = GrantingServer()
        server.has_rung_up = has_rung_up
        scene = Scene(
            Api("http://world", "llk_world", transport=server.transport),
            WorldAsk(seed=7, run="test", stores=6, at_once=1),
        )
        Opening(scene, told=_quiet).open(NOON)
        ring_up_morning(World(scene, Rhythm()), NOON, told=_quiet)
        sales = [
            path for method, path, _ in server.asked if (method, path) == ("POST", "/api/v1/orders/batch")
        ]
        assert bool(sales) is not has_rung_up
