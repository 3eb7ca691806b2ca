"""Stored value in words, for who has it and who takes it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.stored_value import Account, Kind, Movement
from loopline.stored_value.refusals import (
    StoredValueNeedsCode,
    StoredValueNotEnough,
    TopUpTooMuch,
    TopUpTooSmall,
)
from loopline.web.languages import Language, marked

KIND_WORDS: Mapping[Kind, str] = {
    Kind.TOPPED_UP: marked("Topped up"),
    Kind.USED: marked("Paid with it"),
    Kind.GIVEN_BACK: marked("Back to the balance"),
    Kind.PAID_OUT: marked("Balance paid out"),
    Kind.ENDED: marked("Bonus ended"),
}


class StoredValueShort(Refusal, frozen=True, kw_only=True):
    """The stored value is not enough: {there} is there. Let a part be paid otherwise, or top it up first."""

    there: str


class CodeForStoredValue(Refusal, frozen=True, kw_only=True):
    """A phone number pays up to {most} with stored value. For more, scan the code on the member's page."""

    most: str


class MoreThanMayBeKept(Refusal, frozen=True, kw_only=True):
    """Nobody may have more than {most} of stored value, and {held} is there already."""

    most: str
    held: str


class LessThanATopUp(Refusal, frozen=True, kw_only=True):
    """A top-up is {least} or more."""

    least: str


class ValueRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to stored value; `bonus` is empty where none of it was."""

    word: str
    amount: str
    bonus: str
    is_less: bool
    at: datetime
    number: str


def in_words(refusal: Refusal, language: Language) -> Refusal:
    """Return a refusal with its amounts as people read them; any other as it is."""
    match refusal:
        case StoredValueNotEnough():
            return StoredValueShort(there=language.money(refusal.there_minor, refusal.currency))
        case StoredValueNeedsCode():
            return CodeForStoredValue(most=language.money(refusal.unproven_minor, refusal.currency))
        case TopUpTooMuch():
            return MoreThanMayBeKept(
                most=language.money(refusal.most_minor, refusal.currency),
                held=language.money(refusal.held_minor, refusal.currency),
            )
        case TopUpTooSmall():
            return LessThanATopUp(least=language.money(refusal.least_minor, refusal.currency))
        case _:
            return refusal


def left_words(account: Account, language: Language) -> str:
    """Say what somebody has, and how much of it was given beside their money."""
    usable = language.money(account.usable_minor, account.currency)
    if not account.bonus_minor:
        return language.say("Stored value: {amount}", amount=usable)
    return language.say(
        "Stored value: {amount}, {bonus} of it bonus",
        amount=usable,
        bonus=language.money(account.bonus_minor, account.currency),
    )


def value_rows(
    movements: Sequence[Movement],
    accounts: Sequence[Account],
    numbers: Mapping[OrderId, str],
    language: Language,
) -> list[ValueRow]:
    """Write down what happened, in the order given."""
    currencies = {one.id: one.currency for one in accounts}

    def signed(minor: int, currency: str) -> str:
        return f"{'+' if minor > 0 else '−'}{language.money(abs(minor), currency)}"

    return [
        ValueRow(
            word=language.say(KIND_WORDS[one.kind]),
            amount=signed(one.amount_minor, currencies[one.account_id]),
            bonus=signed(one.bonus_minor, currencies[one.account_id]) if one.bonus_minor else "",
            is_less=one.amount_minor < 0,
            at=one.at,
            number=numbers.get(one.order_id, "") if one.order_id is not None else "",
        )
        for one in movements
    ]
