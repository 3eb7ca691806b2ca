"""What is asked of returns and told of them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.insight.returned.losses import LossInForce
from loopline.insight.rights.model import score_basis_points
from loopline.kernel.ids import LineId, OrderId, ReturnId, ReturnLineId, SiteId, SkuId

UNKNOWN = ""
"""The key of what a dimension does not know: goods of no site, packer or named batch."""
NOT_GRADED = UNKNOWN


class Dimension(StrEnum):
    """By what returns are told apart."""

    SITE = "site"
    PACKER = "packer"
    SKU = "sku"
    BATCH = "batch"
    REASON = "reason"
    GRADE = "grade"


class ReturnedAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which returns: made from `start` until before `end`, beside units handed over from `first` to `last`.

    Amounts are those of one currency. Of some sites or (None) of all: by the site that sent, or, where no site is known
    to have, the one they were brought to.
    """

    start: datetime
    end: datetime
    first: date
    last: date
    dimension: Dimension
    currency: str
    sites: frozenset[SiteId] | None = None


class ReturnedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What came back of one key. `sent_units` were handed over in the same days; 0 where that is not told apart.

    `unsold_units` did not go back on sale once they were graded; `unsold_minor` is what was paid back for those. It
    cost its freight, the handling out and in, and what goods lost of what they had cost, but for `uncosted_units` of
    which nobody knows that. `unearned_minor` is what parties had earned of it and gave back.
    """

    key: str
    lines: int
    units: int
    blind_units: int
    refund_minor: int
    graded_units: int
    unsold_units: int
    unsold_minor: int
    freight_minor: int = 0
    handling_minor: int = 0
    loss_minor: int = 0
    uncosted_units: int = 0
    unearned_minor: int = 0
    sent_units: int = 0

    @property
    def cost_minor(self) -> int:
        """What it cost in all; what parties gave back is no cost, and not in it."""
        return self.freight_minor + self.handling_minor + self.loss_minor

    @property
    def share_basis_points(self) -> int | None:
        """Units that came back of those handed over in the same days, in basis points; may be above the whole."""
        return score_basis_points(self.units, self.sent_units)


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that came back, and by the dimension asked for: by key; and what grades lose, as it was reckoned."""

    total: ReturnedGroup
    groups: tuple[ReturnedGroup, ...]
    losses: tuple[LossInForce, ...] = ()


class ReturnedKey(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line stands in the list: the latest first."""

    at: datetime
    return_line_id: UUID


class ReturnedLineAsk(ReturnedAsk, frozen=True, kw_only=True):
    """Which lines of returns: those of a key (None: of any); `after` continues a list."""

    key: str | None = None
    after: ReturnedKey | None = None
    at_most: int = 50


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a return. No order: it has no sale. `refund_minor` is what was paid back, in `currency`."""

    return_line_id: ReturnLineId
    return_id: ReturnId
    channel: str
    external_number: str
    at: datetime
    taken_site_id: SiteId
    sent_site_id: SiteId | None
    packer_id: UUID | None
    sku_id: SkuId | None
    code: str
    batch: str | None
    order_id: OrderId | None
    line_id: LineId | None
    reason: str
    units: int
    blind_units: int
    currency: str
    refund_minor: int
    graded: str
