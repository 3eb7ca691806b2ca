"""Secrets kept in files beside the database, never in it: made at the first start, the same for every process."""

import secrets
from pathlib import Path

_SECRET_BYTES = 32


def kept_secret(directory: Path, name: str) -> str:
    """Return the secret (64 hexadecimal digits) kept under a name in a directory only its owner may enter.

    Two processes that start at once agree: the file is made under another name and linked into place, and whoever
    comes second reads what the first left.
    """
    path = directory / name
    if not path.exists():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = directory / f"{name}.{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(_SECRET_BYTES), encoding="ascii")
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
