"""What whoever starts the sandbox decides: where its book lies, the account's key, the sentences, its manners."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

import msgspec

from loopline.channels.aliyun_sms import AliyunAccount, template_key
from loopline.channels.sandbox_wechat import PUNCTUAL, Manners
from loopline.notices.wording import TEMPLATES

MOUNT_PATH = "/sandbox/aliyun"
SIGN_NAME = "环线商城"
_FILE = "sandbox_aliyun.sqlite"
_SECRETS_FILE = "sandbox_aliyun.secrets"
_A_DAY_MOST = 50


class SandboxSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """The account's key."""

    access_key_id: str
    access_key_secret: str


class SandboxAliyunSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One sandbox and its one account. `templates` are registered sentences by code, their fields as `${name}`.

    A phone gets `a_day_most` messages a day; those in `blocked` get none, and those in `dead` are told of as failed.
    """

    file: Path
    secrets: SandboxSecrets
    base_url: str
    templates: Mapping[str, str]
    manners: Manners = PUNCTUAL
    a_day_most: int = _A_DAY_MOST
    blocked: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"SandboxAliyunSettings(file={self.file}, base_url={self.base_url})"


def new_secrets() -> SandboxSecrets:
    """Make the account's key."""
    return SandboxSecrets(
        access_key_id=f"LTAI5t{secrets.token_hex(9)}", access_key_secret=secrets.token_hex(15)
    )


def registered() -> dict[str, tuple[str, str]]:
    """Return our sentences as they are registered: code and text by `about.language`."""
    found: dict[str, tuple[str, str]] = {}
    for about, by_language in TEMPLATES.items():
        for language, text in by_language.items():
            key = template_key(about, language)
            found[key] = (f"SMS_{crc32(key.encode()):010d}", text.replace("{", "${"))
    return found


def aliyun_settings(
    directory: Path, server_url: str, *, manners: Manners | None = None
) -> SandboxAliyunSettings:
    """Return the settings of a sandbox that lives beside the server at `server_url`, its book in a directory.

    Its key is made at the first start and kept in a file that only its owner may read.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SandboxAliyunSettings(
        file=directory / _FILE,
        secrets=_kept(directory / _SECRETS_FILE),
        base_url=f"{server_url.rstrip('/')}{MOUNT_PATH}/",
        templates=dict(registered().values()),
        manners=manners or Manners(),
    )


def sandbox_account(settings: SandboxAliyunSettings) -> AliyunAccount:
    """Return the sandbox's account as its client knows it."""
    return AliyunAccount(
        access_key_id=settings.secrets.access_key_id,
        access_key_secret=settings.secrets.access_key_secret,
        sign_name=SIGN_NAME,
        templates={key: code for key, (code, _) in registered().items()},
        endpoint=settings.base_url,
    )


def _kept(path: Path) -> SandboxSecrets:
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_bytes(msgspec.json.encode(new_secrets()))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first: its key is ours
        finally:
            draft.unlink()
    return msgspec.json.decode(path.read_bytes(), type=SandboxSecrets)
