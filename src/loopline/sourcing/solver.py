"""What decides a wave: the interface that an optimiser takes over, and the first rule behind it."""

from typing import Protocol

from loopline.sourcing.model import Wave, WavePlan
from loopline.sourcing.rules import choose_sites


class Solver(Protocol):
    """Decides which site serves which order of a wave of up to 200.

    The same wave and seed give the same plan, whatever the machine's load. A plan never sends what is not there nor
    exceeds a site's capacity, has one decision per order in the wave's order, and accounts for every unit asked:
    in a parcel or in `unfilled` with its reason. It raises nothing for what cannot be served.
    """

    def solve(self, wave: Wave, *, seed: int) -> WavePlan: ...


class FewestParcels:
    """The rule of `rules.choose_sites`; leaves nothing to chance, so that the seed changes nothing."""

    def solve(self, wave: Wave, *, seed: int = 0) -> WavePlan:  # noqa: ARG002 - part of the interface
        """Decide the wave by the rule."""
        return choose_sites(wave)
