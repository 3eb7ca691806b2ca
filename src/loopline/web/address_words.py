"""What there is to doubt in an address, said to whoever packs and to whoever gave it."""

from collections.abc import Mapping

from loopline.customers import Doubt, Doubted
from loopline.web.languages import Language, marked

DOUBT_WORDS: Mapping[Doubt, str] = {
    Doubt.NO_NAME: marked("There is no name in it that a label could show."),
    Doubt.NO_PHONE: marked("There is no phone in it that a courier could call."),
    Doubt.NO_STREET: marked("There is no street in it that a label could show."),
    Doubt.NAME_ODD: marked("The name is a number."),
    Doubt.NAME_LONG: marked("The name is longer than carriers print."),
    Doubt.PHONE_ODD: marked("The phone is neither a mobile nor a landline."),
    Doubt.PHONE_ABROAD: marked("The phone is of another country than the address."),
    Doubt.REGION_UNKNOWN: marked("The province is none that is known."),
    Doubt.OTHER_PLACE: marked("The street names another province or city than the one chosen."),
    Doubt.NO_NUMBER: marked("The street has neither a number nor a place to find."),
    Doubt.TWO_ADDRESSES: marked("It looks like two addresses."),
    Doubt.STREET_LONG: marked("The street is longer than carriers print."),
    Doubt.UNPRINTABLE: marked("Some signs in it are missing on a label, such as emoji or rare characters."),
}


def doubts_said(doubted: Doubted | None, language: Language) -> list[str]:
    """Say what there is to doubt, a sentence each."""
    return [language.say(DOUBT_WORDS[one]) for one in doubted.doubts] if doubted is not None else []
