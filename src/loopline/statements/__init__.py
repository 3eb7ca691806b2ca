"""Statements: what each party is told of its shares, day by day, so that it can be checked; and disputed lines.

Front door: `service` (keep_leaves, seal_day, open and decide disputes), `queries`, `model`, `rules`, `checks`.

What always holds:
- a day (UTC) is sealed once, after the days before it; its lines, leaves and root never change (trigger
  `sealed_days_stay`, and the serving role has no right to);
- a line belongs to the day on which it was posted, whatever moment it is about; one that was committed after its day
  was sealed belongs to the next day that is;
- the root of a day names the root of the day before; each party has one salted leaf in each tree since its first day,
  with lines or without;
- of a line at most one dispute is open; every word of it is kept.

Locks: the turn of sealing (an advisory lock, held by whoever seals, for as long as its reading transaction lasts); a
dispute by its id. Whoever corrects a line locks its dispute, then its order, and posts in the ledger afterwards.
"""

from loopline.statements.checks import CHECKS

__all__ = ["CHECKS"]
