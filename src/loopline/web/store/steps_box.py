"""What a page of a store needs that keeps tasks on its phone, and sends the steps that wait there."""

from typing import Any

from loopline.web.languages import Language, marked
from loopline.web.store.desk import STORE
from loopline.web.store.photos import photo_scripts
from loopline.web.store.scripts import Scripts
from loopline.web.store.words import STATE_WORDS

STEP_SCRIPTS = Scripts(STORE, "tasks")
_WORDS = {
    "unsent": marked("{count} not yet sent"),
    "stands_offline": marked("There is no network. What you do is kept here and sent by itself."),
    "stands_signed-out": marked("Sign in to send what was done here."),
    "stands_later": marked("The server takes nothing just now. What was done is sent again by itself."),
    "refused": marked("{number}: {step} was not taken in. {reason}"),
    "discard": marked("Throw away what waits of this task"),
    "not_kept": marked("This device could not keep it. Try again."),
    "look_first": marked("Look at every point of the list, and tick it."),
    "tick_first": marked("Tick everything first, or say below what cannot be sent."),
    "rest_later": marked(
        "Kept on this phone. It is sent as soon as there is a network, and the task goes on then."
    ),
    "kept_note": marked("Without a network: addresses and labels come when it is back."),
    "to_today": marked("Today"),
    "step_accept": marked("Accept"),
    "step_pick": marked("Start picking"),
    "step_check": marked("All there, all well"),
    "step_pack": marked("Packed and labelled"),
    "step_hand-over": marked("Given to the carrier"),
    "step_refuse": marked("Give it back"),
}


def steps_box_of(language: Language) -> dict[str, Any]:
    """What a page needs that keeps tasks, and sends what waits of them."""
    states = {f"state_{one.value}": word for one, word in STATE_WORDS.items()}
    return {
        "scripts": STEP_SCRIPTS.addresses(),
        "mark": STEP_SCRIPTS.mark,
        "photos": next(one for one in photo_scripts() if one.endswith("/photos.js")),
        "photo_scripts": photo_scripts(),
        "words": {name: language.say(sentence) for name, sentence in {**_WORDS, **states}.items()},
    }
