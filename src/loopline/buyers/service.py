"""Commands of buyers: keep what platforms sealed, forget it, write down who opens it and how that ended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from loopline.buyers import rules, store
from loopline.buyers.model import NewOpening, NewSealing, OpeningEnd, SealingKept
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PersonId

__all__ = [
    "end_openings",
    "forget_sealings",
    "keep_sealings",
    "lock_to_look_at",
    "look_later",
    "opened_within_the_hour",
    "write_openings",
]


def keep_sealings(conn: Conn, new: Sequence[NewSealing], *, now: datetime) -> list[SealingKept]:
    """Keep what platforms sealed of orders' buyers: one outcome each, in their order; the newest of an order stands.

    Whichever comes first, once or twice, the same one stands at the end; what was forgotten does not come back. The
    caller has judged them (`rules.refusal_of_sealing`). Locks the sealings by order.
    """
    if not new:
        return []
    going = rules.newest_of_each(new)
    written = store.keep_sealings(conn, going, look_at=now + rules.KEPT_FOR, now=now)
    standing = {one.order_id: one for one in store.sealings(conn, {one.order_id for one in new})}
    outcomes: list[SealingKept] = []
    for one in new:
        stands = standing[one.order_id]
        is_it = (one.ciphertext, one.ciphertext_id, one.sealed_at) == (
            stands.ciphertext,
            stands.ciphertext_id,
            stands.sealed_at,
        )
        if stands.forgotten_at is not None:
            outcomes.append(SealingKept.FORGOTTEN)
        elif not is_it:
            outcomes.append(SealingKept.OLDER)
        elif one.order_id in written:
            outcomes.append(SealingKept.RENEWED if written[one.order_id] else SealingKept.NEW)
        else:
            outcomes.append(SealingKept.SAME)
    return outcomes


def lock_to_look_at(conn: Conn, *, now: datetime, limit: int) -> list[OrderId]:
    """Lock the sealings whose orders are to be looked at now, those due longest first; passes by those held."""
    return store.lock_to_look_at(conn, now=now, limit=limit)


def look_later(conn: Conn, later: Mapping[OrderId, datetime]) -> None:
    """Look at sealings again at later moments. The caller holds them."""
    if later:
        store.look_later(conn, later)


def forget_sealings(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    """Forget what is sealed of orders' buyers, with their masks; that it was there remains. The caller holds them."""
    return store.forget(conn, order_ids, now=now) if order_ids else 0


def opened_within_the_hour(conn: Conn, person_id: PersonId, *, now: datetime) -> list[datetime]:
    """Return when a person put openings to platforms within the last hour.

    Takes the person's turn until the transaction ends: who counts decides on the count, and nobody beside them.
    """
    store.take_persons_turn(conn, person_id)
    return store.put_to_platforms(conn, person_id, since=now - rules.HOUR)


def write_openings(conn: Conn, new: Sequence[NewOpening], *, now: datetime) -> None:
    """Write down who asks to see whose data, for what, and what of it is refused. Nothing is shown before that."""
    if new:
        store.insert_openings(conn, new, now=now)


def end_openings(conn: Conn, ends: Sequence[OpeningEnd], *, now: datetime) -> None:
    """Write down what platforms said to openings. Nothing is shown before that."""
    if ends:
        store.insert_ends(conn, ends, now=now)
