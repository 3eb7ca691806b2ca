"""Trees are those of RFC 6962: roots by its definition, and a path proves its leaf and no other."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from loopline.statements.rules.merkle import EMPTY, TreeRoot, leaf_hash, path_of, root_by_path, root_of

Leaves = st.lists(st.binary(max_size=8), max_size=70)


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


@given(Leaves)
def test_the_root_is_that_of_the_definition(data: list[bytes]):
    assert root_of([leaf_hash(one) for one in data]) == by_definition(data)


@given(Leaves)
def test_the_root_grows_with_its_leaves(data: list[bytes]):
    tree = TreeRoot()
    assert tree.root() == EMPTY
    for count, one in enumerate(data, start=1):
        tree.add(leaf_hash(one))
        assert tree.root() == by_definition(data[:count])


@given(Leaves.filter(bool), st.data())
def test_a_path_leads_to_the_root_from_its_place_alone(data: list[bytes], draw: st.DataObject):
    hashes = [leaf_hash(bytes([place]) + one) for place, one in enumerate(data)]
    place = draw.draw(st.integers(0, len(hashes) - 1))
    path = path_of(hashes, place)
    root = root_of(hashes)
    assert root_by_path(hashes[place], position=place, size=len(hashes), path=path) == root
    for other in range(len(hashes)):
        if other != place:
            assert root_by_path(hashes[place], position=other, size=len(hashes), path=path) != root
    assert root_by_path(hashes[place], position=place, size=len(hashes), path=[*path, bytes(32)]) is None
    assert root_by_path(hashes[place], position=len(hashes), size=len(hashes), path=path) is None
    if path:
        bent = [*path[:-1], bytes(byte ^ 1 for byte in path[-1])]
        assert root_by_path(hashes[place], position=place, size=len(hashes), path=bent) != root


def test_an_odd_leaf_is_not_doubled():
    one, two, three = (leaf_hash(bytes([number])) for number in range(3))
    assert root_of([one, two, three]) != root_of([one, two, three, three])
