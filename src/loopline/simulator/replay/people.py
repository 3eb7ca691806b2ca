"""Who the members are to the made-up retailer: where they live, and whose customers they are. Drawn by member code."""

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.returns.model import Grade
from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.places import (
    ABROAD,
    GUIDES_PER_STORE,
    HOME_COUNTRY,
    STORES,
    STREAMERS,
    WAREHOUSE,
    Place,
)

# Half a degree is some 55 km north to south: most members live within a day's way of a town with a store.
SPREAD_DEGREES = 0.5
STREAMED_SHARE = 0.15
RETURNED_TO_STORE_SHARE = 0.2
GRADES = (Grade.AS_NEW, Grade.OPEN, Grade.TAIL, Grade.DAMAGED, Grade.WRONG)
GRADE_WEIGHTS = (70, 10, 5, 13, 2)
LARGE_INVOICE_LINES = 30
LARGE_STORES = 3

_WEIGHTS = [store.weight for store in STORES]
# Members live around stores more evenly than stores sell.
_HOME_WEIGHTS = [store.weight**0.5 for store in STORES]


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """Where a member lives, and who brought them: a store, its dealer, one of its guides, perhaps a streamer."""

    coordinates: Coordinates
    store: Place
    guide_party: str
    streamer_party: str | None


def guide_party(store: Place, number: int) -> str:
    """The code of a store's guide as one that earns; guides are numbered from 1."""
    return f"GUIDE-{store.code}-{number}"


def streamer_party(name: str) -> str:
    """The code of a streamer as one that earns."""
    return f"STREAMER-{name.upper()}"


def home_of(member_code: str, *, country: str, chance: Chance) -> Home:
    """Return where a member lives and who brought them."""
    store = chance.pick_weighted(STORES, _HOME_WEIGHTS, "home", member_code)
    guide = 1 + int(chance.draw("guide", member_code) * GUIDES_PER_STORE)
    streamer = (
        chance.pick(STREAMERS, "streamer", member_code)
        if chance.happens(STREAMED_SHARE, "streamed", member_code)
        else None
    )
    return Home(
        coordinates=_coordinates(member_code, country=country, near=store, chance=chance),
        store=store,
        guide_party=guide_party(store, guide),
        streamer_party=streamer_party(streamer) if streamer else None,
    )


def _coordinates(member_code: str, *, country: str, near: Place, chance: Chance) -> Coordinates:
    if country == HOME_COUNTRY:
        longitude, latitude = near.longitude, near.latitude
    else:
        longitude, latitude = ABROAD[country]
    return Coordinates(
        longitude=longitude + chance.between(-SPREAD_DEGREES, SPREAD_DEGREES, "longitude", member_code),
        latitude=latitude + chance.between(-SPREAD_DEGREES, SPREAD_DEGREES, "latitude", member_code),
    )


def till_of(invoice_number: str, *, lines: int, chance: Chance) -> Place:
    """Return the store that rang a sale up. A sale of very many lines can only be a large store's."""
    if lines >= LARGE_INVOICE_LINES:
        return chance.pick_weighted(STORES[:LARGE_STORES], _WEIGHTS[:LARGE_STORES], "till", invoice_number)
    return chance.pick_weighted(STORES, _WEIGHTS, "till", invoice_number)


def guide_of_till(invoice_number: str, *, store: Place, chance: Chance) -> str:
    """Return the guide who served at a till, as one that earns."""
    return guide_party(store, 1 + int(chance.draw("served", invoice_number) * GUIDES_PER_STORE))


def returned_to(home: Home, invoice_number: str, *, chance: Chance) -> Place:
    """Return where a member brings goods back: mostly they send them to the warehouse."""
    return home.store if chance.happens(RETURNED_TO_STORE_SHARE, "returned", invoice_number) else WAREHOUSE


def grade_of(return_number: str, position: int, *, chance: Chance) -> Grade:
    """Return the state in which a line of a return is found to be."""
    return chance.pick_weighted(GRADES, GRADE_WEIGHTS, "grade", return_number, position)
