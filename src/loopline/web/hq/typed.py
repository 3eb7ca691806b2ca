"""Numbers and moments as people type them into forms. What cannot be read is None: each form says so in its words."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision

from loopline.kernel.money import BASIS_POINTS
from loopline.kernel.times import zone

_PER_CENT = Decimal(BASIS_POINTS // 100)
_DIGITS_MOST = 12
_MINOR_MOST = 10**12


def read_basis_points(typed: str) -> int | None:
    """Read a percentage from 0 to 100, with two decimals at most, as basis points."""
    points = _whole(_number(typed), by=_PER_CENT)
    return points if points is not None and points <= BASIS_POINTS else None


def read_minor(typed: str, currency: str) -> int | None:
    """Read an amount of a currency, not negative and no finer than it, in minor units."""
    minor = _whole(_number(typed), by=Decimal(10) ** get_currency_precision(currency))
    return minor if minor is not None and minor <= _MINOR_MOST else None


def typed_minor(minor: int, currency: str) -> str:
    """Write an amount as `read_minor` reads it."""
    digits = get_currency_precision(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def read_moment(typed: str, zone_name: str) -> datetime | None:
    """Read a moment in ISO 8601, of the years 2000 to 2099; one without an offset is of the zone."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        return None
    # Others lie beyond what every zone, and the database, can write down.
    if not 2000 <= at.year < 2100:
        return None
    return at.replace(tzinfo=zone(zone_name)) if at.tzinfo is None else at


def _number(typed: str) -> Decimal | None:
    try:
        number = Decimal(typed.strip())
    except InvalidOperation:
        return None
    # What is too large to be scaled is too large for anything here.
    return number if number.is_finite() and number.adjusted() <= _DIGITS_MOST else None


def _whole(number: Decimal | None, *, by: Decimal) -> int | None:
    if number is None or number < 0:
        return None
    scaled = number * by
    return int(scaled) if scaled == scaled.to_integral_value() else None


def saved_at_of(spelt: str) -> datetime:
    """When the draft that was shown was saved; what cannot be read is no draft's."""
    try:
        return datetime.fromisoformat(spelt)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
