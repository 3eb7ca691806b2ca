"""Lorries: what left a place since the last one is brought again, so that shelves do not run empty for good."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.stocking import Units

KIND = "lorry"


class Lorries:
    """Whoever brings goods."""

    def __init__(self, scene: Scene, *, every: timedelta) -> None:
        self._scene = scene
        self._every = every
        self._runs = 0
        scene.agenda.handle(KIND, self._drive)

    def begin(self, start: datetime) -> None:
        """Drive from a moment on."""
        self._scene.agenda.note(start + self._every, KIND)

    def _drive(self, _: Sequence[None], now: datetime) -> None:
        self._scene.agenda.note(now + self._every, KIND)
        load = self._scene.shelves.to_bring()
        if load:
            self._runs += 1
            bring(self._scene, load, name=f"lorry-{self._runs}", reason="receipt")


def bring(scene: Scene, load: Sequence[Units], *, name: str, reason: str) -> None:
    """Record goods that came in, and put them on their shelves."""
    facts = [
        {"site_code": one.site_code, "sku_code": one.sku_code, "reason": reason, "on_hand": one.units}
        for one in load
    ]
    answers = scene.api.batch("/api/v1/stock/facts", facts, key=scene.key(name))
    came = [one for one, answer in zip(load, answers, strict=True) if answer.is_good]
    scene.shelves.put(came)
    scene.tally.count(f"{reason}_units", sum(one.units for one in came))
    for answer in answers:
        if not answer.is_good:
            scene.tally.refused("receipt", answer.code)
