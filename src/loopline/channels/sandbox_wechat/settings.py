"""What whoever starts the sandbox decides: where its book lies, the keys of both sides, the contract, its manners."""

import secrets
from pathlib import Path
from random import Random

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from loopline.channels.wechat_pay import WechatMerchant

MOUNT_PATH = "/sandbox/wechat"
NOTIFICATIONS_PATH = "/api/v1/payouts/notifications/wechat"
_FILE = "sandbox_wechat.sqlite"
_SECRETS_FILE = "sandbox_wechat.secrets"
_KEY_BITS = 2048
_RECEIVERS_MOST, _REQUESTS_MOST, _TRANSFERS_MOST = 50, 50, 1_000


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How the platform behaves, drawn from a seed for each thing.

    A request is finished after `finish_seconds`; one answer in so many is lost after the work was done; a notification
    takes up to `late_seconds`, and one in so many comes twice. Receivers in `refuses` take no money. Those in `keeps`
    did not agree to give shares back, those in `spent` have none left, and the accounts of those in `fails_back` fail.
    """

    seed: int = 0
    finish_seconds: float = 1.0
    lost_chance: float = 0.05
    late_seconds: float = 4.0
    twice_chance: float = 0.2
    refuses: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()
    fails_back: frozenset[str] = frozenset()

    def loses(self, about: str) -> bool:
        """Whether an answer is lost on its way."""
        return self._chance(f"lost:{about}").random() < self.lost_chance

    def delays(self, about: str) -> list[float]:
        """After how many seconds each copy of a notification is sent; the same for the same seed and thing."""
        chance = self._chance(f"told:{about}")
        copies = 2 if chance.random() < self.twice_chance else 1
        return [chance.uniform(0, self.late_seconds) for _ in range(copies)]

    def _chance(self, about: str) -> Random:
        return Random(f"{self.seed}:{about}")  # noqa: S311 - a made-up platform is seeded, and protects nothing


PUNCTUAL = Manners(finish_seconds=0.0, lost_chance=0.0, late_seconds=0.0, twice_chance=0.0)


class SandboxKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of both sides, PEM, and what names them."""

    mchid: str
    appid: str
    serial: str
    merchant_private: str
    merchant_public: str
    apiv3_key: str
    platform_key_id: str
    platform_private: str
    platform_public: str


class SandboxWechatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One sandbox and its one merchant, who may share `max_ratio` hundredths of a per cent of a payment."""

    file: Path
    keys: SandboxKeys
    base_url: str
    notify_url: str
    max_ratio: int = 3_000
    receivers_most: int = _RECEIVERS_MOST
    requests_most: int = _REQUESTS_MOST
    reclaim_within_days: int = 180
    reclaims_most: int = 20
    manners: Manners = Manners()

    def __repr__(self) -> str:
        return f"SandboxWechatSettings(file={self.file}, base_url={self.base_url})"


def wechat_settings(
    directory: Path, server_url: str, *, manners: Manners | None = None
) -> SandboxWechatSettings:
    """Return the settings of a sandbox that lives beside the server at `server_url`, its book in a directory.

    Its keys are made at the first start and kept in a file that only its owner may read; processes that start at once
    agree on them.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = server_url.rstrip("/")
    return SandboxWechatSettings(
        file=directory / _FILE,
        keys=_kept_keys(directory / _SECRETS_FILE),
        base_url=f"{server}{MOUNT_PATH}",
        notify_url=f"{server}{NOTIFICATIONS_PATH}",
        manners=manners or Manners(),
    )


def sandbox_merchant(settings: SandboxWechatSettings) -> WechatMerchant:
    """Return the sandbox's merchant as the gateway knows it."""
    keys = settings.keys
    return WechatMerchant(
        mchid=keys.mchid,
        appid=keys.appid,
        serial=keys.serial,
        private_key=keys.merchant_private,
        apiv3_key=keys.apiv3_key,
        platform_key_id=keys.platform_key_id,
        platform_public_key=keys.platform_public,
        receivers_per_request=settings.receivers_most,
        requests_per_transaction=settings.requests_most,
        transfers_per_batch=_TRANSFERS_MOST,
        reclaim_within_days=settings.reclaim_within_days,
        reclaims_per_receiver=settings.reclaims_most,
        notify_url=settings.notify_url,
        gateway_url=settings.base_url,
    )


def new_keys() -> SandboxKeys:
    """Make the keys of a merchant and of a platform."""
    merchant_private, merchant_public = _pair()
    platform_private, platform_public = _pair()
    return SandboxKeys(
        mchid="1900009191",
        appid="wx8888888888888888",
        serial=secrets.token_hex(20).upper(),
        merchant_private=merchant_private,
        merchant_public=merchant_public,
        apiv3_key=secrets.token_hex(16),
        platform_key_id=f"PUB_KEY_ID_{secrets.token_hex(16).upper()}",
        platform_private=platform_private,
        platform_public=platform_public,
    )


def _pair() -> tuple[str, str]:
    made = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _kept_keys(path: Path) -> SandboxKeys:
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_bytes(msgspec.json.encode(new_keys()))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first: its keys are ours
        finally:
            draft.unlink()
    return msgspec.json.decode(path.read_bytes(), type=SandboxKeys)
