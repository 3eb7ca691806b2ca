"""The records of shifts. Amounts are minor units; what a till moved is signed, and positive came in."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, PersonId, SiteId
from loopline.kernel.refusals import Refusal

NOTE_MOST = 500
PIECES_MOST = 100_000
AMOUNT_MOST = 10**12
_KNOWN: Mapping[str, tuple[int, ...]] = {
    "CNY": (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10),
    "HKD": (100_000, 50_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10),
    "EUR": (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "GBP": (5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "USD": (10_000, 5_000, 2_000, 1_000, 500, 100, 25, 10, 5, 1),
    "JPY": (10_000, 5_000, 1_000, 500, 100, 50, 10, 5, 1),
}
_ELSEWHERE = tuple(step * 10**power for power in range(5, -1, -1) for step in (5, 2, 1))

Pieces = tuple[tuple[int, int], ...]
"""What notes and coins are worth, and how many there are of each."""


class MoveKind(StrEnum):
    """Why money came into a drawer or left it."""

    SALE = "sale"
    REFUND = "refund"
    BANK_DROP = "bank_drop"
    """Taken out for the bank or the safe."""
    CHANGE = "change"
    """Brought for change, or taken back."""
    PETTY_CASH = "petty_cash"
    """Paid out for something small, or what was left of it brought back."""
    TOP_UP = "top_up"
    """Taken ahead, to be used for what its member buys later."""


BY_HAND = (MoveKind.BANK_DROP, MoveKind.CHANGE, MoveKind.PETTY_CASH)


class Counted(StrEnum):
    """Which count saw what a till moved."""

    OPENING = "opening"
    SHIFT = "shift"
    LATER = "later"


class NewShift(msgspec.Struct, frozen=True, kw_only=True):
    """A till is opened with a float that somebody counted."""

    id: UUID
    till_id: UUID
    site_id: SiteId
    entity_id: EntityId
    currency: str
    opened_by: PersonId
    pieces: Pieces
    note: str = ""
    taken_over_from: UUID | None = None


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """A shift as it is kept. `left_minor` is what was to be in the drawer when it was opened; None: nobody can say."""

    id: UUID
    till_id: UUID
    site_id: SiteId
    entity_id: EntityId
    currency: str
    opened_by: PersonId
    opened_at: datetime
    float_minor: int
    float_pieces: Pieces
    float_note: str
    left_minor: int | None
    taken_over_from: UUID | None
    closed_by: PersonId | None
    closed_at: datetime | None
    z_number: int | None
    expected_minor: int | None
    counted_minor: int | None
    counted_pieces: Pieces | None
    note: str | None

    @property
    def opening_difference_minor(self) -> int:
        """What the drawer had more (less: negative) when it was opened than was left in it."""
        return 0 if self.left_minor is None else self.float_minor - self.left_minor

    @property
    def difference_minor(self) -> int:
        """What the drawer had more (less: negative) when it was closed than it should."""
        return (self.counted_minor or 0) - (self.expected_minor or 0)


class OpenShift(msgspec.Struct, frozen=True, kw_only=True):
    """A shift that was opened now, or before by the same message."""

    shift: Shift
    is_repeat: bool = False


class CloseShift(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody counted a drawer and ends its shift. `note` says why it is not what it should be, or anything else."""

    shift_id: UUID
    pieces: Pieces
    closed_by: PersonId
    note: str = ""


class ShiftClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A shift that was closed now, or before by the same message."""

    shift: Shift
    is_repeat: bool = False


class CashMove(msgspec.Struct, frozen=True, kw_only=True):
    """Cash that somebody puts into a drawer (positive) or takes out of it, while a shift of it is open."""

    id: UUID
    shift_id: UUID
    kind: MoveKind
    amount_minor: int
    note: str
    moved_by: str


class TillMoney(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a sale or a refund that went through a till, at a moment as the till knew it."""

    till_id: UUID
    kind: MoveKind
    method: str
    currency: str
    amount_minor: int
    source_id: UUID
    moved_by: str
    moved_at: datetime


class KeptMove(msgspec.Struct, frozen=True, kw_only=True):
    """What a till moved, as it is kept. `is_repeat`: it was kept before, and is only told again."""

    id: UUID
    till_id: UUID
    shift_id: UUID | None
    kind: MoveKind
    method: str
    currency: str
    amount_minor: int
    counted: Counted | None
    source_id: UUID | None
    note: str
    moved_by: str
    moved_at: datetime
    is_repeat: bool = False


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What a shift moved of one kind, by one method, as one count saw it."""

    shift_id: UUID
    kind: MoveKind
    method: str
    counted: Counted
    times: int
    amount_minor: int


class ShiftAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which shifts are asked for: those opened from `start` to `end`, the end excluded, the latest first."""

    start: datetime
    end: datetime
    at_most: int


class ShiftRow(Shift, frozen=True, kw_only=True):
    """A shift in a list, with its cash: what it moved before its count, and what came later."""

    sales: int
    cash_minor: int
    later: int
    later_minor: int


class NotCountable(Refusal, frozen=True, kw_only=True):
    """{field} is no sum that was counted: whole numbers of notes and coins of the currency, or an amount of it."""

    field: str


class ShiftIsOpen(Refusal, frozen=True, kw_only=True):
    """A shift of this till is open already: take it over with a count, or close it."""


class ShiftNotOpen(Refusal, frozen=True, kw_only=True):
    """This shift is closed, or none of yours: what its report says stays as it is."""


class OldCount(Refusal, frozen=True, kw_only=True):
    """Somebody else closed this shift meanwhile with another count: look at its report."""


class FloatDiffers(Refusal, frozen=True, kw_only=True):
    """What you counted is not what the shift before left in the drawer: count again, or say why it may be."""


class CountDiffers(Refusal, frozen=True, kw_only=True):
    """What you counted is not what should be in the drawer: count again, or say why it may be."""


class OtherMove(Refusal, frozen=True, kw_only=True):
    """This form wrote down other cash before: see what stands here, and write this down anew."""


class PettyCashNeedsAReason(Refusal, frozen=True, kw_only=True):
    """Say what the money was for."""


def denominations_of(currency: str) -> tuple[int, ...]:
    """Return what the notes and coins of a currency are worth, the largest first."""
    return _KNOWN.get(currency, _ELSEWHERE)


def sum_of(pieces: Pieces) -> int:
    """Return what notes and coins are worth together."""
    return sum(worth * count for worth, count in pieces)


def tidy(pieces: Pieces) -> Pieces:
    """Return what is there of notes and coins, the largest first."""
    return tuple(sorted(((worth, count) for worth, count in pieces if count), reverse=True))


def fault_of_pieces(pieces: Pieces, currency: str, *, field: str) -> NotCountable | None:
    """Refuse what is no count: other notes than the currency has, fewer than none, or more than a drawer holds."""
    known = denominations_of(currency)
    worths = [worth for worth, _ in pieces]
    sound = len(set(worths)) == len(worths) and all(
        worth in known and 0 <= count <= PIECES_MOST for worth, count in pieces
    )
    return None if sound else NotCountable(field=field)


def till_name(till_id: UUID) -> str:
    """Return how people call a till: the end of its id."""
    return till_id.hex[-4:].upper()
