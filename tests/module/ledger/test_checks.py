"""Doctor finds each kind of damage done to the ledger, and nothing where there is none."""

import pytest

from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import EntityId, uuid7
from loopline.ledger import service
from loopline.ledger.checks import CHECKS
from loopline.ledger.model import NewEntry, Purpose
from tests.make.ledger import NOW, entry, open_by_purpose, reversal

BY_NAME = {check.name: check for check in CHECKS}


def healthy(conn: Conn) -> NewEntry:
    """A sale of which one unit of two came back."""
    accounts = open_by_purpose(
        conn, [Purpose.CASH, Purpose.REVENUE, Purpose.TAX], entity_id=EntityId(uuid7(NOW))
    )
    sale = entry({accounts[Purpose.CASH]: 113, accounts[Purpose.REVENUE]: -100, accounts[Purpose.TAX]: -13})
    service.post_entries(conn, [sale])
    service.reverse_parts(conn, [reversal(sale, units=1, units_of=2)])
    return sale


def broken(database: Database, damage: str) -> dict[str, list[str]]:
    with database.transaction() as conn:
        sale = healthy(conn)
    with database.owner_transaction() as owner:
        owner.execute(damage.replace("$sale", f"'{sale.id}'").encode())
    with database.reading() as conn:
        found = {check.name: run_check(conn, check) for check in CHECKS}
    return {name: [finding.found for finding in findings] for name, findings in found.items() if findings}


def test_a_healthy_ledger_has_no_findings(database: Database) -> None:
    assert broken(database, "select 1") == {}


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (
            "update ledger.balance_change set amount_minor = amount_minor + 1 where amount_minor = 113",
            {"balances_equal_postings": ["57 in 2 postings"]},
        ),
        (
            "delete from ledger.balance_change where account_number = 3",
            {"balances_equal_postings": ["0 in 0 postings"]},
        ),
        (
            "insert into ledger.folded_balance values (2, 5, 1)",
            {"balances_equal_postings": ["-45 in 3 postings"]},
        ),
        (
            "update ledger.entry_part set amounts_minor = '{113,-100,-12}' where entry_id = $sale",
            {
                "entry_parts_sum_to_zero": ["1 CNY"],
                "balances_equal_postings": ["-6 in 2 postings"],
            },
        ),
        (
            "update ledger.entry_part set currency = 'GBP' where entry_id = $sale",
            {"postings_name_open_accounts": ["account 1 in CNY", "account 2 in CNY", "account 3 in CNY"]},
        ),
        (
            "delete from ledger.entry where id = $sale",
            {"parts_belong_to_entries": ["postings without an entry"]},
        ),
        (
            "insert into ledger.entry values (gen_random_uuid(), 'sale', gen_random_uuid(), now(), 'x', '')",
            {"parts_belong_to_entries": ["an entry without postings"]},
        ),
        (
            "update ledger.reversed_part set units_reversed = 2",
            {
                "reversed_parts_equal_reversals": ["2 units taken back"],
                "reversals_invert_their_originals": [
                    "account 1 took back -57",
                    "account 2 took back 50",
                    "account 3 took back 7",
                ],
            },
        ),
    ],
)
def test_planted_damage_is_found(database: Database, damage: str, expected: dict[str, list[str]]) -> None:
    found = broken(database, damage)
    assert found == expected


def test_the_repair_of_a_balance_repairs_it(database: Database) -> None:
    check = BY_NAME["balances_equal_postings"]
    assert broken(database, "update ledger.balance_change set amount_minor = 7, posting_count = 4") != {}
    with database.reading() as conn:
        findings = run_check(conn, check)
    assert len(findings) == 3
    with database.owner_transaction() as owner:
        for finding in findings:
            owner.execute(finding.repair.encode())
    with database.reading() as conn:
        assert run_check(conn, check) == []
