"""What boards show: measures, rankings, stages and happenings."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import SiteId, SkuId

# "Sold from no site" and "no SKU" in the boards' keys, where null would not join by hash.
NOWHERE = SiteId(UUID(int=0))
NO_SKU = SkuId(UUID(int=0))


class Measure(StrEnum):
    """Which signed measure an event moves."""

    SOLD = "sold"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    ADJUSTED = "adjusted"


class SaleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line as an event tells it: what boards need of it. No SKU: a charge or a voucher."""

    kind: str = "goods"
    units: int
    amount_minor: int
    sku_id: UUID | None = None


class Takings(msgspec.Struct, frozen=True, kw_only=True):
    """Amount, units and orders of a span. All amounts are signed; net is their sum."""

    sold_minor: int = 0
    cancelled_minor: int = 0
    returned_minor: int = 0
    adjusted_minor: int = 0
    sold_units: int = 0
    cancelled_units: int = 0
    returned_units: int = 0
    orders: int = 0

    @property
    def net_minor(self) -> int:
        """What is left after cancellations, returns and adjustments."""
        return self.sold_minor + self.cancelled_minor + self.returned_minor + self.adjusted_minor


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """Net amount and units of one minute, hour or day of a chart, named by its start in the board's zone.

    `by_channel`: the amount of each channel that sold then, in minor units; together they are the net amount.
    """

    start: datetime
    net_minor: int
    units: int
    by_channel: dict[str, int] = {}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one channel took in a minute or an hour that begins at `start`."""

    start: datetime
    channel: str
    net_minor: int
    units: int


class DayPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one channel took on a day."""

    start: date
    channel: str
    net_minor: int
    units: int


class SkuRank(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU in the ranking of a day, by net amount."""

    sku_id: SkuId
    code: str
    name: str
    net_minor: int
    units: int


class SiteRank(msgspec.Struct, frozen=True, kw_only=True):
    """One selling place in the ranking of a day, by net amount. No site: the channel alone sold (web)."""

    site_id: SiteId | None
    code: str | None = None
    name: str | None
    channel: str
    net_minor: int
    units: int
    orders: int


class StageCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders stand at a stage."""

    stage: str
    orders: int


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One of the last events, with what it says of place, money and units where it says so."""

    position: int
    type: str
    at: datetime
    subject: UUID
    site_id: SiteId | None = None
    site_name: str | None = None
    channel: str | None = None
    currency: str | None = None
    amount_minor: int | None = None
    units: int | None = None


class BoardAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Whose board, when, and in which currency (None: the brand's own). No sites named: the whole brand."""

    now: datetime
    sites: frozenset[SiteId] | None = None
    currency: str | None = None


class BoardSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What a board is read by: the brand's zone, the currency shown and those there are, the data's last moment."""

    zone: str
    currency: str
    currencies: tuple[str, ...]
    latest: datetime | None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the live board shows, read at one moment of the data. Days and hours are those of `setting.zone`."""

    setting: BoardSetting
    at: datetime
    day: date
    is_replay: bool
    today: Takings
    this_hour: Takings
    same_time_yesterday: Takings
    minutes: tuple[Point, ...]
    hours: tuple[Point, ...]
    days: tuple[Point, ...]
    skus: tuple[SkuRank, ...]
    sites: tuple[SiteRank, ...]
    stages: tuple[StageCount, ...]
    happenings: tuple[Happening, ...]
