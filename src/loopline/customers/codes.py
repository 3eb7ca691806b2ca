"""Codes sent to a phone: six digits that prove the phone is theirs, few tries, few codes; few look-ups, few guesses.

Asking and proving go through the same two gates: a sliding count per phone and per internet address. Both are kept as
keyed hashes under the current indexing key; a rotation forgets codes under way, which live five minutes.
"""

import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.customers.keys import KeyRing
from loopline.customers.model import Identity, IdentityKind
from loopline.customers.refusals import (
    CodeTriedTooOften,
    CodeWrong,
    IdentityNotValid,
    TooManyCodes,
    TooManyLookUps,
    TooManyTries,
)
from loopline.customers.rules import normalised_value
from loopline.db import Conn, execute, fetch_rows, fetch_values, statements
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal

SQL = statements(__file__)

CODE_DIGITS = 6
CODE_LENGTH_OF_LIFE = timedelta(minutes=5)
TRIES_MAX = 5
_PHONE_KIND = "sign_in_phone"
_ADDRESS_KIND = "sign_in_address"
_CODE_KIND = "sign_in_code"
_PERSON_KIND = "look_up_person"
_MEMBER_KIND = "guessing_member"
_PARCEL_KIND = "proved_parcel"


class LimitKind(StrEnum):
    """What is counted: codes asked for by a phone and by an internet address, wrong codes tried from an address.

    At tills, by who stands there: members looked for, and those of them whom nobody is. Codes of coupons that lead
    nowhere, by the member who typed them and by internet address. And wrong proofs of whose a parcel is, by parcel.
    """

    PHONE = "codes_of_phone"
    ADDRESS = "codes_of_address"
    TRIES = "tries_of_address"
    LOOK_UPS = "look_ups_of_person"
    MISSES = "misses_of_person"
    GUESSES = "guesses_of_member"
    GUESSES_FROM = "guesses_of_address"
    PROOFS = "wrong_proofs_of_parcel"


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """At most `most` within `span`, sliding; and, after each, nothing for `pause`."""

    most: int
    span: timedelta
    pause: timedelta = timedelta()


# A shop's wireless network is one address for many people: the counts per address are for machines, not for a queue.
LIMITS: Mapping[LimitKind, Limit] = {
    LimitKind.PHONE: Limit(most=10, span=timedelta(days=1), pause=timedelta(minutes=1)),
    LimitKind.ADDRESS: Limit(most=60, span=timedelta(hours=1)),
    LimitKind.TRIES: Limit(most=60, span=timedelta(hours=1)),
    # A cashier asks two customers a minute at most, and mistypes some: who tries numbers out is stopped.
    LimitKind.LOOK_UPS: Limit(most=120, span=timedelta(hours=1)),
    LimitKind.MISSES: Limit(most=20, span=timedelta(hours=1)),
    # Whoever has a coupon in hand mistypes it a few times.
    LimitKind.GUESSES: Limit(most=10, span=timedelta(hours=1)),
    LimitKind.GUESSES_FROM: Limit(most=60, span=timedelta(hours=1)),
    # Four digits are ten thousand guesses, and whoever ordered knows their own.
    LimitKind.PROOFS: Limit(most=5, span=timedelta(hours=1)),
}
LIMITS_FORGOTTEN_AFTER = max(limit.span for limit in LIMITS.values())

LimitKey = tuple[LimitKind, bytes]


class CodeAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants a code for a phone. `address` is the internet address they ask from; empty is counted by none."""

    phone: str
    address: str = ""
    country: str = "CN"


class CodeMade(msgspec.Struct, frozen=True, kw_only=True):
    """A code to be sent to a phone (E.164), once the transaction has ended. Never logged, never stored."""

    phone: str
    code: str
    expires_at: datetime


class CodeTry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody says which code came to a phone."""

    phone: str
    code: str
    address: str = ""
    country: str = "CN"


class PhoneProved(msgspec.Struct, frozen=True, kw_only=True):
    """The phone (E.164) is theirs. The code is used up."""

    phone: str


class SentCode(msgspec.Struct, frozen=True, kw_only=True):
    """The code that was sent last to a phone."""

    code_hash: bytes
    expires_at: datetime
    tries: int


def wait_until(moments: Sequence[datetime], limit: Limit, *, now: datetime) -> datetime | None:
    """Return until when one more is too many; None where it is not. `moments` rise; a span excludes its far end."""
    recent = [moment for moment in moments if now - moment < limit.span]
    if len(recent) >= limit.most:
        return recent[-limit.most] + limit.span
    if recent and now - recent[-1] < limit.pause:
        return recent[-1] + limit.pause
    return None


def ask_for_codes(
    conn: Conn, asks: Sequence[CodeAsk], *, ring: KeyRing, now: datetime
) -> list[CodeMade | Refusal]:
    """Make a code for each phone, one after the other; the one before it is void. What is refused counts nowhere.

    A code is good for five minutes and five tries. A phone gets one a minute and ten a day, an internet address sixty
    an hour. Locks the limits by (kind, key), then the phones' codes.
    """
    phones = [_phone(ask.phone, ask.country) for ask in asks]
    keys = [_limits_of(phone, ask.address, ring) for phone, ask in zip(phones, asks, strict=True)]
    moments = _locked_limits(conn, [key for of_ask in keys for key in of_ask], now=now)
    outcomes: list[CodeMade | Refusal] = []
    made: dict[bytes, tuple[bytes, datetime]] = {}
    for phone, of_ask in zip(phones, keys, strict=True):
        if phone is None:
            outcomes.append(IdentityNotValid(kind=IdentityKind.PHONE))
            continue
        waits = [until for key in of_ask if (until := wait_until(moments[key], LIMITS[key[0]], now=now))]
        if waits:
            outcomes.append(TooManyCodes(until=max(waits)))
            continue
        for key in of_ask:
            moments[key] = [*moments[key], now]
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        expires_at = now + CODE_LENGTH_OF_LIFE
        made[ring.blind(_PHONE_KIND, phone)] = (_code_hash(phone, code, ring), expires_at)
        outcomes.append(CodeMade(phone=phone, code=code, expires_at=expires_at))
    _write_limits(conn, moments, now=now)
    _put_codes(conn, made)
    return outcomes


def use_codes(
    conn: Conn, tries: Sequence[CodeTry], *, ring: KeyRing, now: datetime
) -> list[PhoneProved | Refusal]:
    """Tell for each whether the code is the one that was sent. Commit whatever comes back: a wrong code counts.

    A right code is used up. After five wrong ones the code is void, and sixty wrong ones in an hour close an internet
    address. A phone that never got a code is refused in the same words and the same way as a wrong code.
    Locks the limits by (kind, key), then the codes by phone.
    """
    phones = [_phone(one.phone, one.country) for one in tries]
    keys = [_tries_of(one.address, ring) for one in tries]
    moments = _locked_limits(conn, [key for of_try in keys for key in of_try], now=now)
    blinds = [b"" if phone is None else ring.blind(_PHONE_KIND, phone) for phone in phones]
    sent = _locked_codes(conn, blinds)
    outcomes: list[PhoneProved | Refusal] = []
    for phone, of_try, blind, one in zip(phones, keys, blinds, tries, strict=True):
        waits = [until for key in of_try if (until := wait_until(moments[key], LIMITS[key[0]], now=now))]
        if waits:
            outcomes.append(TooManyTries(until=max(waits)))
            continue
        known = sent.get(blind)
        matches = _matches(known, phone or "", one.code, ring)
        refusal = _refusal_of_try(known, matches=matches, now=now)
        if phone is not None and refusal is None:
            del sent[blind]
            outcomes.append(PhoneProved(phone=phone))
            continue
        if known is not None and not matches:
            sent[blind] = msgspec.structs.replace(known, tries=known.tries + 1)
        for key in of_try:
            moments[key] = [*moments[key], now]
        outcomes.append(refusal or CodeWrong())
    _write_limits(conn, moments, now=now)
    _write_tries(conn, blinds, sent)
    return outcomes


def count_look_up(conn: Conn, person: str, *, ring: KeyRing, now: datetime) -> TooManyLookUps | None:
    """Let somebody at a till look for a member, and count it; or say until when it is too often. Locks their counts."""
    blind = ring.blind(_PERSON_KIND, person)
    keys = [(LimitKind.LOOK_UPS, blind), (LimitKind.MISSES, blind)]
    moments = _locked_limits(conn, keys, now=now)
    waits = [until for key in keys if (until := wait_until(moments[key], LIMITS[key[0]], now=now))]
    if waits:
        return TooManyLookUps(until=max(waits))
    _write_limits(conn, {keys[0]: [*moments[keys[0]], now]}, now=now)
    return None


def count_miss(conn: Conn, person: str, *, ring: KeyRing, now: datetime) -> None:
    """Count that somebody at a till looked for a member whom nobody is. The caller has counted the look-up."""
    key = (LimitKind.MISSES, ring.blind(_PERSON_KIND, person))
    moments = _locked_limits(conn, [key], now=now)
    _write_limits(conn, {key: [*moments[key], now]}, now=now)


def guesses_wait(
    conn: Conn, member_id: MemberId | None, address: str, *, ring: KeyRing, now: datetime
) -> TooManyTries | None:
    """Say until when a member (None: nobody is known), or an address, tried too many codes of coupons that led nowhere.

    Locks nothing: of tries that are under way at once a few more than the limit may come through.
    """
    keys = _guesses_of(member_id, address, ring)
    rows = fetch_rows(
        conn, SQL["limits"], kinds=[kind.value for kind, _ in keys], blinds=[blind for _, blind in keys]
    )
    waits = [
        until
        for kind, moments in rows
        if (until := wait_until(moments, LIMITS[LimitKind(kind)], now=now)) is not None
    ]
    return TooManyTries(until=max(waits)) if waits else None


def count_guess(
    conn: Conn, member_id: MemberId | None, address: str, *, ring: KeyRing, now: datetime
) -> None:
    """Count a code of a coupon that led nowhere. Locks its counts by (kind, key)."""
    moments = _locked_limits(conn, _guesses_of(member_id, address, ring), now=now)
    _write_limits(conn, {key: [*found, now] for key, found in moments.items()}, now=now)


def proofs_left(conn: Conn, parcels: Collection[UUID], *, ring: KeyRing, now: datetime) -> dict[UUID, int]:
    """Return how many wrong proofs of whose they are parcels still bear now. Locks their counts by (kind, key)."""
    keys = {parcel: _proofs_of(parcel, ring) for parcel in parcels}
    moments = _locked_limits(conn, keys.values(), now=now)
    limit = LIMITS[LimitKind.PROOFS]
    return {
        parcel: limit.most - sum(now - moment < limit.span for moment in moments[key])
        for parcel, key in keys.items()
    }


def count_wrong_proofs(conn: Conn, parcels: Sequence[UUID], *, ring: KeyRing, now: datetime) -> None:
    """Count wrong proofs, one for each time that a parcel is named. Locks their counts by (kind, key)."""
    keys = [_proofs_of(parcel, ring) for parcel in parcels]
    moments = _locked_limits(conn, keys, now=now)
    for key in keys:
        moments[key] = [*moments[key], now]
    _write_limits(conn, moments, now=now)


def _proofs_of(parcel: UUID, ring: KeyRing) -> LimitKey:
    return LimitKind.PROOFS, ring.blind(_PARCEL_KIND, str(parcel))


def _guesses_of(member_id: MemberId | None, address: str, ring: KeyRing) -> list[LimitKey]:
    by_member = [(LimitKind.GUESSES, ring.blind(_MEMBER_KIND, str(member_id)))] if member_id else []
    by_address = [(LimitKind.GUESSES_FROM, ring.blind(_ADDRESS_KIND, address))] if address else []
    return [*by_member, *by_address]


def _matches(known: SentCode | None, phone: str, code: str, ring: KeyRing) -> bool:
    """Compare in the same time whether or not there is a code, and wherever the two differ."""
    standing = known.code_hash if known is not None else bytes(16)
    return hmac.compare_digest(standing, _code_hash(phone, _plain(code), ring)) and known is not None


def _refusal_of_try(known: SentCode | None, *, matches: bool, now: datetime) -> Refusal | None:
    if known is None or now >= known.expires_at:
        return CodeWrong()
    if known.tries >= TRIES_MAX:
        return CodeTriedTooOften()
    if matches:
        return None
    return CodeTriedTooOften() if known.tries + 1 >= TRIES_MAX else CodeWrong()


def _plain(code: str) -> str:
    return "".join(code.split())


def _phone(text: str, country: str) -> str | None:
    return normalised_value(Identity(kind=IdentityKind.PHONE, value=text), country=country)


def _code_hash(phone: str, code: str, ring: KeyRing) -> bytes:
    return ring.blind(_CODE_KIND, f"{phone}\0{code}")


def _limits_of(phone: str | None, address: str, ring: KeyRing) -> list[LimitKey]:
    if phone is None:
        return []
    keys = [(LimitKind.PHONE, ring.blind(_PHONE_KIND, phone))]
    return [*keys, (LimitKind.ADDRESS, ring.blind(_ADDRESS_KIND, address))] if address else keys


def _tries_of(address: str, ring: KeyRing) -> list[LimitKey]:
    return [(LimitKind.TRIES, ring.blind(_ADDRESS_KIND, address))] if address else []


def _locked_limits(conn: Conn, keys: Iterable[LimitKey], *, now: datetime) -> dict[LimitKey, list[datetime]]:
    wanted = sorted(set(keys))
    kinds, blinds = [kind.value for kind, _ in wanted], [blind for _, blind in wanted]
    execute(conn, SQL["add_limits"], kinds=kinds, blinds=blinds, now=now)
    rows = fetch_rows(conn, SQL["lock_limits"], kinds=kinds, blinds=blinds)
    return {(LimitKind(kind), bytes(blind)): moments for kind, blind, moments in rows}


def _write_limits(conn: Conn, moments: Mapping[LimitKey, Sequence[datetime]], *, now: datetime) -> None:
    """Keep what still counts: no row has more moments than its limit."""
    counted = {key: list(found)[-LIMITS[key[0]].most :] for key, found in moments.items() if found}
    for kind in LimitKind:
        of_kind = {
            blind: found for (one, blind), found in counted.items() if one is kind and found[-1] == now
        }
        if not of_kind:
            continue
        # At most once per kind: arrays of arrays of different lengths cannot be sent, so each row is spelt as text.
        execute(
            conn,
            SQL["write_limits"],
            kind=kind.value,
            blinds=list(of_kind),
            moments=[
                "{" + ",".join(f'"{moment.isoformat()}"' for moment in found) + "}"
                for found in of_kind.values()
            ],
            now=now,
        )


def _put_codes(conn: Conn, made: Mapping[bytes, tuple[bytes, datetime]]) -> None:
    execute(
        conn,
        SQL["put_codes"],
        phones=list(made),
        code_hashes=[code_hash for code_hash, _ in made.values()],
        expires_at=[expires_at for _, expires_at in made.values()],
    )


def _locked_codes(conn: Conn, phones: Sequence[bytes]) -> dict[bytes, SentCode]:
    rows = fetch_rows(conn, SQL["lock_codes"], phones=sorted(set(phones)))
    return {
        bytes(phone): SentCode(code_hash=bytes(code_hash), expires_at=expires_at, tries=tries)
        for phone, code_hash, expires_at, tries in rows
    }


def _write_tries(conn: Conn, phones: Sequence[bytes], sent: Mapping[bytes, SentCode]) -> None:
    used = [phone for phone in set(phones) if phone not in sent]
    execute(conn, SQL["delete_codes"], phones=used)
    execute(conn, SQL["write_tries"], phones=list(sent), tries=[known.tries for known in sent.values()])


def sweep_codes(conn: Conn, *, now: datetime, at_most: int = 1000) -> int:
    """Forget codes that have ended and counts that no longer count, at most so many of each; return how many."""
    codes = fetch_values(conn, SQL["delete_ended_codes"], now=now, at_most=at_most)
    counts = fetch_values(
        conn, SQL["delete_old_limits"], before=now - LIMITS_FORGOTTEN_AFTER, at_most=at_most
    )
    return len(codes) + len(counts)
