"""What whoever starts the sandbox decides: its key, where it is reached, how it behaves."""

import hashlib
import hmac
from pathlib import Path

import msgspec

from loopline.db.secret_files import kept_secret

NAME = "sandbox_sealing"
MOUNT_PATH = "/sandbox/sealing"
_SECRET_FILE = "sandbox_sealing.secret"  # noqa: S105 - the name of the file


class MarketManners(msgspec.Struct, frozen=True, kw_only=True):
    """How the sandbox behaves: how long it takes to answer, whether it answers, how many it opens within an hour."""

    delay_seconds: float = 0.0
    is_down: bool = False
    opened_per_hour_most: int = 1_000


class MarketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One sandbox and its one seller, whose key it is; `base_url` is where the seller reaches it."""

    app_key: str
    base_url: str

    @property
    def sealing_key(self) -> bytes:
        """The key it seals with, which its sellers do not have in earnest."""
        return hashlib.sha256(f"sealing {self.app_key}".encode()).digest()

    def is_key(self, stated: str) -> bool:
        """Tell in constant time whether a key is the seller's."""
        return hmac.compare_digest(
            hashlib.sha256(stated.encode(errors="backslashreplace")).digest(),
            hashlib.sha256(self.app_key.encode()).digest(),
        )

    def __repr__(self) -> str:
        return f"MarketSettings(base_url={self.base_url!r})"


def market_settings(directory: Path, server_url: str) -> MarketSettings:
    """Return the settings of a sandbox that lives beside the server at `server_url`, its key kept in a directory."""
    return MarketSettings(
        app_key=kept_secret(directory, _SECRET_FILE),
        base_url=f"{server_url.rstrip('/')}{MOUNT_PATH}",
    )
