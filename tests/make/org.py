"""A small brand to test with: two regions, a dealer with a store of its own, a mall, four stores, a warehouse."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from loopline import org
from loopline.db import Conn
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrgUnitId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.org import NewUnit, OpenHours, Role, RoleGrant, UnitKind

NOW = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
PASSWORD = "环线 correct horse"

_Outcome = TypeVar("_Outcome")


def succeeded(outcomes: Sequence[_Outcome | Refusal]) -> list[_Outcome]:
    """The outcomes, none of which may be a refusal."""
    refused = [outcome.message() for outcome in outcomes if isinstance(outcome, Refusal)]
    assert refused == []
    return [outcome for outcome in outcomes if not isinstance(outcome, Refusal)]


def new_unit(code: str, kind: UnitKind, parent_code: str | None = None, **changes: object) -> NewUnit:
    """A unit in Shanghai, open every day from ten to ten."""
    fields: dict[str, object] = {
        "name": f"{kind} {code}",
        "time_zone": "Asia/Shanghai",
        "country": "CN",
        "region_code": "310106",
        "coordinates": Coordinates(longitude=121.45, latitude=31.23),
        "hours": tuple(OpenHours(weekday=day, opens_minute=600, closes_minute=1320) for day in range(1, 8)),
    }
    return NewUnit(code=code, kind=kind, parent_code=parent_code, **(fields | changes))  # pyright: ignore[reportArgumentType]


BRAND_UNITS = (
    new_unit("HX", UnitKind.BRAND, region_code=None, coordinates=None, hours=()),
    new_unit("EAST", UnitKind.REGION, "HX", coordinates=None, hours=()),
    new_unit("WEST", UnitKind.REGION, "HX", coordinates=None, hours=()),
    new_unit("W-01", UnitKind.WAREHOUSE, "EAST"),
    new_unit("S-01", UnitKind.STORE, "EAST"),
    new_unit("S-02", UnitKind.STORE, "EAST"),
    new_unit("S-03", UnitKind.STORE, "WEST"),
    new_unit("D-01", UnitKind.DEALER, "WEST"),
    new_unit("M-01", UnitKind.MALL, "D-01"),
    new_unit("S-04", UnitKind.STORE, "M-01"),
)


def build_brand(conn: Conn, *, now: datetime = NOW) -> dict[str, OrgUnitId]:
    """Build the tree; unit ids by code."""
    added = succeeded(org.add_units(conn, BRAND_UNITS, by=None, now=now))
    return {unit.code: unit.unit_id for unit in added}


def add_person(
    conn: Conn, sign_in_name: str, *, at: str, role: Role | None = None, branch: str | None = None
) -> PersonId:
    """Take on one person at a unit, with a role at that unit or at another branch."""
    person = org.NewPerson(sign_in_name=sign_in_name, name=sign_in_name.title(), unit_code=at)
    (added,) = succeeded(org.add_people(conn, [person], by=None, now=NOW))
    if role is not None:
        unit = org.units_by_code(conn, [branch or at])[branch or at]
        grant = RoleGrant(person_id=added.person_id, role=role, branch_id=unit.id)
        succeeded(org.assign_roles(conn, [grant], by=None, now=NOW))
    return added.person_id
