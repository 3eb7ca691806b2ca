"""The corridor: the stages of the loop, the only place where rooms meet in one transaction.

Each module is one stage. Its commands take many items on a connection the edge opened, return one outcome per item,
never commit, and append to the log as their last write. Locks are taken in the order: numbers of orders, stock,
orders, ledger.
"""
