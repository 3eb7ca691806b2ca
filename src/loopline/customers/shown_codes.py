"""The code that members show at a till: sixteen digits, of which the last six change every minute.

The first ten are a number of the member's own, beginning with a nine: no GTIN has sixteen digits, no GS1 identifier and
no code of a wallet begins like that, so a till knows a member's code from everything else it scans. The last six are a
keyed hash of the number and the minute (as RFC 6238 has it, with the indexing key): a photo of a code is worth nothing
two minutes later, and nothing is written when a code is shown again.
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from loopline.customers.keys import KeyRing
from loopline.customers.model import Identity, IdentityKind
from loopline.customers.refusals import MemberUnknown
from loopline.customers.service import members_by_identities
from loopline.db import Conn, execute, fetch_rows, fetch_values, statements
from loopline.kernel.ids import MemberId

SQL = statements(__file__)

STEP = timedelta(minutes=1)
_KIND = "shown_code"
_NUMBER_FIRST, _NUMBER_COUNT = 9_000_000_000, 1_000_000_000
_TAIL_DIGITS = 6
_CODE = re.compile(r"9\d{15}", re.ASCII)
_DRAWN_MOST = 6
"""So many numbers are drawn before there is none: with ten million members one in a hundred is taken."""


class ShownCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code to be shown now, and when the next one takes its place."""

    code: str
    until: datetime


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says they are known by at a till: a code as it is shown, else a phone.

    `at` is when they said so; a phone that does not name its country is one of `country`.
    """

    text: str
    at: datetime
    country: str

    def __repr__(self) -> str:
        return "Said(…)"


def code_of_member(
    conn: Conn, member_id: MemberId, *, ring: KeyRing, now: datetime
) -> ShownCode | MemberUnknown:
    """Return the code of a member, who has a number from now on. The first time it locks the member (shared)."""
    number = _number_of(conn, member_id, now=now)
    if number is None:
        return MemberUnknown(member_id=member_id)
    step = _step(now)
    return ShownCode(
        code=f"{number}{_tail(number, step, ring, ring.indexing_id)}",
        until=datetime.fromtimestamp((step + 1) * STEP.total_seconds(), tz=UTC),
    )


def _number_of(conn: Conn, member_id: MemberId, *, now: datetime) -> int | None:
    for _ in range(_DRAWN_MOST):
        standing = fetch_values(conn, SQL["number_of_member"], member_id=member_id)
        if standing:
            return standing[0]
        drawn = _NUMBER_FIRST + secrets.randbelow(_NUMBER_COUNT)
        execute(conn, SQL["give_number"], member_id=member_id, number=drawn, now=now)
    return None


def looks_like_a_code(text: str) -> bool:
    """Tell whether a text is written as a member's code, spaces left out."""
    return _CODE.fullmatch("".join(text.split())) is not None


def recognise(conn: Conn, said: Sequence[Said], *, ring: KeyRing) -> list[MemberId | None]:
    """Return who each is, None for nobody. Locks nothing.

    A code counts in its minute and in the one before and behind: clocks of tills and phones are not one. A phone is
    looked up whole, never a part of it.
    """
    codes = {
        place: "".join(one.text.split()) for place, one in enumerate(said) if looks_like_a_code(one.text)
    }
    owners = _owners(conn, {int(code[:-_TAIL_DIGITS]) for code in codes.values()})
    found: list[MemberId | None] = [None] * len(said)
    for place, code in codes.items():
        if _is_of(code, said[place].at, ring):
            found[place] = owners.get(int(code[:-_TAIL_DIGITS]))
    by_country: dict[str, list[int]] = {}
    for place, one in enumerate(said):
        if place not in codes:
            by_country.setdefault(one.country, []).append(place)
    for country, places in by_country.items():  # as many statements as there are countries in a batch
        phones = [Identity(kind=IdentityKind.PHONE, value=said[place].text) for place in places]
        known = members_by_identities(conn, phones, ring=ring, country=country)
        for place, member_id in zip(places, known, strict=True):
            found[place] = member_id
    return found


def _owners(conn: Conn, numbers: Iterable[int]) -> Mapping[int, MemberId]:
    wanted = sorted(numbers)
    rows = fetch_rows(conn, SQL["members_of_numbers"], numbers=wanted) if wanted else []
    return {number: MemberId(member_id) for number, member_id in rows}


def _is_of(code: str, at: datetime, ring: KeyRing) -> bool:
    number, tail = int(code[:-_TAIL_DIGITS]), code[-_TAIL_DIGITS:]
    steps = (_step(at) + shift for shift in (-1, 0, 1))
    right = [_tail(number, step, ring, key_id) for step in steps for key_id in ring.indexing_ids]
    return any(hmac.compare_digest(one, tail) for one in right)


def _step(at: datetime) -> int:
    return int(at.timestamp() // STEP.total_seconds())


def _tail(number: int, step: int, ring: KeyRing, key_id: int) -> str:
    digest = ring.blind(_KIND, f"{number}\0{step}", key_id=key_id)
    return f"{int.from_bytes(digest, 'big') % 10**_TAIL_DIGITS:0{_TAIL_DIGITS}}"
