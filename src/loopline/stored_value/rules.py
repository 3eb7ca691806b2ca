"""What a top-up adds, of what a use is taken, and what goes back of it. Pure.

A use takes principal and bonus in the proportion in which both are there, so that each yuan paid with says the same of
the money behind it, whatever is used first. What goes back follows the cumulative target, less what went back already:
any sequence of parts ends where one whole refund does.
"""

import msgspec

from loopline.kernel.money import portion
from loopline.kernel.refusals import Refusal
from loopline.stored_value.model import Account, Movement, NewTopUp, Split, Terms, Use
from loopline.stored_value.refusals import (
    StoredValueNeedsCode,
    StoredValueNotEnough,
    StoredValueNotOffered,
    StoredValueTermsNotUsable,
    ToppedUpOtherwise,
    TopUpNotUsable,
    TopUpTooMuch,
    TopUpTooSmall,
)

AMOUNT_MOST = 10**10
_BONUSES_MOST = 20
_METHOD_MOST = 40


def fault_of_terms(terms: Terms, *, currency: str) -> Refusal | None:
    """Return what is wrong with terms; the first thing found."""
    steps = [one.from_minor for one in terms.bonuses]
    sound = {
        "currency": len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper(),
        "least_minor": 0 < terms.least_minor <= AMOUNT_MOST,
        "most_minor": terms.least_minor <= terms.most_minor <= AMOUNT_MOST,
        "unproven_minor": 0 <= terms.unproven_minor <= AMOUNT_MOST,
        "alone_minor": 0 <= terms.alone_minor <= AMOUNT_MOST,
        "bonuses": len(steps) <= _BONUSES_MOST
        and steps == sorted(set(steps))
        and all(one.from_minor > 0 and 0 < one.bonus_minor <= one.from_minor for one in terms.bonuses),
    }
    wrong = next((field for field, holds in sound.items() if not holds), None)
    return None if wrong is None else StoredValueTermsNotUsable(field=wrong)


def fault_of_top_up(asked: NewTopUp) -> Refusal | None:
    """Return what is no top-up, whatever the terms."""
    if not 0 < asked.amount_minor <= AMOUNT_MOST:
        return TopUpNotUsable(field="amount_minor")
    is_named = 0 < len(asked.method) <= _METHOD_MOST and asked.method.isprintable()
    return None if is_named else TopUpNotUsable(field="method")


def bonus_for(terms: Terms, amount_minor: int) -> int:
    """Return what is given beside a top-up: by the highest step that it reaches."""
    reached = [one for one in terms.bonuses if one.from_minor <= amount_minor]
    return max(reached, key=lambda one: one.from_minor).bonus_minor if reached else 0


def top_up_of(terms: Terms | None, account: Account, amount_minor: int) -> Split | Refusal:
    """Return what a top-up adds, or why it cannot be taken."""
    if terms is None or not terms.is_offered:
        return StoredValueNotOffered()
    if amount_minor < terms.least_minor:
        return TopUpTooSmall(least_minor=terms.least_minor, currency=account.currency)
    added = Split(principal_minor=amount_minor, bonus_minor=bonus_for(terms, amount_minor))
    if account.usable_minor + added.principal_minor + added.bonus_minor > terms.most_minor:
        return TopUpTooMuch(
            most_minor=terms.most_minor, held_minor=account.usable_minor, currency=account.currency
        )
    return added


def use_of(account: Account, amount_minor: int) -> Split | Refusal:
    """Return of what an amount is taken, or that it is not there."""
    there = account.usable_minor
    if not 0 < amount_minor <= there:
        return StoredValueNotEnough(wanted_minor=amount_minor, there_minor=there, currency=account.currency)
    bonus = portion(account.bonus_minor, amount_minor, there)
    return Split(principal_minor=amount_minor - bonus, bonus_minor=bonus)


def needs_code(
    terms: Terms | None, amount_minor: int, *, currency: str, is_proven: bool
) -> StoredValueNeedsCode | None:
    """Refuse to pay more for who names a phone alone than the terms say; without terms, anything."""
    unproven = 0 if terms is None else terms.unproven_minor
    if is_proven or amount_minor <= unproven:
        return None
    return StoredValueNeedsCode(unproven_minor=unproven, currency=currency)


def account_to_use(accounts: list[Account], amount_minor: int) -> Account | None:
    """Return which of some accounts pays an amount, the first one in their order that can; else the fullest."""
    paying = next((one for one in accounts if one.usable_minor >= amount_minor), None)
    return paying or max(accounts, key=lambda one: one.usable_minor, default=None)


def back_of(use: Use, amount_minor: int) -> Split:
    """Return as what a part of a use goes back: what should be back after it, less what is."""
    target = portion(use.bonus_minor, use.back_minor + amount_minor, use.amount_minor)
    bonus = target - use.back_bonus_minor
    return Split(principal_minor=amount_minor - bonus, bonus_minor=bonus)


def after(account: Account, movement: Movement) -> Account:
    """Return an account after a movement of it."""
    return msgspec.structs.replace(
        account,
        principal_minor=account.principal_minor + movement.principal_minor,
        bonus_minor=account.bonus_minor + movement.bonus_minor,
    )


def said_otherwise(asked: NewTopUp, known: Movement, account: Account) -> Refusal | None:
    """Return what a top-up says otherwise than the one that stands under its id; None where it is the same."""
    same = {
        "member_id": asked.member_id == account.member_id,
        "entity_id": asked.entity_id == account.entity_id,
        "currency": asked.currency == account.currency,
        "amount_minor": asked.amount_minor == known.principal_minor,
        "method": asked.method == known.method,
    }
    wrong = next((field for field, is_same in same.items() if not is_same), None)
    return None if wrong is None else ToppedUpOtherwise(field=wrong)
