"""Payouts: what parties are due is paid to them, once, whatever fails in between.

Purpose: accounts that legal entities pay from and that parties are paid to (sealed); payouts that are planned, approved
by a second person above a limit, put into requests to a gateway or into files, and paid or due again line by line. A
gateway is a port; it is asked outside transactions, under a number that was kept before.

Invariants:
- a payout is paid from an account of the very legal entity that owes (a foreign key), one at a time for each party,
  entity and currency (a unique index);
- its lines are never more than what was approved; a line is paid or returned once, and the first final word stands;
- what became of a request is asked for, never guessed: it is sent again only under the same number, which pays once,
  and returned only where it was given up ten minutes before and its gateway has nothing of it;
- of a transaction no more is shared than the gateway holds and the contract allows, which are asked for;
- what is left of a payment once nothing more may be shared of it is let go, asked for once (a unique constraint);
- of a paid line no more is asked back than it paid (a constraint), one reclaim at a time (a unique index); what came
  is known from the gateway alone;
- above the limit nobody approves what they made themselves (a constraint);
- nothing in the open names a receiver but the last four characters of a number.

Lock order: requests by id, then payouts by id, then transactions by number, then new rows; parties' accounts by party.
The turn of asking back (an advisory lock), then reclaims by id, then their lines by id.
"""

from loopline.payouts.checks import CHECKS
from loopline.payouts.model import (
    OPEN_RECLAIMS,
    OPEN_STATES,
    WAYS_TO,
    Account,
    AccountKind,
    Contract,
    Download,
    Due,
    Line,
    LineState,
    NewAccount,
    NewPayer,
    NewPayout,
    NewReclaim,
    Paid,
    Payer,
    PayerId,
    Payout,
    PayoutAccountId,
    PayoutId,
    PayoutLineId,
    PayoutState,
    Receiver,
    Reclaim,
    ReclaimId,
    ReclaimState,
    Request,
    RequestId,
    RequestState,
    Terms,
    TermsVersion,
    Transaction,
    Unfreezing,
    UnfreezingId,
    Way,
    number_of,
)
from loopline.payouts.port import (
    Heard,
    LineReport,
    Notice,
    PayoutGateway,
    ReclaimReport,
    Report,
    ToPay,
    ToReclaim,
    ToSend,
    ToUnfreeze,
    UnfreezingReport,
)
from loopline.payouts.reports import Applied, apply_reports
from loopline.payouts.seals import Ring, open_receiver
from loopline.payouts.store import LineSum, StateCount

__all__ = [
    "CHECKS",
    "OPEN_RECLAIMS",
    "OPEN_STATES",
    "WAYS_TO",
    "Account",
    "AccountKind",
    "Applied",
    "Contract",
    "Download",
    "Due",
    "Heard",
    "Line",
    "LineReport",
    "LineState",
    "LineSum",
    "NewAccount",
    "NewPayer",
    "NewPayout",
    "NewReclaim",
    "Notice",
    "Paid",
    "Payer",
    "PayerId",
    "Payout",
    "PayoutAccountId",
    "PayoutGateway",
    "PayoutId",
    "PayoutLineId",
    "PayoutState",
    "Receiver",
    "Reclaim",
    "ReclaimId",
    "ReclaimReport",
    "ReclaimState",
    "Report",
    "Request",
    "RequestId",
    "RequestState",
    "Ring",
    "StateCount",
    "Terms",
    "TermsVersion",
    "ToPay",
    "ToReclaim",
    "ToSend",
    "ToUnfreeze",
    "Transaction",
    "Unfreezing",
    "UnfreezingId",
    "UnfreezingReport",
    "Way",
    "apply_reports",
    "number_of",
    "open_receiver",
]
