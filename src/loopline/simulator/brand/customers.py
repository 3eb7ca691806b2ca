"""The made-up customers: where each lives, which store is nearest, how to reach them; new ones keep coming."""

from random import Random
from uuid import UUID

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.simulator.brand.chance import Weighted
from loopline.simulator.brand.places import Place

_SPREAD_DEGREES = 0.12
_RETURNING_SHARE = 0.55
_KNOWN_MIN = 30
_FAVOURITE_TIMES = 4.0
_LOOKS_MAX = 4
_PHONES_FROM = 19_900_000_000


class Customer(msgspec.Struct, kw_only=True):
    """Somebody who buys. `token` is there once signed in."""

    number: int
    phone: str
    visitor: UUID
    home: Place
    destination: Coordinates
    member_id: str | None = None
    token: str | None = None


class Customers:
    """Everybody who ever bought, and those who have not yet; people live around stores, by the size of those."""

    def __init__(self, stores: tuple[Place, ...], chance: Random, *, favourite: str | None = None) -> None:
        """Let nobody be known yet. More people live around the `favourite` store, where one is named."""
        self._chance = chance
        self._stores = Weighted(
            stores,
            [store.weight**0.7 * (_FAVOURITE_TIMES if store.code == favourite else 1.0) for store in stores],
        )
        self._known: list[Customer] = []

    def __len__(self) -> int:
        return len(self._known)

    def comes(self, *, home: Place | None = None) -> Customer:
        """Return who comes now: somebody known, or somebody new; somebody new of a store where one is named."""
        chance = self._chance
        if home is None and len(self._known) >= _KNOWN_MIN and chance.random() < _RETURNING_SHARE:
            return chance.choice(self._known)
        customer = self._made(len(self._known), home=home or self._stores.pick(chance))
        self._known.append(customer)
        return customer

    def some_member(self, chance: Random) -> str | None:
        """Return a member who is known already, to be named at a till; None while there is none."""
        for _ in range(_LOOKS_MAX):
            if self._known and (member_id := chance.choice(self._known).member_id) is not None:
                return member_id
        return None

    def _made(self, number: int, *, home: Place) -> Customer:
        chance = self._chance
        return Customer(
            number=number,
            phone=str(_PHONES_FROM + number),
            visitor=UUID(int=chance.getrandbits(128), version=4),
            home=home,
            destination=around(home.coordinates, chance),
        )


def around(centre: Coordinates, chance: Random) -> Coordinates:
    """Return a place some kilometres around another, to three decimals."""
    return Coordinates(
        longitude=round(centre.longitude + chance.uniform(-_SPREAD_DEGREES, _SPREAD_DEGREES), 3),
        latitude=round(centre.latitude + chance.uniform(-_SPREAD_DEGREES, _SPREAD_DEGREES), 3),
    )
