"""What is hashed, and how: lines, a party's day, a day. Each is JSON as RFC 8785 spells it, and says what it is.

A party's leaf is salted: nobody can guess it without the salt, which is made of the day's secret and the party, and
stands in that party's own statement alone.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256

import msgspec

from loopline.kernel.ids import PartyId
from loopline.statements.model import KindSums, Leaf, Line, Seal, SealedParty, Sums
from loopline.statements.rules.merkle import EMPTY, leaf_hash

HASH_BYTES = 32
_DAY_MARK = b"\x02"


def canonical(value: object) -> bytes:
    """Spell a record of texts and whole numbers as RFC 8785 does: keys in order, no spaces, UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def line_hash(line: Line) -> bytes:
    """Hash a line as a leaf of its day."""
    return leaf_hash(canonical({"line": line}))


def salt_of(secret: bytes, party_id: PartyId) -> bytes:
    """Return a party's salt of the day whose secret this is; from it no other party's salt can be told."""
    return hmac.digest(secret, party_id.bytes, "sha256")


def party_hash(leaf: Leaf, *, code: str, salt: bytes) -> bytes:
    """Hash a party's day as a leaf of the day's tree."""
    said = {
        "party_day": {
            "party_id": leaf.party_id,
            "party_code": code,
            "day": leaf.day,
            "salt": salt.hex(),
            "line_count": leaf.line_count,
            "lines_root": leaf.lines_root.hex(),
            "opening": leaf.opening,
            "moved": leaf.moved,
        }
    }
    return leaf_hash(canonical(said))


def day_root(day: date, *, tree_root: bytes, tree_size: int, previous_root: bytes) -> bytes:
    """Return a day's root: it names the day, its tree, and the root of the day before."""
    said = {
        "day": {
            "day": day,
            "tree_root": tree_root.hex(),
            "tree_size": tree_size,
            "previous_root": previous_root.hex(),
        }
    }
    return sha256(_DAY_MARK + canonical(said)).digest()


def quiet_leaf(party_id: PartyId, day: date, *, opening: tuple[Sums, ...]) -> Leaf:
    """Return the leaf of a party whose day holds no line."""
    return Leaf(party_id=party_id, day=day, line_count=0, lines_root=EMPTY, opening=opening, moved=())


def closing_of(leaf: Leaf) -> tuple[Sums, ...]:
    """Return what stands after a party's day."""
    return added(leaf.opening, leaf.moved)


def added(*parts: Iterable[Sums]) -> tuple[Sums, ...]:
    """Add sums up by currency, in its order; a currency in which nothing stands is left out."""
    totals: dict[str, list[int]] = {}
    for part in parts:
        for one in part:
            total = totals.setdefault(one.currency, [0, 0, 0])
            total[0] += one.pending_minor
            total[1] += one.due_minor
            total[2] += one.borne_minor
    return tuple(
        Sums(currency=currency, pending_minor=pending, due_minor=due, borne_minor=borne)
        for currency, (pending, due, borne) in sorted(totals.items())
        if pending or due or borne
    )


def moved_by(lines: Iterable[Line]) -> tuple[Sums, ...]:
    """Return what lines moved, by currency."""
    return added(
        Sums(
            currency=line.currency,
            pending_minor=line.pending_minor,
            due_minor=line.due_minor,
            borne_minor=line.bears_minor,
        )
        for line in lines
    )


def kinds_of(lines: Iterable[Line]) -> tuple[KindSums, ...]:
    """Return what lines moved by the kind of their entries, by currency and kind."""
    return kinds_added(
        KindSums(
            kind=line.kind,
            currency=line.currency,
            lines=1,
            pending_minor=line.pending_minor,
            due_minor=line.due_minor,
            borne_minor=line.bears_minor,
        )
        for line in lines
    )


def kinds_added(*parts: Iterable[KindSums]) -> tuple[KindSums, ...]:
    """Add up what kinds of entries moved, by currency and kind."""
    totals: dict[tuple[str, str], list[int]] = {}
    for part in parts:
        for one in part:
            total = totals.setdefault((one.currency, one.kind), [0, 0, 0, 0])
            total[0] += one.lines
            total[1] += one.pending_minor
            total[2] += one.due_minor
            total[3] += one.borne_minor
    return tuple(
        KindSums(
            kind=kind,
            currency=currency,
            lines=lines,
            pending_minor=pending,
            due_minor=due,
            borne_minor=borne,
        )
        for (currency, kind), (lines, pending, due, borne) in sorted(totals.items())
    )


def hashes_in(joined: bytes) -> list[bytes]:
    """Cut hashes that stand one after the other."""
    return [joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES)]


def tree_leaves(
    day: date,
    parties: Sequence[SealedParty],
    *,
    secret: bytes,
    leaves: Mapping[PartyId, Leaf],
    openings: Mapping[PartyId, tuple[Sums, ...]],
) -> list[bytes]:
    """Hash the leaves of a day, one for each party in the order of positions; who has no line has a quiet leaf."""
    hashes: list[bytes] = []
    for party in parties:
        leaf = leaves.get(party.party_id)
        if leaf is None:
            leaf = quiet_leaf(party.party_id, day, opening=openings.get(party.party_id, ()))
        hashes.append(party_hash(leaf, code=party.code, salt=salt_of(secret, party.party_id)))
    return hashes


def root_of_seal(seal: Seal) -> bytes:
    """Return the root that a seal's own tree and predecessor give."""
    return day_root(
        seal.day, tree_root=seal.tree_root, tree_size=seal.tree_size, previous_root=seal.previous_root
    )
