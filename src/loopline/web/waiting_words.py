"""Pay for waiting in words: on an offer before it is taken, and on the share that it became."""

from datetime import datetime

from loopline.fulfilment.waiting import WaitingPay
from loopline.processes.worth import Worth
from loopline.web.languages import Language


def waits_word(worth: Worth | None, language: Language, zone: str) -> str:
    """Say how much of what work pays is on top, and since when it waits; empty where nothing is."""
    if worth is None or worth.waits is None or not worth.waiting_minor:
        return ""
    return language.say(
        "Of it {amount} because it waits since {since}",
        amount=language.money(worth.waiting_minor, worth.currency),
        since=language.clock_of_day(worth.waits.since, zone),
    )


def waits_fixed(pay: WaitingPay | None, currency: str, language: Language, zone: str) -> str:
    """Say what was fixed with a task, whatever of it the sale brings; empty where nothing was."""
    if pay is None:
        return ""
    return language.say(
        "Up to {amount} on top: it waited since {since} and came back {rounds}×",
        amount=language.money(pay.extra_minor, currency),
        since=language.clock_of_day(pay.since, zone),
        rounds=language.count(pay.rounds),
    )


def for_waiting(since: datetime, rounds: int, language: Language, zone: str) -> str:
    """Say what a share on top is for."""
    return language.say(
        "On top, for sending what waited since {since} and came back {rounds}×",
        since=language.clock_of_day(since, zone),
        rounds=language.count(rounds),
    )


def waiting_rule(version: int, language: Language) -> str:
    """Say by which version of the profile a share on top is paid."""
    return language.say("Pay for waiting · profile {version}", version=version)
