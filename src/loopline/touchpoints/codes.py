"""Codes that stand on paper and screens: short enough to type, too many to guess, saying nothing of what they name."""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", " ": None, "-": None})
_BITS = 5
CODE_LENGTH = 10
RECEIPT_CODE_LENGTH = 16
CODE_LENGTH_MAX = 64
"""How many characters anybody may send as a code; more is none."""


def new_code(*, length: int = CODE_LENGTH) -> str:
    """Return a code that nobody can guess: fifty bits for what hangs on walls, eighty for what grants something."""
    number = secrets.randbits(_BITS * length)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(_BITS * (length - 1), -1, -_BITS))


def read_code(text: str) -> str:
    """Return a code in its one spelling, however it was typed: `ab1o-23` reads as `AB1023`."""
    return text[:CODE_LENGTH_MAX].upper().translate(_READ_AS)
