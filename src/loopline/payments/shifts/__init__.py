"""Shifts of tills: who answers for a drawer, from the count that opens a shift to the count that closes it.

Invariants:
- a till has one open shift at most, and numbers the closed ones (Z) without gaps;
- what a closed shift says is never changed: what comes later belongs to it and stands beside it;
- what a till moved is counted once: by the count that opened its shift, by the one that closed it, or by none, later.

Whoever touches the shifts of a till holds it first (`hold_tills`), so that a sale is before a count or after it.
"""

from loopline.payments.shifts.model import (
    CashMove,
    CloseShift,
    CountDiffers,
    Counted,
    FloatDiffers,
    KeptMove,
    MoveKind,
    NewShift,
    NotCountable,
    OldCount,
    OpenShift,
    OtherMove,
    PettyCashNeedsAReason,
    Pieces,
    Shift,
    ShiftAsk,
    ShiftClosed,
    ShiftIsOpen,
    ShiftNotOpen,
    ShiftRow,
    TillMoney,
    Total,
    denominations_of,
    till_name,
)
from loopline.payments.shifts.queries import (
    given_by_method,
    last_shift,
    moves_by_hand,
    open_shifts_of_sites,
    shift_by_id,
    shifts_by_ids,
    shifts_of_sites,
    totals_of_shifts,
)
from loopline.payments.shifts.service import close_shift, hold_tills, keep_money, move_cash, open_shift

__all__ = [
    "CashMove",
    "CloseShift",
    "CountDiffers",
    "Counted",
    "FloatDiffers",
    "KeptMove",
    "MoveKind",
    "NewShift",
    "NotCountable",
    "OldCount",
    "OpenShift",
    "OtherMove",
    "PettyCashNeedsAReason",
    "Pieces",
    "Shift",
    "ShiftAsk",
    "ShiftClosed",
    "ShiftIsOpen",
    "ShiftNotOpen",
    "ShiftRow",
    "TillMoney",
    "Total",
    "close_shift",
    "denominations_of",
    "given_by_method",
    "hold_tills",
    "keep_money",
    "last_shift",
    "move_cash",
    "moves_by_hand",
    "open_shift",
    "open_shifts_of_sites",
    "shift_by_id",
    "shifts_by_ids",
    "shifts_of_sites",
    "till_name",
    "totals_of_shifts",
]
