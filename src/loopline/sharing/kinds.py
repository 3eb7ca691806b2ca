"""What the rules looked at when they split a line, as it is kept, and read back: its kind, once, and its
amounts.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec
from msgspec import structs

from loopline.kernel.ids import PartyId
from loopline.sharing.model import LineToSplit, Parties, Role, Stretch

_UNKNOWN = -1
_STRETCHES = 6
_encode = msgspec.json.Encoder(order="deterministic").encode


class SoldPart(msgspec.Struct, frozen=True, gc=False):
    """A part as it was split, with what the rules looked at: `facts` as `facts_of` spells them.

    `parties` are those of the shares as the database spells an array: they are compared, and read once for many parts.
    """

    kind_id: UUID
    placed_at: datetime
    units: int
    base_minor: int
    facts: list[int]
    parties: str
    amounts_minor: list[int]
    units_returned: int


class LineKind(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that conditions may ask of a line but its moment; `roles` and `party_ids` belong together, by name of
    role. What is left out where it says nothing is no part of the hash either.
    """

    id: UUID
    channel: str
    category: str
    delivery: str
    region: str
    campaign: str
    owner: str
    bound: tuple[str, ...]
    roles: tuple[str, ...]
    party_ids: tuple[PartyId, ...]
    own: tuple[str, ...] = ()

    def parties(self) -> Parties:
        """The parties of such a line."""
        return Parties(**dict(zip(self.roles, self.party_ids, strict=True)))


def kinds_of(lines: Iterable[LineToSplit]) -> tuple[list[UUID], dict[UUID, LineKind]]:
    """Return the kind of each line by its id, and every kind there is among them.

    The id is a hash of the kind (BLAKE2b, 16 bytes), so that equal kinds have one wherever they are met.
    """
    known: dict[tuple[object, ...], UUID] = {}
    kinds: dict[UUID, LineKind] = {}
    ids: list[UUID] = []
    for line in lines:
        key = (
            line.channel,
            line.category,
            line.delivery,
            line.region,
            line.campaign,
            line.owner,
            line.bound,
            line.own,
            id(line.parties),
        )
        found = known.get(key)
        if found is None:
            kind = _kind(line)
            found = known[key] = kind.id
            kinds[kind.id] = kind
        ids.append(found)
    return ids, kinds


def _kind(line: LineToSplit) -> LineKind:
    held = [(role, party_id) for role in Role if (party_id := line.parties.of(role)) is not None]
    nameless = LineKind(
        id=UUID(int=0),
        channel=line.channel,
        category=line.category,
        delivery=line.delivery,
        region=line.region,
        campaign=line.campaign,
        owner=line.owner,
        bound=tuple(sorted(role.value for role in line.bound)),
        roles=tuple(role.value for role, _ in held),
        party_ids=tuple(party_id for _, party_id in held),
        own=tuple(sorted(role.value for role in line.own)),
    )
    return structs.replace(nameless, id=UUID(bytes=blake2b(_encode(nameless), digest_size=16).digest()))


def facts_of(line: LineToSplit) -> list[int]:
    """Return list, paid and cost in minor units (-1: not known), then both stretches (-1: none), as they are
    kept; last, where there is any, what others bear of the discounts.
    """
    return [
        *(
            _UNKNOWN if one is None else max(one, 0)
            for one in (line.list_minor, line.paid_minor, line.cost_minor)
        ),
        *_spelt(line.in_parcel),
        *_spelt(line.in_order),
        *((line.funded_minor,) if line.funded_minor else ()),
    ]


def _spelt(stretch: Stretch | None) -> tuple[int, int, int]:
    if stretch is None:
        return (_UNKNOWN, _UNKNOWN, _UNKNOWN)
    return (stretch.before_minor, stretch.after_minor, stretch.whole_minor)


class KnownKinds:
    """Kinds by their ids, each with one object of its parties, so that a kind is decided once."""

    def __init__(self, kinds: Iterable[LineKind]) -> None:
        self._kinds = {
            kind.id: (kind, kind.parties(), _roles(kind.bound), _roles(kind.own)) for kind in kinds
        }

    def line(self, part: SoldPart, *, currency: str) -> LineToSplit:
        """Return what the rules looked at. Raises KeyError for a kind that is not known."""
        kind, parties, bound, own = self._kinds[part.kind_id]
        listed, paid, cost, *stretches = part.facts
        return LineToSplit(
            channel=kind.channel,
            category=kind.category,
            delivery=kind.delivery,
            parties=parties,
            units=part.units,
            base_minor=part.base_minor,
            currency=currency,
            bound=bound,
            region=kind.region,
            campaign=kind.campaign,
            owner=kind.owner,
            placed_at=part.placed_at,
            list_minor=None if listed == _UNKNOWN else listed,
            paid_minor=None if paid == _UNKNOWN else paid,
            cost_minor=None if cost == _UNKNOWN else cost,
            in_parcel=_read(stretches[:3]),
            in_order=_read(stretches[3:6]),
            funded_minor=stretches[6] if len(stretches) > _STRETCHES else 0,
            own=own,
        )


def _roles(names: Iterable[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)


def _read(spelt: list[int]) -> Stretch | None:
    return None if spelt[2] == _UNKNOWN else Stretch(*spelt)
