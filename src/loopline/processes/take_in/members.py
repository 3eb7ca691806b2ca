"""What members may ask for by themselves: at our price, no more than one household needs, and not for ever.

Goods are set aside for whoever asks, before anything is paid. So nobody who only signed in can keep them from all
others: an order is small, has a time to be paid, and only a few of them wait at once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

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
    TooManyUnpaid,
)
from loopline.touchpoints import LiveRoom

LIVE_CHANNEL = "livestream"
MEMBER_CHANNELS = frozenset({"web", "mini_program", LIVE_CHANNEL})
UNITS_MAX = 99
LINES_MAX = 20
UNPAID_MAX = 5
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
    now: datetime,
) -> list[Draft | Refusal]:
    """Refuse members' new orders out of no show, and of those of whom enough wait to be paid.

    A message that is an order already is let through. `shows` by the codes of the touchpoints that lead into them.
    Locks nothing: of those that several processes place in the same moment, some more may wait.
    """
    asked = {
        position: (one.by_member, draft)
        for position, (one, draft) in enumerate(zip(incoming, drafts, strict=True))
        if one.by_member is not None and isinstance(draft, Draft)
    }
    if not asked:
        return list(drafts)
    numbers = {(draft.channel, draft.external_number) for _, draft in asked.values()}
    seen = set(orders.order_ids_by_external_numbers(conn, sorted(numbers)))
    unpaid = Counter(
        head.member_id
        for head in orders.open_orders_of_members(conn, {member_id for member_id, _ in asked.values()})
        if head.pay_until is not None and head.pay_until > now
    )
    outcomes = list(drafts)
    for position, (member_id, draft) in asked.items():
        if (draft.channel, draft.external_number) in seen:
            continue
        refusal = _refusal_of_show(incoming[position].message, shows)
        if refusal is not None:
            outcomes[position] = refusal
            continue
        if unpaid[member_id] >= UNPAID_MAX:
            outcomes[position] = TooManyUnpaid(most=UNPAID_MAX)
            continue
        unpaid[member_id] += 1
        seen.add((draft.channel, draft.external_number))
    return outcomes
