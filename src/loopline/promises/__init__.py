"""Promises: what customers are told of when they will have their goods, and what becomes of it.

What others may use: the records of `model`, the pure decisions of `rules` (what can be promised, what must happen by
when, what was learnt), `calendar`, the commands of `service`, the reads of `queries`.

A promise is given at the edge from memory (`loopline.web.promising`) and kept here with the order it was shown for.
Its milestones are counted back from it; facts are put to it as the log tells them; a promise that cannot hold is
replaced by another before it breaks. What promises observe is learnt as versions, and the next ones are made by them.

Invariants, by constraints and by `checks`: an order has at most one open promise; milestones stand in order; a kept
promise has its fact in time; a replaced one has exactly one successor; terms and what was learnt are never changed.

Locks: promises by id, after payments and before keys of entries; the two commands of time pass over what is locked.
"""

from loopline.promises.model import (
    BROUGHT,
    Ahead,
    Arrival,
    Band,
    DayRecord,
    Facts,
    GivenPromise,
    HeldBack,
    KindRecord,
    LateNow,
    Learnt,
    Milestone,
    Milestones,
    NewPromise,
    Opening,
    Pace,
    Paces,
    Promise,
    PromiseKind,
    PromiseState,
    Record,
    SiteRecord,
    Terms,
    TermsVersion,
    WhyNot,
)
from loopline.promises.queries import (
    WatchList,
    arrivals_of_orders,
    held_back_of,
    kept_by_day,
    kept_by_kind,
    kept_by_site,
    last_learnt,
    late_now,
    paces_in_force,
    promises_of_orders,
    record_since,
    taught_since,
    terms_in_force,
    watched,
)
from loopline.promises.service import (
    TermsNotUsable,
    keep_promises,
    lock_due,
    lock_open,
    note_arrivals,
    open_successors,
    set_terms,
    settle,
    write_held_back,
    write_learnt,
    write_looked_at,
)

__all__ = [
    "BROUGHT",
    "Ahead",
    "Arrival",
    "Band",
    "DayRecord",
    "Facts",
    "GivenPromise",
    "HeldBack",
    "KindRecord",
    "LateNow",
    "Learnt",
    "Milestone",
    "Milestones",
    "NewPromise",
    "Opening",
    "Pace",
    "Paces",
    "Promise",
    "PromiseKind",
    "PromiseState",
    "Record",
    "SiteRecord",
    "Terms",
    "TermsNotUsable",
    "TermsVersion",
    "WatchList",
    "WhyNot",
    "arrivals_of_orders",
    "held_back_of",
    "keep_promises",
    "kept_by_day",
    "kept_by_kind",
    "kept_by_site",
    "last_learnt",
    "late_now",
    "lock_due",
    "lock_open",
    "note_arrivals",
    "open_successors",
    "paces_in_force",
    "promises_of_orders",
    "record_since",
    "set_terms",
    "settle",
    "taught_since",
    "terms_in_force",
    "watched",
    "write_held_back",
    "write_learnt",
    "write_looked_at",
]
