"""Codes that collect a parcel: short enough to say, too many to guess. Only their hash is stored."""

from hashlib import sha256

from loopline.kernel.ids import SiteId

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", " ": None, "-": None})
CODE_LENGTH = 8
CODE_ENTROPY_BYTES = 5


def collect_code(entropy: bytes) -> str:
    """Spell five random bytes (from `secrets`, at the edge) as a code of eight characters."""
    if len(entropy) != CODE_ENTROPY_BYTES:
        raise ValueError("a code is made of five bytes")
    number = int.from_bytes(entropy, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))


def is_code(text: str) -> bool:
    """Tell whether a text can be a code, however it is typed."""
    plain = _plain(text)
    return len(plain) == CODE_LENGTH and all(character in _ALPHABET for character in plain)


def hash_of_code(site_id: SiteId, code: str) -> bytes:
    """Return what is stored of a code: the same for `ab1o-2345` and `AB10 2345`, different at every site."""
    return sha256(site_id.bytes + _plain(code).encode()).digest()


def _plain(text: str) -> str:
    return text.upper().translate(_READ_AS)
