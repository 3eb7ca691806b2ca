"""HTML set as pages to print (PDF). What data says is text: nothing of it is run or fetched."""

from base64 import b64decode
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from loopline.kernel.refusals import Refused
from loopline.statements.model import PagesCannotBeMade

_PICTURES = {"data:image/png", "data:image/svg+xml"}
_logger = structlog.get_logger(__name__)


def set_pages(html: str) -> bytes:
    """Set HTML as pages. Raises Refused where the machine lacks what sets them."""
    pages: Callable[..., bytes] = _setter().HTML(string=html, url_fetcher=_fetches_nothing).write_pdf
    return pages()


def want_pages() -> None:
    """Raise Refused where the machine lacks what sets pages: before anything is opened or counted for them."""
    _setter()


def _setter() -> Any:
    try:
        # Loaded by name where it is needed: it takes half a second, and libraries that a machine may lack.
        return import_module("weasyprint")
    except OSError as problem:
        _logger.warning("pages_cannot_be_made", problem=str(problem))
        raise Refused(PagesCannotBeMade()) from problem


def _fetches_nothing(url: str, *_: Any, **__: Any) -> Any:
    head, *rest = url.split(";base64,", 1)
    if rest and head in _PICTURES:  # it stands in the page itself
        return import_module("weasyprint.urls").URLFetcherResponse(
            url, b64decode(rest[0], validate=True), {"Content-Type": head.removeprefix("data:")}
        )
    raise ValueError(f"a page to print fetches nothing, and not {url[:100]}")
