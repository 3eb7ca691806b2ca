"""Doctor: proves every invariant that applies so far, and prints what is broken with the smallest repair.

Each room proves its own promises in its `checks`; here are those that only hold between rooms. A check reads one
snapshot, so that what is moving is never taken for broken.
"""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

import msgspec

from loopline.bills import CHECKS as BILLS_CHECKS
from loopline.buyers import CHECKS as BUYERS_CHECKS
from loopline.catalogue.checks import CHECKS as CATALOGUE_CHECKS
from loopline.closing import CHECKS as CLOSING_CHECKS
from loopline.customers.checks import CHECKS as CUSTOMERS_CHECKS
from loopline.db import Check, Conn, Finding, run_check, statements
from loopline.feeds import CHECKS as FEEDS_CHECKS
from loopline.fulfilment.checks import CHECKS as FULFILMENT_CHECKS
from loopline.inbox.checks import CHECKS as INBOX_CHECKS
from loopline.insight.capacity.recount import capacity_that_differs
from loopline.insight.checks import CHECKS as INSIGHT_CHECKS
from loopline.insight.rights import rights_that_differ
from loopline.invoices import CHECKS as INVOICES_CHECKS
from loopline.ledger.checks import CHECKS as LEDGER_CHECKS
from loopline.marketplaces.checks import CHECKS as MARKETPLACES_CHECKS
from loopline.notices.checks import CHECKS as NOTICES_CHECKS
from loopline.orders.checks import CHECKS as ORDERS_CHECKS
from loopline.org.checks import CHECKS as ORG_CHECKS
from loopline.payments.checks import CHECKS as PAYMENTS_CHECKS
from loopline.payouts.checks import CHECKS as PAYOUTS_CHECKS
from loopline.pricing.checks import CHECKS as PRICING_CHECKS
from loopline.processes.close.recount import digests_that_differ
from loopline.processes.coupons.proof import CHECKS as COUPON_CHECKS
from loopline.processes.fund import CHECKS as FUNDING_CHECKS
from loopline.processes.index import CHECKS as INDEX_CHECKS
from loopline.processes.points.proof import CHECKS as POINTS_CHECKS
from loopline.processes.review import CHECKS as REVIEW_CHECKS
from loopline.processes.statement.recount import roots_that_differ
from loopline.processes.stored_value.proof import CHECKS as PAID_AHEAD_CHECKS
from loopline.promises.checks import CHECKS as PROMISES_CHECKS
from loopline.returns.checks import CHECKS as RETURNS_CHECKS
from loopline.reviews.checks import CHECKS as REVIEWS_CHECKS
from loopline.sharing.checks import CHECKS as SHARING_CHECKS
from loopline.slots import CHECKS as SLOTS_CHECKS
from loopline.sourcing.checks import CHECKS as SOURCING_CHECKS
from loopline.statements.checks import CHECKS as STATEMENTS_CHECKS
from loopline.stock.checks import CHECKS as STOCK_CHECKS
from loopline.stored_value import CHECKS as STORED_VALUE_CHECKS
from loopline.touchpoints.checks import CHECKS as TOUCHPOINTS_CHECKS
from loopline.webhooks.checks import CHECKS as WEBHOOKS_CHECKS

SQL = statements(__file__)
FINDINGS_SHOWN_MAX = 20

BETWEEN_ROOMS: tuple[Check, ...] = (
    Check(name="line_held_equals_its_hold", invariant=3, statement=SQL["line_held_equals_its_hold"]),
    Check(
        name="line_allocated_equals_its_allocations",
        invariant=3,
        statement=SQL["line_allocated_equals_its_allocations"],
    ),
    Check(name="open_tasks_equal_allocations", invariant=3, statement=SQL["open_tasks_equal_allocations"]),
    Check(
        name="cold_work_went_to_equipped_sites",
        invariant=3,
        statement=SQL["cold_work_went_to_equipped_sites"],
    ),
    Check(name="open_calls_are_held", invariant=3, statement=SQL["open_calls_are_held"]),
    Check(name="books_follow_statements", invariant=1, statement=SQL["books_follow_statements"]),
    Check(name="handed_over_is_settled", invariant=4, statement=SQL["handed_over_is_settled"]),
    Check(name="lower_limits_were_learnt", invariant=3, statement=SQL["lower_limits_were_learnt"]),
    Check(name="waiting_is_paid_as_fixed", invariant=4, statement=SQL["waiting_is_paid_as_fixed"]),
    Check(name="shares_equal_postings", invariant=4, statement=SQL["shares_equal_postings"]),
    Check(name="invoices_equal_postings", invariant=4, statement=SQL["invoices_equal_postings"]),
    Check(name="pending_shares_equal_postings", invariant=4, statement=SQL["pending_shares_equal_postings"]),
    Check(name="payouts_equal_postings", invariant=4, statement=SQL["payouts_equal_postings"]),
    Check(
        name="sealed_statements_equal_postings",
        invariant=4,
        statement=SQL["sealed_statements_equal_postings"],
    ),
    Check(name="closed_months_equal_postings", invariant=4, statement=SQL["closed_months_equal_postings"]),
    Check(name="on_way_stands_as_closed", invariant=4, statement=SQL["on_way_stands_as_closed"]),
    Check(name="on_way_was_on_its_way", invariant=4, statement=SQL["on_way_was_on_its_way"]),
    Check(name="order_money_agrees", invariant=5, statement=SQL["order_money_agrees"]),
    Check(name="companies_mirror_each_other", invariant=4, statement=SQL["companies_mirror_each_other"]),
    Check(name="exchanges_are_paid_once", invariant=5, statement=SQL["exchanges_are_paid_once"]),
    Check(
        name="counters_are_owed_what_they_gave",
        invariant=4,
        statement=SQL["counters_are_owed_what_they_gave"],
    ),
    Check(name="drawers_are_booked", invariant=5, statement=SQL["drawers_are_booked"]),
    Check(
        name="noted_supplies_are_not_settled", invariant=4, statement=SQL["noted_supplies_are_not_settled"]
    ),
    Check(name="returns_are_reversed", invariant=6, statement=SQL["returns_are_reversed"]),
    Check(name="followers_stand_in_the_log", invariant=7, statement=SQL["followers_stand_in_the_log"]),
    Check(name="lent_no_more_than_there_is", invariant=2, statement=SQL["lent_no_more_than_there_is"]),
    Check(name="test_orders_are_no_orders", invariant=3, statement=SQL["test_orders_are_no_orders"]),
    Check(
        name="promised_orders_have_an_open_promise",
        invariant=3,
        statement=SQL["promised_orders_have_an_open_promise"],
    ),
    Check(
        name="kept_promises_match_their_facts", invariant=3, statement=SQL["kept_promises_match_their_facts"]
    ),
    Check(
        name="places_belong_to_orders_that_stand",
        invariant=3,
        statement=SQL["places_belong_to_orders_that_stand"],
    ),
    Check(
        name="what_was_fitted_was_handed_over", invariant=3, statement=SQL["what_was_fitted_was_handed_over"]
    ),
    Check(name="notices_went_to_who_ordered", invariant=9, statement=SQL["notices_went_to_who_ordered"]),
    Check(name="notices_followed_their_word", invariant=8, statement=SQL["notices_followed_their_word"]),
    Check(name="ids_point_to_something", invariant=9, statement=SQL["ids_point_to_something"]),
    Check(
        name="serving_role_has_no_other_power", invariant=9, statement=SQL["serving_role_has_no_other_power"]
    ),
)

ALL_CHECKS: tuple[Check, ...] = (
    *ORG_CHECKS,
    *CATALOGUE_CHECKS,
    *PRICING_CHECKS,
    *STATEMENTS_CHECKS,
    *STOCK_CHECKS,
    *FEEDS_CHECKS,
    *ORDERS_CHECKS,
    *CUSTOMERS_CHECKS,
    *PAYMENTS_CHECKS,
    *PAYOUTS_CHECKS,
    *LEDGER_CHECKS,
    *SHARING_CHECKS,
    *RETURNS_CHECKS,
    *SOURCING_CHECKS,
    *PROMISES_CHECKS,
    *FULFILMENT_CHECKS,
    *INSIGHT_CHECKS,
    *TOUCHPOINTS_CHECKS,
    *REVIEWS_CHECKS,
    *REVIEW_CHECKS,
    *INDEX_CHECKS,
    *WEBHOOKS_CHECKS,
    *INBOX_CHECKS,
    *MARKETPLACES_CHECKS,
    *BUYERS_CHECKS,
    *BILLS_CHECKS,
    *CLOSING_CHECKS,
    *INVOICES_CHECKS,
    *NOTICES_CHECKS,
    *FUNDING_CHECKS,
    *COUPON_CHECKS,
    *POINTS_CHECKS,
    *STORED_VALUE_CHECKS,
    *PAID_AHEAD_CHECKS,
    *SLOTS_CHECKS,
    *BETWEEN_ROOMS,
)


FOLLOWS_THE_LOG = 7


class Recount(msgspec.Struct, frozen=True, kw_only=True):
    """What no statement can see and only reckoning again proves: it reads, and returns what is broken."""

    name: str
    invariant: int
    find: Callable[[Conn], list[Finding]]


RECOUNTS: tuple[Recount, ...] = (
    Recount(name="sealed_days_keep_their_roots", invariant=4, find=roots_that_differ),
    Recount(name="closed_months_keep_their_digests", invariant=4, find=digests_that_differ),
    Recount(name="learnt_capacity_equals_its_days", invariant=FOLLOWS_THE_LOG, find=capacity_that_differs),
    Recount(name="rights_equal_their_facts", invariant=FOLLOWS_THE_LOG, find=rights_that_differ),
)


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found: `findings` are the first twenty of `broken`."""

    name: str
    invariant: int
    ok: bool
    broken: int
    seconds: float
    findings: tuple[Finding, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What doctor found; `ok` only when every check holds."""

    ok: bool
    checks: tuple[CheckResult, ...]


def examine(
    conn: Conn,
    *,
    checks: Sequence[Check | Recount] = (*ALL_CHECKS, *RECOUNTS),
    found_outside: Mapping[str, Sequence[Finding]] | None = None,
    told: Callable[[CheckResult], None] | None = None,
) -> Report:
    """Run checks in a transaction that sees one state; `told` hears of each as it is done.

    `found_outside` is what the caller found that no statement can see, by the name of the check, such as lost keys.
    """
    results = [_result(name, 8, findings, seconds=0.0) for name, findings in (found_outside or {}).items()]
    for check in checks:
        started = perf_counter()
        findings = check.find(conn) if isinstance(check, Recount) else run_check(conn, check)
        result = _result(check.name, check.invariant, findings, seconds=perf_counter() - started)
        results.append(result)
        if told is not None:
            told(result)
    return Report(ok=all(result.ok for result in results), checks=tuple(results))


def following(report: Report) -> tuple[Check | Recount, ...]:
    """Return the checks of what follows the log that did not hold: beside live work it may be a moment behind."""
    broken = {result.name for result in report.checks if not result.ok}
    return tuple(
        check
        for check in (*ALL_CHECKS, *RECOUNTS)
        if check.invariant == FOLLOWS_THE_LOG and check.name in broken
    )


def renewed(report: Report, again: Report) -> Report:
    """Return a report in which the results of a later examination stand in the place of the earlier ones."""
    later = {result.name: result for result in again.checks}
    checks = tuple(later.get(result.name, result) for result in report.checks)
    return Report(ok=all(result.ok for result in checks), checks=checks)


def _result(name: str, invariant: int, findings: Sequence[Finding], *, seconds: float) -> CheckResult:
    return CheckResult(
        name=name,
        invariant=invariant,
        ok=not findings,
        broken=len(findings),
        seconds=round(seconds, 3),
        findings=tuple(findings[:FINDINGS_SHOWN_MAX]),
    )
