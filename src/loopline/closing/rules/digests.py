"""The digest of a close: of everything it says, and of the close before."""

import hashlib

import msgspec

from loopline.closing.model import Close

_FORMAT = "loopline-close-1"


def digest_of(close: Close) -> bytes:
    """Return the SHA-256 of a close, its own digest aside, as JSON with names in order."""
    unsigned = msgspec.structs.replace(close, digest=b"")
    return hashlib.sha256(msgspec.json.encode((_FORMAT, unsigned), order="deterministic")).digest()
