"""Why stored value cannot be taken, used or paid out."""

from uuid import UUID

from loopline.kernel.refusals import Refusal


class StoredValueTermsNotUsable(Refusal, frozen=True, kw_only=True):
    """Stored value cannot be offered on these terms: look at {field}."""

    field: str


class StoredValueNotOffered(Refusal, frozen=True, kw_only=True):
    """This company takes no stored value just now."""


class TopUpNotUsable(Refusal, frozen=True, kw_only=True):
    """This is no top-up: look at {field}."""

    field: str


class TopUpTooSmall(Refusal, frozen=True, kw_only=True):
    """A top-up is {least_minor} or more (minor units of {currency})."""

    least_minor: int
    currency: str


class TopUpTooMuch(Refusal, frozen=True, kw_only=True):
    """Nobody may have more than {most_minor} of stored value (minor units of {currency}), and {held_minor} is there."""

    most_minor: int
    held_minor: int
    currency: str


class ToppedUpOtherwise(Refusal, frozen=True, kw_only=True):
    """There is a top-up of this id already, with another {field}. Give a new top-up an id of its own."""

    field: str


class StoredValueNotEnough(Refusal, frozen=True, kw_only=True):
    """{wanted_minor} is to be paid with stored value, and {there_minor} is there (minor units of {currency})."""

    wanted_minor: int
    there_minor: int
    currency: str


class StoredValueNeedsCode(Refusal, frozen=True, kw_only=True):
    """Above {unproven_minor} (minor units of {currency}) the member has to show the code on their page."""

    unproven_minor: int
    currency: str


class GivenBackTooMuch(Refusal, frozen=True, kw_only=True):
    """Only {left_minor} of use {use_id} can still go back, not {amount_minor}."""

    use_id: UUID
    left_minor: int
    amount_minor: int


class NothingToPayOut(Refusal, frozen=True, kw_only=True):
    """Nothing of the member's own money is left to pay out."""


class CashOutUnderWay(Refusal, frozen=True, kw_only=True):
    """Somebody asked to pay this out already: approve that, or drop it."""


class CashOutNotOpen(Refusal, frozen=True, kw_only=True):
    """There is nothing to approve under this id."""


class CashOutByAnother(Refusal, frozen=True, kw_only=True):
    """So much is paid out by two people: somebody else than who asked for it approves it."""


class StoredValueLeft(Refusal, frozen=True, kw_only=True):
    """The member has {left_minor} of stored value (minor units of {currency}): pay it out before they are forgotten."""

    left_minor: int
    currency: str
