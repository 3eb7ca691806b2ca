"""What statements speak of: lines with what explains them, days that are sealed, and what a party may prove of them."""

import enum
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.kernel.ids import DisputeId, EntityId, EntryId, PartyId, PersonId
from loopline.kernel.refusals import Refusal

LINES_PER_PAGE = 500
"""So many lines are kept, and read, together."""

DAYS_MAX = 366
"""So many days at most are stated together."""

SAID_MAX = 2_000
"""So many characters at most are said at once in a dispute."""

FORMAT = "loopline-statement-1"
EMPTY_ROOT = bytes(32)
"""What the first sealed day names as the root before it."""


class LineShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One share of a part: for what (the role), by which row of which version, of what base at which rate.

    Exactly one of `basis_points` of what `of` names, `each_minor` for each `per`, `takes_rest`; `floor_minor` and
    `cap_minor` bound a percentage, for each unit. `base_minor` is the net amount that was split. `rounding` is by how
    much the amount is above its rate of the net, in ten-thousandths of a minor unit; null where that alone does not
    give it. What has its usual value is not spelt, so that what is added here later leaves sealed lines as they are.

    Row 0 is none of the rules' and has none of the three: it is paid on top, by version `profile_version` of the
    sourcing profile, because the work waited since `waited_since` and came back `waited_rounds` times.
    """

    role: str
    rule_version: int
    rule_row: int
    base_minor: int
    basis_points: int | None
    each_minor: int | None
    takes_rest: bool
    amount_minor: int
    rounding: int | None
    of: str = "net"
    per: str = "unit"
    floor_minor: int | None = None
    cap_minor: int | None = None
    waited_since: datetime | None = None
    waited_rounds: int | None = None
    profile_version: int | None = None


OF_COUPONS = 0
"""The version that a batch of coupons is told under: promotions count theirs from 1."""


class LineFunding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a party bears of a part by one version of a promotion, and by which row of its funders.

    Of coupons `promotion` is the code of their batch, and `version` is `OF_COUPONS`: a batch has one only.

    `base_minor` is what the promotion took off the part, `basis_points` what of it the row says; both are of the
    discount, tax included.
    """

    promotion: str
    version: int
    row: int
    bearer: str
    base_minor: int
    basis_points: int
    amount_minor: int


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one entry says of one part to a party: by how much pending and due shares grew (shrank where negative).

    `at` is when it happened; the entry's id says when it was posted. What belongs to an order names it, the code of its
    line, the units of the part, and how the party's shares of the part came about.

    A line of what customers were let off says instead by how much more (less) the party owes for that, and how it came
    about. On all other lines these two are not spelt, so that lines that were sealed before stay as they are.
    """

    entry_id: EntryId
    part_id: UUID
    kind: str
    at: datetime
    subject: UUID
    entity_id: EntityId
    currency: str
    pending_minor: int
    due_minor: int
    order_number: str | None = None
    code: str | None = None
    units: int | None = None
    shares: tuple[LineShare, ...] = ()
    borne_minor: int | msgspec.UnsetType = msgspec.UNSET
    funded: tuple[LineFunding, ...] | msgspec.UnsetType = msgspec.UNSET

    @property
    def bears_minor(self) -> int:
        """What the party owes more for what customers were let off; negative where that goes back."""
        return 0 if isinstance(self.borne_minor, msgspec.UnsetType) else self.borne_minor

    @property
    def fundings(self) -> tuple[LineFunding, ...]:
        """How that came about."""
        return () if isinstance(self.funded, msgspec.UnsetType) else self.funded

    @property
    def amount_minor(self) -> int:
        """What the line gives or takes in all; nothing where it moves from pending to due."""
        return self.pending_minor + self.due_minor


class Sums(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Pending and due together in one currency, and what the party owes for what customers were let off.

    Where that is nothing it is not spelt, as on days that were sealed before it was told.
    """

    currency: str
    pending_minor: int
    due_minor: int
    borne_minor: int = 0


class KindSums(msgspec.Struct, frozen=True, kw_only=True):
    """What entries of one kind moved in one currency, in so many lines."""

    kind: str
    currency: str
    lines: int
    pending_minor: int
    due_minor: int
    borne_minor: int = 0


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """What a party's day holds: how many lines, their root, what stood before and what they moved, by currency."""

    party_id: PartyId
    day: date
    line_count: int
    lines_root: bytes
    opening: tuple[Sums, ...]
    moved: tuple[Sums, ...]
    kinds: tuple[KindSums, ...] = ()
    """What the lines moved by the kind of their entries; follows from the lines and is not hashed by itself."""


class SealedParty(msgspec.Struct, frozen=True, kw_only=True):
    """Where a party's leaf stands in every tree from a day on, counted from 0."""

    party_id: PartyId
    position: int
    since_day: date
    code: str


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A day that is sealed: the tree of its parties, chained to the day before."""

    day: date
    secret: bytes
    tree_size: int
    lines: int
    tree_root: bytes
    previous_root: bytes
    root: bytes
    sealed_at: datetime


class ProvenDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day of a statement with what proves it: hashes and the salt are hexadecimal."""

    day: date
    salt: str
    line_count: int
    opening: tuple[Sums, ...]
    moved: tuple[Sums, ...]
    position: int
    tree_size: int
    path: tuple[str, ...]
    previous_root: str
    lines: tuple[Line, ...]


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A later day, without what it holds: so far as a later root needs it to be reached."""

    day: date
    tree_root: str
    tree_size: int


class ProvenStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement that can be checked by whoever knows a root. Nothing stands in it that is not checked."""

    format: str
    party_id: PartyId
    party_code: str
    first_day: date
    last_day: date
    opening: tuple[Sums, ...]
    closing: tuple[Sums, ...]
    days: tuple[ProvenDay, ...]
    links: tuple[Link, ...]


class PeriodMakesNoSense(Refusal, frozen=True, kw_only=True):
    """A statement runs from a day to the same or a later one, of the years 2000 to 2100, over {most} days at most."""

    first_day: date
    last_day: date
    most: int = DAYS_MAX


class DayNotSealed(Refusal, frozen=True, kw_only=True):
    """The day {day} is not sealed, so that nothing of it can be proven yet."""

    day: date


class PartyNotSealed(Refusal, frozen=True, kw_only=True):
    """Party {party_code} has no sealed day from {first_day} to {last_day}."""

    party_code: str
    first_day: date
    last_day: date


class PagesCannotBeMade(Refusal, frozen=True, kw_only=True):
    """This server lacks what makes pages to print (Pango); the workbook and the data can be had."""


# Disputes -------------------------------------------------------------------------------------------------------------


class DisputeState(enum.StrEnum):
    """Where a dispute stands: it waits for an answer, for its party, or is decided."""

    OPEN = "open"
    ANSWERED = "answered"
    REJECTED = "rejected"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class WordKind(enum.StrEnum):
    """What is said in a dispute: the party asks, replies or withdraws; who keeps the books answers or decides."""

    QUESTION = "question"
    ANSWER = "answer"
    REPLY = "reply"
    REJECTION = "rejection"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class NewDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A line to question, as its statement tells it, and what is asked."""

    id: DisputeId
    party_id: PartyId
    line: Line
    said: str
    said_by: PersonId


class NewWord(msgspec.Struct, frozen=True, kw_only=True):
    """Something to say in a dispute. A correction names the entries that made it."""

    dispute_id: DisputeId
    kind: WordKind
    said: str
    said_by: PersonId
    reversal_entry_id: EntryId | None = None
    correction_entry_id: EntryId | None = None


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was questioned, with its amounts as they were; nothing of it is ever taken away."""

    id: DisputeId
    party_id: PartyId
    entry_id: EntryId
    part_id: UUID
    currency: str
    entity_id: EntityId
    pending_minor: int
    due_minor: int
    borne_minor: int
    order_number: str | None
    state: DisputeState
    opened_at: datetime
    opened_by: PersonId
    decided_at: datetime | None
    decided_by: PersonId | None
    reversal_entry_id: EntryId | None
    correction_entry_id: EntryId | None

    @property
    def amount_minor(self) -> int:
        """What the line gave, or took: of a share, or of what the party bears."""
        return self.borne_minor or self.pending_minor + self.due_minor


class DisputeWord(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said in a dispute; counted from 1."""

    dispute_id: DisputeId
    number: int
    kind: WordKind
    said_at: datetime
    said_by: PersonId
    said: str


class DisputeOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The line is questioned."""

    dispute_id: DisputeId


class LineNotThere(Refusal, frozen=True, kw_only=True):
    """There is no line of entry {entry_id} in the statements of this party."""

    entry_id: EntryId


class LineQuestionedAlready(Refusal, frozen=True, kw_only=True):
    """This line is questioned already, or was corrected: say it in its dispute, or question the correction."""

    entry_id: EntryId


class NotOnesOwnLine(Refusal, frozen=True, kw_only=True):
    """Lines are questioned by whom they belong to; whoever keeps the books of {party_code} answers."""

    party_code: str


class DisputeUnknown(Refusal, frozen=True, kw_only=True):
    """There is no dispute {dispute_id}, or not for you."""

    dispute_id: DisputeId


class DisputeIsDecided(Refusal, frozen=True, kw_only=True):
    """This dispute is {state}: nothing is added to it. A new question begins a new one."""

    state: DisputeState


class WordsMissing(Refusal, frozen=True, kw_only=True):
    """Say it in words: 1 to {most} characters."""

    most: int = SAID_MAX


class CorrectionMakesNoSense(Refusal, frozen=True, kw_only=True):
    """The line cannot have come to {corrected_minor}: only to 0 to {most_minor} minor units, and not to what it is."""

    corrected_minor: int
    most_minor: int


class NothingLeftToCorrect(Refusal, frozen=True, kw_only=True):
    """All of what this line was earned by came back: there is nothing left to correct."""

    entry_id: EntryId


class OnlySharesAreCorrected(Refusal, frozen=True, kw_only=True):
    """Only the share of a sale, or its correction, can be corrected: answer this line, or reject it with a reason."""
