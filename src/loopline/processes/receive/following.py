"""What the inbox learns from the log: an order that came by another way ends the waiting for it."""

from collections.abc import Sequence

from loopline import inbox, orders
from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.kernel.events import Event
from loopline.kernel.ids import OrderId
from loopline.orders import OrderPlaced


def wake_waiting(conn: Conn, events: Sequence[Event]) -> None:
    """Let messages that wait for these orders be tried at once. Where nothing waits, nothing is read."""
    if not events or not inbox.is_any_waiting(conn):
        return
    heads = orders.orders_by_ids(conn, sorted({OrderId(told.subject) for told in events}))
    inbox.wake_messages(
        conn,
        sorted({(head.channel, head.external_number) for head in heads}),
        now=max(told.at for told in events),
    )


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="inbox", types=frozenset({OrderPlaced.type_name()}), apply=wake_waiting),
)
