"""What `loopline doctor` proves of payouts. That a payout is paid by who owes it the database itself holds."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="payout_lines_fit_their_payout", invariant=5, statement=SQL["payout_lines_fit_their_payout"]),
    Check(name="payout_ended_as_its_lines", invariant=5, statement=SQL["payout_ended_as_its_lines"]),
    Check(
        name="request_done_when_its_lines_are", invariant=5, statement=SQL["request_done_when_its_lines_are"]
    ),
    Check(name="shared_equals_its_lines", invariant=5, statement=SQL["shared_equals_its_lines"]),
    Check(name="reclaims_fit_their_line", invariant=5, statement=SQL["reclaims_fit_their_line"]),
)
