"""How calls to Aliyun are signed: ACS3-HMAC-SHA256 over method, path, query, headers and the hash of the body."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed of a call. `headers` are those that are signed, by their names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body_hash: str = EMPTY_HASH


def canonical_query(query: Mapping[str, str]) -> str:
    """Return parameters in the order of their names, every sign but letters, digits and `-_.~` escaped."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))


def signature(call: Call, *, secret: str) -> str:
    """Return the signature of a call, in hexadecimal digits."""
    names = sorted(call.headers)
    canonical = "\n".join(
        (
            call.method,
            call.path,
            canonical_query(call.query),
            *(f"{name}:{call.headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            call.body_hash,
        )
    )
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def authorization(call: Call, *, key_id: str, secret: str) -> str:
    """Return the `Authorization` header of a call."""
    signed = ";".join(sorted(call.headers))
    return (
        f"{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature(call, secret=secret)}"
    )
