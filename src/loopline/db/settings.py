"""Where the data lives: the embedded server's directory or somebody's PostgreSQL, from the environment."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

OWNER_ROLE = "loopline"
SERVING_ROLE = "loopline_app"
DATABASE_NAME = "loopline"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says.

    `database_url` empty means the embedded server in `data_directory`. `owner_database_url` is the address with which
    migrations run when the serving address may not; the keys of personal data lie in `keys_directory`.
    """

    data_directory: Path
    database_url: str = ""
    owner_database_url: str = ""

    @property
    def keys_directory(self) -> Path:
        """Where the keys of personal data lie: never inside the database."""
        return self.data_directory / "keys"


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read LOOPLINE_DATA_DIR, LOOPLINE_DATABASE_URL and LOOPLINE_OWNER_DATABASE_URL."""
    stated = environment.get("LOOPLINE_DATA_DIR", "")
    return Settings(
        data_directory=Path(stated).expanduser().resolve() if stated else _default_directory(environment),
        database_url=environment.get("LOOPLINE_DATABASE_URL", ""),
        owner_database_url=environment.get("LOOPLINE_OWNER_DATABASE_URL", ""),
    )


def _default_directory(environment: Mapping[str, str]) -> Path:
    """A checkout keeps its data beside itself; an installed package keeps them in the user's data folder.

    The superuser's server runs as an unprivileged account, which often cannot reach the superuser's own home: the
    data then go under /var/lib, one folder per checkout.
    """
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").is_file():
        if os.geteuid() == 0 and not reachable_by_others(checkout):
            mark = hashlib.sha256(os.fsencode(checkout)).hexdigest()[:8]
            return Path("/var/lib/loopline") / f"{checkout.name}-{mark}"
        return checkout / ".loopline"
    if os.geteuid() == 0:
        return Path("/var/lib/loopline/default")
    home = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "loopline"


def reachable_by_others(path: Path) -> bool:
    """Tell whether every folder on the way to `path`, itself included, may be entered by any account."""
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & 0o001 for folder in existing)
