"""The records of bills: sources and their layouts, bills with their lines, runs, pairs and differences.

Amounts are signed minor units from where we stand: money that came to us is positive, what was given back is negative.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, EntryId

SourceId = NewType("SourceId", UUID)
BillId = NewType("BillId", UUID)
BillLineId = NewType("BillLineId", UUID)
RunId = NewType("RunId", UUID)
DifferenceId = NewType("DifferenceId", UUID)


class SourceKind(StrEnum):
    """Who states what moved; it decides which of our books a bill is held against."""

    GATEWAY = "gateway"
    MARKETPLACE = "marketplace"
    BANK = "bank"
    CARRIER = "carrier"


class Layout(StrEnum):
    """How a source's files are laid out: as a known party writes them, or by columns that finance names."""

    WECHAT_PAY = "wechat_pay"
    ALIPAY = "alipay"
    ALIPAY_FUNDS = "alipay_funds"
    DOUYIN = "douyin"
    JINGDONG = "jingdong"
    MAPPED = "mapped"


class LineKind(StrEnum):
    """What a line of a bill states."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    PAYOUT = "payout"
    OTHER = "other"


class DayFormat(StrEnum):
    """In which order a file writes its days; a time of day may follow each."""

    YEAR_FIRST = "year_first"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class KindWord(msgspec.Struct, frozen=True, kw_only=True):
    """A word of a file's column of kinds, and what it states."""

    word: str
    kind: LineKind


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which columns of a file hold what, by their headings, as somebody in finance names them.

    The amount stands in one column that is signed, or in two: what came in, what went out. Each of the numbers in
    `keys` may also be named by our books. With a column of kinds every word of it stands in `kind_words`. A row whose
    first cell is `ends_with` ends the table. `is_negated`: the file writes what came to us as negative.
    """

    day: str
    amount: str | None = None
    money_in: str | None = None
    money_out: str | None = None
    fee: str | None = None
    number: str | None = None
    keys: tuple[str, ...] = ()
    wording: tuple[str, ...] = ()
    kind: str | None = None
    kind_words: tuple[KindWord, ...] = ()
    day_format: DayFormat = DayFormat.YEAR_FIRST
    is_negated: bool = False
    ends_with: str | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """An outside party whose bills are taken in, for one company and currency.

    `methods` are the ways to pay that it answers for, `channel` the marketplace's; `payer` is how a bank names it when
    it pays us out. Days are cut in `zone`. A line that is younger than `grace_days` may still meet its other half; a
    pair that is less than `fee_basis_points` short is short by a fee. `account` is where the books keep its money.
    `revision` counts its bills and runs, and how often it was kept anew.
    """

    id: SourceId
    code: str
    name: str
    kind: SourceKind
    layout: Layout
    entity_id: EntityId
    currency: str
    zone: str
    account: str
    methods: tuple[str, ...] = ()
    channel: str | None = None
    payer: str = ""
    grace_days: int = 2
    fee_basis_points: int = 300
    mapping: Mapping | None = None
    revision: int = 0


class NewSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source to be kept, or kept anew under the code it has."""

    code: str
    name: str
    kind: SourceKind
    layout: Layout
    entity_id: EntityId
    currency: str
    zone: str
    account: str
    methods: tuple[str, ...] = ()
    channel: str | None = None
    payer: str = ""
    grace_days: int = 2
    fee_basis_points: int = 300
    mapping: Mapping | None = None


class ReadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a file. `row` is where it stands, counted from 1; `fee_minor` is what was kept for it (negative: given
    back). `keys` are the numbers it names, the surest first.
    """

    row: int
    day: date
    kind: LineKind
    amount_minor: int
    fee_minor: int = 0
    number: str = ""
    keys: tuple[str, ...] = ()
    wording: str = ""


class ReadBill(msgspec.Struct, frozen=True, kw_only=True):
    """A file, read whole: its name, the SHA-256 of its bytes, its lines in their order."""

    file_name: str
    content_hash: bytes
    size_bytes: int
    lines: tuple[ReadLine, ...]


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill that was taken in. Days are the first and the last its lines name."""

    id: BillId
    source_id: SourceId
    file_name: str
    lines: int
    first_day: date
    last_day: date
    amount_minor: int
    fee_minor: int
    taken_at: datetime
    taken_by: str


class BillTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A file is taken in; `is_repeat`: it was before, and nothing changed."""

    bill: Bill
    is_repeat: bool


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a bill as it is kept."""

    id: BillLineId
    bill_id: BillId
    row: int
    day: date
    kind: LineKind
    amount_minor: int
    fee_minor: int
    number: str
    keys: tuple[str, ...]
    wording: str


class OurKind(StrEnum):
    """Of which of our books a line is."""

    PAYMENT = "payment"
    REFUND = "refund"
    PARCEL = "parcel"
    SETTLEMENT = "settlement"


class OurLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of our books. `id` names it within its kind; `subject` is the order it belongs to, where there is one."""

    kind: OurKind
    id: UUID
    day: date
    amount_minor: int
    number: str
    keys: tuple[str, ...] = ()
    wording: str = ""
    subject: UUID | None = None


class DifferenceClass(StrEnum):
    """Why a line has no equal half: it may come yet; a fee; a refund one side does not know; a line that only they
    have (`missing_ours`) or only we (`missing_theirs`); the same line twice; two halves of different amounts.
    """

    TIMING = "timing"
    FEE = "fee"
    REFUND = "refund"
    MISSING_OURS = "missing_ours"
    MISSING_THEIRS = "missing_theirs"
    DUPLICATE = "duplicate"
    AMOUNT = "amount"


class DifferenceState(StrEnum):
    """Where a difference stands: open; told to the other party, and waiting; or closed, by words, by an entry, or
    because its other half came.
    """

    OPEN = "open"
    TOLD = "told"
    EXPLAINED = "explained"
    CORRECTED = "corrected"
    MATCHED = "matched"


STANDING = frozenset({DifferenceState.OPEN, DifferenceState.TOLD})
"""States in which somebody still has to look."""


class Correction(StrEnum):
    """What a correcting entry says the money was: a fee, a difference that stays, or a loss."""

    FEE = "fee"
    ADJUSTMENT = "adjustment"
    LOSS = "loss"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A difference as a run found it. `subject` names it for good: their line, else ours, else the fees of a day.

    `theirs_minor` less `ours_minor` is what it comes to. `lines` is how many lines of the bill it stands for.
    """

    subject: str
    kind: DifferenceClass
    day: date
    theirs_minor: int
    ours_minor: int
    lines: int = 1
    line_id: BillLineId | None = None
    ours: OurLine | None = None

    @property
    def amount_minor(self) -> int:
        return self.theirs_minor - self.ours_minor


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a bill and the line of our books that it is. `way` says how that was found.

    `with_ours` are others that it pays together with that one, whose amount is then that of all of them.
    """

    line_id: BillLineId
    ours: OurLine
    way: str
    probability: float
    with_ours: tuple[OurLine, ...] = ()


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference as it is kept, and worked off."""

    id: DifferenceId
    source_id: SourceId
    subject: str
    kind: DifferenceClass
    day: date
    theirs_minor: int
    ours_minor: int
    lines: int
    line_id: BillLineId | None
    our_kind: OurKind | None
    our_id: UUID | None
    our_number: str
    our_day: date | None
    our_subject: UUID | None
    state: DifferenceState
    owner: str
    note: str
    opened_at: datetime
    changed_at: datetime
    entry_id: EntryId | None
    correction: Correction | None

    @property
    def amount_minor(self) -> int:
        return self.theirs_minor - self.ours_minor

    @property
    def is_standing(self) -> bool:
        return self.state in STANDING


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that became of a difference."""

    at: datetime
    by: str
    state: DifferenceState
    kind: DifferenceClass
    note: str


class ClassSum(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's differences of one class come to."""

    kind: DifferenceClass
    differences: int
    theirs_minor: int
    ours_minor: int


class RunTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a run looked at: lines of its days, and what was open from before.

    Theirs, fees included, less ours is what the differences of all classes add up to. `of_days` are their lines of its
    days alone, of which `of_days_matched` have an equal half.
    """

    theirs_lines: int
    theirs_minor: int
    ours_lines: int
    ours_minor: int
    matched: int
    matched_minor: int
    by_key: int
    by_rule: int
    by_likelihood: int
    of_days: int
    of_days_matched: int


class DayShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a day's lines of bills were matched, and of how many."""

    day: date
    lines: int
    matched: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was made, with what it found."""

    id: RunId
    source_id: SourceId
    first_day: date
    last_day: date
    run_at: datetime
    run_by: str
    totals: RunTotals
    classes: tuple[ClassSum, ...]
    opened: int
    closed: int
