"""The codes of coupons: eighty bits that nobody guesses, typed however it may be, shown in groups of four."""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", " ": None, "-": None})
_LETTERS = 16
SECRET_LENGTH_MAX = 40
"""How many characters anybody may send as a code; more is none."""


def new_secret() -> str:
    """Return the code of a new coupon."""
    number = secrets.randbits(5 * _LETTERS)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_LETTERS - 1), -1, -5))


def read_secret(text: str) -> str:
    """Return a code in its one spelling: `7k3q-9xao` reads as `7K3Q9XA0`."""
    return text[:SECRET_LENGTH_MAX].upper().translate(_READ_AS)


def shown_code(secret: str) -> str:
    """Write a code as it is read aloud, in groups of four."""
    return "-".join(secret[start : start + 4] for start in range(0, len(secret), 4))
