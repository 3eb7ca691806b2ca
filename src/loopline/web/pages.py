"""Pages: one Jinja environment, strict about names, escaping everything; assets named by their content."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.response import Template
from litestar.template.base import csrf_token

from loopline.web.edge import language_of
from loopline.web.languages import languages
from loopline.web.navigation import entries_of, groups_of, may_find
from loopline.web.paths import HOME, SIGN_IN, safe_path

HERE = Path(__file__).parent
STATIC = HERE / "static"
STATIC_PATH = "/static"
FORM_COOKIE = "loopline_form"


@lru_cache(maxsize=128)
def static_url(name: str) -> str:
    """Return the address of an asset; another content is another address, so that browsers may keep it for good."""
    path = STATIC / name
    if not path.is_file():
        return f"{STATIC_PATH}/{name}"
    mark = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return f"{STATIC_PATH}/{name}?v={mark}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the environment of all pages."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static_url"] = static_url
    return made


def page(request: Request[Any, Any, Any], template: str, *, status: int = 200, **context: Any) -> Template:
    """Answer with a page in the language the request wants."""
    language = language_of(request)
    query = f"?{request.url.query}" if request.url.query else ""
    navigation = entries_of(context.get("visitor"))
    return Template(
        template,
        status_code=status,
        headers={"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"},
        context={
            "language": language,
            "languages": list(languages().values()),
            "say": language.say,
            "called": language.called,
            "form_token": form_token(request),
            "here": safe_path(request.url.path + query),
            "visitor": None,
            "navigation": navigation,
            "bar_groups": groups_of(navigation),
            "bar_finds": may_find(context.get("visitor")),
            **context,
        },
    )


def form_token(request: Request[Any, Any, Any]) -> str:
    """Return the token that forms carry: the request's, or, where no route was found to make one, the browser's."""
    return csrf_token({"request": request}) or request.cookies.get(FORM_COOKIE, "")


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell whether a page is the right answer: to a browser, and to whoever takes anything where there is a page."""
    if request.url.path.startswith("/api/"):
        return False
    accepted = request.headers.get("accept", "*/*")
    return "text/html" in accepted or ("*/*" in accepted and request.url.path in {"/", HOME, SIGN_IN})
