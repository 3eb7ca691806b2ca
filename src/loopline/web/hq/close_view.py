"""How months and their sheets are written down in a language."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from loopline.closing.model import Balance, Basis, Expectation, NoticeKind
from loopline.closing.rules.months import read_month
from loopline.kernel.money import BASIS_POINTS
from loopline.ledger.model import EntryKind, Purpose
from loopline.processes.close.telling import (
    EntryTold,
    MonthState,
    MonthTold,
    NoticeTold,
    OwedTold,
    SheetTold,
)
from loopline.web.languages import Language, marked

CLOSE = "/hq/close"
STATE_WORDS: Mapping[MonthState, str] = {
    MonthState.CLOSED: marked("Closed"),
    MonthState.NEXT: marked("To be closed next"),
    MonthState.WAITING: marked("Waits for the month before"),
    MonthState.RUNNING: marked("Running"),
}
_STATE_TONES: Mapping[MonthState, str] = {
    MonthState.CLOSED: "good",
    MonthState.NEXT: "warn",
    MonthState.WAITING: "none",
    MonthState.RUNNING: "move",
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
    Purpose.ADJUSTMENT: marked("Adjustments"),
}
_PLACES = {purpose.value: place for place, purpose in enumerate(PURPOSE_WORDS)}
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
    EntryKind.BONUS: marked("Bonus of a month's turnover"),
    EntryKind.EXPECTED_RETURNS: marked("Expected returns"),
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


class FoundMonths(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shows; companies by code, people by how they are named on what they did."""

    zone: str
    months: Sequence[MonthTold]
    companies: Mapping[str, str]
    people: Mapping[str, str]


class FoundSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a month shows. `is_proven`: doctor proved the books for it."""

    sheet: SheetTold
    now: datetime
    company: str
    closed_by: str
    is_proven: bool


class MonthRow(msgspec.Struct, frozen=True, kw_only=True):
    """A month of the list; without a link it has no sheet yet."""

    link: str
    month: str
    company: str
    currency: str
    state: str
    tone: str
    entries: str
    expected: str
    closed: str
    comment: str


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number at the top, with what it means below it."""

    key: str
    word: str
    amount: str
    about: str


class MonthsView(msgspec.Struct, frozen=True, kw_only=True):
    """The list, written down: what is to be closed next, then every month."""

    next: list[MonthRow]
    rows: list[MonthRow]
    runs_until: str


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the trial balance."""

    word: str
    opening: str
    debit: str
    credit: str
    closing: str


class ExpectationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A category of expected returns."""

    category: str
    returnable: str
    expected: str
    percent: str
    right: str
    basis: str
    seen: str


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry about an earlier month."""

    month: str
    at: str
    kind: str
    key: str
    amount: str


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of a month, written down."""

    link: str
    title: str
    company: str
    currency: str
    state: str
    tone: str
    is_closed: bool
    is_next: bool
    is_refused: bool
    is_proven: bool
    stands: str
    closed: list[tuple[str, str]]
    comment: str
    figures: list[Figure]
    hard: list[str]
    soft: list[str]
    balances: list[BalanceRow]
    sums: BalanceRow
    owed: list[tuple[str, str]]
    owed_sum: str
    expectations: list[ExpectationRow]
    recovery: str
    recovery_percent: str
    run_off: str
    earlier: list[str]
    entries: list[EntryRow]
    more_entries: str


def months_written(found: FoundMonths, language: Language) -> MonthsView:
    """Write the list down."""
    running = next((one for one in found.months if one.state is MonthState.RUNNING), None)
    return MonthsView(
        next=[_month_row(one, found, language) for one in found.months if one.state is MonthState.NEXT],
        rows=[_month_row(one, found, language) for one in found.months],
        runs_until=language.clock_of_day(running.end_at, found.zone) if running is not None else "",
    )


def _month_row(one: MonthTold, found: FoundMonths, language: Language) -> MonthRow:
    closed = ""
    if one.closed_at is not None and one.closed_by is not None:
        name = found.people.get(one.closed_by, one.closed_by)
        closed = f"{language.clock_of_day(one.closed_at, found.zone)} · {name}"
    has_sheet = one.state is not MonthState.WAITING
    return MonthRow(
        link=link_of(one) if has_sheet else "",
        month=language.month(_first_day(one.month)),
        company=language.called(found.companies[one.entity_code]),
        currency=one.currency,
        state=language.say(STATE_WORDS[one.state]),
        tone=_STATE_TONES[one.state],
        entries=language.count(one.entries) if one.entries is not None else "",
        expected=language.money(one.expected_returns_minor, one.currency)
        if one.expected_returns_minor is not None
        else "",
        closed=closed,
        comment=one.comment or "",
    )


def link_of(one: MonthTold) -> str:
    """Return where the sheet of a month is shown."""
    return f"{CLOSE}/{one.entity_code}/{one.currency}/{one.month}"


def _first_day(month: str) -> date:
    day = read_month(month)
    assert day is not None
    return day


def sheet_written(found: FoundSheet, language: Language) -> SheetView:
    """Write the page of a month down."""
    sheet, month = found.sheet, found.sheet.month
    currency = month.currency
    notices = [(one.is_hard, _notice(one, currency, language)) for one in sheet.notices]
    left = sheet.entries_of_before - len(sheet.earlier_entries)
    return SheetView(
        link=link_of(month),
        title=language.month(_first_day(month.month)),
        company=language.called(found.company),
        currency=currency,
        state=language.say(STATE_WORDS[month.state]),
        tone=_STATE_TONES[month.state],
        is_closed=month.state is MonthState.CLOSED,
        is_next=month.state is MonthState.NEXT,
        is_refused=any(is_hard for is_hard, _ in notices),
        is_proven=found.is_proven,
        stands=_stands(sheet, language),
        closed=_closed(found, language),
        comment=month.comment or "",
        figures=_figures(sheet, language),
        hard=[said for is_hard, said in notices if is_hard],
        soft=[said for is_hard, said in notices if not is_hard],
        balances=[
            _balance_row(one, currency, language)
            for one in sorted(sheet.balances, key=lambda one: _PLACES[one.purpose])
        ],
        sums=_sums(sheet.balances, currency, language),
        owed=[_owed(one, currency, language) for one in sheet.owed if one.amount_minor],
        owed_sum=language.money(sum(one.amount_minor for one in sheet.owed), currency),
        expectations=[_expectation_row(one, currency, language) for one in sheet.expectations],
        recovery=_recovery(sheet, language),
        recovery_percent=f"{Decimal(sheet.recovery_basis_points).scaleb(-2).normalize():f}",
        run_off=_run_off(sheet, language),
        earlier=[
            language.say(
                "{month}: {amount}, entries: {count}",
                month=language.month(_first_day(one.month)),
                count=language.count(one.entries),
                amount=language.money(one.moved_minor, currency),
            )
            for one in sheet.earlier
        ],
        entries=[_entry_row(one, sheet, language) for one in sheet.earlier_entries],
        more_entries=language.count(left) if left > 0 else "",
    )


def _stands(sheet: SheetTold, language: Language) -> str:
    if sheet.month.state is not MonthState.RUNNING:
        return ""
    return language.say(
        "It runs until {time}. This is how it stands now; it can be closed after that.",
        time=language.clock_of_day(sheet.month.end_at, sheet.zone),
    )


def _closed(found: FoundSheet, language: Language) -> list[tuple[str, str]]:
    sheet, month = found.sheet, found.sheet.month
    if month.closed_at is None:
        return []
    facts = [
        (language.say("Closed by"), found.closed_by),
        (language.say("Closed at"), language.clock_of_day(month.closed_at, sheet.zone)),
        (language.say("Digest"), month.digest or ""),
    ]
    for word, entry_id in (
        (language.say("Entry of the estimate"), sheet.estimate_entry_id),
        (language.say("Entry that inverts the one before"), sheet.inversion_entry_id),
    ):
        if entry_id is not None:
            facts.append((word, str(entry_id)))
    return facts


def _figures(sheet: SheetTold, language: Language) -> list[Figure]:
    currency = sheet.month.currency
    moved = {one.purpose: one.credit_minor - one.debit_minor for one in sheet.balances}
    expected = sum(one.expected_minor for one in sheet.expectations)
    returnable = sum(one.returnable_minor for one in sheet.expectations)
    is_closed = sheet.month.state is MonthState.CLOSED
    return [
        Figure(
            key="revenue",
            word=language.say("Revenue of the month"),
            amount=language.money(moved.get(Purpose.REVENUE.value, 0), currency),
            about=language.say("after expected returns")
            if is_closed
            else language.say("before expected returns"),
        ),
        Figure(
            key="expected",
            word=language.say("Expected returns"),
            amount=language.money(expected, currency),
            about=language.say(
                "of {amount} that may still come back", amount=language.money(returnable, currency)
            ),
        ),
        Figure(
            key="owed",
            word=language.say("Owed at the end"),
            amount=language.money(sum(one.amount_minor for one in sheet.owed), currency),
            about=language.say("to customers, to parties and in their name"),
        ),
        Figure(
            key="entries",
            word=language.say("Entries"),
            amount=language.count(sheet.entries),
            about=language.say(
                "{count} of them about earlier months", count=language.count(sheet.entries_of_before)
            ),
        ),
    ]


def _notice(one: NoticeTold, currency: str, language: Language) -> str:
    return language.say(
        NOTICE_WORDS[one.kind],
        count=language.count(one.count),
        subject=one.subject,
        amount=language.money(one.amount_minor or 0, currency),
    )


def _balance_row(one: Balance, currency: str, language: Language) -> BalanceRow:
    def written(amount_minor: int) -> str:
        return language.money(amount_minor, currency) if amount_minor else "–"

    return BalanceRow(
        word=language.say(PURPOSE_WORDS[Purpose(one.purpose)]),
        opening=written(one.opening_minor),
        debit=written(one.debit_minor),
        credit=written(one.credit_minor),
        closing=written(one.closing_minor),
    )


def _sums(balances: Sequence[Balance], currency: str, language: Language) -> BalanceRow:
    return BalanceRow(
        word=language.say("In all"),
        opening=language.money(sum(one.opening_minor for one in balances), currency),
        debit=language.money(sum(one.debit_minor for one in balances), currency),
        credit=language.money(sum(one.credit_minor for one in balances), currency),
        closing=language.money(sum(one.closing_minor for one in balances), currency),
    )


def _owed(one: OwedTold, currency: str, language: Language) -> tuple[str, str]:
    return language.say(PURPOSE_WORDS[one.purpose]), language.money(one.amount_minor, currency)


def _expectation_row(one: Expectation, currency: str, language: Language) -> ExpectationRow:
    return ExpectationRow(
        category=language.called(one.category) if one.category else language.say("Without a category"),
        returnable=language.money(one.returnable_minor, currency),
        expected=language.money(one.expected_minor, currency),
        percent=language.percent(one.expected_minor / one.returnable_minor) if one.returnable_minor else "–",
        right=language.money(one.right_minor, currency) if one.right_minor else "–",
        basis=language.say(BASIS_WORDS[one.basis]),
        seen=language.say(
            "{back} of {sold} came back",
            back=language.money(one.seen_back_minor, currency),
            sold=language.money(one.seen_minor, currency),
        )
        if one.seen_minor
        else "",
    )


def _recovery(sheet: SheetTold, language: Language) -> str:
    if not sheet.expectations:
        return ""
    return language.say(
        "Right to the goods: {amount}, what those cost that are expected back, less {percent} for recovering them."
        " Goods of other companies, and goods whose cost nobody said, are not in it.",
        amount=language.money(sheet.right_minor, sheet.month.currency),
        percent=language.percent(sheet.recovery_basis_points / BASIS_POINTS),
    )


def _run_off(sheet: SheetTold, language: Language) -> str:
    one, currency = sheet.run_off, sheet.month.currency
    if not (one.estimate_minor or one.came_back_minor):
        return ""
    return language.say(
        "The month before expected {estimate}: {came} of it came back since, {still} is expected still.",
        estimate=language.money(one.estimate_minor, currency),
        came=language.money(one.came_back_minor, currency),
        still=language.money(one.still_expected_minor, currency),
    )


def _entry_row(one: EntryTold, sheet: SheetTold, language: Language) -> EntryRow:
    return EntryRow(
        month=language.month(_first_day(one.month)),
        at=language.clock_of_day(one.at, sheet.zone),
        kind=language.say(KIND_WORDS[one.kind]),
        key=one.key,
        amount=language.money(one.moved_minor, sheet.month.currency),
    )
