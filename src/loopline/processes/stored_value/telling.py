"""What is told of stored value that moved."""

from collections.abc import Sequence
from datetime import datetime

from loopline.kernel.events import Event, event
from loopline.stored_value import Moved, StoredValueMoved


def told_of(moved: Sequence[Moved], *, now: datetime) -> list[Event]:
    """Return the events of movements, repeats left out."""
    return [
        event(
            StoredValueMoved(
                member_id=one.account.member_id,
                entity_id=one.account.entity_id,
                account_id=one.account.id,
                kind=one.movement.kind,
                currency=one.account.currency,
                principal_minor=one.movement.principal_minor,
                bonus_minor=one.movement.bonus_minor,
            ),
            subject=one.account.member_id,
            at=now,
            actor=one.movement.by,
        )
        for one in moved
        if not one.is_repeat
    ]
