"""The ledger: every cent that moves, as balanced entries that nobody can change afterwards.

Front door: `service` (open_accounts, post_entries, reverse_parts), `queries`, `model`, `checks`.

What always holds:
- the postings of each part of an entry sum to zero in each currency (rule, and the trigger `entry_sums_to_zero`);
- entries, their parts and reversals are never updated or deleted (the serving role has no such right);
- a balance equals the sum of its account's postings: it is changed only by deltas, in the transaction of the entry;
- the same key never posts twice; with other content it is refused;
- reversals of a part, in whatever steps, end where the reversal of the whole does, and each one balances.

Signs: a debit is positive, a credit is negative. A party we owe 500 has a balance of -500.

Locks, always in this order: parts taken back (`reversed_part` by part, entry), keys of entries (in their order),
balances by account number. Post late in a transaction: the balances of busy accounts are locked until it ends.
"""

from loopline.ledger.checks import CHECKS

__all__ = ["CHECKS"]
