"""The made-up world: everybody who buys, sells, sends and brings back, driven from outside moment by moment.

It knows the platform by the public API alone. `act_until` does everything its people do by a moment; whoever drives it
lets the clock, the rounds and the followers of the log come after, or runs in real time beside a server that does.
"""

from datetime import datetime, timedelta

import msgspec

from loopline.simulator.brand.cashier import Cashier
from loopline.simulator.brand.crowd import Crowd
from loopline.simulator.brand.earners import see_shares
from loopline.simulator.brand.lorry import Lorries
from loopline.simulator.brand.returning import Returning
from loopline.simulator.brand.reviewing import Reviewing
from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.shoppers import Shoppers
from loopline.simulator.brand.staff import Staff
from loopline.simulator.brand.streamer import Streamer
from loopline.simulator.brand.walk_ins import WalkIns

_RESTS_MIN, _RESTS_MAX = timedelta(milliseconds=20), timedelta(seconds=1)


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How often people look, how hasty staff are, how many follow a live room.

    `goes_live_after`: when the streamer goes on the air by herself; None leaves it to whoever presses the button.
    """

    looks_at_tasks_every: timedelta = timedelta(minutes=2)
    looks_for_live_every: timedelta = timedelta(minutes=1)
    lorry_every: timedelta = timedelta(minutes=60)
    haste: float = 1.0
    live_buyers: int = 3_000
    goes_live_after: timedelta | None = None


class World:
    """The people of one run."""

    def __init__(self, scene: Scene, rhythm: Rhythm) -> None:
        self.scene = scene
        self._goes_live_after = rhythm.goes_live_after
        # The order in which people act within one moment: goods first, then customers, then staff, then what is over.
        self.lorries = Lorries(scene, every=rhythm.lorry_every)
        self.walk_ins = WalkIns(scene)
        self.shoppers = Shoppers(scene)
        self.streamer = Streamer(scene)
        self.crowd = Crowd(scene, looks_every=rhythm.looks_for_live_every, buyers=rhythm.live_buyers)
        self.cashier = Cashier(scene)
        self.staff = Staff(scene, looks_every=rhythm.looks_at_tasks_every, haste=rhythm.haste)
        self.returning = Returning(scene)
        self.reviewing = Reviewing(scene)

    def begin(self, start: datetime) -> None:
        """Let everybody begin at a moment."""
        self.lorries.begin(start)
        self.walk_ins.begin(start)
        self.shoppers.begin(start)
        after = self._goes_live_after
        self.streamer.begin(start, goes_live_at=start + after if after is not None else None)
        self.crowd.begin(start)
        self.staff.begin(start)

    def act_until(self, moment: datetime) -> int:
        """Do everything people do by a moment, in its order; returns how many things that were."""
        self.walk_ins.expect(moment)
        self.shoppers.expect(moment)
        return self.scene.agenda.do(moment)

    def look_back(self) -> None:
        """See at the end what nobody told: which tasks lapsed, and what everybody earned."""
        self.staff.see_lapsed()
        see_shares(self.scene)

    def wake(self, now: datetime) -> None:
        """Begin anew after a time in which nothing could happen: nobody came meanwhile."""
        self.walk_ins.begin(now)
        self.shoppers.begin(now)

    def rests_for(self, now: datetime) -> timedelta:
        """Return how long nothing is to be done, within bounds."""
        coming = [
            at for at in (self.walk_ins.next_at, self.shoppers.next_at, self.scene.agenda.next_at()) if at
        ]
        return min(max(min(coming, default=now) - now, _RESTS_MIN), _RESTS_MAX)
