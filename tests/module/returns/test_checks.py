"""Doctor finds each kind of damage done to returns, and nothing where there is none."""

from uuid import UUID

import pytest

from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import LineId, OrderId, ReturnId, uuid7
from loopline.returns import service
from loopline.returns.announcements import (
    Announced,
    AnnouncedLine,
    NewAnnouncement,
    Returnable,
    announce_returns,
)
from loopline.returns.checks import CHECKS
from loopline.returns.model import Opened
from tests.make.returns import NOW, asked, grading, line, purchase, receipt


def healthy(conn: Conn) -> None:
    (outcome,) = service.open_returns(conn, [asked(line(5))], purchases=[purchase(1, units_left=3)], now=NOW)
    assert isinstance(outcome, Opened)
    line_id = outcome.lines[0].return_line_id
    service.receive_units(conn, [receipt(line_id, units=2), receipt(line_id, units=2)])
    service.grade_units(conn, [grading(line_id, units=1)])
    sold = LineId(UUID(int=2001))
    wanted = NewAnnouncement(
        id=ReturnId(uuid7(NOW)),
        channel="web",
        external_number="A-1",
        order_id=OrderId(UUID(int=1001)),
        lines=(AnnouncedLine(line_id=sold, code="A", sku_id=None, units=1),),
    )
    assert announce_returns(conn, [wanted], lines={sold: Returnable(units=1)}, now=NOW) == [
        Announced(return_id=wanted.id, is_repeat=False)
    ]


def findings(database: Database) -> dict[str, list[tuple[str, str]]]:
    with database.reading() as conn:
        found = {check.name: run_check(conn, check) for check in CHECKS}
    return {
        name: [(finding.found, finding.repair) for finding in broken]
        for name, broken in found.items()
        if broken
    }


def test_healthy_returns_have_no_findings(database: Database) -> None:
    with database.transaction() as conn:
        healthy(conn)
    assert findings(database) == {}


@pytest.mark.parametrize(
    ("damage", "check", "found"),
    [
        ("update returns.return_line set matched_units = 4", "matches_fit_return_lines", "4 matched"),
        ("update returns.return_line set received_units = 3", "received_units_equal_receipts", "3 received"),
        ("update returns.return_line set graded_units = 4", "graded_units_equal_gradings", "4 graded"),
        (
            (
                "insert into returns.return select gen_random_uuid(), channel, 'x', content_hash, kind, order_id,"
                " member_id, site_id, currency, at, opened_at from returns.return"
            ),
            "returns_have_lines",
            "no lines",
        ),
        (
            "update returns.announced set ended_at = announced_at, how_ended = 'received'",
            "received_announcements_are_returns",
            "received, no return",
        ),
        (
            (
                "insert into returns.announced_way (announced_id, way, code, cost_minor, currency, is_awaited)"
                " select id, 'parcel', 'R2', 0, 'CNY', false from returns.announced"
            ),
            "ways_are_awaited_as_announced",
            "not awaited",
        ),
    ],
)
def test_planted_damage_is_found_and_its_repair_repairs(
    database: Database, damage: str, check: str, found: str
) -> None:
    with database.transaction() as conn:
        healthy(conn)
    with database.owner_transaction() as owner:
        owner.execute(damage.encode())
    broken = findings(database)
    assert {name: [told for told, _ in all_found] for name, all_found in broken.items()} == {check: [found]}
    with database.owner_transaction() as owner:
        owner.execute(broken[check][0][1].encode())
    assert findings(database) == {}
