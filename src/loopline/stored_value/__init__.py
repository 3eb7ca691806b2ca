"""Stored value: what members paid ahead to a company, use when they buy, and get back when they ask.

Purpose: `set_terms` says on which terms a company takes money ahead; `top_up` takes it, `use` pays orders with it,
`give_back` puts back what refunds owe, `ask_cash_out` and `decide_cash_out` pay out what is left. A member has one
account with each company and currency.

Invariants: an account equals the sum of its movements; it never holds less than nothing (named constraints); a kind of
movement and what it is for are there once; what goes back of a use is never more than was used, principal and bonus
each, and any parts of it end where the whole does; what was given beside money is never paid out.

Locks: accounts by (member, company, currency), before anything else but messages of the inbox, the turns and tills.
"""

from loopline.stored_value.checks import CHECKS
from loopline.stored_value.events import StoredValueMoved
from loopline.stored_value.model import (
    Account,
    Bonus,
    CashOut,
    CashOutState,
    Kind,
    Moved,
    Movement,
    NewGivenBack,
    NewTerms,
    NewTopUp,
    NewUse,
    Owed,
    Split,
    Terms,
    Use,
)
from loopline.stored_value.queries import (
    accounts_by_ids,
    accounts_of_members,
    cash_outs_by_ids,
    movements_by_refs,
    movements_of_members,
    open_cash_outs,
    owed_by_companies,
    terms_in_force,
)
from loopline.stored_value.service import (
    ask_cash_out,
    decide_cash_out,
    end_bonuses,
    give_back,
    hold_accounts,
    hold_accounts_of_uses,
    set_terms,
    top_up,
    use,
)

__all__ = [
    "CHECKS",
    "Account",
    "Bonus",
    "CashOut",
    "CashOutState",
    "Kind",
    "Moved",
    "Movement",
    "NewGivenBack",
    "NewTerms",
    "NewTopUp",
    "NewUse",
    "Owed",
    "Split",
    "StoredValueMoved",
    "Terms",
    "Use",
    "accounts_by_ids",
    "accounts_of_members",
    "ask_cash_out",
    "cash_outs_by_ids",
    "decide_cash_out",
    "end_bonuses",
    "give_back",
    "hold_accounts",
    "hold_accounts_of_uses",
    "movements_by_refs",
    "movements_of_members",
    "open_cash_outs",
    "owed_by_companies",
    "set_terms",
    "terms_in_force",
    "top_up",
    "use",
]
