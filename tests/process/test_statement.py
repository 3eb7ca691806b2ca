"""A party's statement adds up to its ledger entries, whatever they are, in one page or in many, sealed or not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.db import Conn, Database
from loopline.jobs.sealing import seal_next_day
from loopline.kernel.ids import EntityId, EntryId, PartyId, uuid7
from loopline.ledger import service as ledger
from loopline.ledger.model import AccountAsk, EntryKind, NewEntry, Posting, Purpose
from loopline.processes.statement.lines import rounding_of
from loopline.processes.statement.reading import (
    PlacedLine,
    lines_between,
    page_of_lines,
    statement_of,
    states_of,
)
from loopline.processes.statement.recount import roots_that_differ
from loopline.processes.statement.seal import DayToSeal
from loopline.statements import queries, service
from loopline.statements.model import KindSums, Sums
from tests.make.damage import as_owner
from tests.make.shop import NOON
from tests.make.statements import DAY, seal_all, some_days

FIRST = NOON.date()
LAST = (NOON + timedelta(days=40)).date()


def all_lines(conn: Conn, party_id: PartyId) -> list[PlacedLine]:
    return list(lines_between(conn, party_id, first_day=FIRST, last_day=LAST))


def held(conn: Conn, party_id: PartyId) -> dict[str, int]:
    rows = conn.execute(
        "select account.purpose, -sum(posting.amount_minor) from ledger.posting as posting"
        " join ledger.account as account on account.id = posting.account_id"
        " where account.party_id = %s group by account.purpose",
        (party_id,),
    ).fetchall()
    return {purpose: int(amount) for purpose, amount in rows}


def test_a_line_says_what_it_was_for_and_how_it_was_rounded(database: Database):
    shop = some_days(database)
    with database.reading() as conn:
        lines = all_lines(conn, shop.parties["GUIDE"])
        states = states_of(conn, shop.parties["GUIDE"], [one.line for one in lines], {})
    hats = next(one.line for one in lines if one.line.code == "HAT")
    (share,) = hats.shares
    # Seven hats at 9.99 with 13 % tax in them: 61.88 net, 3 % of it is 1.8564.
    assert (hats.kind, hats.units, hats.pending_minor, hats.due_minor) == ("sale", 7, 186, 0)
    assert hats.order_number
    assert (share.role, share.rule_row, share.basis_points, share.base_minor) == ("guide", 4, 300, 6_188)
    assert share.rounding == 186 * 10_000 - 6_188 * 300
    assert {one.line.kind for one in lines} == {"sale", "reversal", "share_release", "share_claw_back"}
    sold = [
        (one.line.code, (one.place.day - FIRST).days, state.value)
        for one, state in zip(lines, states, strict=True)
        if one.line.kind == "sale"
    ]
    assert sorted(sold) == [
        ("COAT", 0, "due"),
        ("COAT", 3, "due"),
        ("HAT", 1, "due"),
        ("HAT", 3, "due"),
        ("SCARF", 0, "due"),
    ]


@pytest.mark.parametrize("sealed_days", [0, 3, 40])
def test_a_statement_equals_the_sum_of_its_entries(database: Database, sealed_days: int):
    shop = some_days(database)
    if sealed_days:
        seal_all(database, now=NOON + timedelta(days=sealed_days))
    with database.reading() as conn:
        for party_id in shop.parties.values():
            found = statement_of(conn, party_id, first_day=FIRST, last_day=LAST)
            lines = all_lines(conn, party_id)
            owed = held(conn, party_id)
            pending = sum(one.line.pending_minor for one in lines)
            due = sum(one.line.due_minor for one in lines)
            assert (pending, due) == (owed.get("share_pending", 0), owed.get("share_due", 0))
            assert found.lines == len(lines)
            for balance in found.balances:
                assert balance.opening == Sums(currency="CNY", pending_minor=0, due_minor=0)
                assert balance.closing == Sums(currency="CNY", pending_minor=pending, due_minor=due)


@pytest.mark.parametrize("sealed_days", [0, 3])
def test_periods_follow_one_another(database: Database, sealed_days: int):
    shop = some_days(database)
    if sealed_days:
        seal_all(database, now=NOON + timedelta(days=sealed_days))
    guide = shop.parties["GUIDE"]
    with database.reading() as conn:
        whole = statement_of(conn, guide, first_day=FIRST, last_day=LAST).balances[0]
        cut = FIRST + 2 * DAY
        before = statement_of(conn, guide, first_day=FIRST, last_day=cut).balances[0]
        after = statement_of(conn, guide, first_day=cut + DAY, last_day=LAST).balances[0]
    assert before.closing == after.opening
    assert (before.opening, after.closing) == (whole.opening, whole.closing)


@pytest.mark.parametrize("sealed_days", [0, 3, 40])
def test_pages_together_are_the_whole(database: Database, sealed_days: int):
    shop = some_days(database)
    if sealed_days:
        seal_all(database, now=NOON + timedelta(days=sealed_days))
    party_id = shop.parties["BRAND"]
    with database.reading() as conn:
        paged: list[PlacedLine] = []
        while page := page_of_lines(
            conn, party_id, days=(FIRST, LAST), after=paged[-1].place if paged else None, at_most=2
        ):
            paged += page
        assert paged == all_lines(conn, party_id)


def test_a_page_goes_on_where_it_was_when_its_day_is_sealed_in_between(database: Database):
    shop = some_days(database)
    party_id = shop.parties["BRAND"]
    with database.reading() as conn:
        before = all_lines(conn, party_id)
        first = page_of_lines(conn, party_id, days=(FIRST, LAST), after=None, at_most=3)
    seal_all(database, now=NOON + timedelta(days=40))
    with database.reading() as conn:
        rest = page_of_lines(conn, party_id, days=(FIRST, LAST), after=first[-1].place, at_most=1_000)
    assert [one.line for one in (*first, *rest)] == [one.line for one in before]


def test_nothing_comes_after_a_place_of_a_far_year(database: Database):
    shop = some_days(database)
    guide = shop.parties["GUIDE"]
    with database.reading() as conn:
        place = all_lines(conn, guide)[0].place
        far = EntryId(UUID(int=place.entry_id.int | ((1 << 48) - 1) << 80))
        after = msgspec.structs.replace(place, entry_id=far)
        assert page_of_lines(conn, guide, days=(FIRST, FIRST), after=after, at_most=10) == []


def post(
    database: Database, amounts: Sequence[tuple[PartyId, Purpose, int]], *, at: datetime, kind: EntryKind
) -> None:
    """Post an entry against sharing cost, made at a moment."""
    entity = EntityId(uuid7(NOON))
    asks = [
        AccountAsk(entity_id=entity, purpose=purpose, currency="CNY", party_id=party_id)
        for party_id, purpose, _ in amounts
    ]
    cost = AccountAsk(entity_id=entity, purpose=Purpose.SHARING_COST, currency="CNY")
    made = EntryId(uuid7(at))
    with database.transaction() as conn:
        *accounts, other = ledger.open_accounts(conn, [*asks, cost], now=at)
        total = sum(amount for *_, amount in amounts)
        postings = [
            Posting(part_id=made, account_id=account.id, amount_minor=-amount)
            for account, (*_, amount) in zip(accounts, amounts, strict=True)
        ]
        postings.append(Posting(part_id=made, account_id=other.id, amount_minor=total))
        entry = NewEntry(
            id=made, kind=kind, subject=made, at=at, key=f"made:{made}", postings=tuple(postings)
        )
        ledger.post_entries(conn, [entry])


def test_an_entry_of_any_kind_stands_in_the_statement(database: Database):
    shop = some_days(database)
    guide = shop.parties["GUIDE"]
    at = NOON + timedelta(days=38)
    post(database, [(guide, Purpose.SHARE_DUE, -7)], at=at, kind=EntryKind.OPENING)
    with database.reading() as conn:
        (balance,) = statement_of(conn, guide, first_day=at.date(), last_day=LAST).balances
    assert balance.kinds == (
        KindSums(kind="opening", currency="CNY", lines=1, pending_minor=0, due_minor=-7),
    )


def test_what_is_committed_after_its_day_was_sealed_stands_in_the_next_and_changes_no_sealed_day(
    database: Database,
):
    shop = some_days(database)
    guide = shop.parties["GUIDE"]
    over = datetime(2026, 3, 4, 2, tzinfo=UTC)
    first, second = seal_all(database, now=over)
    post(database, [(guide, Purpose.SHARE_DUE, 11)], at=NOON, kind=EntryKind.ADJUSTMENT)
    with database.reading() as conn:
        assert roots_that_differ(conn) == []
    third, *_ = seal_all(database, now=over + DAY)
    with database.reading() as conn:
        late = [one for one in all_lines(conn, guide) if one.line.kind == "adjustment"]
        assert roots_that_differ(conn) == []
    assert [(one.place.day, one.line.due_minor) for one in late] == [(third.day, 11)]
    assert (first.day, second.day, third.day) == (FIRST, FIRST + DAY, FIRST + 2 * DAY)


def test_a_sealed_day_cannot_be_changed_and_a_changed_one_is_found(database: Database):
    some_days(database)
    seal_all(database, now=NOON + timedelta(days=4))
    with as_owner(database) as conn, pytest.raises(Exception, match="is sealed"):
        conn.execute("update statements.leaf set line_count = line_count + 1")
    with as_owner(database) as conn:
        conn.execute("alter table statements.page disable trigger sealed_days_stay")
        conn.execute("update statements.page set lines = replace(lines, '\"units\":7', '\"units\":8')")
        found = roots_that_differ(conn)
    assert {one.subject.split(",")[0] for one in found} == {f"sealed day {FIRST + DAY}"}


def test_rounding_is_said_to_the_ten_thousandth_and_only_where_a_rate_decided():
    assert rounding_of(186, base_minor=6_188, basis_points=300) == 3_600
    assert rounding_of(185, base_minor=6_188, basis_points=300) == -6_400
    assert rounding_of(100, base_minor=6_188, basis_points=300) is None  # a cap decided
    assert rounding_of(5_000, base_minor=6_188, basis_points=None) is None


def test_nothing_is_sealed_before_its_day_is_over_and_settled(database: Database):
    some_days(database)
    assert seal_all(database, now=datetime(2026, 3, 3, 0, 59, tzinfo=UTC)) == []
    with database.owner_transaction() as conn:
        conn.execute("update log.follower set position = 0 where name = 'settle'")
    assert seal_all(database, now=datetime(2026, 3, 3, 2, tzinfo=UTC)) == []


def test_killed_in_the_middle_nothing_half_is_left(database: Database):
    shop = some_days(database)
    over = datetime(2026, 3, 3, 2, tzinfo=UTC)
    with database.reading() as source:
        to_seal = DayToSeal(source, FIRST)
        for part in to_seal.parts():
            with database.transaction() as conn:
                service.keep_draft(conn, leaves=part.leaves, pages=part.pages)
    with database.reading() as conn:
        assert queries.last_seal(conn) is None
        assert queries.leaves_of_day(conn, FIRST) != []
        assert queries.leaves_of_party(conn, shop.parties["GUIDE"], FIRST, LAST) == []
        assert {one.is_sealed for one in all_lines(conn, shop.parties["GUIDE"])} == {False}
    (seal,) = seal_all(database, now=over)
    with database.reading() as conn:
        assert roots_that_differ(conn) == []
        assert sum(leaf.line_count for leaf in queries.leaves_of_day(conn, FIRST)) == seal.lines


def test_a_draft_that_stands_is_counted_in_no_period(database: Database):
    """While a day is being sealed, or after that was killed, its lines count once: as they stand in the ledger."""
    shop = some_days(database)
    seal_all(database, now=datetime(2026, 3, 4, 2, tzinfo=UTC))
    guide, day = shop.parties["GUIDE"], FIRST + 2 * DAY
    with database.reading() as conn:
        before = statement_of(conn, guide, first_day=day + DAY, last_day=LAST)
    with database.reading() as source:
        for part in DayToSeal(source, day).parts():
            with database.transaction() as conn:
                service.keep_draft(conn, leaves=part.leaves, pages=part.pages)
    with database.reading() as conn:
        assert guide in {leaf.party_id for leaf in queries.leaves_of_day(conn, day)}
        assert statement_of(conn, guide, first_day=day + DAY, last_day=LAST) == before


def test_of_two_who_seal_at_once_one_does(database: Database):
    some_days(database)
    over = datetime(2026, 3, 3, 2, tzinfo=UTC)
    with database.reading() as rival:
        assert service.take_turn(rival)
        assert seal_next_day(database, over) is None
    assert seal_next_day(database, over) is not None
    assert seal_next_day(database, over) is None
