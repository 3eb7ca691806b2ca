"""Sharing: who earns what of a line, by rules that were published, and when it is theirs.

Front door: `rules` (split_lines, problems_of, rule_set_at: pure, for showing a share before the sale), `service`
(save_drafts, publish_rule_sets, record_splits, claw_back_shares, release_due), `trials`, `ladder_drafts` and `ladders`
(bonuses of months), `own` (who of those who earn is a member), `queries`, `explaining` (shares with the rules they are
by), `model`, `refusals`, `checks`.

What always holds:
- a published rule set never changes; every share names the set and the row that made it, and the set its method of
  evaluating and rounding;
- rule sets and ladders are published as they were seen and tried, or say why they were not;
- no rows of a published set take more than a line brings, but where it brings less than was said and accepted; it pays
  at most two levels, has no row that can never decide, and says who gets the remainder;
- the shares of a part add up to its base (the net amount), none is negative;
- a share is pending until its return window ends, then due. What comes back before cancels what is pending; what
  comes back after is clawed back from what is due, into debt if need be;
- what is taken back of a part is `kernel.proportion` of its shares, as in the ledger.

Locks, in this order: the turn of drafted ladders; rule sets by id; parts that come back (`returned_part`) by line,
part; then `pending_part` by due time, line, part.
"""

from loopline.sharing.checks import CHECKS

__all__ = ["CHECKS"]
