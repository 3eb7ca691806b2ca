"""What doctor proves of the ledger."""

from loopline.db import Check, statements

_SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="entry_parts_sum_to_zero", invariant=4, statement=_SQL["entry_parts_sum_to_zero"]),
    Check(name="balances_equal_postings", invariant=4, statement=_SQL["balances_equal_postings"]),
    Check(name="postings_name_open_accounts", invariant=4, statement=_SQL["postings_name_open_accounts"]),
    Check(name="parts_belong_to_entries", invariant=4, statement=_SQL["parts_belong_to_entries"]),
    Check(name="pending_amounts_end_once", invariant=4, statement=_SQL["pending_amounts_end_once"]),
    Check(
        name="reversed_parts_equal_reversals", invariant=6, statement=_SQL["reversed_parts_equal_reversals"]
    ),
    Check(
        name="reversals_invert_their_originals",
        invariant=6,
        statement=_SQL["reversals_invert_their_originals"],
    ),
)
