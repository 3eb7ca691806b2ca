"""Opens the demo's brand for the commands that show it: its people and their password, the key of its world.

Both secrets are made at the first start and lie in the data directory, for its owner alone: listed in the source they
would work everywhere.
"""

import os
import secrets
from datetime import datetime
from pathlib import Path

import msgspec

from loopline import org
from loopline.db import Conn, Database
from loopline.db.settings import Settings
from loopline.simulator.demo import is_demo_brand, open_demo, open_world_key
from loopline.web.settings import Demo, DemoPerson

_PASSWORD_FILE = "demo_password"  # noqa: S105 - the name of the file
_WORLD_KEY_FILE = "demo_world_key"


class OpenedDemo(msgspec.Struct, frozen=True, kw_only=True):
    """What the pages show of the demo; `world_key` is None where a replay is shown, whose time has passed."""

    demo: Demo
    world_key: str | None

    def __repr__(self) -> str:
        return f"OpenedDemo(people={len(self.demo.people)})"


def open_demo_brand(database: Database, settings: Settings, *, now: datetime) -> OpenedDemo:
    """Found the demo's brand where nothing stands. Raises `Refused` where the database belongs to somebody."""
    password = _kept_secret(settings.data_directory / _PASSWORD_FILE)
    with database.transaction() as conn:
        accounts = open_demo(conn, password=password, now=now)
        places = org.units_by_code(conn, {one.unit_code for one in accounts})
        key = _world_key(conn, settings.data_directory, now=now) if is_demo_brand(conn) else None
    people = tuple(
        DemoPerson(
            sign_in_name=one.sign_in_name, name=one.name, role=one.role, place=places[one.unit_code].name
        )
        for one in accounts
    )
    return OpenedDemo(demo=Demo(password=password, people=people), world_key=key)


def _world_key(conn: Conn, directory: Path, *, now: datetime) -> str:
    path = directory / _WORLD_KEY_FILE
    known = path.read_text(encoding="ascii") if path.exists() else None
    key = open_world_key(conn, known, now=now)
    if key != known:
        _write_secret(path, key)
    return key


def _kept_secret(path: Path) -> str:
    if not path.exists():
        _write_secret(path, secrets.token_urlsafe(12))
    return path.read_text(encoding="ascii")


def _write_secret(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.touch(mode=0o600)
    draft.write_text(secret, encoding="ascii")
    draft.replace(path)  # whole or not at all
