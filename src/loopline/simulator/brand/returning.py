"""tbd"""

from collections.abc import Sequence
from datetime import datetime

from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.tally import Bought


class Returning:
    def __init__(self, scene: Scene) -> None:
        scene.agenda.handle("return", self._bring)

    def _bring(self, orders: Sequence[Bought], now: datetime) -> None:
        pass
