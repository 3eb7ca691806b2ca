"""Reckon sealed days again, from their lines up: the lines' roots, the leaves, the tree, the chain."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from loopline.db import Conn, Finding
from loopline.kernel.ids import PartyId
from loopline.statements import queries
from loopline.statements.model import EMPTY_ROOT, Leaf, Seal, Sums
from loopline.statements.queries import PageOfParty
from loopline.statements.rules.merkle import TreeRoot, root_of
from loopline.statements.rules.sealing import (
    added,
    closing_of,
    day_root,
    kinds_added,
    kinds_of,
    line_hash,
    moved_by,
    tree_leaves,
)

_REPAIR = "Restore the schema statements from the last backup; no command of Loopline changes a sealed day."


def roots_that_differ(conn: Conn) -> list[Finding]:
    """Return what of sealed days is not what their lines give: one day at a time, in little memory."""
    findings: list[Finding] = []
    parties = queries.sealed_parties(conn)
    standing: dict[PartyId, tuple[Sums, ...]] = {}
    previous_root = EMPTY_ROOT
    for seal in queries.seals_between(conn, date.min, date.max):
        kept = {leaf.party_id: leaf for leaf in queries.leaves_of_day(conn, seal.day)}
        found = {
            party_id: _leaf_of(seal.day, party_id, pages, opening=standing.get(party_id, ()))
            for party_id, pages in groupby(
                queries.pages_of_day(conn, seal.day), key=lambda page: page.party_id
            )
        }
        findings += [
            _finding(seal.day, f"party {party_id}", str(kept.get(party_id)), str(found.get(party_id)))
            for party_id in sorted({*kept, *found})
            if kept.get(party_id) != found.get(party_id)
        ]
        of_day = [party for party in parties if party.since_day <= seal.day]
        hashes = tree_leaves(seal.day, of_day, secret=seal.secret, leaves=found, openings=standing)
        if hashes != queries.leaf_hashes(conn, seal.day):
            findings.append(_finding(seal.day, "leaves", "other hashes", "those of their lines"))
        findings += _root_differs(seal, root_of(hashes), tree_size=len(hashes), previous_root=previous_root)
        previous_root = seal.root
        standing |= {party_id: closing_of(leaf) for party_id, leaf in found.items()}
    return findings


def _root_differs(seal: Seal, tree_root: bytes, *, tree_size: int, previous_root: bytes) -> list[Finding]:
    root = day_root(seal.day, tree_root=tree_root, tree_size=tree_size, previous_root=previous_root)
    if root == seal.root and (tree_root, tree_size) == (seal.tree_root, seal.tree_size):
        return []
    return [_finding(seal.day, "root", seal.root.hex(), root.hex())]


def _leaf_of(
    day: date, party_id: PartyId, pages: Iterator[PageOfParty], *, opening: tuple[Sums, ...]
) -> Leaf:
    tree = TreeRoot()
    moved: tuple[Sums, ...] = ()
    kinds = kinds_added()
    for page in pages:
        lines = page.read()
        for line in lines:
            tree.add(line_hash(line))
        moved = added(moved, moved_by(lines))
        kinds = kinds_added(kinds, kinds_of(lines))
    return Leaf(
        party_id=party_id,
        day=day,
        line_count=tree.size,
        lines_root=tree.root(),
        opening=opening,
        moved=moved,
        kinds=kinds,
    )


def _finding(day: date, subject: str, found: str, expected: str) -> Finding:
    return Finding(
        subject=f"sealed day {day}, {subject}", found=found[:500], expected=expected[:500], repair=_REPAIR
    )
