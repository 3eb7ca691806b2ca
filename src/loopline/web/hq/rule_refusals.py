"""What the pages of the rules refuse."""

from litestar.status_codes import HTTP_403_FORBIDDEN, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY

from loopline.kernel.refusals import Refusal, Why
from loopline.sharing.model import RowMisshapen, RowTakesNoOneThing


class Typed(Why):
    """What should have been typed."""

    PARTY = "a party"
    TAKES = "what a row takes"
    CONDITION = "a condition"
    PERCENT = "a percentage from 0 to 100"
    MONEY = "an amount of money"
    MOMENT = "a moment like 2026-11-11 20:00"


class RuleTypedWrong(Refusal, frozen=True, kw_only=True):
    """Row {row}: "{typed}" cannot be read as {what}. Nothing was saved."""

    row: int
    typed: str
    what: Typed


class RulesAreTheBrands(Refusal, frozen=True, kw_only=True):
    """The rules hold for the whole brand: only who sees all of it may change them."""


class NoSuchRules(Refusal, frozen=True, kw_only=True):
    """There is no version {version} of the rules."""

    version: int


class SayWhatChanges(Refusal, frozen=True, kw_only=True):
    """Say in a few words what the rules change, and why."""


class DaysOfTrialMissing(Refusal, frozen=True, kw_only=True):
    """Choose the first and the last day to try the rules on, the first not after the last."""


class MomentNotRead(Refusal, frozen=True, kw_only=True):
    """The moment from which the rules hold is not one: write it like 2026-11-11 20:00, or leave it empty for now."""


RULE_STATUSES: dict[type[Refusal], int] = {
    NoSuchRules: HTTP_404_NOT_FOUND,
    RulesAreTheBrands: HTTP_403_FORBIDDEN,
    **dict.fromkeys(
        (
            RuleTypedWrong,
            SayWhatChanges,
            DaysOfTrialMissing,
            MomentNotRead,
            RowMisshapen,
            RowTakesNoOneThing,
        ),
        HTTP_422_UNPROCESSABLE_ENTITY,
    ),
}
"""With which status the edge answers each."""
