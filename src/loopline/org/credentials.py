"""Passwords, tokens and lock-outs. No I/O; chance comes from the operating system, because it protects accounts."""

import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from loopline.kernel.failures import Failures
from loopline.kernel.refusals import Refusal

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256
SESSION_LENGTH = timedelta(hours=12)

_TOKEN_BYTES = 32
# RFC 9106, second recommended option (64 MiB, 3 passes); one lane, because sign-ins run side by side.
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


class PasswordTooShort(Refusal, frozen=True, kw_only=True):
    """A password needs at least {minimum} characters."""

    minimum: int


class PasswordTooLong(Refusal, frozen=True, kw_only=True):
    """A password may have at most {maximum} characters."""

    maximum: int


class PasswordTooEasy(Refusal, frozen=True, kw_only=True):
    """This password is too easy to guess: it holds the sign-in name or repeats a few characters."""


class SignInNameNotUsable(Refusal, frozen=True, kw_only=True):
    """{sign_in_name!r} cannot be a sign-in name: it must have 3 to 128 characters and no space."""

    sign_in_name: str


class WrongSignIn(Refusal, frozen=True, kw_only=True):
    """The name or the password is wrong."""


class SignInLocked(Refusal, frozen=True, kw_only=True):
    """Too many failed attempts: sign-in for this name is locked until {until}."""

    until: datetime


def normal_sign_in_name(name: str) -> str:
    """Spell a sign-in name the one way it is stored and compared."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def refusal_of_sign_in_name(name: str) -> SignInNameNotUsable | None:
    """Refuse what cannot be typed into one field; `name` is in its normal spelling."""
    usable = (
        3 <= len(name) <= 128 and name.isprintable() and not any(character.isspace() for character in name)
    )
    return None if usable else SignInNameNotUsable(sign_in_name=name)


def refusal_of_password(password: str, *, sign_in_name: str) -> Refusal | None:
    """Refuse a password that is too short, too long to hash cheaply, or easy to guess from the name."""
    if len(password) < PASSWORD_LENGTH_MIN:
        return PasswordTooShort(minimum=PASSWORD_LENGTH_MIN)
    if len(password) > PASSWORD_LENGTH_MAX:
        return PasswordTooLong(maximum=PASSWORD_LENGTH_MAX)
    if len(set(password)) < 4 or sign_in_name in password.casefold():
        return PasswordTooEasy()
    return None


def hash_password(password: str) -> str:
    """Hash a password with argon2id and a fresh salt; takes about a tenth of a second on purpose."""
    return _hasher.hash(unicodedata.normalize("NFC", password))


def password_matches(password: str, *, stored_hash: str | None) -> bool:
    """Check a password; an unknown person (no hash) costs the same time and never matches."""
    try:
        matches = _hasher.verify(stored_hash or _hash_of_nobody(), unicodedata.normalize("NFC", password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and stored_hash is not None


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(new_token())


def needs_rehash(stored_hash: str) -> bool:
    """Tell whether a hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(stored_hash)


def new_token() -> str:
    """Make a session token: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Hash a token for storage and look-up. A plain SHA-256 suffices: nobody guesses 256 random bits."""
    return hashlib.sha256(token.encode(errors="backslashreplace")).digest()


def lock_of(failures: Failures, *, now: datetime) -> SignInLocked | None:
    """Refuse while a lock-out lasts; at `locked_until` itself it is over."""
    until = failures.closed_until(now)
    return None if until is None else SignInLocked(until=until)
