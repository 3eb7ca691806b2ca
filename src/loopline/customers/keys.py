"""The keys of personal data: a file outside the database, and what is done with its keys.

The file has two lists of keys, oldest first; the last of each is current. *Sealing* keys seal the members' own keys
(AES-256-GCM); *indexing* keys make blind indexes (HMAC-SHA256). A key is named by a fingerprint of itself, so that a
file made anew never passes for the old one: what it cannot open is reported as lost, by name.

A sealing key may wrap 2^32 members' keys before it must be rotated (NIST SP 800-38D, random nonces).
"""

import base64
import contextlib
import hashlib
import hmac
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FILE_NAME = "personal_data.json"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_BLIND_BYTES = 16
_FORMAT = 1


class KeyFileProblem(Exception):  # noqa: N818 - its text is shown to the person who started the program
    """The key file cannot be used; the text says why and what to do."""


class LostKey(Exception):  # noqa: N818 - becomes the refusal KeyLost of the member it is about
    """A key that is asked for by name is not in the ring."""

    def __init__(self, key_id: int) -> None:
        super().__init__(f"the key {key_id} is not in the key file")
        self.key_id = key_id


class DamagedSeal(Exception):  # noqa: N818 - becomes the refusal PersonalDataDamaged of the member it is about
    """What was sealed does not open: other key, other place, or changed bytes."""


class _KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    sealing: tuple[str, ...]
    indexing: tuple[str, ...]


def key_id_of(key: bytes) -> int:
    """Return the name of a key: 32 bits of its fingerprint."""
    return int.from_bytes(hashlib.sha256(b"loopline key id" + key).digest()[:4], "big")


class KeyRing:
    """Keys by name, the current ones known. Holds secrets: never printed, never sent."""

    def __init__(self, *, sealing: Sequence[bytes], indexing: Sequence[bytes]) -> None:
        if not sealing or not indexing or any(len(key) != _KEY_BYTES for key in (*sealing, *indexing)):
            raise ValueError(f"a key ring needs sealing and indexing keys of {_KEY_BYTES} bytes")
        self._sealing = {key_id_of(key): AESGCM(key) for key in sealing}
        self._indexing = {key_id_of(key): key for key in indexing}
        self.sealing_id = key_id_of(sealing[-1])
        self.indexing_id = key_id_of(indexing[-1])

    def __repr__(self) -> str:
        return f"KeyRing(sealing={sorted(self._sealing)}, indexing={sorted(self._indexing)})"

    @property
    def sealing_ids(self) -> frozenset[int]:
        """The names of the sealing keys."""
        return frozenset(self._sealing)

    @property
    def indexing_ids(self) -> tuple[int, ...]:
        """The names of the indexing keys, the current one last."""
        return tuple(self._indexing)

    def wrap(self, member_key: bytes, *, member_id: UUID) -> bytes:
        """Seal a member's key with the current sealing key; it opens for that member only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._sealing[self.sealing_id].encrypt(nonce, member_key, member_id.bytes)

    def unwrap(self, wrapped: bytes, *, sealed_with: int, member_id: UUID) -> bytes:
        """Return a member's key. Raises LostKey or DamagedSeal."""
        key = self._sealing.get(sealed_with)
        if key is None:
            raise LostKey(sealed_with)
        try:
            return key.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], member_id.bytes)
        except (InvalidTag, ValueError) as error:
            raise DamagedSeal from error

    def blind(self, kind: str, value: str, *, key_id: int | None = None) -> bytes:
        """Return the blind index of a value, by default with the current indexing key."""
        key = self._indexing[self.indexing_id if key_id is None else key_id]
        return hmac.digest(key, f"{kind}\0{value}".encode(), "sha256")[:_BLIND_BYTES]


def new_member_key() -> bytes:
    """Make the key of one member."""
    return os.urandom(_KEY_BYTES)


def seal(text: str, *, member_key: bytes, place: str) -> bytes:
    """Seal a text with a member's key; it opens only for the same place (column)."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(member_key).encrypt(nonce, text.encode(), place.encode())


def unseal(sealed: bytes, *, member_key: bytes, place: str) -> str:
    """Open what `seal` sealed. Raises DamagedSeal."""
    try:
        return (
            AESGCM(member_key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()).decode()
        )
    except (InvalidTag, ValueError) as error:
        raise DamagedSeal from error


def open_key_ring(directory: Path) -> KeyRing:
    """Return the keys of a directory, making the file where there is none."""
    path = directory / FILE_NAME
    if not path.exists():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, _KeyFile(format=_FORMAT, sealing=(_new_key(),), indexing=(_new_key(),)), new=True)
    return load_key_ring(path)


def load_key_ring(path: Path) -> KeyRing:
    """Return the keys of a file. Raises KeyFileProblem when it is missing, readable by others, or no key file."""
    found = _read(path)
    return KeyRing(
        sealing=[base64.b64decode(key) for key in found.sealing],
        indexing=[base64.b64decode(key) for key in found.indexing],
    )


def rotate_key_file(path: Path) -> KeyRing:
    """Add new current keys; the old ones stay, to open what they sealed, until `drop_old_keys`."""
    found = _read(path)
    _write(
        path,
        _KeyFile(
            format=_FORMAT,
            sealing=(*found.sealing, _new_key()),
            indexing=(*found.indexing, _new_key()),
        ),
    )
    return load_key_ring(path)


def drop_old_keys(path: Path) -> KeyRing:
    """Keep only the current keys: for when everything was re-encrypted, and no backup needs the old ones."""
    found = _read(path)
    _write(path, _KeyFile(format=_FORMAT, sealing=found.sealing[-1:], indexing=found.indexing[-1:]))
    return load_key_ring(path)


def _new_key() -> str:
    return base64.b64encode(os.urandom(_KEY_BYTES)).decode()


def _read(path: Path) -> _KeyFile:
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except FileNotFoundError:
        raise KeyFileProblem(
            f"There is no key file {path}: without it personal data cannot be read. Restore it from where it was kept."
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileProblem(f"Others than its owner may read the key file {path}: run chmod 600 on it.")
    try:
        found = msgspec.json.decode(text, type=_KeyFile)
        keys = [base64.b64decode(key, validate=True) for key in (*found.sealing, *found.indexing)]
    except (msgspec.DecodeError, ValueError):
        raise KeyFileProblem(f"{path} is no key file. Restore it from where it was kept.") from None
    if found.format != _FORMAT or not found.sealing or not found.indexing:
        raise KeyFileProblem(f"{path} is a key file of another program version, or an empty one.")
    if any(len(key) != _KEY_BYTES for key in keys):
        raise KeyFileProblem(f"{path} has a key of the wrong length. Restore it from where it was kept.")
    return found


def _write(path: Path, content: _KeyFile, *, new: bool = False) -> None:
    """Replace the file in one step, so that no crash leaves half a key; a new one never replaces another's.

    It is written beside, under a name of its own: threads of one process may make it at once, too.
    """
    unfinished = path.with_name(f"{path.name}.{os.urandom(8).hex()}.unfinished")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, msgspec.json.format(msgspec.json.encode(content), indent=2))
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        with contextlib.suppress(FileExistsError):  # somebody made it meanwhile: those keys count
            os.link(unfinished, path)
        unfinished.unlink()
    else:
        unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
