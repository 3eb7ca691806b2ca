"""Words for prices that were changed at tills: why, and whether that was allowed."""

from collections.abc import Mapping

from loopline.kernel.ids import PersonId
from loopline.orders.price_changes import NewPriceChange, PriceReason, PriceStanding
from loopline.web.languages import Language, marked

REASON_WORDS: Mapping[PriceReason, str] = {
    PriceReason.DAMAGED: marked("A flaw"),
    PriceReason.LAST_PIECE: marked("The last piece"),
    PriceReason.WRONG_LABEL: marked("The label says less"),
    PriceReason.GOODWILL: marked("Goodwill"),
    PriceReason.LARGE_SALE: marked("A large sale"),
    PriceReason.NOT_IN_BOOK: marked("The till knew no price"),
}
CHOOSABLE = tuple(one for one in PriceReason if one is not PriceReason.NOT_IN_BOOK)
"""Reasons that somebody at a till chooses; the other one is the till's own."""
STANDING_WORDS: Mapping[PriceStanding, str] = {
    PriceStanding.ALONE: marked("within what one may give alone"),
    PriceStanding.APPROVED: marked("approved"),
    PriceStanding.READ_EARLIER: marked("price the till had read earlier"),
    PriceStanding.NOT_ALLOWED: marked("not allowed"),
}
STANDING_TONES: Mapping[PriceStanding, str] = {
    PriceStanding.ALONE: "quiet",
    PriceStanding.APPROVED: "good",
    PriceStanding.READ_EARLIER: "quiet",
    PriceStanding.NOT_ALLOWED: "bad",
}


def why_changed(one: NewPriceChange, people: Mapping[PersonId, str], language: Language) -> str:
    """Say who sold something for less, instead of what, why, and who approved it."""
    before = language.money(one.before_minor, one.currency)
    if one.standing is PriceStanding.READ_EARLIER:
        return language.say("a price that the till had read earlier, instead of {amount}", amount=before)
    by = language.called(people.get(one.changed_by, ""))
    said = [language.say("{name} changed it at the till, instead of {amount}", name=by, amount=before)]
    if one.reason is not None:
        said.append(language.say(REASON_WORDS[one.reason]))
    if one.approved_by is not None:
        second = language.called(people.get(one.approved_by, ""))
        said.append(language.say("approved by {name}", name=second))
    elif one.standing is PriceStanding.NOT_ALLOWED:
        said.append(language.say("nobody allowed it"))
    return " · ".join(said)
