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
_ONE_YEAR_OF_HTTPS = "max-age=31536000"


def security_headers(settings: WebSettings) -> dict[str, str]:
    """Return the headers that every answer has."""
    return HEADERS | {"Strict-Transport-Security": _ONE_YEAR_OF_HTTPS} if settings.is_secure else HEADERS


async def protect(message: Message, scope: Scope) -> None:
    """Put the headers on an answer as it leaves, errors included."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    edge = scope["litestar_app"].state["edge"]
    assert isinstance(edge, Edge)
    for name, value in security_headers(edge.settings).items():
        headers[name] = value
