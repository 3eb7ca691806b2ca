"""Check a statement, knowing only a root: nothing of it may differ from what was sealed, and nothing may be missing."""

import json
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import msgspec

from loopline.statements.model import FORMAT, Leaf, Line, ProvenDay, ProvenStatement
from loopline.statements.rules.merkle import root_by_path, root_of
from loopline.statements.rules.sealing import added, closing_of, day_root, line_hash, moved_by, party_hash

_HASH_BYTES = 32
_DAY = timedelta(days=1)


class NotProven(Exception):  # noqa: N818 - its text is shown to the person who asked
    """The statement is not what was sealed; the text says where and how."""


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that holds: `root` is the known one it leads to, that of `root_day`."""

    lines: int
    root: str
    root_day: date


def read_statement(content: bytes) -> ProvenStatement:
    """Read a statement as it was sealed. Raises NotProven for what is no statement, or has more or less in it."""
    try:
        json.loads(content, object_pairs_hook=_once)
        found = msgspec.json.decode(content, type=ProvenStatement)
        is_whole = msgspec.json.decode(content) == msgspec.json.decode(msgspec.json.encode(found))
    except (ValueError, RecursionError, msgspec.DecodeError) as problem:
        raise NotProven(f"this is no statement that was sealed: {problem}") from problem
    if not is_whole:
        raise NotProven("a field was left out, or is spelt otherwise than a statement spells it")
    return found


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse a name that stands twice in one object: one reader would see the first value, another the last."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise NotProven(f"a field of {sorted(names)} stands twice")


def verify(statement: ProvenStatement, *, roots: Collection[str]) -> Proven:
    """Check every line, sum, balance and day of a statement, and that it leads to one of the known roots.

    Raises NotProven where anything was changed, added or left out.
    """
    if statement.format != FORMAT:
        raise NotProven(f"its format is {statement.format!r}, not {FORMAT!r}")
    _check_days_follow(statement)
    found = statement.days[0].previous_root
    standing = statement.opening
    chain: dict[str, date] = {}
    for day in statement.days:
        if day.previous_root != found:
            raise NotProven(
                f"{day.day}: does not follow the root of the day before; a day was changed or left out"
            )
        if day.opening != standing:
            raise NotProven(
                f"{day.day}: does not open with what stood the day before; lines were left out or added"
            )
        found, leaf = _root_of_day(statement, day)
        standing = closing_of(leaf)
    if standing != statement.closing:
        raise NotProven("the closing balance is not what its lines add up to")
    last = statement.days[-1].day
    chain[found] = last
    for link in statement.links:
        last += _DAY
        if link.day != last:
            raise NotProven(f"{link.day}: the chain to later roots lacks {last}")
        tree_root = _bytes_of(link.tree_root, day=link.day)
        found = day_root(
            link.day,
            tree_root=tree_root,
            tree_size=link.tree_size,
            previous_root=_bytes_of(found, day=link.day),
        ).hex()
        chain[found] = link.day
    known = next((root for root in reversed(chain) if root in roots), None)
    if known is None:
        raise NotProven(_leads_elsewhere(statement))
    return Proven(lines=sum(day.line_count for day in statement.days), root=known, root_day=chain[known])


def _leads_elsewhere(statement: ProvenStatement) -> str:
    return (
        f"the statement from {statement.first_day} to {statement.last_day} does not lead to a root that is known:"
        " something in it was changed, added or left out, or the root is that of an earlier day"
    )


def _check_days_follow(statement: ProvenStatement) -> None:
    wanted = statement.first_day
    for day in statement.days:
        if day.day != wanted:
            raise NotProven(f"{wanted}: the day is missing")
        wanted += _DAY
    if not statement.days or wanted != statement.last_day + _DAY:
        raise NotProven(f"{wanted}: the day is missing")


def _root_of_day(statement: ProvenStatement, day: ProvenDay) -> tuple[str, Leaf]:
    """Return the root a day leads to, and its leaf as its own lines make it."""
    _check_lines(day)
    leaf = Leaf(
        party_id=statement.party_id,
        day=day.day,
        line_count=day.line_count,
        lines_root=root_of([line_hash(line) for line in day.lines]),
        opening=day.opening,
        moved=day.moved,
    )
    hashed = party_hash(leaf, code=statement.party_code, salt=_bytes_of(day.salt, day=day.day))
    tree_root = root_by_path(
        hashed,
        position=day.position,
        size=day.tree_size,
        path=[_bytes_of(node, day=day.day) for node in day.path],
    )
    if tree_root is None:
        raise NotProven(f"{day.day}: its path does not fit its place in the tree")
    root = day_root(
        day.day,
        tree_root=tree_root,
        tree_size=day.tree_size,
        previous_root=_bytes_of(day.previous_root, day=day.day),
    )
    return root.hex(), leaf


def _check_lines(day: ProvenDay) -> None:
    """Say what is wrong where the day itself shows it; what it does not show, its root will."""
    if len(day.lines) < day.line_count:
        missing = day.line_count - len(day.lines)
        raise NotProven(f"{day.day}: {missing} of {day.line_count} lines are left out")
    if len(day.lines) > day.line_count:
        raise NotProven(f"{day.day}: {len(day.lines) - day.line_count} lines were added to {day.line_count}")
    if moved_by(day.lines) != day.moved or added(day.moved) != day.moved:
        raise NotProven(f"{day.day}: the lines do not add up to what they moved; an amount was changed")
    places = [_place(line) for line in day.lines]
    if places != sorted(set(places)):
        raise NotProven(f"{day.day}: lines stand twice, or in another order")


def _place(line: Line) -> tuple[bytes, bytes, str, bytes]:
    return line.entry_id.bytes, line.part_id.bytes, line.currency, line.entity_id.bytes


def _bytes_of(text: str, *, day: date) -> bytes:
    """Read a hash. Raises NotProven for what is none, or is spelt in another way."""
    try:
        found = bytes.fromhex(text)
    except ValueError as problem:
        raise NotProven(f"{day}: {text[:80]!r} is no hash") from problem
    if len(found) != _HASH_BYTES or found.hex() != text:
        raise NotProven(f"{day}: {text[:80]!r} is no hash")
    return found
