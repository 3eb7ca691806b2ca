"""The terms on which each channel sells: which goods it may promise, whose price counts, how long an ask is held."""

from collections.abc import Sequence

import msgspec

from loopline.db import Conn, execute, fetch, statements
from loopline.kernel.ids import NodeId
from loopline.kernel.refusals import Refusal
from loopline.orders.patience import UnpaidCaps

SQL = statements(__file__)


class ChannelTerms(msgspec.Struct, frozen=True, kw_only=True):
    """One channel.

    Its asks for delivery hold stock at `network_node_id`. `may_state_price`: its asks may carry a price agreed with the
    customer. `hold_minutes_default`: how long an unpaid ask is held where it does not say; None holds until released.
    `hold_minutes_least`: what risk may shorten that to; None: nothing. `unpaid_per_...`: how many asks of one
    member, one address, one device may wait to be paid at once; None: the channel does not say. `time_zone` cuts the
    days of orders that no site sells.
    """

    code: str
    name: str
    network_node_id: NodeId
    may_state_price: bool = False
    hold_minutes_default: int | None = None
    time_zone: str = "UTC"
    hold_minutes_least: int | None = None
    unpaid_per_member: int | None = None
    unpaid_per_address: int | None = None
    unpaid_per_device: int | None = None

    @property
    def caps(self) -> UnpaidCaps:
        """How many asks of one hand may wait to be paid."""
        return UnpaidCaps(
            member=self.unpaid_per_member, address=self.unpaid_per_address, device=self.unpaid_per_device
        )


class UnknownChannel(Refusal, frozen=True, kw_only=True):
    """There is no channel {channel}."""

    channel: str


def put_channels(conn: Conn, channels: Sequence[ChannelTerms]) -> None:
    """Set the terms of channels; a code that exists gets the new terms."""
    execute(
        conn,
        SQL["put_channels"],
        codes=[one.code for one in channels],
        names=[one.name for one in channels],
        network_node_ids=[one.network_node_id for one in channels],
        may_state_price=[one.may_state_price for one in channels],
        hold_minutes=[one.hold_minutes_default for one in channels],
        time_zones=[one.time_zone for one in channels],
        hold_minutes_least=[one.hold_minutes_least for one in channels],
        unpaid_per_member=[one.unpaid_per_member for one in channels],
        unpaid_per_address=[one.unpaid_per_address for one in channels],
        unpaid_per_device=[one.unpaid_per_device for one in channels],
    )


def channels_by_code(conn: Conn) -> dict[str, ChannelTerms]:
    """Return every channel's terms."""
    return {one.code: one for one in fetch(conn, SQL["channels"], ChannelTerms)}
