"""Messages as channels send them, and a receiver to send them to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from loopline import org
from loopline.channels.receiving import Received, Receiver
from loopline.customers.keys import KeyRing
from loopline.db import Conn, Database
from loopline.inbox import MessageState
from loopline.processes.receive import Sender
from tests.make.shop import NOON

RING = KeyRing(sealing=[b"s" * 32], indexing=[b"i" * 32])
WORTH = 15_820
"""What an order of `created` comes to."""


class Clock:
    """A clock that a test moves."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def receiver(database: Database, clock: Clock | None = None) -> Receiver:
    """A receiver of a database; it is noon where nothing else is said."""
    return Receiver(database, ring=RING, clock=clock or Clock())


def sender(conn: Conn, branch: str = "HX", *, may_move_money: bool = True) -> Sender:
    """Somebody who sends for a branch."""
    unit = org.units_by_code(conn, [branch])[branch]
    return Sender(actor=f"key:{branch}", branch_id=unit.id, may_move_money=may_move_money)


def created(number: str, *, id: str | None = None, channel: str = "web", **order: Any) -> bytes:  # noqa: A002
    """An order of one coat and two scarves, to be delivered in Shanghai and never to run out of time."""
    stated: dict[str, Any] = {
        "kind": "ask",
        "region_code": "310100",
        "hold_minutes": 0,
        "lines": [{"sku_code": "COAT", "units": 1}, {"sku_code": "SCARF", "units": 2}],
    }
    return spelt(id or f"{number}-created", channel, "created", number, order=stated | order)


def paid(number: str, *, amount_minor: int = WORTH, id: str | None = None, reference: str = "1") -> bytes:  # noqa: A002
    """Money the channel took for an order."""
    payment = {"reference": f"{number}-{reference}", "amount_minor": amount_minor, "currency": "CNY"}
    return spelt(id or f"{number}-paid-{reference}", "web", "paid", number, payment=payment)


def cancelled(number: str, *lines: tuple[str, int], id: str | None = None) -> bytes:  # noqa: A002
    """An order called off, or units of it."""
    said = [{"sku_code": sku, "units": units} for sku, units in lines]
    return spelt(id or f"{number}-cancelled", "web", "cancelled", number, **({"lines": said} if said else {}))


def spelt(id: str, channel: str, kind: str, number: str, **fields: Any) -> bytes:  # noqa: A002
    """A message, spelt."""
    return msgspec.json.encode(
        {"id": id, "channel": channel, "kind": kind, "external_number": number, **fields}
    )


def states(received: Sequence[Received]) -> list[tuple[MessageState, str | None]]:
    """Where messages stand, and why."""
    return [(one.message.state, one.message.reason) for one in received]
