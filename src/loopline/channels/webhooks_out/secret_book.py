"""The secrets of subscriptions: reckoned, not kept, so that no copy of the database signs for us."""

import base64
import hashlib
import hmac
from datetime import datetime
from pathlib import Path

from loopline.db.secret_files import kept_secret
from loopline.kernel.ids import SubscriptionId
from loopline.webhooks.rules import OLD_SECRET_FOR

_FILE = "webhooks_key"


class SecretBook:
    """Knows every subscription's secrets by the key in a directory; another key makes other secrets."""

    def __init__(self, keys_directory: Path) -> None:
        self._key = bytes.fromhex(kept_secret(keys_directory, _FILE))

    def secret(self, subscription_id: SubscriptionId, version: int) -> str:
        """Return the secret of a version: `whsec_` and base64 of 32 bytes."""
        digest = hmac.digest(self._key, f"{subscription_id}:{version}".encode(), hashlib.sha256)
        return f"whsec_{base64.b64encode(digest).decode()}"

    def signing(
        self, subscription_id: SubscriptionId, version: int, *, renewed_at: datetime | None, now: datetime
    ) -> list[str]:
        """Return the secrets to sign with: the one before too, for a day after it was renewed."""
        is_fresh = renewed_at is not None and now < renewed_at + OLD_SECRET_FOR
        versions = [version, version - 1] if is_fresh and version > 1 else [version]
        return [self.secret(subscription_id, one) for one in versions]
