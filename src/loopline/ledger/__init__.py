"""The ledger: every cent that moves, as balanced entries that nobody can change afterwards.

Front door: `service` (open_accounts, post_entries, reverse_parts, take_cut), `queries`, `tracing` (one entry and
those around it), `model`, `checks`.

What always holds:
- the postings of each part of an entry sum to zero in each currency (rule, and the trigger `entry_sums_to_zero`);
- entries, their parts and reversals are never updated or deleted (the serving role has no such right);
- a balance equals the sum of its account's postings: changes are added in the transaction of the entry, and folded
  into sums later (`ledger.balance` shows both together);
- the same key never posts twice; with other content it is refused;
- a cut divides what was committed before it from all that comes after, for good (`entry.cut`, trigger
  `cut_stands_while_posting`);
- reversals of a part, in whatever steps, end where the reversal of the whole does, and each one balances.

Signs: a debit is positive, a credit is negative. A party we owe 500 has a balance of -500.

Locks, always in this order: parts taken back (`reversed_part` by part, entry), then keys of entries (in their order).
Whoever posts shares the lock of the cut (an advisory lock) from the first entry on; `take_cut` alone waits for all of
them. Balances are never locked, so several entries of one transaction may post to any accounts in any order.
"""

from loopline.ledger.checks import CHECKS

__all__ = ["CHECKS"]
