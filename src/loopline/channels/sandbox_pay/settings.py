"""What whoever starts the sandbox decides: where it keeps its book, whom it tells, how it behaves."""

import hashlib
import hmac
import secrets
from datetime import datetime
from pathlib import Path
from random import Random

import msgspec

from loopline.channels.standard_webhooks import new_secret

MOUNT_PATH = "/sandbox/pay"
_FILE = "sandbox_pay.sqlite"
_SECRETS_FILE = "sandbox_pay.secrets"


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How the gateway behaves, drawn from a seed for each thing it tells: late ones overtake each other.

    `usual_seconds` is how long a notification takes; one in so many takes up to `late_seconds`, one in so many comes
    twice. A refund is done after `refund_seconds`.
    """

    seed: int = 0
    usual_seconds: float = 0.15
    late_chance: float = 0.05
    late_seconds: float = 8.0
    twice_chance: float = 0.1
    refund_seconds: float = 3.0

    def delays(self, about: str) -> list[float]:
        """Return after how many seconds each copy of a notification is sent; the same for the same seed and thing."""
        chance = Random(f"{self.seed}:{about}")  # noqa: S311 - a made-up gateway is seeded, and protects nothing
        copies = 2 if chance.random() < self.twice_chance else 1
        return [
            chance.uniform(0, self.late_seconds)
            if chance.random() < self.late_chance
            else chance.uniform(0, 2 * self.usual_seconds)
            for _ in range(copies)
        ]


PUNCTUAL = Manners(usual_seconds=0.0, late_chance=0.0, twice_chance=0.0, refund_seconds=0.0)


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One sandbox and its one merchant.

    `file` is its book, which a restart finds as it was. `merchant_key` opens the merchant's calls, `webhook_secret`
    signs notifications to `notify_url`. `base_url` is where the merchant reaches it; `base_path` where browsers do.
    """

    file: Path
    merchant_key: str
    webhook_secret: str
    notify_url: str
    base_url: str
    base_path: str = MOUNT_PATH
    manners: Manners = Manners()

    def __repr__(self) -> str:
        return f"SandboxSettings(file={self.file}, notify_url={self.notify_url})"


class _Secrets(msgspec.Struct, frozen=True, kw_only=True):
    merchant_key: str
    webhook_secret: str


def sandbox_settings(directory: Path, server_url: str, *, manners: Manners | None = None) -> SandboxSettings:
    """Return the settings of a sandbox that lives beside the server at `server_url`, its book in a directory.

    Its secrets are made at the first start and kept in a file that only its owner may read; processes that start at
    once agree on them.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _kept_secrets(directory / _SECRETS_FILE)
    server = server_url.rstrip("/")
    return SandboxSettings(
        file=directory / _FILE,
        merchant_key=known.merchant_key,
        webhook_secret=known.webhook_secret,
        notify_url=f"{server}/api/v1/payments/notifications/sandbox",
        base_url=f"{server}{MOUNT_PATH}",
        manners=manners or Manners(),
    )


def _kept_secrets(path: Path) -> _Secrets:
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        made = _Secrets(merchant_key=secrets.token_urlsafe(32), webhook_secret=new_secret())
        draft.write_bytes(msgspec.json.encode(made))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first: its secrets are ours
        finally:
            draft.unlink()
    return msgspec.json.decode(path.read_bytes(), type=_Secrets)


def is_key(stated: str, settings: SandboxSettings) -> bool:
    """Tell in constant time whether a key is the merchant's."""
    return hmac.compare_digest(
        hashlib.sha256(stated.encode(errors="backslashreplace")).digest(),
        hashlib.sha256(settings.merchant_key.encode()).digest(),
    )


def milliseconds(at: datetime) -> int:
    """Return a moment as the book keeps it."""
    return int(at.timestamp() * 1000)
