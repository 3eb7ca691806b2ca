"""What a page says of what was done just now: in the address it is led to, and sealed there.

A form is answered by leading the browser on, and the page it comes to says what became of the form. The words travel in
the address, so that reloading, going back and several tabs work as everywhere; the seal binds the whole query to the
page and to the session that was told. Words that somebody else put into an address, or that another person was told,
are not shown, and fill no field.
"""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec
from litestar import Request
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.web.edge import SESSION_COOKIE, edge_of

_SEAL = "seal"
_SEAL_BYTES = 12


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the address tells: what was done, what was refused, and `also` what was typed or is counted.

    All of it is empty where the address is not as we wrote it.
    """

    done: str = ""
    problem: str = ""
    also: Mapping[str, str] = {}


def telling(request: Request[Any, Any, Any], link: str, **words: str) -> Redirect:
    """Lead to a page of ours with what it is to say, if anything; `link` may have a query of its own."""
    path, _, query = link.partition("?")
    if not words:
        return Redirect(link, status_code=HTTP_303_SEE_OTHER)
    kept = [one for one in parse_qsl(query, keep_blank_values=True) if one[0] not in {_SEAL, *words}]
    pairs = [*kept, *words.items()]
    sealed = [*pairs, (_SEAL, _seal(request, path, pairs))]
    return Redirect(f"{path}?{urlencode(sealed)}", status_code=HTTP_303_SEE_OTHER)


def told(request: Request[Any, Any, Any]) -> Told:
    """Return what the address tells this page, if we wrote it for this session."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    sealed = [one for one in pairs if one[0] != _SEAL]
    seals = [value for name, value in pairs if name == _SEAL]
    if len(seals) != 1 or not hmac.compare_digest(
        seals[0].encode(), _seal(request, request.url.path, sealed).encode()
    ):
        return Told()
    words = dict(sealed)
    return Told(done=words.pop("done", ""), problem=words.pop("problem", ""), also=words)


def _seal(request: Request[Any, Any, Any], path: str, pairs: list[tuple[str, str]]) -> str:
    said = msgspec.json.encode((request.cookies.get(SESSION_COOKIE, ""), unquote(path), pairs))
    mark = hmac.digest(edge_of(request).settings.secret.encode(), b"notice\0" + said, "sha256")
    return mark[:_SEAL_BYTES].hex()
