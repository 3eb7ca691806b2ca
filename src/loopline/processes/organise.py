"""Organise: what changes in the tree and in who may do what is told to the log, once, as the last write."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from loopline import org
from loopline.db import Conn, log
from loopline.kernel.refusals import Refusal
from loopline.org import PersonClosed, RoleGranted, RoleTaken, UnitAdded, UnitMoved

Changed = TypeVar("Changed", UnitAdded, UnitMoved, RoleGranted, RoleTaken, PersonClosed)


def told(
    conn: Conn, outcomes: Sequence[Changed | Refusal], *, now: datetime, actor: str
) -> Sequence[Changed | Refusal]:
    """Append what changed, and return the outcomes as they came. Refusals and repeats changed nothing."""
    log.append(conn, org.events_of(outcomes, at=now, actor=actor))
    return outcomes
