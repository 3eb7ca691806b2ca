"""What a page says of what was done just now: in the address it is led to, and sealed there.

A form is answered by leading the browser on, and the page it comes to says what became of the form. The words travel in
the address, so that reloading, going back and several tabs work as everywhere; the seal binds the whole query to the
page and to the session that was told. Words that somebody else put into an address, or that another person was told,
are not shown, and fill no field.
"""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote, urlencode

import msgspec
from litestar import Request
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.web.edge import SESSION_COOKIE, edge_of

_SEAL = "seal"
_SEAL_BYTES = 12
_SENTENCES = frozenset({"done", "problem"})
_ADDRESS_MOST = 6_000
"""Proxies take headers and lines of eight kibibytes: what was typed is not worth an answer that nobody gets."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the address tells: what was done, what was refused, and `also` what was typed or is counted.

    All of it is empty where the address is not as we wrote it.
    """

    done: str = ""
    problem: str = ""
    also: Mapping[str, str] = {}


def telling(request: Request[Any, Any, Any], link: str, /, **words: str) -> Redirect:
    """Lead to a page of ours with what it is to say, if anything; `link` may have a query of its own.

    No sentence of that query is sealed: it may be anybody's. Of words too long for an address the longest that were
    typed are left out.
    """
    path, _, query = link.partition("?")
    if not words:
        return Redirect(link, status_code=HTTP_303_SEE_OTHER)
    ours = {_SEAL, *_SENTENCES, *words}
    kept = [one for one in parse_qsl(query, keep_blank_values=True) if one[0] not in ours]
    pairs = [*kept, *_fitting(words)]
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


def _fitting(words: Mapping[str, str]) -> list[tuple[str, str]]:
    sizes = {name: len(quote_plus(value)) for name, value in words.items() if name != _SEAL}
    while sum(sizes.values()) > _ADDRESS_MOST and (typed := sizes.keys() - _SENTENCES):
        del sizes[max(typed, key=sizes.__getitem__)]
    return [(name, words[name]) for name in sizes]


def _seal(request: Request[Any, Any, Any], path: str, pairs: list[tuple[str, str]]) -> str:
    said = msgspec.json.encode((request.cookies.get(SESSION_COOKIE, ""), unquote(path), pairs))
    mark = hmac.digest(edge_of(request).settings.secret.encode(), b"notice\0" + said, "sha256")
    return mark[:_SEAL_BYTES].hex()
