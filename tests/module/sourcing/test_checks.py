"""Each kind of damage, planted as the owner, is found; its repair mends it."""

import pytest

from loopline.db import Database, run_check
from loopline.sourcing import service
from loopline.sourcing.checks import CHECKS
from loopline.sourcing.rules import choose_sites
from tests.make.sourcing import NOON, WAVE, order, order_id, site, wave

BY_NAME = {check.name: check for check in CHECKS}


def plant(database: Database, damage: str) -> None:
    one = wave([order(1, [(7, 1)])], [site(0, cost=(250, 0, 0)), site(1)], {(0, 7): 1})
    with database.transaction() as conn:
        service.record_decisions(conn, one, choose_sites(one), now=NOON)
        assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]
    with database.owner_transaction() as owner:
        owner.execute(damage.encode())


@pytest.mark.parametrize(
    ("name", "damage", "found", "expected"),
    [
        (
            "decision_has_its_wave",
            "delete from sourcing.wave",
            f"a decision of wave {WAVE}",
            "the row of that wave",
        ),
        (
            "decision_explains_every_site",
            "update sourcing.wave set site_ids = site_ids[1:1]",
            "2 verdicts",
            f"1 sites weighed in wave {WAVE}",
        ),
        ("decision_costs_its_parcels", "update sourcing.decision set cost_minor = 251", "251", "250"),
    ],
)
def test_damage_is_found_and_repaired(database: Database, name: str, damage: str, found: str, expected: str):
    plant(database, damage)
    with database.owner_transaction() as owner:
        for check in CHECKS:
            findings = run_check(owner, check)
            assert [one.subject for one in findings] == ([str(order_id(1))] if check.name == name else [])
        (finding,) = run_check(owner, BY_NAME[name])
        assert (finding.found, finding.expected) == (found, expected)
        owner.execute(finding.repair.encode())
        assert run_check(owner, BY_NAME[name]) == []
