"""What members may ask for by themselves: at our price, no more than one household needs, and not for ever.

Goods are set aside for whoever asks, before anything is paid. So nobody who only signed in can keep them from all
others: an order is small, has a time to be paid, and only a few of them wait at once (`orders.patience`).
"""

from collections.abc import Mapping, Sequence

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.orders import ChannelTerms, Delivery, Draft, DraftKind, LineKind, OnShortage
from loopline.processes.take_in.message import Incoming, OrderMessage
from loopline.processes.take_in.refusals import (
    NotForMembers,
    NotInTheShow,
    NotOnAir,
    TooManyLines,
    TooManyUnits,
)
from loopline.touchpoints import LiveRoom

LIVE_CHANNEL = "livestream"
MEMBER_CHANNELS = frozenset({"web", "mini_program", LIVE_CHANNEL})
UNITS_MAX = 99
LINES_MAX = 20
HOLD_MINUTES = 15
"""How long a member's order waits to be paid where its channel does not say."""
_LEFT_TO_THE_SHOP = (
    "placed_at",
    "order_id",
    "seller_code",
    "currency",
    "hold_minutes",
    "guide_code",
    "dealer_code",
    "streamer_code",
    "sealed_buyer",
)


def refusal_of_member(message: OrderMessage, member_id: MemberId) -> Refusal | None:
    """Return why a member cannot ask for this, however things stand."""
    field = _field_beyond_members(message, member_id)
    if field is not None:
        return NotForMembers(field=field)
    if len(message.lines) > LINES_MAX:
        return TooManyLines(most=LINES_MAX)
    for position, line in enumerate(message.lines):
        if line.units > UNITS_MAX:
            return TooManyUnits(line=position + 1, most=UNITS_MAX, field=f"lines[{position}].units")
    return None


def _field_beyond_members(message: OrderMessage, member_id: MemberId) -> str | None:
    """A member asks, in the own name, where members may, at our price; everything else is the shop's to say."""
    beyond = {
        "member_id": message.member_id != member_id,
        "kind": message.kind is not DraftKind.ASK,
        "channel": message.channel not in MEMBER_CHANNELS,
        "delivery": message.delivery is Delivery.CARRIED_OUT,
        "on_shortage": message.on_shortage is not OnShortage.REFUSE,
        "ship_from": bool(message.ship_from),
    }
    beyond |= {field: getattr(message, field) is not None for field in _LEFT_TO_THE_SHOP}
    for position, line in enumerate(message.lines):
        beyond[f"lines[{position}].kind"] = line.kind is not LineKind.GOODS
        beyond[f"lines[{position}].stated_unit_minor"] = line.stated_unit_minor is not None
    return next((field for field, is_beyond in beyond.items() if is_beyond), None)


def _refusal_of_show(message: OrderMessage, shows: Mapping[str, LiveRoom]) -> Refusal | None:
    """What is sold out of a show is what it shows, while it is on air: its prices are nobody else's."""
    if message.channel != LIVE_CHANNEL:
        return None
    show = shows.get(message.touch.touchpoint_code or "") if message.touch else None
    if show is None or not show.is_live:
        return NotOnAir()
    for position, line in enumerate(message.lines):
        if line.sku_code not in show.sku_codes:
            return NotInTheShow(
                line=position + 1, sku_code=line.sku_code, field=f"lines[{position}].sku_code"
            )
    return None


def held_for_members(terms: ChannelTerms | None) -> int | None:
    """Return the minutes a member's order is held where its channel says none; None leaves it to the channel."""
    return None if terms is not None and terms.hold_minutes_default else HOLD_MINUTES


def as_members_may(
    conn: Conn,
    incoming: Sequence[Incoming],
    drafts: Sequence[Draft | Refusal],
    *,
    shows: Mapping[str, LiveRoom],
) -> list[Draft | Refusal]:
    """Refuse members' new orders out of no show; a message that is an order already is let through.

    `shows` by the codes of the touchpoints that lead into them. Locks nothing.
    """
    refused = {
        position: refusal
        for position, (one, draft) in enumerate(zip(incoming, drafts, strict=True))
        if one.by_member is not None and isinstance(draft, Draft)
        if (refusal := _refusal_of_show(one.message, shows)) is not None
    }
    if not refused:
        return list(drafts)
    numbers = {
        position: (incoming[position].message.channel, incoming[position].message.external_number)
        for position in refused
    }
    known = set(orders.order_ids_by_external_numbers(conn, sorted(set(numbers.values()))))
    return [
        refused[position] if position in refused and numbers[position] not in known else draft
        for position, draft in enumerate(drafts)
    ]
