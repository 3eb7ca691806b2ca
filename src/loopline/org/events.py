"""What the organisation says happened. Made here, appended to the log by whoever runs the transaction."""

from collections.abc import Sequence
from datetime import datetime

from loopline.kernel.changes import Part
from loopline.kernel.events import SYSTEM_ACTOR, Event, EventBody, event
from loopline.kernel.ids import OrgUnitId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.org.limits import CounterLimit
from loopline.org.model import (
    PersonClosed as PersonClosedOutcome,
)
from loopline.org.model import (
    Role,
    RoleGranted,
    RoleTaken,
    UnitAdded,
    UnitMoved,
)


class UnitHung(EventBody, frozen=True, kw_only=True):
    """A unit was hung into the tree."""

    unit_id: OrgUnitId


class UnitRehung(EventBody, frozen=True, kw_only=True):
    """A branch was hung elsewhere."""

    unit_id: OrgUnitId
    parent_id: OrgUnitId
    former_parent_id: OrgUnitId


class RoleGiven(EventBody, frozen=True, kw_only=True):
    """A person was given a role at a branch."""

    person_id: PersonId
    role: Role
    branch_id: OrgUnitId


class RoleWithdrawn(EventBody, frozen=True, kw_only=True):
    """A person's role at a branch was taken back."""

    person_id: PersonId
    role: Role
    branch_id: OrgUnitId


class CounterLimitSet(EventBody, frozen=True, kw_only=True):
    """A unit set what one person may do alone at its counters; no value: what holds above it holds again.

    `parts`: what of it differs from what the unit had set before.
    """

    unit_id: OrgUnitId
    setting: CounterLimit
    value: int | None
    is_open: bool
    parts: tuple[Part, ...] = ()


class PersonLeft(EventBody, frozen=True, kw_only=True):
    """A person left."""

    person_id: PersonId


_Outcome = UnitAdded | UnitMoved | RoleGranted | RoleTaken | PersonClosedOutcome | Refusal


def events_of(outcomes: Sequence[_Outcome], *, at: datetime, actor: str = SYSTEM_ACTOR) -> list[Event]:
    """Return the events of what changed, in order; refusals and repeats changed nothing."""
    made: list[Event] = []
    for outcome in outcomes:
        match outcome:
            case UnitAdded(unit_id=unit_id, is_new=True):
                made.append(event(UnitHung(unit_id=unit_id), subject=unit_id, at=at, actor=actor))
            case UnitMoved():
                moved = UnitRehung(
                    unit_id=outcome.unit_id,
                    parent_id=outcome.parent_id,
                    former_parent_id=outcome.former_parent_id,
                )
                made.append(event(moved, subject=outcome.unit_id, at=at, actor=actor))
            case RoleGranted(grant=grant, is_new=True):
                given = RoleGiven(person_id=grant.person_id, role=grant.role, branch_id=grant.branch_id)
                made.append(event(given, subject=grant.person_id, at=at, actor=actor))
            case RoleTaken(grant=grant):
                taken = RoleWithdrawn(person_id=grant.person_id, role=grant.role, branch_id=grant.branch_id)
                made.append(event(taken, subject=grant.person_id, at=at, actor=actor))
            case PersonClosedOutcome(person_id=person_id):
                made.append(event(PersonLeft(person_id=person_id), subject=person_id, at=at, actor=actor))
            case _:
                pass
    return made
