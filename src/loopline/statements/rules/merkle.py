"""Merkle trees as RFC 6962 builds them: a leaf is H(0x00, data), a node H(0x01, left, right), SHA-256.

Leaves keep their order. A tree of n leaves splits at the largest power of two below n: an odd node is carried up as it
is and never doubled, so that no two lists of leaves have one root. The empty tree is the hash of nothing.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash what a leaf holds."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes that stand beside each other."""
    return sha256(b"\x01" + left + right).digest()


class TreeRoot:
    """The root of leaves that come one by one, in little memory: the full trees so far, the widest first."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self._full.append(leaf)
        size = self.size
        while size & 1:
            right = self._full.pop()
            self._full[-1] = node_hash(self._full[-1], right)
            size >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The root of what was added so far."""
        if not self._full:
            return EMPTY
        found = self._full[-1]
        for left in reversed(self._full[:-1]):
            found = node_hash(left, found)
        return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of hashed leaves in their order."""
    tree = TreeRoot()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def path_of(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """Return the nodes that lead from the leaf at a position to the root, the nearest first (RFC 6962, 2.1.1)."""
    first, size, path = 0, len(leaves), list[bytes]()
    while size > 1:
        split = _split(size)
        if position - first < split:
            path.append(root_of(leaves[first + split : first + size]))
            size = split
        else:
            path.append(root_of(leaves[first : first + split]))
            first, size = first + split, size - split
    return path[::-1]


def root_by_path(leaf: bytes, *, position: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a leaf at a position of `size` leaves and its path lead to; None where they do not fit."""
    if not 0 <= position < size:
        return None
    turns: list[bool] = []
    while size > 1:
        split = _split(size)
        is_left = position < split
        turns.append(is_left)
        position, size = (position, split) if is_left else (position - split, size - split)
    if len(turns) != len(path):
        return None
    found = leaf
    for is_left, beside in zip(reversed(turns), path, strict=True):
        found = node_hash(found, beside) if is_left else node_hash(beside, found)
    return found


def _split(size: int) -> int:
    """The largest power of two below a size above one."""
    return 1 << (size - 1).bit_length() - 1
