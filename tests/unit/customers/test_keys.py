import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from loopline.customers import KeyFileProblem, drop_old_keys, load_key_ring, open_key_ring, rotate_key_file
from loopline.customers.keys import (
    FILE_NAME,
    DamagedSeal,
    KeyRing,
    LostKey,
    key_id_of,
    new_member_key,
    seal,
    unseal,
)
from tests.make.customers import ring

MEMBER = UUID(int=1)


def test_what_is_sealed_opens_in_its_place_with_its_key_only():
    key = new_member_key()
    sealed = seal("李伟", member_key=key, place="name")
    assert "李伟".encode() not in sealed
    assert unseal(sealed, member_key=key, place="name") == "李伟"
    assert seal("李伟", member_key=key, place="name") != sealed, "equal texts do not look equal"
    for damaged, other_key, place in (
        (sealed, key, "value"),
        (sealed, new_member_key(), "name"),
        (sealed[:-1], key, "name"),
        (b"", key, "name"),
        (bytes([sealed[0] ^ 1]) + sealed[1:], key, "name"),
    ):
        with pytest.raises(DamagedSeal):
            unseal(damaged, member_key=other_key, place=place)


def test_a_members_key_opens_for_that_member_under_any_key_of_the_ring():
    member_key = new_member_key()
    old = ring(1)
    wrapped = old.wrap(member_key, member_id=MEMBER)
    for keys in (old, ring(1, 2)):
        assert keys.unwrap(wrapped, sealed_with=old.sealing_id, member_id=MEMBER) == member_key
    with pytest.raises(DamagedSeal):
        old.unwrap(wrapped, sealed_with=old.sealing_id, member_id=UUID(int=2))
    with pytest.raises(LostKey) as lost:
        ring(2).unwrap(wrapped, sealed_with=old.sealing_id, member_id=MEMBER)
    assert lost.value.key_id == old.sealing_id


def test_blind_indexes_tell_values_kinds_and_keys_apart():
    keys = ring(1)
    assert keys.blind("phone", "1") == keys.blind("phone", "1")
    assert len(keys.blind("phone", "1")) == 16
    assert (
        len(
            {
                keys.blind("phone", "1"),
                keys.blind("phone", "2"),
                keys.blind("card", "1"),
                ring(2).blind("phone", "1"),
            }
        )
        == 4
    )
    assert ring(1, 2).blind("phone", "1", key_id=keys.indexing_id) == keys.blind("phone", "1")


def test_a_ring_does_not_show_its_keys():
    assert "\\x01" not in repr(ring(1))
    assert str(key_id_of(bytes([1]) * 32)) in repr(ring(1))


@pytest.mark.parametrize(
    ("sealing", "indexing"), [([], [b"1" * 32]), ([b"1" * 32], []), ([b"1" * 31], [b"1" * 32])]
)
def test_a_ring_without_whole_keys_is_none(sealing: list[bytes], indexing: list[bytes]):
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(sealing=sealing, indexing=indexing)


def test_a_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path):
    folder = tmp_path / "keys"
    first = open_key_ring(folder)
    again = open_key_ring(folder)
    assert (first.sealing_id, first.indexing_id) == (again.sealing_id, again.indexing_id)
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_who_makes_it_at_once_has_the_same_keys(tmp_path: Path):
    """Threads of one process too: what one sealed, the others open."""
    for trial in range(20):
        folder = tmp_path / str(trial)
        barrier = threading.Barrier(8)

        def made(_: int, folder: Path = folder, barrier: threading.Barrier = barrier) -> bytes:
            barrier.wait()
            return open_key_ring(folder).blind("phone", "13800000000")

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(made, range(8)))) == 1
        assert [path.name for path in folder.iterdir()] == [FILE_NAME], "nothing unfinished is left"


def test_rotation_keeps_the_old_keys_until_they_are_dropped(tmp_path: Path):
    old = open_key_ring(tmp_path)
    path = tmp_path / FILE_NAME
    new = rotate_key_file(path)
    assert new.sealing_id != old.sealing_id
    assert new.sealing_ids == {old.sealing_id, new.sealing_id}
    assert new.indexing_ids == (old.indexing_id, new.indexing_id)
    alone = drop_old_keys(path)
    assert alone.sealing_ids == {new.sealing_id}
    assert alone.indexing_ids == (new.indexing_id,)
    assert load_key_ring(path).sealing_id == new.sealing_id


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no key file"),
        ('{"format": 1, "sealing": ["!"], "indexing": ["!"]}', "is no key file"),
        ('{"format": 2, "sealing": [], "indexing": []}', "another program version"),
        ('{"format": 1, "sealing": [], "indexing": []}', "an empty one"),
        ('{"format": 1, "sealing": ["AAAA"], "indexing": ["AAAA"]}', "wrong length"),
    ],
)
def test_a_file_that_is_no_key_file_is_refused_with_a_reason(tmp_path: Path, content: str, said: str):
    path = tmp_path / FILE_NAME
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileProblem, match=said):
        load_key_ring(path)


def test_a_key_file_that_is_missing_or_open_to_others_is_refused(tmp_path: Path):
    path = tmp_path / FILE_NAME
    with pytest.raises(KeyFileProblem, match="There is no key file"):
        load_key_ring(path)
    open_key_ring(tmp_path)
    path.chmod(0o640)
    with pytest.raises(KeyFileProblem, match="chmod 600"):
        load_key_ring(path)
