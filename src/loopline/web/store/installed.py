"""The pages of stores as an app on a phone's home screen: its name, its icons, and where it opens."""

from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromQuery

from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import languages
from loopline.web.pages import static_url

MANIFEST = "/store/app.webmanifest"
_START = "/store"
# All of the site, not `/store` alone: who signs in, or looks at what was earned, stays in the app.
_SCOPE = "/"
_GROUND = "#f6f7f6"  # `--loop-page`, by day
_BAR = "#ffffff"  # `--loop-card`, by day
_ICONS = (
    ("icons/any-192.png", "192x192", "image/png", "any"),
    ("icons/any-512.png", "512x512", "image/png", "any"),
    ("icons/maskable-512.png", "512x512", "image/png", "maskable"),
    ("loopline.svg", "any", "image/svg+xml", "any"),
)


@get(MANIFEST, sync_to_thread=False)
def tell_app(request: WebRequest, language: FromQuery[str] = "") -> Response[bytes]:
    """Tell a phone what it installs (W3C Web Application Manifest), in the language of the page that names it.

    Browsers ask for it without cookies, so the page says the language in the address.
    """
    reader = languages().get(language) or language_of(request)
    manifest: dict[str, Any] = {
        "id": _START,
        "name": reader.say("Loopline store"),
        "short_name": reader.called("环线 Loopline"),
        "lang": reader.tag,
        "start_url": _START,
        "scope": _SCOPE,
        "display": "standalone",
        "background_color": _GROUND,
        "theme_color": _BAR,
        "icons": [
            {"src": static_url(name), "sizes": sizes, "type": kind, "purpose": purpose}
            for name, sizes, kind, purpose in _ICONS
        ],
    }
    return Response(
        msgspec.json.encode(manifest),
        media_type="application/manifest+json",
        headers={"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"},
    )
