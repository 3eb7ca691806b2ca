"""Doctor on touchpoints: each check finds the damage it is for, and its repair mends it."""

from typing import LiteralString

import pytest

from loopline.db import Check, Conn, Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import NewParty, PartyKind, add_parties
from loopline.processes.review import CHECKS as BETWEEN
from loopline.processes.touch import Host, WantedLiveRoom, add_live_rooms, identify_visitor, scan
from loopline.touchpoints import CHECKS, TouchpointKind
from tests.make.damage import as_owner, findings, plant, repaired
from tests.make.org import succeeded
from tests.make.shop import NOON, open_shop
from tests.make.touchpoints import OTHER_VISITOR, code_of, member_of, scan_of

ALL: tuple[Check, ...] = (*CHECKS, *BETWEEN)


def scanned(conn: Conn) -> None:
    """A shop whose guide was scanned by a member and by somebody who then signed in, and a live room."""
    open_shop(conn, units=0)
    code = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE")
    first, second = member_of(conn, 1), member_of(conn, 2)
    succeeded(scan(conn, [scan_of(code, member_id=first), scan_of(code, visitor=OTHER_VISITOR)], now=NOON))
    identify_visitor(conn, [(OTHER_VISITOR, second)], now=NOON)
    party = NewParty(code="LIVE", kind=PartyKind.STREAMER, name="Live", unit_code="HX")
    succeeded(add_parties(conn, [party], by=None, now=NOON))
    room = WantedLiveRoom(code="SHOW", name="Show", streamer_code="LIVE", starts_at=NOON)
    succeeded(add_live_rooms(conn, [room], host=Host(scope=WHOLE_BRAND), now=NOON))


def test_sound_touchpoints_break_no_promise(conn: Conn):
    scanned(conn)
    assert findings(conn, ALL) == {}


@pytest.mark.parametrize(
    ("check", "damage", "broken", "mends"),
    [
        ("scan_counts_equal_scans", "update touchpoints.scan_count set scans = scans + 1", 1, True),
        ("scan_counts_equal_scans", "update touchpoints.scan_count set of_members = 0", 1, True),
        ("scan_counts_equal_scans", "delete from touchpoints.scan_count", 1, True),
        ("scan_counts_equal_scans", "update touchpoints.scan_count set day = day + 1", 2, True),
        ("touches_are_of_something", "update touchpoints.scan set touchpoint_id = visitor", 2, False),
        ("touches_are_of_something", "update touchpoints.claim set scan_id = member_id", 1, False),
        (
            "touches_are_of_something",
            "update touchpoints.tie set scan_id = member_id where role = 'guide'",
            2,
            True,
        ),
        (
            "live_rooms_have_their_codes",
            "delete from touchpoints.touchpoint where kind = 'live_room'",
            1,
            False,
        ),
    ],
)
def test_damage_is_found(database: Database, check: str, damage: LiteralString, broken: int, mends: bool):
    with database.transaction() as conn:
        scanned(conn)
    with as_owner(database) as owner:
        plant(owner, damage)
        found = findings(owner, ALL)
        assert len(found[check]) >= broken
        if mends:
            assert (list(found), len(found[check])) == ([check], broken)
            for finding in found[check]:
                repaired(owner, finding)
            assert findings(owner, ALL) == {}
