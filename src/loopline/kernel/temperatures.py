"""Temperature classes: how cold goods are kept on their way. What is of different classes never shares a parcel."""

from enum import StrEnum


class TemperatureClass(StrEnum):
    """How cold a parcel is kept, from the warmest to the coldest. Every site can send what is ambient."""

    AMBIENT = "ambient"
    COOL = "cool"
    FROZEN = "frozen"


AMBIENT_ALONE = frozenset({TemperatureClass.AMBIENT})
"""What a site can send of which nobody declared anything."""
COLD = (TemperatureClass.COOL, TemperatureClass.FROZEN)
"""The classes that a site sends only where somebody declared that it can."""
