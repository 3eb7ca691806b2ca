"""Paths that pages lead to, and which of the paths a browser hands us may be followed."""

from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from litestar import Request

HOME = "/hq/board"
SIGN_IN = "/sign-in"
ENTRIES = "/hq/entries"


def safe_path(stated: str | None) -> str:
    """Return a path of ours from what a browser sent; the home page for anything that would lead elsewhere."""
    if not stated or not stated.startswith("/") or stated.startswith("//") or "\\" in stated:
        return HOME
    parts = urlsplit(stated)
    return stated if not parts.scheme and not parts.netloc and stated.isprintable() else HOME


def sign_in_path(request: Request[Any, Any, Any]) -> str:
    """Return the path of the sign-in page that leads back to where somebody wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return SIGN_IN if wanted in {"/", HOME} else f"{SIGN_IN}?next={quote(wanted, safe='')}"


def entry_path(entry_id: UUID | None) -> str:
    """Return where an entry of the books is shown; empty where there is none."""
    return f"{ENTRIES}/{entry_id}" if entry_id is not None else ""
