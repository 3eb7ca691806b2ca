"""The platform's side of API v3: it checks what the merchant signed, signs what it says, and seals what it tells."""

import base64
import os
import re
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from loopline.channels.sandbox_wechat.settings import SandboxKeys

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_FRESH_SECONDS = 300
_PART = re.compile(r'(\w+)="([^"]*)"')
_NONCE_BYTES = 6


class Signing:
    """Knows the keys of both sides."""

    def __init__(self, keys: SandboxKeys) -> None:
        self._keys = keys
        merchant = load_pem_public_key(keys.merchant_public.encode())
        platform = load_pem_private_key(keys.platform_private.encode(), password=None)
        assert isinstance(merchant, rsa.RSAPublicKey)
        assert isinstance(platform, rsa.RSAPrivateKey)
        self._merchant, self._platform = merchant, platform

    def fault_of(
        self, authorization: str, *, method: str, path: str, body: bytes, at_seconds: float
    ) -> str | None:
        """Return what is wrong with a call's signature, None where nothing is. `path` holds the query, too."""
        scheme, _, rest = authorization.partition(" ")
        said = dict(_PART.findall(rest))
        if (
            scheme != SCHEME
            or not {"mchid", "nonce_str", "signature", "timestamp", "serial_no"} <= said.keys()
        ):
            return "no signature of API v3"
        if (said["mchid"], said["serial_no"]) != (self._keys.mchid, self._keys.serial):
            return "another merchant or certificate"
        if not said["timestamp"].isdigit() or abs(at_seconds - int(said["timestamp"])) > _FRESH_SECONDS:
            return "stale"
        signed = f"{method}\n{path}\n{said['timestamp']}\n{said['nonce_str']}\n".encode() + body + b"\n"
        try:
            signature = base64.b64decode(said["signature"], validate=True)
            self._merchant.verify(signature, signed, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return "the signature is wrong"
        return None

    def headers(self, body: bytes, *, at: datetime) -> dict[str, str]:
        """Sign what the platform says."""
        timestamp, nonce = str(int(at.timestamp())), os.urandom(16).hex()
        signed = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self._platform.sign(signed, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self._keys.platform_key_id,
            "Wechatpay-Signature-Type": SCHEME,
        }

    def opened(self, text: str) -> str | None:
        """Open a name that was encrypted for the platform; None where it was not."""
        try:
            return self._platform.decrypt(
                base64.b64decode(text, validate=True),
                OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None),  # noqa: S303 - the real protocol's own
            ).decode()
        except ValueError:
            return None

    def sealed(self, event_type: str, resource: bytes, *, notice_id: str, at: datetime) -> bytes:
        """Make the body of a notification: its resource sealed with the merchant's key of API v3."""
        nonce = os.urandom(_NONCE_BYTES).hex()
        about = "profitsharing" if "TRANSACTION" in event_type else "mch_payment"
        sealed = AESGCM(self._keys.apiv3_key.encode()).encrypt(nonce.encode(), resource, about.encode())
        return msgspec.json.encode(
            {
                "id": notice_id,
                "create_time": at.isoformat(timespec="seconds"),
                "resource_type": "encrypt-resource",
                "event_type": event_type,
                "summary": "分账" if about == "profitsharing" else "商家转账批次完成",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "original_type": about,
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "nonce": nonce,
                    "associated_data": about,
                },
            }
        )
