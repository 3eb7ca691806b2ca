"""Doctor finds each kind of damage done to shares, and nothing where there is none."""

from datetime import timedelta

import pytest

from loopline.db import Conn, Database, run_check
from loopline.sharing import service
from loopline.sharing.checks import CHECKS
from tests.make.sharing import DUE_AT, claw_back, publish, split


def healthy(conn: Conn) -> None:
    """Three parts: due with a return before and one after, pending with a return, pending."""
    rule_set_id = publish(conn)
    due, returned, pending = (
        split(rule_set_id, units=3, due_at=DUE_AT + timedelta(days=days)) for days in (0, 1, 2)
    )
    service.record_splits(conn, [due, returned, pending])
    service.claw_back_shares(conn, [claw_back(due, units=1), claw_back(returned, units=2)])
    service.release_due(conn, now=DUE_AT, limit=10)
    service.claw_back_shares(conn, [claw_back(due, units=2)])


def broken(database: Database, damage: str) -> dict[str, list[str]]:
    with database.transaction() as conn:
        healthy(conn)
    with database.owner_transaction() as owner:
        owner.execute("alter table sharing.rule_set disable trigger user")
        owner.execute("alter table sharing.rule_row disable trigger user")
        owner.execute(damage.encode())
    with database.reading() as conn:
        found = {check.name: run_check(conn, check) for check in CHECKS}
    return {name: [finding.found for finding in findings] for name, findings in found.items() if findings}


def test_healthy_shares_have_no_findings(database: Database) -> None:
    assert broken(database, "select 1") == {}


LAST = "line_id = (select max(line_id::text)::uuid from sharing.split)"
FIRST = "line_id = (select min(line_id::text)::uuid from sharing.split)"


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (
            f"update sharing.split set amounts_minor[1] = amounts_minor[1] + 1 where {LAST}",
            {"shares_add_up_to_their_base": ["10001"]},
        ),
        (
            f"update sharing.split set rule_rows[2] = 44 where {LAST}",
            {"shares_name_published_rules": ["row 44 does not exist"]},
        ),
        (
            "update sharing.rule_row set level = 3 where position = 2",
            {"published_rules_are_lawful": ["level 3, 1 remainders"]},
        ),
        (
            "delete from sharing.rule_row where remainder",
            {
                "published_rules_are_lawful": ["level 2, 0 remainders"],
                "shares_name_published_rules": ["row 8 does not exist"] * 3,
            },
        ),
        (
            "delete from sharing.pending_part where due_at = (select max(due_at) from sharing.pending_part)",
            {
                "releases_equal_due_shares": [
                    "5628 CNY released",
                    "333 CNY released",
                    "40 CNY released",
                    "533 CNY released",
                    "133 CNY released",
                ]
            },
        ),
        (
            "update sharing.released_amount set amount_minor = 14 where amount_minor = 40",
            {"releases_equal_due_shares": ["14 CNY released"]},
        ),
        (
            f"update sharing.returned_part set units_returned = 1 where {FIRST}",
            {"returned_parts_equal_claw_backs": ["1 units came back"]},
        ),
        (
            f"update sharing.claw_back set amounts_minor[1] = amounts_minor[1] + 1 where from_due and {FIRST}",
            {"claw_backs_are_proportional": ["share 1 gave back 501"]},
        ),
        (
            "insert into sharing.pending_part values ('2026-01-01Z', gen_random_uuid(), gen_random_uuid())",
            {"queue_holds_split_parts": ["due at 2026-01-01 00:00:00+00"]},
        ),
    ],
)
def test_planted_damage_is_found(database: Database, damage: str, expected: dict[str, list[str]]) -> None:
    assert broken(database, damage) == expected
