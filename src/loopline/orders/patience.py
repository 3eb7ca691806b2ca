"""How long an unpaid ask is held, and whether one more may be: pure.

Goods are set aside before anything is paid. So one member, one address and one device have few unpaid asks at once,
and the time to pay is the shorter the less is known in favour of who asks and the scarcer the goods are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec

from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.orders.refusals import TooManyUnpaid, TooManyUnpaidByDevice, TooManyUnpaidToAddress

_MINUTE = timedelta(minutes=1)


class CapKind(StrEnum):
    """What unpaid asks are counted by."""

    MEMBER = "member"
    ADDRESS = "address"
    DEVICE = "device"


AskerKey: TypeAlias = tuple[CapKind, UUID]
_REFUSALS = {
    CapKind.MEMBER: TooManyUnpaid,
    CapKind.ADDRESS: TooManyUnpaidToAddress,
    CapKind.DEVICE: TooManyUnpaidByDevice,
}


class UnpaidCaps(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many unpaid asks may stand at once, by what they are counted by; None: any number."""

    member: int | None = None
    address: int | None = None
    device: int | None = None

    def most(self, kind: CapKind) -> int | None:
        """Return the cap of one kind."""
        return {CapKind.MEMBER: self.member, CapKind.ADDRESS: self.address, CapKind.DEVICE: self.device}[kind]


class UnpaidAsk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An ask that is to wait for its payment, between `minutes_least` and `minutes_most`; who asks, where known."""

    minutes_most: int
    minutes_least: int
    caps: UnpaidCaps = UnpaidCaps()
    member_id: MemberId | None = None
    address: UUID | None = None
    device: UUID | None = None

    @property
    def keys(self) -> list[AskerKey]:
        """What it is counted by."""
        named = (
            (CapKind.MEMBER, self.member_id),
            (CapKind.ADDRESS, self.address),
            (CapKind.DEVICE, self.device),
        )
        return [(kind, key) for kind, key in named if key is not None]


class Standing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What stands under a key: until when its unpaid asks wait, soonest first, how many ran out lately, any paid."""

    unpaid_until: tuple[datetime, ...] = ()
    lapsed: int = 0
    has_paid: bool = False


NOTHING_STANDS = Standing()


class Patience(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How long an ask waits to be paid, in minutes: as things stand, and where it takes much of what little there is.

    `because` are the words of what shortened it, the scarcity apart.
    """

    minutes: int
    scarce_minutes: int
    because: tuple[str, ...] = ()


def decide_unpaid(
    asks: Sequence[UnpaidAsk], *, standing: Mapping[AskerKey, Standing], now: datetime
) -> list[Patience | Refusal]:
    """Let asks wait to be paid, in the order of arrival, or refuse them by the first cap that is reached."""
    added: Counter[AskerKey] = Counter()
    outcomes: list[Patience | Refusal] = []
    for ask in asks:
        keys = ask.keys
        refusal = next((one for key in keys if (one := _refusal(ask, key, standing, added[key], now))), None)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        waiting = max([_count(standing, key) + added[key] for key in keys], default=0)
        lapsed = max([standing.get(key, NOTHING_STANDS).lapsed for key in keys], default=0)
        has_paid = any(standing.get(key, NOTHING_STANDS).has_paid for key in keys)
        outcomes.append(patience_of(ask, waiting=waiting, lapsed=lapsed, has_paid=has_paid))
        added.update(keys)
    return outcomes


def most_by_key(asks: Sequence[UnpaidAsk]) -> dict[AskerKey, int]:
    """Return how many unpaid asks there may be under each capped key when all of these stand, in the order given.

    Each was admitted with fewer than its cap before it: so many of others', and these.
    """
    own: Counter[AskerKey] = Counter()
    of_others: dict[AskerKey, int] = {}
    for ask in asks:
        for key in ask.keys:
            most = ask.caps.most(key[0])
            if most is not None:
                spare = most - 1 - own[key]
                of_others[key] = min(spare, of_others.get(key, spare))
        own.update(ask.keys)
    return {key: spare + own[key] for key, spare in of_others.items()}


def _count(standing: Mapping[AskerKey, Standing], key: AskerKey) -> int:
    return len(standing.get(key, NOTHING_STANDS).unpaid_until)


def _refusal(
    ask: UnpaidAsk, key: AskerKey, standing: Mapping[AskerKey, Standing], added: int, now: datetime
) -> Refusal | None:
    most = ask.caps.most(key[0])
    until = standing.get(key, NOTHING_STANDS).unpaid_until
    beyond = len(until) + added - most if most is not None else -1
    if most is None or beyond < 0:
        return None
    # So many must go before one more may come; those of this very batch go last.
    frees_at = until[beyond] if beyond < len(until) else now + ask.minutes_most * _MINUTE
    minutes = max(1, -(-(frees_at - now) // _MINUTE))
    return _REFUSALS[key[0]](most=most, minutes=minutes)


def patience_of(ask: UnpaidAsk, *, waiting: int, lapsed: int, has_paid: bool) -> Patience:
    """Return how long an ask waits: what lies beyond the least is halved by each thing that speaks against it.

    Each ask of the same hand that ran out within a day, and each that waits unpaid already. Whoever has paid before is
    forgiven one that ran out and all that wait. Who takes much of what little is left has the least, or, having paid
    before, half of the rest.
    """
    span = ask.minutes_most - ask.minutes_least
    counted_lapses = max(0, lapsed - 1) if has_paid else lapsed
    counted_waits = 0 if has_paid else waiting
    halvings = min(counted_lapses + counted_waits, 30)
    left = span >> halvings
    because: list[str] = []
    if span and counted_lapses:
        because.append("ran_out_lately")
    if span and counted_waits:
        because.append("others_wait")
    return Patience(
        minutes=ask.minutes_least + left,
        scarce_minutes=ask.minutes_least + (left >> 1 if has_paid else 0),
        because=tuple(because),
    )
