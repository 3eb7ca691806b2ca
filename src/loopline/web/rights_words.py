"""The words of the six rights: what each is called, and what each cause means."""

from collections.abc import Mapping

from loopline.insight.rights import Cause, Right
from loopline.web.languages import marked

RIGHT_WORDS: Mapping[Right, str] = {
    Right.GOODS: marked("Goods"),
    Right.TIME: marked("Time"),
    Right.PLACE: marked("Place"),
    Right.PERSON: marked("Person"),
    Right.PRICE: marked("Price"),
    Right.CUSTOMER: marked("Customer"),
}
RIGHT_MEANS: Mapping[Right, str] = {
    Right.GOODS: marked("what was ordered was there, and did not come back wrong, defective or damaged"),
    Right.TIME: marked("by the moment that was promised first"),
    Right.PLACE: marked("the site that was chosen kept it"),
    Right.PERSON: marked("credited to whom the buyer is bound to"),
    Right.PRICE: marked("at our price, and the money agrees"),
    Right.CUSTOMER: marked("a member who came for it, kept it and did not complain"),
}
CAUSE_WORDS: Mapping[Cause, str] = {
    Cause.WRONG_ITEM: marked("Came back: the wrong item"),
    Cause.DEFECT: marked("Came back: defective"),
    Cause.DAMAGED: marked("Came back: damaged on the way"),
    Cause.NOT_THERE: marked("Not there at any site, cancelled"),
    Cause.LATE_SOURCE: marked("Late: a site was chosen too late"),
    Cause.LATE_ACCEPT: marked("Late: accepted too late"),
    Cause.LATE_READY: marked("Late: ready too late"),
    Cause.LATE_WAY: marked("Late: too long on the way"),
    Cause.LATE_SAID: marked("Came back: too late for the buyer"),
    Cause.REFUSED_GOODS: marked("Refused: the goods were not there"),
    Cause.REFUSED_CAPACITY: marked("Refused: no time for it"),
    Cause.LAPSED: marked("Nobody accepted it in time"),
    Cause.MOVED: marked("Taken back and given to another site"),
    Cause.OTHER_SITE: marked("Handed over elsewhere than agreed"),
    Cause.OTHER_GUIDE: marked("Credited to another guide"),
    Cause.OTHER_DEALER: marked("Credited to another dealer"),
    Cause.ABOVE_OURS: marked("Sold above our price"),
    Cause.BELOW_OURS: marked("Sold below our price"),
    Cause.MONEY_DIFFERS: marked("Money and order disagreed"),
    Cause.REFUND_DIFFERS: marked("Returned at another price than paid"),
    Cause.NOT_COLLECTED: marked("Nobody came for it"),
    Cause.UNWANTED: marked("Came back: not wanted"),
    Cause.SIZE: marked("Came back: the size"),
    Cause.OTHER_REASON: marked("Came back: another reason"),
    Cause.BAD_REVIEW: marked("Reviewed with one or two stars"),
}
