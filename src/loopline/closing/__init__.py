"""Closing: months of a legal entity's books that are closed, each with the sheet that was true at its cut.

Front door: `service` (lock_books, keep_close), `queries`, `model`, `rules` (months, expecting, digests), `checks`.

What always holds:
- a month of a legal entity and currency is closed once, after the months before it, and never changes (the serving
  role has no right to change or delete any row);
- its balances begin where the month before ended, add up row by row, and sum to zero;
- what is expected to come back is never more than what still may;
- each digest covers everything the close says and the digest of the close before.

An entry belongs to the month it is dated in. If it was committed after the cut at which that month was closed, it
belongs to the first month after it whose cut came later: the first that was open. Estimates of expected returns are
posted by closes alone, and always belong to the month they are dated in.

Locks: the books of an entity in a currency (an advisory lock), before anything else that a close locks.
"""

from loopline.closing.checks import CHECKS

__all__ = ["CHECKS"]
