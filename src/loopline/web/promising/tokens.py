"""A promise as it was shown, sealed into a short text: whoever orders by it is kept to what we said, and so are we.

It binds what was asked (channel, goods, place) by a hash, and is signed with the house's secret: nobody makes a promise
for us. It holds no personal data.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal
from loopline.promises import PromiseKind

SAID_FOR = timedelta(hours=1)
"""How long an order may be placed by a promise that was shown."""
TOKEN_LENGTH_MAX = 400
_MAC_BYTES = 12
_FROM_CLOCKS_APART = timedelta(minutes=5)


class SaidPromise(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What was shown: how, from or at which site, by when, reckoned with what, and when it was said (in seconds).

    New fields come last and have a default: what an older process sealed is read all the same.
    """

    kind: PromiseKind
    site_id: SiteId | None
    due: int
    starts: int | None
    ready_minutes: int
    lane_minutes: int
    band: int | None
    terms_version: int
    pace_version: int
    said: int
    asked: bytes
    ends: int | None = None
    fee_minor: int = 0

    @property
    def due_at(self) -> datetime:
        """By when it is due."""
        return datetime.fromtimestamp(self.due, UTC)

    @property
    def starts_at(self) -> datetime | None:
        """When the courier's two hours, or the appointment, begin."""
        return None if self.starts is None else datetime.fromtimestamp(self.starts, UTC)

    @property
    def ends_at(self) -> datetime | None:
        """When they end."""
        return None if self.ends is None else datetime.fromtimestamp(self.ends, UTC)

    @property
    def said_at(self) -> datetime:
        """When it was said."""
        return datetime.fromtimestamp(self.said, UTC)


class PromiseNotOurs(Refusal, frozen=True, kw_only=True):
    """This is no promise of ours for this order: ask what can be promised, and order exactly that."""

    field: str = "promise"


class PromiseTooOld(Refusal, frozen=True, kw_only=True):
    """That promise was said too long ago: ask again what can be promised."""

    field: str = "promise"


_encode = msgspec.msgpack.Encoder().encode
_UNSAID = _encode(0) + _encode(b"")
_decode = msgspec.msgpack.Decoder(SaidPromise).decode


def spelt_goods(channel: str, lines: Iterable[tuple[str, int]]) -> bytes:
    """Spell what is asked for, its goods in any order: the part of the hash that is the same for every way."""
    units: dict[str, int] = {}
    for code, count in lines:
        units[code] = units.get(code, 0) + count
    return "\n".join([channel, *(f"{code} {units[code]}" for code in sorted(units))]).encode()


def hash_of_asked(goods: bytes, place: Coordinates | str | None) -> bytes:
    """Return a short hash of what was asked: the goods, and roughly the place, or the site."""
    where = (
        b"%.2f %.2f" % (place.longitude, place.latitude)
        if isinstance(place, Coordinates)
        else f"at {place or ''}".encode()
    )
    return hashlib.blake2b(goods + b"\n" + where, digest_size=8).digest()


def at_site(goods: bytes, site_code: str) -> bytes:
    """Spell goods that one site brings to a place: both are bound."""
    return goods + f"\nfrom {site_code}".encode()


def from_named(goods: bytes, named: Sequence[str]) -> bytes:
    """Spell goods that must ship from named sites: a promise for them is none for the same goods from anywhere."""
    return goods + f"\nonly from {' '.join(sorted(set(named)))}".encode() if named else goods


def ends_of(said: SaidPromise) -> tuple[bytes, bytes]:
    """Spell of what was shown all but when it was said and what was asked: what stands before it, and what after.

    Many promises share them.
    """
    tail = _encode(said.ends) + _encode(said.fee_minor)
    whole = _encode(msgspec.structs.replace(said, said=0, asked=b""))
    return whole[: -len(_UNSAID + tail)], tail


def seal(ends: tuple[bytes, bytes], secret: str, *, said: int, asked: bytes) -> str:
    """Spell what was shown as a text that can be verified: between its ends when it was said (in seconds), and what
    was asked.
    """
    body = ends[0] + _encode(said) + _encode(asked) + ends[1]
    return urlsafe_b64encode(_mac(body, secret) + body).rstrip(b"=").decode()


def unseal(token: str, secret: str, *, now: datetime) -> SaidPromise | Refusal:
    """Read a text back, or say that it is not ours or too old."""
    try:
        raw = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        is_one_spelling = urlsafe_b64encode(raw).rstrip(b"=") == token.encode()
        if not is_one_spelling or not hmac.compare_digest(mac, _mac(body, secret)):
            return PromiseNotOurs()
        said = _decode(body)
    except (ValueError, msgspec.DecodeError):
        return PromiseNotOurs()
    if not said.said_at - _FROM_CLOCKS_APART <= now <= said.said_at + SAID_FOR:
        return PromiseTooOld()
    return said


def _mac(body: bytes, secret: str) -> bytes:
    """BLAKE2b under a key (RFC 7693): one pass where an HMAC takes two, and its key is spelt once."""
    return hashlib.blake2b(body, key=_key(secret), digest_size=_MAC_BYTES).digest()


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hashlib.sha256(b"promise " + secret.encode()).digest()
