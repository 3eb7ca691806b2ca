"""What sites can send: all that is ambient, and colder goods where somebody declared that they are equipped for them.

What a site could send at a moment stays known. Who puts cold goods to a site reads what it can send with
`lock_equipment` in the transaction that does it; who takes equipment away locks it first with `lock_to_change`, and
ends it no earlier than what was put to the site by it. Locks rows in order of (site, class), after tasks and before the
days of sites.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, statements, uuids
from loopline.kernel.ids import SiteId
from loopline.kernel.temperatures import AMBIENT_ALONE, TemperatureClass

SQL = statements(__file__)


class Equipment(msgspec.Struct, frozen=True, kw_only=True):
    """That a site can send goods of a class, since when, and by whose word."""

    site_id: SiteId
    temperature_class: TemperatureClass
    since: datetime
    declared_by: str


Ability = Mapping[SiteId, frozenset[TemperatureClass]]
"""The classes that each site can send, all of them; a site that is left out sends what is ambient."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A class that a site can send from now on."""

    site_id: SiteId
    temperature_class: TemperatureClass


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A class that a site cannot send any more, since `until`."""

    site_id: SiteId
    temperature_class: TemperatureClass
    until: datetime


def equipment(conn: Conn, site_ids: Collection[SiteId] | None = None) -> list[Equipment]:
    """Return what some sites (None: all) are equipped for, in order of (site, class). Locks nothing."""
    return fetch(
        conn, SQL["read_equipment"], Equipment, site_ids=None if site_ids is None else uuids(site_ids)
    )


def ability(conn: Conn) -> Ability:
    """Return what sites can send, beside ambient goods too. Locks nothing."""
    return ability_of(equipment(conn))


def lock_equipment(conn: Conn, site_ids: Collection[SiteId], *, now: datetime) -> Ability:
    """Return what sites can send, and keep it so until the transaction ends: rows are locked for sharing.

    What begins after `now`, by the clock of a rival that was faster, does not count yet.
    """
    if not site_ids:
        return {}
    return ability_of(fetch(conn, SQL["share_equipment"], Equipment, site_ids=uuids(set(site_ids)), now=now))


def lock_to_change(conn: Conn, site_ids: Collection[SiteId]) -> list[Equipment]:
    """Return what sites are equipped for, locked so that nobody puts goods to them by it meanwhile."""
    return fetch(conn, SQL["lock_equipment"], Equipment, site_ids=uuids(set(site_ids)))


def ability_of(known: Sequence[Equipment]) -> Ability:
    """Return the classes that sites can send, by what they are equipped for."""
    found: dict[SiteId, frozenset[TemperatureClass]] = {}
    for one in known:
        found[one.site_id] = found.get(one.site_id, AMBIENT_ALONE) | {one.temperature_class}
    return found


def can_send(known: Ability, site_id: SiteId, temperature_class: TemperatureClass) -> bool:
    """Say whether a site can send goods of a class."""
    return temperature_class in known.get(site_id, AMBIENT_ALONE)


def change_equipment(
    conn: Conn, *, declared: Sequence[Declared], withdrawn: Sequence[Withdrawn], now: datetime, by: str
) -> None:
    """Write what sites can send from now on, and what no more. What stands already stays as it is.

    The caller has locked what it withdraws, by `lock_to_change`. Two who declare the same at once declare it once.
    """
    if withdrawn:
        execute(
            conn,
            SQL["end_equipment"],
            site_ids=uuids([one.site_id for one in withdrawn]),
            classes=[one.temperature_class.value for one in withdrawn],
            until=[one.until for one in withdrawn],
            by=by,
        )
    if declared:
        execute(
            conn,
            SQL["begin_equipment"],
            site_ids=uuids([one.site_id for one in declared]),
            classes=[one.temperature_class.value for one in declared],
            now=now,
            by=by,
        )
