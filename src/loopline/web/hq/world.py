"""How the demo's made-up world comes along, while its first morning is still being made: a line above the board."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline.web.api.answers import read
from loopline.web.edge import Visitor, WebRequest, edge_of
from loopline.web.pages import page

WORLD_PATH = "/hq/world"
# What tells HTMX to ask no more.
_STOP_POLLING = 286
_BEGINNING = frozenset({"", "opening", "morning"})


@get(WORLD_PATH, sync_to_thread=True)
def tell_world(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:  # noqa: ARG001 - for those inside
    """Tell how far the made-up world is; nothing, and never again, once its day goes on."""
    demo = edge_of(request).settings.demo
    ask = demo.progress if demo else None
    progress = read(request, lambda conn, _now: ask(conn)) if ask else None
    is_beginning = ask is not None and (progress is None or progress.stage in _BEGINNING)
    return page(
        request,
        "hq/world.html",
        status=200 if is_beginning else _STOP_POLLING,
        progress=progress,
        is_beginning=is_beginning,
    )
