"""What counts as masked, which sealing stands, how many may be opened, when all of it is forgotten. Pure."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from loopline.buyers.model import Masked, NewSealing, OpeningPurpose
from loopline.buyers.refusals import BuyerNotMasked, SealingEmpty, TooManyOpenings
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal

HOUR = timedelta(hours=1)
KEPT_FOR = timedelta(days=30)
"""How long a sealing is kept once its order is over."""
LOOKED_AT_EVERY = timedelta(days=1)

OPENED_PER_HOUR_MOST: dict[OpeningPurpose, int] = {
    # A busy site ships two hundred parcels a day, by several hands.
    OpeningPurpose.SHIP_PARCEL: 60,
    OpeningPurpose.PRINT_LABEL: 60,
    OpeningPurpose.CUSTOMER_SERVICE_CALL: 20,
    OpeningPurpose.FRAUD_CHECK: 10,
    OpeningPurpose.LEGAL_REQUEST: 10,
}
"""So many a person may have opened within the last hour, for whatever purposes, and open one more for this one."""

_MASK = re.compile(r"[*＊•]")
_RUN_OF_DIGITS = re.compile(r"\d(?:[\s-]?\d){7,}")


def refusal_of_sealing(
    *, ciphertext_id: str | None, ciphertext: str | None, masked: Masked
) -> Refusal | None:
    """Refuse what holds nothing sealed, and what shows in the open what it calls masked."""
    if not ciphertext_id and not ciphertext:
        return SealingEmpty()
    for name in masked.__struct_fields__:
        if not is_masked(getattr(masked, name)):
            return BuyerNotMasked(field=f"sealed_buyer.masked_{name}")
    return None


def is_masked(text: str) -> bool:
    """Tell whether a text is masked, or empty: something is starred out, and no eight digits stand in a row."""
    return not text or (_MASK.search(text) is not None and _RUN_OF_DIGITS.search(text) is None)


def newest_of_each(new: Sequence[NewSealing]) -> list[NewSealing]:
    """Return the newest sealing of each order, by order: sealed last, and of one moment the greatest text.

    So the same sealing stands whichever came first.
    """
    newest: dict[OrderId, NewSealing] = {}
    for one in new:
        known = newest.get(one.order_id)
        if known is None or _rank(one) > _rank(known):
            newest[one.order_id] = one
    return [newest[order_id] for order_id in sorted(newest)]


def _rank(one: NewSealing) -> tuple[datetime, bytes, bytes]:
    return one.sealed_at, (one.ciphertext or "").encode(), (one.ciphertext_id or "").encode()


def refusal_of_one_more(
    opened_at: Collection[datetime], *, purpose: OpeningPurpose, now: datetime
) -> TooManyOpenings | None:
    """Refuse one opening too many to a person who opened others at these moments, exactly an hour ago not counted.

    It says in how many minutes, a begun one counted whole, the next may be.
    """
    most = OPENED_PER_HOUR_MOST[purpose]
    within = sorted(one for one in opened_at if one > now - HOUR)
    if len(within) < most:
        return None
    frees_at = within[len(within) - most] + HOUR
    return TooManyOpenings(most=most, minutes=-((now - frees_at) // timedelta(minutes=1)))


def next_look(over_since: datetime | None, *, now: datetime) -> datetime | None:
    """Return when to look again at a sealing; None: forget it now. `over_since`: since when its order is over."""
    if over_since is None:
        return now + LOOKED_AT_EVERY
    due = over_since + KEPT_FOR
    return due if due > now else None
