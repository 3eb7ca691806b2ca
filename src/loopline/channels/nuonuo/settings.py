"""What a house has agreed with Nuonuo (诺税通): the applications by which its companies make out e-invoices."""

import stat
from pathlib import Path

import msgspec

SERVICES_URL = "https://sdk.nuonuo.com/open/v1/services"
TOKEN_URL = "https://open.nuonuo.com/accessToken"  # noqa: S105 - an address
FILE_NAME = "nuonuo_applications.json"


class NuonuoApplication(msgspec.Struct, frozen=True, kw_only=True):
    """An application with its secret, and the tax numbers of the companies that it makes out invoices for.

    `notify_url` is where the platform tells that a document ended; it proves nothing and may be empty.
    """

    app_key: str
    app_secret: str
    tax_numbers: tuple[str, ...]
    notify_url: str = ""
    services_url: str = SERVICES_URL
    token_url: str = TOKEN_URL
    timeout_seconds: float = 20.0

    def __repr__(self) -> str:
        return f"NuonuoApplication(app_key={self.app_key}, services_url={self.services_url})"


class ApplicationsUnreadable(Exception):  # noqa: N818 - its text is shown to the person who started the program
    """The file of applications cannot be used; the text says why and what to do."""


def known_applications(directory: Path) -> list[NuonuoApplication]:
    """Return the applications of the file in a directory; none where there is no file.

    Raises ApplicationsUnreadable where others may read it, or it is no list of applications.
    """
    path = directory / FILE_NAME
    if not path.exists():
        return []
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ApplicationsUnreadable(f"Others than its owner may read {path}: run chmod 600 on it.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[NuonuoApplication])
    except msgspec.MsgspecError as wrong:
        raise ApplicationsUnreadable(f"{path} is no list of applications: {wrong}") from wrong
