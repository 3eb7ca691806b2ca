"""What whoever starts the sandbox decides: where its book lies, the application's secret, its buyers, its manners."""

import secrets
from pathlib import Path

import msgspec

from loopline.channels.nuonuo import NuonuoApplication
from loopline.channels.sandbox_wechat import PUNCTUAL, Manners

MOUNT_PATH = "/sandbox/nuonuo"
NOTIFICATIONS_PATH = "/api/v1/invoices/notifications/nuonuo"
_FILE = "sandbox_nuonuo.sqlite"
_SECRETS_FILE = "sandbox_nuonuo.secrets"


class SandboxSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """What names the application, and its secret."""

    app_key: str
    app_secret: str


class SandboxNuonuoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One sandbox and its one application, which makes out invoices for any company.

    `confirms` are buyers (tax numbers) whose consent a red form needs, given a while later; `denies` those who refuse.
    """

    file: Path
    secrets: SandboxSecrets
    base_url: str
    notify_url: str
    manners: Manners = PUNCTUAL
    confirms: frozenset[str] = frozenset()
    denies: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"SandboxNuonuoSettings(file={self.file}, base_url={self.base_url})"


def new_secrets() -> SandboxSecrets:
    """Make the application's name and secret."""
    return SandboxSecrets(app_key=secrets.token_hex(4), app_secret=secrets.token_hex(16).upper())


def nuonuo_settings(
    directory: Path, server_url: str, *, manners: Manners | None = None
) -> SandboxNuonuoSettings:
    """Return the settings of a sandbox that lives beside the server at `server_url`, its book in a directory.

    Its secret is made at the first start and kept in a file that only its owner may read.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = server_url.rstrip("/")
    return SandboxNuonuoSettings(
        file=directory / _FILE,
        secrets=_kept(directory / _SECRETS_FILE),
        base_url=f"{server}{MOUNT_PATH}",
        notify_url=f"{server}{NOTIFICATIONS_PATH}",
        manners=manners or Manners(),
    )


def sandbox_application(
    settings: SandboxNuonuoSettings, tax_numbers: tuple[str, ...] = ()
) -> NuonuoApplication:
    """Return the sandbox's application as the platform's client knows it; without tax numbers it is any company's."""
    return NuonuoApplication(
        app_key=settings.secrets.app_key,
        app_secret=settings.secrets.app_secret,
        tax_numbers=tax_numbers,
        notify_url=settings.notify_url,
        services_url=f"{settings.base_url}/open/v1/services",
        token_url=f"{settings.base_url}/accessToken",
    )


def _kept(path: Path) -> SandboxSecrets:
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_bytes(msgspec.json.encode(new_secrets()))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first: its secret is ours
        finally:
            draft.unlink()
    return msgspec.json.decode(path.read_bytes(), type=SandboxSecrets)
