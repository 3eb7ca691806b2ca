"""How calls to Nuonuo are signed: HMAC-SHA1 over the path, who calls, when, and the body byte for byte."""

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed of a call: `senid` names it once, `timestamp` is in seconds."""

    app_key: str
    senid: str
    nonce: str
    timestamp: str
    content: bytes


def signature(call: Call, *, secret: str, url: str) -> str:
    """Return `X-Nuonuo-Sign`. The path `/open/v1/services` is spelt `a=services&l=v1&p=open`."""
    place, level, action = urlsplit(url).path.strip("/").split("/")[-3:]
    head = (
        f"a={action}&l={level}&p={place}&k={call.app_key}&i={call.senid}&n={call.nonce}&t={call.timestamp}&f="
    )
    signed = hmac.new(secret.encode(), head.encode() + call.content, hashlib.sha1).digest()
    return base64.b64encode(signed).decode()
