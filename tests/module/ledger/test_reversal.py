"""Taking parts back through the front door."""

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import AccountId, EntityId, uuid7
from loopline.ledger import queries, service
from loopline.ledger.model import (
    KeyTakenByOtherContent,
    NewEntry,
    PartUnknown,
    Posted,
    Posting,
    Purpose,
    Repeat,
    ReversalIsFinal,
    Reversed,
    ReversesTooMuch,
    UnitsOfDiffer,
)
from tests.make.ledger import NOW, entry, open_by_purpose, open_for_parties, reversal


def sold(conn: Conn) -> tuple[NewEntry, dict[AccountId, int]]:
    """A sale of 1000, 115 of it tax, whose 885 are shared among three parties, as one part of two legs."""
    entity = EntityId(uuid7(NOW))
    own = open_by_purpose(
        conn, [Purpose.CUSTOMER_DEPOSIT, Purpose.REVENUE, Purpose.TAX, Purpose.SHARING_COST], entity_id=entity
    )
    parties = open_for_parties(conn, 3, entity_id=entity)
    amounts = {
        own[Purpose.CUSTOMER_DEPOSIT]: 1000,
        own[Purpose.REVENUE]: -885,
        own[Purpose.TAX]: -115,
        own[Purpose.SHARING_COST]: 885,
        parties[0]: -600,
        parties[1]: -250,
        parties[2]: -35,
    }
    sale = entry(amounts)
    assert service.post_entries(conn, [sale]) == [Posted(entry_id=sale.id)]
    return sale, amounts


def held(conn: Conn, amounts: dict[AccountId, int]) -> list[int]:
    by_id = {balance.account_id: balance.balance_minor for balance in queries.balances(conn, list(amounts))}
    return [by_id[account_id] for account_id in amounts]


def reversal_rows(conn: Conn) -> int:
    found = conn.execute("select count(*) from ledger.reversal").fetchone()
    assert found
    return int(found[0])


def test_one_unit_of_three_takes_a_third_of_each_leg(conn: Conn) -> None:
    sale, amounts = sold(conn)
    ask = reversal(sale, units=1, units_of=3)
    expected = [-333, 295, 38, -295, 200, 83, 12]
    assert service.reverse_parts(conn, [ask]) == [
        Reversed(
            entry_id=ask.id,
            part_id=ask.part_id,
            units_reversed=1,
            postings=tuple(
                Posting(part_id=ask.part_id, account_id=account_id, amount_minor=amount)
                for account_id, amount in zip(amounts, expected, strict=True)
            ),
        )
    ]
    assert held(conn, amounts) == [
        amount + taken for amount, taken in zip(amounts.values(), expected, strict=True)
    ]


def test_parts_in_any_steps_end_where_the_whole_does(conn: Conn) -> None:
    sale, amounts = sold(conn)
    outcomes = service.reverse_parts(
        conn, [reversal(sale, units=units, units_of=7) for units in (1, 3)]
    ) + service.reverse_parts(conn, [reversal(sale, units=units, units_of=7) for units in (2, 1)])
    assert [outcome.units_reversed for outcome in outcomes if isinstance(outcome, Reversed)] == [1, 4, 6, 7]
    assert held(conn, amounts) == [0] * 7
    assert queries.posting_count(conn) == 5 * 7
    assert [row.units_reversed for row in queries.reversed_units(conn, [sale.subject])] == [7]


def test_more_than_is_left_is_refused_and_leaves_nothing(conn: Conn) -> None:
    sale, amounts = sold(conn)
    service.reverse_parts(conn, [reversal(sale, units=2, units_of=3)])
    before = held(conn, amounts)
    assert service.reverse_parts(conn, [reversal(sale, units=2, units_of=3)]) == [
        ReversesTooMuch(part_id=sale.subject, units=2, units_left=1)
    ]
    assert service.reverse_parts(conn, [reversal(sale, units=1, units_of=4)]) == [
        UnitsOfDiffer(part_id=sale.subject, units_of=3, stated=4)
    ]
    assert held(conn, amounts) == before
    assert reversal_rows(conn) == 1
    assert [row.units_reversed for row in queries.reversed_units(conn, [sale.subject])] == [2]


def test_decided_in_the_order_given(conn: Conn) -> None:
    sale, _ = sold(conn)
    asks = [reversal(sale, units=units, units_of=3) for units in (2, 2, 1)]
    outcomes = service.reverse_parts(conn, asks)
    assert [type(outcome) for outcome in outcomes] == [Reversed, ReversesTooMuch, Reversed]


def test_the_same_reversal_again_takes_nothing(conn: Conn) -> None:
    sale, amounts = sold(conn)
    first = reversal(sale, units=1, units_of=3, key="return:9")
    again = reversal(sale, units=1, units_of=3, key="return:9")
    other = reversal(sale, units=2, units_of=3, key="return:9")
    outcomes = service.reverse_parts(conn, [first, again, other])
    assert [type(outcome) for outcome in outcomes] == [Reversed, Repeat, KeyTakenByOtherContent]
    before = held(conn, amounts)
    assert service.reverse_parts(conn, [again, other]) == [
        Repeat(entry_id=first.id),
        KeyTakenByOtherContent(key="return:9", entry_id=first.id),
    ]
    assert held(conn, amounts) == before
    assert reversal_rows(conn) == 1


def test_a_key_taken_by_another_part_leaves_no_trace_of_this_one(conn: Conn) -> None:
    one, _ = sold(conn)
    two, amounts = sold(conn)
    before = held(conn, amounts)
    asks = [reversal(sale, units=1, units_of=3, key="return:9") for sale in (one, two)]
    outcomes = service.reverse_parts(conn, asks)
    assert [type(outcome) for outcome in outcomes] == [Reversed, KeyTakenByOtherContent]
    assert held(conn, amounts) == before
    found = conn.execute("select count(*) from ledger.reversed_part").fetchone()
    assert found == (1,)


def test_what_is_not_there_cannot_be_taken_back(conn: Conn) -> None:
    sale, amounts = sold(conn)
    never_posted = entry(amounts)
    taken = reversal(sale, units=1, units_of=1)
    outcomes = service.reverse_parts(conn, [reversal(never_posted, units=1, units_of=1), taken])
    assert outcomes[0] == PartUnknown(entry_id=never_posted.id, part_id=never_posted.subject)
    of_reversal = msgspec.structs.replace(reversal(sale, units=1, units_of=1), entry_id=taken.id)
    assert service.reverse_parts(conn, [of_reversal]) == [ReversalIsFinal(entry_id=taken.id)]
    assert service.reverse_parts(conn, []) == []
    assert held(conn, amounts) == [0] * 7
    assert reversal_rows(conn) == 1
