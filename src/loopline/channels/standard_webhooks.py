"""Standard Webhooks: sign a message that goes out, and tell whether one that came in is genuine and fresh.

As https://www.standardwebhooks.com says it: HMAC-SHA256 over `id.timestamp.body`, in the headers `webhook-id`,
`webhook-timestamp` (seconds) and `webhook-signature` (one or more `v1,<base64>`, parted by spaces). A secret is
`whsec_` and base64. While secrets rotate, a sender signs with all of them and a receiver takes any of them.

The official package (`standardwebhooks`) needs nothing else, and was weighed: it reads the clock itself, knows one
secret, and answers a malformed header with whatever Python raises. Ours takes `now`, any number of secrets, and
refuses.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from loopline.kernel.refusals import Refusal

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
TOLERANCE = timedelta(minutes=5)
_PREFIX = "whsec_"
_VERSION = "v1,"
_SECRET_BYTES = 32
_SECRET_BYTES_MIN = 16
_ID_LENGTH_MAX = 256
_DIGITS_MAX = 12
_SIGNATURES_MAX = 20  # of one message: nobody makes us reckon for long


class SignatureMissing(Refusal, frozen=True, kw_only=True):
    """The message is not signed: the header {header} is missing or malformed."""

    header: str


class SignatureWrong(Refusal, frozen=True, kw_only=True):
    """The signature does not fit the message."""


class SignatureStale(Refusal, frozen=True, kw_only=True):
    """The message was signed more than {minutes} minutes before or after now."""

    minutes: int


def new_secret() -> str:
    """Make a secret of 256 random bits."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, body: bytes, *, message_id: str, at: datetime) -> str:
    """Return one signature, `v1,` and base64. Raises ValueError for a secret that is none."""
    digest = _digest(_key(secret), message_id, str(_seconds(at)), body)
    return _VERSION + base64.b64encode(digest).decode()


def signed_headers(given: Sequence[str], body: bytes, *, message_id: str, at: datetime) -> dict[str, str]:
    """Return the three headers of a message, signed with each of the secrets given."""
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(_seconds(at)),
        SIGNATURE_HEADER: " ".join(sign(secret, body, message_id=message_id, at=at) for secret in given),
    }


def verify(
    given: Sequence[str],
    body: bytes,
    *,
    headers: Mapping[str, str],
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> str | Refusal:
    """Return the id of a message that one of the secrets signed within the tolerance, or why it is not believed.

    Header names are matched whatever their case. Every signature is compared with every secret, in constant time:
    how long it takes says nothing of which fits. An id never has a full stop, which would blur where it ends.
    """
    stated = {name.lower(): value for name, value in headers.items()}
    message_id = stated.get(ID_HEADER, "")
    timestamp = stated.get(TIMESTAMP_HEADER, "")
    if not 0 < len(message_id) <= _ID_LENGTH_MAX or "." in message_id:
        return SignatureMissing(header=ID_HEADER)
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _DIGITS_MAX):
        return SignatureMissing(header=TIMESTAMP_HEADER)
    signatures = _signatures(stated.get(SIGNATURE_HEADER, ""))
    if not signatures:
        return SignatureMissing(header=SIGNATURE_HEADER)
    digests = [_digest(_key(secret), message_id, timestamp, body) for secret in given]
    fits = [hmac.compare_digest(digest, signature) for digest in digests for signature in signatures]
    if not any(fits):
        return SignatureWrong()
    if abs(_seconds(now) - int(timestamp)) > tolerance.total_seconds():
        return SignatureStale(minutes=int(tolerance.total_seconds() // 60))
    return message_id


def _digest(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    said = f"{message_id}.{timestamp}.".encode(errors="backslashreplace") + body
    return hmac.digest(key, said, hashlib.sha256)


def _key(secret: str) -> bytes:
    """Return the key in a secret; padding may be left out."""
    text = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a secret of webhooks is whsec_ and base64") from error
    if len(key) < _SECRET_BYTES_MIN:
        raise ValueError(f"a secret of webhooks has at least {_SECRET_BYTES_MIN} bytes")
    return key


def _signatures(header: str) -> list[bytes]:
    """Return the signatures of the version we know; others, and what is no base64, are passed over."""
    found: list[bytes] = []
    for one in header.split(" ")[:_SIGNATURES_MAX]:
        if one.startswith(_VERSION):
            try:
                found.append(base64.b64decode(one.removeprefix(_VERSION), validate=True))
            except (binascii.Error, ValueError):
                continue
    return found


def _seconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
