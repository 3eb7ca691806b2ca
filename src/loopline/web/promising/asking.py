"""What somebody asks the desk, and its parts: what is of one class, what leaves together."""

from collections.abc import Sequence
from datetime import datetime
from itertools import compress
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from loopline.catalogue import Fitting
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import NodeId, SkuId
from loopline.kernel.temperatures import TemperatureClass
from loopline.promises import PromiseKind
from loopline.promises.rules import Integers
from loopline.stock import QuotaName
from loopline.web.promising.shelves import Stocked
from loopline.web.promising.tokens import from_named, spelt_goods

Flags: TypeAlias = npt.NDArray[np.bool_]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks: goods through a channel, to a place, in some of the ways there are.

    `site_codes`: only at these, where something is collected or an hour chosen. `starts_at`: the hour chosen.
    `ship_from`: codes of the sites, or names of groups, that a delivery must ship from.
    `goods_minor`: what the goods come to, where it is known: from some amount on delivery may be free.
    `goods` is channel and lines as tokens spell them.
    """

    channel: str
    lines: tuple[tuple[str, int], ...]
    kinds: tuple[PromiseKind, ...]
    destination: Coordinates | None = None
    site_codes: tuple[str, ...] | None = None
    starts_at: datetime | None = None
    ship_from: tuple[str, ...] = ()
    goods_minor: int | None = None
    goods: bytes = b""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(
            self, "goods", from_named(spelt_goods(self.channel, self.lines), self.ship_from)
        )


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """An ask with its codes looked up, or the part of it whose goods are of one class, or leave together.

    `words`: by line, what it is sent with. `named`: by line, which sites may send it; None: any. `fitting`: whether any
    of it needs a fitter, or may have one.
    """

    ask: Asked
    network: NodeId
    time_zone: str
    skus: tuple[SkuId, ...]
    stocked: tuple[Stocked, ...]
    codes: tuple[str, ...]
    units: tuple[int, ...]
    grams: tuple[int, ...]
    classes: tuple[TemperatureClass, ...]
    words: tuple[str | None, ...]
    named: tuple[Flags | None, ...]
    events: Sequence[QuotaName]
    fitting: Fitting
    now: datetime

    @property
    def wanted(self) -> Integers:
        """The units of each line, as a column."""
        return np.array(self.units, np.int64)

    @property
    def is_limited(self) -> bool:
        """Whether some of it must ship from named sites."""
        return any(one is not None for one in self.named)

    def all_named(self, among: Flags) -> Flags:
        """Those of some sites that may send every line, by what is named."""
        for one in self.named:
            if one is not None:
                among = among & one
        return among

    def may_send(self, places: Integers) -> Flags:
        """Which lines some sites may send, by what is named: (sites x lines)."""
        found = np.full((len(places), len(self.named)), fill_value=True, dtype=np.bool_)
        for line, one in enumerate(self.named):
            if one is not None:
                found[:, line] = one[places]
        return found

    @property
    def weight_grams(self) -> int:
        """What all of it weighs."""
        return sum([one * count for one, count in zip(self.grams, self.units, strict=True)])

    def parts(self) -> list[tuple[TemperatureClass, "Asking"]]:
        """What goes in parcels of different classes, the warmest first."""
        if self.classes.count(self.classes[0]) == len(self.classes):
            return [(self.classes[0], self)]
        return [
            (kind, self._of([one is kind for one in self.classes]))
            for kind in TemperatureClass
            if kind in self.classes
        ]

    def bound(self) -> tuple[list["Asking"], "Asking | None"]:
        """What leaves in one parcel each, and the rest; None: there is no rest."""
        words = [one for one in dict.fromkeys(self.words) if one is not None]
        parts = [self._of([one == word for one in self.words]) for word in words]
        if not words:
            return [], self
        is_rest = [one is None for one in self.words]
        return parts, self._of(is_rest) if any(is_rest) else None

    def _of(self, is_of: Sequence[bool]) -> "Asking":
        """The lines that are marked."""
        return replace(
            self,
            skus=tuple(compress(self.skus, is_of)),
            stocked=tuple(compress(self.stocked, is_of)),
            codes=tuple(compress(self.codes, is_of)),
            units=tuple(compress(self.units, is_of)),
            grams=tuple(compress(self.grams, is_of)),
            classes=tuple(compress(self.classes, is_of)),
            words=tuple(compress(self.words, is_of)),
            named=tuple(compress(self.named, is_of)),
        )
