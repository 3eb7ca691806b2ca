"""The page of a round, as the server gives it and as the browser keeps it for when there is no network."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline.fulfilment.model import RefusalReason
from loopline.fulfilment.rounds import MissingReason
from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import marked
from loopline.web.pages import page
from loopline.web.store.desk import Desk
from loopline.web.store.round.place import PICKING
from loopline.web.store.round.told import ROUND, TASKS_MAX
from loopline.web.store.scripts import Scripts
from loopline.web.store.words import REASON_WORDS

_SCRIPTS = Scripts(ROUND, "round")
_SIZES = (5, 10, 15, TASKS_MAX)
_USUAL_SIZE = 10

# What the scripts say; fields are filled in there.
WORDS = {
    "unknown": marked("{code} is not in this round"),
    "enough": marked("{name}: all units are in their boxes already"),
    "into": marked("Into box {box}"),
    "box": marked("Box {box}"),
    "not_kept": marked("This device could not keep it. Try again."),
    "no_place": marked("No shelf is kept"),
    "units": marked("{boxed} of {count}"),
    "fragile": marked("Fragile"),
    "lots": marked("batch {lot}"),
    "take_out": marked("Take {count} × {name} out of box {box}: no longer wanted there"),
    "taken_out": marked("Taken out"),
    "taken_back": marked("Out of box {box} again: {name}"),
    "missing_of": marked("{name}: how many units cannot be sent?"),
    "short": marked("Box {boxes} goes short. The units are looked for at another site."),
    "all_in": marked("All fetched. Check and pack box by box."),
    "all_checked": marked("All checked. Print the labels, pack, and give them to the carrier."),
    "check": marked("Check and pack"),
    "look": marked("Look at it"),
    "complete": marked("complete"),
    "leaves_by": marked("leaves by {moment}"),
    "waiting": marked("{count} tasks wait to be picked together"),
    "one_waiting": marked("One task waits to be picked"),
    "none_waiting": marked("Nothing waits to be picked"),
    "began": marked("begun {moment}"),
    "take_over": marked("Take it over"),
    "hand_over": marked("{count} parcels given to the carrier"),
    "unsent": marked("{count} not yet sent"),
    "all_sent": marked("All sent"),
    "needs_network": marked("That needs the network. Try again when there is one."),
    "stands_offline": marked("There is no network. What you scan is kept here and sent by itself."),
    "stands_signed-out": marked("Sign in to send what was scanned."),
    "stands_later": marked("The server takes nothing just now. What you scan is sent again by itself."),
    "stands_stuck": marked("The server refuses what this phone says of the round. Ask the manager to look."),
}


@get(ROUND, dependencies=PICKING, sync_to_thread=True)
def show_round(request: WebRequest, picking: NamedDependency[Desk]) -> Template:
    """Show the round to whoever does the tasks of a site."""
    return _page(request, visitor=picking.visitor, desk=picking)


@get("/store/round/shell", sync_to_thread=False)
def show_round_shell(request: WebRequest) -> Template:
    """Show the round as a browser keeps it for when there is no network: the same page, of nobody."""
    return _page(request, desk=None, form_token="")


def _page(request: WebRequest, **context: Any) -> Template:
    language = language_of(request)
    return page(
        request,
        "store/round.html",
        here=ROUND,
        mark=_SCRIPTS.mark,
        scripts=_SCRIPTS.addresses(),
        words={name: language.say(sentence) for name, sentence in WORDS.items()},
        sizes=_SIZES,
        usual_size=_USUAL_SIZE,
        reasons=[(one.value, language.say(REASON_WORDS[RefusalReason(one.value)])) for one in MissingReason],
        **context,
    )


@get("/store/round/code/{mark:str}/{name:str}", sync_to_thread=False)
def show_round_script(mark: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Give a script of the round."""
    return _SCRIPTS.give(mark, name)


@get("/store/round/worker.js", sync_to_thread=False)
def show_round_worker() -> Response[bytes]:
    """Give the service worker of the round."""
    return _SCRIPTS.worker()


ROUND_PAGES = [show_round, show_round_shell, show_round_script, show_round_worker]
