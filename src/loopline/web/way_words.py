"""Ways back as pages name them."""

from collections.abc import Mapping

from loopline.returns.ways import Way, WayBack
from loopline.web.languages import Language, marked

WAY_WORDS: Mapping[Way, str] = {
    Way.STORE: marked("Bring it to a store"),
    Way.COURIER: marked("A courier fetches it"),
    Way.PARCEL: marked("Send it as a parcel"),
}


def way_said(one: WayBack, zone: str, language: Language) -> str:
    """Say how an announced return comes back, and how far it is."""
    said = [language.say(WAY_WORDS[one.way]), one.code]
    if one.tracking_number:
        said.append(language.say("parcel {number}", number=one.tracking_number))
    if one.sent_at is not None:
        said.append(
            language.say("on its way since {moment}", moment=language.clock_of_day(one.sent_at, zone))
        )
    return " · ".join(said)
