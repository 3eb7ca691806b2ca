"""The words of quotas: what is asked of them, how they stand, and the answers."""

from datetime import datetime

import msgspec

from loopline.kernel.ids import NodeId, QuotaId, SkuId
from loopline.stock.model import QuotaName, ShortfallChange


class QuotaAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Units to set aside at a node from now on, for orders of an event from `starts_at` to before `ends_at`.

    Sold out, it draws on the open quota of the same SKU and node that has the name of `reserve`, then, if `then_free`
    says so, on what is free; otherwise the event's orders are refused.
    """

    quota_id: QuotaId
    event: QuotaName
    node_id: NodeId
    sku_id: SkuId
    units: int
    starts_at: datetime
    ends_at: datetime
    reserve: QuotaName | None = None
    then_free: bool = False


class QuotaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a quota; None leaves it. `units` are the size, what orders have drawn of it included."""

    quota_id: QuotaId
    units: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reserve: QuotaName | None = None
    then_free: bool | None = None


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """A quota as it stands: set aside in all = remaining + drawn + used + returned.

    `drawn` units are held by orders and may come back, `used` ones went to orders for good, `returned` ones were given
    to everybody: when it was made smaller, when it ended, when a fact took them.
    """

    id: QuotaId
    event: QuotaName
    node_id: NodeId
    sku_id: SkuId
    set_aside: int
    remaining: int
    drawn: int
    used: int
    returned: int
    starts_at: datetime
    ends_at: datetime
    reserve_id: QuotaId | None
    then_free: bool
    ended_at: datetime | None

    @property
    def units(self) -> int:
        """Its size: what was set aside and not given back."""
        return self.set_aside - self.returned

    @property
    def to_orders(self) -> int:
        """What went to orders."""
        return self.drawn + self.used


class QuotasWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which quotas are looked for; None: any."""

    node_ids: tuple[NodeId, ...] | None = None
    code: str | None = None
    is_open: bool | None = None


class QuotaOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A quota that is set aside; `is_repeat`: it was before."""

    quota: Quota
    is_repeat: bool = False


class QuotaMoved(msgspec.Struct, frozen=True, kw_only=True):
    """A quota after a change; its size was `units_before`. `is_repeat`: nothing was left to change."""

    quota: Quota
    units_before: int
    is_repeat: bool = False
    shortfalls: tuple[ShortfallChange, ...] = ()


class QuotaOver(msgspec.Struct, frozen=True, kw_only=True):
    """A quota that has ended, and how many units went back to everybody by that. `is_repeat`: it had ended before."""

    quota: Quota
    returned: int
    is_repeat: bool = False
    shortfalls: tuple[ShortfallChange, ...] = ()


class EventRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What an order of an event can get of a SKU: `room` in all, of which `left` is set aside for it.

    `left` None: nothing is set aside, and the event's orders take what everybody may.
    """

    sku_id: SkuId
    room: int
    left: int | None
