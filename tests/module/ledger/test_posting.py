"""Entries through the front door: posted once, whole, balanced, counted in balances, never changed."""

import psycopg
import pytest
from psycopg import errors

from loopline.db import Conn
from loopline.kernel.ids import AccountId, EntityId, EntryId, PartyId, uuid7
from loopline.kernel.times import TimeRange
from loopline.ledger import queries, service, store
from loopline.ledger.model import (
    AccountAsk,
    EntryDoesNotBalance,
    EntryKind,
    KeyTakenByOtherContent,
    Posted,
    Purpose,
    Repeat,
)
from tests.make.ledger import NOW, entry, open_by_purpose

CASH, REVENUE, TAX = Purpose.CASH, Purpose.REVENUE, Purpose.TAX


def balances(conn: Conn, accounts: dict[Purpose, AccountId]) -> dict[Purpose, tuple[int, int]]:
    return {
        balance.purpose: (balance.balance_minor, balance.posting_count)
        for balance in queries.balances(conn, list(accounts.values()))
    }


def rows(conn: Conn) -> tuple[int, int]:
    entries = conn.execute("select count(*) from ledger.entry").fetchone()
    parts = conn.execute("select count(*) from ledger.entry_part").fetchone()
    assert entries
    assert parts
    return entries[0], parts[0]


def test_accounts_are_opened_once_and_found_again(conn: Conn) -> None:
    entity, party = EntityId(uuid7(NOW)), PartyId(uuid7(NOW))
    own = AccountAsk(entity_id=entity, purpose=Purpose.SHARE_DUE, currency="CNY")
    of_party = AccountAsk(entity_id=entity, purpose=Purpose.SHARE_DUE, currency="CNY", party_id=party)
    in_pounds = AccountAsk(entity_id=entity, purpose=Purpose.SHARE_DUE, currency="GBP", party_id=party)
    opened = service.open_accounts(conn, [own, of_party, own, in_pounds], now=NOW)
    assert [account.ask for account in opened] == [own, of_party, own, in_pounds]
    assert opened[0] == opened[2]
    assert len({account.id for account in opened}) == 3
    assert service.open_accounts(conn, [of_party, own], now=NOW) == [opened[1], opened[0]]
    assert service.open_accounts(conn, [], now=NOW) == []


def test_an_entry_moves_its_balances(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE, TAX])
    sale = entry({accounts[CASH]: 113, accounts[REVENUE]: -100, accounts[TAX]: -13})
    assert service.post_entries(conn, [sale]) == [Posted(entry_id=sale.id)]
    assert balances(conn, accounts) == {CASH: (113, 1), REVENUE: (-100, 1), TAX: (-13, 1)}
    assert queries.posting_count(conn) == 3
    found = queries.entries_of_parts(conn, [sale.postings[0].part_id])
    assert [(known.entry_id, known.kind, known.key, known.amounts_minor) for known in found] == [
        (sale.id, EntryKind.SALE, sale.key, [113, -100, -13])
    ]
    assert queries.entry_ids_by_key(conn, [sale.key, "sale:none"]) == {sale.key: sale.id}


def test_the_same_entry_again_is_a_repeat_also_within_a_batch(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])
    amounts = {accounts[CASH]: 40, accounts[REVENUE]: -40}
    first = entry(amounts, part_id=uuid7(NOW), key="sale:7")
    again = entry(amounts, part_id=first.subject, key="sale:7")
    assert service.post_entries(conn, [first, again]) == [
        Posted(entry_id=first.id),
        Repeat(entry_id=first.id),
    ]
    assert service.post_entries(conn, [again, first]) == [
        Repeat(entry_id=first.id),
        Repeat(entry_id=first.id),
    ]
    assert balances(conn, accounts) == {CASH: (40, 1), REVENUE: (-40, 1)}
    assert rows(conn) == (1, 1)


def test_the_same_key_with_other_content_is_refused(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])
    first = entry({accounts[CASH]: 40, accounts[REVENUE]: -40}, key="sale:7")
    other = entry({accounts[CASH]: 41, accounts[REVENUE]: -41}, part_id=first.subject, key="sale:7")
    taken = KeyTakenByOtherContent(key="sale:7", entry_id=first.id)
    assert service.post_entries(conn, [first, other]) == [Posted(entry_id=first.id), taken]
    assert service.post_entries(conn, [other]) == [taken]
    assert balances(conn, accounts) == {CASH: (40, 1), REVENUE: (-40, 1)}
    assert rows(conn) == (1, 1)


def test_a_refused_entry_leaves_nothing_and_stops_no_other(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])
    crooked = entry({accounts[CASH]: 10, accounts[REVENUE]: -9})
    straight = entry({accounts[CASH]: 5, accounts[REVENUE]: -5})
    assert service.post_entries(conn, [crooked, straight]) == [
        EntryDoesNotBalance(key=crooked.key, part_id=crooked.subject, currency="CNY", off_by_minor=1),
        Posted(entry_id=straight.id),
    ]
    assert balances(conn, accounts) == {CASH: (5, 1), REVENUE: (-5, 1)}
    assert rows(conn) == (1, 1)


def test_nothing_but_refusals_writes_nothing(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])
    crooked = entry({accounts[CASH]: 10, accounts[REVENUE]: -9})
    assert [type(outcome) for outcome in service.post_entries(conn, [crooked])] == [EntryDoesNotBalance]
    assert service.post_entries(conn, []) == []
    assert rows(conn) == (0, 0)


def test_a_zero_amount_is_posted(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])
    gift = entry({accounts[CASH]: 0, accounts[REVENUE]: 0})
    assert service.post_entries(conn, [gift]) == [Posted(entry_id=gift.id)]
    assert balances(conn, accounts) == {CASH: (0, 1), REVENUE: (0, 1)}


def test_the_view_shows_postings_one_by_one(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE, TAX])
    sale = entry([(accounts[CASH], 113), (accounts[REVENUE], -100), (accounts[TAX], -13)])
    service.post_entries(conn, [sale])
    shown = conn.execute(
        "select position, account_id, amount_minor, currency from ledger.posting order by position"
    ).fetchall()
    assert shown == [
        (1, accounts[CASH], 113, "CNY"),
        (2, accounts[REVENUE], -100, "CNY"),
        (3, accounts[TAX], -13, "CNY"),
    ]
    published = conn.execute(
        "select kind, purpose, amount_minor from ledger.published_postings order by amount_minor"
    ).fetchall()
    assert published == [("sale", "revenue", -100), ("sale", "tax", -13), ("sale", "cash", 113)]


def test_an_account_has_a_statement(conn: Conn) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])
    sales = [entry({accounts[CASH]: amount, accounts[REVENUE]: -amount}) for amount in (30, 12)]
    service.post_entries(conn, sales)
    shown = queries.postings_of_account(conn, accounts[CASH], during=TimeRange(start=NOW), limit=10)
    assert [(line.entry_id, line.amount_minor) for line in shown] == [(sales[0].id, 30), (sales[1].id, 12)]
    before = TimeRange(start=NOW.replace(year=2025), end=NOW)
    assert queries.postings_of_account(conn, accounts[CASH], during=before, limit=10) == []


def test_balances_of_a_purpose_add_up_over_accounts(conn: Conn) -> None:
    entity = EntityId(uuid7(NOW))
    accounts = open_by_purpose(conn, [CASH, REVENUE], entity_id=entity)
    service.post_entries(conn, [entry({accounts[CASH]: 8, accounts[REVENUE]: -8})])
    assert [(total.purpose, total.balance_minor) for total in queries.balances_by_purpose(conn)] == [
        (CASH, 8),
        (REVENUE, -8),
    ]


def test_changes_of_balances_are_folded_without_changing_any(
    conn: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])

    def unfolded() -> tuple[int, ...]:
        found = conn.execute(
            "select (select count(*) from ledger.balance_change), (select count(*) from ledger.folded_balance)"
        ).fetchone()
        assert found
        return found

    service.post_entries(conn, [entry({accounts[CASH]: 30, accounts[REVENUE]: -30})])
    assert unfolded() == (2, 0)
    monkeypatch.setattr(store, "FOLD_ABOVE_BYTES", 0)
    for amount in (12, 5):
        service.post_entries(conn, [entry({accounts[CASH]: amount, accounts[REVENUE]: -amount})])
        assert unfolded() == (0, 2)
    assert balances(conn, accounts) == {CASH: (47, 3), REVENUE: (-47, 3)}
    assert queries.posting_count(conn) == 6


def test_the_database_refuses_an_unbalanced_part_by_itself(conn: Conn) -> None:
    with pytest.raises(errors.CheckViolation) as caught:
        conn.execute(
            "insert into ledger.entry_part"
            " values (%s, %s, 'CNY', '{1,2}', '{5,-4}'), (%s, %s, 'CNY', '{1,2}', '{-5,4}')",
            [uuid7(NOW) for _ in range(4)],
        )
    assert caught.value.diag.constraint_name == "entry_sums_to_zero"


@pytest.mark.parametrize("table", ["account", "entry", "entry_part", "reversal"])
@pytest.mark.parametrize("command", ["delete from ledger.{}", "update ledger.{} set {} = {}"])
def test_the_serving_role_cannot_change_what_was_written(conn: Conn, table: str, command: str) -> None:
    column = "opened_at" if table == "account" else "part_id" if table == "entry_part" else "entry_id"
    column = "at" if table == "entry" else column
    text = command.format(table, column, column) if "update" in command else command.format(table)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(text.encode())


def test_two_currencies_in_one_entry(conn: Conn) -> None:
    entity = EntityId(uuid7(NOW))
    yuan = open_by_purpose(conn, [CASH, REVENUE], entity_id=entity)
    pounds = open_by_purpose(conn, [CASH, REVENUE], entity_id=entity, currency="GBP")
    exchanged = entry(
        [(yuan[CASH], 90), (pounds[CASH], -10), (yuan[REVENUE], -90), (pounds[REVENUE], 10)],
        kind=EntryKind.ADJUSTMENT,
    )
    assert service.post_entries(conn, [exchanged]) == [Posted(entry_id=EntryId(exchanged.id))]
    assert rows(conn) == (1, 2)
    assert balances(conn, pounds) == {CASH: (-10, 1), REVENUE: (10, 1)}


def test_of_many_at_once_those_that_stand_are_repeats_or_refused_and_the_others_are_posted(
    conn: Conn,
) -> None:
    accounts = open_by_purpose(conn, [CASH, REVENUE])
    amounts = {accounts[CASH]: 40, accounts[REVENUE]: -40}
    first = [entry(amounts, key=f"sale:{number}") for number in range(250)]
    assert service.post_entries(conn, first) == [Posted(entry_id=one.id) for one in first]
    changed = entry({accounts[CASH]: 41, accounts[REVENUE]: -41}, key="sale:7")
    new = [entry(amounts, key=f"sale:{number}") for number in range(250, 300)]
    assert service.post_entries(conn, [*new, *first, changed]) == [
        *(Posted(entry_id=one.id) for one in new),
        *(Repeat(entry_id=one.id) for one in first),
        KeyTakenByOtherContent(key="sale:7", entry_id=first[7].id),
    ]
    assert rows(conn) == (300, 300)
    assert balances(conn, accounts) == {CASH: (12_000, 300), REVENUE: (-12_000, 300)}
