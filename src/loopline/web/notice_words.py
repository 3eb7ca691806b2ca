"""The words of messages to customers: what they are about, where one stands, and why it was not told."""

from collections.abc import Mapping

from loopline.notices import About, End, State
from loopline.web.languages import marked

ABOUT_WORDS: Mapping[About, str] = {
    About.NEW_DATE: marked("A later day of delivery"),
    About.NEW_READY: marked("Ready later than promised"),
    About.GOODS_DAY: marked("Goods expected on a later day"),
    About.READY: marked("Ready to collect"),
    About.COLLECT_SOON: marked("Not collected yet, goes back soon"),
    About.SENT: marked("Parcel on its way, with its tracking number"),
    About.ON_ITS_WAY: marked("Parcel on its way"),
    About.CALLED_OFF: marked("Order called off"),
    About.PARTLY_CALLED_OFF: marked("Part of the order called off"),
    About.NOT_COLLECTED: marked("Not collected, called off"),
    About.RETURN_HERE: marked("Returned goods are here"),
    About.REFUNDED: marked("Money paid back"),
}
STATE_WORDS: Mapping[State, str] = {
    State.WAITING: marked("waits"),
    State.SENT: marked("sent"),
    State.LEFT_OUT: marked("left out"),
    State.FAILED: marked("failed"),
}
STATE_TONES: Mapping[State, str] = {
    State.WAITING: "warn",
    State.SENT: "good",
    State.LEFT_OUT: "idle",
    State.FAILED: "bad",
}
END_WORDS: Mapping[End, str] = {
    End.STALE: marked("A day old before it could be told"),
    End.OVERTAKEN: marked("Not true any more, or said by a later message"),
    End.DECLINED: marked("The customer wants no messages about orders"),
    End.NO_PHONE: marked("No phone is known that can be opened"),
    End.ERASED: marked("The customer was forgotten"),
    End.REFUSED: marked("The gateway will not send it"),
    End.NOT_TAKEN: marked("The gateway took it at none of the tries"),
    End.UNKNOWN: marked("Nobody knows whether it was sent"),
}
