"""The records of closes: balances, expectations of returns, notices, and why a month is not closed.

A month is named by its first day. Amounts are minor units; debits are positive, credits negative.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, EntryId
from loopline.kernel.refusals import Refusal, Why

CloseId = NewType("CloseId", UUID)


class Books(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The books of a legal entity in a currency."""

    entity_id: EntityId
    currency: str


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts of a purpose over a month: what stood before, what moved, what stands at its end."""

    purpose: str
    opening_minor: int
    debit_minor: int
    credit_minor: int
    closing_minor: int


class Basis(StrEnum):
    """Whose history an expectation rests on: its own category's, the whole brand's, or there was none."""

    CATEGORY = "category"
    WHOLE = "whole"
    NONE = "none"


class Expectation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a category may still come back at the end of a month, net of tax, and what is expected to.

    `units` and `returnable_minor`: sold, not come back, and their return window is open. `seen_units`: units of the
    category whose windows were over, which decides on the basis; `seen_minor` and `seen_back_minor`: what the history
    that was used sold, and what of it came back in its window. `right_minor`: what the goods expected back cost, where
    that is known, less what recovering them costs. It is left out of digests where it is nothing, as it was before.
    """

    category: str
    units: int
    returnable_minor: int
    expected_minor: int
    basis: Basis
    seen_units: int
    seen_minor: int
    seen_back_minor: int
    right_minor: int = 0


class RunOff(msgspec.Struct, frozen=True, kw_only=True):
    """How the estimate before fares: what was expected, what of it came back since, what of it is expected still."""

    estimate_minor: int = 0
    came_back_minor: int = 0
    still_expected_minor: int = 0


class OnWay(msgspec.Struct, frozen=True, kw_only=True):
    """What goods on their way earned or cost, by purpose, with the sign of its account: put off until they arrive."""

    purpose: str
    amount_minor: int


class NoticeKind(StrEnum):
    """What is to be looked at before a month is closed."""

    NOT_SETTLED = "not_settled"
    """Events of the month that the follower which settles has not come to."""
    PARKED = "parked"
    """Events of the month that the follower which settles could not apply."""
    MONEY_FAULT = "money_fault"
    """A check of doctor found the ledger, its shares or what returns took back broken; `subject` is its name."""
    DOES_NOT_BALANCE = "does_not_balance"
    """The balances do not sum to zero."""
    MONEY_DISAGREES = "money_disagrees"
    """A check of doctor found payments, payouts or bills that disagree with something; `subject` is its name."""
    FOLLOWER_BEHIND = "follower_behind"
    """Other followers have not come to events of the month; `subject` is the one that is furthest behind."""
    DIFFERENCES = "differences"
    """Differences of reconciliation up to the month's end that stand; `subject` is the code of their source."""
    SHARES_NOT_RELEASED = "shares_not_released"
    """Parts whose return window ended in the month and whose shares are pending still."""
    THIN_HISTORY = "thin_history"
    """Categories whose returns are expected by the brand's whole, for want of a history of their own."""
    NO_HISTORY = "no_history"
    """Nothing is known of returns in this currency: none are expected."""


HARD = frozenset(
    {NoticeKind.NOT_SETTLED, NoticeKind.PARKED, NoticeKind.MONEY_FAULT, NoticeKind.DOES_NOT_BALANCE}
)
"""What refuses a close; all else is listed and kept with it."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at: how many there are, what they come to where that is known."""

    kind: NoticeKind
    count: int
    amount_minor: int | None = None
    subject: str = ""

    @property
    def is_hard(self) -> bool:
        return self.kind in HARD


class Sheet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a month comes to. Of a closed one it stands; of an open one it is what would be kept now.

    `entries_of_before` of its `entries` are dated before `start_at`: they were posted after the close of their month.
    `recovery_basis_points`: what of the cost of goods it takes to recover them. `on_way`: what is put off of goods that
    a carrier has at the end; they count as arrived `arrives_within_days` after they left. Both are left out of digests
    where they are nothing, as they were before.
    """

    books: Books
    month: date
    zone: str
    start_at: datetime
    end_at: datetime
    entries: int
    entries_of_before: int
    balances: tuple[Balance, ...]
    expectations: tuple[Expectation, ...]
    run_off: RunOff
    notices: tuple[Notice, ...]
    recovery_basis_points: int = 0
    arrives_within_days: int = 0
    on_way: tuple[OnWay, ...] = ()

    @property
    def expected_minor(self) -> int:
        return sum(one.expected_minor for one in self.expectations)

    @property
    def right_minor(self) -> int:
        """The right to goods that are expected back, of all categories."""
        return sum(one.right_minor for one in self.expectations)


ARRIVES_WITHIN_DAYS = 7
"""After how many days goods count as arrived where nobody said."""
ARRIVES_WITHIN_DAYS_MOST = 60


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What closes go by, as somebody said; version 0 nobody set.

    `basis_points`: what of the carrying amount of goods it costs to recover them. `arrives_within_days`: how long after
    they left goods are on their way, where no carrier says that they arrived.
    """

    currency: str
    version: int = 0
    basis_points: int = 0
    arrives_within_days: int = ARRIVES_WITHIN_DAYS
    set_at: datetime | None = None
    set_by: str = ""
    comment: str = ""


class ClosedMonth(msgspec.Struct, frozen=True, kw_only=True):
    """That a month of some books is closed, without its sheet."""

    entity_id: EntityId
    currency: str
    month: date
    start_at: datetime
    end_at: datetime
    entries: int
    expected_minor: int
    closed_at: datetime
    closed_by: str
    comment: str
    digest: bytes

    @property
    def books(self) -> Books:
        return Books(entity_id=self.entity_id, currency=self.currency)


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """A closed month: its sheet, the cut it was read at, by whom and why, and a digest of all that."""

    id: CloseId
    sheet: Sheet
    cut: int
    estimate_entry_id: EntryId | None
    inversion_entry_id: EntryId | None
    closed_at: datetime
    closed_by: str
    comment: str
    digest_before: bytes | None
    digest: bytes

    @property
    def in_short(self) -> ClosedMonth:
        """The close without its sheet, as lists show it."""
        sheet = self.sheet
        return ClosedMonth(
            entity_id=sheet.books.entity_id,
            currency=sheet.books.currency,
            month=sheet.month,
            start_at=sheet.start_at,
            end_at=sheet.end_at,
            entries=sheet.entries,
            expected_minor=sheet.expected_minor,
            closed_at=self.closed_at,
            closed_by=self.closed_by,
            comment=self.comment,
            digest=self.digest,
        )


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """The month is closed; `is_repeat`: it was before, and nothing was done."""

    close: Close
    is_repeat: bool


class WaitsFor(Why):
    """What keeps a month from being closed, as a sentence."""

    NOT_SETTLED = "handed over, and not settled yet"
    PARKED = "could not be settled: loopline log retry settle"
    MONEY_FAULT = "doctor found the books broken: loopline doctor"
    DOES_NOT_BALANCE = "the trial balance does not sum to zero"


class MonthNotOver(Refusal, frozen=True, kw_only=True):
    """{month} is not over: it ends at {end_at}."""

    month: str
    end_at: datetime


class MonthBeforeIsOpen(Refusal, frozen=True, kw_only=True):
    """{month} cannot be closed before {open_month}: months are closed in their order."""

    month: str
    open_month: str


class MonthBeforeTheBooks(Refusal, frozen=True, kw_only=True):
    """There are no books for {month}: the first month is {first_month}."""

    month: str
    first_month: str


class BooksNotKept(Refusal, frozen=True, kw_only=True):
    """Company {entity_code} keeps no books in {currency} that you can see."""

    entity_code: str
    currency: str


class CloseUncommented(Refusal, frozen=True, kw_only=True):
    """Say in a few words what was looked at before {month} is closed: 1 to 500 characters."""

    month: str


class RecoveryNotUsable(Refusal, frozen=True, kw_only=True):
    """Closes go by 0 to 100 per cent for recovering goods and by 1 to 60 days on the way: say both, and why."""


class CloseWaits(Refusal, frozen=True, kw_only=True):
    """{month} cannot be closed yet: {reason} ({count})."""

    month: str
    reason: WaitsFor
    count: int
