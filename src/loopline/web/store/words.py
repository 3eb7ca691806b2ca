"""What stores read: words for states, reasons and refusals, and the few ways to write goods, times and money."""

from collections.abc import Mapping

from loopline.catalogue import Sku
from loopline.fulfilment.calls import CallIsOver, ClaimedByAnother, UnknownCall
from loopline.fulfilment.model import RefusalReason, TaskKind, TaskState
from loopline.fulfilment.rules import (
    CountIsNotTheTask,
    DeadlineIsPast,
    PhotoIsMissing,
    SiteIsFull,
    SiteTakesNoTasks,
    TakenByOther,
    UnknownCode,
    WrongState,
)
from loopline.fulfilment.withdrawals import CountMisplaced, NotSoManyLeft
from loopline.kernel.cities import CITIES
from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.processes.claim import GoodsAreGone, NotEquipped
from loopline.processes.collecting import PaperNeeded, ProofNeeded, ProofNotTheirs
from loopline.web.languages import Language, marked

_GOODS_NAMED_MAX = 2
STATE_WORDS: dict[TaskState, str] = {
    TaskState.OFFERED: marked("Offered"),
    TaskState.ACCEPTED: marked("Accepted"),
    TaskState.PICKING: marked("Picking"),
    TaskState.CHECKED: marked("Checked"),
    TaskState.PACKED: marked("Packed"),
    TaskState.HANDED_OVER: marked("Handed over"),
    TaskState.REFUSED: marked("Refused"),
    TaskState.LAPSED: marked("Lapsed"),
    TaskState.CANCELLED: marked("Cancelled"),
    TaskState.NOT_COLLECTED: marked("Not collected"),
}
KIND_WORDS: dict[TaskKind, str] = {
    TaskKind.DELIVER: marked("Send to the customer"),
    TaskKind.COLLECT: marked("Customer collects here"),
}
NEXT_WORDS: dict[TaskState, str] = {
    TaskState.ACCEPTED: marked("Go and pick"),
    TaskState.PICKING: marked("Go on picking"),
    TaskState.CHECKED: marked("Go and pack"),
    TaskState.PACKED: marked("Hand it over"),
}
REASON_WORDS: dict[RefusalReason, str] = {
    RefusalReason.NOT_FOUND: marked("Not found"),
    RefusalReason.DAMAGED: marked("Damaged"),
    RefusalReason.DISPLAY_WORN: marked("Worn by display"),
    RefusalReason.COUNT_DIFFERS: marked("Fewer there than the system says"),
    RefusalReason.NO_CAPACITY: marked("No time today"),
}
# What the room says to machines, said to somebody who packs.
_PLAINER: dict[type[Refusal], str] = {
    WrongState: marked("That was done or changed meanwhile. This is how the task stands now."),
    TakenByOther: marked("A colleague took it first."),
    DeadlineIsPast: marked("The time to accept ran out. The work goes to another site."),
    CountIsNotTheTask: marked("Not everything is ticked. Tick what you have, or say below what is missing."),
    PhotoIsMissing: marked(
        "A photo of the goods is needed before they leave. Take it on the task's page, or say there why there is none."
    ),
    NotSoManyLeft: marked("So many units are not in this task. Nothing was changed."),
    CountMisplaced: marked("Say how many units of it there really are."),
    NotInYourBranch: marked("This task belongs to another branch than yours."),
    ClaimedByAnother: marked("Another store was quicker. Nothing was booked for yours."),
    CallIsOver: marked("That is over: nobody can claim it any more. Nothing was booked for your store."),
    UnknownCall: marked("Your store was not asked for that."),
    GoodsAreGone: marked(
        "Your store no longer has all of it, so it stays open to the others. Does the shelf agree?"
    ),
    NotEquipped: marked(
        "Your store is not declared as able to send goods so cold, so it stays open to the others. If it is, tell HQ."
    ),
    SiteIsFull: marked("Your store has no place left today. Another store can still claim it."),
    SiteTakesNoTasks: marked("Nobody set how many tasks this site takes, so it cannot claim any."),
    UnknownCode: marked("No parcel waits here for that code. Look at the characters again."),
    ProofNeeded: marked(
        "Ask for the last four digits of the phone it was ordered with, or for the member code."
    ),
    PaperNeeded: marked("Look at a paper with the customer's name, and tick that you did."),
    ProofNotTheirs: marked(
        "That is not of whoever ordered it. A member code counts for a minute or two: ask for the one shown now."
    ),
}


_TAKEN_BACK = marked(
    "This work was taken back: it was called off, or goes from another site. Put its goods back: none may leave."
)
"""Somebody without a network may have gone on with it: what is in their hands is nobody's now."""


def refusal_words(refusal: Refusal, language: Language) -> str:
    """Say a refusal to whoever stands in the store."""
    if isinstance(refusal, WrongState) and refusal.state is TaskState.CANCELLED:
        return language.say(_TAKEN_BACK)
    plainer = _PLAINER.get(type(refusal))
    return language.say(plainer) if plainer else language.refusal(refusal)


def goods_named(units: Mapping[SkuId, int], skus: Mapping[SkuId, Sku], language: Language) -> str:
    """Write the first goods of a parcel with their units, and how many more kinds there are."""
    named = [
        f"{language.called(skus[sku_id].name) if sku_id in skus else '?'} ×{language.count(count)}"
        for sku_id, count in list(units.items())[:_GOODS_NAMED_MAX]
    ]
    more = len(units) - len(named)
    return " · ".join([*named, language.say("and {count} more", count=more)] if more else named)


def variety(sku: Sku) -> str:
    """Write what tells a SKU from its sisters where its name does not: colour, size and the like."""
    return " · ".join(value for value in sku.attributes.values() if value and value not in sku.name)


def gtin_as_printed(gtin: str | None) -> str:
    """Write a GTIN as it stands under the bars: thirteen digits, where the fourteenth is a leading zero."""
    return "" if gtin is None else gtin.removeprefix("0")


def city_near(place: Coordinates | None, language: Language) -> str:
    """Return the city a place lies in or near; empty for no place."""
    if place is None:
        return ""
    nearest = min(CITIES, key=lambda city: great_circle_kilometres(city.coordinates, place))
    return nearest.chinese if language.code == "zh" else nearest.english
