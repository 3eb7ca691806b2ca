"""Short order numbers for people: seven characters, nothing that looks alike, the last one checks the rest.

A running number would tell every customer how much is sold. Inside blocks of 31^6 numbers it is scattered by a
one-to-one multiplication, so that each number still names one order and none follows visibly from another.
There are 31 characters because 31 is prime: the check then finds every single wrong character and every swap of two.
"""

from operator import mul

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTWXYZ"  # no I, L, O (1, 1, 0) and no U, V (like each other)
_BASE = 31
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_CHARACTERS = 6
_BLOCK = _BASE**_CHARACTERS
_SCATTER = 548_496_947  # about the golden part of a block, and no multiple of 31: neighbours land far apart
_GATHER = pow(_SCATTER, -1, _BLOCK)
_CHECK_BASE = 3  # its powers modulo 31 differ for 30 places, so no swap of two goes unseen
_CHECK_WEIGHTS = [pow(_CHECK_BASE, place, _BASE) for place in range(1, 2 * _CHARACTERS + 1)]
_GROUP = 4


def spell_number(running: int) -> str:
    """Return the spelling of a running number (from 1): `7K3Q-9XA`, in groups of four from the left."""
    if running < 1:
        raise ValueError("running numbers start at 1")
    block, inside = divmod(running, _BLOCK)
    rest = block * _BLOCK + inside * _SCATTER % _BLOCK
    digits: list[int] = []
    while rest or len(digits) < _CHARACTERS:
        rest, digit = divmod(rest, _BASE)
        digits.append(digit)
    digits.reverse()
    digits.append(_check_of(digits))
    spelt = "".join([_ALPHABET[digit] for digit in digits])
    if len(spelt) <= 2 * _GROUP:
        return f"{spelt[:_GROUP]}-{spelt[_GROUP:]}"
    return "-".join([spelt[start : start + _GROUP] for start in range(0, len(spelt), _GROUP)])


def read_number(text: str) -> int | None:
    """Return the running number a person typed or read aloud, or None where it is none.

    Case, spaces and dashes do not matter; O reads as 0, I and L as 1.
    """
    letters = [letter for letter in text.upper() if letter not in " -"]
    if not _CHARACTERS < len(letters) <= 2 * _CHARACTERS or any(letter not in _VALUES for letter in letters):
        return None
    digits = [_VALUES[letter] for letter in letters]
    if _check_of(digits[:-1]) != digits[-1]:
        return None
    value = 0
    for digit in digits[:-1]:
        value = value * _BASE + digit
    block, scattered = divmod(value, _BLOCK)
    return (block * _BLOCK + scattered * _GATHER % _BLOCK) or None


def _check_of(digits: list[int]) -> int:
    return sum(map(mul, digits, _CHECK_WEIGHTS)) % _BASE
