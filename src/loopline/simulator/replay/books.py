"""Reads from the database what a replay has come to."""

from collections.abc import Sequence

import msgspec

from loopline.customers import queries as customers
from loopline.db import Conn, fetch_one, fetch_values, statements
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.events import TaskCancelled, TaskLapsed, TaskRefused
from loopline.insight import sales_total
from loopline.ledger import queries as ledger
from loopline.ledger.model import Purpose
from loopline.orders import LinesParked
from loopline.processes import doctor
from loopline.returns import queries as returns
from loopline.simulator.replay.places import CURRENCY
from loopline.simulator.replay.report import Books, Money
from loopline.sourcing import queries as sourcing
from loopline.stock import stock_counts

SQL = statements(__file__)


class _LinesTold(msgspec.Struct, frozen=True, kw_only=True):
    first: int
    second: int
    either: int


def read_books(conn: Conn, *, counts: dict[str, int]) -> Books:
    """Read every figure of the report, and let doctor look at everything. Reads whole tables: minutes, not moments."""
    lines = fetch_one(
        conn,
        SQL["lines_told"],
        _LinesTold,
        first_types=[LinesParked.type_name()],
        second_types=_names([TaskRefused, TaskLapsed, TaskCancelled]),
    )
    assert lines is not None
    decisions = sourcing.decision_counts(conn)
    matches = returns.match_counts(conn)
    examined = doctor.examine(conn)
    return Books(
        counts=counts,
        members=customers.member_count(conn),
        money=_read_money(conn),
        parties_sharing=len(
            {account.party_id for account in ledger.accounts_of_purpose(conn, Purpose.SHARE_PENDING)}
        ),
        movements=stock_counts(conn).movements,
        postings=ledger.posting_count(conn),
        events=int(fetch_values(conn, SQL["event_count"])[0]),
        parcels=decisions.parcels,
        split_orders=decisions.split,
        refused_tasks=fulfilment.task_counts(conn).refused_in_part_or_whole,
        parked_lines=lines.first,
        resourced_lines=lines.second,
        parked_or_resourced_lines=lines.either,
        matched_returns=matches.matched,
        partly_matched_returns=matches.partly,
        blind_returns=matches.blind,
        doctor_ok=examined.ok,
        doctor_broken=tuple(check.name for check in examined.checks if not check.ok),
    )


def _names(bodies: Sequence[type[TaskRefused | TaskLapsed | TaskCancelled]]) -> list[str]:
    return [body.type_name() for body in bodies]


def _read_money(conn: Conn) -> Money:
    """Debits are positive: what we have and what is owed to us is what was sold, less what went back."""
    balances = dict.fromkeys(Purpose, 0)
    for one in ledger.balances_by_purpose(conn):
        if one.currency == CURRENCY:
            balances[one.purpose] += one.balance_minor
    boards = sales_total(conn, CURRENCY)
    return Money(
        board_minor=boards.net_minor,
        ledger_minor=balances[Purpose.CASH] + balances[Purpose.RECEIVABLE],
        ledger_sum_minor=sum(balances.values()),
    )
