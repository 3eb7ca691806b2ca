"""How months and their sheets are written down in a language."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from loopline.closing.model import Balance, Expectation
from loopline.closing.rules.months import read_month
from loopline.kernel.money import BASIS_POINTS
from loopline.ledger.model import Purpose
from loopline.processes.close.on_way import PUT_OFF_TO
from loopline.processes.close.telling import (
    EntryTold,
    MonthState,
    MonthTold,
    NoticeTold,
    OwedTold,
    SheetTold,
)
from loopline.web.hq.close_words import BASIS_WORDS, KIND_WORDS, NOTICE_WORDS, PURPOSE_WORDS, STATE_WORDS
from loopline.web.languages import Language
from loopline.web.paths import entry_path

CLOSE = "/hq/close"
_EARNED = Purpose.REVENUE_ON_WAY
_STATE_TONES: Mapping[MonthState, str] = {
    MonthState.CLOSED: "good",
    MonthState.NEXT: "warn",
    MonthState.WAITING: "none",
    MonthState.RUNNING: "move",
}
_PLACES = {purpose.value: place for place, purpose in enumerate(PURPOSE_WORDS)}


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

    path: str
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
    closed: list[tuple[str, str, str]]
    comment: str
    figures: list[Figure]
    hard: list[str]
    soft: list[str]
    balances: list[BalanceRow]
    sums: BalanceRow
    owed: list[tuple[str, str]]
    owed_sum: str
    expectations: list[ExpectationRow]
    on_way: str
    arrives_within_days: int
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
        on_way=_on_way(sheet, language),
        arrives_within_days=sheet.arrives_within_days,
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


def _closed(found: FoundSheet, language: Language) -> list[tuple[str, str, str]]:
    sheet, month = found.sheet, found.sheet.month
    if month.closed_at is None:
        return []
    facts = [
        (language.say("Closed by"), found.closed_by, ""),
        (language.say("Closed at"), language.clock_of_day(month.closed_at, sheet.zone), ""),
        (language.say("Digest"), month.digest or "", ""),
    ]
    for word, entry_id in (
        (language.say("Entry of the estimate"), sheet.estimate_entry_id),
        (language.say("Entry that inverts the one before"), sheet.inversion_entry_id),
    ):
        if entry_id is not None:
            facts.append((word, str(entry_id), entry_path(entry_id)))
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


def _on_way(sheet: SheetTold, language: Language) -> str:
    """Say what is put off until goods arrive that a carrier has at the month's end."""
    earned = -sum(one.amount_minor for one in sheet.on_way if PUT_OFF_TO[Purpose(one.purpose)] is _EARNED)
    if not sheet.on_way:
        return ""
    cost = sum(one.amount_minor for one in sheet.on_way) + earned
    return language.say(
        "On their way to customers at the end: goods that earned {earned} and cost {cost} in shares and supplies. Both"
        " are put off until they arrive, at most for {days} days.",
        earned=language.money(earned, sheet.month.currency),
        cost=language.money(cost, sheet.month.currency),
        days=language.count(sheet.arrives_within_days),
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
        path=entry_path(one.entry_id),
        month=language.month(_first_day(one.month)),
        at=language.clock_of_day(one.at, sheet.zone),
        kind=language.say(KIND_WORDS[one.kind]),
        key=one.key,
        amount=language.money(one.moved_minor, sheet.month.currency),
    )
