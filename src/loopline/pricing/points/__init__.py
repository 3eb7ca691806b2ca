"""Points: versions of the programme, each member's account, what was earned and what orders use.

Invariants: an account equals the sum of its entries, and a lot of its own; an entry's key is there once; what is held
is not to use; what is deferred for points is a function of what a member was given and has left; versions that were
published do not change.

Locks: the turn of the programme; accounts by member. Orders take free accounts and wait for nobody.
"""

from loopline.pricing.points.model import (
    POINTS_CODE,
    Account,
    Change,
    Ends,
    Entry,
    Lot,
    Move,
    NewProgramme,
    PointsFigures,
    PointsKind,
    Programme,
    Terms,
    Use,
)
from loopline.pricing.points.service import (
    Holdings,
    change_points,
    hold_points,
    in_force,
    lock_free_accounts,
    lock_holdings,
    programme_at,
    programmes_by_id,
    publish_draft,
    save_draft,
    use_key,
)
from loopline.pricing.points.store import (
    accounts_of_members,
    entries_of_keys,
    entries_of_member,
    entries_of_orders,
    figures,
    lots_of_members,
    members_with_due,
    members_with_ended,
    programmes,
    uses_of_orders,
)

__all__ = [
    "POINTS_CODE",
    "Account",
    "Change",
    "Ends",
    "Entry",
    "Holdings",
    "Lot",
    "Move",
    "NewProgramme",
    "PointsFigures",
    "PointsKind",
    "Programme",
    "Terms",
    "Use",
    "accounts_of_members",
    "change_points",
    "entries_of_keys",
    "entries_of_member",
    "entries_of_orders",
    "figures",
    "hold_points",
    "in_force",
    "lock_free_accounts",
    "lock_holdings",
    "lots_of_members",
    "members_with_due",
    "members_with_ended",
    "programme_at",
    "programmes",
    "programmes_by_id",
    "publish_draft",
    "save_draft",
    "use_key",
    "uses_of_orders",
]
