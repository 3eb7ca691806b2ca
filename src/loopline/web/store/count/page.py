"""The page of a count, the shell of it that opens without a network, and the scripts of both.

The shell names nobody and holds no data; what a phone must know to count alone it keeps by itself.
"""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import marked
from loopline.web.pages import page
from loopline.web.store.count.place import COUNTING
from loopline.web.store.desk import Desk
from loopline.web.store.scripts import Scripts

_PATH = "/store/count"
_SCRIPTS = Scripts(_PATH, "count")

# What the scripts say; fields are filled in there.
WORDS = {
    "unknown": marked("{code} is not known here. Nothing was counted."),
    "unknown_codes": marked("Not known here: {codes}"),
    "no_codes": marked("Type the codes that are to be counted."),
    "not_listed": marked("Counted, though it is not on the list."),
    "not_kept": marked("This device could not keep it, and it was not counted. Try again."),
    "undone": marked("Taken back: {name}"),
    "so_many": marked("{name}: {count} counted. Type another number"),
    "more": marked("and {count} more"),
    "left": marked("{count} of {all} still to count"),
    "none_there": marked("None there"),
    "by": marked("counted by {name}"),
    "unsent": marked("{count} not yet sent"),
    "all_sent": marked("All sent"),
    "skus": marked("{count} SKUs"),
    "going": marked("A count"),
    "of_scanned": marked("Whatever is scanned"),
    "of_list": marked("A list of {count}"),
    "of_asked": marked("{count} asked to be counted"),
    "go_on": marked("Go on counting"),
    "review": marked("Look through it"),
    "needs_network": marked("Going on with a count from another phone needs the network once."),
    "finish_later": marked("Not all of it is with the server yet. It is kept here: finish when it is sent."),
    "stands_offline": marked("There is no network. What is counted is kept here and sent by itself."),
    "stands_signed-out": marked("Sign in to send what was counted."),
    "stands_later": marked("The server takes nothing just now. What is counted is sent again by itself."),
    "stands_stuck": marked(
        "Some of it is refused: see below why, or let somebody of that store sign in here."
    ),
}


@get(_PATH, dependencies=COUNTING, sync_to_thread=True)
def show_count(request: WebRequest, counting: NamedDependency[Desk]) -> Template:
    """Show the count to whoever does the tasks of a site."""
    return _page(request, visitor=counting.visitor, desk=counting)


@get("/store/count/shell", sync_to_thread=False)
def show_count_shell(request: WebRequest) -> Template:
    """Show the count as a browser keeps it for when there is no network: the same page, of nobody."""
    return _page(request, desk=None, form_token="")


def _page(request: WebRequest, **context: Any) -> Template:
    words = {name: language_of(request).say(sentence) for name, sentence in WORDS.items()}
    return page(
        request,
        "store/count.html",
        here=_PATH,
        mark=_SCRIPTS.mark,
        scripts=_SCRIPTS.addresses(),
        words=words,
        **context,
    )


@get("/store/count/code/{mark:str}/{name:str}", sync_to_thread=False)
def show_count_script(mark: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Give a script of the count."""
    return _SCRIPTS.give(mark, name)


@get("/store/count/worker.js", sync_to_thread=False)
def show_count_worker() -> Response[bytes]:
    """Give the service worker of the count."""
    return _SCRIPTS.worker()


COUNT_PAGES = [show_count, show_count_shell, show_count_script, show_count_worker]
