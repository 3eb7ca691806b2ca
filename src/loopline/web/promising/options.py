"""One way that can be promised, and what is made once for many of them."""

from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.ids import NodeId
from loopline.kernel.temperatures import TemperatureClass
from loopline.org import Site
from loopline.promises import PromiseKind
from loopline.slots import Slot, Way


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One way that can be promised. `sends`: the sites that would send, one for each parcel; `site`: what it hangs on.

    `place`: that site's, in the columns. `weight_minor`: what the choice was made by, the worth of goods and room to
    others included. `hours`: of a courier or an appointment, when those begin that can still be chosen soon, the first
    of them promised; `fee_minor`: what the way costs the customer; `free_for_minor`: for so much more of goods it is
    free.
    """

    kind: PromiseKind
    site: Site
    place: int
    sends: tuple[Site, ...]
    due_at: datetime
    ready_minutes: int
    lane_minutes: int
    band: int | None
    weight_minor: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    fee_minor: int = 0
    free_for_minor: int | None = None
    hours: tuple[datetime, ...] = ()


class Made(msgspec.Struct, kw_only=True):
    """What was made of one calendar for some asks and is the same for others. It is forgotten with its calendar.

    `senders`: the sites of a network that send goods of a class and have room. `collected`: collecting at a site.
    `heads`: the part of a sealed promise that says how, from where and by when, by kind, place, moment, band and fee.
    `slots`: those of a place that a way offers, and can keep.
    """

    senders: dict[tuple[NodeId, TemperatureClass], npt.NDArray[np.bool_]] = {}
    collected: dict[int, Option] = {}
    heads: dict[tuple[str, int, datetime, int | None, int], tuple[bytes, bytes]] = {}
    slots: dict[tuple[int, Way], list[Slot]] = {}
