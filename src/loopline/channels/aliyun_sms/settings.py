"""What a house has agreed with Aliyun: the key of its account, its signature, and the codes of registered sentences."""

import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from loopline.notices import About

ENDPOINT = "https://dysmsapi.aliyuncs.com/"
FILE_NAME = "aliyun_sms.json"


class AliyunAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account. `templates` are the codes of sentences by `about.language`, as in `ready.zh`."""

    access_key_id: str
    access_key_secret: str
    sign_name: str
    templates: Mapping[str, str]
    endpoint: str = ENDPOINT
    timeout_seconds: float = 10.0

    def __repr__(self) -> str:
        return f"AliyunAccount(access_key_id={self.access_key_id}, endpoint={self.endpoint})"


class AliyunUnreadable(Exception):  # noqa: N818 - its text is shown to the person who started the program
    """The file of the account cannot be used; the text says why and what to do."""


def template_key(about: About, language: str) -> str:
    """Return under which name the code of a sentence stands."""
    return f"{about.value}.{language}"


def known_account(directory: Path) -> AliyunAccount | None:
    """Return the account of the file in a directory; None where there is no file.

    Raises AliyunUnreadable where others may read it, or it is no account.
    """
    path = directory / FILE_NAME
    if not path.exists():
        return None
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise AliyunUnreadable(f"Others than its owner may read {path}: run chmod 600 on it.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=AliyunAccount)
    except msgspec.MsgspecError as wrong:
        raise AliyunUnreadable(f"{path} is no account: {wrong}") from wrong
