"""What is said of temperature classes: to those who decide, and to those who pack."""

from loopline.kernel.temperatures import TemperatureClass
from loopline.web.languages import Language, marked

CLASS_WORDS: dict[TemperatureClass, str] = {
    TemperatureClass.AMBIENT: marked("Ambient"),
    TemperatureClass.COOL: marked("Cool"),
    TemperatureClass.FROZEN: marked("Frozen"),
}
_PACK_WORDS: dict[TemperatureClass, str] = {
    TemperatureClass.COOL: marked(
        "An insulated box with ice packs, closed last. Only cool goods go in: ambient and frozen ones of the order "
        "travel in parcels of their own."
    ),
    TemperatureClass.FROZEN: marked(
        "An insulated box with dry ice or frozen packs, straight from the freezer. Only frozen goods go in: ambient "
        "and cool ones of the order travel in parcels of their own."
    ),
}
_CHECK_WORDS: dict[TemperatureClass, str] = {
    TemperatureClass.COOL: marked("From the fridge right now, and cold to the touch"),
    TemperatureClass.FROZEN: marked("From the freezer right now, hard all through, no ice crystals outside"),
}


def cold_word(kind: TemperatureClass, language: Language) -> str:
    """Name the class of a cold parcel; nothing for an ambient one, which needs no word."""
    return language.say(CLASS_WORDS[kind]) if kind in _PACK_WORDS else ""


def pack_word(kind: TemperatureClass, language: Language) -> str:
    """Say what a cold parcel is packed in; nothing for an ambient one."""
    return language.say(_PACK_WORDS[kind]) if kind in _PACK_WORDS else ""


def check_word(kind: TemperatureClass, language: Language) -> str:
    """Say what to look at in cold goods before they are packed; nothing for ambient ones."""
    return language.say(_CHECK_WORDS[kind]) if kind in _CHECK_WORDS else ""
