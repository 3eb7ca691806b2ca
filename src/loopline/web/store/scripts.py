"""Scripts of pages that open without a network, the worker that opens them, and the address they all lie under.

The scripts import one another, and browsers keep scripts for good: all of a page's lie under one address that changes
with any of them, those it shares with other pages too.
"""

import hashlib
from functools import cached_property
from pathlib import Path

from litestar import Response
from litestar.exceptions import NotFoundException

from loopline.web.pages import STATIC

_SHARED = STATIC / "kept"
_WORKER = "worker.js"
_JAVASCRIPT = "text/javascript; charset=utf-8"
_YEAR_SECONDS = 365 * 24 * 3600


class Scripts:
    """The scripts of the page at a path: those in its own folder of `static`, and the shared ones."""

    def __init__(self, path: str, folder: str) -> None:
        self._path = path
        self._folder = STATIC / folder

    @cached_property
    def _files(self) -> dict[str, Path]:
        shared = [path for path in _SHARED.glob("*.js") if path.name != _WORKER]
        return {path.name: path for path in sorted([*shared, *self._folder.glob("*.js")])}

    @cached_property
    def mark(self) -> str:
        """What changes when any of the scripts does."""
        digest = hashlib.sha256()
        for name, path in self._files.items():
            digest.update(name.encode() + path.read_bytes())
        return digest.hexdigest()[:12]

    def addresses(self) -> list[str]:
        """Return where the page loads its scripts from."""
        return [f"{self._path}/code/{self.mark}/{name}" for name in self._files]

    def give(self, mark: str, name: str) -> Response[bytes]:
        """Give a script; one asked for under an older mark is not kept."""
        if name not in self._files:
            raise NotFoundException
        kept = f"public, max-age={_YEAR_SECONDS}, immutable" if mark == self.mark else "no-store"
        return Response(
            self._files[name].read_bytes(), media_type=_JAVASCRIPT, headers={"Cache-Control": kept}
        )

    def worker(self) -> Response[bytes]:
        """Give the service worker of the page, which may act for this page and no other."""
        return Response(
            (_SHARED / _WORKER).read_bytes(),
            media_type=_JAVASCRIPT,
            headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": self._path},
        )
