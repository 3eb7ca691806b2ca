"""The morning behind a world that begins in the middle of a day: what the tills rang up before anybody looked."""

from datetime import datetime, timedelta

from loopline.simulator.brand.scene import Telling, stamp
from loopline.simulator.brand.world import World

BEFORE = timedelta(hours=6)
_STAGE = "morning"
# No more sales are sent at once than a quarter of an hour brings.
_STEP = timedelta(minutes=15)


def ring_up_morning(world: World, now: datetime, *, told: Telling) -> None:
    """Send the tills' sales of the last hours, oldest first; nothing where tills have rung in them already."""
    began = now - BEFORE
    if world.scene.api.get("/api/v1/orders", channel="till", placed_from=stamp(began), limit=1)["items"]:
        return
    world.walk_ins.begin(began)
    steps = BEFORE // _STEP
    for step in range(1, steps + 1):
        told(_STAGE, step - 1, steps)
        world.act_until(began + step * _STEP)
    told(_STAGE, steps, steps)
