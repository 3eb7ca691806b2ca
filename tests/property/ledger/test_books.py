"""The books under any sequence of commands: balanced, counted right, and back at zero when all came back."""

from collections.abc import Generator

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import AccountId, uuid7
from loopline.ledger import queries, service, store
from loopline.ledger.checks import CHECKS
from loopline.ledger.model import (
    EntryDoesNotBalance,
    NewEntry,
    PartReversal,
    Posted,
    Repeat,
    Reversed,
    ReversesTooMuch,
)
from tests.make.ledger import NOW, entry, open_for_parties, reversal

amounts_minor = st.lists(st.integers(-5_000, 5_000), min_size=1, max_size=6)


class Books(RuleBasedStateMachine):
    """A ledger with five accounts beside a model of it: what each account holds, and how much of each part is left."""

    database: Database
    conn: Conn

    @initialize()
    def open(self) -> None:
        self.manager = self.database.transaction(quiet=True)
        self.conn = self.manager.__enter__()
        self.accounts = open_for_parties(self.conn, 5)
        self.held: dict[AccountId, int] = dict.fromkeys(self.accounts, 0)
        self.posted: list[NewEntry] = []
        self.units_of: list[int] = []
        self.taken: list[int] = []
        self.net: list[dict[AccountId, int]] = []
        self.last_reversal: PartReversal | None = None

    def teardown(self) -> None:
        if hasattr(self, "manager"):
            rollback = psycopg.Rollback()
            self.manager.__exit__(type(rollback), rollback, None)

    def made(self, amounts: list[int]) -> NewEntry:
        balanced = [*amounts, -sum(amounts)]
        return entry([(self.accounts[turn % 5], amount) for turn, amount in enumerate(balanced)])

    @rule(amounts=amounts_minor, units_of=st.integers(1, 7))
    def post(self, amounts: list[int], units_of: int) -> None:
        one = self.made(amounts)
        assert service.post_entries(self.conn, [one]) == [Posted(entry_id=one.id)]
        net: dict[AccountId, int] = {}
        for posting in one.postings:
            self.held[posting.account_id] += posting.amount_minor
            net[posting.account_id] = net.get(posting.account_id, 0) + posting.amount_minor
        self.posted.append(one)
        self.units_of.append(units_of)
        self.taken.append(0)
        self.net.append(net)

    @rule(amounts=amounts_minor)
    def post_crooked(self, amounts: list[int]) -> None:
        pairs = [
            (self.accounts[turn % 5], amount) for turn, amount in enumerate([*amounts, 1 - sum(amounts)])
        ]
        (refused,) = service.post_entries(self.conn, [entry(pairs)])
        assert isinstance(refused, EntryDoesNotBalance)
        assert refused.off_by_minor == 1

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def post_again(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.posted))
        assert service.post_entries(self.conn, [one, one]) == [Repeat(entry_id=one.id)] * 2

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.posted) - 1))
        units = data.draw(st.integers(1, self.units_of[at]))
        ask = reversal(self.posted[at], units=units, units_of=self.units_of[at], key=f"back:{uuid7(NOW)}")
        (outcome,) = service.reverse_parts(self.conn, [ask])
        left = self.units_of[at] - self.taken[at]
        if units > left:
            assert outcome == ReversesTooMuch(part_id=ask.part_id, units=units, units_left=left)
            return
        assert isinstance(outcome, Reversed)
        self.taken[at] += units
        self.last_reversal = ask
        assert outcome.units_reversed == self.taken[at]
        assert sum(posting.amount_minor for posting in outcome.postings) == 0
        for posting, original in zip(outcome.postings, self.posted[at].postings, strict=True):
            assert posting.account_id == original.account_id
            assert posting.amount_minor * original.amount_minor <= 0
            self.held[posting.account_id] += posting.amount_minor
            self.net[at][posting.account_id] += posting.amount_minor
        if self.taken[at] == self.units_of[at]:
            assert set(self.net[at].values()) <= {0}

    @precondition(lambda self: self.last_reversal)
    @rule()
    def take_back_again(self) -> None:
        assert self.last_reversal
        assert service.reverse_parts(self.conn, [self.last_reversal]) == [
            Repeat(entry_id=self.last_reversal.id)
        ]

    @rule()
    def fold(self) -> None:
        before = store.FOLD_ABOVE_BYTES
        store.FOLD_ABOVE_BYTES = 0
        try:
            self.post([1], 1)
        finally:
            store.FOLD_ABOVE_BYTES = before

    @invariant()
    def balances_are_what_was_posted(self) -> None:
        if hasattr(self, "held"):
            found = queries.balances(self.conn, self.accounts)
            assert {known.account_id: known.balance_minor for known in found} == self.held

    @invariant()
    def doctor_finds_nothing(self) -> None:
        if hasattr(self, "held"):
            assert [finding for check in CHECKS for finding in run_check(self.conn, check)] == []


@pytest.fixture
def books(shared_database: Database) -> Generator[type[Books], None, None]:
    Books.database = shared_database
    yield Books
    del Books.database


def test_the_books_hold_under_any_sequence_of_commands(books: type[Books]) -> None:
    run_state_machine_as_test(
        books,
        settings=settings(
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=(HealthCheck.too_slow,),
        ),
    )
