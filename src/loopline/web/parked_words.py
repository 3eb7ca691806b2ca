"""What waits for goods in words: why, until which day, and what that day is known from."""

from collections.abc import Sequence

from loopline.orders.waiting import Dated, DayBasis, ParkedFor
from loopline.web.languages import Language, marked

PARKED_WORDS: dict[ParkedFor, str] = {
    ParkedFor.NO_GOODS: marked("no site has the goods; it goes on by itself when some come in"),
    ParkedFor.PRE_ORDER: marked("sold ahead; who paid first gets goods first when they come"),
    ParkedFor.MUST_SHIP_FROM: marked(
        "the sites that it must ship from have no goods; it goes on by itself when some come in there"
    ),
}
PARKED_SHORT: dict[ParkedFor, str] = {
    ParkedFor.NO_GOODS: marked("No goods"),
    ParkedFor.PRE_ORDER: marked("Pre-order"),
    ParkedFor.MUST_SHIP_FROM: marked("Its sites have none"),
}
BASIS_WORDS: dict[DayBasis, str] = {
    DayBasis.STATED: marked("as was said"),
    DayBasis.ON_THE_WAY: marked("on the way, as long as it takes at most"),
    DayBasis.PRE_ORDER: marked("as the pre-order says"),
}
NO_DAY = marked("no day known yet")


def parked_words(parking: Sequence[Dated], language: Language) -> str:
    """Say why an order waits for goods and until when: the last day of its lines; none, where one has none."""
    if not parking:
        return language.say(PARKED_WORDS[ParkedFor.NO_GOODS])
    order = list(ParkedFor)
    reason = max((one.reason for one in parking), key=order.index)
    days = [one.expected_on for one in parking]
    known = [day for day in days if day is not None]
    said = (
        language.say("expected on {day}", day=language.plain_day(max(known)))
        if len(known) == len(days)
        else language.say(NO_DAY)
    )
    return f"{language.say(PARKED_WORDS[reason])} · {said}"
