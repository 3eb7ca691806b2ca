"""A new draft on its way to an order."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline import orders, pricing, stock
from loopline.kernel.ids import CouponId, LineId, NodeId
from loopline.kernel.refusals import Refusal
from loopline.orders import ChannelTerms, Draft, DraftKind, DraftLine, LineKind, OnShortage
from loopline.pricing.coupons import Offer
from loopline.processes.quotas import events_of

UNPAID_OF_MEMBERS = orders.UnpaidCaps(member=5, address=8, device=5)
"""How many orders of members' own may wait to be paid, where the channel does not say."""


class Candidate(msgspec.Struct, kw_only=True, gc=False):
    """A new draft on its way to an order; `refusal` ends the way.

    `ahead`: by line, the units sold ahead, of `ahead_most` that might be.
    `coupons_refused`: what a sale that happened named, and could not use. `points_of`: the version of the programme by
    which points are used.
    """

    position: int
    draft: Draft
    new: orders.New
    node_id: NodeId | None = None
    terms: ChannelTerms | None = None
    line_ids: tuple[LineId, ...] = ()
    quote: pricing.Quote | None = None
    held: Mapping[LineId, int] = {}
    ahead: Mapping[LineId, int] = {}
    ahead_most: Mapping[LineId, int] = {}
    patience: orders.Patience | None = None
    is_scarce: bool = False
    refusal: Refusal | None = None
    goods: Sequence[tuple[LineId, DraftLine]] = ()
    asked: orders.UnpaidAsk | None = None
    kept: Sequence[pricing.KeptPrice | None] = ()
    coupons: Sequence[Offer] = ()
    coupons_refused: Sequence[tuple[CouponId | None, Refusal]] = ()
    points_of: UUID | None = None

    def name_lines(self, line_ids: tuple[LineId, ...]) -> None:
        """Give the lines their ids."""
        self.line_ids = line_ids
        pairs = zip(line_ids, self.draft.lines, strict=True)
        self.goods = [(line_id, line) for line_id, line in pairs if line.kind is LineKind.GOODS]


def unpaid_ask(one: Candidate) -> orders.UnpaidAsk:
    """What a channel says of its asks; what it does not say of members' own orders, everybody's caps do."""
    assert one.terms is not None
    draft, terms = one.draft, one.terms
    most = minutes_of(one)
    caps = terms.caps
    if draft.asker.is_own:
        caps = orders.UnpaidCaps(
            member=caps.member or UNPAID_OF_MEMBERS.member,
            address=caps.address or UNPAID_OF_MEMBERS.address,
            device=caps.device or UNPAID_OF_MEMBERS.device,
        )
    is_the_channels = draft.hold_minutes is None and terms.hold_minutes_least is not None
    return orders.UnpaidAsk(
        minutes_most=most,
        minutes_least=terms.hold_minutes_least or most if is_the_channels else most,
        caps=caps,
        member_id=draft.member_id,
        address=draft.asker.address,
        device=draft.asker.device,
    )


def hold_ask(one: Candidate) -> stock.HoldAsk:
    assert one.node_id is not None
    return stock.HoldAsk(
        order_id=one.new.order_id,
        lines=tuple(
            stock.HoldAskLine(
                line_id=line_id,
                node_id=one.node_id,
                sku_id=line.sku_id,
                units=line.units,
                ahead_most=one.ahead_most.get(line_id, 0),
            )
            for line_id, line in one.goods
            if line.sku_id is not None
        ),
        expires_at=pay_until_of(one),
        scarce_expires_at=scarce_until_of(one),
        short=stock.OnShort.PART if one.draft.on_shortage is OnShortage.PARK else stock.OnShort.REFUSE,
        events=events_of(one.draft.channel, one.draft.live_room_code),
    )


def minutes_of(one: Candidate) -> int:
    """How long an ask may wait to be paid: as long as it says, or its channel does; 0: not at all, nothing is due."""
    assert one.terms is not None
    if one.quote is not None and not any(line.amount_minor for line in one.quote.lines):
        return 0
    minutes = one.terms.hold_minutes_default if one.draft.hold_minutes is None else one.draft.hold_minutes
    return minutes or 0 if one.draft.kind is DraftKind.ASK else 0


def pay_until_of(one: Candidate) -> datetime | None:
    """Until when an ask waits to be paid; None: it need not be."""
    if one.is_scarce:
        return scarce_until_of(one)
    minutes = one.patience.minutes if one.patience is not None else minutes_of(one)
    return one.draft.placed_at + timedelta(minutes=minutes) if minutes else None


def scarce_until_of(one: Candidate) -> datetime | None:
    """Until when it waits where it takes much of what little is left; None: as long as otherwise."""
    if one.patience is None or one.patience.scarce_minutes == one.patience.minutes:
        return None
    return one.draft.placed_at + timedelta(minutes=one.patience.scarce_minutes)


def waits_because_of(one: Candidate) -> tuple[str, ...]:
    because = one.patience.because if one.patience is not None else ()
    return (*because, "goods_are_scarce") if one.is_scarce else because
