"""Reads of stored value for screens and processes; none locks anything."""

from loopline.stored_value.store import (
    accounts_by_ids,
    accounts_of_members,
    cash_outs_by_ids,
    movements_by_refs,
    movements_of_members,
    open_cash_outs,
    owed_by_companies,
    terms_in_force,
)

__all__ = [
    "accounts_by_ids",
    "accounts_of_members",
    "cash_outs_by_ids",
    "movements_by_refs",
    "movements_of_members",
    "open_cash_outs",
    "owed_by_companies",
    "terms_in_force",
]
