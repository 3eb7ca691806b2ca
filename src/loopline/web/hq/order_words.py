"""The words of an order's page: for where units stand, how goods travel, why a site was chosen, who earns and why."""

from loopline.orders import WaitsFor
from loopline.payments import BANK_TRANSFER, CASH, ExceptionKind
from loopline.payments.port import IntentKind, IntentState
from loopline.pricing import Level
from loopline.processes.receive import PLATFORM
from loopline.returns.model import BlindState, Reason
from loopline.sourcing.counterfactual import Change, Counterfactual
from loopline.sourcing.model import Method, UnfilledReason, Verdict
from loopline.touchpoints import CreditBasis, CreditRole, TouchpointKind
from loopline.web.languages import Language, marked

UNIT_WORDS: dict[str, str] = {
    "parked": marked("Waiting for goods"),
    "held": marked("Set aside"),
    "allocated": marked("At a site, in work"),
    "handed_over": marked("Handed over"),
    "cancelled": marked("Cancelled"),
    "returned": marked("Returned"),
    "lost": marked("Lost on the way"),
}
METHOD_WORDS: dict[str, str] = {
    CASH: marked("Cash"),
    BANK_TRANSFER: marked("Bank transfer"),
    "sandbox": marked("Sandbox gateway"),
    PLATFORM: marked("Taken by the platform"),
    "card_terminal": marked("Card terminal"),
    "stored_value": marked("Stored value"),
}
EXCEPTION_WORDS: dict[ExceptionKind, str] = {
    ExceptionKind.KEY_TAKEN: marked("The same payment was reported with other content"),
    ExceptionKind.REFUND_ABOVE_TAKEN: marked("More was given back than was taken"),
    ExceptionKind.AMOUNT_DIFFERS: marked("The gateway took another amount than was asked for"),
    ExceptionKind.REPORTS_CONTRADICT: marked("The gateway contradicts itself"),
    ExceptionKind.PAID_AFTER_RELEASE: marked("Paid after the goods were released"),
    ExceptionKind.REFUND_FAILED: marked("A refund failed at the gateway"),
    ExceptionKind.ORDER_TOTAL_DIFFERS: marked("The order is worth another amount than was paid"),
}
INTENT_WORDS: dict[tuple[IntentKind, IntentState], str] = {
    (IntentKind.CAPTURE, IntentState.WRITTEN): marked("Payment to be asked of the gateway"),
    (IntentKind.CAPTURE, IntentState.WAITING): marked("Waiting for the customer to pay"),
    (IntentKind.CAPTURE, IntentState.FAILED): marked("Payment did not come about"),
    (IntentKind.REFUND, IntentState.WRITTEN): marked("Refund to be asked of the gateway"),
    (IntentKind.REFUND, IntentState.WAITING): marked("Refund on its way"),
    (IntentKind.REFUND, IntentState.FAILED): marked("Refund failed at the gateway"),
}
ASKED_ELSEWHERE = marked("The customer chose another site")
LEVEL_WORDS: dict[Level, str] = {
    Level.STATED: marked("the price was stated by the channel"),
    Level.MEMBER_TIER: marked("a price for the member's tier"),
    Level.SITE: marked("a price of this site"),
    Level.ORG_UNIT: marked("a price of this region"),
    Level.CHANNEL: marked("a price of this channel"),
    Level.BASE: marked("the base price"),
}
VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.CHOSEN: marked("Chosen"),
    Verdict.EXCLUDED: marked("Refused this order before, or another site was asked for"),
    Verdict.NO_GOODS: marked("Has none of the goods"),
    Verdict.NO_CAPACITY: marked("Has no time left that day"),
    Verdict.MORE_PARCELS: marked("Would need one more parcel"),
    Verdict.DEARER: marked("Dearer"),
    Verdict.TIED: marked("As good, further down the list"),
    Verdict.NOT_WEIGHED: marked("Not weighed: too many possibilities"),
    Verdict.FORBIDDEN: marked("The profile's limits do not let it serve this order"),
    Verdict.FALLBACK: marked("Kept for what no other site can serve"),
    Verdict.GOODS_NEEDED: marked("Cheaper here, but its goods save other orders more"),
    Verdict.TIME_NEEDED: marked("Cheaper here, but its time saves other orders more"),
    Verdict.NOT_EQUIPPED: marked("Not equipped to send these goods as cold as they are kept"),
    Verdict.NOT_NAMED: marked("Not among the sites that these goods must ship from"),
    Verdict.DARK: marked(
        "Shows no sign of life: its work goes elsewhere until somebody there does something"
    ),
    Verdict.SHARE_FULL: marked("Its dealer has as much of the day's work as the profile lets one have"),
    Verdict.OWED: marked("Given to a dealer who got too little of the day's work"),
    Verdict.KEPT: marked("Cheaper here, but kept for orders that come later"),
}
SOLVED_WORDS: dict[Method, str] = {
    Method.EXACT: marked("Proved: no plan has fewer parcels, and none with as few is cheaper."),
    Method.GREEDY: marked("A good plan, not proved to be the best: there were too many possibilities."),
    Method.OPTIMISED: marked(
        "Decided with all other orders of its wave, at the least cost found for all together."
    ),
}
UNFILLED_WORDS: dict[UnfilledReason, str] = {
    UnfilledReason.NOTHING_ASKED: marked("nothing was asked for"),
    UnfilledReason.NO_CAPACITY: marked("the sites that have them have no time left"),
    UnfilledReason.EXCLUDED: marked("only sites that refused, or that may not send them, have them"),
    UnfilledReason.NOT_EQUIPPED: marked("no site that has them is equipped to send them so cold"),
    UnfilledReason.MUST_SHIP_FROM: marked("none of the sites that they must ship from has them"),
    UnfilledReason.TOGETHER: marked("no site has all that leaves in one parcel with them"),
    UnfilledReason.LIMITS: marked("no way within the profile's limits"),
    UnfilledReason.LEFT_OVER: marked(
        "goods and time are there, and the plan left them: every way costs more than waiting"
    ),
    UnfilledReason.NO_GOODS: marked("no site has them"),
}
WAITS_WORDS: dict[WaitsFor, str] = {
    WaitsFor.CAPACITY: marked("all sites that have the goods are full"),
    WaitsFor.SITE: marked("every site that has the goods refused"),
    WaitsFor.CLAIM: marked("several sites were asked, and none has claimed it yet"),
    WaitsFor.LIMITS: marked("no way within the profile's limits that is worth its cost"),
    WaitsFor.TOGETHER: marked("no site has all that leaves in one parcel"),
    WaitsFor.EQUIPMENT: marked("no site that has the goods is equipped to send them so cold"),
}
SENT_WORDS: dict[Change, str] = {
    Change.OTHERS_NEED_GOODS: marked("It could have been sent from there; its goods save other orders more."),
    Change.OTHERS_NEED_TIME: marked("It could have been sent from there; its time saves other orders more."),
}
"""Instead of the words below where the order is left, and so would not be cheaper."""
CHANGE_WORDS: dict[Change, str] = {
    Change.COST_LESS: marked("It would be chosen if its parcel cost {amount} less."),
    Change.PROMISE_LATER: marked(
        "{amount} of it is for coming late: had the customer been promised a later time, it would be chosen."
    ),
    Change.HAVE_GOODS: marked("Had it all the goods, the order would be {amount} cheaper."),
    Change.GOODS_WOULD_SEND: marked("Had it the goods, what is missing could be sent."),
    Change.TIME_WOULD_SEND: marked("Had it time left, what is missing could be sent."),
    Change.EQUIPMENT_WOULD_SEND: marked(
        "Were it equipped to send them so cold, what is missing could be sent."
    ),
    Change.GOODS_DO_NOT_HELP: marked("Even with all the goods it would be {amount} dearer."),
    Change.HAVE_TIME: marked("Had it time left, the order would be {amount} cheaper."),
    Change.TIME_DOES_NOT_HELP: marked("Even with time left it would be {amount} dearer."),
    Change.ONE_MORE_UNIT: marked("One more piece there would have saved all orders together {amount}."),
    Change.ONE_MORE_PARCEL: marked("One more parcel there would have saved all orders together {amount}."),
    Change.OTHERS_NEED_GOODS: marked(
        "The order would be {amount} cheaper from there, and other orders dearer by more for want of its goods."
    ),
    Change.OTHERS_NEED_TIME: marked(
        "The order would be {amount} cheaper from there, and other orders dearer by more for want of its time."
    ),
    Change.BE_EQUIPPED: marked("Were it equipped to send them so cold, the order would be {amount} cheaper."),
    Change.EQUIPMENT_DOES_NOT_HELP: marked("Even equipped to send them so cold it would be {amount} dearer."),
    Change.BE_NAMED: marked(
        "Were it one of the sites they must ship from, with all the goods, the order would be {amount} cheaper."
    ),
    Change.NAMING_WOULD_SEND: marked(
        "Were it one of the sites they must ship from, with the goods, what is missing could be sent."
    ),
    Change.NAMING_DOES_NOT_HELP: marked(
        "Even as one of the sites they must ship from it would be {amount} dearer."
    ),
    Change.LATER_NEED_LESS: marked(
        "Its goods and its time would have to be worth {amount} less to orders that come later."
    ),
    Change.SHOW_LIFE: marked("It is asked again as soon as somebody there does something."),
    Change.LESS_OF_THE_DAY: marked("It may again as soon as others have more of the day's work."),
    Change.ASK_AGAIN: marked("A site that refused is asked again a day later."),
    Change.OTHER_PROFILE: marked("Only another version of the profile would let it."),
    Change.ANYTHING_LESS: marked(
        "It costs the same: a cent less, or an earlier place in the list, would do."
    ),
    Change.FEWER_POSSIBILITIES: marked(
        "Nobody looked at it: the order could be put together in too many ways."
    ),
}
TERM_WORDS: tuple[tuple[str, str], ...] = (
    ("handling_minor", marked("handling {amount}")),
    ("region_minor", marked("dearer handling in that part of the country {amount}")),
    ("distance_minor", marked("distance {amount}")),
    ("weight_minor", marked("weight {amount}")),
    ("lateness_minor", marked("late {amount}")),
    ("refusal_minor", marked("may be refused {amount}")),
    ("preference_minor", marked("preference {amount}")),
    ("margin_minor", marked("what its dealer earns {amount}")),
    ("split_minor", marked("one parcel more {amount}")),
    ("opportunity_minor", marked("not kept for orders that come later {amount}")),
    ("waiting_minor", marked("paid on top because it came back {amount}")),
)
CREDIT_WORD = marked("goods −{amount}")
CREDIT_ROLE_WORDS: dict[CreditRole, str] = {
    CreditRole.GUIDE: marked("Guide"),
    CreditRole.DEALER: marked("Dealer"),
    CreditRole.STREAMER: marked("Streamer"),
}
BASIS_WORDS: dict[CreditBasis, str] = {
    CreditBasis.STATED: marked("the order says so"),
    CreditBasis.BINDING: marked("the member is theirs"),
    CreditBasis.TOUCH: marked("a touch before the order"),
}
TOUCH_WORDS: dict[TouchpointKind, str] = {
    TouchpointKind.STORE: marked("Code of a store"),
    TouchpointKind.SHELF: marked("Code on a shelf"),
    TouchpointKind.SAMPLE: marked("Code of a sample"),
    TouchpointKind.PRODUCT: marked("Code of a product"),
    TouchpointKind.GUIDE: marked("Code of a guide"),
    TouchpointKind.TABLE: marked("Code on a table"),
    TouchpointKind.PARCEL: marked("Code in a parcel"),
    TouchpointKind.RECEIPT: marked("Code on a receipt"),
    TouchpointKind.LIVE_ROOM: marked("Live room"),
    TouchpointKind.POSTER: marked("Code on a poster"),
}
RETURN_WORDS: dict[Reason, str] = {
    Reason.UNWANTED: marked("Not wanted any more"),
    Reason.DEFECT: marked("Defective"),
    Reason.DAMAGED_IN_TRANSIT: marked("Damaged on the way"),
    Reason.WRONG_ITEM: marked("Wrong item"),
    Reason.LATE: marked("Came too late"),
    Reason.SIZE: marked("Wrong size"),
    Reason.OTHER: marked("Another reason"),
}
BLIND_WORDS: dict[BlindState, str] = {
    BlindState.NONE: "",
    BlindState.WAITING: marked("without a sale, waits for a decision"),
    BlindState.ACCEPTED: marked("without a sale, accepted"),
    BlindState.REFUSED: marked("without a sale, refused"),
}


def method_word(method: str | None, language: Language) -> str:
    """Return the word for a way to pay; a gateway of one's own is called as its name."""
    if not method:
        return ""
    word = METHOD_WORDS.get(method)
    return language.say(word) if word else method


def said_of_change(found: Counterfactual, currency: str, language: Language) -> str:
    """Say in a sentence what would have to change for a site."""
    if not found.minor and found.change in SENT_WORDS:
        return language.say(SENT_WORDS[found.change])
    return language.say(CHANGE_WORDS[found.change], amount=language.money(found.minor, currency))
