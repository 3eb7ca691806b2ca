"""What the edge itself refuses, before any room is asked."""

from datetime import datetime
from uuid import UUID

from loopline.kernel.refusals import Refusal


class NoSuchThing(Refusal, frozen=True, kw_only=True):
    """There is no {noun} {value}, or it is not for you."""

    noun: str
    value: str


class IdNotOfItsTime(Refusal, frozen=True, kw_only=True):
    """The id {id} is no UUID of version 7: make one of the present moment, or leave it out."""

    id: UUID


class HoursCrossed(Refusal, frozen=True, kw_only=True):
    """The unit {unit_code} closes before it opens, or more than a day later."""

    unit_code: str


class NotByKey(Refusal, frozen=True, kw_only=True):
    """Only a person who is signed in may do this, not a key."""


class SecretOncePerKey(Refusal, frozen=True, kw_only=True):
    """This answer holds a secret and is never kept: leave the Idempotency-Key out."""


class PlaceNotSaid(Refusal, frozen=True, kw_only=True):
    """Say where it is sold: by the site, or by the country, which decides the tax."""


class CartTooLarge(Refusal, frozen=True, kw_only=True):
    """The cart comes to more than can be reckoned."""


class WindowInThePast(Refusal, frozen=True, kw_only=True):
    """A return window cannot begin at {effective_from}: what was sold since then was sold on other terms."""

    effective_from: datetime


class DoctorIsBusy(Refusal, frozen=True, kw_only=True):
    """The doctor is examining already: ask again in {retry_after_seconds} seconds."""

    retry_after_seconds: int


class NotAsPreviewed(Refusal, frozen=True, kw_only=True):
    """The file would not do what that preview showed: look at a preview of it again."""


class NothingToFindBy(Refusal, frozen=True, kw_only=True):
    """Say one thing to find a member by: the phone, its last four digits, or the name."""


class AskIsOfNow(Refusal, frozen=True, kw_only=True):
    """A return that is asked for is asked for now: leave {field} out. Only what was paid out already says when."""

    field: str


class ForKeysAlone(Refusal, frozen=True, kw_only=True):
    """{field} is said by a till or a channel with a key of its own, not by a person who signed in."""

    field: str


class OfMembersAlone(Refusal, frozen=True, kw_only=True):
    """{field} is said by the member who sends the goods back, not by whoever takes them in."""

    field: str


class TooFarFromNow(Refusal, frozen=True, kw_only=True):
    """{field} is more than {days} days away from now."""

    field: str
    days: int


class PaysOutTooMuch(Refusal, frozen=True, kw_only=True):
    """Nobody paid out {amount_minor} for one return: look at units and prices."""

    field: str
    amount_minor: int


class CurrencyNotOfOrder(Refusal, frozen=True, kw_only=True):
    """The order was paid in {currency}, and so is its return."""

    field: str
    currency: str


class NumberIsOurs(Refusal, frozen=True, kw_only=True):
    """Numbers that begin like this are given by us: choose another one."""

    field: str


class HoldTimesCrossed(Refusal, frozen=True, kw_only=True):
    """An unpaid order is held for {least} min at least? That must lie between {shortest} and the {most} it is held."""

    least: int
    shortest: int
    most: int
    field: str = "hold_minutes_least"
