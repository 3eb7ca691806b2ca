"""What whoever starts the server decides about the web edge."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from loopline.db import Conn
from loopline.db.secret_files import kept_secret
from loopline.org import Role
from loopline.web.api.caller import Rates

_SECRET_FILE = "web_secret"  # noqa: S105 - the name of the file, not what is in it
_SECRET_LENGTH_MIN = 32


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One of the demo's people, as the sign-in page lists them; `place` is where that person works."""

    sign_in_name: str
    name: str
    role: Role
    place: str = ""


class DemoProgress(Protocol):
    """How far the demo's made-up world is: its stage, and how much of that is done."""

    @property
    def stage(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's people and the one password they share: listed for a sign-in by one touch.

    `progress` reads how far its world is (None: not begun); a demo without one has no world.
    """

    password: str
    people: tuple[DemoPerson, ...]
    progress: Callable[[Conn], DemoProgress | None] | None = None


class WebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the web edge behaves.

    `secret` signs forms; every process that serves one database has the same. `data_directory` holds the keys of
    personal data and the sandboxes' files. `public_url` is how people reach us from outside, for codes that are printed
    and for gateways that call back. `rates` say how much a caller of the API may ask for. `is_secure` says that people
    reach us over HTTPS: cookies are then sent over nothing else. `demo` lists made-up people on the sign-in page; never
    give it where the data are real. `text_messages_url` is the service that sends codes to phones, for which
    `text_messages_secret` signs. `shows_metrics` opens /metrics, which tells no person's data but how busy the shop
    is.
    """

    secret: str
    data_directory: Path
    public_url: str = ""
    rates: Rates = Rates()
    is_secure: bool = False
    demo: Demo | None = None
    text_messages_url: str = ""
    text_messages_secret: str = ""
    shows_metrics: bool = True
    board_poll_seconds: float = 0.5
    heartbeat_seconds: float = 10.0

    def __post_init__(self) -> None:
        if len(self.secret) < _SECRET_LENGTH_MIN:
            raise ValueError(f"the secret of forms has at least {_SECRET_LENGTH_MIN} characters")

    @property
    def keys_directory(self) -> Path:
        """Where the keys of personal data lie."""
        return self.data_directory / "keys"

    def __repr__(self) -> str:
        return f"WebSettings(is_secure={self.is_secure}, demo={self.demo is not None})"


def load_secret(directory: Path) -> str:
    """Return the secret that signs forms, kept in a directory only its owner may enter."""
    return kept_secret(directory, _SECRET_FILE)
