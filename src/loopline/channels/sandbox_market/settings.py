"""What whoever starts sandbox marketplaces decides: where they keep their book, with which secret, how they behave."""

import secrets
from datetime import datetime
from pathlib import Path
from random import Random

import msgspec

from loopline.channels.standard_webhooks import new_secret

MOUNT_PATH = "/sandbox/market"
_FILE = "sandbox_market.sqlite"
_SECRET_FILE = "sandbox_market.secret"  # noqa: S105 - the name of a file


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How marketplaces behave, drawn from a seed for each step: late ones overtake each other.

    A step is gone by after `acts_seconds`, one in so many after up to `late_seconds` more; that is said `says_seconds`
    later. One answer in so many is lost after the step was heard.
    """

    seed: int = 0
    acts_seconds: float = 1.0
    says_seconds: float = 0.5
    late_chance: float = 0.05
    late_seconds: float = 8.0
    lost_chance: float = 0.05

    def delays(self, about: str) -> tuple[float, float]:
        """After how many seconds a step is gone by, and after how many that is said; the same for the same seed."""
        chance = Random(f"{self.seed}:{about}")  # noqa: S311 - a made-up marketplace is seeded, and protects nothing
        late = chance.uniform(0, self.late_seconds) if chance.random() < self.late_chance else 0.0
        acts = self.acts_seconds + late
        return acts, acts + self.says_seconds

    def loses(self, about: str) -> bool:
        """Whether an answer is lost on its way."""
        return Random(f"{self.seed}:lost:{about}").random() < self.lost_chance  # noqa: S311 - as above


PUNCTUAL = Manners(acts_seconds=0.0, says_seconds=0.0, late_chance=0.0, lost_chance=0.0)


class MarketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One sandbox with any number of marketplaces, and its one merchant.

    `file` is its book, which a restart finds as it was. The merchant signs its calls with `secret`. `base_url` is where
    the merchant reaches it.
    """

    file: Path
    secret: str
    base_url: str
    manners: Manners = Manners()

    def __repr__(self) -> str:
        return f"MarketSettings(file={self.file}, base_url={self.base_url})"


def market_settings(directory: Path, server_url: str, *, manners: Manners | None = None) -> MarketSettings:
    """Return the settings of sandbox marketplaces beside the server at `server_url`, their book in a directory.

    The secret is made at the first start and kept in a file that only its owner may read; processes that start at once
    agree on it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return MarketSettings(
        file=directory / _FILE,
        secret=_kept_secret(directory / _SECRET_FILE),
        base_url=f"{server_url.rstrip('/')}{MOUNT_PATH}",
        manners=manners or Manners(),
    )


def _kept_secret(path: Path) -> str:
    if not path.exists():
        made = new_secret()
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(made, encoding="utf-8")
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first: its secret is ours
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8")


def milliseconds(at: datetime) -> int:
    """Return a moment as the book keeps it."""
    return int(at.timestamp() * 1000)
