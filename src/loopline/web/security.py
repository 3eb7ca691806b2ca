"""What every answer tells the browser not to do."""

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from loopline.web.edge import Edge
from loopline.web.settings import WebSettings

# Nothing from elsewhere, no script written into a page, no framing. Styles may be set by scripts of ours (charts), not
# by attributes in a page; pictures may be data, because Tabler draws its marks so.
_CONTENT = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _CONTENT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Pages of stores may look with the camera, and read what it sees by a program of ours that is compiled in the browser.
_SCANNING = {
    "Content-Security-Policy": f"{_CONTENT}; script-src 'self' 'wasm-unsafe-eval'",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
_SCANNING_PATHS = "/store"
# A product's page may ask where somebody is, when they press for it.
_FINDING = {"Permissions-Policy": "camera=(), geolocation=(self), microphone=()"}
_FINDING_PATHS = "/p/"
_ONE_YEAR_OF_HTTPS = "max-age=31536000"


def security_headers(settings: WebSettings, path: str = "") -> dict[str, str]:
    """Return the headers of an answer at a path."""
    headers = HEADERS | _SCANNING if path.startswith(_SCANNING_PATHS) else HEADERS
    headers = headers | _FINDING if path.startswith(_FINDING_PATHS) else headers
    return headers | {"Strict-Transport-Security": _ONE_YEAR_OF_HTTPS} if settings.is_secure else headers


async def protect(message: Message, scope: Scope) -> None:
    """Put the headers on an answer as it leaves, errors included."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    edge = scope["litestar_app"].state["edge"]
    assert isinstance(edge, Edge)
    for name, value in security_headers(edge.settings, str(scope["path"])).items():
        headers[name] = value
