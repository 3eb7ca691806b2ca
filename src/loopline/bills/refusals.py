"""What bills refuse, each with the data that says why. A file is refused as a whole: nothing of it is taken in."""

from uuid import UUID

from loopline.bills.model import DifferenceState
from loopline.kernel.refusals import Refusal, Why


class BillWhy(Why):
    """What is wrong with a cell, a row or a source."""

    NO_DAY = "no day is written so"
    NO_SUCH_DAY = "there is no such day"
    FAR_YEAR = "its year is not between 2000 and 2100"
    TOO_FINE = "it is finer than the currency's smallest coin"
    TOO_MUCH = "it is more than can be kept"
    NO_AMOUNT = "it is no amount"
    NUMBER_CUT = "a spreadsheet has cut this number: take the file as it was downloaded"
    TOO_LONG = "it is longer than 500 characters"
    UNSHOWABLE = "it holds characters that cannot be shown"
    FORMULA = "a formula is not taken, only what stands there as such"
    ODD_CELL = "an error value or a yes/no is not taken"
    NO_COUNT = "it is no count"
    FEW_CELLS = "it has fewer cells than there are columns: it may be cut off"
    MANY_CELLS = "it has more values than there are columns"
    OPEN_QUOTES = "its quotes do not close"
    LIST_CUT = "the end of the list is missing: it may be cut off"
    SUMMARY_CUT = "the summary at the end is missing: it may be cut off"
    NO_BACKTICK = "values of this bill begin with a backtick"
    OTHER_CURRENCY = "the source is of another currency"
    STATE_UNKNOWN = "a line is SUCCESS, REFUND or REVOKED"
    KIND_UNKNOWN = "a line is 交易 or 退款"
    WRONG_SIGN = "its sign does not go with its kind"
    IN_OR_OUT = "either the column of what came in or that of what went out holds an amount"
    DIRECTION_UNKNOWN = "it is neither 收入 or 入账 nor 支出 or 出账"
    NOT_ITS_PARTS = "what was paid, given back and kept does not come to it"
    WORD_UNKNOWN = "nobody has said yet what this word means"
    NAMELESS = "a code and a name are wanted"
    NO_CURRENCY = "an ISO 4217 code is wanted"
    NO_ZONE = "there is no such time zone"
    NO_METHODS = "the ways to pay that it answers for are missing"
    NO_CHANNEL = "the channel whose orders it settles is missing"
    GRACE_DAYS = "0 to 31 days"
    FEE_PART = "0 to 5000 basis points"
    AMOUNT_COLUMNS = "one column of amounts, or one in and one out"
    KIND_COLUMNS = "a column of kinds and its words go together"
    WORD_TWICE = "a word stands there twice"
    BLANK_HEADING = "a heading is blank"


class SourceUnknown(Refusal, frozen=True, kw_only=True):
    """There is no source of bills {source}, or it is not for you."""

    source: str


class SourceMisfit(Refusal, frozen=True, kw_only=True):
    """A source of bills cannot be kept so: {field}: {why}."""

    field: str
    why: BillWhy


class SourceIsAnothers(Refusal, frozen=True, kw_only=True):
    """Source {source_code} belongs to another company, currency or kind: choose another code."""

    source_code: str


class BillCellWrong(Refusal, frozen=True, kw_only=True):
    """Line {line}, column {column}: {why} ("{value}")."""

    line: int
    column: str
    value: str
    why: BillWhy


class BillRowWrong(Refusal, frozen=True, kw_only=True):
    """Line {line}: {why}."""

    line: int
    why: BillWhy


class BillColumnsMissing(Refusal, frozen=True, kw_only=True):
    """The file has no row with the columns {columns}: is it of another layout?"""

    columns: str


class BillHasNoLines(Refusal, frozen=True, kw_only=True):
    """The file states nothing: it has no line."""


class BillSummaryDiffers(Refusal, frozen=True, kw_only=True):
    """The file contradicts itself: {what} is {stated} by its summary and {found} by its lines. It may be cut off."""

    what: str
    stated: str
    found: str


class BillLayoutUnknown(Refusal, frozen=True, kw_only=True):
    """Source {source_code} has no columns named yet: say which column holds what."""

    source_code: str


class PeriodMisfit(Refusal, frozen=True, kw_only=True):
    """A run covers 1 to {days_max} days, the first before the last."""

    days_max: int


class DifferenceUnknown(Refusal, frozen=True, kw_only=True):
    """There is no difference {difference_id}, or it is not for you."""

    difference_id: UUID


class DifferenceClosed(Refusal, frozen=True, kw_only=True):
    """Difference {difference_id} is {state} already."""

    difference_id: UUID
    state: DifferenceState


class DifferenceNeedsANote(Refusal, frozen=True, kw_only=True):
    """A difference is settled with a note that says why, of at most {characters_max} characters."""

    characters_max: int


class NothingToCorrect(Refusal, frozen=True, kw_only=True):
    """Difference {difference_id} comes to nothing in the books: there is no entry to make."""

    difference_id: UUID


class TooYoungToCorrect(Refusal, frozen=True, kw_only=True):
    """Difference {difference_id} may still meet its other half: it is corrected once its time is over."""

    difference_id: UUID


class SourceMoved(Refusal, frozen=True, kw_only=True):
    """Others took in bills of {source} or changed it meanwhile, again and again: try once more."""

    source: str
