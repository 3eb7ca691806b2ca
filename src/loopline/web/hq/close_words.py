"""The words of closes and of what the books hold: accounts, entries, notices, and where a month stands."""

from collections.abc import Mapping

from loopline.closing.model import Basis, NoticeKind
from loopline.ledger.model import EntryKind, Purpose
from loopline.processes.close.telling import MonthState
from loopline.web.languages import marked

STATE_WORDS: Mapping[MonthState, str] = {
    MonthState.CLOSED: marked("Closed"),
    MonthState.NEXT: marked("To be closed next"),
    MonthState.WAITING: marked("Waits for the month before"),
    MonthState.RUNNING: marked("Running"),
}
PURPOSE_WORDS: Mapping[Purpose, str] = {
    Purpose.CASH: marked("Cash"),
    Purpose.GATEWAY: marked("Money at payment gateways"),
    Purpose.RECEIVABLE: marked("Receivables"),
    Purpose.RIGHT_TO_GOODS: marked("Right to goods that come back"),
    Purpose.CUSTOMER_DEPOSIT: marked("Customers' deposits"),
    Purpose.VOUCHER_LIABILITY: marked("Vouchers not used"),
    Purpose.REFUND_PAYABLE: marked("Refunds payable"),
    Purpose.REFUND_LIABILITY: marked("Expected returns"),
    Purpose.REVENUE_ON_WAY: marked("Earned by goods on their way"),
    Purpose.COST_ON_WAY: marked("Cost of goods on their way"),
    Purpose.TAX: marked("Tax"),
    Purpose.SHARE_PENDING: marked("Shares pending"),
    Purpose.SHARE_DUE: marked("Shares due"),
    Purpose.PAYOUT_IN_TRANSIT: marked("Payouts on their way"),
    Purpose.RECLAIM_IN_TRANSIT: marked("Shares asked back"),
    Purpose.WITHHELD_TAX: marked("Tax withheld"),
    Purpose.INTERCOMPANY: marked("Between companies"),
    Purpose.REVENUE: marked("Revenue"),
    Purpose.SUPPLY_REVENUE: marked("Revenue of supplies"),
    Purpose.CONSIGNED: marked("Passed on for consigned goods"),
    Purpose.CHARGES: marked("Postage and charges"),
    Purpose.PROMOTION_FUNDED: marked("Discounts that others bear"),
    Purpose.COST_OF_SALES: marked("Taken off the cost of sales"),
    Purpose.SUPPLY_COST: marked("Cost of supplies"),
    Purpose.SHARING_COST: marked("Cost of shares"),
    Purpose.PROMOTION_COST: marked("Discounts of others that it bears"),
    Purpose.PAYMENT_FEE: marked("Payment fees"),
    Purpose.BAD_DEBT: marked("Bad debt"),
    Purpose.STOCK_LOSS: marked("Loss of stock"),
    Purpose.CASH_DIFFERENCE: marked("Differences of drawers"),
    Purpose.PETTY_CASH: marked("Petty cash"),
    Purpose.POINTS_DEFERRED: marked("Revenue put off for points"),
    Purpose.POINTS_LIABILITY: marked("Owed for points"),
    Purpose.STORED_VALUE: marked("Stored value of members"),
    Purpose.STORED_VALUE_BONUS: marked("Bonuses of stored value"),
    Purpose.ADJUSTMENT: marked("Adjustments"),
}
KIND_WORDS: Mapping[EntryKind, str] = {
    EntryKind.SALE: marked("Sale"),
    EntryKind.CHARGE: marked("Charge of an order"),
    EntryKind.VOUCHER: marked("Voucher"),
    EntryKind.PAYMENT: marked("Payment"),
    EntryKind.REFUND: marked("Refund"),
    EntryKind.SHARE: marked("Shares of a sale"),
    EntryKind.SHARE_RELEASE: marked("Became due"),
    EntryKind.SHARE_CLAW_BACK: marked("Moved back from due by a return"),
    EntryKind.REVERSAL: marked("Taken back by a return"),
    EntryKind.BLIND_RETURN: marked("Return without a sale"),
    EntryKind.ADJUSTMENT: marked("Correction"),
    EntryKind.OPENING: marked("Opening balance"),
    EntryKind.PAYOUT: marked("Payout on its way"),
    EntryKind.PAYOUT_PAID: marked("Paid out"),
    EntryKind.PAYOUT_RETURNED: marked("Payout that came back"),
    EntryKind.RECLAIM: marked("Share asked back"),
    EntryKind.RECLAIM_CAME: marked("Share that was given back"),
    EntryKind.RECLAIM_FAILED: marked("Share that was not given back"),
    EntryKind.FEE: marked("Fee kept"),
    EntryKind.SUPPLY: marked("Supply of goods"),
    EntryKind.PAID_FOR_ANOTHER: marked("Paid for another company"),
    EntryKind.PROMOTION: marked("Discount that others bear"),
    EntryKind.POINTS: marked("Points"),
    EntryKind.STORED_VALUE: marked("Stored value"),
    EntryKind.BONUS: marked("Bonus of a month's turnover"),
    EntryKind.EXPECTED_RETURNS: marked("Expected returns"),
    EntryKind.ON_WAY: marked("Goods on their way"),
    EntryKind.DRAWER: marked("Drawer of a till"),
}
NOTICE_WORDS: Mapping[NoticeKind, str] = {
    NoticeKind.NOT_SETTLED: marked(
        "Hand-overs of the month that are not settled yet: {count}. They are within moments."
    ),
    NoticeKind.PARKED: marked(
        "Hand-overs of the month that could not be settled: {count}. Try again: loopline log retry settle."
    ),
    NoticeKind.MONEY_FAULT: marked(
        "Doctor found the books broken ({subject}: {count}). What to mend: loopline doctor."
    ),
    NoticeKind.MONEY_DISAGREES: marked("Money that disagrees, by doctor ({subject}): {count}."),
    NoticeKind.DOES_NOT_BALANCE: marked("The trial balance is off by {amount}."),
    NoticeKind.FOLLOWER_BEHIND: marked(
        "Followers that have events of the month to come: {count}, furthest behind {subject}. What they show may lag."
    ),
    NoticeKind.DIFFERENCES: marked(
        "Differences with {subject} up to the month's end that stand: {count}, {amount} in all."
    ),
    NoticeKind.SHARES_NOT_RELEASED: marked(
        "Parts past their return window whose shares are pending still: {count}."
    ),
    NoticeKind.THIN_HISTORY: marked(
        "Categories with too little history of their own: {count}. Of {amount} that may still come back of them, as"
        " much is expected as of the whole brand."
    ),
    NoticeKind.NO_HISTORY: marked(
        "Nothing is known of returns yet: of {amount} that may still come back none are expected."
    ),
}
BASIS_WORDS: Mapping[Basis, str] = {
    Basis.CATEGORY: marked("its own history"),
    Basis.WHOLE: marked("the whole brand's"),
    Basis.NONE: marked("none yet"),
}
