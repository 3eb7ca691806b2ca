"""What stands on a label."""

import msgspec

from loopline.buyers import OpenedBuyer
from loopline.catalogue import Care
from loopline.customers import Recipient
from loopline.fulfilment.labels import Label
from loopline.fulfilment.model import Task, TaskKind
from loopline.kernel.cities import city_by_code
from loopline.kernel.temperatures import TemperatureClass
from loopline.web.cold_words import CLASS_WORDS
from loopline.web.languages import Language


class LabelText(msgspec.Struct, frozen=True, kw_only=True):
    """A label, written down. `barcode` is the carrier's number where it is known, else our own for the parcel.

    Holds personal data: it is printed, and kept nowhere.
    """

    barcode: str
    number: str
    order_number: str
    sender: str
    name: str
    phone: str
    address: str
    marks: tuple[str, ...]
    contents: str
    note: str

    def __repr__(self) -> str:
        return f"LabelText(number={self.number!r})"


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel to be labelled: its task and label, the care of its goods, how many there are, and where it goes."""

    task: Task
    label: Label
    order_number: str
    site_name: str
    cares: tuple[Care, ...]
    units: int
    recipient: Recipient | OpenedBuyer | None

    def __repr__(self) -> str:
        return f"Parcel(task_id={self.task.task_id})"


def text_of(parcel: Parcel, language: Language) -> LabelText:
    """Write a label in a language."""
    recipient = parcel.recipient
    is_collect = parcel.task.kind is TaskKind.COLLECT
    return LabelText(
        barcode=parcel.label.tracking_number or parcel.label.number,
        number=parcel.label.number,
        order_number=parcel.order_number,
        sender=language.called(parcel.site_name),
        name=recipient.name if recipient else "",
        phone=recipient.phone if recipient else "",
        address=_address(recipient, language),
        marks=_marks(parcel, language),
        contents=language.say("{count} pieces", count=parcel.units)
        if parcel.units != 1
        else language.say("One piece"),
        note=language.say("Customer collects here")
        if is_collect
        else ""
        if recipient
        else language.say("No address is kept: the channel that took the order prints the label."),
    )


def _marks(parcel: Parcel, language: Language) -> tuple[str, ...]:
    """What whoever carries the parcel has to see."""
    kind = parcel.task.temperature_class
    found = [] if kind is TemperatureClass.AMBIENT else [language.say(CLASS_WORDS[kind])]
    if any(care.is_fragile for care in parcel.cares):
        found.append(language.say("Fragile"))
    return tuple(found)


def _address(recipient: Recipient | OpenedBuyer | None, language: Language) -> str:
    if recipient is None:
        return ""
    if isinstance(recipient, OpenedBuyer):
        return recipient.address
    city = city_by_code(recipient.region_code)
    if city is None:
        return recipient.street
    if language.code != "zh":
        return f"{recipient.street}, {city.english}"
    province = "" if city.province_chinese == city.chinese else city.province_chinese
    return f"{province}{city.chinese} {recipient.street}"
