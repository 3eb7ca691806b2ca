"""How hours are written down: of couriers, of fitters, and of appointments at a store."""

from collections.abc import Mapping
from datetime import datetime

from loopline.kernel.times import business_day
from loopline.slots import Booking, Way
from loopline.web.languages import Language, marked

WAY_WORDS: Mapping[Way, str] = {
    Way.COURIER: marked("Courier"),
    Way.IN_STORE: marked("Appointment here"),
    Way.AT_HOME: marked("Fitting at home"),
}


def hour_words(
    language: Language, starts_at: datetime, ends_at: datetime, zone_name: str, *, now: datetime
) -> str:
    """Write a stretch of a day; of today without the day."""
    hours = f"{language.clock(starts_at, zone_name)}–{language.clock(ends_at, zone_name)}"
    if business_day(starts_at, zone_name) == business_day(now, zone_name):
        return language.say("today {hours}", hours=hours)
    return f"{language.short_day(starts_at, zone_name)} {hours}"


def booking_words(language: Language, one: Booking, zone_name: str, *, now: datetime) -> str:
    """Write when a booked hour is."""
    return hour_words(language, one.starts_at, one.ends_at, zone_name, now=now)


def way_words(language: Language, one: Booking, zone_name: str, *, now: datetime) -> str:
    """Write for the store what comes when."""
    return f"{language.say(WAY_WORDS[one.way])} · {booking_words(language, one, zone_name, now=now)}"


def moment_said(text: str) -> datetime | None:
    """Read the beginning of a slot back from a form; None for what is no moment with its zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
